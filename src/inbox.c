#include "inbox.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "clock.h"
#include "inbox_tally.h"

#define MAX_KEY 255
#define FAILING SLK_SECONDS(5)

struct slk_inbox {
    atomic_uint references;
    struct slk_inbox_settings settings; /* these do not change after create */
    struct slk_storage *storage;
    struct slk_log *log;
    struct slk_mailbox *notices;
    uint32_t source;
    uint64_t process; /* random: begins the keys of what has none */

    atomic_ullong last_key;
    atomic_size_t outstanding, outstanding_bytes;
    atomic_bool closed;
    atomic_bool is_behind;
    atomic_bool told;              /* of the backlog, since Lua had caught up */
    atomic_bool held_back;         /* clients wait to be told of room */
    _Atomic int64_t failing_until; /* the store is not tried with what a person waits for */

    struct slk_inbox_tally tally;

    pthread_mutex_t clients_lock; /* guards the clients; held while they are told of room */
    struct slk_inbox_client *clients;
};

/* What became of puts that ended together. */
struct ending {
    struct slk_put *first, **last;
    size_t count, bytes;
    struct slk_inbox_outcomes outcomes;
};

/* -- Puts ------------------------------------------------------------------- */

static int64_t wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void jobs_done(struct slk_storage_job *first);

static struct slk_storage_job *make_job(struct slk_inbox *inbox, const struct slk_entry *entry,
                                        struct slk_text event_id, int64_t now)
{
    char meta[SLK_ENTRY_META], unique[64];
    struct slk_storage_request request = {
        .operation = SLK_INBOX_PUT,
        .now = now,
        .expires_at = now + inbox->settings.remember,
        .key = event_id,
        .order = {"", 0},
    };
    if (event_id.length == 0 || event_id.length > MAX_KEY) {
        int length = snprintf(unique, sizeof unique, "~%016" PRIx64 "-%llu", inbox->process,
                              atomic_fetch_add(&inbox->last_key, 1) + 1);
        request.key = (struct slk_text){unique, (size_t)length};
    }
    /* The answer to a person must not wait for what came before. */
    if (inbox->settings.order_by_channel && entry->kind == SLK_ENTRY_EVENT) {
        request.order = slk_entry_channel(entry);
    }
    request.meta = (struct slk_text){meta, slk_entry_meta(entry, meta)};
    struct slk_storage_job *job = slk_storage_job_create(&request, 0, 0);
    if (job != NULL) {
        job->request.value = entry->body; /* not copied: the message outlives the job */
        job->done = jobs_done;
        job->context = inbox;
    }
    return job;
}

struct slk_put *slk_put_create(struct slk_inbox *inbox, struct slk_inbox_client *client,
                               const struct slk_put_request *request)
{
    int64_t now = wall_clock();
    struct slk_entry entry = request->entry;
    entry.received = now - (slk_clock_now() - request->received) / SLK_MS(1);
    struct slk_put *put = malloc(sizeof *put + request->ack_id.length);
    struct slk_storage_job *job =
        put != NULL ? make_job(inbox, &entry, request->event_id, now) : NULL;
    if (job == NULL) {
        free(put);
        return NULL;
    }
    *put = (struct slk_put){
        .client = client,
        .job = job,
        .message = request->message,
        .entry_id = request->entry_id,
        .kind = entry.kind,
        .received = request->received,
        .size = request->message->size + job->message.size + sizeof *put,
        .place = request->place,
        .ack_id_length = request->ack_id.length,
    };
    if (request->ack_id.length > 0) {
        memcpy(put->ack_id, request->ack_id.data, request->ack_id.length);
    }
    job->id = (uintptr_t)put;
    client->retain(client);
    return put;
}

void slk_put_destroy(struct slk_put *put)
{
    if (put != NULL) {
        slk_storage_job_destroy(put->job);
        if (put->message != NULL) {
            put->message->destroy(put->message);
        }
        put->client->release(put->client);
        free(put);
    }
}

/* -- What has ended ---------------------------------------------------------- */

static bool is_half_full(const struct slk_inbox *inbox)
{
    return atomic_load(&inbox->outstanding) > inbox->settings.max_puts / 2 ||
           atomic_load(&inbox->outstanding_bytes) > inbox->settings.max_bytes / 2;
}

static bool is_event(const struct slk_put *put)
{
    return put->kind == SLK_ENTRY_EVENT;
}

/* The message goes on with the id of its entry, which is the job's text. */
static void give_id(struct slk_put *put, struct slk_storage_job *job)
{
    if (slk_buffer_append(&job->text, "", 1) == SLK_OK) {
        *put->entry_id = job->text.data;
        slk_buffer_init(&job->text, 0);
    }
}

static void destroy_message(struct slk_put *put)
{
    put->message->destroy(put->message);
    put->message = NULL;
}

static void end_stored(struct slk_inbox_outcomes *outcomes, struct slk_put *put,
                       struct slk_storage_job *job, int64_t deadline)
{
    bool is_late = is_event(put) && outcomes->now - put->received > deadline;
    put->fate = is_late ? SLK_PUT_LATE : SLK_PUT_STORED;
    slk_inbox_outcomes_add(outcomes, job->outcome, outcomes->now - put->received, is_late);
    if (job->outcome == SLK_STORED_TEXT) {
        give_id(put, job);
    } else if (is_event(put)) {
        destroy_message(put); /* others wait for an answer, kept or not */
    }
}

/* What needs an answer goes on to Lua all the same. */
static void end_failed(struct slk_inbox_outcomes *outcomes, struct slk_put *put,
                       struct slk_text words)
{
    put->fate = SLK_PUT_FAILED;
    slk_inbox_outcomes_add_failure(outcomes, words);
    if (is_event(put)) {
        destroy_message(put);
    }
}

static void add_ended(struct ending *ending, struct slk_put *put)
{
    ending->count++;
    ending->bytes += put->size;
    put->next = NULL;
    *ending->last = put;
    ending->last = &put->next;
}

static void tell_backlog(struct slk_inbox *inbox)
{
    if (!inbox->settings.takes || atomic_exchange(&inbox->told, true)) {
        return;
    }
    struct slk_backlog_message *notice = malloc(sizeof *notice);
    if (notice == NULL) {
        atomic_store(&inbox->told, false); /* the next one tells */
        return;
    }
    *notice = (struct slk_backlog_message){.message = {.destroy = slk_message_free,
                                                       .kind = SLK_MESSAGE_BACKLOG,
                                                       .source = inbox->source,
                                                       .size = sizeof *notice}};
    slk_mailbox_push(inbox->notices, &notice->message);
}

/* Cuts off what is of the client of the first, and returns the rest. */
static struct slk_put *cut_client(struct slk_put *first)
{
    struct slk_put *last = first;
    while (last->next != NULL && last->next->client == first->client) {
        last = last->next;
    }
    struct slk_put *rest = last->next;
    last->next = NULL;
    return rest;
}

static struct slk_message *take_messages(struct slk_put *first)
{
    struct slk_message *messages = NULL, **last = &messages;
    for (struct slk_put *put = first; put != NULL; put = put->next) {
        if (put->message != NULL) {
            put->message->next = NULL;
            *last = put->message;
            last = &put->message->next;
            put->message = NULL;
        }
    }
    return messages;
}

/* Lua's part first: it has a way to go. */
static void hand_out(struct slk_put *first)
{
    while (first != NULL) {
        struct slk_put *rest = cut_client(first);
        struct slk_inbox_client *client = first->client;
        client->retain(client);
        slk_mailbox_push(client->mailbox, take_messages(first));
        client->ended(client, first);
        client->release(client);
        first = rest;
    }
}

static void tell_room(struct slk_inbox *inbox)
{
    if (!atomic_load(&inbox->held_back) || is_half_full(inbox) ||
        !atomic_exchange(&inbox->held_back, false)) {
        return;
    }
    pthread_mutex_lock(&inbox->clients_lock);
    struct slk_inbox_client *client = inbox->clients;
    for (; client != NULL; client = client->next) {
        client->ended(client, NULL);
    }
    pthread_mutex_unlock(&inbox->clients_lock);
}

static void begin_ending(struct ending *ending)
{
    *ending = (struct ending){.outcomes.now = slk_clock_now()};
    ending->last = &ending->first;
}

static void note_failure(struct slk_inbox *inbox, const struct slk_inbox_outcomes *outcomes)
{
    if (outcomes->failed > 0) {
        atomic_store(&inbox->failing_until, outcomes->now + FAILING);
    } else if (outcomes->stored > 0) {
        atomic_store(&inbox->failing_until, 0);
    }
}

static void end_all(struct slk_inbox *inbox, struct ending *ending)
{
    note_failure(inbox, &ending->outcomes);
    atomic_fetch_sub(&inbox->outstanding, ending->count);
    atomic_fetch_sub(&inbox->outstanding_bytes, ending->bytes);
    slk_inbox_tally_note(&inbox->tally, &ending->outcomes, inbox->log);
    if (ending->outcomes.stored > ending->outcomes.taken) {
        tell_backlog(inbox);
    }
    hand_out(ending->first);
    tell_room(inbox);
}

/* Storage thread. */
static void jobs_done(struct slk_storage_job *first)
{
    struct slk_inbox *inbox = first->context;
    struct ending ending;
    begin_ending(&ending);
    slk_inbox_retain(inbox); /* the last client may go with its last put */
    for (struct slk_storage_job *job = first, *next; job != NULL; job = next) {
        struct slk_put *put = (struct slk_put *)(uintptr_t)job->id;
        next = slk_storage_job_next(job);
        if (job->outcome == SLK_STORED_FAILED) {
            end_failed(&ending.outcomes, put, (struct slk_text){job->text.data, job->text.length});
        } else {
            end_stored(&ending.outcomes, put, job, inbox->settings.deadline);
        }
        add_ended(&ending, put);
        slk_storage_job_destroy(job);
    }
    end_all(inbox, &ending);
    slk_inbox_release(inbox);
}

/* -- Putting ------------------------------------------------------------------ */

static void refuse(struct slk_inbox *inbox, struct slk_put *first)
{
    static const char words[] = "the store is closed";
    struct ending ending;
    begin_ending(&ending);
    for (struct slk_put *put = first, *next; put != NULL; put = next) {
        next = put->next;
        end_failed(&ending.outcomes, put, (struct slk_text){words, sizeof words - 1});
        add_ended(&ending, put);
    }
    end_all(inbox, &ending);
}

/* Whether Lua keeps up with what is put now; if not, what comes stays in the store
 * until Lua says that it has caught up. */
static bool may_take(struct slk_inbox *inbox, const struct slk_put *put, size_t count, size_t bytes)
{
    if (!inbox->settings.takes || atomic_load(&inbox->is_behind)) {
        return false;
    }
    if (slk_mailbox_has_room(put->client->mailbox, count, bytes)) {
        return true;
    }
    atomic_store(&inbox->is_behind, true);
    return false;
}

/* Links the jobs of the puts, which are theirs from now on. */
static struct slk_storage_job *link_jobs(struct slk_inbox *inbox, struct slk_put *first)
{
    struct slk_message *jobs = NULL, **last = &jobs;
    size_t count = 0, bytes = 0;
    for (struct slk_put *put = first; put != NULL; put = put->next) {
        count++;
        bytes += put->size;
        *last = &put->job->message;
        last = &put->job->message.next;
    }
    size_t under_way = atomic_fetch_add(&inbox->outstanding, count);
    size_t bytes_under_way = atomic_fetch_add(&inbox->outstanding_bytes, bytes);
    bool takes = may_take(inbox, first, under_way + count, bytes_under_way + bytes);
    for (struct slk_put *put = first; put != NULL; put = put->next) {
        /* What needs an answer is of use to nobody else. */
        put->job->request.take = takes || !is_event(put);
        put->job = NULL;
    }
    slk_inbox_tally_put(&inbox->tally, count);
    return (struct slk_storage_job *)jobs;
}

static void destroy_jobs(struct slk_storage_job *job)
{
    while (job != NULL) {
        struct slk_storage_job *next = slk_storage_job_next(job);
        slk_storage_job_destroy(job);
        job = next;
    }
}

void slk_inbox_put(struct slk_inbox *inbox, struct slk_put *first)
{
    if (first == NULL) {
        return;
    }
    struct slk_storage_job *jobs = link_jobs(inbox, first);
    if (atomic_load(&inbox->closed) || slk_storage_submit(inbox->storage, jobs) != SLK_OK) {
        destroy_jobs(jobs);
        refuse(inbox, first);
    }
}

int64_t slk_inbox_deadline(const struct slk_inbox *inbox)
{
    return inbox->settings.deadline;
}

bool slk_inbox_is_crowded(const struct slk_inbox *inbox)
{
    return atomic_load(&inbox->outstanding) >= inbox->settings.max_puts ||
           atomic_load(&inbox->outstanding_bytes) >= inbox->settings.max_bytes;
}

/* A store that is away may take its time to say so, which a person does not have. */
bool slk_inbox_keeps(const struct slk_inbox *inbox, enum slk_entry_kind kind)
{
    if (kind == SLK_ENTRY_EVENT || !inbox->settings.interactive) {
        return kind == SLK_ENTRY_EVENT;
    }
    int64_t failing_until = atomic_load(&inbox->failing_until);
    return !slk_inbox_is_crowded(inbox) && (failing_until == 0 || slk_clock_now() >= failing_until);
}

bool slk_inbox_is_over(struct slk_inbox *inbox)
{
    if (!slk_inbox_is_crowded(inbox)) {
        return false;
    }
    atomic_store(&inbox->held_back, true);
    /* All may have ended before held_back could be seen; who swaps it back has noticed. */
    return is_half_full(inbox) || !atomic_exchange(&inbox->held_back, false);
}

/* A person does not wait for a store that is stuck, either. */
int64_t slk_inbox_watch(struct slk_inbox *inbox, int64_t now)
{
    int64_t next = SLK_NEVER;
    if (atomic_load(&inbox->outstanding) > 0 &&
        slk_inbox_tally_watch(&inbox->tally, inbox->settings.deadline, now, inbox->log, &next)) {
        atomic_store(&inbox->failing_until, now + FAILING);
    }
    return next;
}

/* -- Life --------------------------------------------------------------------- */

struct slk_inbox *slk_inbox_create(const struct slk_inbox_settings *settings,
                                   struct slk_storage *storage, struct slk_log *log,
                                   struct slk_mailbox *notices, uint32_t source,
                                   struct slk_error *err)
{
    struct slk_inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL) {
        slk_error_set(err, "memory", "out of memory for the inbox");
        return NULL;
    }
    if (RAND_bytes((unsigned char *)&inbox->process, sizeof inbox->process) != 1) {
        slk_error_set(err, "system", "no random numbers can be had");
        free(inbox);
        return NULL;
    }
    atomic_init(&inbox->references, 1);
    atomic_init(&inbox->is_behind, settings->takes); /* until Lua has looked */
    inbox->settings = *settings;
    inbox->storage = slk_storage_retain(storage);
    inbox->log = slk_log_retain(log);
    inbox->notices = slk_mailbox_retain(notices);
    inbox->source = source;
    pthread_mutex_init(&inbox->clients_lock, NULL);
    slk_inbox_tally_init(&inbox->tally);
    return inbox;
}

struct slk_inbox *slk_inbox_retain(struct slk_inbox *inbox)
{
    atomic_fetch_add(&inbox->references, 1);
    return inbox;
}

void slk_inbox_release(struct slk_inbox *inbox)
{
    if (inbox == NULL || atomic_fetch_sub(&inbox->references, 1) > 1) {
        return;
    }
    slk_storage_release(inbox->storage);
    slk_log_release(inbox->log);
    slk_mailbox_release(inbox->notices);
    pthread_mutex_destroy(&inbox->clients_lock);
    slk_inbox_tally_free(&inbox->tally);
    free(inbox);
}

void slk_inbox_close(struct slk_inbox *inbox)
{
    atomic_store(&inbox->closed, true);
}

void slk_inbox_join(struct slk_inbox *inbox, struct slk_inbox_client *client)
{
    pthread_mutex_lock(&inbox->clients_lock);
    client->next = inbox->clients;
    inbox->clients = client;
    pthread_mutex_unlock(&inbox->clients_lock);
}

void slk_inbox_leave(struct slk_inbox *inbox, struct slk_inbox_client *client)
{
    pthread_mutex_lock(&inbox->clients_lock);
    struct slk_inbox_client **place = &inbox->clients;
    while (*place != NULL && *place != client) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        *place = client->next;
    }
    pthread_mutex_unlock(&inbox->clients_lock);
}

void slk_inbox_caught_up(struct slk_inbox *inbox)
{
    atomic_store(&inbox->told, false);
    atomic_store(&inbox->is_behind, false);
}

struct slk_inbox_stats slk_inbox_stats(struct slk_inbox *inbox)
{
    struct slk_inbox_stats stats;
    slk_inbox_tally_read(&inbox->tally, inbox->settings.deadline, &stats);
    stats.outstanding = atomic_load(&inbox->outstanding);
    stats.outstanding_bytes = atomic_load(&inbox->outstanding_bytes);
    stats.is_behind = atomic_load(&inbox->is_behind) || atomic_load(&inbox->told);
    return stats;
}
