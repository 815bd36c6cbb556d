#include "lua_core.h"

#include <string.h>

#include "http_receiver.h"

#define MAX_SECRETS 16
#define MAX_PATHS   16

static const char *const kind_names[] = {"event", "command", "interaction", NULL};

static const char *name_of(enum slk_delivery_kind kind)
{
    return kind_names[kind == SLK_DELIVERY_EVENT ? 0 : kind == SLK_DELIVERY_COMMAND ? 1 : 2];
}

/* Pushes the list of that name, which keeps its strings alive; its length. */
static size_t push_list(lua_State *L, const char *name, size_t most)
{
    if (lua_getfield(L, 1, name) != LUA_TTABLE) {
        luaL_error(L, "field '%s': list expected, got %s", name, luaL_typename(L, -1));
    }
    lua_Unsigned count = lua_rawlen(L, -1);
    if (count < 1 || count > most) {
        luaL_error(L, "field '%s': 1 to %d entries expected", name, (int)most);
    }
    return (size_t)count;
}

static size_t read_secrets(lua_State *L, struct slk_text secrets[MAX_SECRETS])
{
    size_t count = push_list(L, "secrets", MAX_SECRETS);
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING || lua_rawlen(L, -1) == 0) {
            luaL_error(L, "field 'secrets': strings that are not empty expected");
        }
        secrets[i].data = lua_tolstring(L, -1, &secrets[i].length);
        lua_pop(L, 1);
    }
    return count;
}

static unsigned kind_named(const char *name)
{
    unsigned kind = 0;
    while (name != NULL && kind_names[kind] != NULL && strcmp(kind_names[kind], name) != 0) {
        kind++;
    }
    return name != NULL && kind_names[kind] != NULL ? 1u << kind : 0;
}

/* Of the path's table on top of the stack. */
static unsigned read_kinds(lua_State *L)
{
    unsigned kinds = 0;
    if (lua_getfield(L, -1, "kinds") == LUA_TTABLE) {
        for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
            unsigned kind = lua_type(L, -1) == LUA_TSTRING ? kind_named(lua_tostring(L, -1)) : 0;
            if (kind == 0) {
                luaL_error(L, "field 'paths': event, command or interaction expected in kinds");
            }
            kinds |= kind;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    if (kinds == 0) {
        luaL_error(L, "field 'paths': kinds as a list expected");
    }
    lua_pop(L, 1);
    return kinds;
}

static size_t read_paths(lua_State *L, struct slk_receiver_path paths[MAX_PATHS])
{
    size_t count = push_list(L, "paths", MAX_PATHS);
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TTABLE) {
            luaL_error(L, "field 'paths': tables with path and kinds expected");
        }
        paths[i].path = slk_field_string(L, lua_gettop(L), "path", "");
        if (*paths[i].path != '/' || strpbrk(paths[i].path, "?# ") != NULL) {
            luaL_error(L, "field 'paths': a path begins with a slash and has no query");
        }
        paths[i].kinds = read_kinds(L);
        lua_pop(L, 1);
    }
    return count;
}

static int receiver_new(lua_State *L)
{
    struct slk_text secrets[MAX_SECRETS];
    struct slk_receiver_path paths[MAX_PATHS];
    luaL_checktype(L, 1, LUA_TTABLE);
    struct slk_log *log = slk_field_object(L, 1, "log", SLK_CLASS_LOG);
    struct slk_mailbox *deliveries = slk_field_object(L, 1, "deliveries", SLK_CLASS_MAILBOX);
    struct slk_mailbox *notices = slk_field_object(L, 1, "notices", SLK_CLASS_MAILBOX);
    uint32_t source = (uint32_t)slk_field_integer(L, 1, "source", 0);
    struct slk_http_receiver_settings settings = {
        .secrets = secrets,
        .secret_count = read_secrets(L, secrets),
        .paths = paths,
        .path_count = read_paths(L, paths),
        .ack_deadline = slk_field_seconds(L, 1, "ack_deadline", 2.5),
        .step_deadline = slk_field_seconds(L, 1, "step_deadline", 5),
        .holds_events = slk_field_boolean(L, 1, "holds_events", 0) != 0,
        .inbox = slk_field_object_or_null(L, 1, "inbox", SLK_CLASS_INBOX),
    };
    void **object = slk_new_home_object(L, SLK_CLASS_HTTP_RECEIVER);
    struct slk_error err;
    *object = slk_http_receiver_create(&settings, log, deliveries, notices, source, &err);
    return *object != NULL ? 1 : slk_push_error(L, &err);
}

static int receiver_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_HTTP_RECEIVER);
    slk_http_receiver_release(*object);
    *object = NULL;
    return 0;
}

static void set_count(lua_State *L, const char *name, uint64_t count)
{
    lua_pushinteger(L, (lua_Integer)count);
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, lua_Number number)
{
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

static void push_latency(lua_State *L, const struct slk_latency *latency)
{
    lua_createtable(L, 0, 3);
    set_count(L, "count", latency->count);
    set_number(L, "sum", (lua_Number)latency->sum / 1e9);
    lua_createtable(L, SLK_LATENCY_BUCKETS, 0);
    for (int i = 0; i < SLK_LATENCY_BUCKETS; i++) {
        lua_createtable(L, 0, 2);
        set_number(L, "le", (lua_Number)slk_latency_bounds[i] / 1e9);
        set_count(L, "count", latency->buckets[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "buckets");
}

static void push_accepted(lua_State *L, const uint64_t accepted[3])
{
    lua_createtable(L, 0, 3);
    for (int i = 0; i < 3; i++) {
        set_count(L, kind_names[i], accepted[i]);
    }
}

static int receiver_admit(lua_State *L)
{
    struct slk_http_receiver *receiver = slk_check_object(L, 1, SLK_CLASS_HTTP_RECEIVER);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    slk_http_receiver_admit(receiver, lua_toboolean(L, 2));
    return 0;
}

static int receiver_stats(lua_State *L)
{
    struct slk_http_receiver_stats stats;
    slk_http_receiver_stats(slk_check_object(L, 1, SLK_CLASS_HTTP_RECEIVER), &stats);
    lua_createtable(L, 0, 13);
    push_accepted(L, stats.accepted);
    lua_setfield(L, -2, "accepted");
    set_count(L, "verifications", stats.verifications);
    set_count(L, "ssl_checks", stats.ssl_checks);
    set_count(L, "unsigned", stats.unsigned_);
    set_count(L, "stale", stats.stale);
    set_count(L, "mismatched", stats.mismatched);
    set_count(L, "malformed", stats.malformed);
    set_count(L, "unknown", stats.unknown);
    set_count(L, "wrong_method", stats.wrong_method);
    set_count(L, "crowded", stats.crowded);
    set_count(L, "unstored", stats.unstored);
    set_count(L, "deadlines", stats.deadlines);
    set_count(L, "gone", stats.gone);
    push_latency(L, &stats.ack_latency);
    lua_setfield(L, -2, "ack_latency");
    return 1;
}

/* Later fields of a name replace earlier ones. */
static void push_form(lua_State *L, struct slk_text form)
{
    lua_newtable(L);
    const char *end = form.data + form.length;
    for (const char *at = form.data; at < end;) {
        const char *value = at + strlen(at) + 1;
        lua_pushstring(L, at);
        lua_pushstring(L, value);
        lua_rawset(L, -3);
        at = value + strlen(value) + 1;
    }
}

/* A form as a table, all else as its text, of an event without what lies at event. */
static void push_body(lua_State *L, const struct slk_delivery_message *delivery)
{
    if (delivery->kind == SLK_DELIVERY_COMMAND) {
        push_form(L, delivery->form);
    } else if (delivery->event.data != NULL) {
        slk_push_event_rest(L, delivery->json, delivery->event);
    } else {
        lua_pushlstring(L, delivery->json.data, delivery->json.length);
    }
}

/* Behind the values that all have; false when it cannot be decoded: then the body is whole. */
static bool push_event(lua_State *L, const struct slk_delivery_message *delivery, int body)
{
    int before = lua_gettop(L);
    if (!slk_json_push(L, delivery->event.data, delivery->event.length, SLK_LISTS_OF_TAKE)) {
        lua_settop(L, before);
        lua_pushlstring(L, delivery->json.data, delivery->json.length);
        lua_replace(L, body);
        return false;
    }
    slk_push_event_id(L, delivery->event_id);
    return true;
}

int slk_push_delivery(lua_State *L, const struct slk_message *message)
{
    const struct slk_delivery_message *delivery = (const struct slk_delivery_message *)message;
    luaL_checkstack(L, 14, NULL);
    lua_pushinteger(L, (lua_Integer)delivery->request);
    lua_pushstring(L, name_of(delivery->kind));
    push_body(L, delivery);
    int body = lua_gettop(L);
    lua_pushinteger(L, delivery->retry_number);
    lua_pushlstring(L, delivery->retry_reason.data, delivery->retry_reason.length);
    lua_pushlstring(L, delivery->headers.data, delivery->headers.length);
    lua_pushnumber(L, (lua_Number)delivery->received / 1e9);
    lua_pushstring(L, delivery->entry);
    return delivery->event.data != NULL && push_event(L, delivery, body) ? 10 : 8;
}

void slk_open_http_receiver(lua_State *L)
{
    static const luaL_Reg methods[] = {{"admit", receiver_admit},
                                       {"stats", receiver_stats},
                                       {"close", receiver_close},
                                       {NULL, NULL}};
    slk_home_class(L, SLK_CLASS_HTTP_RECEIVER, methods, receiver_close);
    lua_pushcfunction(L, receiver_new);
    lua_setfield(L, -2, "http_receiver");
}
