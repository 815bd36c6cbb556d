#include "lua_web_api.h"

/* Most answers say ok; decoded from where they arrived they need no strings of Lua's for head
 * and body, which are large, and are garbage at once. */

static const char lists; /* its address is the key of their metatable in the registry */

void slk_set_web_api_lists(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushvalue(L, index);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lists);
}

static bool says_ok(lua_State *L, int index)
{
    if (!lua_istable(L, index)) {
        return false;
    }
    lua_pushliteral(L, "ok");
    bool ok = lua_rawget(L, index) == LUA_TBOOLEAN && lua_toboolean(L, -1);
    lua_pop(L, 1);
    return ok;
}

static void set_header(lua_State *L, int index, const struct slk_http_result *result,
                       const char *name, const char *field)
{
    if (slk_push_header(L, result->headers, result->headers_length, name)) {
        lua_setfield(L, index, field);
    }
}

bool slk_push_web_api_answer(lua_State *L, const struct slk_http_result *result)
{
    int answer = lua_gettop(L) + 1;
    if (result->status != 200 || result->body == NULL || result->headers == NULL) {
        return false;
    }
    luaL_checkstack(L, 8, NULL);
    lua_createtable(L, 0, 4);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &lists);
    if (!slk_json_push(L, result->body, result->body_length, answer + 1) ||
        !says_ok(L, answer + 2)) {
        lua_settop(L, answer - 1);
        return false;
    }
    lua_setfield(L, answer, "decoded");
    lua_settop(L, answer);
    set_header(L, answer, result, "x-oauth-scopes", "scopes");
    set_header(L, answer, result, "x-accepted-oauth-scopes", "accepted_scopes");
    return true;
}
