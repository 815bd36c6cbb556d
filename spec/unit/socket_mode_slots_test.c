/* When the next attempt at a connection comes and what the log has of it, where Slack is not
 * reached for long: a keeper without a network, in made-up time. What goes over a network is in
 * spec/socket_mode_slots_spec.lua. */
#include "socket_mode_slots.h"

#include <string.h>

#include "check.h"
#include "shifted_clock.h"

#define LONGEST_UNREACHED SLK_SECONDS(10)
#define MAXIMUM           SLK_SECONDS(60)

static struct fixture {
    struct slk_mailbox *notices, *events, *lines;
    struct slk_log *log;
    struct slk_keeper keeper;
    uint64_t asked; /* the attempt that waits for its URL; 0: none */
    int calls, warnings, infos;
    char last_line[512];
} it;

static int ask(void *context, uint64_t connection, bool fresh, uint64_t *request)
{
    (void)context, (void)fresh;
    it.asked = *request = connection;
    it.calls++;
    return SLK_OK;
}

static void cancel(void *context, uint64_t request)
{
    (void)context, (void)request;
    it.asked = 0;
}

static void set_up(void)
{
    memset(&it, 0, sizeof it);
    it.notices = slk_mailbox_create(0, 0);
    it.events = slk_mailbox_create(0, 0);
    it.lines = slk_mailbox_create(0, 0);
    it.log = slk_log_create(it.lines, 0, SLK_LOG_INFO);
    it.keeper = (struct slk_keeper){
        .settings = {.protocol = slk_socket_mode_protocol(),
                     .connections = 1,
                     .backoff_first = SLK_MS(500),
                     .backoff_maximum = MAXIMUM,
                     .stable_after = SLK_SECONDS(60),
                     .open_timeout = SLK_SECONDS(15)},
        .log = it.log,
        .notices = it.notices,
        .events = it.events,
        .open = ask,
        .cancel = cancel,
    };
    CHECK(slk_keeper_init(&it.keeper) == SLK_OK);
    slk_keeper_begin(&it.keeper, NULL);
    slk_keeper_tick(&it.keeper, slk_clock_now());
    CHECK(it.asked == 1);
}

static void tear_down(void)
{
    slk_keeper_free(&it.keeper);
    slk_log_release(it.log);
    slk_mailbox_close(it.notices);
    slk_mailbox_close(it.events);
    slk_mailbox_close(it.lines);
    slk_mailbox_release(it.notices);
    slk_mailbox_release(it.events);
    slk_mailbox_release(it.lines);
}

static void read_log(void)
{
    struct slk_message *message;
    while ((message = slk_mailbox_take(it.lines)) != NULL) {
        const struct slk_log_message *line = (struct slk_log_message *)message;
        it.warnings += line->level == SLK_LOG_WARN;
        it.infos += line->level == SLK_LOG_INFO;
        snprintf(it.last_line, sizeof it.last_line, "%s", line->text);
        message->destroy(message);
    }
}

static void forget_notices(void)
{
    struct slk_message *message;
    while ((message = slk_mailbox_take(it.notices)) != NULL) {
        message->destroy(message);
    }
}

/* What is under way fails so. Nanoseconds until the next attempt. */
static int64_t fail_asking(const char *code, int64_t retry_after)
{
    struct slk_open_answer answer = {.outcome = SLK_OPEN_RETRY, .retry_after = retry_after};
    slk_error_set(&answer.error, code, "it failed: %s", code);
    CHECK(it.asked != 0);
    uint64_t attempt = it.asked;
    it.asked = 0;
    slk_slots_opened(&it.keeper, attempt, &answer);
    read_log();
    forget_notices();
    struct slk_sm_connection *next = it.keeper.slots[0].next;
    CHECK(next != NULL && next->state == SLK_CONNECTION_WAITING);
    return next->due - slk_clock_now();
}

/* To the next attempt, which begins then and not before. */
static void pass_wait(void)
{
    int calls = it.calls;
    int64_t due = it.keeper.slots[0].next->due;
    CHECK(slk_keeper_tick(&it.keeper, due - 1) <= due && it.calls == calls);
    int64_t left = due - slk_clock_now();
    passed += left > 0 ? left : 0;
    slk_keeper_tick(&it.keeper, slk_clock_now());
    CHECK(it.calls == calls + 1 && it.asked != 0);
}

/* As if it had been connected and hello had come. */
static void be_ready(void)
{
    struct slk_slot *slot = &it.keeper.slots[0];
    CHECK(it.asked != 0);
    it.asked = 0;
    slk_slots_take_over(&it.keeper, slot, slk_clock_now());
    slot->serving->closing = true; /* there is no socket for a goodbye */
    read_log();
    forget_notices();
}

/* -- How long it waits ----------------------------------------------------------- */

static void waits_ten_seconds_at_most_where_slack_is_not_reached(void)
{
    static const char *const codes[] = {"connection", "dns", "proxy", "timeout", "tls"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        set_up();
        int64_t longest = 0;
        for (int attempt = 0; attempt < 40; attempt++) {
            int64_t wait = fail_asking(codes[i], 0);
            CHECK(wait <= LONGEST_UNREACHED);
            CHECK(attempt < 14 || wait >= LONGEST_UNREACHED / 2 - SLK_SECONDS(1));
            longest = wait > longest ? wait : longest;
            pass_wait();
        }
        CHECK(longest > LONGEST_UNREACHED / 2);
        tear_down();
    }
}

static void waits_up_to_a_minute_where_slack_refuses(void)
{
    set_up();
    int64_t wait = 0;
    for (int attempt = 0; attempt < 30; attempt++) {
        wait = fail_asking("http", 0);
        CHECK(wait <= MAXIMUM);
        pass_wait();
    }
    CHECK(wait > LONGEST_UNREACHED * 2);
    /* Of both kinds in turn, each waits as is due to it. */
    CHECK(fail_asking("dns", 0) <= LONGEST_UNREACHED);
    pass_wait();
    CHECK(fail_asking("http", 0) > LONGEST_UNREACHED * 2);
    tear_down();
}

static void tries_again_at_once_after_the_first_failure(void)
{
    set_up();
    CHECK(fail_asking("connection", 0) <= 0);
    pass_wait();
    CHECK(fail_asking("connection", 0) > 0);
    tear_down();
}

static void waits_as_long_as_slack_asks_for_and_an_hour_at_most(void)
{
    set_up();
    int64_t wait = fail_asking("http", SLK_SECONDS(300));
    CHECK(wait > SLK_SECONDS(299) && wait <= SLK_SECONDS(300));
    pass_wait();
    wait = fail_asking("http", SLK_SECONDS(1000000));
    CHECK(wait > SLK_SECONDS(3599) && wait <= SLK_SECONDS(3600));
    tear_down();
}

/* -- What the log has ------------------------------------------------------------ */

static void warns_of_what_goes_on_once_each_half_minute(void)
{
    set_up();
    int64_t began = slk_clock_now(), told = 0;
    int count = 0;
    while (slk_clock_now() - began < SLK_SECONDS(600)) {
        int before = it.warnings;
        fail_asking("connection", 0);
        CHECK(it.warnings - before == 1 || (count >= 2 && it.warnings == before));
        if (it.warnings > before) {
            int64_t now = slk_clock_now();
            CHECK(count < 2 || now - told >= SLK_SECONDS(30)); /* the first two are news */
            CHECK(count < 2 || now - told <= SLK_SECONDS(30) + LONGEST_UNREACHED);
            told = now;
            count++;
        }
        pass_wait();
    }
    CHECK(count >= 14 && count <= 22);
    CHECK(strstr(it.last_line, "(no connection for 5") != NULL ||
          strstr(it.last_line, "(no connection for 6") != NULL);
    tear_down();
}

static void warns_at_once_where_it_fails_in_another_way(void)
{
    set_up();
    fail_asking("connection", 0);
    pass_wait();
    fail_asking("connection", 0);
    pass_wait();
    int before = it.warnings;
    fail_asking("connection", 0);
    CHECK(it.warnings == before);
    pass_wait();
    fail_asking("dns", 0);
    CHECK(it.warnings == before + 1 && strstr(it.last_line, "it failed: dns") != NULL);
    tear_down();
}

/* As where packets that go nowhere are answered by a router now and then. */
static void warns_no_more_often_of_kinds_that_take_turns(void)
{
    static const char *const codes[] = {"timeout", "connection", "dns"};
    set_up();
    fail_asking("closed", 0);
    int64_t began = slk_clock_now();
    for (int attempt = 0; slk_clock_now() - began < SLK_SECONDS(600); attempt++) {
        pass_wait();
        fail_asking(codes[attempt % 3], 0);
    }
    CHECK(it.warnings >= 1 + 3 * 10 && it.warnings <= 1 + 3 * 20);
    tear_down();
}

static void tells_once_when_it_is_over_and_begins_anew(void)
{
    set_up();
    fail_asking("connection", 0);
    for (int attempt = 0; attempt < 10; attempt++) {
        pass_wait();
        fail_asking("connection", 0);
    }
    pass_wait();
    int warnings = it.warnings, infos = it.infos;
    be_ready();
    CHECK(it.infos == infos + 1 && it.warnings == warnings);
    CHECK(strstr(it.last_line, " is ready after ") != NULL);
    passed += SLK_SECONDS(100);
    struct slk_error error;
    slk_error_set(&error, "closed", "Slack hung up");
    slk_slots_lose(&it.keeper, &it.keeper.slots[0], it.keeper.slots[0].serving, &error);
    read_log();
    forget_notices();
    CHECK(it.warnings == warnings + 1 && strstr(it.last_line, "Slack hung up; next") != NULL);
    tear_down();
}

int main(void)
{
    waits_ten_seconds_at_most_where_slack_is_not_reached();
    waits_up_to_a_minute_where_slack_refuses();
    tries_again_at_once_after_the_first_failure();
    waits_as_long_as_slack_asks_for_and_an_hour_at_most();
    warns_of_what_goes_on_once_each_half_minute();
    warns_at_once_where_it_fails_in_another_way();
    warns_no_more_often_of_kinds_that_take_turns();
    tells_once_when_it_is_over_and_begins_anew();
    return 0;
}
