#include "lua_core.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "poller.h"
#include "signals.h"

#define READY_AT_ONCE 64

static int push_errno(lua_State *L)
{
    lua_pushnil(L);
    lua_pushstring(L, slk_errno_text(errno));
    lua_pushliteral(L, "system");
    return 3;
}

static int check_fd(lua_State *L, int index)
{
    lua_Integer fd = luaL_checkinteger(L, index);
    luaL_argcheck(L, fd >= 0 && fd <= INT_MAX, index, "descriptor expected");
    return (int)fd;
}

static int poller_new(lua_State *L)
{
    void **object = slk_new_home_object(L, SLK_CLASS_POLLER);
    *object = slk_poller_create();
    if (*object == NULL) {
        return push_errno(L);
    }
    return 1;
}

static int poller_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_POLLER);
    slk_poller_destroy(*object);
    *object = NULL;
    return 0;
}

static int poller_fd(lua_State *L)
{
    lua_pushinteger(L, slk_poller_fd(slk_check_object(L, 1, SLK_CLASS_POLLER)));
    return 1;
}

static int poller_add(lua_State *L)
{
    struct slk_poller *poller = slk_check_object(L, 1, SLK_CLASS_POLLER);
    if (slk_poller_add(poller, check_fd(L, 2)) != SLK_OK) {
        return push_errno(L);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int poller_remove(lua_State *L)
{
    struct slk_poller *poller = slk_check_object(L, 1, SLK_CLASS_POLLER);
    if (slk_poller_remove(poller, check_fd(L, 2)) != SLK_OK) {
        return push_errno(L);
    }
    lua_pushboolean(L, 1);
    return 1;
}

/* Rounded up: waking a moment too early would spin until the time has come. */
static int timeout_ms(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index)) {
        return -1;
    }
    lua_Number seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, !isnan(seconds), index, "seconds expected, got nan");
    double ms = ceil(seconds * 1e3);
    return ms <= 0 ? 0 : ms >= INT_MAX ? INT_MAX : (int)ms;
}

static int poller_wait(lua_State *L)
{
    struct slk_poller *poller = slk_check_object(L, 1, SLK_CLASS_POLLER);
    int timeout = timeout_ms(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    int fds[READY_AT_ONCE];
    int count = slk_poller_wait(poller, timeout, fds, READY_AT_ONCE);
    if (count < 0) {
        return push_errno(L);
    }
    for (int i = 0; i < count; i++) {
        lua_pushinteger(L, fds[i]);
        lua_rawseti(L, 3, i + 1);
    }
    lua_pushinteger(L, count);
    return 1;
}

static const struct {
    const char *name;
    int number;
} signal_names[] = {{"INT", SIGINT}, {"TERM", SIGTERM}, {"HUP", SIGHUP}, {"CHLD", SIGCHLD}};

enum { SIGNAL_NAMES = sizeof signal_names / sizeof signal_names[0] };

static int check_signal(lua_State *L, const char *name)
{
    for (int i = 0; name != NULL && i < SIGNAL_NAMES; i++) {
        if (strcmp(name, signal_names[i].name) == 0) {
            return signal_names[i].number;
        }
    }
    return luaL_argerror(L, 1, "list of \"INT\", \"TERM\", \"HUP\", \"CHLD\" expected");
}

static int signals_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int numbers[SIGNAL_NAMES];
    lua_Integer count = luaL_len(L, 1);
    luaL_argcheck(L, count >= 1 && count <= SIGNAL_NAMES, 1, "one to three names expected");
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, 1, i + 1);
        numbers[i] = check_signal(L, lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    void **object = slk_new_object(L, SLK_CLASS_SIGNALS);
    *object = slk_signals_create(numbers, (size_t)count);
    if (*object != NULL) {
        return 1;
    }
    if (errno == EBUSY) {
        return luaL_error(L, "signals are taken already: close the first slack.core.signals");
    }
    return push_errno(L);
}

static int signals_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_SIGNALS);
    slk_signals_destroy(*object);
    *object = NULL;
    return 0;
}

static int signals_fd(lua_State *L)
{
    lua_pushinteger(L, slk_signals_fd(slk_check_object(L, 1, SLK_CLASS_SIGNALS)));
    return 1;
}

static int signals_take(lua_State *L)
{
    int number = slk_signals_take(slk_check_object(L, 1, SLK_CLASS_SIGNALS));
    for (int i = 0; i < SIGNAL_NAMES; i++) {
        if (signal_names[i].number == number) {
            lua_pushstring(L, signal_names[i].name);
            return 1;
        }
    }
    return 0;
}

static int monotonic(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)slk_clock_now() * 1e-9);
    return 1;
}

static int wall_time(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec * 1e-9);
    return 1;
}

static int pid(lua_State *L)
{
    lua_pushinteger(L, getpid());
    return 1;
}

void slk_open_poller(lua_State *L)
{
    static const luaL_Reg poller_methods[] = {{"fd", poller_fd},         {"add", poller_add},
                                              {"remove", poller_remove}, {"wait", poller_wait},
                                              {"close", poller_close},   {NULL, NULL}};
    static const luaL_Reg signals_methods[] = {
        {"fd", signals_fd}, {"take", signals_take}, {"close", signals_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"poller", poller_new},   {"signals", signals_new},
                                         {"monotonic", monotonic}, {"pid", pid},
                                         {"time", wall_time},      {NULL, NULL}};
    slk_class(L, SLK_CLASS_POLLER, poller_methods, poller_close);
    slk_class(L, SLK_CLASS_SIGNALS, signals_methods, signals_close);
    luaL_setfuncs(L, functions, 0);
}
