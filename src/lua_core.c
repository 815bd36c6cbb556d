#include "lua_core.h"

#include <dlfcn.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#include "clock.h"
#include "forks.h"
#include "net_options.h"

#if LIBCURL_VERSION_NUM < 0x075500
#error "lua-slack needs libcurl 7.85 or newer"
#endif
#if LWS_LIBRARY_VERSION_NUMBER < 4001006
#error "lua-slack needs libwebsockets 4.1.6 or newer"
#endif
#if SQLITE_VERSION_NUMBER < 3024000
#error "lua-slack needs SQLite 3.24 or newer"
#endif
#if HIREDIS_MAJOR == 0 && HIREDIS_MINOR < 14
#error "lua-slack needs hiredis 0.14 or newer"
#endif

void slk_class(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction finalizer)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, finalizer);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, finalizer);
    lua_setfield(L, -2, "__close");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

static bool is_foreign(const struct slk_object *object)
{
    return object->home != 0 && object->home != slk_forks_count();
}

/* The finalizer of a home class; the first upvalue does it. */
static int end_at_home(lua_State *L)
{
    const struct slk_object *object = lua_touserdata(L, 1);
    lua_CFunction finalizer = lua_tocfunction(L, lua_upvalueindex(1));
    return object != NULL && is_foreign(object) ? 0 : finalizer(L);
}

void slk_home_class(lua_State *L, const char *name, const luaL_Reg *methods,
                    lua_CFunction finalizer)
{
    slk_class(L, name, methods, finalizer);
    luaL_getmetatable(L, name);
    lua_getfield(L, -1, "__index");
    lua_pushcfunction(L, finalizer);
    lua_pushcclosure(L, end_at_home, 1);
    if (lua_getfield(L, -2, "close") != LUA_TNIL) {
        lua_pushvalue(L, -2);
        lua_setfield(L, -4, "close");
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "__gc");
    lua_setfield(L, -3, "__close");
    lua_pop(L, 2);
}

static void **new_object(lua_State *L, const char *name, unsigned home)
{
    struct slk_object *object = lua_newuserdatauv(L, sizeof *object, 0);
    *object = (struct slk_object){NULL, home};
    luaL_setmetatable(L, name);
    return &object->pointer;
}

void **slk_new_object(lua_State *L, const char *name)
{
    return new_object(L, name, 0);
}

void **slk_new_home_object(lua_State *L, const char *name)
{
    return new_object(L, name, slk_forks_count());
}

static void *pointer_of(lua_State *L, const struct slk_object *object, const char *name)
{
    if (is_foreign(object)) {
        luaL_error(L, "%s was made before a fork: fork before the first use of slack", name);
    } else if (object->pointer == NULL) {
        luaL_error(L, "%s has been closed", name);
    }
    return object->pointer;
}

void *slk_check_object(lua_State *L, int index, const char *name)
{
    return pointer_of(L, luaL_checkudata(L, index, name), name);
}

void **slk_check_called_object(lua_State *L, int index, const char *name)
{
    struct slk_object *object = lua_touserdata(L, index);
    if (object != NULL && lua_getmetatable(L, index)) {
        bool is_one = lua_rawequal(L, -1, lua_upvalueindex(index));
        lua_pop(L, 1);
        if (is_one && object->pointer != NULL && !is_foreign(object)) {
            return &object->pointer;
        }
    }
    slk_check_object(L, index, name); /* raises */
    return &object->pointer;
}

int slk_push_error(lua_State *L, const struct slk_error *err)
{
    lua_pushnil(L);
    lua_pushstring(L, err->text);
    lua_pushstring(L, err->code);
    return 3;
}

int slk_push_status(lua_State *L, int status)
{
    static const char *const codes[] = {"ok",      "memory",    "full",  "closed",
                                        "invalid", "too_large", "system"};
    const char *code = codes[-status];
    lua_pushnil(L);
    lua_pushfstring(L, status == SLK_NOMEM ? "out of %s" : "%s", code);
    lua_pushstring(L, code);
    return 3;
}

/* Leaves the field on the stack; 0 when it is nil. */
static int get_field(lua_State *L, int index, const char *name)
{
    return lua_getfield(L, index, name) != LUA_TNIL;
}

static int bad_field(lua_State *L, const char *name, const char *expected)
{
    return luaL_error(L, "field '%s': %s expected, got %s", name, expected, luaL_typename(L, -1));
}

const char *slk_field_string(lua_State *L, int index, const char *name, const char *fallback)
{
    const char *value = fallback;
    if (get_field(L, index, name)) {
        size_t length;
        if (lua_type(L, -1) != LUA_TSTRING) {
            bad_field(L, name, "string");
        }
        value = lua_tolstring(L, -1, &length);
        if (strlen(value) != length) { /* a file of another name, half of a password */
            luaL_error(L, "field '%s': a zero byte inside", name);
        }
    }
    lua_pop(L, 1);
    return value;
}

lua_Integer slk_field_integer(lua_State *L, int index, const char *name, lua_Integer fallback)
{
    lua_Integer value = fallback;
    if (get_field(L, index, name)) {
        int exact;
        value = lua_tointegerx(L, -1, &exact);
        if (!exact) {
            bad_field(L, name, "integer");
        }
    }
    lua_pop(L, 1);
    return value;
}

lua_Number slk_field_number(lua_State *L, int index, const char *name, lua_Number fallback)
{
    lua_Number value = fallback;
    if (get_field(L, index, name)) {
        int number;
        value = lua_tonumberx(L, -1, &number);
        if (!number) {
            bad_field(L, name, "number");
        }
    }
    lua_pop(L, 1);
    return value;
}

int slk_field_boolean(lua_State *L, int index, const char *name, int fallback)
{
    int value = get_field(L, index, name) ? lua_toboolean(L, -1) : fallback;
    lua_pop(L, 1);
    return value;
}

int64_t slk_field_seconds(lua_State *L, int index, const char *name, lua_Number fallback)
{
    lua_Number seconds = slk_field_number(L, index, name, fallback);
    if (!(seconds >= 0 && seconds < 1e9)) {
        luaL_error(L, "field '%s': seconds from 0 to 1e9 expected", name);
    }
    return (int64_t)(seconds * 1e9);
}

void *slk_field_object(lua_State *L, int index, const char *name, const char *class_name)
{
    lua_getfield(L, index, name);
    const struct slk_object *object = luaL_testudata(L, -1, class_name);
    if (object == NULL || object->pointer == NULL) {
        bad_field(L, name, class_name);
    }
    void *value = pointer_of(L, object, class_name);
    lua_pop(L, 1);
    return value;
}

void *slk_field_object_or_null(lua_State *L, int index, const char *name, const char *class_name)
{
    bool is_given = lua_getfield(L, index, name) != LUA_TNIL;
    lua_pop(L, 1);
    return is_given ? slk_field_object(L, index, name, class_name) : NULL;
}

static int trim(lua_State *L)
{
    slk_empty_block_pool(L);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    return 0;
}

/* "$LuaVersion: Lua 5.4.4  Copyright ...": what the Lua that is running says of itself,
 * where that can be seen. */
static void push_lua_release(lua_State *L)
{
    const char *ident = dlsym(RTLD_DEFAULT, "lua_ident");
    const char *release = ident != NULL ? strstr(ident, "Lua 5.") : NULL;
    size_t length = release != NULL ? strspn(release + 4, "0123456789.") : 0;
    if (length > 0) {
        lua_pushlstring(L, release + 4, length);
    } else {
        lua_pushliteral(L, LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE);
    }
}

static int versions(lua_State *L)
{
    lua_newtable(L);
    push_lua_release(L);
    lua_setfield(L, -2, "lua");
    lua_pushstring(L, curl_version_info(CURLVERSION_NOW)->version);
    lua_setfield(L, -2, "libcurl");
    lua_pushstring(L, lws_get_library_version());
    lua_setfield(L, -2, "libwebsockets");
    lua_pushstring(L, OpenSSL_version(OPENSSL_VERSION));
    lua_setfield(L, -2, "openssl");
    lua_pushstring(L, sqlite3_libversion());
    lua_setfield(L, -2, "sqlite");
    /* As built: this library does not tell at run time. */
    lua_pushfstring(L, "%d.%d.%d", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    lua_setfield(L, -2, "hiredis");
    return 1;
}

static int temporary_directory(lua_State *L)
{
    const char *parent = getenv("TMPDIR");
    char path[256];
    int length = snprintf(path, sizeof path, "%s/lua-slack-XXXXXX",
                          parent != NULL && *parent != '\0' ? parent : "/tmp");
    if (length < 0 || (size_t)length >= sizeof path || mkdtemp(path) == NULL) {
        return luaL_fileresult(L, 0, path);
    }
    lua_pushstring(L, path);
    return 1;
}

/* libcurl may leave a resolver thread behind that still runs when Lua unloads
 * its modules, so this one stays mapped for the life of the process. */
static void stay_mapped(void)
{
    Dl_info info;
    if (dladdr((void *)(uintptr_t)&slk_class, &info) != 0 && info.dli_fname != NULL) {
        dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE);
    }
}

/* Where the program was started without a standard output or error, a socket would
 * get its number, and what is printed and logged its reader. */
static void fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            return;
        }
    }
}

int luaopen_slack_core(lua_State *L);

int luaopen_slack_core(lua_State *L)
{
    fill_standard_descriptors();
    stay_mapped();
    slk_forks_watch();
    slk_net_global_init();
    lua_newtable(L);
    lua_pushcfunction(L, trim);
    lua_setfield(L, -2, "trim");
    lua_pushcfunction(L, versions);
    lua_setfield(L, -2, "versions");
    lua_pushcfunction(L, temporary_directory);
    lua_setfield(L, -2, "temporary_directory");
    slk_open_mailbox(L);
    slk_open_poller(L);
    slk_open_http_client(L);
    slk_open_socket_mode(L);
    slk_open_http_server(L);
    slk_open_http_receiver(L);
    slk_open_files(L);
    slk_open_codecs(L);
    slk_open_gzip(L);
    slk_open_headers(L);
    slk_open_crypto(L);
    slk_open_recent_ids(L);
    slk_open_text_search(L);
    slk_open_storage(L);
    slk_open_inbox(L);
    slk_open_processes(L);
    slk_open_child_process(L);
    slk_open_watchdog(L);
    slk_open_json(L);
    slk_open_block_pool(L);
    return 1;
}
