/* count.h for Lua: require "bench.count" gives begin(), on(), off() and finish(name). */
#include "count.h"

#include <lauxlib.h>
#include <lua.h>

static int begin(lua_State *L)
{
    (void)L;
    count_begin();
    return 0;
}

static int on(lua_State *L)
{
    (void)L;
    count_on();
    return 0;
}

static int off(lua_State *L)
{
    (void)L;
    count_off();
    return 0;
}

static int finish(lua_State *L)
{
    count_end(luaL_checkstring(L, 1));
    return 0;
}

int luaopen_bench_count(lua_State *L);

int luaopen_bench_count(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"begin", begin}, {"on", on}, {"off", off}, {"finish", finish}, {NULL, NULL}};
    luaL_newlib(L, FUNCTIONS);
    return 1;
}
