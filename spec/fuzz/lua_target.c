/* A fuzz target in Lua: the whole C module in one state, and a script that gives the
 * function to call with each input; it raises when a promise does not hold. Which
 * lines it came to is told to libFuzzer like any coverage, so that what leads to new
 * lines of Lua is kept and tried on.
 *
 *   FUZZ_SCRIPT=spec/fuzz/fuzz_dispatch.lua build/fuzz/lua_target CORPUS… */
#include <lauxlib.h>
#include <lualib.h>

#include "fuzz.h"

#define LINES (1 << 14)

int luaopen_slack_core(lua_State *L);
int LLVMFuzzerInitialize(int *argc, char ***argv);

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t lines[LINES];

static lua_State *L;

/* A place in the counters that is likely to be this line's own. */
static void count_line(lua_State *thread, lua_Debug *at)
{
    lua_getinfo(thread, "S", at);
    size_t place = ((uintptr_t)at->source >> 4) * 31 + (size_t)at->currentline * 2654435761u;
    uint8_t *count = &lines[(place ^ place >> 16) % LINES];
    *count += *count < UINT8_MAX;
}

static void run(int arguments, int results)
{
    lua_getglobal(L, "debug");
    lua_getfield(L, -1, "traceback");
    lua_replace(L, -2);
    int handler = lua_gettop(L) - arguments - 1;
    lua_insert(L, handler);
    if (lua_pcall(L, arguments, results, handler) != LUA_OK) {
        fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
        abort();
    }
    lua_remove(L, handler);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *script = getenv("FUZZ_SCRIPT");
    EXPECT(script != NULL);
    L = luaL_newstate();
    EXPECT(L != NULL);
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_slack_core);
    lua_setfield(L, -2, "slack.core");
    lua_settop(L, 0);
    if (luaL_loadfile(L, script) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        abort();
    }
    lua_sethook(L, count_line, LUA_MASKLINE, 0); /* which coroutines inherit */
    run(0, 1);
    EXPECT(lua_isfunction(L, 1));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lua_pushvalue(L, 1);
    lua_pushlstring(L, (const char *)data, size);
    run(1, 0);
    return 0;
}
