/* The inbox between a receiver that only counts and a store that answers when it is let:
 * what becomes of what is put. Sockets are in spec/inbox_core_spec.lua. */
#include "inbox.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "put_queue.h"
#include "shifted_clock.h"

/* A store that does with a batch what the test says, when it says so. */
struct gate_backend {
    struct slk_storage_backend backend;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    bool is_running, is_open;
    int permits;                      /* batches that are run though it is not open */
    enum slk_storage_outcome outcome; /* TEXT: of those that ask to be taken, else TRUE */
    int batches, jobs, taking;
    char key[512], meta[512], order[64], body[64]; /* of the latest job */
    int64_t remembered;
};

static struct fixture {
    struct slk_mailbox *events, *notices, *lines, *stored;
    struct slk_log *log;
    struct gate_backend *store;
    struct slk_storage *storage;
    struct slk_inbox *inbox;
    struct slk_put_queue *queue;
} it;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int wakes, releases, destroyed;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void copy(char *to, size_t size, struct slk_text from)
{
    snprintf(to, size, "%.*s", (int)from.length, from.data);
}

static void decide(struct gate_backend *gate, struct slk_storage_job *job)
{
    const struct slk_storage_request *request = &job->request;
    gate->jobs++;
    gate->taking += request->take;
    copy(gate->key, sizeof gate->key, request->key);
    copy(gate->meta, sizeof gate->meta, request->meta);
    copy(gate->order, sizeof gate->order, request->order);
    copy(gate->body, sizeof gate->body, request->value);
    gate->remembered = request->expires_at - request->now;
    CHECK(request->operation == SLK_INBOX_PUT);
    if (gate->outcome == SLK_STORED_FAILED) {
        slk_storage_job_fail(job, "disk_full", "the disk is full");
    } else if (gate->outcome == SLK_STORED_TEXT && request->take) {
        char id[32];
        int length = snprintf(id, sizeof id, "id%d", gate->jobs);
        slk_storage_job_give(job, id, (size_t)length);
    } else {
        slk_storage_job_decide(job, gate->outcome != SLK_STORED_FALSE);
    }
}

static struct slk_storage_job *run(struct slk_storage_backend *backend,
                                   struct slk_storage_job *first)
{
    struct gate_backend *gate = (struct gate_backend *)backend;
    pthread_mutex_lock(&gate->lock);
    gate->is_running = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open && gate->permits == 0) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    gate->permits -= !gate->is_open;
    gate->batches++;
    for (struct slk_storage_job *job = first; job != NULL; job = slk_storage_job_next(job)) {
        decide(gate, job);
    }
    pthread_mutex_unlock(&gate->lock);
    return NULL;
}

static void close_backend(struct slk_storage_backend *backend)
{
    struct gate_backend *gate = (struct gate_backend *)backend;
    pthread_mutex_destroy(&gate->lock);
    pthread_cond_destroy(&gate->changed);
    free(gate);
}

static void set_store(bool is_open, enum slk_storage_outcome outcome)
{
    pthread_mutex_lock(&it.store->lock);
    it.store->is_open = is_open;
    it.store->outcome = outcome;
    pthread_cond_broadcast(&it.store->changed);
    pthread_mutex_unlock(&it.store->lock);
}

static void permit_batch(void)
{
    pthread_mutex_lock(&it.store->lock);
    it.store->permits++;
    pthread_cond_broadcast(&it.store->changed);
    pthread_mutex_unlock(&it.store->lock);
}

static void wait_until_running(void)
{
    pthread_mutex_lock(&it.store->lock);
    while (!it.store->is_running) {
        pthread_cond_wait(&it.store->changed, &it.store->lock);
    }
    pthread_mutex_unlock(&it.store->lock);
}

static void wake(void *context)
{
    (void)context;
    pthread_mutex_lock(&seen.lock);
    seen.wakes++;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static void released(void *context)
{
    (void)context;
    pthread_mutex_lock(&seen.lock);
    seen.releases++;
    pthread_mutex_unlock(&seen.lock);
}

static void wait_for_wakes(int count)
{
    pthread_mutex_lock(&seen.lock);
    while (seen.wakes < count) {
        pthread_cond_wait(&seen.changed, &seen.lock);
    }
    pthread_mutex_unlock(&seen.lock);
}

static struct slk_inbox_settings settings_of(void)
{
    return (struct slk_inbox_settings){.takes = true,
                                       .remember = 600000,
                                       .deadline = SLK_SECONDS(60),
                                       .max_puts = 4,
                                       .max_bytes = 1000000};
}

static void start(const struct slk_inbox_settings *settings, size_t marks)
{
    struct slk_error err;
    seen.wakes = seen.releases = seen.destroyed = 0;
    it.events = slk_mailbox_create(marks, 0);
    it.notices = slk_mailbox_create(0, 0);
    it.lines = slk_mailbox_create(0, 0);
    it.stored = slk_mailbox_create(0, 0);
    it.log = slk_log_create(it.lines, 0, SLK_LOG_DEBUG);
    it.store = calloc(1, sizeof *it.store);
    it.store->backend.run = run;
    it.store->backend.close = close_backend;
    it.store->is_open = true;
    it.store->outcome = SLK_STORED_TEXT;
    pthread_mutex_init(&it.store->lock, NULL);
    pthread_cond_init(&it.store->changed, NULL);
    it.storage = slk_storage_create(&it.store->backend, it.stored, &err);
    it.inbox = slk_inbox_create(settings, it.storage, it.log, it.notices, 9, &err);
    struct slk_put_wake how = {wake, released, NULL};
    it.queue = slk_put_queue_create(it.inbox, it.events, &how);
    CHECK(it.storage != NULL && it.inbox != NULL && it.queue != NULL);
}

/* In the order of an app's end. */
static void stop(void)
{
    slk_put_queue_end(it.queue);
    slk_inbox_close(it.inbox);
    slk_inbox_release(it.inbox);
    slk_storage_destroy(it.storage);
    CHECK(seen.releases == 1);
    CHECK(slk_mailbox_take(it.stored) == NULL); /* what C asked for goes to C */
    slk_mailbox_close(it.lines);
    slk_log_release(it.log);
    slk_mailbox_release(it.lines);
    slk_mailbox_release(it.notices);
    slk_mailbox_release(it.events);
    slk_mailbox_release(it.stored);
    it = (struct fixture){0};
}

struct test_message {
    struct slk_message message;
    char *entry;
    char body[400];
};

static void destroy_message(struct slk_message *message)
{
    free(((struct test_message *)message)->entry);
    free(message);
    pthread_mutex_lock(&seen.lock);
    seen.destroyed++;
    pthread_mutex_unlock(&seen.lock);
}

/* What Slack's bodies begin with here: the id itself is found where they are read. */
static struct slk_text id_in(const char *body)
{
    static const char name[] = "{\"event_id\":\"";
    struct slk_text id = {NULL, 0};
    if (strncmp(body, name, sizeof name - 1) == 0) {
        id.data = body + sizeof name - 1;
        id.length = strcspn(id.data, "\"");
    }
    return id;
}

static void add_to(struct slk_put_queue *queue, enum slk_entry_kind kind, const char *body,
                   uint64_t place, int64_t age)
{
    struct test_message *message = calloc(1, sizeof *message);
    CHECK(message != NULL);
    message->message = (struct slk_message){
        .destroy = destroy_message, .kind = SLK_MESSAGE_ENVELOPE, .size = sizeof *message};
    snprintf(message->body, sizeof message->body, "%s", body);
    struct slk_put_request request = {
        .entry = {.kind = kind, .via = "socket", .body = {message->body, strlen(body)}},
        .received = slk_clock_now() - age,
        .event_id = id_in(body),
        .message = &message->message,
        .entry_id = &message->entry,
        .place = place,
        .ack_id = {"env", 3},
    };
    CHECK(slk_put_queue_add(queue, &request) == SLK_OK);
}

static void add_aged(enum slk_entry_kind kind, const char *body, uint64_t place, int64_t age)
{
    add_to(it.queue, kind, body, place, age);
}

static void add(const char *body, uint64_t place)
{
    add_aged(SLK_ENTRY_EVENT, body, place, 0);
}

static void put(const char *body)
{
    add(body, 1);
    CHECK(slk_put_queue_send(it.queue) == 1);
}

static struct slk_put *take_one(enum slk_put_fate fate)
{
    struct slk_put *one = slk_put_queue_take(it.queue);
    CHECK(one != NULL && one->next == NULL && one->fate == fate);
    return one;
}

static void expect_end(int wakes, enum slk_put_fate fate)
{
    wait_for_wakes(wakes);
    slk_put_destroy(take_one(fate));
}

static void expect_message(const char *entry)
{
    struct test_message *message = (struct test_message *)slk_mailbox_take(it.events);
    CHECK(message != NULL);
    CHECK(entry == NULL ? message->entry == NULL : strcmp(message->entry, entry) == 0);
    destroy_message(&message->message);
}

static int count_notices(void)
{
    int count = 0;
    for (struct slk_message *notice; (notice = slk_mailbox_take(it.notices)) != NULL; count++) {
        CHECK(notice->kind == SLK_MESSAGE_BACKLOG && notice->source == 9);
        notice->destroy(notice);
    }
    return count;
}

/* Whether a line was logged that holds the words; takes all lines. */
static int count_lines(const char *words)
{
    int count = 0;
    for (struct slk_message *line; (line = slk_mailbox_take(it.lines)) != NULL;) {
        count += strstr(((struct slk_log_message *)line)->text, words) != NULL;
        line->destroy(line);
    }
    return count;
}

static void what_is_taken_goes_to_lua_with_its_id_once_it_is_stored(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(false, SLK_STORED_TEXT);
    put("{\"event_id\":\"Ev1\"}");
    wait_until_running();
    CHECK(slk_put_queue_take(it.queue) == NULL && slk_put_queue_outstanding(it.queue) == 1);
    CHECK(slk_mailbox_take(it.events) == NULL && seen.wakes == 0);
    set_store(true, SLK_STORED_TEXT);
    wait_for_wakes(1);
    struct slk_put *one = take_one(SLK_PUT_STORED);
    CHECK(one->place == 1 && one->ack_id_length == 3 && memcmp(one->ack_id, "env", 3) == 0);
    slk_put_destroy(one);
    CHECK(slk_put_queue_outstanding(it.queue) == 0);
    CHECK(strcmp(it.store->key, "Ev1") == 0 && it.store->taking == 1);
    CHECK(strcmp(it.store->body, "{\"event_id\":\"Ev1\"}") == 0);
    CHECK(it.store->remembered == 600000);
    expect_message("id1");
    struct slk_inbox_stats stats = slk_inbox_stats(it.inbox);
    CHECK(stats.puts == 1 && stats.stored == 1 && stats.taken == 1 && stats.outstanding == 0);
    CHECK(stats.latency_count == 1 && stats.latency_max > 0 && !stats.is_behind);
    stop();
}

static void what_is_known_is_acked_and_not_handed_on(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(true, SLK_STORED_FALSE);
    put("{\"event_id\":\"Ev1\"}");
    expect_end(1, SLK_PUT_STORED);
    CHECK(slk_mailbox_take(it.events) == NULL && seen.destroyed == 1);
    CHECK(slk_inbox_stats(it.inbox).known == 1 && slk_inbox_stats(it.inbox).stored == 0);
    CHECK(count_notices() == 0);
    stop();
}

static void what_fails_is_not_acked_and_the_log_says_so_and_when_it_is_over(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(true, SLK_STORED_FAILED);
    for (int i = 1; i <= 3; i++) {
        put("{}");
        expect_end(i, SLK_PUT_FAILED);
    }
    CHECK(slk_mailbox_take(it.events) == NULL && seen.destroyed == 3);
    CHECK(slk_inbox_stats(it.inbox).failed == 3 && slk_inbox_stats(it.inbox).failing_since != 0);
    CHECK(count_lines("the disk is full") == 1);
    set_store(true, SLK_STORED_FALSE);
    put("{}");
    expect_end(4, SLK_PUT_STORED);
    CHECK(slk_inbox_stats(it.inbox).failing_since != 0); /* to know it was no storing */
    set_store(true, SLK_STORED_TEXT);
    put("{}");
    expect_end(5, SLK_PUT_STORED);
    CHECK(slk_inbox_stats(it.inbox).failing_since == 0);
    CHECK(count_lines("3 deliveries were not acked") == 1);
    set_store(true, SLK_STORED_FAILED); /* fails and works in turn: not a line for each */
    put("{}");
    expect_end(6, SLK_PUT_FAILED);
    set_store(true, SLK_STORED_TEXT);
    put("{}");
    expect_end(7, SLK_PUT_STORED);
    CHECK(slk_inbox_stats(it.inbox).failing_since == 0 && count_lines("") == 0);
    stop();
}

/* The first is on its way when three others come at once. */
static void what_ends_together_wakes_once(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(false, SLK_STORED_TEXT);
    put("{}");
    wait_until_running();
    add("{\"event_id\":\"Ev2\"}", 2);
    add("{\"event_id\":\"Ev3\"}", 3);
    add("{\"event_id\":\"Ev4\"}", 4);
    CHECK(slk_put_queue_send(it.queue) == 3);
    permit_batch();
    expect_end(1, SLK_PUT_STORED);
    permit_batch();
    wait_for_wakes(2);
    CHECK(it.store->batches == 2);
    struct slk_put *ended = slk_put_queue_take(it.queue);
    for (uint64_t place = 2; place <= 4; place++) {
        CHECK(ended != NULL && ended->place == place);
        struct slk_put *next = ended->next;
        slk_put_destroy(ended);
        ended = next;
    }
    CHECK(ended == NULL);
    slk_put_queue_end(it.queue);
    it.queue = NULL;
    slk_storage_close(it.storage);
    CHECK(seen.wakes == 2);
    stop();
}

static void what_comes_before_lua_has_looked_waits_in_the_store(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    put("{}");
    expect_end(1, SLK_PUT_STORED);
    CHECK(it.store->taking == 0 && slk_mailbox_take(it.events) == NULL);
    CHECK(slk_inbox_stats(it.inbox).is_behind);
    put("{}");
    expect_end(2, SLK_PUT_STORED);
    slk_put_queue_end(it.queue);
    it.queue = NULL;
    slk_storage_close(it.storage);
    CHECK(count_notices() == 1);
    stop();
}

static void a_crowded_mailbox_keeps_what_comes_in_the_store_until_lua_has_caught_up(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 2);
    slk_inbox_caught_up(it.inbox);
    put("{}");
    expect_end(1, SLK_PUT_STORED);
    put("{}");
    expect_end(2, SLK_PUT_STORED);
    CHECK(it.store->taking == 1 && slk_inbox_stats(it.inbox).is_behind);
    expect_message("id1");
    put("{}"); /* there is room again, but it must not overtake */
    expect_end(3, SLK_PUT_STORED);
    CHECK(it.store->taking == 1 && slk_mailbox_take(it.events) == NULL);
    slk_inbox_caught_up(it.inbox);
    put("{}");
    expect_end(4, SLK_PUT_STORED);
    CHECK(it.store->taking == 2);
    expect_message("id4");
    slk_put_queue_end(it.queue);
    it.queue = NULL;
    slk_storage_close(it.storage);
    CHECK(count_notices() == 1 && !slk_inbox_stats(it.inbox).is_behind);
    stop();
}

/* By the order of channels, for instance; the store says so. */
static void what_the_store_does_not_give_is_told_of_and_others_are_taken_on(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(true, SLK_STORED_TRUE);
    put("{}");
    expect_end(1, SLK_PUT_STORED);
    set_store(true, SLK_STORED_TEXT);
    put("{}");
    expect_end(2, SLK_PUT_STORED);
    expect_message("id2");
    slk_put_queue_end(it.queue);
    it.queue = NULL;
    slk_storage_close(it.storage);
    CHECK(count_notices() == 1);
    stop();
}

/* Where others may take it as well, claims wait for it. */
static void what_is_for_whoever_claims_it_is_not_told_of(void)
{
    struct slk_inbox_settings settings = settings_of();
    settings.takes = false;
    start(&settings, 0);
    CHECK(!slk_inbox_stats(it.inbox).is_behind);
    put("{}");
    expect_end(1, SLK_PUT_STORED);
    CHECK(it.store->taking == 0 && slk_mailbox_take(it.events) == NULL);
    slk_put_queue_end(it.queue);
    it.queue = NULL;
    slk_storage_close(it.storage);
    CHECK(count_notices() == 0 && !slk_inbox_stats(it.inbox).is_behind);
    stop();
}

static void what_is_stored_too_late_is_not_acked_and_yet_handled(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    add_aged(SLK_ENTRY_EVENT, "{}", 1, SLK_SECONDS(61));
    slk_put_queue_send(it.queue);
    expect_end(1, SLK_PUT_LATE);
    expect_message("id1");
    CHECK(slk_inbox_stats(it.inbox).late == 1 && slk_inbox_stats(it.inbox).stored == 1);
    CHECK(count_lines("too late") == 1);
    stop();
}

static void beyond_the_bound_nothing_may_come_until_half_of_it_has_ended(void)
{
    struct slk_inbox_settings settings = settings_of();
    settings.interactive = true;
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(false, SLK_STORED_TEXT);
    put("{}");
    wait_until_running();
    put("{}");
    put("{}");
    CHECK(!slk_put_queue_is_crowded(it.queue) && !slk_put_queue_is_over(it.queue));
    put("{}");
    CHECK(slk_put_queue_is_crowded(it.queue) && slk_put_queue_is_over(it.queue));
    CHECK(slk_put_queue_keeps(it.queue, SLK_ENTRY_EVENT));
    CHECK(!slk_put_queue_keeps(it.queue, SLK_ENTRY_COMMAND)); /* a person does not wait for that */
    CHECK(slk_inbox_stats(it.inbox).outstanding == 4);
    CHECK(slk_inbox_stats(it.inbox).outstanding_bytes > 4 * 400);
    set_store(true, SLK_STORED_TEXT);
    wait_for_wakes(1);
    slk_put_queue_end(it.queue);
    it.queue = NULL;
    slk_storage_close(it.storage);
    CHECK(slk_inbox_stats(it.inbox).outstanding == 0);
    CHECK(slk_inbox_stats(it.inbox).outstanding_bytes == 0);
    stop();
}

static void the_bound_is_one_of_bytes_too(void)
{
    struct slk_inbox_settings settings = settings_of();
    settings.max_puts = 1000;
    settings.max_bytes = 4000;
    start(&settings, 0);
    set_store(false, SLK_STORED_TEXT);
    int puts = 0;
    for (; !slk_put_queue_is_crowded(it.queue); puts++) {
        CHECK(puts < 10 && slk_inbox_stats(it.inbox).outstanding_bytes < 4000);
        put("{}");
    }
    CHECK(puts > 1 && slk_inbox_stats(it.inbox).outstanding_bytes >= 4000);
    CHECK(slk_put_queue_is_over(it.queue));
    set_store(true, SLK_STORED_TEXT);
    slk_storage_close(it.storage);
    CHECK(!slk_put_queue_is_over(it.queue));
    stop();
}

static void a_store_that_says_nothing_fails_since_it_last_did(void)
{
    struct slk_inbox_settings settings = settings_of();
    settings.deadline = 0;
    start(&settings, 0);
    set_store(false, SLK_STORED_TEXT);
    int64_t began = slk_clock_now();
    put("{}");
    wait_until_running();
    put("{}");
    int64_t since = slk_inbox_stats(it.inbox).failing_since, put_at = slk_clock_now();
    CHECK(since >= began && since <= put_at);
    permit_batch();
    expect_end(1, SLK_PUT_LATE);
    CHECK(slk_inbox_stats(it.inbox).failing_since >= put_at);
    set_store(true, SLK_STORED_TEXT);
    expect_end(2, SLK_PUT_LATE);
    CHECK(slk_inbox_stats(it.inbox).failing_since == 0);
    stop();
}

/* Whoever sends nothing to a receiver that is not ready has it try again in the end. */
static void a_failure_of_which_nothing_more_was_heard_is_none_after_a_while(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    set_store(true, SLK_STORED_FAILED);
    put("{}");
    expect_end(1, SLK_PUT_FAILED);
    int64_t since = slk_inbox_stats(it.inbox).failing_since;
    passed += SLK_SECONDS(29);
    CHECK(since != 0 && slk_inbox_stats(it.inbox).failing_since == since);
    passed += SLK_SECONDS(2);
    CHECK(slk_inbox_stats(it.inbox).failing_since == 0);
    put("{}");
    expect_end(2, SLK_PUT_FAILED);
    CHECK(slk_inbox_stats(it.inbox).failing_since == since);
    set_store(true, SLK_STORED_TEXT);
    put("{}");
    expect_end(3, SLK_PUT_STORED);
    CHECK(slk_inbox_stats(it.inbox).failing_since == 0);
    stop();
}

static void a_store_that_hangs_is_told_of_before_it_answers(void)
{
    struct slk_inbox_settings settings = settings_of();
    settings.interactive = true;
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(false, SLK_STORED_TEXT);
    CHECK(slk_inbox_watch(it.inbox, slk_clock_now()) == SLK_NEVER);
    int64_t began = slk_clock_now();
    put("{}");
    put("{}");
    int64_t due = slk_inbox_watch(it.inbox, slk_clock_now());
    CHECK(due > began + settings.deadline && due <= slk_clock_now() + settings.deadline + 1);
    CHECK(count_lines("") == 0 && slk_put_queue_keeps(it.queue, SLK_ENTRY_COMMAND));
    CHECK(slk_inbox_watch(it.inbox, due) > due);
    CHECK(slk_inbox_watch(it.inbox, due + SLK_SECONDS(1)) > due); /* says it once in ten seconds */
    CHECK(count_lines("the store has not answered for 60.0 s, and 2 deliveries wait for it: events "
                      "are not acked") == 1);
    CHECK(slk_inbox_stats(it.inbox).failing_since >= began);
    CHECK(!slk_put_queue_keeps(it.queue, SLK_ENTRY_COMMAND));
    set_store(true, SLK_STORED_TEXT);
    slk_storage_close(it.storage);
    CHECK(slk_inbox_watch(it.inbox, slk_clock_now()) == SLK_NEVER);
    CHECK(count_lines("storing works again") == 1);
    CHECK(slk_inbox_stats(it.inbox).failing_since == 0);
    stop();
}

static void count(void *context)
{
    ++*(int *)context;
}

/* Nothing of its own ends that would wake it. */
static void who_waits_for_room_that_others_take_up_is_told_of_it(void)
{
    struct slk_inbox_settings settings = settings_of();
    int told = 0;
    start(&settings, 0);
    struct slk_put_wake how = {count, released, &told};
    struct slk_put_queue *other = slk_put_queue_create(it.inbox, it.events, &how);
    set_store(false, SLK_STORED_TEXT);
    for (int i = 0; i < 4; i++) {
        put("{}");
    }
    CHECK(slk_put_queue_is_over(other));
    set_store(true, SLK_STORED_TEXT);
    slk_storage_close(it.storage);
    CHECK(told == 1 && !slk_put_queue_is_over(other));
    slk_put_queue_end(other);
    seen.releases = 0;
    stop();
}

static void what_needs_an_answer_goes_on_kept_or_not(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    CHECK(!slk_put_queue_keeps(it.queue, SLK_ENTRY_COMMAND));
    stop();
    settings.interactive = settings.order_by_channel = true;
    start(&settings, 0);
    CHECK(slk_put_queue_keeps(it.queue, SLK_ENTRY_COMMAND));
    add_aged(SLK_ENTRY_COMMAND, "{\"channel_id\":\"C1\"}", 0, SLK_SECONDS(61));
    slk_put_queue_send(it.queue);
    expect_end(1, SLK_PUT_STORED);
    expect_message("id1"); /* also while Lua is behind: it is of use to nobody else */
    CHECK(it.store->key[0] == '~' && it.store->order[0] == '\0');
    set_store(true, SLK_STORED_TRUE);
    add_aged(SLK_ENTRY_COMMAND, "{}", 0, 0);
    slk_put_queue_send(it.queue);
    expect_end(2, SLK_PUT_STORED);
    expect_message(NULL); /* also when the store does not give it */
    set_store(true, SLK_STORED_FAILED);
    add_aged(SLK_ENTRY_INTERACTION, "{}", 0, 0);
    slk_put_queue_send(it.queue);
    expect_end(3, SLK_PUT_FAILED);
    expect_message(NULL);
    CHECK(!slk_put_queue_keeps(it.queue, SLK_ENTRY_COMMAND)); /* for a while */
    CHECK(slk_put_queue_keeps(it.queue, SLK_ENTRY_EVENT));
    set_store(true, SLK_STORED_TEXT);
    put("{}");
    expect_end(4, SLK_PUT_STORED);
    CHECK(slk_put_queue_keeps(it.queue, SLK_ENTRY_COMMAND));
    stop();
}

static void what_has_no_id_gets_a_key_of_its_own(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    char first[sizeof it.store->key];
    put("{\"type\":\"app_rate_limited\"}");
    expect_end(1, SLK_PUT_STORED);
    memcpy(first, it.store->key, sizeof first);
    char body[400] = "{\"event_id\":\"";
    memset(body + strlen(body), 'E', 256);
    put(strcat(body, "\"}"));
    expect_end(2, SLK_PUT_STORED);
    CHECK(first[0] == '~' && it.store->key[0] == '~' && strcmp(first, it.store->key) != 0);
    stop();
}

static void order_is_by_the_channel_of_the_event(void)
{
    static const struct {
        const char *body, *order;
    } cases[] = {
        {"{\"event\":{\"channel\":\"C1\"}}", "C1"},
        {"{\"event\":{\"channel\":{\"id\":\"C2\"}}}", "C2"},
        {"{\"event\":{\"item\":{\"channel\":\"C3\"}}}", "C3"},
        {"{\"event\":{\"channel_id\":\"C4\"}}", "C4"},
        {"{\"event\":{\"assistant_thread\":{\"channel_id\":\"D5\"}}}", "D5"},
        {"{\"event\":{\"text\":\"\\\"channel\\\":\\\"C1\\\"\"}}", ""},
        {"{\"event\":{\"user\":\"U1\"}}", ""},
        {"{\"type\":\"app_rate_limited\"}", ""},
    };
    struct slk_inbox_settings settings = settings_of();
    settings.order_by_channel = true;
    start(&settings, 0);
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        put(cases[i].body);
        expect_end(i + 1, SLK_PUT_STORED);
        CHECK(strcmp(it.store->order, cases[i].order) == 0);
    }
    stop();
}

static void the_words_kept_beside_a_body(void)
{
    char meta[SLK_ENTRY_META];
    struct slk_entry entry = {.kind = SLK_ENTRY_EVENT, .via = "socket", .received = 1767610800123};
    meta[slk_entry_meta(&entry, meta)] = '\0';
    CHECK(strcmp(meta, "{\"kind\":\"event\",\"via\":\"socket\",\"received\":1767610800123}") == 0);
    entry.kind = SLK_ENTRY_COMMAND;
    entry.via = "http";
    entry.is_form = true;
    entry.retry_number = 2;
    entry.retry_reason = (struct slk_text){"http_\"timeout\\\n", 15};
    meta[slk_entry_meta(&entry, meta)] = '\0';
    CHECK(strcmp(meta, "{\"kind\":\"command\",\"form\":true,\"via\":\"http\",\"retry\":2,"
                       "\"reason\":\"http_timeout\",\"received\":1767610800123}") == 0);
    entry.body = (struct slk_text){"command\0/x\0channel_id\0C9\0", 25};
    struct slk_text channel = slk_entry_channel(&entry);
    CHECK(channel.length == 2 && memcmp(channel.data, "C9", 2) == 0);
}

/* The receiver and the inbox's owner go while the store still works. */
static void what_is_under_way_outlives_its_receiver(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_caught_up(it.inbox);
    set_store(false, SLK_STORED_TEXT);
    put("{}");
    wait_until_running();
    add("{}", 1); /* never put */
    slk_put_queue_end(it.queue);
    slk_inbox_close(it.inbox);
    slk_inbox_release(it.inbox);
    CHECK(seen.releases == 0);
    set_store(true, SLK_STORED_TEXT);
    slk_storage_destroy(it.storage);
    CHECK(seen.releases == 1 && seen.wakes == 0);
    expect_message("id1"); /* it was taken, so Lua has it */
    CHECK(seen.destroyed == 2);
    slk_mailbox_close(it.lines);
    slk_log_release(it.log);
    slk_mailbox_release(it.lines);
    slk_mailbox_release(it.notices);
    slk_mailbox_release(it.events);
    slk_mailbox_release(it.stored);
}

static void nothing_can_be_put_into_what_is_closed(void)
{
    struct slk_inbox_settings settings = settings_of();
    start(&settings, 0);
    slk_inbox_close(it.inbox);
    put("{}");
    expect_end(1, SLK_PUT_FAILED);
    CHECK(it.store->jobs == 0 && slk_inbox_stats(it.inbox).outstanding == 0);
    stop();
    start(&settings, 0);
    slk_storage_close(it.storage); /* in the wrong order: no harm */
    put("{}");
    expect_end(1, SLK_PUT_FAILED);
    CHECK(count_lines("closed") == 1);
    stop();
}

enum { RECEIVERS = 3, ROUNDS = 400, AT_ONCE = 3 };

struct receiver {
    pthread_t thread;
    struct slk_put_queue *queue;
    struct slk_mailbox *mailbox;
    int ended;
};

static int take_ended(struct slk_put_queue *queue)
{
    int count = 0;
    for (struct slk_put *put = slk_put_queue_take(queue), *next; put != NULL; put = next) {
        next = put->next;
        slk_put_destroy(put);
        count++;
    }
    return count;
}

/* Puts a few at a time, takes what has ended, and goes while some are under way. */
static void *receive(void *argument)
{
    struct receiver *receiver = argument;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < AT_ONCE; i++) {
            add_to(receiver->queue, SLK_ENTRY_EVENT, "{}", 1, 0);
        }
        slk_put_queue_send(receiver->queue);
        (void)slk_put_queue_is_over(receiver->queue);
        receiver->ended += take_ended(receiver->queue);
    }
    return NULL;
}

/* Lua's part, as long as they go on. */
static void handle(struct receiver receivers[])
{
    while (slk_inbox_stats(it.inbox).puts < RECEIVERS * ROUNDS * AT_ONCE) {
        for (int i = 0; i < RECEIVERS; i++) {
            for (struct slk_message *one; (one = slk_mailbox_take(receivers[i].mailbox)) != NULL;) {
                one->destroy(one);
            }
        }
        slk_inbox_caught_up(it.inbox);
        sched_yield();
    }
}

static void many_receivers_put_at_once(void)
{
    struct slk_inbox_settings settings = settings_of();
    struct receiver receivers[RECEIVERS] = {{.ended = 0}};
    settings.max_puts = 100;
    start(&settings, 1000);
    struct slk_put_queue *queue = it.queue;
    for (int i = 0; i < RECEIVERS; i++) {
        struct slk_put_wake how = {wake, released, NULL};
        receivers[i].mailbox = slk_mailbox_create(1000, 0);
        receivers[i].queue = slk_put_queue_create(it.inbox, receivers[i].mailbox, &how);
        CHECK(pthread_create(&receivers[i].thread, NULL, receive, &receivers[i]) == 0);
    }
    handle(receivers);
    for (int i = 0; i < RECEIVERS; i++) {
        pthread_join(receivers[i].thread, NULL);
        slk_put_queue_end(receivers[i].queue);
    }
    slk_storage_close(it.storage);
    struct slk_inbox_stats stats = slk_inbox_stats(it.inbox);
    CHECK(stats.puts == RECEIVERS * ROUNDS * AT_ONCE && stats.stored == stats.puts);
    CHECK(stats.outstanding == 0 && stats.outstanding_bytes == 0);
    for (int i = 0; i < RECEIVERS; i++) {
        CHECK(receivers[i].ended <= ROUNDS * AT_ONCE);
        slk_mailbox_release(receivers[i].mailbox);
    }
    CHECK(seen.destroyed == RECEIVERS * ROUNDS * AT_ONCE);
    CHECK(seen.releases == RECEIVERS);
    seen.releases = 0;
    it.queue = queue;
    stop();
}

int main(void)
{
    what_is_taken_goes_to_lua_with_its_id_once_it_is_stored();
    what_is_known_is_acked_and_not_handed_on();
    what_fails_is_not_acked_and_the_log_says_so_and_when_it_is_over();
    what_ends_together_wakes_once();
    what_comes_before_lua_has_looked_waits_in_the_store();
    a_crowded_mailbox_keeps_what_comes_in_the_store_until_lua_has_caught_up();
    what_the_store_does_not_give_is_told_of_and_others_are_taken_on();
    what_is_for_whoever_claims_it_is_not_told_of();
    what_is_stored_too_late_is_not_acked_and_yet_handled();
    beyond_the_bound_nothing_may_come_until_half_of_it_has_ended();
    the_bound_is_one_of_bytes_too();
    a_store_that_says_nothing_fails_since_it_last_did();
    a_store_that_hangs_is_told_of_before_it_answers();
    a_failure_of_which_nothing_more_was_heard_is_none_after_a_while();
    who_waits_for_room_that_others_take_up_is_told_of_it();
    what_needs_an_answer_goes_on_kept_or_not();
    what_has_no_id_gets_a_key_of_its_own();
    order_is_by_the_channel_of_the_event();
    the_words_kept_beside_a_body();
    what_is_under_way_outlives_its_receiver();
    nothing_can_be_put_into_what_is_closed();
    many_receivers_put_at_once();
    return 0;
}
