/* An interpreter built with a sanitizer: preloading its library into the
 * plain one would load it into every child process too, where it crashes
 * Debian's sh. Runs a Lua file with arguments and tells of errors as the plain
 * one does, nothing else. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>

static lua_State *interrupted; /* what a signal's handler can know of */

static void stop(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted!");
}

/* Ctrl-C raises as soon as Lua's next instruction, a second one ends it all. */
static void on_interrupt(int number)
{
    signal(number, SIG_DFL);
    lua_sethook(interrupted, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static int run(lua_State *L)
{
    int count = (int)lua_tointeger(L, 1);
    char **arguments = lua_touserdata(L, 2);
    luaL_openlibs(L);
    lua_newtable(L);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, arguments[i]);
        lua_rawseti(L, -2, i - 1);
    }
    lua_setglobal(L, "arg");
    if (luaL_loadfile(L, arguments[1]) != LUA_OK) {
        return lua_error(L);
    }
    luaL_checkstack(L, count, "too many arguments");
    for (int i = 2; i < count; i++) {
        lua_pushstring(L, arguments[i]);
    }
    lua_call(L, count - 2, 0);
    return 0;
}

int main(int count, char **arguments)
{
    lua_State *L = luaL_newstate();
    if (L == NULL || count < 2) {
        fprintf(stderr, "usage: %s FILE [ARGUMENTS]\n", arguments[0]);
        return 2;
    }
    interrupted = L;
    signal(SIGINT, on_interrupt);
    lua_pushcfunction(L, run);
    lua_pushinteger(L, count);
    lua_pushlightuserdata(L, arguments);
    int status = lua_pcall(L, 2, 0, 0);
    if (status != LUA_OK) {
        fprintf(stderr, "%s: %s\n", arguments[0], luaL_tolstring(L, -1, NULL));
    }
    lua_close(L);
    return status == LUA_OK ? 0 : 1;
}
