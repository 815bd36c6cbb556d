#include "rtm.h"

#include <stdio.h>

#include "json_field.h"

static bool is_of_no_use(struct slk_text type)
{
    return slk_text_is(type, "pong") || slk_text_is(type, "reconnect_url");
}

/* Slack answers an old URL by this frame instead of hello. */
static bool is_expiry(struct slk_text type, const char *text, size_t length)
{
    if (!slk_text_is(type, "error")) {
        return false;
    }
    struct slk_text error = slk_json_field(text, length, "error");
    return error.length > 0 && error.data[0] == '{' &&
           slk_text_is(slk_json_field(error.data, error.length, "code"), "1");
}

static enum slk_disconnect read_end(struct slk_text type, const char *text, size_t length)
{
    if (slk_text_is(type, "goodbye") || slk_text_is(type, "team_migration_started")) {
        return SLK_DISCONNECT_REFRESH;
    }
    return is_expiry(type, text, length) ? SLK_DISCONNECT_EXPIRED : SLK_DISCONNECT_NONE;
}

/* Without a type. */
static enum slk_intake_result take_reply(struct slk_intake *intake, uint64_t connection,
                                         const char *text, size_t length,
                                         struct slk_envelope *reply)
{
    if (slk_json_field(text, length, "reply_to").data == NULL) {
        slk_intake_complain(intake, connection, "a frame", "it has neither type nor reply_to");
        return SLK_INTAKE_IGNORED;
    }
    return slk_intake_tell(intake, connection, reply);
}

static enum slk_intake_result take(struct slk_intake *intake, uint64_t connection,
                                   struct slk_ws_connection *ack_to, const char *text,
                                   size_t length, struct slk_socket_news *news)
{
    struct slk_envelope frame;
    const char *why = NULL;
    (void)ack_to;
    if (slk_envelope_scan(text, length, &frame, &why) != SLK_OK) {
        slk_intake_complain(intake, connection, "a text frame that is no JSON object", why);
        return SLK_INTAKE_IGNORED;
    }
    struct slk_envelope event = {.type = frame.type, .payload = {text, length}};
    if (frame.type.data == NULL) {
        return take_reply(intake, connection, text, length, &event);
    }
    if (slk_text_is(frame.type, "hello")) {
        return SLK_INTAKE_HELLO;
    }
    if (is_of_no_use(frame.type)) {
        return SLK_INTAKE_IGNORED;
    }
    news->disconnect = read_end(frame.type, text, length);
    if (news->disconnect != SLK_DISCONNECT_NONE) {
        return SLK_INTAKE_DISCONNECT;
    }
    return slk_intake_add(intake, connection, &event);
}

static int ping(struct slk_ws_connection *ws, uint64_t number)
{
    char text[64];
    int length = snprintf(text, sizeof text, "{\"id\":%llu,\"type\":\"ping\"}",
                          (unsigned long long)number + SLK_RTM_FIRST_PING);
    return slk_ws_connection_append(ws, SLK_WS_TEXT, text, (size_t)length);
}

/* Of the token that connections are opened with. */
static const struct slk_open_advice ADVICE[] = {
    {"invalid_auth", "check the token (xoxb-... or xoxp-...)"},
    {"not_authed", "give the token (xoxb-... or xoxp-...) of a classic app"},
    {"token_revoked", "install the app again and take its new token"},
    {"token_expired", "install the app again and take its new token"},
    {"not_allowed_token_type",
     "only tokens of classic apps may use RTM; give other apps Socket Mode or HTTP"},
    {"missing_scope", "only classic apps have it; give other apps Socket Mode or HTTP"},
    {"missing_args", "give the token (xoxb-... or xoxp-...) of a classic app"},
    {"method_deprecated", "give the app Socket Mode or HTTP"},
    {"deprecated_endpoint", "give the app Socket Mode or HTTP"},
    {"unknown_method", "there is no RTM here; give the app Socket Mode or HTTP"},
    {NULL, NULL},
};

static const struct slk_open_method OPEN = {
    .name = "rtm.connect",
    .purpose = "RTM connections",
    .arguments = "batch_presence_aware=1&presence_sub=true",
    .advice = ADVICE,
};

static const struct slk_socket_protocol PROTOCOL = {
    .name = "rtm",
    .open = &OPEN,
    .overlaps = false,
    .take = take,
    .ping = ping,
};

const struct slk_socket_protocol *slk_rtm_protocol(void)
{
    return &PROTOCOL;
}
