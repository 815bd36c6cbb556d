#include "lua_core.h"

#include <openssl/crypto.h>
#include <string.h>

#include "certificate.h"
#include "http_receiver.h"
#include "http_server.h"

#define MOST_SECONDS 86400
#define MOST_COUNT   1000000

static const char *const act_names[] = {"text",  "binary",  "ping", "raw", "close",
                                        "reset", "silence", "drop", NULL};
static const char *const happening_names[] = {"open", "text", "binary", "pong", "closed"};

static int server_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_HTTP_SERVER);
    struct slk_http_server *server = *object;
    *object = NULL;
    slk_http_server_destroy(server);
    return 0;
}

static int check_port(lua_State *L, const char *name, lua_Integer fallback)
{
    lua_Integer port = slk_field_integer(L, 1, name, fallback);
    if (port < -1 || port > 65535) {
        luaL_error(L, "field '%s': a port from 0 to 65535, or -1, expected", name);
    }
    return (int)port;
}

static size_t check_size(lua_State *L, const char *name, lua_Integer fallback)
{
    lua_Integer size = slk_field_integer(L, 1, name, fallback);
    if (size < 1) {
        luaL_error(L, "field '%s': a positive number of bytes expected", name);
    }
    return (size_t)size;
}

static size_t check_count(lua_State *L, const char *name, lua_Integer fallback)
{
    lua_Integer count = slk_field_integer(L, 1, name, fallback);
    if (count < 1 || count > MOST_COUNT) {
        luaL_error(L, "field '%s': a number from 1 to %d expected", name, MOST_COUNT);
    }
    return (size_t)count;
}

static int check_seconds(lua_State *L, const char *name, lua_Integer fallback)
{
    lua_Integer seconds = slk_field_integer(L, 1, name, fallback);
    if (seconds < 1 || seconds > MOST_SECONDS) {
        luaL_error(L, "field '%s': a number of seconds from 1 to %d expected", name, MOST_SECONDS);
    }
    return (int)seconds;
}

static struct slk_http_patience check_patience(lua_State *L)
{
    return (struct slk_http_patience){
        .head_timeout = check_seconds(L, "head_timeout", 10),
        .body_timeout = check_seconds(L, "body_timeout", 10),
        .idle_timeout = check_seconds(L, "idle_timeout", 60),
        .max_connections = check_count(L, "max_connections", 1024),
        .max_requests = check_count(L, "max_requests", 1000),
        .max_bodies = check_size(L, "max_bodies", 64 << 20),
    };
}

static struct slk_gate *check_gate(lua_State *L)
{
    bool has_gate = lua_getfield(L, 1, "gate") != LUA_TNIL;
    lua_pop(L, 1);
    return has_gate
               ? slk_http_receiver_gate(slk_field_object(L, 1, "gate", SLK_CLASS_HTTP_RECEIVER))
               : NULL;
}

static int server_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct slk_mailbox *mailbox = slk_field_object(L, 1, "mailbox", SLK_CLASS_MAILBOX);
    struct slk_log *log = slk_field_object(L, 1, "log", SLK_CLASS_LOG);
    lua_Integer source = slk_field_integer(L, 1, "source", 0);
    struct slk_http_server_settings settings = {
        .host = slk_field_string(L, 1, "host", "127.0.0.1"),
        .path = slk_field_string(L, 1, "path", NULL),
        .port = check_port(L, "port", 0),
        .websocket_port = check_port(L, "websocket_port", -1),
        .cert_file = slk_field_string(L, 1, "cert_file", NULL),
        .key_file = slk_field_string(L, 1, "key_file", NULL),
        .limits = {.max_head = check_size(L, "max_head", 16384),
                   .max_body = check_size(L, "max_body", 1048576)},
        .patience = check_patience(L),
        .gate = check_gate(L),
        .reuse_port = slk_field_boolean(L, 1, "reuse_port", 0),
        .max_message = check_size(L, "max_message", 1048576),
    };
    if ((settings.cert_file == NULL) != (settings.key_file == NULL)) {
        return luaL_error(L, "fields 'cert_file' and 'key_file' go together");
    }
    void **object = slk_new_home_object(L, SLK_CLASS_HTTP_SERVER);
    struct slk_error err;
    *object = slk_http_server_create(&settings, log, mailbox, (uint32_t)source, &err);
    return *object != NULL ? 1 : slk_push_error(L, &err);
}

static struct slk_http_server *check_server(lua_State *L)
{
    return slk_check_object(L, 1, SLK_CLASS_HTTP_SERVER);
}

static int server_port(lua_State *L)
{
    lua_pushinteger(L, slk_http_server_port(check_server(L)));
    return 1;
}

static int server_websocket_port(lua_State *L)
{
    lua_pushinteger(L, slk_http_server_websocket_port(check_server(L)));
    return 1;
}

/* Raises for what would break out of a header line. */
static void check_header_text(lua_State *L, const char *text, size_t length)
{
    if (text == NULL || memchr(text, '\r', length) != NULL || memchr(text, '\n', length) != NULL ||
        memchr(text, '\0', length) != NULL) {
        luaL_argerror(L, 4, "header names and values must be strings without line breaks");
    }
}

/* Leaves the lines as a string on the stack. */
static const char *check_headers(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index)) {
        return lua_pushliteral(L, "");
    }
    luaL_checktype(L, index, LUA_TTABLE);
    luaL_Buffer lines;
    luaL_buffinit(L, &lines);
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t length;
        lua_rawgeti(L, index, i);
        const char *text = lua_tolstring(L, -1, &length);
        check_header_text(L, text, text != NULL ? length : 0);
        luaL_addvalue(&lines);
        luaL_addstring(&lines, i % 2 == 1 ? ": " : "\r\n");
    }
    luaL_argcheck(L, count % 2 == 0, index, "names and values must alternate");
    luaL_pushresult(&lines);
    return lua_tostring(L, -1);
}

/* A request or WebSocket that has gone is no error. */
static int push_done(lua_State *L, int status)
{
    if (status != SLK_OK) {
        return slk_push_status(L, status);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int server_respond(lua_State *L)
{
    struct slk_http_server *server = check_server(L);
    uint64_t request = (uint64_t)luaL_checkinteger(L, 2);
    lua_Integer status = luaL_checkinteger(L, 3);
    size_t length = 0;
    const char *body = luaL_optlstring(L, 5, "", &length);
    const char *headers = check_headers(L, 4);
    luaL_argcheck(L, status >= 200 && status <= 599, 3, "an HTTP status from 200 to 599 expected");
    return push_done(L,
                     slk_http_server_respond(server, request, (int)status, headers, body, length));
}

static int server_reload_certificate(lua_State *L)
{
    struct slk_error err;
    if (slk_http_server_reload_certificate(check_server(L), &err) != SLK_OK) {
        return slk_push_error(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int server_finish(lua_State *L)
{
    slk_http_server_finish(check_server(L));
    return 0;
}

static void set_count(lua_State *L, const char *name, uint64_t count)
{
    lua_pushinteger(L, (lua_Integer)count);
    lua_setfield(L, -2, name);
}

static int server_stats(lua_State *L)
{
    static const char *const statuses[] = {"400", "408", "413", "431", "503", "other"};
    struct slk_http_server_stats stats;
    slk_http_server_stats(check_server(L), &stats);
    lua_createtable(L, 0, 10);
    set_count(L, "connections_accepted", stats.connections_accepted);
    set_count(L, "connections_evicted", stats.connections_evicted);
    set_count(L, "connections_refused", stats.connections_refused);
    set_count(L, "requests", stats.requests);
    set_count(L, "connections", stats.connections);
    set_count(L, "waiting", stats.waiting);
    set_count(L, "held", stats.held);
    set_count(L, "unverified", stats.unverified);
    lua_createtable(L, 0, 6);
    for (size_t i = 0; i < sizeof stats.refused / sizeof *stats.refused; i++) {
        set_count(L, statuses[i], stats.refused[i]);
    }
    lua_setfield(L, -2, "refused");
    return 1;
}

static int server_drop(lua_State *L)
{
    struct slk_http_server *server = check_server(L);
    return push_done(L, slk_http_server_drop(server, (uint64_t)luaL_checkinteger(L, 2)));
}

static int server_admit(lua_State *L)
{
    struct slk_http_server *server = check_server(L);
    return push_done(L, slk_http_server_admit(server, luaL_checkstring(L, 2)));
}

static int server_refuse_upgrades(lua_State *L)
{
    struct slk_http_server *server = check_server(L);
    lua_Integer status = luaL_checkinteger(L, 2);
    luaL_argcheck(L, status == 0 || (status >= 300 && status <= 599), 2,
                  "0 or an HTTP status from 300 to 599 expected");
    return push_done(L, slk_http_server_refuse_upgrades(server, (int)status));
}

static int server_act(lua_State *L)
{
    struct slk_http_server *server = check_server(L);
    uint64_t websocket = (uint64_t)luaL_checkinteger(L, 2);
    int act = luaL_checkoption(L, 3, NULL, act_names);
    size_t length = 0;
    const char *data = luaL_optlstring(L, 4, "", &length);
    lua_Integer number = luaL_optinteger(L, 5, 0);
    luaL_argcheck(L, number >= 0 && number <= 65535, 5, "a number from 0 to 65535 expected");
    return push_done(L, slk_http_server_act(server, websocket, (enum slk_served_act)act, data,
                                            length, (int)number));
}

static void push_text(lua_State *L, struct slk_text text)
{
    lua_pushlstring(L, text.data, text.length);
}

int slk_push_request(lua_State *L, const struct slk_message *message)
{
    const struct slk_request_message *request = (const struct slk_request_message *)message;
    luaL_checkstack(L, 6, NULL);
    lua_pushinteger(L, (lua_Integer)request->request);
    push_text(L, request->method);
    push_text(L, request->target);
    push_text(L, request->headers);
    push_text(L, request->body);
    lua_pushnumber(L, (lua_Number)request->received / 1e9);
    return 6;
}

int slk_push_served(lua_State *L, const struct slk_message *message)
{
    const struct slk_served_message *served = (const struct slk_served_message *)message;
    luaL_checkstack(L, 5, NULL);
    lua_pushinteger(L, (lua_Integer)served->websocket);
    lua_pushstring(L, happening_names[served->happening]);
    lua_pushlstring(L, served->data, served->length);
    if (served->happening == SLK_SERVED_CLOSED) {
        lua_pushinteger(L, served->close_code);
    } else {
        lua_pushnil(L);
    }
    lua_pushnumber(L, (lua_Number)served->at / 1e9);
    return 5;
}

/* The three texts as one userdata, so that an error while they are pushed does
 * not lose them. */
struct pem {
    struct slk_buffer authority, certificate, key;
};

#define CLASS_PEM "slack.core.pem"
#define MAX_PEM   65536

static void free_pem(struct pem *pem)
{
    if (pem->key.data != NULL) {
        OPENSSL_cleanse(pem->key.data, pem->key.length);
    }
    slk_buffer_free(&pem->authority);
    slk_buffer_free(&pem->certificate);
    slk_buffer_free(&pem->key);
}

static int pem_gc(lua_State *L)
{
    free_pem(luaL_checkudata(L, 1, CLASS_PEM));
    return 0;
}

static struct pem *new_pem(lua_State *L)
{
    struct pem *pem = lua_newuserdatauv(L, sizeof *pem, 0);
    slk_buffer_init(&pem->authority, MAX_PEM);
    slk_buffer_init(&pem->certificate, MAX_PEM);
    slk_buffer_init(&pem->key, MAX_PEM);
    luaL_setmetatable(L, CLASS_PEM);
    return pem;
}

static void set_text(lua_State *L, const char *name, const struct slk_buffer *text)
{
    lua_pushlstring(L, text->data, text->length);
    lua_setfield(L, -2, name);
}

static int certificate(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct slk_certificate_settings settings = {
        .subject_alt_names = slk_field_string(L, 1, "names", "DNS:localhost,IP:127.0.0.1,IP:::1"),
        .starts_in = (long)slk_field_integer(L, 1, "starts_in", -3600),
        .ends_in = (long)slk_field_integer(L, 1, "ends_in", 30 * 24 * 3600),
    };
    struct slk_error err;
    struct pem *pem = new_pem(L);
    if (slk_certificate_make(&settings, &pem->authority, &pem->certificate, &pem->key, &err) !=
        SLK_OK) {
        return slk_push_error(L, &err);
    }
    lua_newtable(L);
    set_text(L, "authority", &pem->authority);
    set_text(L, "certificate", &pem->certificate);
    set_text(L, "key", &pem->key);
    free_pem(pem); /* at once: the key is not to lie about until a collection */
    return 1;
}

static const luaL_Reg server_methods[] = {
    {"port", server_port},
    {"websocket_port", server_websocket_port},
    {"respond", server_respond},
    {"drop", server_drop},
    {"reload_certificate", server_reload_certificate},
    {"finish", server_finish},
    {"stats", server_stats},
    {"admit", server_admit},
    {"refuse_upgrades", server_refuse_upgrades},
    {"act", server_act},
    {"close", server_close},
    {NULL, NULL},
};

void slk_open_http_server(lua_State *L)
{
    static const luaL_Reg none[] = {{NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"http_server", server_new}, {"certificate", certificate}, {NULL, NULL}};
    slk_home_class(L, SLK_CLASS_HTTP_SERVER, server_methods, server_close);
    slk_class(L, CLASS_PEM, none, pem_gc);
    luaL_setfuncs(L, functions, 0);
}
