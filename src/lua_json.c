#include "lua_core.h"

#include <math.h>

#include "lua_words.h"

#define MAX_DEPTH 1000

/* Whole numbers below this are printed by lua-cjson's %.14g with all digits. */
#define PRINTED_EXACTLY 1e14

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
    static const luaL_Reg functions[] = {{"json_is_plain", check_plain}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
    luaL_newmetatable(L, SLK_JSON_LIST);
    lua_setfield(L, -2, "json_list");
    slk_open_words(L);
    slk_json_push_decode(L);
    lua_setfield(L, -2, "json_decode");
}
