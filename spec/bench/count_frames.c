/* What an event costs on the socket thread but for the reads and writes: its frame, the scan
 * of its envelope, the message for Lua, and its ack. Counts under callgrind.
 *
 *   count_frames EVENTS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/clock.h"
#include "../../src/error.h"
#include "../../src/mailbox.h"
#include "../../src/net_options.h"
#include "../../src/socket_mode_intake.h"
#include "count.h"
#include "events.h"

#define IN_FLIGHT   64 /* frames that come together */
#define MESSAGE_MAX (16u << 20)
#define NUMBER      1 /* of the connection */

struct way_in {
    struct slk_mailbox *mailbox;
    struct slk_intake intake;
    struct slk_socket_mode_stats counters;
    struct slk_ack_ledger *ledger;
    struct slk_ws_parser *parser;
    CURLM *multi;
    struct slk_net_options *net;
    struct slk_ws_connection *connection;
};

static void check(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "count_frames: %s\n", what);
        exit(1);
    }
}

/* One that is never connected: acks are appended to it, and go nowhere. */
static void new_connection(struct way_in *in)
{
    struct slk_error err;
    slk_ws_connection_destroy(in->connection);
    in->connection = slk_ws_connection_create(in->multi, in->net, "wss://127.0.0.1:9/link",
                                              MESSAGE_MAX, false, NULL, &err);
    check(in->connection != NULL, "no connection");
}

static void set_up(struct way_in *in)
{
    struct slk_error err;
    in->mailbox = slk_mailbox_create(0, 0);
    in->ledger = slk_ack_ledger_create();
    in->parser = slk_ws_parser_create(SLK_WS_CLIENT, MESSAGE_MAX);
    in->multi = curl_multi_init();
    in->net = slk_net_options_create(&(struct slk_net_settings){0}, &err);
    check(in->mailbox != NULL && in->ledger != NULL && in->parser != NULL && in->net != NULL,
          "out of memory");
    slk_intake_init(&in->intake, in->ledger, in->mailbox, in->mailbox, NULL, "bench", 1,
                    SLK_SECONDS(2), &in->counters);
}

static void append_events(struct slk_buffer *bytes, struct events *events, uint64_t first)
{
    for (uint64_t i = 0; i < IN_FLIGHT; i++) {
        size_t length;
        const char *text = events_text(events, first + i, false, 0, &length);
        check(slk_ws_append_frame(bytes, NULL, SLK_WS_TEXT, text, length) == SLK_OK, "no frame");
    }
}

static void take_frames(struct way_in *in, char *data, size_t length)
{
    struct slk_ws_message message;
    struct slk_envelope envelope;
    in->intake.now = slk_clock_now();
    while (slk_ws_parser_next(in->parser, &data, &length, &message) == SLK_WS_MESSAGE) {
        slk_intake_text(&in->intake, NUMBER, in->connection, message.data, message.length,
                        &envelope);
    }
    slk_intake_push(&in->intake);
}

static uint64_t drain(struct way_in *in)
{
    uint64_t count = 0;
    struct slk_message *message;
    while ((message = slk_mailbox_take(in->mailbox)) != NULL) {
        message->destroy(message);
        count++;
    }
    return count;
}

static void run(struct way_in *in, struct events *events, uint64_t total, bool is_counted)
{
    struct slk_buffer bytes;
    slk_buffer_init(&bytes, MESSAGE_MAX);
    for (uint64_t first = 0; first < total; first += IN_FLIGHT) {
        bytes.length = 0;
        append_events(&bytes, events, first);
        new_connection(in);
        if (is_counted) {
            count_on();
        }
        take_frames(in, bytes.data, bytes.length);
        if (is_counted) {
            count_off();
        }
        check(drain(in) == IN_FLIGHT, "an event was lost");
    }
    slk_buffer_free(&bytes);
}

static void tear_down(struct way_in *in)
{
    slk_ws_connection_destroy(in->connection);
    slk_ws_parser_destroy(in->parser);
    slk_ack_ledger_destroy(in->ledger);
    slk_mailbox_release(in->mailbox);
    slk_net_options_release(in->net);
    curl_multi_cleanup(in->multi);
}

int main(int argc, char *argv[])
{
    static struct way_in in;
    uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    struct events *events = events_create();
    check(total % IN_FLIGHT == 0 && events != NULL, "give a multiple of 64");
    set_up(&in);
    run(&in, events, IN_FLIGHT * 2, false);
    count_begin();
    run(&in, events, total, true);
    count_end("frames");
    tear_down(&in);
    events_destroy(events);
    return 0;
}
