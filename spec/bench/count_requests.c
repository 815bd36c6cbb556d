/* What an event over HTTP costs on the server thread but for the reads and writes: the head of
 * its request, the signature, the shape of its body, and the message for Lua. Counts under
 * callgrind.
 *
 *   count_requests EVENTS */
#include <stdio.h>
#include <stdlib.h>

#include "../../src/clock.h"
#include "../../src/error.h"
#include "../../src/http_parser.h"
#include "../../src/http_receiver.h"
#include "../../src/mailbox.h"
#include "count.h"
#include "posts.h"

#define WARM_UP  100
#define MAX_HEAD 16384
#define MAX_BODY (1u << 20)

struct way_in {
    struct slk_mailbox *mailbox;
    struct slk_http_receiver *receiver;
    struct slk_gate *gate;
    struct slk_http_parser *parser;
};

static void check(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "count_requests: %s\n", what);
        exit(1);
    }
}

static void set_up(struct way_in *in)
{
    static const struct slk_text secret = {POSTS_SECRET, sizeof POSTS_SECRET - 1};
    static const struct slk_receiver_path path = {
        "/slack/events", SLK_DELIVERY_EVENT | SLK_DELIVERY_COMMAND | SLK_DELIVERY_INTERACTION};
    struct slk_http_receiver_settings settings = {.secrets = &secret,
                                                  .secret_count = 1,
                                                  .paths = &path,
                                                  .path_count = 1,
                                                  .ack_deadline = SLK_SECONDS(2)};
    struct slk_http_limits limits = {.max_head = MAX_HEAD, .max_body = MAX_BODY};
    struct slk_error err;
    in->mailbox = slk_mailbox_create(0, 0);
    in->receiver = slk_http_receiver_create(&settings, NULL, in->mailbox, in->mailbox, 1, &err);
    in->parser = slk_http_parser_create(&limits);
    check(in->mailbox != NULL && in->receiver != NULL && in->parser != NULL, "out of memory");
    in->gate = slk_http_receiver_gate(in->receiver);
}

/* What the server does with the bytes of a request that has come. */
static void take_request(struct way_in *in, const char *bytes, size_t length)
{
    struct slk_gate_answer answer = {0};
    check(slk_http_parser_feed(in->parser, bytes, length) == SLK_OK, "out of memory");
    check(slk_http_parser_next(in->parser) == SLK_HTTP_REQUEST, "no request");
    struct slk_gate_request request = {
        .number = 1,
        .received = slk_clock_now(),
        .method = slk_http_parser_method(in->parser),
        .target = slk_http_parser_target(in->parser),
        .headers = slk_http_parser_headers(in->parser),
        .body = slk_http_parser_body(in->parser),
        .max_waiting = 1,
    };
    check(in->gate->judge(in->gate, &request, &answer) == SLK_GATE_ANSWER && answer.status == 200,
          "an event was refused");
    in->gate->settle(in->gate);
}

static void drain(struct way_in *in)
{
    struct slk_message *message = slk_mailbox_take(in->mailbox);
    check(message != NULL, "an event was lost");
    message->destroy(message);
}

static void run(struct way_in *in, struct posts *posts, uint64_t total, bool is_counted)
{
    for (uint64_t number = 0; number < total; number++) {
        size_t length;
        const char *bytes = posts_text(posts, number, &length);
        if (is_counted) {
            count_on();
        }
        take_request(in, bytes, length);
        if (is_counted) {
            count_off();
        }
        drain(in);
    }
}

int main(int argc, char *argv[])
{
    struct way_in in;
    struct posts *posts = posts_create("/slack/events");
    check(argc > 1 && posts != NULL, "give the number of events");
    set_up(&in);
    run(&in, posts, WARM_UP, false);
    count_begin();
    run(&in, posts, strtoull(argv[1], NULL, 10), true);
    count_end("requests");
    slk_http_parser_destroy(in.parser);
    slk_http_receiver_release(in.receiver);
    slk_mailbox_release(in.mailbox);
    posts_destroy(posts);
    return 0;
}
