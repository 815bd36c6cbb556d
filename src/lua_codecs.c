#include "lua_core.h"

#include <string.h>
#include <time.h>

#include "envelope.h"
#include "http_parser.h"
#include "signature.h"
#include "utf8.h"
#include "websocket.h"

#define CLASS_WEBSOCKET_PARSER "slack.core.websocket_parser"
#define CLASS_HTTP_PARSER      "slack.core.http_parser"

/* The maximum of a frame made from a Lua string; a buffer wants one. */
#define MAX_FRAME (SIZE_MAX / 2)

static struct slk_text check_text(lua_State *L, int index)
{
    struct slk_text text;
    text.data = luaL_checklstring(L, index, &text.length);
    return text;
}

static struct slk_signature_key *check_secret(lua_State *L)
{
    struct slk_text secret = check_text(L, 1);
    luaL_argcheck(L, secret.length > 0, 1, "must not be empty");
    struct slk_signature_key *key = slk_signature_key_create(secret.data, secret.length);
    if (key == NULL) {
        luaL_error(L, "HMAC-SHA256 is not available");
    }
    return key;
}

static int sign(lua_State *L)
{
    struct slk_text timestamp = check_text(L, 2), body = check_text(L, 3);
    struct slk_signature_key *key = check_secret(L); /* last: nothing raises until it is freed */
    char signature[SLK_SIGNATURE_SIZE];
    int status = slk_signature_make(key, timestamp, body, signature);
    slk_signature_key_destroy(key);
    if (status != SLK_OK) {
        return luaL_error(L, "HMAC-SHA256 is not available");
    }
    lua_pushstring(L, signature);
    return 1;
}

static int verify(lua_State *L)
{
    static const char *const verdicts[] = {NULL, "bad_timestamp", "stale", "bad_format",
                                           "mismatch"};
    struct slk_text timestamp = check_text(L, 2), signature = check_text(L, 3),
                    body = check_text(L, 4);
    lua_Integer now = luaL_optinteger(L, 5, (lua_Integer)time(NULL));
    struct slk_signature_key *key = check_secret(L);
    enum slk_signature_verdict verdict =
        slk_signature_check(&key, 1, timestamp, signature, body, now);
    slk_signature_key_destroy(key);
    lua_pushboolean(L, verdict == SLK_SIGNATURE_VALID);
    lua_pushstring(L, verdicts[verdict]);
    return 2;
}

static void set_text(lua_State *L, const char *name, struct slk_text text)
{
    if (text.data != NULL) {
        lua_pushlstring(L, text.data, text.length);
        lua_setfield(L, -2, name);
    }
}

static int scan_envelope(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct slk_envelope envelope;
    const char *why = NULL;
    if (slk_envelope_scan(text, length, &envelope, &why) != SLK_OK) {
        lua_pushnil(L);
        lua_pushstring(L, why);
        return 2;
    }
    lua_newtable(L);
    set_text(L, "type", envelope.type);
    set_text(L, "envelope_id", envelope.envelope_id);
    set_text(L, "payload", envelope.payload);
    set_text(L, "payload_event_id", envelope.payload_event_id);
    set_text(L, "payload_event", envelope.payload_event);
    set_text(L, "event_id", envelope.event_id);
    set_text(L, "reason", envelope.reason);
    set_text(L, "retry_reason", envelope.retry_reason);
    set_text(L, "debug_info", envelope.debug_info);
    lua_pushinteger(L, envelope.retry_attempt);
    lua_setfield(L, -2, "retry_attempt");
    lua_pushinteger(L, envelope.num_connections);
    lua_setfield(L, -2, "num_connections");
    lua_pushboolean(L, envelope.accepts_response_payload);
    lua_setfield(L, -2, "accepts_response_payload");
    return 1;
}

static int check_role(lua_State *L, int index)
{
    static const char *const roles[] = {"client", "server", NULL};
    return luaL_checkoption(L, index, NULL, roles);
}

static size_t check_maximum(lua_State *L, int index)
{
    lua_Integer maximum = luaL_checkinteger(L, index);
    luaL_argcheck(L, maximum >= 0, index, "must not be negative");
    return (size_t)maximum;
}

static int websocket_parser_new(lua_State *L)
{
    enum slk_ws_role role = check_role(L, 1) == 0 ? SLK_WS_CLIENT : SLK_WS_SERVER;
    size_t maximum = check_maximum(L, 2);
    void **object = slk_new_object(L, CLASS_WEBSOCKET_PARSER);
    *object = slk_ws_parser_create(role, maximum);
    return *object != NULL ? 1 : luaL_error(L, "out of memory");
}

static int websocket_parser_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, CLASS_WEBSOCKET_PARSER);
    slk_ws_parser_destroy(*object);
    *object = NULL;
    return 0;
}

static void push_message(lua_State *L, enum slk_ws_result result,
                         const struct slk_ws_message *message)
{
    lua_createtable(L, 0, 3);
    if (result == SLK_WS_FAILED) {
        lua_pushstring(L, message->reason);
        lua_setfield(L, -2, "failed");
    } else {
        lua_pushinteger(L, message->opcode);
        lua_setfield(L, -2, "opcode");
        lua_pushlstring(L, message->length > 0 ? message->data : "", message->length);
        lua_setfield(L, -2, "data");
    }
    if (message->close_code != 0) {
        lua_pushinteger(L, message->close_code);
        lua_setfield(L, -2, "close_code");
    }
}

static int websocket_parser_feed(lua_State *L)
{
    struct slk_ws_parser *parser = slk_check_object(L, 1, CLASS_WEBSOCKET_PARSER);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    char *data = lua_newuserdatauv(L, length + 1, 0); /* the parser unmasks in place */
    memcpy(data, bytes, length);
    lua_newtable(L);
    for (lua_Integer count = 1;; count++) {
        struct slk_ws_message message;
        enum slk_ws_result result = slk_ws_parser_next(parser, &data, &length, &message);
        if (result == SLK_WS_MORE) {
            return 1;
        }
        push_message(L, result, &message);
        lua_rawseti(L, -2, count);
        if (result == SLK_WS_FAILED) {
            return 1;
        }
    }
}

static int buffer_free(lua_State *L)
{
    slk_buffer_free(lua_touserdata(L, 1));
    return 0;
}

/* A buffer that is freed also when pushing its content fails. */
static struct slk_buffer *new_buffer(lua_State *L)
{
    struct slk_buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
    slk_buffer_init(buffer, MAX_FRAME);
    if (luaL_newmetatable(L, "slack.core.buffer")) {
        lua_pushcfunction(L, buffer_free);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buffer;
}

static int websocket_frame(lua_State *L)
{
    int is_server = check_role(L, 1) == 1;
    lua_Integer opcode = luaL_checkinteger(L, 2);
    size_t length;
    const char *data = luaL_checklstring(L, 3, &length);
    luaL_argcheck(L, opcode >= 0 && opcode <= 15, 2, "0 to 15 expected");
    struct slk_ws_masks masks = {.left = 0};
    struct slk_buffer *frame = new_buffer(L);
    int status = slk_ws_append_frame(frame, is_server ? NULL : &masks, (enum slk_ws_opcode)opcode,
                                     data, length);
    if (status == SLK_TOO_LARGE) {
        return luaL_argerror(L, 3, "a control frame holds at most 125 bytes");
    }
    if (status != SLK_OK) {
        return slk_push_status(L, status);
    }
    lua_pushlstring(L, frame->data, frame->length);
    slk_buffer_free(frame);
    return 1;
}

static int http_parser_new(lua_State *L)
{
    struct slk_http_limits limits = {.max_head = check_maximum(L, 1),
                                     .max_body = check_maximum(L, 2)};
    void **object = slk_new_object(L, CLASS_HTTP_PARSER);
    *object = slk_http_parser_create(&limits);
    return *object != NULL ? 1 : luaL_error(L, "out of memory");
}

static int http_parser_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, CLASS_HTTP_PARSER);
    slk_http_parser_destroy(*object);
    *object = NULL;
    return 0;
}

static void push_parse(lua_State *L, const struct slk_http_parser *parser,
                       enum slk_http_parse result)
{
    lua_createtable(L, 0, 5);
    if (result == SLK_HTTP_CONTINUE) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "continue");
    } else if (result == SLK_HTTP_REFUSED) {
        const char *why;
        lua_pushinteger(L, slk_http_parser_refusal(parser, &why));
        lua_setfield(L, -2, "refused");
        lua_pushstring(L, why);
        lua_setfield(L, -2, "why");
    } else {
        set_text(L, "method", slk_http_parser_method(parser));
        set_text(L, "target", slk_http_parser_target(parser));
        set_text(L, "headers", slk_http_parser_headers(parser));
        set_text(L, "body", slk_http_parser_body(parser));
        lua_pushboolean(L, slk_http_parser_keep_alive(parser));
        lua_setfield(L, -2, "keep_alive");
    }
}

static int http_parser_feed(lua_State *L)
{
    struct slk_http_parser *parser = slk_check_object(L, 1, CLASS_HTTP_PARSER);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    if (slk_http_parser_feed(parser, bytes, length) != SLK_OK) {
        return luaL_error(L, "out of memory");
    }
    lua_newtable(L);
    for (lua_Integer count = 1;; count++) {
        enum slk_http_parse result = slk_http_parser_next(parser);
        if (result == SLK_HTTP_MORE) {
            return 1;
        }
        push_parse(L, parser, result);
        lua_rawseti(L, -2, count);
        if (result == SLK_HTTP_REFUSED) {
            return 1;
        }
    }
}

static int is_utf8(lua_State *L)
{
    struct slk_text text = check_text(L, 1);
    struct slk_utf8 state = {0};
    lua_pushboolean(L, slk_utf8_feed(&state, text.data, text.length) && slk_utf8_is_whole(&state));
    return 1;
}

void slk_open_codecs(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"sign", sign},
        {"verify", verify},
        {"scan_envelope", scan_envelope},
        {"is_utf8", is_utf8},
        {"websocket_parser", websocket_parser_new},
        {"websocket_frame", websocket_frame},
        {"http_parser", http_parser_new},
        {NULL, NULL},
    };
    static const luaL_Reg websocket_methods[] = {
        {"feed", websocket_parser_feed}, {"close", websocket_parser_close}, {NULL, NULL}};
    static const luaL_Reg http_methods[] = {
        {"feed", http_parser_feed}, {"close", http_parser_close}, {NULL, NULL}};
    slk_class(L, CLASS_WEBSOCKET_PARSER, websocket_methods, websocket_parser_close);
    slk_class(L, CLASS_HTTP_PARSER, http_methods, http_parser_close);
    luaL_setfuncs(L, functions, 0);
}
