#include "socket_protocol.h"

static enum slk_disconnect read_reason(struct slk_text reason)
{
    if (slk_text_is(reason, "warning")) {
        return SLK_DISCONNECT_WARNING;
    }
    if (slk_text_is(reason, "link_disabled")) {
        return SLK_DISCONNECT_LINK_DISABLED;
    }
    return slk_text_is(reason, "too_many_websockets") ? SLK_DISCONNECT_TOO_MANY
                                                      : SLK_DISCONNECT_REFRESH;
}

static enum slk_intake_result take(struct slk_intake *intake, uint64_t connection,
                                   struct slk_ws_connection *ack_to, const char *text,
                                   size_t length, struct slk_socket_news *news)
{
    struct slk_envelope envelope;
    if (ack_to == NULL) {
        return SLK_INTAKE_IGNORED; /* Slack delivers again what is not acked */
    }
    enum slk_intake_result result =
        slk_intake_text(intake, connection, ack_to, text, length, &envelope);
    if (result == SLK_INTAKE_HELLO) {
        news->num_connections = envelope.num_connections;
    } else if (result == SLK_INTAKE_DISCONNECT) {
        news->disconnect = read_reason(envelope.reason);
    }
    return result;
}

static int ping(struct slk_ws_connection *ws, uint64_t number)
{
    static const char payload[] = "lua-slack";
    (void)number;
    return slk_ws_connection_append(ws, SLK_WS_PING, payload, sizeof payload - 1);
}

/* Of the token that connections are opened with. */
static const struct slk_open_advice ADVICE[] = {
    {"invalid_auth", "check the app-level token (xapp-...)"},
    {"not_authed", "give the app-level token (xapp-...)"},
    {"token_revoked", "make a new app-level token (xapp-...) in the app's settings"},
    {"token_expired", "make a new app-level token (xapp-...) in the app's settings"},
    {"not_allowed_token_type", "Socket Mode needs an app-level token (xapp-...), not a bot token"},
    {"missing_scope", "give the app-level token the scope connections:write"},
    {"missing_args", "give the app-level token (xapp-...)"},
    {NULL, NULL},
};

static const struct slk_open_method OPEN = {
    .name = "apps.connections.open",
    .purpose = "Socket Mode connections",
    .arguments = "",
    .advice = ADVICE,
};

static const struct slk_socket_protocol PROTOCOL = {
    .name = "socket_mode",
    .open = &OPEN,
    .overlaps = true,
    .take = take,
    .ping = ping,
    .pongs = true,
};

const struct slk_socket_protocol *slk_socket_mode_protocol(void)
{
    return &PROTOCOL;
}
