#include "lua_core.h"

#include "text_search.h"

/* Only strings: what a number turns into would not outlive its conversion. */
static struct slk_text check_string(lua_State *L, lua_Integer number)
{
    struct slk_text text;
    if (lua_rawgeti(L, 1, number) != LUA_TSTRING) {
        luaL_error(L, "needle %I: string expected, got %s", number, luaL_typename(L, -1));
    }
    text.data = lua_tolstring(L, -1, &text.length);
    lua_pop(L, 1);
    return text;
}

static int text_search_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t count = lua_rawlen(L, 1);
    struct slk_text *needles = lua_newuserdatauv(L, (count + 1) * sizeof *needles, 0);
    for (size_t i = 0; i < count; i++) {
        needles[i] = check_string(L, (lua_Integer)i + 1);
    }
    void **object = slk_new_object(L, SLK_CLASS_TEXT_SEARCH);
    *object = slk_text_search_create(needles, count);
    return *object != NULL ? 1 : luaL_error(L, "out of memory");
}

static int text_search_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_TEXT_SEARCH);
    slk_text_search_destroy(*object);
    *object = NULL;
    return 0;
}

static int text_search_find(lua_State *L)
{
    struct slk_text_search *search = slk_check_object(L, 1, SLK_CLASS_TEXT_SEARCH);
    struct slk_text text;
    text.data = luaL_checklstring(L, 2, &text.length);
    luaL_checktype(L, 3, LUA_TTABLE);
    const uint32_t *found;
    size_t count = slk_text_search_find(search, text, &found);
    for (size_t i = 0; i < count; i++) {
        lua_pushinteger(L, (lua_Integer)found[i] + 1);
        lua_rawseti(L, 3, (lua_Integer)i + 1);
    }
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

void slk_open_text_search(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"find", text_search_find}, {"close", text_search_close}, {NULL, NULL}};
    slk_class(L, SLK_CLASS_TEXT_SEARCH, methods, text_search_close);
    lua_pushcfunction(L, text_search_new);
    lua_setfield(L, -2, "text_search");
}
