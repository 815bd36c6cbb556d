#include "lua_core.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lualib.h>

#include "append_file.h"
#include "file_watch.h"

#ifdef __APPLE__
#define CHANGED_NS(info) ((info).st_mtimespec.tv_nsec)
#else
#define CHANGED_NS(info) ((info).st_mtim.tv_nsec)
#endif

#define CLASS_DIRECTORY   "slack.core.directory"
#define CLASS_APPEND_FILE "slack.core.append_file"

static int push_errno(lua_State *L, const char *path)
{
    const char *why = slk_errno_text(errno);
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, why);
    lua_pushliteral(L, "system");
    return 3;
}

static int file_watch_new(lua_State *L)
{
    void **object = slk_new_home_object(L, SLK_CLASS_FILE_WATCH);
    *object = slk_file_watch_create();
    return *object != NULL;
}

static int file_watch_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_FILE_WATCH);
    slk_file_watch_destroy(*object);
    *object = NULL;
    return 0;
}

static int file_watch_fd(lua_State *L)
{
    lua_pushinteger(L, slk_file_watch_fd(slk_check_object(L, 1, SLK_CLASS_FILE_WATCH)));
    return 1;
}

static int file_watch_add(lua_State *L)
{
    struct slk_file_watch *watch = slk_check_object(L, 1, SLK_CLASS_FILE_WATCH);
    const char *directory = luaL_checkstring(L, 2);
    int number = slk_file_watch_add(watch, directory);
    if (number < 0) {
        return push_errno(L, directory);
    }
    lua_pushinteger(L, number);
    return 1;
}

static int file_watch_remove(lua_State *L)
{
    struct slk_file_watch *watch = slk_check_object(L, 1, SLK_CLASS_FILE_WATCH);
    slk_file_watch_remove(watch, (int)luaL_checkinteger(L, 2));
    return 0;
}

static int file_watch_take(lua_State *L)
{
    struct slk_file_watch *watch = slk_check_object(L, 1, SLK_CLASS_FILE_WATCH);
    struct slk_file_change change;
    int status = slk_file_watch_next(watch, &change);
    if (status < 0) {
        return luaL_error(L, "file watch: %s", strerror(errno));
    } else if (status == 0) {
        return 0;
    }
    lua_pushinteger(L, change.overflow ? -1 : change.directory);
    if (change.overflow) {
        return 1;
    }
    lua_pushstring(L, change.name);
    lua_pushstring(L, change.gone ? "gone" : change.created ? "created" : "changed");
    lua_pushboolean(L, change.is_directory);
    return 4;
}

static int stat_file(lua_State *L)
{
    struct stat info;
    const char *path = luaL_checkstring(L, 1);
    if ((lua_toboolean(L, 2) ? lstat(path, &info) : stat(path, &info)) != 0) {
        return 0;
    }
    lua_pushfstring(L, "%I:%I:%I:%I.%I", (LUAI_UACINT)info.st_dev, (LUAI_UACINT)info.st_ino,
                    (LUAI_UACINT)info.st_size, (LUAI_UACINT)info.st_mtime,
                    (LUAI_UACINT)CHANGED_NS(info));
    lua_pushstring(L, S_ISREG(info.st_mode)   ? "file"
                      : S_ISDIR(info.st_mode) ? "directory"
                                              : "other");
    lua_pushinteger(L, info.st_mode & 07777);
    lua_pushinteger(L, info.st_uid);
    return 4;
}

/* Nothing when it has been removed, or its path is longer than any that can be named. */
static int working_directory(lua_State *L)
{
    char path[PATH_MAX];
    if (getcwd(path, sizeof path) == NULL) {
        return 0;
    }
    lua_pushstring(L, path);
    return 1;
}

static int user_id(lua_State *L)
{
    lua_pushinteger(L, geteuid());
    return 1;
}

static int directory_close(lua_State *L)
{
    DIR **directory = luaL_checkudata(L, 1, CLASS_DIRECTORY);
    if (*directory != NULL) {
        closedir(*directory);
        *directory = NULL;
    }
    return 0;
}

/* The list on top gets the names. */
static void collect_names(lua_State *L, DIR *directory)
{
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            lua_pushstring(L, entry->d_name);
            lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        }
    }
}

static int list_directory(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    DIR **directory = (DIR **)slk_new_object(L, CLASS_DIRECTORY);
    *directory = opendir(path);
    if (*directory == NULL) {
        return push_errno(L, path);
    }
    lua_newtable(L);
    collect_names(L, *directory);
    closedir(*directory);
    *directory = NULL;
    lua_pushvalue(L, lua_upvalueindex(1)); /* table.sort */
    lua_pushvalue(L, -2);
    lua_call(L, 1, 0);
    return 1;
}

static int append_file_open(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    void **object = slk_new_object(L, CLASS_APPEND_FILE);
    struct slk_error err;
    *object = slk_append_file_open(path, &err);
    return *object != NULL ? 1 : slk_push_error(L, &err);
}

static int append_file_add(lua_State *L)
{
    size_t length;
    struct slk_append_file *file = slk_check_object(L, 1, CLASS_APPEND_FILE);
    const char *bytes = luaL_checklstring(L, 2, &length);
    struct slk_error err;
    if (slk_append_file_add(file, bytes, length, &err) != SLK_OK) {
        return slk_push_error(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int append_file_size(lua_State *L)
{
    lua_pushinteger(L, slk_append_file_size(slk_check_object(L, 1, CLASS_APPEND_FILE)));
    return 1;
}

static int append_file_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, CLASS_APPEND_FILE);
    slk_append_file_close(*object);
    *object = NULL;
    return 0;
}

static int make_directory(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    if (mkdir(path, lua_toboolean(L, 2) ? S_IRWXU : 0777) != 0) {
        return push_errno(L, path);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int is_terminal(lua_State *L)
{
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

void slk_open_files(lua_State *L)
{
    static const luaL_Reg watch_methods[] = {
        {"fd", file_watch_fd},     {"add", file_watch_add},     {"remove", file_watch_remove},
        {"take", file_watch_take}, {"close", file_watch_close}, {NULL, NULL}};
    static const luaL_Reg append_methods[] = {{"add", append_file_add},
                                              {"size", append_file_size},
                                              {"close", append_file_close},
                                              {NULL, NULL}};
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    static const luaL_Reg functions[] = {{"file_watch", file_watch_new},
                                         {"stat", stat_file},
                                         {"is_terminal", is_terminal},
                                         {"append_file", append_file_open},
                                         {"make_directory", make_directory},
                                         {"user_id", user_id},
                                         {"working_directory", working_directory},
                                         {NULL, NULL}};
    slk_class(L, SLK_CLASS_FILE_WATCH, watch_methods, file_watch_close);
    slk_class(L, CLASS_APPEND_FILE, append_methods, append_file_close);
    slk_class(L, CLASS_DIRECTORY, no_methods, directory_close);
    luaL_setfuncs(L, functions, 0);
    lua_getglobal(L, LUA_TABLIBNAME);
    lua_getfield(L, -1, "sort");
    lua_pushcclosure(L, list_directory, 1);
    lua_setfield(L, -3, "list_directory");
    lua_pop(L, 1);
}
