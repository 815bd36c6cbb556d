#include "lua_core.h"

#include "recent_ids.h"

#define MAX_LIMIT (1 << 24)

static int recent_ids_new(lua_State *L)
{
    lua_Integer limit = luaL_checkinteger(L, 1);
    luaL_argcheck(L, limit >= 1 && limit <= MAX_LIMIT, 1, "1 to 16777216 expected");
    void **object = slk_new_object(L, SLK_CLASS_RECENT_IDS);
    *object = slk_recent_ids_create((size_t)limit);
    return *object != NULL ? 1 : luaL_error(L, "out of memory");
}

static int recent_ids_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_RECENT_IDS);
    slk_recent_ids_destroy(*object);
    *object = NULL;
    return 0;
}

/* Upvalue 1 is the metatable. */
static int recent_ids_add(lua_State *L)
{
    struct slk_recent_ids *ids = *slk_check_called_object(L, 1, SLK_CLASS_RECENT_IDS);
    size_t length;
    const char *id = luaL_checklstring(L, 2, &length);
    lua_pushboolean(L, slk_recent_ids_add(ids, id, length));
    return 1;
}

static int recent_ids_remove(lua_State *L)
{
    struct slk_recent_ids *ids = slk_check_object(L, 1, SLK_CLASS_RECENT_IDS);
    size_t length;
    const char *id = luaL_checklstring(L, 2, &length);
    slk_recent_ids_remove(ids, id, length);
    return 0;
}

static int recent_ids_turn(lua_State *L)
{
    slk_recent_ids_turn(slk_check_object(L, 1, SLK_CLASS_RECENT_IDS));
    return 0;
}

void slk_open_recent_ids(lua_State *L)
{
    static const luaL_Reg methods[] = {{"remove", recent_ids_remove},
                                       {"turn", recent_ids_turn},
                                       {"close", recent_ids_close},
                                       {NULL, NULL}};
    slk_class(L, SLK_CLASS_RECENT_IDS, methods, recent_ids_close);
    luaL_getmetatable(L, SLK_CLASS_RECENT_IDS);
    lua_getfield(L, -1, "__index");
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, recent_ids_add, 1);
    lua_setfield(L, -2, "add");
    lua_pop(L, 2);
    lua_pushcfunction(L, recent_ids_new);
    lua_setfield(L, -2, "recent_ids");
}
