#include "lua_core.h"

#include <math.h>
#include <string.h>

#include "json.h"

#define MAX_DEPTH 1000

/* Whole numbers below this are printed by lua-cjson's %.14g with all digits. */
#define PRINTED_EXACTLY 1e14

static int scan(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct slk_json_counts counts = slk_json_scan(text, length);
    lua_pushinteger(L, (lua_Integer)counts.integers);
    lua_pushinteger(L, (lua_Integer)counts.floats);
    lua_pushinteger(L, (lua_Integer)counts.marks);
    return 3;
}

static int free_buffer(lua_State *L)
{
    slk_buffer_free(lua_touserdata(L, 1));
    return 0;
}

/* A buffer that is freed whatever raises; must be on the stack while in use. */
static struct slk_buffer *push_buffer(lua_State *L, size_t maximum)
{
    struct slk_buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
    slk_buffer_init(buffer, maximum);
    if (luaL_newmetatable(L, "slack.core.buffer")) {
        lua_pushcfunction(L, free_buffer);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buffer;
}

static int mark(lua_State *L)
{
    size_t length, mark_length;
    const char *text = luaL_checklstring(L, 1, &length);
    const char *prefix = luaL_checklstring(L, 2, &mark_length);
    struct slk_buffer *buffer = push_buffer(L, SIZE_MAX);
    if (slk_json_mark(text, length, prefix, mark_length, buffer) != SLK_OK) {
        return luaL_error(L, "out of memory");
    }
    lua_pushlstring(L, buffer->data, buffer->length);
    slk_buffer_free(buffer);
    return 1;
}

struct restoring {
    lua_Integer left; /* numbers and marks not seen yet; at 0 the rest need not be looked at */
    const char *mark; /* NULL: there are only numbers */
    size_t mark_length;
    int list_metatable; /* stack index */
};

static int push_integer(lua_State *L, struct restoring *how)
{
    lua_Integer integer;
    how->left--;
    if (lua_isinteger(L, -1) || !lua_numbertointeger(lua_tonumber(L, -1), &integer) ||
        (lua_Number)integer != lua_tonumber(L, -1)) {
        return 0;
    }
    lua_pushinteger(L, integer);
    return 1;
}

static int push_marked(lua_State *L, struct restoring *how)
{
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    if (length < how->mark_length || memcmp(text, how->mark, how->mark_length) != 0) {
        return 0;
    }
    how->left--;
    if (length == how->mark_length) {
        lua_newtable(L);
        lua_pushvalue(L, how->list_metatable);
        lua_setmetatable(L, -2);
    } else {
        /* Over 64 bits it becomes a float, as in Lua's own numerals. */
        lua_stringtonumber(L, text + how->mark_length);
    }
    return 1;
}

/* Pushes the replacement of the value on top and returns 1, or 0 when it stays. */
static int push_restored(lua_State *L, struct restoring *how)
{
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER: return push_integer(L, how);
    case LUA_TSTRING: return how->mark != NULL ? push_marked(L, how) : 0;
    default: return 0;
    }
}

/* The table on top; fields that exist may be set while it is traversed. What
 * it holds itself comes first: in an event all numbers are likely to be there. */
static void restore_table(lua_State *L, struct restoring *how, int depth)
{
    luaL_checkstack(L, 8, "JSON nested too deep");
    int table = lua_gettop(L), has_tables = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_istable(L, -1)) {
            has_tables = 1;
        } else if (push_restored(L, how)) {
            lua_pushvalue(L, -3);
            lua_insert(L, -2);
            lua_rawset(L, table);
        }
        lua_pop(L, 1);
    }
    if (!has_tables || how->left <= 0 || depth >= MAX_DEPTH) {
        return;
    }
    lua_pushnil(L);
    while (how->left > 0 && lua_next(L, table)) {
        if (lua_istable(L, -1)) {
            restore_table(L, how, depth + 1);
        }
        lua_settop(L, table + 1);
    }
    lua_settop(L, table);
}

static int restore(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 4);
    struct restoring how = {.left = luaL_checkinteger(L, 2), .list_metatable = 4};
    how.mark = lua_tolstring(L, 3, &how.mark_length);
    lua_pushvalue(L, 1);
    if (lua_istable(L, -1)) {
        restore_table(L, &how, 1);
    } else {
        push_restored(L, &how);
    }
    return 1;
}

static int is_plain(lua_State *L, int list_metatable, int depth);

/* A list holds exactly the keys 1..length, a plain object only strings. */
static int is_plain_key(lua_State *L, lua_Integer length)
{
    if (length == 0) {
        return lua_type(L, -2) == LUA_TSTRING;
    }
    return lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= length;
}

static int is_marked(lua_State *L, int list_metatable)
{
    if (!lua_getmetatable(L, -1)) {
        return 0;
    }
    int marked = lua_rawequal(L, -1, list_metatable);
    lua_pop(L, 1);
    return marked;
}

static int is_plain_table(lua_State *L, int list_metatable, int depth)
{
    if (depth >= MAX_DEPTH || !lua_checkstack(L, 8)) {
        return 0;
    }
    int table = lua_gettop(L);
    lua_Integer length = (lua_Integer)lua_rawlen(L, table), count = 0;
    if (length == 0 && is_marked(L, list_metatable)) {
        return 0;
    }
    lua_pushnil(L);
    while (lua_next(L, table)) {
        count++;
        if (!is_plain_key(L, length) || !is_plain(L, list_metatable, depth + 1)) {
            lua_pop(L, 2);
            return 0;
        }
        lua_pop(L, 1);
    }
    return length == 0 || count == length;
}

/* The value on top. */
static int is_plain(lua_State *L, int list_metatable, int depth)
{
    lua_Number number;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
    case LUA_TBOOLEAN: return 1;
    case LUA_TNUMBER:
        number = lua_tonumber(L, -1);
        return fabs(number) < PRINTED_EXACTLY && floor(number) == number;
    case LUA_TLIGHTUSERDATA: return lua_touserdata(L, -1) == NULL;
    case LUA_TTABLE: return is_plain_table(L, list_metatable, depth);
    default: return 0;
    }
}

static int check_plain(lua_State *L)
{
    luaL_checkany(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushvalue(L, 1);
    lua_pushboolean(L, is_plain(L, 2, 1));
    return 1;
}

void slk_open_json(lua_State *L)
{
    static const luaL_Reg functions[] = {{"json_scan", scan},
                                         {"json_mark", mark},
                                         {"json_restore", restore},
                                         {"json_is_plain", check_plain},
                                         {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
