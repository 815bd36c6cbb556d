#include "lua_core.h"

#include <signal.h>
#include <stdlib.h>

#include "child_process.h"

#define READ_SIZE 16384

/* The strings of the list at index as C wants them; they live as long as the list does. The
 * array is a userdata on top of the stack. */
static char **push_strings(lua_State *L, int index, const char *name)
{
    lua_Integer length = lua_istable(L, index) ? luaL_len(L, index) : 0;
    char **list = lua_newuserdatauv(L, ((size_t)length + 1) * sizeof *list, 0);
    for (lua_Integer i = 0; i < length; i++) {
        if (lua_rawgeti(L, index, i + 1) != LUA_TSTRING) {
            luaL_error(L, "%s: list of strings expected, got %s at %d", name, luaL_typename(L, -1),
                       (int)i + 1);
        }
        list[i] = (char *)lua_tostring(L, -1); /* nobody writes to it */
        lua_pop(L, 1);
    }
    list[length] = NULL;
    return list;
}

static int child_start(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "arguments");
    lua_getfield(L, 1, "environment");
    struct slk_child_options options = {.directory = slk_field_string(L, 1, "directory", NULL)};
    options.arguments = push_strings(L, 2, "arguments");
    options.environment = push_strings(L, 3, "environment");
    luaL_argcheck(L, options.arguments[0] != NULL, 1, "arguments: at least the program expected");
    void **object = slk_new_home_object(L, SLK_CLASS_CHILD);
    struct slk_error err;
    *object = slk_child_start(&options, &err);
    return *object != NULL ? 1 : slk_push_error(L, &err);
}

static int child_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_CHILD);
    slk_child_destroy(*object);
    *object = NULL;
    return 0;
}

static int child_pid(lua_State *L)
{
    lua_pushinteger(L, slk_child_pid(slk_check_object(L, 1, SLK_CLASS_CHILD)));
    return 1;
}

static int child_output_fd(lua_State *L)
{
    lua_pushinteger(L, slk_child_output_fd(slk_check_object(L, 1, SLK_CLASS_CHILD)));
    return 1;
}

static int child_end_fd(lua_State *L)
{
    int fd = slk_child_end_fd(slk_check_object(L, 1, SLK_CLASS_CHILD));
    if (fd < 0) {
        return 0;
    }
    lua_pushinteger(L, fd);
    return 1;
}

static int child_read(lua_State *L)
{
    struct slk_child *child = slk_check_object(L, 1, SLK_CLASS_CHILD);
    luaL_Buffer buffer;
    char *bytes = luaL_buffinitsize(L, &buffer, READ_SIZE);
    ssize_t got = slk_child_read(child, bytes, READ_SIZE);
    luaL_pushresultsize(&buffer, got > 0 ? (size_t)got : 0);
    return got >= 0 ? 1 : 0;
}

static int child_ended(lua_State *L)
{
    struct slk_exit ended;
    if (!slk_child_ended(slk_check_object(L, 1, SLK_CLASS_CHILD), &ended)) {
        return 0;
    }
    lua_pushstring(L, ended.by_signal ? "signal" : "exit");
    lua_pushinteger(L, ended.code);
    return 2;
}

static int child_signal(lua_State *L)
{
    static const char *const names[] = {"TERM", "INT", "HUP", "KILL", NULL};
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGKILL};
    struct slk_child *child = slk_check_object(L, 1, SLK_CLASS_CHILD);
    int number = numbers[luaL_checkoption(L, 2, NULL, names)];
    lua_pushboolean(L, slk_child_signal(child, number));
    return 1;
}

void slk_open_child_process(lua_State *L)
{
    static const luaL_Reg methods[] = {{"pid", child_pid},       {"output_fd", child_output_fd},
                                       {"end_fd", child_end_fd}, {"read", child_read},
                                       {"ended", child_ended},   {"signal", child_signal},
                                       {"close", child_close},   {NULL, NULL}};
    slk_home_class(L, SLK_CLASS_CHILD, methods, child_close);
    lua_pushcfunction(L, child_start);
    lua_setfield(L, -2, "child_process");
}
