#include "lua_core.h"

#include "inbox.h"

static size_t field_bound(lua_State *L, const char *name, lua_Integer fallback)
{
    lua_Integer bound = slk_field_integer(L, 1, name, fallback);
    if (bound < 1) {
        luaL_error(L, "field '%s': at least 1 expected", name);
    }
    return (size_t)bound;
}

static int inbox_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct slk_inbox_settings settings = {
        .takes = slk_field_boolean(L, 1, "takes", 1) != 0,
        .interactive = slk_field_boolean(L, 1, "interactive", 0) != 0,
        .order_by_channel = slk_field_boolean(L, 1, "order_by_channel", 0) != 0,
        .remember = slk_field_seconds(L, 1, "remember", 600) / 1000000,
        .deadline = slk_field_seconds(L, 1, "deadline", 3),
        .max_puts = field_bound(L, "max_puts", 10000),
        .max_bytes = field_bound(L, "max_bytes", 32 * 1024 * 1024),
    };
    struct slk_storage *storage = slk_field_object(L, 1, "storage", SLK_CLASS_STORAGE);
    struct slk_log *log = slk_field_object(L, 1, "log", SLK_CLASS_LOG);
    struct slk_mailbox *notices = slk_field_object(L, 1, "notices", SLK_CLASS_MAILBOX);
    uint32_t source = (uint32_t)slk_field_integer(L, 1, "source", 0);
    void **object = slk_new_home_object(L, SLK_CLASS_INBOX);
    struct slk_error err;
    *object = slk_inbox_create(&settings, storage, log, notices, source, &err);
    return *object != NULL ? 1 : slk_push_error(L, &err);
}

static int inbox_caught_up(lua_State *L)
{
    slk_inbox_caught_up(slk_check_object(L, 1, SLK_CLASS_INBOX));
    return 0;
}

static void set_integer(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

static void set_seconds(lua_State *L, const char *name, lua_Number nanoseconds)
{
    lua_pushnumber(L, nanoseconds / 1e9);
    lua_setfield(L, -2, name);
}

static int inbox_stats(lua_State *L)
{
    struct slk_inbox_stats stats = slk_inbox_stats(slk_check_object(L, 1, SLK_CLASS_INBOX));
    lua_createtable(L, 0, 13);
    set_integer(L, "puts", stats.puts);
    set_integer(L, "stored", stats.stored);
    set_integer(L, "taken", stats.taken);
    set_integer(L, "known", stats.known);
    set_integer(L, "failed", stats.failed);
    set_integer(L, "late", stats.late);
    set_integer(L, "outstanding", stats.outstanding);
    set_integer(L, "outstanding_bytes", stats.outstanding_bytes);
    set_integer(L, "latency_count", stats.latency_count);
    set_seconds(L, "latency_sum", (lua_Number)stats.latency_sum);
    set_seconds(L, "latency_max", (lua_Number)stats.latency_max);
    if (stats.failing_since != 0) {
        set_seconds(L, "failing_since", (lua_Number)stats.failing_since);
    }
    lua_pushboolean(L, stats.is_behind);
    lua_setfield(L, -2, "is_behind");
    return 1;
}

static int inbox_free(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_INBOX);
    if (*object != NULL) {
        slk_inbox_close(*object);
        slk_inbox_release(*object);
        *object = NULL;
    }
    return 0;
}

void slk_open_inbox(lua_State *L)
{
    static const luaL_Reg methods[] = {{"caught_up", inbox_caught_up},
                                       {"stats", inbox_stats},
                                       {"close", inbox_free},
                                       {NULL, NULL}};
    slk_home_class(L, SLK_CLASS_INBOX, methods, inbox_free);
    lua_pushcfunction(L, inbox_new);
    lua_setfield(L, -2, "inbox");
}
