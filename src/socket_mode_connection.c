#include "socket_mode_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "clock.h"

#define CLOSE_TIMEOUT SLK_SECONDS(1)       /* Slack may never finish a close */
#define ENOUGH_OUTPUT ((size_t)256 * 1024) /* waiting output that stops reading */
#define MAX_CONTROL   125
#define TOO_BIG       1009            /* close code of a message over the limit */
#define REPLY_TIME    SLK_SECONDS(10) /* Slack replies at once, or never */
#define FIRST_PONG    10              /* times as long for the first one: no round trip is known */
#define LONG_PATIENCE SLK_SECONDS(86400) /* is long enough for that one, too */

struct slk_sm_connection *slk_sm_connection_create(const struct slk_socket_protocol *protocol,
                                                   uint64_t number, int64_t due,
                                                   struct slk_socket_mode_stats *counters)
{
    struct slk_sm_connection *connection = calloc(1, sizeof *connection);
    if (connection != NULL) {
        connection->protocol = protocol;
        connection->number = number;
        connection->state = SLK_CONNECTION_WAITING;
        connection->due = due;
        connection->counters = counters;
    }
    return connection;
}

void slk_sm_connection_destroy(struct slk_sm_connection *connection)
{
    if (connection == NULL) {
        return;
    }
    slk_ws_connection_destroy(connection->ws);
    if (connection->url != NULL) {
        OPENSSL_cleanse(connection->url, strlen(connection->url));
    }
    free(connection->url);
    free(connection);
}

bool slk_sm_connection_is_ready(const struct slk_sm_connection *connection)
{
    return connection != NULL && connection->ready_at != 0 && !connection->closing;
}

static void take_text(struct slk_sm_connection *connection, struct slk_intake *intake,
                      struct slk_ws_connection *ack_to, const struct slk_ws_message *message)
{
    struct slk_socket_news news = {0};
    connection->last_text = intake->now;
    switch (connection->protocol->take(intake, connection->number, ack_to, message->data,
                                       message->length, &news)) {
    case SLK_INTAKE_HELLO:
        connection->hello_came = connection->ready_at == 0;
        connection->num_connections = news.num_connections;
        break;
    case SLK_INTAKE_DISCONNECT:
        connection->disconnect_came = true;
        connection->disconnect = news.disconnect;
        break;
    case SLK_INTAKE_REPLY: connection->unanswered -= connection->unanswered > 0; break;
    case SLK_INTAKE_ENVELOPE:
    case SLK_INTAKE_IGNORED: break;
    }
}

/* Of several pings in one batch the last is answered (RFC 6455 §5.5.3). */
struct pong {
    bool wanted;
    size_t length;
    char payload[MAX_CONTROL];
};

static int end_by_peer(struct slk_sm_connection *connection, const struct slk_ws_message *message,
                       struct slk_error *err)
{
    if (!connection->closing) {
        slk_ws_connection_append_close(connection->ws, message->close_code, "");
    }
    slk_error_set(err, "closed", "Slack closed the connection with code %d", message->close_code);
    return SLK_CLOSED;
}

static int end_by_breach(struct slk_sm_connection *connection, struct slk_intake *intake,
                         const struct slk_ws_message *message, struct slk_error *err)
{
    intake->counters->bad_frames++;
    slk_ws_connection_append_close(connection->ws, message->close_code, message->reason);
    if (message->close_code == TOO_BIG) {
        slk_error_set(err, "protocol", "a message is larger than %zu bytes (option max_message)",
                      slk_ws_connection_max_message(connection->ws));
    } else {
        slk_error_set(err, "protocol", "a frame breaks the WebSocket protocol: %s",
                      message->reason);
    }
    return SLK_INVALID;
}

static void take_control(struct slk_sm_connection *connection, const struct slk_ws_message *message,
                         struct pong *pong)
{
    if (message->opcode == SLK_WS_PONG) {
        connection->last_pong = connection->last_input;
        if (connection->unanswered_ping != 0) {
            connection->round_trip = connection->last_pong - connection->unanswered_ping;
        }
        connection->unanswered_ping = 0;
    } else if (message->opcode == SLK_WS_PING) {
        pong->wanted = true;
        pong->length = message->length;
        memcpy(pong->payload, message->data, message->length);
    }
}

static int take_frames(struct slk_sm_connection *connection, struct slk_intake *intake,
                       struct slk_ws_connection *ack_to, struct slk_ws_input *input,
                       struct pong *pong, struct slk_error *err)
{
    struct slk_ws_message message;
    for (;;) {
        switch (slk_ws_connection_next(connection->ws, input, &message)) {
        case SLK_WS_MORE: return SLK_OK;
        case SLK_WS_FAILED: return end_by_breach(connection, intake, &message, err);
        case SLK_WS_CONTROL:
            if (message.opcode == SLK_WS_CLOSE) {
                return end_by_peer(connection, &message, err);
            }
            take_control(connection, &message, pong);
            break;
        case SLK_WS_MESSAGE:
            if (message.opcode == SLK_WS_TEXT) {
                take_text(connection, intake, ack_to, &message);
            } else {
                slk_intake_complain(intake, connection->number, "a binary frame",
                                    "Slack sends text only");
            }
            break;
        }
    }
}

int slk_sm_connection_read(struct slk_sm_connection *connection, struct slk_intake *intake,
                           struct slk_ws_connection *ack_to, char *buffer, struct slk_error *err)
{
    struct slk_ws_input input;
    int status = slk_ws_connection_read(connection->ws, buffer, SLK_READ_BUFFER, &input, err);
    connection->more = input.more;
    if (input.length > 0) {
        connection->last_input = connection->counters->last_frame = intake->now;
        connection->last_ping = 0;
        connection->last_look = false;
    }
    if (!input.more) {
        connection->drained = intake->now;
    }
    if (!slk_ws_connection_is_open(connection->ws)) {
        return status;
    }
    struct pong pong = {.wanted = false};
    struct slk_error frame_err, flush_err;
    int frame_status = take_frames(connection, intake, ack_to, &input, &pong, &frame_err);
    if (frame_status != SLK_OK) {
        status = frame_status;
        *err = frame_err;
    } else if (pong.wanted && !connection->closing && status == SLK_OK) {
        slk_ws_connection_append(connection->ws, SLK_WS_PONG, pong.payload, pong.length);
        connection->counters->pongs_sent++;
    }
    int flush_status = slk_sm_connection_flush(connection, intake->now, &flush_err);
    if (status == SLK_OK && flush_status != SLK_OK) {
        status = flush_status;
        *err = flush_err;
    }
    connection->unstored += slk_intake_push(intake);
    return status;
}

int slk_sm_connection_flush(struct slk_sm_connection *connection, int64_t now,
                            struct slk_error *err)
{
    size_t before = slk_ws_connection_pending(connection->ws);
    if (before == 0) {
        return SLK_OK;
    }
    int status = slk_ws_connection_flush(connection->ws, err);
    size_t after = slk_ws_connection_pending(connection->ws);
    if (after == 0) {
        if (connection->stalled_since != 0 && connection->last_ping != 0) {
            connection->last_ping = now; /* it has left only now */
        }
        connection->stalled_since = 0;
    } else if (after < before || connection->stalled_since == 0) {
        connection->stalled_since = now;
    }
    return status;
}

bool slk_sm_connection_takes_output(const struct slk_sm_connection *connection)
{
    return slk_ws_connection_pending(connection->ws) < ENOUGH_OUTPUT;
}

int slk_sm_connection_send(struct slk_sm_connection *connection, const char *text, size_t length,
                           bool wants_reply, int64_t now)
{
    int status = slk_ws_connection_append(connection->ws, SLK_WS_TEXT, text, length);
    if (status == SLK_OK && wants_reply) {
        connection->unanswered++;
        connection->unanswered_until = now + REPLY_TIME;
    }
    return status;
}

bool slk_sm_connection_wants_input(const struct slk_sm_connection *connection, int64_t now)
{
    return connection->unanswered > 0 && now < connection->unanswered_until;
}

static void send_ping(struct slk_sm_connection *connection, int64_t now)
{
    if (connection->protocol->ping(connection->ws, ++connection->pings) == SLK_OK) {
        connection->counters->pings_sent++;
    }
    connection->last_ping = now;
    connection->last_look = false;
    if (connection->unanswered_ping == 0) {
        connection->unanswered_ping = now;
    }
}

static void lower(int64_t *next, int64_t time)
{
    if (time < *next) {
        *next = time;
    }
}

static int check_output(const struct slk_sm_connection *connection,
                        const struct slk_socket_mode_settings *settings, int64_t now, int64_t *next,
                        struct slk_error *err)
{
    if (connection->stalled_since == 0) {
        return SLK_OK;
    }
    int64_t patience = settings->ping_interval + settings->pong_timeout;
    if (now - connection->stalled_since >= patience) {
        slk_error_set(err, "timeout", "Slack has read nothing for %lld ms",
                      (long long)(patience / SLK_MS(1)));
        return SLK_CLOSED;
    }
    lower(next, connection->stalled_since + patience);
    return SLK_OK;
}

/* What comes in says nothing of what goes out: events may come while no ack arrives. So
 * now and then a ping asks, too, and a peer that has answered one before must answer. One
 * that never has may be slow to begin with, or may never have been heard: it gets longer. */
static int check_answers(struct slk_sm_connection *connection,
                         const struct slk_socket_mode_settings *settings, int64_t now,
                         int64_t *next, struct slk_error *err)
{
    if (connection->unanswered_ping == 0) {
        int64_t since = connection->last_pong != 0 ? connection->last_pong : connection->ready_at;
        int64_t ping_at = since + 2 * settings->ping_interval;
        if (now >= ping_at) {
            send_ping(connection, now);
        } else {
            lower(next, ping_at);
        }
    }
    if (connection->unanswered_ping == 0 || !slk_sm_connection_takes_output(connection)) {
        return SLK_OK;
    }
    int64_t patience = settings->pong_timeout;
    if (connection->last_pong == 0 && patience < LONG_PATIENCE) {
        patience *= FIRST_PONG;
    }
    /* On a line that is full pongs come later and later, behind the events. */
    int64_t due = connection->unanswered_ping + patience + 2 * connection->round_trip;
    if (now >= due && connection->drained >= due) {
        slk_error_set(err, "timeout",
                      "Slack sends, but has answered no ping for %lld ms: what we send, acks too, "
                      "does not seem to arrive",
                      (long long)((now - connection->unanswered_ping) / SLK_MS(1)));
        return SLK_CLOSED;
    }
    if (now >= due) {
        connection->more = true; /* the answer may be here, behind what has not been read */
    }
    lower(next, now >= due ? now : due);
    return SLK_OK;
}

static int check_silence(struct slk_sm_connection *connection,
                         const struct slk_socket_mode_settings *settings, int64_t now,
                         bool suspended, int64_t *next, struct slk_error *err)
{
    bool pinged = connection->last_ping != 0;
    if (!pinged || suspended) {
        int64_t ping_at =
            settings->ping_interval + (pinged ? connection->last_ping : connection->last_input);
        if (now >= ping_at) {
            send_ping(connection, now);
            ping_at = now + (suspended ? settings->ping_interval : settings->pong_timeout);
        }
        lower(next, ping_at);
        return SLK_OK;
    }
    if (now - connection->last_ping < settings->pong_timeout) {
        lower(next, connection->last_ping + settings->pong_timeout);
        return SLK_OK;
    }
    /* After a long sleep of the process the answer may be here, unread. */
    if (!connection->last_look) {
        connection->last_look = connection->more = true;
        lower(next, now);
        return SLK_OK;
    }
    slk_error_set(err, "timeout", "Slack has been silent for %lld ms and answers no ping",
                  (long long)((now - connection->last_input) / SLK_MS(1)));
    return SLK_CLOSED;
}

int slk_sm_connection_check_life(struct slk_sm_connection *connection,
                                 const struct slk_socket_mode_settings *settings, int64_t now,
                                 bool suspended, int64_t *next, struct slk_error *err)
{
    int status = check_output(connection, settings, now, next, err);
    if (status != SLK_OK || connection->stalled_since != 0) {
        return status; /* a ping could not leave: check_output is the judge */
    }
    status = check_silence(connection, settings, now, suspended, next, err);
    if (status == SLK_OK && !suspended && connection->protocol->pongs) {
        status = check_answers(connection, settings, now, next, err);
    }
    return status;
}

void slk_sm_connection_resume(struct slk_sm_connection *connection, int64_t now)
{
    connection->more = true;
    connection->last_input = connection->last_text = now;
    connection->last_ping = connection->unanswered_ping = 0;
}

void slk_sm_connection_close(struct slk_sm_connection *connection, int64_t now)
{
    slk_ws_connection_append_close(connection->ws, 1000, "");
    connection->closing = true;
    connection->due = now + CLOSE_TIMEOUT;
}
