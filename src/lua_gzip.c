#include "lua_core.h"

#include "gzip.h"

#define OUTPUT_CLASS "slack.core.gunzipped"

/* What has come out, in a userdata of its own because making a string may raise. */
static int output_free(lua_State *L)
{
    struct slk_buffer *out = luaL_checkudata(L, 1, OUTPUT_CLASS);
    slk_buffer_free(out);
    return 0;
}

static int gunzip(lua_State *L)
{
    size_t length;
    const char *data = luaL_checklstring(L, 1, &length);
    lua_Integer maximum = luaL_checkinteger(L, 2);
    luaL_argcheck(L, maximum > 0, 2, "positive integer expected");
    struct slk_buffer *out = lua_newuserdatauv(L, sizeof *out, 0);
    slk_buffer_init(out, (size_t)maximum);
    luaL_setmetatable(L, OUTPUT_CLASS);
    struct slk_error err;
    if (slk_gunzip(data, length, out, &err) != SLK_OK) {
        slk_buffer_free(out);
        return slk_push_error(L, &err);
    }
    lua_pushlstring(L, out->data != NULL ? out->data : "", out->length);
    slk_buffer_free(out);
    return 1;
}

void slk_open_gzip(lua_State *L)
{
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    slk_class(L, OUTPUT_CLASS, no_methods, output_free);
    lua_pushcfunction(L, gunzip);
    lua_setfield(L, -2, "gunzip");
}
