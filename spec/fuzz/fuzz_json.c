/* A text has the same value in a state that has decoded all texts before it and in one that
 * forgets: what is remembered of other texts, and of other states, never shows. */
#include <lualib.h>

#include "fuzz.h"
#include "lua_core.h"

#define DECODINGS_OF_A_STATE 20

struct side {
    lua_State *L;
    int list_metatable;
};

static struct side open_side(void)
{
    struct side side = {luaL_newstate(), 2};
    EXPECT(side.L != NULL);
    lua_newtable(side.L);
    slk_open_json(side.L);
    lua_getfield(side.L, 1, "json_list");
    return side;
}

static bool are_equal(lua_State *a, lua_State *b);

/* The tables are on top. */
static bool are_equal_tables(lua_State *a, lua_State *b)
{
    size_t fields = 0, others = 0;
    EXPECT(lua_checkstack(a, 8) && lua_checkstack(b, 8));
    for (lua_pushnil(b); lua_next(b, -2); lua_pop(b, 1)) {
        others++;
    }
    for (lua_pushnil(a); lua_next(a, -2); lua_pop(a, 1)) {
        size_t length;
        if (lua_type(a, -2) == LUA_TSTRING) {
            const char *name = lua_tolstring(a, -2, &length);
            lua_pushlstring(b, name, length);
        } else {
            lua_pushinteger(b, lua_tointeger(a, -2));
        }
        lua_rawget(b, -2);
        EXPECT(are_equal(a, b));
        lua_pop(b, 1);
        fields++;
    }
    bool marked = lua_getmetatable(a, -1), other_marked = lua_getmetatable(b, -1);
    lua_pop(a, marked);
    lua_pop(b, other_marked);
    return fields == others && marked == other_marked;
}

static bool are_equal(lua_State *a, lua_State *b)
{
    if (lua_type(a, -1) != lua_type(b, -1)) {
        return false;
    }
    size_t length, other_length;
    switch (lua_type(a, -1)) {
    case LUA_TNUMBER:
        return lua_isinteger(a, -1) == lua_isinteger(b, -1) &&
               lua_tonumber(a, -1) == lua_tonumber(b, -1);
    case LUA_TSTRING: {
        const char *text = lua_tolstring(a, -1, &length);
        const char *other = lua_tolstring(b, -1, &other_length);
        return length == other_length && memcmp(text, other, length) == 0;
    }
    case LUA_TBOOLEAN: return lua_toboolean(a, -1) == lua_toboolean(b, -1);
    case LUA_TTABLE: return are_equal_tables(a, b);
    default: return lua_touserdata(a, -1) == NULL && lua_touserdata(b, -1) == NULL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct side old, young;
    static int decodings;
    if (old.L == NULL) {
        old = open_side();
        young = open_side();
    }
    if (++decodings % DECODINGS_OF_A_STATE == 0) {
        lua_close(young.L);
        young = open_side();
    }
    char *text = exact_copy(data, size);
    bool valid = slk_json_push(old.L, text, size, old.list_metatable);
    EXPECT(valid == slk_json_push(young.L, text, size, young.list_metatable));
    free(text);
    lua_gc(young.L, LUA_GCCOLLECT);
    EXPECT(!valid || are_equal(old.L, young.L));
    EXPECT(!valid || lua_gettop(old.L) == 3);
    lua_settop(old.L, 2);
    lua_settop(young.L, 2);
    return 0;
}
