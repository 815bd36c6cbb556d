#include "lua_core.h"

#include "clock.h"
#include "inbox.h"
#include "rtm.h"
#include "socket_mode.h"

static const char *const STATES[] = {
    [SLK_CONNECTION_OPENING] = "opening", [SLK_CONNECTION_CONNECTING] = "connecting",
    [SLK_CONNECTION_READY] = "ready",     [SLK_CONNECTION_DRAINING] = "draining",
    [SLK_CONNECTION_CLOSED] = "closed",   [SLK_CONNECTION_WAITING] = "waiting",
    [SLK_CONNECTION_FATAL] = "fatal",     [SLK_CONNECTION_STOPPED] = "stopped",
};

static const char *const FATES[] = {
    [SLK_ACK_DEADLINE] = "deadline",
    [SLK_ACK_LATE] = "late",
    [SLK_ACK_UNSENT] = "unsent",
    [SLK_ACK_GONE] = "gone",
};

static lua_Number seconds(int64_t nanoseconds)
{
    return (lua_Number)nanoseconds / 1e9;
}

int slk_push_envelope(lua_State *L, const struct slk_message *message)
{
    const struct slk_envelope_message *envelope = (const struct slk_envelope_message *)message;
    luaL_checkstack(L, 9, NULL);
    lua_pushlstring(L, envelope->type, envelope->type_length);
    lua_pushlstring(L, envelope->payload, envelope->payload_length);
    lua_pushinteger(L, (lua_Integer)envelope->ack_token);
    lua_pushlstring(L, envelope->envelope_id, envelope->envelope_id_length);
    lua_pushinteger(L, envelope->retry_attempt);
    lua_pushlstring(L, envelope->retry_reason, envelope->retry_reason_length);
    lua_pushboolean(L, envelope->accepts_response_payload);
    lua_pushnumber(L, seconds(envelope->received));
    if (envelope->entry == NULL) {
        return 8;
    }
    lua_pushstring(L, envelope->entry);
    return 9;
}

void slk_push_event_rest(lua_State *L, struct slk_text body, struct slk_text event)
{
    const char *after = event.data + event.length, *end = body.data + body.length;
    luaL_Buffer rest;
    luaL_buffinitsize(L, &rest, body.length - event.length + 4);
    luaL_addlstring(&rest, body.data, (size_t)(event.data - body.data));
    luaL_addlstring(&rest, "null", 4);
    luaL_addlstring(&rest, after, (size_t)(end - after));
    luaL_pushresult(&rest);
}

void slk_push_event_id(lua_State *L, struct slk_text id)
{
    if (id.data != NULL) {
        lua_pushlstring(L, id.data, id.length);
    } else {
        lua_pushnil(L);
    }
}

int slk_push_event(lua_State *L, const struct slk_message *message)
{
    const struct slk_envelope_message *envelope = (const struct slk_envelope_message *)message;
    int before = lua_gettop(L);
    luaL_checkstack(L, 8, NULL);
    bool is_decoded =
        slk_json_push(L, envelope->event.data, envelope->event.length, SLK_LISTS_OF_TAKE);
    if (!is_decoded) {
        lua_settop(L, before);
        lua_pushnil(L);
    }
    slk_push_event_id(L, envelope->event_id);
    if (is_decoded) {
        slk_push_event_rest(L, (struct slk_text){envelope->payload, envelope->payload_length},
                            envelope->event);
    } else {
        lua_pushlstring(L, envelope->payload, envelope->payload_length);
    }
    lua_pushnumber(L, seconds(envelope->received));
    if (envelope->entry == NULL && envelope->retry_attempt == 0) {
        return 4;
    }
    lua_pushstring(L, envelope->entry);
    lua_pushinteger(L, envelope->retry_attempt);
    lua_pushlstring(L, envelope->retry_reason, envelope->retry_reason_length);
    return 7;
}

static void set_integer(lua_State *L, const char *name, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void set_seconds(lua_State *L, const char *name, int64_t nanoseconds)
{
    lua_pushnumber(L, seconds(nanoseconds));
    lua_setfield(L, -2, name);
}

static void set_string(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

int slk_push_connection(lua_State *L, const struct slk_message *message)
{
    const struct slk_connection_message *change = (const struct slk_connection_message *)message;
    luaL_checkstack(L, 4, NULL);
    lua_pushstring(L, STATES[change->state]);
    lua_createtable(L, 0, 8);
    set_integer(L, "connection", (lua_Integer)change->connection);
    set_string(L, "code", change->error.code);
    set_string(L, "message", change->error.text);
    set_seconds(L, "at", change->at);
    set_seconds(L, "last_input", change->last_input);
    set_seconds(L, "delay", change->delay);
    set_integer(L, "num_connections", change->num_connections);
    set_integer(L, "ready", change->ready);
    return 2;
}

int slk_push_ack(lua_State *L, const struct slk_message *message)
{
    const struct slk_ack_message *ack = (const struct slk_ack_message *)message;
    lua_pushinteger(L, (lua_Integer)ack->ack_token);
    lua_pushstring(L, FATES[ack->fate]);
    return 2;
}

static const char *required_string(lua_State *L, const char *name)
{
    const char *value = slk_field_string(L, 1, name, NULL);
    if (value == NULL) {
        luaL_error(L, "field '%s': string expected, got nil", name);
    }
    return value;
}

static int connection_count(lua_State *L)
{
    lua_Integer count = slk_field_integer(L, 1, "connections", 2);
    if (count < 1 || count > 10) {
        luaL_error(L, "field 'connections': 1 to 10 expected");
    }
    return (int)count;
}

static size_t message_limit(lua_State *L)
{
    lua_Integer limit = slk_field_integer(L, 1, "max_message", 16 * 1024 * 1024);
    if (limit < 1) {
        luaL_error(L, "field 'max_message': bytes, at least 1, expected");
    }
    return (size_t)limit;
}

/* Of times that make the socket thread spin when they are zero. */
static int64_t positive_seconds(lua_State *L, const char *name, lua_Number fallback)
{
    int64_t value = slk_field_seconds(L, 1, name, fallback);
    if (value < SLK_MS(1)) {
        luaL_error(L, "field '%s': seconds, at least 0.001, expected", name);
    }
    return value;
}

static void read_settings(lua_State *L, const struct slk_socket_protocol *protocol,
                          struct slk_socket_mode_settings *settings)
{
    bool is_rtm = protocol == slk_rtm_protocol();
    *settings = (struct slk_socket_mode_settings){
        .protocol = protocol,
        .api_url = required_string(L, "api_url"),
        .token = required_string(L, is_rtm ? "token" : "app_token"),
        .connections = is_rtm ? 1 : connection_count(L),
        .max_message = message_limit(L),
        .ack_deadline = slk_field_seconds(L, 1, "ack_deadline", 2.5),
        .open_timeout = positive_seconds(L, "open_timeout", 15),
        .hello_timeout = positive_seconds(L, "hello_timeout", 10),
        .ping_interval = positive_seconds(L, "ping_interval", SLK_PING_INTERVAL),
        .pong_timeout = positive_seconds(L, "pong_timeout", SLK_PONG_TIMEOUT),
        .backoff_first = positive_seconds(L, "backoff_first", 0.5),
        .backoff_maximum = positive_seconds(L, "backoff_maximum", 60),
        .stable_after = slk_field_seconds(L, 1, "stable_after", 60),
        .drain_timeout = slk_field_seconds(L, 1, "drain_timeout", 30),
        .stagger = slk_field_seconds(L, 1, "stagger", 0),
        /* What comes by RTM is never acked. */
        .inbox = is_rtm ? NULL : slk_field_object_or_null(L, 1, "inbox", SLK_CLASS_INBOX),
    };
}

static int new_object(lua_State *L, const struct slk_socket_protocol *protocol)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct slk_socket_mode_settings settings;
    read_settings(L, protocol, &settings);
    struct slk_http_client *client = slk_field_object(L, 1, "client", SLK_CLASS_HTTP_CLIENT);
    struct slk_net_options *net = slk_field_object(L, 1, "net", SLK_CLASS_NET);
    struct slk_log *log = slk_field_object(L, 1, "log", SLK_CLASS_LOG);
    struct slk_mailbox *notices = slk_field_object(L, 1, "notices", SLK_CLASS_MAILBOX);
    struct slk_mailbox *events = slk_field_object(L, 1, "events", SLK_CLASS_MAILBOX);
    uint32_t source = (uint32_t)slk_field_integer(L, 1, "source", 0);
    void **object = slk_new_home_object(L, SLK_CLASS_SOCKET_MODE);
    struct slk_error err;
    *object = slk_socket_mode_create(&settings, client, net, log, notices, events, source, &err);
    return *object != NULL ? 1 : slk_push_error(L, &err);
}

static int new_socket_mode(lua_State *L)
{
    return new_object(L, slk_socket_mode_protocol());
}

static int new_rtm(lua_State *L)
{
    return new_object(L, slk_rtm_protocol());
}

static int ack(lua_State *L)
{
    struct slk_socket_mode *socket_mode = slk_check_object(L, 1, SLK_CLASS_SOCKET_MODE);
    lua_Integer token = luaL_checkinteger(L, 2);
    size_t length = 0;
    const char *payload = luaL_optlstring(L, 3, NULL, &length);
    int status = slk_socket_mode_ack(socket_mode, (uint64_t)token, payload, length);
    if (status == SLK_TOO_LARGE) {
        struct slk_error err;
        slk_error_set(&err, "too_large",
                      "an ack of %zu bytes would be lost: Slack takes less than %d; use "
                      "response_url, views.update or chat.postMessage for more",
                      length, SLK_ACK_MAX_PAYLOAD);
        return slk_push_error(L, &err);
    }
    if (status != SLK_OK) {
        return slk_push_status(L, status);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int forget(lua_State *L)
{
    struct slk_socket_mode *socket_mode = slk_check_object(L, 1, SLK_CLASS_SOCKET_MODE);
    slk_socket_mode_forget(socket_mode, (uint64_t)luaL_checkinteger(L, 2));
    return 0;
}

static int send_text(lua_State *L)
{
    struct slk_socket_mode *socket_mode = slk_check_object(L, 1, SLK_CLASS_SOCKET_MODE);
    lua_Integer connection = luaL_checkinteger(L, 2);
    size_t length;
    const char *text = luaL_checklstring(L, 3, &length);
    int status =
        slk_socket_mode_send(socket_mode, (uint64_t)connection, text, length, lua_toboolean(L, 4));
    if (status != SLK_OK) {
        return slk_push_status(L, status);
    }
    lua_pushboolean(L, 1);
    return 1;
}

/* So many seconds are as good as all the time there is. */
#define MOST_GRACE 1e9

static int stop(lua_State *L)
{
    struct slk_socket_mode *socket_mode = slk_check_object(L, 1, SLK_CLASS_SOCKET_MODE);
    lua_Number grace = luaL_optnumber(L, 2, 0);
    luaL_argcheck(L, grace >= 0, 2, "seconds expected");
    slk_socket_mode_stop(socket_mode, (int64_t)((grace < MOST_GRACE ? grace : MOST_GRACE) * 1e9));
    return 0;
}

static int stats(lua_State *L)
{
    struct slk_socket_mode *socket_mode = slk_check_object(L, 1, SLK_CLASS_SOCKET_MODE);
    struct slk_socket_mode_stats now = slk_socket_mode_stats(socket_mode);
    lua_createtable(L, 0, 11);
    set_integer(L, "envelopes", (lua_Integer)now.envelopes);
    set_integer(L, "acks", (lua_Integer)now.acks);
    set_integer(L, "deadline_acks", (lua_Integer)now.deadline_acks);
    set_integer(L, "pings_sent", (lua_Integer)now.pings_sent);
    set_integer(L, "pongs_sent", (lua_Integer)now.pongs_sent);
    set_integer(L, "reconnects", (lua_Integer)now.reconnects);
    set_integer(L, "bad_frames", (lua_Integer)now.bad_frames);
    set_integer(L, "ready", now.ready);
    set_integer(L, "open", now.open);
    set_seconds(L, "last_frame", now.last_frame);
    set_seconds(L, "thread_cpu", (int64_t)now.thread_cpu);
    return 1;
}

static int close_socket_mode(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_SOCKET_MODE);
    slk_socket_mode_destroy(*object);
    *object = NULL;
    return 0;
}

void slk_open_socket_mode(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"ack", ack},     {"forget", forget},           {"send", send_text}, {"stop", stop},
        {"stats", stats}, {"close", close_socket_mode}, {NULL, NULL},
    };
    slk_home_class(L, SLK_CLASS_SOCKET_MODE, methods, close_socket_mode);
    lua_pushcfunction(L, new_socket_mode);
    lua_setfield(L, -2, "socket_mode");
    lua_pushcfunction(L, new_rtm);
    lua_setfield(L, -2, "rtm");
}
