#include "lua_core.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "forks.h"
#include "http_client.h"
#include "log.h"
#include "lua_http_stream.h"
#include "lua_web_api.h"
#include "mailbox.h"
#include "net_options.h"

#define HEADERS_CLASS  "slack.core.http_headers"
#define PREPARED_CLASS "slack.core.prepared_request"
#define MAX_REQUESTS   10000

/* The userdata of a client. It begins as struct slk_object does. */
struct client_object {
    struct slk_http_client *client;
    unsigned home;
    struct recipient *recipient;
    /* Under construction; what is left of one when reading its fields has raised.
     * Here it needs no userdata of its own, which the collector would finalize. */
    struct slk_http_request *draft;
};

/* Who waits for a client's requests: the client object and each request hold a
 * reference, because requests may end after the object. */
struct recipient {
    atomic_uint references;
    struct slk_mailbox *mailbox;
    uint32_t source;
};

static struct recipient *create_recipient(struct slk_mailbox *mailbox, lua_Integer source)
{
    struct recipient *recipient = malloc(sizeof *recipient);
    if (recipient != NULL) {
        atomic_init(&recipient->references, 1);
        recipient->mailbox = slk_mailbox_retain(mailbox);
        recipient->source = (uint32_t)source;
    }
    return recipient;
}

static void release_recipient(struct recipient *recipient)
{
    if (recipient != NULL && atomic_fetch_sub(&recipient->references, 1) == 1) {
        slk_mailbox_release(recipient->mailbox);
        free(recipient);
    }
}

static int net_release(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_NET);
    slk_net_options_release(*object);
    *object = NULL;
    return 0;
}

static int net_create(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct slk_net_settings settings = {
        .proxy = slk_field_string(L, 1, "proxy", NULL),
        .no_proxy = slk_field_string(L, 1, "no_proxy", NULL),
        .ca_file = slk_field_string(L, 1, "ca_file", NULL),
        .socket = slk_field_string(L, 1, "socket", NULL),
        .insecure = slk_field_boolean(L, 1, "insecure", 0),
        .is_public = slk_field_boolean(L, 1, "public", 0),
    };
    void **object = slk_new_object(L, SLK_CLASS_NET);
    struct slk_error err;
    *object = slk_net_options_create(&settings, &err);
    return *object != NULL ? 1 : slk_push_error(L, &err);
}

static int push_invalid_url(lua_State *L)
{
    struct slk_error err;
    slk_error_set(&err, "invalid_url", "not a URL: it has a zero byte inside");
    return slk_push_error(L, &err);
}

static int net_check_url(lua_State *L)
{
    struct slk_net_options *options = slk_check_object(L, 1, SLK_CLASS_NET);
    size_t length;
    const char *url = luaL_checklstring(L, 2, &length);
    struct slk_error err;
    if (strlen(url) != length) {
        return push_invalid_url(L);
    }
    if (slk_net_options_check_url(options, url, &err) != SLK_OK) {
        return slk_push_error(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int client_create(lua_State *L)
{
    struct slk_mailbox *mailbox = slk_check_object(L, 1, SLK_CLASS_MAILBOX);
    lua_Integer source = luaL_checkinteger(L, 2);
    struct slk_log *log = slk_check_object(L, 3, SLK_CLASS_LOG);
    struct client_object *object = lua_newuserdatauv(L, sizeof *object, 0);
    *object = (struct client_object){.home = slk_forks_count()};
    luaL_setmetatable(L, SLK_CLASS_HTTP_CLIENT);
    object->recipient = create_recipient(mailbox, source);
    if (object->recipient == NULL) {
        return slk_push_status(L, SLK_NOMEM);
    }
    struct slk_error err;
    object->client = slk_http_client_create(log, &err);
    return object->client != NULL ? 1 : slk_push_error(L, &err);
}

static void drop_draft(struct client_object *object)
{
    slk_http_request_free(object->draft);
    object->draft = NULL;
}

/* Others may hold the client still; for them it ends here as well. */
static int client_close(lua_State *L)
{
    struct client_object *object = luaL_checkudata(L, 1, SLK_CLASS_HTTP_CLIENT);
    if (object->client != NULL) {
        struct slk_http_client *client = object->client;
        object->client = NULL;
        slk_http_client_stop(client);
        slk_http_client_release(client);
    }
    drop_draft(object);
    release_recipient(object->recipient);
    object->recipient = NULL;
    return 0;
}

static void check_method(lua_State *L, const char *method)
{
    if (strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != strlen(method) || strlen(method) > 32 ||
        *method == '\0') {
        luaL_error(L, "field 'method': a word in capitals expected");
    }
}

static const char *check_header_part(lua_State *L, int index)
{
    size_t length;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;
    if (text == NULL) {
        luaL_error(L, "field 'headers': list of strings expected, got %s", luaL_typename(L, index));
    } else if (strlen(text) != length) {
        luaL_error(L, "field 'headers': a zero byte inside");
    }
    return text;
}

static int headers_release(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, HEADERS_CLASS);
    slk_http_headers_release(*object);
    *object = NULL;
    return 0;
}

/* The list at index, into a new object, which is left on the stack. */
static struct slk_http_headers *read_headers(lua_State *L, int index)
{
    void **object = slk_new_object(L, HEADERS_CLASS);
    struct slk_http_headers *headers = *object = slk_http_headers_create();
    int status = headers != NULL ? SLK_OK : SLK_NOMEM;
    lua_Unsigned count = lua_rawlen(L, index);
    for (lua_Unsigned i = 1; i < count && status == SLK_OK; i += 2) {
        lua_rawgeti(L, index, (lua_Integer)i);
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        const char *name = check_header_part(L, -2);
        const char *value = check_header_part(L, -1);
        status = slk_http_headers_add(headers, name, value);
        if (status == SLK_INVALID) {
            /* Not the value: it may be a token. */
            luaL_error(L, "field 'headers': the name or value of header number %d is malformed",
                       (int)(i + 1) / 2);
        }
        lua_pop(L, 2);
    }
    if (status != SLK_OK || slk_http_headers_complete(headers) != SLK_OK) {
        luaL_error(L, "out of memory");
    }
    return headers;
}

static int headers_create(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    read_headers(L, 1);
    return 1;
}

static void add_headers(lua_State *L, struct slk_http_request *request)
{
    int type = lua_getfield(L, 2, "headers"), index = lua_gettop(L);
    if (type == LUA_TUSERDATA) {
        slk_http_request_share_headers(request, slk_check_object(L, index, HEADERS_CLASS));
    } else if (type != LUA_TNIL) {
        luaL_checktype(L, index, LUA_TTABLE);
        slk_http_request_share_headers(request, read_headers(L, index));
    }
    lua_settop(L, index - 1);
}

static void add_body(lua_State *L, struct slk_http_request *request)
{
    if (lua_getfield(L, 2, "body") != LUA_TNIL) {
        size_t length;
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "field 'body': string expected");
        const char *body = lua_tolstring(L, -1, &length);
        if (slk_http_request_set_body(request, body, length) != SLK_OK) {
            luaL_error(L, "out of memory");
        }
    }
    lua_pop(L, 1);
}

/* Rounded up, so that a tiny time is not none. */
static long field_ms(lua_State *L, const char *name, lua_Number fallback)
{
    int64_t ns = slk_field_seconds(L, 2, name, fallback);
    return (long)((ns + 999999) / 1000000);
}

/* What the fields of the table say but for headers and bodies, into the draft. */
static void draft_request(lua_State *L, struct client_object *object)
{
    const char *method = slk_field_string(L, 2, "method", "GET");
    const char *url = slk_field_string(L, 2, "url", "");
    struct slk_net_options *net = slk_field_object(L, 2, "net", SLK_CLASS_NET);
    check_method(L, method);
    long timeout = field_ms(L, "timeout", 30);
    long deadline = field_ms(L, "deadline", 0);
    long connect_timeout = field_ms(L, "connect_timeout", 0);
    long idle_timeout = field_ms(L, "idle_timeout", 0);
    lua_Integer max_response = slk_field_integer(L, 2, "max_response", 64 << 20);
    luaL_argcheck(L, max_response > 0, 2, "field 'max_response': positive integer expected");
    lua_Integer max_requests = slk_field_integer(L, 2, "max_requests", 0);
    luaL_argcheck(L, max_requests >= 0 && max_requests <= MAX_REQUESTS, 2,
                  "field 'max_requests': integer from 1 to 10000 expected");
    bool http2 = slk_field_boolean(L, 2, "http2", 0);
    bool urgent = slk_field_boolean(L, 2, "urgent", 0);
    drop_draft(object);
    struct slk_http_request *request = object->draft = slk_http_request_create(method, url, net);
    if (request == NULL) {
        luaL_error(L, "out of memory");
        return;
    }
    request->timeout_ms = timeout;
    request->deadline_ms = deadline;
    request->connect_timeout_ms = connect_timeout;
    request->idle_timeout_ms = idle_timeout;
    request->max_response = (size_t)max_response;
    request->max_requests = (unsigned)max_requests;
    request->http2 = http2;
    request->urgent = urgent;
}

/* Client thread. */
static void pass_on(void *context, struct slk_http_event *event)
{
    const struct recipient *recipient = context;
    event->message.source = recipient->source;
    slk_mailbox_push(recipient->mailbox, &event->message);
}

/* Client thread. */
static void deliver(void *context, struct slk_http_result *result)
{
    struct recipient *recipient = context;
    result->message.source = recipient->source;
    slk_mailbox_push(recipient->mailbox, &result->message);
    release_recipient(recipient);
}

static int submit(lua_State *L, struct client_object *object, struct slk_http_request *request)
{
    uint64_t id = 0;
    atomic_fetch_add(&object->recipient->references, 1);
    int status = slk_http_client_submit(object->client, request, deliver, object->recipient, &id);
    if (status != SLK_OK) {
        release_recipient(object->recipient);
        return slk_push_status(L, status);
    }
    lua_pushinteger(L, (lua_Integer)id);
    return 1;
}

static struct client_object *check_request(lua_State *L)
{
    slk_check_object(L, 1, SLK_CLASS_HTTP_CLIENT);
    luaL_checktype(L, 2, LUA_TTABLE);
    return lua_touserdata(L, 1);
}

static bool has_zero_in_url(lua_State *L)
{
    lua_getfield(L, 2, "url");
    size_t length = 0;
    const char *url = lua_tolstring(L, -1, &length);
    bool has_zero = url != NULL && strlen(url) != length;
    lua_pop(L, 1);
    return has_zero;
}

static int client_request(lua_State *L)
{
    struct client_object *object = check_request(L);
    if (has_zero_in_url(L)) {
        return push_invalid_url(L);
    }
    draft_request(L, object);
    add_headers(L, object->draft);
    add_body(L, object->draft);
    struct slk_error err;
    if (!slk_read_http_stream(L, 2, object->draft, pass_on, &err)) {
        drop_draft(object); /* with the files that it has opened */
        return slk_push_error(L, &err);
    }
    struct slk_http_request *request = object->draft;
    object->draft = NULL;
    return submit(L, object, request);
}

static int prepared_release(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, PREPARED_CLASS);
    slk_http_request_free(*object);
    *object = NULL;
    return 0;
}

/* (settings): a request to the Web API, to be sent with one body after the other. */
static int client_prepare(lua_State *L)
{
    struct client_object *object = check_request(L);
    if (has_zero_in_url(L)) {
        return push_invalid_url(L);
    }
    void **prepared = slk_new_object(L, PREPARED_CLASS);
    draft_request(L, object);
    add_headers(L, object->draft);
    if (slk_http_request_prepare(object->draft) != SLK_OK) {
        return luaL_error(L, "out of memory");
    }
    object->draft->is_web_api = true;
    *prepared = object->draft;
    object->draft = NULL;
    return 1;
}

/* (prepared, body) */
static int client_send(lua_State *L)
{
    slk_check_called_object(L, 1, SLK_CLASS_HTTP_CLIENT);
    const struct slk_http_request *model = *slk_check_called_object(L, 2, PREPARED_CLASS);
    size_t length;
    const char *body = luaL_checklstring(L, 3, &length);
    struct slk_http_request *request = slk_http_request_copy(model, body, length);
    return request != NULL ? submit(L, lua_touserdata(L, 1), request)
                           : luaL_error(L, "out of memory");
}

static int client_cancel(lua_State *L)
{
    struct slk_http_client *client = slk_check_object(L, 1, SLK_CLASS_HTTP_CLIENT);
    slk_http_client_cancel(client, (uint64_t)luaL_checkinteger(L, 2));
    return 0;
}

/* (id, bytes): a piece of the body; (id): its end. */
static int client_feed(lua_State *L)
{
    struct slk_http_client *client = slk_check_object(L, 1, SLK_CLASS_HTTP_CLIENT);
    uint64_t id = (uint64_t)luaL_checkinteger(L, 2);
    size_t length = 0;
    const char *bytes = luaL_optlstring(L, 3, NULL, &length);
    struct slk_http_piece *piece = bytes != NULL ? slk_http_piece_create(length) : NULL;
    if (bytes != NULL && piece == NULL) {
        return luaL_error(L, "out of memory");
    } else if (bytes != NULL) {
        memcpy(piece->bytes, bytes, length);
    }
    slk_http_client_feed(client, id, piece);
    return 0;
}

static int client_hand_on(lua_State *L)
{
    struct slk_http_client *client = slk_check_object(L, 1, SLK_CLASS_HTTP_CLIENT);
    slk_http_client_hand_on(client, (uint64_t)luaL_checkinteger(L, 2));
    return 0;
}

static void set_count(lua_State *L, const char *name, uint64_t count)
{
    lua_pushinteger(L, (lua_Integer)count);
    lua_setfield(L, -2, name);
}

static int client_stats(lua_State *L)
{
    struct slk_http_client *client = slk_check_object(L, 1, SLK_CLASS_HTTP_CLIENT);
    struct slk_http_client_stats stats;
    slk_http_client_stats(client, &stats);
    lua_createtable(L, 0, 7);
    set_count(L, "running", stats.running);
    set_count(L, "waiting", stats.waiting);
    set_count(L, "connections", stats.connections);
    set_count(L, "opened", stats.opened);
    set_count(L, "reused", stats.reused);
    set_count(L, "bytes_sent", stats.sent);
    set_count(L, "bytes_received", stats.received);
    return 1;
}

static const char *version_text(int version)
{
    switch (version) {
    case 10: return "1.0";
    case 20: return "2";
    case 30: return "3";
    default: return "1.1";
    }
}

void slk_push_http_response(lua_State *L, const struct slk_http_result *result)
{
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, result->status);
    lua_setfield(L, -2, "status");
    lua_pushstring(L, version_text(result->version));
    lua_setfield(L, -2, "version");
    lua_pushlstring(L, result->headers != NULL ? result->headers : "", result->headers_length);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, result->body != NULL ? result->body : "", result->body_length);
    lua_setfield(L, -2, "body");
    lua_pushnumber(L, result->seconds);
    lua_setfield(L, -2, "seconds");
    lua_pushstring(L, result->redirect); /* NULL gives nil */
    lua_setfield(L, -2, "redirect");
}

int slk_push_http_result(lua_State *L, const struct slk_message *message)
{
    const struct slk_http_result *result = (const struct slk_http_result *)message;
    lua_pushinteger(L, (lua_Integer)result->id);
    if (result->error != NULL) {
        return 1 + slk_push_error(L, result->error);
    }
    if (result->is_web_api && slk_push_web_api_answer(L, result)) {
        lua_pushboolean(L, 1); /* it is no response */
        return 3;
    }
    slk_push_http_response(L, result);
    if (result->is_streamed) {
        slk_push_http_stream(L, (struct slk_http_result *)message);
    }
    return 2;
}

static void open_sending(lua_State *L)
{
    luaL_getmetatable(L, SLK_CLASS_HTTP_CLIENT);
    lua_getfield(L, -1, "__index");
    lua_insert(L, -2);
    luaL_getmetatable(L, PREPARED_CLASS);
    lua_pushcclosure(L, client_send, 2);
    lua_setfield(L, -2, "send");
    lua_pop(L, 1);
}

void slk_open_http_client(lua_State *L)
{
    static const luaL_Reg net_methods[] = {{"check_url", net_check_url}, {NULL, NULL}};
    static const luaL_Reg client_methods[] = {
        {"request", client_request}, {"prepare", client_prepare},
        {"cancel", client_cancel},   {"feed", client_feed},
        {"hand_on", client_hand_on}, {"stats", client_stats},
        {"close", client_close},     {NULL, NULL}};
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    slk_class(L, SLK_CLASS_NET, net_methods, net_release);
    slk_home_class(L, SLK_CLASS_HTTP_CLIENT, client_methods, client_close);
    slk_class(L, HEADERS_CLASS, no_methods, headers_release);
    slk_class(L, PREPARED_CLASS, no_methods, prepared_release);
    open_sending(L);
    slk_open_http_stream(L);
    slk_open_web_api(L);
    lua_pushcfunction(L, headers_create);
    lua_setfield(L, -2, "http_headers");
    lua_pushcfunction(L, net_create);
    lua_setfield(L, -2, "net");
    lua_pushcfunction(L, client_create);
    lua_setfield(L, -2, "http_client");
}
