#include "http_receiver.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "clock.h"
#include "gate_turn.h"
#include "json_field.h"
#include "put_queue.h"
#include "receiver_paths.h"
#include "receiver_tally.h"
#include "signature.h"
#include "slack_body.h"
#include "slack_delivery.h"
#include "slack_headers.h"
#include "socket_mode.h"

#define MAX_CHALLENGE 1024  /* Slack's has some fifty characters */
#define KEPT_MEMORY   16384 /* for decoding, from one request to the next */
#define COME_AGAIN    "Retry-After: 1\r\n"

struct slk_http_receiver {
    struct slk_gate gate; /* first: the server knows nothing else */
    atomic_uint references;
    struct slk_log *log;
    struct slk_mailbox *deliveries;
    struct slk_mailbox *notices;
    uint32_t source;
    bool holds_events;
    atomic_bool turns_away;
    int64_t (*time)(void);
    struct slk_receiver_paths paths;
    struct slk_receiver_tally tally;
    struct slk_put_queue *puts; /* NULL: without an inbox */

    /* of the server thread */
    struct slk_signature_key **keys;
    size_t key_count;
    struct slk_buffer decoded;
    struct slk_message *first; /* deliveries to be pushed when the server settles */
    struct slk_message **last;
    char challenge[MAX_CHALLENGE];
};

static enum slk_gate_verdict refuse(struct slk_http_receiver *receiver, enum slk_refusal refusal,
                                    const char *detail, const struct slk_gate_request *request,
                                    struct slk_gate_answer *answer)
{
    static const struct {
        int status;
        const char *headers;
    } answers[SLK_REFUSALS] = {
        [SLK_REFUSAL_UNSIGNED] = {401, ""},
        [SLK_REFUSAL_STALE] = {401, ""},
        [SLK_REFUSAL_MISMATCHED] = {401, ""},
        [SLK_REFUSAL_MALFORMED] = {400, ""},
        [SLK_REFUSAL_UNKNOWN] = {404, ""},
        [SLK_REFUSAL_WRONG_METHOD] = {405, "Allow: POST\r\n"},
        [SLK_REFUSAL_CROWDED] = {503, COME_AGAIN},
        [SLK_REFUSAL_UNSTORED] = {503, COME_AGAIN},
    };
    slk_receiver_tally_refuse(&receiver->tally, refusal, detail, request->received, receiver->log);
    *answer = (struct slk_gate_answer){.status = answers[refusal].status,
                                       .headers = answers[refusal].headers};
    return SLK_GATE_ANSWER;
}

static enum slk_gate_verdict answer_empty(struct slk_gate_answer *answer)
{
    *answer = (struct slk_gate_answer){.status = 200, .headers = ""};
    return SLK_GATE_ANSWER;
}

static int64_t system_time(void)
{
    return (int64_t)time(NULL);
}

/* SLK_REFUSALS: it is signed. */
static enum slk_refusal check_signature(struct slk_http_receiver *receiver,
                                        const struct slk_slack_headers *headers,
                                        struct slk_text body)
{
    if (headers->counts[SLK_HEADER_SIGNATURE] != 1 || headers->counts[SLK_HEADER_TIMESTAMP] != 1) {
        return SLK_REFUSAL_UNSIGNED;
    }
    switch (slk_signature_check(receiver->keys, receiver->key_count,
                                headers->values[SLK_HEADER_TIMESTAMP],
                                headers->values[SLK_HEADER_SIGNATURE], body, receiver->time())) {
    case SLK_SIGNATURE_VALID: return SLK_REFUSALS;
    case SLK_SIGNATURE_STALE: return SLK_REFUSAL_STALE;
    case SLK_SIGNATURE_MISMATCH: return SLK_REFUSAL_MISMATCHED;
    case SLK_SIGNATURE_BAD_TIMESTAMP:
    case SLK_SIGNATURE_BAD_FORMAT: break;
    }
    return SLK_REFUSAL_UNSIGNED;
}

static enum slk_gate_verdict verify_url(struct slk_http_receiver *receiver,
                                        const struct slk_slack_body *body,
                                        const struct slk_gate_request *request,
                                        struct slk_gate_answer *answer)
{
    if (!slk_json_string(body->challenge, receiver->challenge, sizeof receiver->challenge)) {
        return refuse(receiver, SLK_REFUSAL_MALFORMED, "no usable challenge", request, answer);
    }
    slk_receiver_tally_add(&receiver->tally, SLK_COUNT_VERIFICATIONS);
    slk_log_write(receiver->log, SLK_LOG_INFO, "http_receiver",
                  "Slack has verified this URL for the Events API");
    *answer = (struct slk_gate_answer){
        .status = 200,
        .headers = "Content-Type: text/plain; charset=utf-8\r\n",
        .body = {receiver->challenge, strlen(receiver->challenge)},
    };
    return SLK_GATE_ANSWER;
}

static enum slk_receiver_count count_of(enum slk_delivery_kind kind)
{
    return kind == SLK_DELIVERY_EVENT     ? SLK_COUNT_EVENTS
           : kind == SLK_DELIVERY_COMMAND ? SLK_COUNT_COMMANDS
                                          : SLK_COUNT_INTERACTIONS;
}

/* Slack waits longer for the step of a workflow (function_executed). */
static bool is_step(const struct slk_http_receiver *receiver, enum slk_delivery_kind kind,
                    struct slk_text json)
{
    static const char word[] = "function_executed";
    struct slk_text event = {.data = NULL};
    char type[sizeof word];
    if (kind == SLK_DELIVERY_EVENT && receiver->holds_events) {
        event = slk_json_field(json.data, json.length, "event");
    }
    return event.data != NULL &&
           slk_json_string(slk_json_field(event.data, event.length, "type"), type, sizeof type) &&
           strcmp(type, word) == 0;
}

static bool is_kept(const struct slk_http_receiver *receiver, enum slk_delivery_kind kind)
{
    return receiver->puts != NULL &&
           slk_put_queue_keeps(receiver->puts, slk_slack_entry_kind(kind));
}

/* On its way to the store or, with all others that came at once, to Lua. */
static int dispatch(struct slk_http_receiver *receiver, struct slk_delivery_message *delivery,
                    bool keeps, struct slk_text event_id, uint64_t number)
{
    if (keeps) {
        return slk_slack_delivery_put(delivery, event_id, number, receiver->puts);
    }
    *receiver->last = &delivery->message;
    receiver->last = &delivery->message.next;
    return SLK_OK;
}

static enum slk_gate_verdict deliver(struct slk_http_receiver *receiver,
                                     enum slk_delivery_kind kind, const struct slk_slack_body *body,
                                     const struct slk_slack_headers *headers,
                                     const struct slk_gate_request *request,
                                     struct slk_gate_answer *answer)
{
    bool keeps = is_kept(receiver, kind), is_held = keeps && kind == SLK_DELIVERY_EVENT;
    bool is_owed = !is_held && (kind != SLK_DELIVERY_EVENT || receiver->holds_events ||
                                slk_mailbox_is_half_full(receiver->deliveries));
    if (atomic_load(&receiver->turns_away)) {
        return refuse(receiver, SLK_REFUSAL_CROWDED, "the app is not ready", request, answer);
    }
    if (is_held &&
        (request->held >= request->max_held || slk_put_queue_is_crowded(receiver->puts))) {
        return refuse(receiver, SLK_REFUSAL_UNSTORED, "too much is on its way to the store",
                      request, answer);
    }
    if (!is_held && (slk_mailbox_is_crowded(receiver->deliveries) ||
                     (is_owed && request->waiting >= request->max_waiting))) {
        return refuse(receiver, SLK_REFUSAL_CROWDED, NULL, request, answer);
    }
    struct slk_delivery_message *delivery =
        slk_slack_delivery_create(kind, body, headers, request, receiver->source);
    if (delivery == NULL) {
        return refuse(receiver, SLK_REFUSAL_CROWDED, "out of memory", request, answer);
    }
    delivery->request = is_owed ? request->number : 0;
    if (receiver->holds_events) {
        delivery->event =
            (struct slk_text){0}; /* who waits for its handlers is told of all at once */
    }
    if (dispatch(receiver, delivery, keeps, body->event_id, request->number) != SLK_OK) {
        delivery->message.destroy(&delivery->message);
        return refuse(receiver, SLK_REFUSAL_CROWDED, "out of memory", request, answer);
    }
    slk_receiver_tally_add(&receiver->tally, count_of(kind));
    if (is_held) {
        return SLK_GATE_HELD;
    }
    if (is_owed) {
        return is_step(receiver, kind, body->text) ? SLK_GATE_OWED_LONG : SLK_GATE_OWED;
    }
    slk_receiver_tally_latency(&receiver->tally, slk_clock_now() - request->received);
    return answer_empty(answer);
}

/* What a verified request holds decides where it goes. */
static enum slk_gate_verdict
judge_body(struct slk_http_receiver *receiver, const struct slk_receiver_path *path,
           const struct slk_slack_body *body, const struct slk_slack_headers *headers,
           const struct slk_gate_request *request, struct slk_gate_answer *answer)
{
    unsigned kind = 0;
    switch (body->kind) {
    case SLK_BODY_MALFORMED:
        return refuse(receiver, SLK_REFUSAL_MALFORMED, body->why, request, answer);
    case SLK_BODY_NO_MEMORY:
        return refuse(receiver, SLK_REFUSAL_CROWDED, "out of memory", request, answer);
    case SLK_BODY_UNKNOWN:
        return refuse(receiver, SLK_REFUSAL_UNKNOWN, "it holds no event", request, answer);
    case SLK_BODY_VERIFICATION:
    case SLK_BODY_EVENT: kind = SLK_DELIVERY_EVENT; break;
    case SLK_BODY_COMMAND: kind = SLK_DELIVERY_COMMAND; break;
    case SLK_BODY_INTERACTION: kind = SLK_DELIVERY_INTERACTION; break;
    }
    if ((path->kinds & kind) == 0) {
        return refuse(receiver, SLK_REFUSAL_UNKNOWN, "its kind has another path", request, answer);
    }
    if (body->kind == SLK_BODY_VERIFICATION) {
        return verify_url(receiver, body, request, answer);
    }
    return deliver(receiver, (enum slk_delivery_kind)kind, body, headers, request, answer);
}

/* Slack's old certificate probes carry no signature, so they are answered
 * without one: the answer is empty and tells nothing, and whatever else such a
 * form holds is not looked at, signed or not. */
static enum slk_gate_verdict pass_probe(struct slk_http_receiver *receiver,
                                        struct slk_gate_answer *answer)
{
    slk_receiver_tally_add(&receiver->tally, SLK_COUNT_SSL_CHECKS);
    return answer_empty(answer);
}

static enum slk_gate_verdict judge_post(struct slk_http_receiver *receiver,
                                        const struct slk_receiver_path *path,
                                        const struct slk_gate_request *request,
                                        struct slk_gate_answer *answer)
{
    struct slk_slack_headers headers;
    slk_slack_headers_read(request->headers, &headers);
    enum slk_refusal refusal = check_signature(receiver, &headers, request->body);
    enum slk_media media = slk_slack_headers_media(&headers);
    if (media == SLK_MEDIA_FORM && slk_slack_body_is_ssl_check(request->body)) {
        return pass_probe(receiver, answer);
    }
    if (refusal != SLK_REFUSALS) {
        return refuse(receiver, refusal, NULL, request, answer);
    }
    if (media == SLK_MEDIA_OTHER) {
        return refuse(receiver, SLK_REFUSAL_MALFORMED, "neither plain JSON nor a form", request,
                      answer);
    }
    struct slk_slack_body body = media == SLK_MEDIA_JSON
                                     ? slk_slack_body_read_json(request->body)
                                     : slk_slack_body_read_form(request->body, &receiver->decoded);
    enum slk_gate_verdict verdict = judge_body(receiver, path, &body, &headers, request, answer);
    receiver->decoded.length = 0;
    slk_buffer_shrink(&receiver->decoded, KEPT_MEMORY);
    return verdict;
}

static enum slk_gate_verdict judge(struct slk_gate *gate, const struct slk_gate_request *request,
                                   struct slk_gate_answer *answer)
{
    struct slk_http_receiver *receiver = (struct slk_http_receiver *)gate;
    struct slk_text query;
    const struct slk_receiver_path *path =
        slk_receiver_paths_find(&receiver->paths, request->target, &query);
    if (path == NULL) {
        return SLK_GATE_PASS;
    }
    if (slk_text_is(request->method, "POST")) {
        return judge_post(receiver, path, request, answer);
    }
    if (slk_text_is(request->method, "GET") && slk_slack_body_is_ssl_check(query)) {
        return pass_probe(receiver, answer);
    }
    return refuse(receiver, SLK_REFUSAL_WRONG_METHOD, NULL, request, answer);
}

static void tell(struct slk_http_receiver *receiver, uint64_t number, enum slk_ack_fate fate)
{
    struct slk_ack_message *notice = malloc(sizeof *notice);
    if (notice == NULL) {
        slk_log_write(receiver->log, SLK_LOG_ERROR, "http_receiver", "out of memory");
        return;
    }
    *notice = (struct slk_ack_message){
        .message = {.destroy = slk_message_free,
                    .kind = SLK_MESSAGE_ACK,
                    .source = receiver->source,
                    .size = sizeof *notice},
        .ack_token = number,
        .fate = fate,
    };
    slk_mailbox_push(receiver->notices, &notice->message);
}

/* Waking the Lua thread for each delivery would cost as much as judging it. */
static void settle(struct slk_gate *gate)
{
    struct slk_http_receiver *receiver = (struct slk_http_receiver *)gate;
    struct slk_message *first = receiver->first;
    receiver->first = NULL;
    receiver->last = &receiver->first;
    slk_mailbox_push(receiver->deliveries, first);
    if (receiver->puts != NULL) {
        slk_put_queue_send(receiver->puts);
    }
}

/* Its turn on the server thread: puts have ended. */
static void answer_held(void *context, struct slk_http_server *server, slk_gate_answer_held *answer)
{
    struct slk_http_receiver *receiver = context;
    struct slk_put *put = slk_put_queue_take(receiver->puts);
    while (put != NULL) {
        struct slk_put *next = put->next;
        bool is_stored = put->fate == SLK_PUT_STORED, is_held = put->kind == SLK_ENTRY_EVENT;
        bool is_answered = is_held && answer(server, put->place, is_stored ? 200 : 503,
                                             is_stored ? "" : COME_AGAIN);
        if (is_answered && !is_stored) {
            slk_receiver_tally_count_refusal(&receiver->tally, SLK_REFUSAL_UNSTORED);
        }
        slk_put_destroy(put);
        put = next;
    }
}

/* Lua knows nothing of these. */
static void lost_held(struct slk_http_receiver *receiver, enum slk_gate_fate fate,
                      struct slk_gate_answer *answer)
{
    if (fate == SLK_GATE_HELD_GONE) {
        slk_receiver_tally_add(&receiver->tally, SLK_COUNT_GONE);
        return;
    }
    slk_receiver_tally_refuse(&receiver->tally, SLK_REFUSAL_UNSTORED, "the store is slow",
                              slk_clock_now(), receiver->log);
    *answer = (struct slk_gate_answer){.status = 503, .headers = COME_AGAIN};
}

static void lost(struct slk_gate *gate, uint64_t number, enum slk_gate_fate fate,
                 struct slk_gate_answer *answer)
{
    struct slk_http_receiver *receiver = (struct slk_http_receiver *)gate;
    if (fate == SLK_GATE_HELD_DEADLINE || fate == SLK_GATE_HELD_GONE) {
        lost_held(receiver, fate, answer);
        return;
    }
    bool is_deadline = fate == SLK_GATE_DEADLINE;
    settle(gate); /* Lua is to hear of the request first */
    slk_receiver_tally_add(&receiver->tally, is_deadline ? SLK_COUNT_DEADLINES : SLK_COUNT_GONE);
    if (is_deadline) {
        answer_empty(answer);
    }
    tell(receiver, number, is_deadline ? SLK_ACK_DEADLINE : SLK_ACK_GONE);
}

static void answered(struct slk_gate *gate, uint64_t number, int64_t waited)
{
    (void)number;
    slk_receiver_tally_latency(&((struct slk_http_receiver *)gate)->tally, waited);
}

static void retain(struct slk_gate *gate)
{
    atomic_fetch_add(&((struct slk_http_receiver *)gate)->references, 1);
}

static void release(struct slk_gate *gate)
{
    slk_http_receiver_release((struct slk_http_receiver *)gate);
}

static void destroy(struct slk_http_receiver *receiver)
{
    for (size_t i = 0; i < receiver->key_count; i++) {
        slk_signature_key_destroy(receiver->keys[i]);
    }
    free(receiver->keys);
    slk_put_queue_end(receiver->puts);
    slk_gate_turn_release(receiver->gate.turn);
    slk_receiver_paths_free(&receiver->paths);
    while (receiver->first != NULL) {
        struct slk_message *message = receiver->first;
        receiver->first = message->next;
        message->destroy(message);
    }
    slk_buffer_free(&receiver->decoded);
    slk_mailbox_release(receiver->notices);
    slk_mailbox_release(receiver->deliveries);
    slk_log_release(receiver->log);
    free(receiver);
}

void slk_http_receiver_release(struct slk_http_receiver *receiver)
{
    if (receiver != NULL && atomic_fetch_sub(&receiver->references, 1) == 1) {
        destroy(receiver);
    }
}

static int copy_secrets(struct slk_http_receiver *receiver,
                        const struct slk_http_receiver_settings *settings, struct slk_error *err)
{
    receiver->keys = calloc(settings->secret_count, sizeof *receiver->keys);
    for (size_t i = 0; receiver->keys != NULL && i < settings->secret_count; i++) {
        const struct slk_text *secret = &settings->secrets[i];
        receiver->keys[i] = slk_signature_key_create(secret->data, secret->length);
        if (receiver->keys[i] == NULL) {
            slk_error_set(err, "secret",
                          secret->length == 0 ? "a signing secret is empty"
                                              : "HMAC-SHA256 is not available");
            return SLK_INVALID;
        }
        receiver->key_count++;
    }
    return receiver->keys != NULL ? SLK_OK : SLK_NOMEM;
}

static void ask_turn(void *context)
{
    slk_gate_turn_ask(context);
}

static void release_turn(void *context)
{
    slk_gate_turn_release(context);
}

/* SLK_OK, also without an inbox. */
static int open_inbox(struct slk_http_receiver *receiver, struct slk_inbox *inbox)
{
    if (inbox == NULL) {
        return SLK_OK;
    }
    struct slk_gate_turn *turn = slk_gate_turn_create(answer_held, receiver);
    if (turn == NULL) {
        return SLK_NOMEM;
    }
    receiver->gate.turn = turn;
    receiver->gate.held_deadline = slk_inbox_deadline(inbox);
    struct slk_put_wake wake = {ask_turn, release_turn, slk_gate_turn_retain(turn)};
    receiver->puts = slk_put_queue_create(inbox, receiver->deliveries, &wake);
    if (receiver->puts == NULL) {
        slk_gate_turn_release(turn);
        return SLK_NOMEM;
    }
    return SLK_OK;
}

struct slk_http_receiver *
slk_http_receiver_create(const struct slk_http_receiver_settings *settings, struct slk_log *log,
                         struct slk_mailbox *deliveries, struct slk_mailbox *notices,
                         uint32_t source, struct slk_error *err)
{
    slk_error_set(err, "memory", "out of memory");
    if (settings->secret_count == 0 || settings->path_count == 0) {
        slk_error_set(err, "secret", "at least one signing secret and one path are needed");
        return NULL;
    }
    struct slk_http_receiver *receiver = calloc(1, sizeof *receiver);
    if (receiver == NULL) {
        return NULL;
    }
    receiver->gate = (struct slk_gate){.deadline = settings->ack_deadline,
                                       .long_deadline = settings->step_deadline,
                                       .judge = judge,
                                       .lost = lost,
                                       .answered = answered,
                                       .settle = settle,
                                       .retain = retain,
                                       .release = release};
    atomic_init(&receiver->references, 1);
    atomic_init(&receiver->turns_away, false);
    receiver->log = slk_log_retain(log);
    receiver->deliveries = slk_mailbox_retain(deliveries);
    receiver->notices = slk_mailbox_retain(notices);
    receiver->source = source;
    receiver->last = &receiver->first;
    receiver->holds_events = settings->holds_events;
    receiver->time = settings->time != NULL ? settings->time : system_time;
    slk_buffer_init(&receiver->decoded, SIZE_MAX / 2);
    if (copy_secrets(receiver, settings, err) != SLK_OK ||
        open_inbox(receiver, settings->inbox) != SLK_OK ||
        slk_receiver_paths_copy(&receiver->paths, settings->paths, settings->path_count) !=
            SLK_OK) {
        destroy(receiver);
        return NULL;
    }
    return receiver;
}

void slk_http_receiver_admit(struct slk_http_receiver *receiver, bool admits)
{
    atomic_store(&receiver->turns_away, !admits);
}

struct slk_gate *slk_http_receiver_gate(struct slk_http_receiver *receiver)
{
    return &receiver->gate;
}

void slk_http_receiver_stats(const struct slk_http_receiver *receiver,
                             struct slk_http_receiver_stats *stats)
{
    slk_receiver_tally_read(&receiver->tally, stats);
}
