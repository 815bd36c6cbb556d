/* Whole requests, parsed and judged. Nobody who has not the secret gets
 * anything to Lua, and what gets there is what the kind promises. The first
 * byte of the input says how the request is made of the rest:
 *
 *   bit 0: signed, with the lines of a head that Slack would send; then come
 *          more lines of it, an empty line (LF alone ends each) and the body
 *          else: the rest is the request as it stands
 *   bit 1: JSON, else a form    bit 2: events wait    bit 3: nothing more may */
#include <stdbool.h>

#include "buffer.h"
#include "envelope.h"
#include "error.h"
#include "fuzz.h"
#include "http_parser.h"
#include "http_receiver.h"
#include "signature.h"
#include "utf8.h"

#define SECRET    "0123456789abcdef0123456789abcdef"
#define TIMESTAMP "1767610800"
#define NUMBER    17

enum { SIGNED = 1, JSON = 2, HOLDS_EVENTS = 4, CROWDED = 8 };

static int64_t fixed_time(void)
{
    return 1767610800;
}

static void append(struct slk_buffer *out, const char *text)
{
    EXPECT(slk_buffer_append(out, text, strlen(text)) == SLK_OK);
}

/* Where the head's further lines end; *body begins behind the empty line. */
static size_t split(const char *data, size_t size, size_t *body)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n' && (i == 0 || data[i - 1] == '\n')) {
            *body = i + 1;
            return i;
        }
    }
    *body = 0;
    return 0;
}

static void append_lines(struct slk_buffer *out, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        EXPECT(slk_buffer_append(out, data[i] == '\n' ? "\r\n" : data + i,
                                 data[i] == '\n' ? 2 : 1) == SLK_OK);
    }
}

static void append_signed(struct slk_buffer *out, uint8_t mode, const char *data, size_t size)
{
    size_t start = 0, lines = split(data, size, &start);
    struct slk_text body = {data + start, size - start};
    char signature[SLK_SIGNATURE_SIZE], length[64];
    struct slk_signature_key *key = slk_signature_key_create(SECRET, sizeof SECRET - 1);
    EXPECT(key != NULL);
    EXPECT(slk_signature_make(key, (struct slk_text){TIMESTAMP, sizeof TIMESTAMP - 1}, body,
                              signature) == SLK_OK);
    slk_signature_key_destroy(key);
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", body.length);
    append(out, "POST /slack/events HTTP/1.1\r\nHost: bot\r\nX-Slack-Request-Timestamp: " TIMESTAMP
                "\r\nX-Slack-Signature: ");
    append(out, signature);
    append(out, length);
    append(out, (mode & JSON) != 0 ? "Content-Type: application/json\r\n"
                                   : "Content-Type: application/x-www-form-urlencoded\r\n");
    append_lines(out, data, lines);
    append(out, "\r\n");
    EXPECT(slk_buffer_append(out, body.data, body.length) == SLK_OK);
}

static struct slk_http_receiver *create(uint8_t mode, struct slk_mailbox *mailbox)
{
    static const struct slk_text secret = {SECRET, sizeof SECRET - 1};
    static const struct slk_receiver_path paths[] = {
        {"/slack/events", SLK_DELIVERY_EVENT | SLK_DELIVERY_COMMAND | SLK_DELIVERY_INTERACTION},
        {"/events", SLK_DELIVERY_EVENT},
        {"/commands", SLK_DELIVERY_COMMAND},
    };
    struct slk_http_receiver_settings settings = {.secrets = &secret,
                                                  .secret_count = 1,
                                                  .paths = paths,
                                                  .path_count = sizeof paths / sizeof *paths,
                                                  .ack_deadline = 1,
                                                  .holds_events = (mode & HOLDS_EVENTS) != 0,
                                                  .time = fixed_time};
    struct slk_error err;
    struct slk_http_receiver *receiver =
        slk_http_receiver_create(&settings, NULL, mailbox, mailbox, 1, &err);
    EXPECT(receiver != NULL);
    return receiver;
}

/* Texts of exactly their size, so that a read past any of them shows. */
static struct slk_text exact(struct slk_text text)
{
    return (struct slk_text){exact_copy(text.data, text.length), text.length};
}

static bool holds_object(struct slk_text json)
{
    struct slk_envelope outer;
    struct slk_utf8 state = {0};
    const char *why = NULL;
    return slk_envelope_scan(json.data, json.length, &outer, &why) == SLK_OK &&
           slk_utf8_feed(&state, json.data, json.length) && slk_utf8_is_whole(&state);
}

static void expect_fields(struct slk_text form)
{
    struct slk_utf8 state = {0};
    size_t ends = 0;
    bool has_command = false;
    const char *start = form.data;
    for (size_t i = 0; i < form.length; i++) {
        if (form.data[i] == '\0') {
            EXPECT(ends % 2 == 1 || strcmp(start, "payload") != 0);
            has_command = has_command || (ends % 2 == 0 && strcmp(start, "command") == 0);
            start = form.data + i + 1;
            ends++;
        }
    }
    EXPECT(has_command && ends % 2 == 0 && form.data[form.length - 1] == '\0');
    EXPECT(slk_utf8_feed(&state, form.data, form.length) && slk_utf8_is_whole(&state));
}

static void expect_delivery(const struct slk_delivery_message *delivery, uint8_t mode,
                            const struct slk_gate_request *request)
{
    bool is_held = delivery->kind != SLK_DELIVERY_EVENT || (mode & HOLDS_EVENTS) != 0;
    EXPECT((mode & SIGNED) != 0 && (!is_held || (mode & CROWDED) == 0));
    EXPECT(delivery->request == (is_held ? NUMBER : 0));
    EXPECT(delivery->retry_number >= 0 && delivery->retry_number <= 999);
    EXPECT(delivery->retry_reason.length <= 64);
    EXPECT(delivery->headers.length == request->headers.length);
    EXPECT(memmem(request->body.data, request->body.length, "ssl_check=1&", 12) !=
               request->body.data ||
           delivery->kind == SLK_DELIVERY_EVENT);
    if (delivery->kind == SLK_DELIVERY_COMMAND) {
        expect_fields(delivery->form);
    } else {
        EXPECT(holds_object(delivery->json));
    }
}

static void expect_answer(const struct slk_gate_answer *answer)
{
    int status = answer->status;
    EXPECT(status == 200 || status == 400 || status == 401 || status == 404 || status == 405 ||
           status == 503);
    EXPECT(answer->headers != NULL && answer->body.length < 1024);
    EXPECT(status == 200 || answer->body.length == 0);
    for (size_t i = 0; i < answer->body.length; i++) {
        EXPECT(answer->body.data[i] >= ' ' && answer->body.data[i] <= '~');
    }
}

static void judge(const struct slk_gate_request *request, uint8_t mode)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct slk_http_receiver *receiver = create(mode, mailbox);
    struct slk_gate *gate = slk_http_receiver_gate(receiver);
    struct slk_gate_answer answer = {0};
    enum slk_gate_verdict verdict = gate->judge(gate, request, &answer);
    gate->settle(gate);
    struct slk_message *message = slk_mailbox_take(mailbox);
    EXPECT(verdict != SLK_GATE_OWED || message != NULL);
    EXPECT(verdict != SLK_GATE_PASS || message == NULL);
    if (verdict == SLK_GATE_ANSWER) {
        expect_answer(&answer);
        EXPECT(message == NULL || (answer.status == 200 && answer.body.length == 0));
    }
    if (message != NULL) {
        expect_delivery((const struct slk_delivery_message *)message, mode, request);
        message->destroy(message);
        EXPECT(slk_mailbox_take(mailbox) == NULL);
    }
    slk_http_receiver_release(receiver);
    slk_mailbox_release(mailbox);
}

static void judge_parsed(const struct slk_http_parser *parser, uint8_t mode)
{
    struct slk_gate_request request = {
        .number = NUMBER,
        .received = 1,
        .method = exact(slk_http_parser_method(parser)),
        .target = exact(slk_http_parser_target(parser)),
        .headers = exact(slk_http_parser_headers(parser)),
        .body = exact(slk_http_parser_body(parser)),
        .waiting = (mode & CROWDED) != 0 ? 1 : 0,
        .max_waiting = 1,
    };
    judge(&request, mode);
    free((char *)request.method.data);
    free((char *)request.target.data);
    free((char *)request.headers.data);
    free((char *)request.body.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct slk_http_limits limits = {.max_head = 4096, .max_body = 4096};
    struct slk_http_parser *parser = slk_http_parser_create(&limits);
    struct slk_buffer bytes;
    slk_buffer_init(&bytes, SIZE_MAX / 2);
    EXPECT(parser != NULL);
    if ((*data & SIGNED) != 0) {
        append_signed(&bytes, *data, (const char *)data + 1, size - 1);
    } else {
        EXPECT(slk_buffer_append(&bytes, data + 1, size - 1) == SLK_OK);
    }
    EXPECT(slk_http_parser_feed(parser, bytes.data, bytes.length) == SLK_OK);
    enum slk_http_parse result;
    while ((result = slk_http_parser_next(parser)) == SLK_HTTP_REQUEST ||
           result == SLK_HTTP_CONTINUE) {
        if (result == SLK_HTTP_REQUEST) {
            judge_parsed(parser, *data);
        }
    }
    slk_http_parser_destroy(parser);
    slk_buffer_free(&bytes);
    return 0;
}
