#include "storage_redis.h"

#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "clock.h"
#include "log_limit.h"
#include "redis_claim.h"
#include "redis_commands.h"
#include "redis_failure.h"
#include "redis_inbox.h"
#include "redis_scan.h"

#define COMPONENT "storage"

/* One round trip's commands: so many, or the first that goes over so many bytes. */
#define PIPELINE_JOBS  1000
#define PIPELINE_BYTES ((size_t)1024 * 1024)

#define BACKOFF_FIRST   SLK_MS(50)
#define BACKOFF_MAXIMUM SLK_MS(500)
#define REFUSED         SLK_SECONDS(1) /* at least, after a refusal */
#define LOOK_UP_PAUSE   SLK_SECONDS(1)
#define TICK_PATIENCE   SLK_MS(20) /* to connect, by each call */

enum state { CLOSED, CONNECTING, LOGGING_IN, READY };

struct redis_store {
    struct slk_storage_backend backend;
    struct slk_redis_connection *connection;
    struct slk_redis_login *login;
    struct slk_redis_inbox *inbox;
    struct slk_log *log;
    int64_t timeout;

    /* Storage thread. */
    enum state state;
    struct slk_backoff backoff;
    int64_t attempt_at;       /* not before */
    int64_t attempt_ends;     /* of the one under way */
    struct slk_error trouble; /* why there is no connection */
    int64_t away_since;       /* 0: it is not, or nobody was told */
    struct slk_log_limit limit;
    bool is_replica;                             /* that takes no writes */
    int64_t looked_up_at;                        /* whether that has changed */
    struct slk_storage_job *sent[PIPELINE_JOBS]; /* in this round trip */
    size_t starts[PIPELINE_JOBS];                /* of their commands */

    struct slk_text prefix;
    char bytes[];
};

/* Being away ----------------------------------------------------------------- */

static void note_away(struct redis_store *store)
{
    int64_t now = slk_clock_now();
    if (store->away_since == 0 && slk_log_limit_count(&store->limit, now) > 0) {
        store->away_since = now;
        slk_log_write(store->log, SLK_LOG_WARN, COMPONENT,
                      "%s; until it is back, what is asked of the storage waits and fails",
                      store->trouble.text);
    }
}

static void note_back(struct redis_store *store)
{
    if (store->away_since != 0) {
        double seconds = (double)(slk_clock_now() - store->away_since) / 1e9;
        slk_log_write(store->log, SLK_LOG_INFO, COMPONENT, "%s is back after %.1f s",
                      slk_redis_connection_name(store->connection), seconds);
        store->away_since = 0;
    }
}

/* trouble says why. */
static void drop(struct redis_store *store)
{
    slk_redis_connection_close(store->connection);
    store->state = CLOSED;
    int64_t wait = slk_backoff_next(&store->backoff);
    bool is_hopeless = slk_redis_is_refusal(&store->trouble);
    store->attempt_at = slk_clock_now() + (is_hopeless && wait < REFUSED ? REFUSED : wait);
    note_away(store);
}

static void set_timeout(struct redis_store *store, const char *what)
{
    slk_error_set(&store->trouble, "timeout", "%s: no %s for %.1f s",
                  slk_redis_connection_name(store->connection), what, (double)store->timeout / 1e9);
}

/* Connecting ----------------------------------------------------------------- */

static enum slk_redis_progress step(struct redis_store *store, int64_t until)
{
    enum slk_redis_progress progress;
    if (store->state == CONNECTING) {
        progress = slk_redis_connection_open(store->connection, until, &store->trouble);
        if (progress != SLK_REDIS_DONE) {
            return progress;
        }
        if (slk_redis_login_begin(store->login, store->connection) != SLK_OK) {
            slk_error_set(&store->trouble, "memory", "out of memory for a command");
            return SLK_REDIS_FAILED;
        }
        store->state = LOGGING_IN;
    }
    return slk_redis_login_run(store->login, store->connection, until, &store->trouble);
}

static const char *what_is_missing(const struct redis_store *store)
{
    return store->state == LOGGING_IN                          ? "answer"
           : slk_redis_connection_wants_tls(store->connection) ? "TLS handshake"
                                                               : "connection";
}

/* One attempt goes on over many calls, however little time each has. */
static void attempt(struct redis_store *store, int64_t until)
{
    if (store->state == CLOSED) {
        store->attempt_ends = slk_clock_now() + store->timeout;
        store->state = CONNECTING;
    }
    int64_t end = until < store->attempt_ends ? until : store->attempt_ends;
    enum slk_redis_progress progress = step(store, end);
    if (progress == SLK_REDIS_DONE) {
        store->state = READY;
        note_back(store);
        slk_redis_inbox_note_return(store->inbox);
    } else if (progress == SLK_REDIS_FAILED) {
        drop(store);
    } else if (slk_clock_now() >= store->attempt_ends) {
        set_timeout(store, what_is_missing(store));
        drop(store);
    }
}

static bool is_late(const struct redis_store *store, int64_t deadline)
{
    int64_t now = slk_clock_now();
    return now >= deadline || now >= atomic_load(&store->backend.hurry_at);
}

static bool is_refused(const struct redis_store *store)
{
    return store->state == CLOSED && slk_redis_is_refusal(&store->trouble);
}

static void close_quietly(struct redis_store *store)
{
    slk_redis_connection_close(store->connection);
    store->state = CLOSED;
}

/* A server may close a connection that was idle for long: that is no loss. */
static void check_idle(struct redis_store *store)
{
    if (store->state == READY && !slk_redis_connection_is_alive(store->connection)) {
        close_quietly(store);
    }
}

static bool is_ready(struct redis_store *store, int64_t deadline)
{
    check_idle(store);
    while (store->state != READY && !is_late(store, deadline)) {
        if (store->state != CLOSED || slk_clock_now() >= store->attempt_at) {
            attempt(store, deadline);
        } else if (is_refused(store)) {
            return false;
        } else {
            slk_redis_connection_pause(store->connection,
                                       store->attempt_at < deadline ? store->attempt_at : deadline);
        }
    }
    return store->state == READY;
}

/* Jobs ----------------------------------------------------------------------- */

static struct slk_storage_job *next_pending(struct slk_storage_job *job)
{
    while (job != NULL && job->outcome != SLK_STORED_PENDING) {
        job = slk_storage_job_next(job);
    }
    return job;
}

static void fail(const struct redis_store *store, struct slk_storage_job *job)
{
    slk_redis_inbox_note_failure(store->inbox, job);
    slk_storage_job_fail(job, slk_redis_code(&store->trouble), store->trouble.text);
}

static void fail_overdue(const struct redis_store *store, struct slk_storage_job *first)
{
    int64_t now = slk_clock_now();
    bool is_all = is_refused(store) || now >= atomic_load(&store->backend.hurry_at);
    for (struct slk_storage_job *job = first; job != NULL; job = slk_storage_job_next(job)) {
        if (job->outcome == SLK_STORED_PENDING &&
            (is_all || now >= job->submitted_at + store->timeout)) {
            fail(store, job);
        }
    }
}

/* Connection and answers are lost: what may have been done is not done again. */
static void fail_sent(struct redis_store *store, size_t first, size_t count)
{
    char text[sizeof store->trouble.text + 64];
    size_t sent = slk_redis_connection_sent(store->connection);
    snprintf(text, sizeof text, "%s; whether this was done is not known", store->trouble.text);
    for (size_t i = first; i < count; i++) {
        if (store->starts[i] < sent && slk_storage_job_writes(store->sent[i]) &&
            !slk_redis_inbox_repeats(store->sent[i])) {
            slk_storage_job_fail(store->sent[i], "unknown_outcome", text);
        }
    }
}

/* Round trips. */
static bool takes_several(const struct slk_storage_job *job)
{
    enum slk_storage_operation operation = job->request.operation;
    return operation == SLK_STORAGE_KEYS || operation == SLK_STORAGE_SCAN ||
           operation == SLK_INBOX_CLAIM;
}

/* Without exclusive ranges of what is pending some of the scripts fail. */
static bool is_too_old(const struct redis_store *store, const struct slk_storage_job *job)
{
    long version = slk_redis_login_version(store->login);
    return slk_storage_job_is_inbox(job) && version != 0 && version < SLK_REDIS_INBOX_VERSION;
}

static void fail_old(const struct redis_store *store, struct slk_storage_job *job)
{
    long version = slk_redis_login_version(store->login);
    struct slk_error err;
    slk_error_set(&err, "unsupported", "%s is Redis %ld.%ld: an inbox needs 6.2 or newer",
                  slk_redis_connection_name(store->connection), version / 10000,
                  version / 100 % 100);
    slk_storage_job_fail(job, "unsupported", err.text);
}

static int append_job(struct redis_store *store, const struct slk_storage_job *job)
{
    return slk_storage_job_is_inbox(job)
               ? slk_redis_inbox_append(store->inbox, store->connection, job)
               : slk_redis_append_job(store->connection, store->prefix, job);
}

static void conclude_job(struct redis_store *store, struct slk_storage_job *job,
                         const redisReply *reply)
{
    const char *name = slk_redis_connection_name(store->connection);
    if (slk_storage_job_is_inbox(job)) {
        slk_redis_inbox_conclude(store->inbox, job, reply, name);
    } else {
        slk_redis_conclude_job(job, reply, name);
    }
}

static size_t append_jobs(struct redis_store *store, struct slk_storage_job *first)
{
    size_t count = 0, begin = slk_redis_connection_appended(store->connection), end = begin;
    struct slk_storage_job *job = first;
    while (job != NULL && !takes_several(job) && !is_too_old(store, job) && count < PIPELINE_JOBS &&
           end - begin < PIPELINE_BYTES) {
        if (append_job(store, job) == SLK_OK) {
            store->sent[count] = job;
            store->starts[count++] = end;
            end = slk_redis_connection_appended(store->connection);
        } else {
            slk_storage_job_fail(job, "memory", "out of memory for a command");
        }
        job = next_pending(slk_storage_job_next(job));
    }
    return count;
}

/* After a failover the same name may lead to another server: looked up again, once a
 * second, when this one turns out to be a replica. */
static void note_replica(struct redis_store *store, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR && strstr(reply->str, "READONLY") != NULL &&
        slk_clock_now() >= store->looked_up_at + LOOK_UP_PAUSE) {
        store->is_replica = true;
    }
}

static enum slk_redis_progress take_reply(struct redis_store *store, struct slk_storage_job *job)
{
    redisReply *reply;
    int64_t until = slk_clock_now() + store->timeout;
    enum slk_redis_progress progress =
        slk_redis_connection_receive(store->connection, until, &reply, &store->trouble);
    if (progress == SLK_REDIS_DONE) {
        conclude_job(store, job, reply);
        note_replica(store, reply);
        freeReplyObject(reply);
    }
    return progress;
}

/* Only what is read, or may be repeated, may still be pending afterwards. */
static enum slk_redis_progress run_pipeline(struct redis_store *store,
                                            struct slk_storage_job *first)
{
    enum slk_redis_progress progress = SLK_REDIS_DONE;
    size_t count = append_jobs(store, first), done = 0;
    while (done < count && progress == SLK_REDIS_DONE) {
        progress = take_reply(store, store->sent[done]);
        done += progress == SLK_REDIS_DONE;
    }
    if (progress == SLK_REDIS_LATER) {
        set_timeout(store, "answer");
    }
    if (progress != SLK_REDIS_DONE) {
        fail_sent(store, done, count);
    }
    return progress;
}

static bool finish_round(struct redis_store *store, bool is_ok)
{
    if (is_ok) {
        slk_backoff_reset(&store->backoff);
        store->trouble.code[0] = '\0';
        atomic_fetch_add(&store->backend.commits, 1);
        if (store->is_replica) {
            store->is_replica = false;
            store->looked_up_at = slk_clock_now();
            close_quietly(store);
        }
    } else {
        drop(store);
    }
    return is_ok;
}

static enum slk_redis_progress run_claim(struct redis_store *store, struct slk_storage_job *job)
{
    bool is_spent = false;
    enum slk_redis_progress progress =
        slk_redis_claim(store->inbox, store->connection, store->timeout, &store->backend.hurry_at,
                        job, &is_spent, &store->trouble);
    if (is_spent) {
        close_quietly(store);
    }
    return progress;
}

static enum slk_redis_progress run_several(struct redis_store *store, struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_INBOX_CLAIM: return run_claim(store, job);
    case SLK_STORAGE_SCAN:
        return slk_redis_scan(store->connection, store->prefix, store->timeout, job,
                              &store->trouble);
    default:
        slk_storage_job_fail(job, "unsupported", "the keys in a Redis server come in pages");
        return SLK_REDIS_DONE;
    }
}

static bool run_some(struct redis_store *store, struct slk_storage_job *first)
{
    enum slk_redis_progress progress;
    if (takes_several(first)) {
        progress = run_several(store, first);
        if (progress == SLK_REDIS_LATER) {
            set_timeout(store, "answer");
        }
    } else {
        progress = run_pipeline(store, first);
    }
    return finish_round(store, progress == SLK_REDIS_DONE);
}

/* No connection in time for the first of them. */
static void fail_unsent(struct redis_store *store, struct slk_storage_job *first)
{
    if (store->trouble.code[0] == '\0') { /* the attempt goes on */
        set_timeout(store, what_is_missing(store));
    }
    fail(store, first);
    fail_overdue(store, first);
}

/* What this store does not do, without asking the server. */
static void refuse(struct redis_store *store, struct slk_storage_job *first)
{
    for (struct slk_storage_job *job = first; job != NULL; job = slk_storage_job_next(job)) {
        if (job->outcome == SLK_STORED_PENDING && slk_storage_job_is_inbox(job)) {
            slk_redis_inbox_refuses(store->inbox, job);
        }
    }
}

static struct slk_storage_job *run_batch(struct slk_storage_backend *backend,
                                         struct slk_storage_job *first)
{
    struct redis_store *store = (struct redis_store *)backend;
    refuse(store, first);
    struct slk_storage_job *job = next_pending(first);
    while (job != NULL) {
        if (!is_ready(store, job->submitted_at + store->timeout)) {
            fail_unsent(store, job);
            return next_pending(first);
        }
        if (is_too_old(store, job)) {
            fail_old(store, job);
        } else if (!run_some(store, job)) {
            fail_overdue(store, job);
        }
        job = next_pending(first);
    }
    return NULL;
}

/* The lease of an inbox ------------------------------------------------------- */

typedef int append_fn(struct slk_redis_inbox *inbox, struct slk_redis_connection *connection);
typedef void take_fn(struct slk_redis_inbox *inbox, const redisReply *reply);

/* Asks the server for something of the inbox's own. */
static bool ask(struct redis_store *store, append_fn *append, take_fn *take)
{
    redisReply *reply;
    int64_t until = slk_clock_now() + store->timeout;
    if (append(store->inbox, store->connection) != SLK_OK) {
        slk_error_set(&store->trouble, "memory", "out of memory for a command");
        return false;
    }
    enum slk_redis_progress progress =
        slk_redis_connection_receive(store->connection, until, &reply, &store->trouble);
    if (progress == SLK_REDIS_LATER) {
        set_timeout(store, "answer");
    } else if (progress == SLK_REDIS_DONE) {
        take(store->inbox, reply);
        note_replica(store, reply);
        freeReplyObject(reply);
    }
    return progress == SLK_REDIS_DONE;
}

static bool renew(struct redis_store *store)
{
    return ask(store, slk_redis_inbox_append_renewal, slk_redis_inbox_take_renewal) &&
           (store->inbox->unsure == NULL ||
            ask(store, slk_redis_inbox_append_undo, slk_redis_inbox_take_undo));
}

/* While the server is away this takes little of the thread's time, so that jobs that come
 * are heard of. */
static int64_t tick(struct slk_storage_backend *backend, int64_t now)
{
    struct redis_store *store = (struct redis_store *)backend;
    struct slk_redis_inbox *inbox = store->inbox;
    long version = slk_redis_login_version(store->login);
    if (inbox->owner.length == 0 || inbox->has_left ||
        (version != 0 && version < SLK_REDIS_INBOX_VERSION)) {
        return SLK_NEVER;
    } else if (now < inbox->renew_at) {
        return inbox->renew_at;
    }
    bool is_done = is_ready(store, now + TICK_PATIENCE) && finish_round(store, renew(store));
    now = slk_clock_now();
    if (is_done && inbox->renew_at > now) {
        return inbox->renew_at;
    }
    return store->state == CLOSED && store->attempt_at > now ? store->attempt_at
                                                             : now + TICK_PATIENCE;
}

/* Life ----------------------------------------------------------------------- */

static void hurry(struct slk_storage_backend *backend)
{
    slk_redis_connection_wake(((struct redis_store *)backend)->connection);
}

static void close_store(struct slk_storage_backend *backend)
{
    struct redis_store *store = (struct redis_store *)backend;
    slk_redis_connection_destroy(store->connection);
    slk_redis_login_destroy(store->login);
    slk_redis_inbox_destroy(store->inbox);
    slk_log_release(store->log);
    free(store);
}

struct slk_storage_backend *slk_redis_open(const struct slk_redis_settings *settings,
                                           struct slk_error *err)
{
    struct redis_store *store = calloc(1, sizeof *store + settings->prefix.length);
    if (store == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return NULL;
    }
    slk_text_copy(&store->prefix, settings->prefix, store->bytes);
    store->backend.run = run_batch;
    store->backend.tick = tick;
    store->backend.hurry = hurry;
    store->backend.close = close_store;
    atomic_init(&store->backend.hurry_at, SLK_NEVER);
    store->timeout = settings->timeout;
    store->log = settings->log != NULL ? slk_log_retain(settings->log) : NULL;
    slk_backoff_init(&store->backoff, BACKOFF_FIRST, BACKOFF_MAXIMUM);
    store->login = slk_redis_login_create(&settings->credentials);
    store->connection = slk_redis_connection_create(&settings->address, settings->net,
                                                    &store->backend.hurry_at, err);
    store->inbox = slk_redis_inbox_create(settings->prefix, &settings->inbox, settings->log);
    if (store->login == NULL || store->inbox == NULL) {
        slk_error_set(err, "memory", "out of memory");
    }
    if (store->login == NULL || store->connection == NULL || store->inbox == NULL) {
        close_store(&store->backend);
        return NULL;
    }
    return &store->backend;
}
