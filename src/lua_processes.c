#include "lua_core.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "listener.h"
#include "processes.h"

static int push_errno(lua_State *L, const char *what)
{
    int reason = errno;
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", what, slk_errno_text(reason));
    lua_pushliteral(L, "system");
    return 3;
}

static pid_t check_pid(lua_State *L, int index)
{
    lua_Integer pid = luaL_checkinteger(L, index);
    luaL_argcheck(L, pid > 1, index, "the number of a process expected");
    return (pid_t)pid;
}

static int process_fork(lua_State *L)
{
    pid_t child = slk_process_fork();
    if (child < 0) {
        return push_errno(L, "cannot start a process");
    }
    lua_pushinteger(L, child);
    return 1;
}

static int process_begin(lua_State *L)
{
    slk_process_begin(check_pid(L, 1));
    return 0;
}

static int process_ended(lua_State *L)
{
    struct slk_exit ended;
    if (!slk_process_ended(check_pid(L, 1), &ended)) {
        return 0;
    }
    lua_pushstring(L, ended.by_signal ? "signal" : "exit");
    lua_pushinteger(L, ended.code);
    return 2;
}

static int process_signal(lua_State *L)
{
    static const char *const names[] = {"TERM", "INT", "HUP", "KILL", NULL};
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGKILL};
    pid_t pid = check_pid(L, 1);
    int number = numbers[luaL_checkoption(L, 2, NULL, names)];
    lua_pushboolean(L, kill(pid, number) == 0);
    return 1;
}

#define CLASS_RESERVED_PORT "slack.core.reserved_port"

/* A descriptor in a box: -1 when closed. */
struct reserved_port {
    int fd;
    int port;
};

static int reserved_close(lua_State *L)
{
    struct reserved_port *reserved = luaL_checkudata(L, 1, CLASS_RESERVED_PORT);
    if (reserved->fd >= 0) {
        close(reserved->fd);
        reserved->fd = -1;
    }
    return 0;
}

static int reserved_port(lua_State *L)
{
    struct reserved_port *reserved = luaL_checkudata(L, 1, CLASS_RESERVED_PORT);
    lua_pushinteger(L, reserved->port);
    return 1;
}

static int reserve_port(lua_State *L)
{
    const char *host = luaL_checkstring(L, 1);
    lua_Integer port = luaL_checkinteger(L, 2);
    luaL_argcheck(L, port >= 0 && port <= 65535, 2, "a port from 0 to 65535 expected");
    struct reserved_port *reserved = lua_newuserdatauv(L, sizeof *reserved, 0);
    *reserved = (struct reserved_port){-1, 0};
    luaL_setmetatable(L, CLASS_RESERVED_PORT);
    struct slk_error err;
    reserved->fd = slk_reserve_port(host, (int)port, &reserved->port, &err);
    return reserved->fd >= 0 ? 1 : slk_push_error(L, &err);
}

/* getenv of other threads may be under way: before there are any. */
static int set_environment(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *value = luaL_checkstring(L, 2);
    luaL_argcheck(L, *name != '\0' && strchr(name, '=') == NULL && strlen(name) == lua_rawlen(L, 1),
                  1, "the name of a variable expected");
    luaL_argcheck(L, strlen(value) == lua_rawlen(L, 2), 2, "a value without zeros expected");
    return setenv(name, value, 1) == 0 ? 0 : luaL_error(L, "out of memory");
}

void slk_open_processes(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"port", reserved_port}, {"close", reserved_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"fork", process_fork},
                                         {"begin_process", process_begin},
                                         {"process_ended", process_ended},
                                         {"signal_process", process_signal},
                                         {"reserve_port", reserve_port},
                                         {"set_environment", set_environment},
                                         {NULL, NULL}};
    slk_class(L, CLASS_RESERVED_PORT, methods, reserved_close);
    luaL_setfuncs(L, functions, 0);
}
