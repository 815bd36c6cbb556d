#include "lua_core.h"

#include <unistd.h>

#include "clock.h"
#include "watchdog.h"

#define CLASS_WATCHDOG "slack.core.watchdog"

/* What a stopped piece of work may still do before it is stopped again: its to-be-closed
 * variables are closed meanwhile. Instructions; from the second time on there are none. */
#define GRACE 1000000

struct watchdog {
    struct slk_watchdog *dog; /* NULL when closed */
    int raised;               /* how often this piece of work has been stopped */
};

static const char registered = 0; /* the address is where the registry has the watchdog */

static struct watchdog *check_watchdog(lua_State *L)
{
    struct watchdog *watchdog = luaL_checkudata(L, 1, CLASS_WATCHDOG);
    luaL_argcheck(L, watchdog->dog != NULL, 1, "it is closed");
    return watchdog;
}

/* Interrupted work, on the Lua thread --------------------------------------------- */

static void on_stop(lua_State *L, lua_Debug *ar);

/* An error that the program catches comes again: pcall in a loop is no way out. */
static void raise(lua_State *L, struct watchdog *watchdog, int64_t busy)
{
    lua_sethook(L, on_stop, LUA_MASKCOUNT, watchdog->raised == 0 ? GRACE : 1);
    watchdog->raised++;
    luaL_where(L, 0);
    lua_pushfstring(L, "stopped by the watchdog: it kept the Lua thread for %f s",
                    (lua_Number)(busy / SLK_MS(10)) / 100);
    lua_concat(L, 2);
    lua_error(L);
}

/* Coroutines that interrupted work makes have its hook from birth, but nothing to do with it. */
static bool is_meant(lua_State *L, const struct watchdog *watchdog)
{
    return slk_watchdog_running(watchdog->dog) == L && slk_watchdog_is_interrupted(watchdog->dog);
}

/* The watchdog by which L is interrupted; NULL when its hook is left from something else. */
static struct watchdog *push_registered(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &registered);
    struct watchdog *watchdog = lua_touserdata(L, -1);
    bool is_open = watchdog != NULL && watchdog->dog != NULL;
    return is_open && is_meant(L, watchdog) ? watchdog : NULL;
}

static void on_stop(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct watchdog *watchdog = push_registered(L);
    if (watchdog != NULL && slk_watchdog_is_to_stop(watchdog->dog)) {
        raise(L, watchdog, slk_watchdog_hear(watchdog->dog));
    }
    lua_sethook(L, NULL, 0, 0);
    lua_pop(L, 1);
}

/* on_hog(traceback, seconds) -> seconds after which the work is stopped, or nil. */
static void tell(lua_State *L, struct watchdog *watchdog, int64_t busy)
{
    lua_getiuservalue(L, -1, 1);
    luaL_traceback(L, L, NULL, 0);
    lua_pushnumber(L, (lua_Number)busy / 1e9);
    if (lua_pcall(L, 2, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TNUMBER) {
        lua_Number seconds = lua_tonumber(L, -1);
        slk_watchdog_stop_after(watchdog->dog, (int64_t)(seconds * 1e9));
    }
    lua_pop(L, 1);
}

static void on_interrupt(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    struct watchdog *watchdog = push_registered(L);
    if (watchdog != NULL) {
        int64_t busy = slk_watchdog_hear(watchdog->dog);
        if (slk_watchdog_is_to_stop(watchdog->dog)) {
            raise(L, watchdog, busy);
        }
        tell(L, watchdog, busy);
    }
    lua_pop(L, 1);
}

static bool is_ours(lua_State *L)
{
    lua_Hook hook = lua_gethook(L);
    return hook == on_interrupt || hook == on_stop;
}

/* The watchdog's thread. A debugger's hook stays. lua_sethook may come at any moment of the work,
 * as from a signal handler, but here the work goes on meanwhile: a few stores, once for each
 * interruption, into a coroutine that cannot end before this returns. */
static bool interrupt(void *running)
{
    lua_State *L = running;
    if (lua_gethook(L) != NULL && !is_ours(L)) {
        return false;
    }
    lua_sethook(L, on_interrupt, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
    return true;
}

/* Work ------------------------------------------------------------------------------- */

/* What it has raised is on its way to where it is reported: what has yet to be closed gets its
 * time, and no more, each time that it fails anew. */
static void spare(struct watchdog *watchdog)
{
    lua_State *running = slk_watchdog_running(watchdog->dog);
    if (watchdog->raised > 0 && running != NULL && lua_gethook(running) == on_stop) {
        lua_sethook(running, on_stop, LUA_MASKCOUNT, GRACE);
    }
}

/* Of what was interrupted, but maybe not in time. */
static void unhook(lua_State *L)
{
    if (is_ours(L)) {
        lua_sethook(L, NULL, 0, 0);
    }
}

static void calm(struct watchdog *watchdog)
{
    lua_State *running = slk_watchdog_running(watchdog->dog);
    if (running != NULL) {
        unhook(running);
    }
    watchdog->raised = 0;
}

/* From here on the work that ends is not interrupted any more. */
static void leave(struct watchdog *watchdog, lua_State *running, void *before)
{
    slk_watchdog_swap(watchdog->dog, before);
    if (slk_watchdog_was_interrupted(watchdog->dog)) {
        unhook(running);
        watchdog->raised = 0;
    }
}

/* coroutine.resume, watched. */
static int watched_resume(lua_State *L)
{
    struct watchdog *watchdog = lua_touserdata(L, lua_upvalueindex(1));
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co != NULL, 1, "coroutine");
    int given = lua_gettop(L) - 1, results = 0;
    if (!lua_checkstack(co, given)) {
        lua_pushboolean(L, 0);
        lua_pushliteral(L, "too many arguments to resume");
        return 2;
    }
    lua_xmove(L, co, given);
    void *before = watchdog->dog != NULL ? slk_watchdog_swap(watchdog->dog, co) : NULL;
    int status = lua_resume(co, L, given, &results);
    if (watchdog->dog != NULL) {
        leave(watchdog, co, before);
    }
    if (status != LUA_OK && status != LUA_YIELD) {
        results = 1; /* the error */
    } else if (!lua_checkstack(L, results + 1)) {
        lua_pop(co, results);
        lua_pushboolean(L, 0);
        lua_pushliteral(L, "too many results to resume");
        return 2;
    }
    lua_pushboolean(L, status == LUA_OK || status == LUA_YIELD);
    lua_xmove(co, L, results);
    return results + 1;
}

static int watchdog_resumer(lua_State *L)
{
    check_watchdog(L);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, watched_resume, 1);
    return 1;
}

static int enter_section(lua_State *L)
{
    struct watchdog *watchdog = lua_touserdata(L, lua_upvalueindex(1));
    if (watchdog->dog != NULL) {
        slk_watchdog_swap(watchdog->dog, L);
    }
    return 0;
}

static int leave_section(lua_State *L)
{
    struct watchdog *watchdog = lua_touserdata(L, lua_upvalueindex(1));
    if (watchdog->dog != NULL && slk_watchdog_running(watchdog->dog) != NULL) {
        leave(watchdog, slk_watchdog_running(watchdog->dog), NULL);
    }
    return 0;
}

/* Functions, as they are called with each step of the loop. */
static int watchdog_section(lua_State *L)
{
    check_watchdog(L);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, enter_section, 1);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, leave_section, 1);
    return 2;
}

static int watchdog_spare(lua_State *L)
{
    struct watchdog *watchdog = luaL_checkudata(L, 1, CLASS_WATCHDOG);
    if (watchdog->dog != NULL) {
        spare(watchdog);
    }
    return 0;
}

static int watchdog_calm(lua_State *L)
{
    struct watchdog *watchdog = luaL_checkudata(L, 1, CLASS_WATCHDOG);
    if (watchdog->dog != NULL) {
        calm(watchdog);
    }
    return 0;
}

/* Its life ----------------------------------------------------------------------------- */

static int watchdog_close(lua_State *L)
{
    struct watchdog *watchdog = luaL_checkudata(L, 1, CLASS_WATCHDOG);
    if (watchdog->dog != NULL) {
        lua_State *running = slk_watchdog_running(watchdog->dog);
        slk_watchdog_destroy(watchdog->dog);
        watchdog->dog = NULL;
        if (running != NULL) { /* nobody is left who would hook it again */
            unhook(running);
        }
    }
    return 0;
}

static int watchdog_new(lua_State *L)
{
    lua_Number limit = luaL_checknumber(L, 1);
    luaL_argcheck(L, limit > 0 && limit <= 86400, 1, "seconds expected");
    luaL_checktype(L, 2, LUA_TFUNCTION);
    struct watchdog *watchdog = lua_newuserdatauv(L, sizeof *watchdog, 1);
    *watchdog = (struct watchdog){NULL, 0};
    luaL_setmetatable(L, CLASS_WATCHDOG);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    struct slk_watchdog_options options = {(int64_t)(limit * 1e9), interrupt, STDERR_FILENO};
    watchdog->dog = slk_watchdog_start(&options);
    if (watchdog->dog == NULL) {
        return slk_push_status(L, SLK_SYSTEM);
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &registered);
    return 1;
}

void slk_open_watchdog(lua_State *L)
{
    static const luaL_Reg methods[] = {{"resumer", watchdog_resumer}, {"section", watchdog_section},
                                       {"calm", watchdog_calm},       {"spare", watchdog_spare},
                                       {"close", watchdog_close},     {NULL, NULL}};
    slk_class(L, CLASS_WATCHDOG, methods, watchdog_close);
    lua_pushcfunction(L, watchdog_new);
    lua_setfield(L, -2, "watchdog");
}
