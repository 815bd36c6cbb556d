/* Text frames on their way to Lua. What the mailboxes get lies within its allocation and is
 * what the frame had; an envelope is acked at once or stands in the ledger; bad frames fill no
 * log. The first byte of the input says whose frames they are, and that of each frame how far
 * the clock goes. */
#include <stdbool.h>

#include "clock.h"
#include "fuzz.h"
#include "rtm.h"
#include "socket_mode_intake.h"
#include "socket_protocol.h"

#define SEPARATOR            '\x1e'
#define ACKS_OF_A_CONNECTION 1000 /* inputs until it is made anew, as nothing reads them */

/* That never connects: what is to be sent waits. */
static struct slk_ws_connection *new_connection(void)
{
    static CURLM *multi;
    static struct slk_net_options *net;
    struct slk_net_settings settings = {.proxy = "", .no_proxy = ""};
    struct slk_error err;
    if (multi == NULL) {
        net = slk_net_options_create(&settings, &err);
        multi = curl_multi_init();
    }
    EXPECT(net != NULL && multi != NULL);
    struct slk_ws_connection *connection =
        slk_ws_connection_create(multi, net, "ws://127.0.0.1:1/", 1000000, false, NULL, &err);
    EXPECT(connection != NULL);
    return connection;
}

static struct slk_ws_connection *connection;

struct sides {
    struct slk_mailbox *notices, *events, *lines;
    struct slk_ack_ledger *ledger;
    struct slk_log *log;
    struct slk_socket_mode_stats counters;
    struct slk_intake intake;
};

static void expect_within(const struct slk_envelope_message *message, const char *text,
                          size_t length)
{
    const char *first = (const char *)(message + 1);
    const char *last = (const char *)message + message->message.size;
    EXPECT(text == NULL || (text >= first && text + length <= last));
}

static void expect_message(const struct slk_envelope_message *message, const char *frame,
                           size_t size)
{
    expect_within(message, message->type, message->type_length);
    expect_within(message, message->envelope_id, message->envelope_id_length);
    expect_within(message, message->retry_reason, message->retry_reason_length);
    expect_within(message, message->payload, message->payload_length);
    expect_within(message, message->event.data, message->event.length);
    expect_within(message, message->event_id.data, message->event_id.length);
    EXPECT(message->payload[message->payload_length] == '\0');
    EXPECT(strcmp(message->payload, "{}") == 0 ||
           memmem(frame, size, message->payload, message->payload_length) != NULL);
    EXPECT(message->message.kind != SLK_MESSAGE_EVENT || message->event.length > 0);
}

static size_t drain(struct slk_mailbox *mailbox, const char *frame, size_t size)
{
    struct slk_message *message;
    size_t count = 0;
    while ((message = slk_mailbox_take(mailbox)) != NULL) {
        if (message->kind == SLK_MESSAGE_ENVELOPE || message->kind == SLK_MESSAGE_EVENT) {
            expect_message((const struct slk_envelope_message *)message, frame, size);
        }
        message->destroy(message);
        count++;
    }
    return count;
}

static void take(const struct slk_socket_protocol *protocol, struct sides *sides, const char *data,
                 size_t size)
{
    struct slk_socket_news news = {0};
    char *frame = exact_copy(data, size);
    size_t owed = slk_ack_ledger_count(sides->ledger);
    size_t before = slk_ws_connection_pending(connection);
    enum slk_intake_result result =
        protocol->take(&sides->intake, 1, connection, frame, size, &news);
    slk_intake_push(&sides->intake);
    size_t told = drain(sides->events, frame, size) + drain(sides->notices, frame, size);
    EXPECT(told == (result == SLK_INTAKE_ENVELOPE || result == SLK_INTAKE_REPLY));
    bool is_owed = slk_ack_ledger_count(sides->ledger) > owed;
    bool is_acked = slk_ws_connection_pending(connection) > before;
    bool has_ack = protocol == slk_socket_mode_protocol() && result == SLK_INTAKE_ENVELOPE;
    EXPECT(is_owed + is_acked == has_ack);
    EXPECT((result == SLK_INTAKE_DISCONNECT) == (news.disconnect != SLK_DISCONNECT_NONE));
    EXPECT(news.num_connections >= 0);
    free(frame);
}

static void open_sides(struct sides *sides, const char *component)
{
    sides->notices = slk_mailbox_create(0, 0);
    sides->events = slk_mailbox_create(0, 0);
    sides->lines = slk_mailbox_create(0, 0);
    sides->ledger = slk_ack_ledger_create();
    sides->log = slk_log_create(sides->lines, 1, SLK_LOG_DEBUG);
    sides->counters = (struct slk_socket_mode_stats){0};
    EXPECT(sides->notices && sides->events && sides->lines && sides->ledger && sides->log);
    slk_intake_init(&sides->intake, sides->ledger, sides->notices, sides->events, sides->log,
                    component, 1, SLK_SECONDS(2), &sides->counters);
}

static void close_sides(struct sides *sides)
{
    slk_ack_ledger_destroy(sides->ledger);
    slk_log_release(sides->log);
    slk_mailbox_release(sides->notices);
    slk_mailbox_release(sides->events);
    slk_mailbox_release(sides->lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int inputs;
    if (size < 2) {
        return 0;
    }
    if (inputs++ % ACKS_OF_A_CONNECTION == 0) {
        slk_ws_connection_destroy(connection);
        connection = new_connection();
    }
    const struct slk_socket_protocol *protocol =
        data[0] % 2 == 1 ? slk_rtm_protocol() : slk_socket_mode_protocol();
    struct sides sides;
    open_sides(&sides, protocol->name);
    sides.intake.now = SLK_SECONDS(1);
    int64_t seconds = 2;
    for (size_t at = 1; at < size;) {
        const uint8_t *end = memchr(data + at, SEPARATOR, size - at);
        size_t length = end != NULL ? (size_t)(end - data) - at : size - at;
        if (length > 0) {
            sides.intake.now += SLK_MS(data[at] & 1);
            take(protocol, &sides, (const char *)data + at, length);
        }
        at += length + 1;
    }
    seconds += (sides.intake.now - SLK_SECONDS(1)) / SLK_SECONDS(1);
    EXPECT(drain(sides.lines, NULL, 0) <= 6 * (size_t)seconds);
    close_sides(&sides);
    return 0;
}
