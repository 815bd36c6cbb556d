/* The receiver without a server: requests as the gate sees them, at a time of
 * our choosing. What travels over sockets is in http_receiver_core_spec.lua. */
#include "http_receiver.h"

#include <stdint.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "signature.h"
#include "socket_mode.h"

#define NOW     1767610800
#define SECRET  "0123456789abcdef0123456789abcdef"
#define SECOND  "c0ffee00c0ffee00c0ffee00c0ffee00"
#define EVENT   "{\"type\":\"event_callback\",\"event\":{\"type\":\"app_mention\"}}"
#define COMMAND "command=%2Fdeploy&text=a+b"
#define CLICK   "payload=%7B%22type%22%3A%22block_actions%22%7D"

static struct fixture {
    struct slk_mailbox *deliveries, *notices, *lines;
    struct slk_log *log;
    struct slk_http_receiver *receiver;
    struct slk_gate *gate;
    struct slk_gate_request request;
    struct slk_gate_answer answer;
    char head[1024];
} it;

static int64_t fixed_time(void)
{
    return NOW;
}

static struct slk_text text_of(const char *text)
{
    return (struct slk_text){text, strlen(text)};
}

static void start(bool holds_events)
{
    static const struct slk_text secrets[] = {{SECRET, sizeof SECRET - 1},
                                              {SECOND, sizeof SECOND - 1}};
    static const struct slk_receiver_path paths[] = {
        {"/slack/events", SLK_DELIVERY_EVENT | SLK_DELIVERY_COMMAND | SLK_DELIVERY_INTERACTION},
        {"/commands", SLK_DELIVERY_COMMAND},
    };
    struct slk_http_receiver_settings settings = {.secrets = secrets,
                                                  .secret_count = 2,
                                                  .paths = paths,
                                                  .path_count = 2,
                                                  .ack_deadline = SLK_MS(2500),
                                                  .step_deadline = SLK_MS(5000),
                                                  .holds_events = holds_events,
                                                  .time = fixed_time};
    struct slk_error err;
    it.deliveries = slk_mailbox_create(2, 0);
    it.notices = slk_mailbox_create(0, 0);
    it.lines = slk_mailbox_create(0, 0);
    it.log = slk_log_create(it.lines, 0, SLK_LOG_DEBUG);
    it.receiver = slk_http_receiver_create(&settings, it.log, it.deliveries, it.notices, 7, &err);
    CHECK(it.receiver != NULL);
    it.gate = slk_http_receiver_gate(it.receiver);
    CHECK(it.gate->deadline == SLK_MS(2500));
}

static void stop(void)
{
    slk_http_receiver_release(it.receiver);
    slk_mailbox_close(it.lines);
    slk_log_release(it.log);
    slk_mailbox_release(it.lines);
    slk_mailbox_release(it.notices);
    slk_mailbox_release(it.deliveries);
    it = (struct fixture){0};
}

static void prepare(const char *method, const char *target, const char *body)
{
    it.request = (struct slk_gate_request){.number = 42,
                                           .received = slk_clock_now(),
                                           .method = text_of(method),
                                           .target = text_of(target),
                                           .body = text_of(body),
                                           .max_waiting = 10};
}

static const char *signature_of(const char *secret, int64_t timestamp, const char *body)
{
    static char signature[SLK_SIGNATURE_SIZE];
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", (long long)timestamp);
    struct slk_signature_key *key = slk_signature_key_create(secret, strlen(secret));
    CHECK(slk_signature_make(key, text_of(digits), text_of(body), signature) == SLK_OK);
    slk_signature_key_destroy(key);
    return signature;
}

static enum slk_gate_verdict judge(const char *head)
{
    it.request.headers = text_of(head);
    memset(&it.answer, 0, sizeof it.answer);
    return it.gate->judge(it.gate, &it.request, &it.answer);
}

static enum slk_gate_verdict judge_at(const char *body, const char *type, int64_t timestamp)
{
    snprintf(it.head, sizeof it.head,
             "Host: x\r\ncontent-TYPE: %s\r\nX-Slack-Request-Timestamp: %lld\r\n"
             "x-slack-signature: %s\r\n",
             type, (long long)timestamp, signature_of(SECRET, timestamp, body));
    return judge(it.head);
}

static enum slk_gate_verdict post(const char *target, const char *body)
{
    prepare("POST", target, body);
    const char *type =
        *body == '{' ? "application/json; charset=utf-8" : "application/x-www-form-urlencoded";
    return judge_at(body, type, NOW);
}

static struct slk_delivery_message *take(void)
{
    it.gate->settle(it.gate);
    return (struct slk_delivery_message *)slk_mailbox_take(it.deliveries);
}

static void drop(struct slk_delivery_message *delivery)
{
    delivery->message.destroy(&delivery->message);
}

static bool is(struct slk_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.data, expected, text.length) == 0;
}

static struct slk_http_receiver_stats stats(void)
{
    struct slk_http_receiver_stats now;
    slk_http_receiver_stats(it.receiver, &now);
    return now;
}

static void answers(enum slk_gate_verdict verdict, int status)
{
    CHECK(verdict == SLK_GATE_ANSWER);
    CHECK(it.answer.status == status);
    it.gate->settle(it.gate);
    CHECK(slk_mailbox_load(it.deliveries).count == 0);
}

static void delivers_each_kind(void)
{
    start(false);
    CHECK(post("/slack/events?x=1", EVENT) == SLK_GATE_ANSWER);
    CHECK(it.answer.status == 200 && it.answer.body.length == 0);
    struct slk_delivery_message *delivery = take();
    CHECK(delivery->request == 0 && delivery->kind == SLK_DELIVERY_EVENT);
    CHECK(delivery->message.source == 7 && delivery->received == it.request.received);
    CHECK(is(delivery->json, EVENT) && is(delivery->headers, it.head));
    drop(delivery);
    CHECK(post("http://bot.example/slack/events", COMMAND) == SLK_GATE_OWED);
    delivery = take();
    CHECK(delivery->request == 42 && delivery->kind == SLK_DELIVERY_COMMAND);
    static const char fields[] = "command\0/deploy\0text\0a b";
    CHECK(delivery->form.length == sizeof fields);
    CHECK(memcmp(delivery->form.data, fields, sizeof fields) == 0);
    drop(delivery);
    CHECK(post("/slack/events", CLICK) == SLK_GATE_OWED);
    delivery = take();
    CHECK(delivery->request == 42 && delivery->kind == SLK_DELIVERY_INTERACTION);
    CHECK(is(delivery->json, "{\"type\":\"block_actions\"}"));
    drop(delivery);
    CHECK(stats().accepted[0] == 1 && stats().accepted[1] == 1 && stats().accepted[2] == 1);
    stop();
}

static void holds_events_when_told(void)
{
    start(true);
    CHECK(post("/slack/events", EVENT) == SLK_GATE_OWED);
    struct slk_delivery_message *delivery = take();
    CHECK(delivery->request == 42);
    drop(delivery);
    stop();
}

static void passes_what_is_no_path_of_its_own(void)
{
    static const char *const targets[] = {
        "/", "/slack/events/", "/slack/event",   "/Slack/events", "/slack%2Fevents",
        "*", "/health?/x",     "//slack/events", "http://events", "https://",
    };
    start(false);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        CHECK(post(targets[i], EVENT) == SLK_GATE_PASS);
    }
    CHECK(slk_mailbox_load(it.deliveries).count == 0);
    stop();
}

/* S089, S090: a timestamp of exactly 300 s is not too old or too new. */
static void keeps_to_the_time(void)
{
    static const struct {
        int64_t timestamp;
        bool passes;
    } cases[] = {
        {NOW - 300, true},  {NOW + 300, true}, {NOW - 301, false},
        {NOW + 301, false}, {0, false},        {INT64_C(999999999999999999), false},
    };
    start(false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prepare("POST", "/slack/events", EVENT);
        CHECK(judge_at(EVENT, "application/json", cases[i].timestamp) == SLK_GATE_ANSWER);
        CHECK(it.answer.status == (cases[i].passes ? 200 : 401));
        struct slk_delivery_message *delivery = take();
        CHECK((delivery != NULL) == cases[i].passes);
        if (delivery != NULL) {
            drop(delivery);
        }
    }
    CHECK(stats().stale == 4 && stats().unsigned_ == 0);
    prepare("POST", "/slack/events", EVENT);
    answers(judge_at(EVENT, "application/json", INT64_MAX),
            401); /* 19 digits are none of Slack's */
    answers(judge_at(EVENT, "application/json", -1), 401);
    CHECK(stats().stale == 4 && stats().unsigned_ == 2);
    stop();
}

static void takes_any_of_its_secrets(void)
{
    start(false);
    prepare("POST", "/slack/events", EVENT);
    snprintf(it.head, sizeof it.head,
             "Content-Type: application/json\r\nX-Slack-Request-Timestamp: %d\r\n"
             "X-Slack-Signature: %s\r\n",
             NOW, signature_of(SECOND, NOW, EVENT));
    CHECK(judge(it.head) == SLK_GATE_ANSWER && it.answer.status == 200);
    drop(take());
    snprintf(it.head, sizeof it.head,
             "Content-Type: application/json\r\nX-Slack-Request-Timestamp: %d\r\n"
             "X-Slack-Signature: %s\r\n",
             NOW, signature_of("third", NOW, EVENT));
    answers(judge(it.head), 401);
    CHECK(stats().mismatched == 1);
    stop();
}

static void turns_away_what_does_not_fit(void)
{
    start(false);
    prepare("POST", "/slack/events", COMMAND);
    it.request.waiting = it.request.max_waiting;
    answers(judge_at(COMMAND, "application/x-www-form-urlencoded", NOW), 503);
    CHECK(strcmp(it.answer.headers, "Retry-After: 1\r\n") == 0);
    it.request.body = text_of(EVENT); /* waits for nobody */
    CHECK(judge_at(EVENT, "application/json", NOW) == SLK_GATE_ANSWER && it.answer.status == 200);
    for (int i = 0; i < 2; i++) {
        CHECK(post("/slack/events", EVENT) == SLK_GATE_ANSWER && it.answer.status == 200);
    }
    it.gate->settle(it.gate);
    CHECK(post("/slack/events", EVENT) == SLK_GATE_ANSWER && it.answer.status == 503);
    CHECK(post("/slack/events", "{\"type\":\"url_verification\",\"challenge\":\"c\"}") ==
          SLK_GATE_ANSWER);
    CHECK(it.answer.status == 200 && is(it.answer.body, "c"));
    CHECK(stats().crowded == 2 && slk_mailbox_load(it.deliveries).count == 3);
    drop(take());
    it.request.number = 44;
    CHECK(post("/slack/events", EVENT) == SLK_GATE_OWED); /* half full: Lua says when */
    it.gate->settle(it.gate);
    drop(take());
    drop(take());
    struct slk_delivery_message *held = take();
    CHECK(held->request == it.request.number);
    drop(held);
    CHECK(post("/slack/events", EVENT) == SLK_GATE_ANSWER && it.answer.status == 200);
    stop();
}

static enum slk_ack_fate fate_of(uint64_t number)
{
    struct slk_ack_message *notice = (struct slk_ack_message *)slk_mailbox_take(it.notices);
    CHECK(notice != NULL && notice->message.kind == SLK_MESSAGE_ACK);
    CHECK(notice->message.source == 7 && notice->ack_token == number);
    enum slk_ack_fate fate = notice->fate;
    notice->message.destroy(&notice->message);
    return fate;
}

static void tells_what_became_of_an_answer(void)
{
    start(false);
    it.answer = (struct slk_gate_answer){0};
    it.gate->lost(it.gate, 5, SLK_GATE_DEADLINE, &it.answer);
    CHECK(it.answer.status == 200 && it.answer.body.length == 0 && *it.answer.headers == '\0');
    CHECK(fate_of(5) == SLK_ACK_DEADLINE);
    it.gate->lost(it.gate, 6, SLK_GATE_GONE, &it.answer);
    CHECK(fate_of(6) == SLK_ACK_GONE);
    CHECK(stats().deadlines == 1 && stats().gone == 1);
    stop();
}

static void settles_all_at_once_in_order(void)
{
    start(false);
    CHECK(post("/slack/events", COMMAND) == SLK_GATE_OWED);
    CHECK(post("/slack/events", EVENT) == SLK_GATE_ANSWER);
    CHECK(slk_mailbox_load(it.deliveries).count == 0);
    it.gate->lost(it.gate, 42, SLK_GATE_GONE, &it.answer); /* is told of after the request */
    CHECK(slk_mailbox_load(it.deliveries).count == 2);
    it.gate->settle(it.gate);
    struct slk_delivery_message *delivery = take();
    CHECK(delivery->kind == SLK_DELIVERY_COMMAND);
    drop(delivery);
    delivery = take();
    CHECK(delivery->kind == SLK_DELIVERY_EVENT);
    drop(delivery);
    CHECK(fate_of(42) == SLK_ACK_GONE);
    CHECK(post("/slack/events", EVENT) == SLK_GATE_ANSWER); /* goes with the receiver */
    stop();
}

static void measures_answers(void)
{
    start(false);
    it.gate->answered(it.gate, 1, SLK_MS(1));
    it.gate->answered(it.gate, 2, SLK_MS(1) + 1);
    it.gate->answered(it.gate, 3, SLK_SECONDS(100));
    struct slk_latency latency = stats().ack_latency;
    CHECK(latency.count == 3 && latency.sum == (uint64_t)(SLK_MS(2) + 1 + SLK_SECONDS(100)));
    CHECK(latency.buckets[0] == 1 && latency.buckets[1] == 2);
    CHECK(latency.buckets[SLK_LATENCY_BUCKETS - 1] == 2);
    CHECK(post("/slack/events", EVENT) == SLK_GATE_ANSWER);
    CHECK(stats().ack_latency.count == 4);
    stop();
}

static int count_lines(const char *part)
{
    int count = 0;
    struct slk_message *message;
    while ((message = slk_mailbox_take(it.lines)) != NULL) {
        const struct slk_log_message *line = (const struct slk_log_message *)message;
        CHECK(memmem(line->text, line->length, "secret-word", 11) == NULL);
        count += memmem(line->text, line->length, part, strlen(part)) != NULL;
        message->destroy(message);
    }
    return count;
}

static void logs_a_line_in_ten_seconds(void)
{
    start(false);
    prepare("POST", "/slack/events", "secret-word");
    int64_t first = it.request.received;
    for (int i = 0; i < 5; i++) {
        it.request.received = first + SLK_SECONDS(i);
        answers(judge("X-Slack-Signature: secret-word\r\n"), 401);
        answers(judge_at("secret-word", "secret-word/secret-word", NOW), 400);
    }
    CHECK(count_lines("refused") == 2);
    it.request.received = first + SLK_SECONDS(10);
    answers(judge("X-Slack-Signature: secret-word\r\n"), 401);
    CHECK(count_lines("refused 5 requests, the last with 401") == 1);
    answers(judge("X-Slack-Signature: secret-word\r\n"), 401);
    CHECK(count_lines("refused") == 0);
    CHECK(stats().unsigned_ == 7 && stats().malformed == 5);
    stop();
}

static void needs_secrets(void)
{
    struct slk_text secret = {"", 0};
    struct slk_receiver_path path = {"/", SLK_DELIVERY_EVENT};
    struct slk_http_receiver_settings settings = {.paths = &path, .path_count = 1};
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct slk_error err;
    CHECK(slk_http_receiver_create(&settings, NULL, mailbox, mailbox, 1, &err) == NULL);
    settings.secrets = &secret;
    settings.secret_count = 1;
    CHECK(slk_http_receiver_create(&settings, NULL, mailbox, mailbox, 1, &err) == NULL);
    CHECK(strcmp(err.code, "secret") == 0);
    slk_mailbox_release(mailbox);
}

int main(void)
{
    delivers_each_kind();
    holds_events_when_told();
    passes_what_is_no_path_of_its_own();
    keeps_to_the_time();
    takes_any_of_its_secrets();
    turns_away_what_does_not_fit();
    tells_what_became_of_an_answer();
    settles_all_at_once_in_order();
    measures_answers();
    logs_a_line_in_ten_seconds();
    needs_secrets();
    return 0;
}
