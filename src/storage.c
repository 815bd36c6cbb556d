#include "storage.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "thread.h"

/* Jobs of one batch, so that the first ones need not wait for ten thousand
 * others, nor other processes for the lock. */
#define BATCH_LIMIT 1000

/* For all that is left when the store is closed. */
#define CLOSING_PATIENCE SLK_SECONDS(2)

struct slk_storage {
    atomic_uint references;
    struct slk_storage_backend *backend; /* storage thread's, but for hurry and its atomics */
    struct slk_mailbox *mailbox;
    pthread_t thread;
    pid_t process; /* of the thread: a fork has no copy of it */
    bool joined;
    atomic_ullong jobs;
    atomic_ullong batches;
    unsigned long long commits; /* of a backend that has been closed */

    pthread_mutex_t queue_lock; /* guards the fields below */
    pthread_cond_t changed;
    struct slk_storage_job *first, *last;
    bool is_hurried; /* one of them cannot wait */
    bool closing;
};

static int64_t tick(struct slk_storage *storage)
{
    struct slk_storage_backend *backend = storage->backend;
    return backend->tick != NULL ? backend->tick(backend, slk_clock_now()) : SLK_NEVER;
}

/* Under queue_lock. What can wait shares the batch, and so the commit, of what comes next. */
static void linger(struct slk_storage *storage)
{
    if (storage->first == NULL || storage->backend->linger == 0) {
        return;
    }
    int64_t end = storage->first->submitted_at + storage->backend->linger;
    while (!storage->is_hurried && !storage->closing && slk_clock_now() < end) {
        slk_condition_wait(&storage->changed, &storage->queue_lock, end);
    }
}

/* Waits for jobs; NULL when the store is to be closed and none is left. */
static struct slk_storage_job *take_queue(struct slk_storage *storage)
{
    struct slk_storage_job *first = NULL;
    bool is_over = false;
    while (first == NULL && !is_over) {
        int64_t next = tick(storage);
        pthread_mutex_lock(&storage->queue_lock);
        if (storage->first == NULL && !storage->closing) {
            slk_condition_wait(&storage->changed, &storage->queue_lock, next);
        }
        linger(storage);
        first = storage->first;
        storage->first = storage->last = NULL;
        storage->is_hurried = false;
        is_over = storage->closing;
        pthread_mutex_unlock(&storage->queue_lock);
    }
    return first;
}

/* Cuts a batch off the list and returns the rest. */
static struct slk_storage_job *cut(struct slk_storage_job *first, unsigned *count)
{
    struct slk_storage_job *last = first;
    for (*count = 1; *count < BATCH_LIMIT && last->message.next != NULL; ++*count) {
        last = slk_storage_job_next(last);
    }
    struct slk_storage_job *rest = slk_storage_job_next(last);
    last->message.next = NULL;
    return rest;
}

/* Hands out the jobs before that one, and puts what is left before the rest. */
static struct slk_storage_job *keep(struct slk_storage_job *batch, struct slk_storage_job *left,
                                    struct slk_storage_job *rest, unsigned *count)
{
    struct slk_storage_job *last = batch;
    for (*count = 1; slk_storage_job_next(last) != left; ++*count) {
        last = slk_storage_job_next(last);
    }
    last->message.next = NULL;
    for (last = left; last->message.next != NULL;) {
        last = slk_storage_job_next(last);
    }
    last->message.next = rest != NULL ? &rest->message : NULL;
    return left;
}

static bool is_alike(const struct slk_storage_job *a, const struct slk_storage_job *b)
{
    return a->done == b->done && a->context == b->context;
}

/* Takes out of the list what goes where its first job goes, and returns the rest. */
static struct slk_storage_job *take_alike(struct slk_storage_job *first)
{
    struct slk_message *rest = NULL;
    struct slk_message **alike_end = &first->message.next, **rest_end = &rest;
    for (struct slk_storage_job *job = slk_storage_job_next(first), *next; job; job = next) {
        next = slk_storage_job_next(job);
        struct slk_message ***end = is_alike(job, first) ? &alike_end : &rest_end;
        **end = &job->message;
        *end = &job->message.next;
    }
    *alike_end = *rest_end = NULL;
    return (struct slk_storage_job *)rest;
}

static void hand_out(struct slk_storage *storage, struct slk_storage_job *batch)
{
    while (batch != NULL) {
        struct slk_storage_job *first = batch;
        batch = take_alike(first);
        if (first->done != NULL) {
            first->done(first);
        } else {
            slk_mailbox_push(storage->mailbox, &first->message);
        }
    }
}

static void *run(void *argument)
{
    struct slk_storage *storage = argument;
    struct slk_storage_job *batch, *rest;
    while ((batch = take_queue(storage)) != NULL) {
        for (; batch != NULL; batch = rest) {
            unsigned count;
            rest = cut(batch, &count);
            struct slk_storage_job *left = storage->backend->run(storage->backend, batch);
            if (left != NULL) {
                rest = keep(batch, left, rest, &count);
            }
            atomic_fetch_add(&storage->jobs, count);
            atomic_fetch_add(&storage->batches, 1);
            hand_out(storage, batch);
            if (rest != NULL) {
                tick(storage);
            }
        }
    }
    storage->commits = atomic_load(&storage->backend->commits);
    storage->backend->close(storage->backend);
    storage->backend = NULL;
    return NULL;
}

struct slk_storage *slk_storage_retain(struct slk_storage *storage)
{
    atomic_fetch_add(&storage->references, 1);
    return storage;
}

void slk_storage_release(struct slk_storage *storage)
{
    if (storage == NULL || atomic_fetch_sub(&storage->references, 1) > 1) {
        return;
    }
    slk_mailbox_release(storage->mailbox);
    pthread_mutex_destroy(&storage->queue_lock);
    pthread_cond_destroy(&storage->changed);
    free(storage);
}

struct slk_storage *slk_storage_create(struct slk_storage_backend *backend,
                                       struct slk_mailbox *mailbox, struct slk_error *err)
{
    struct slk_storage *storage = calloc(1, sizeof *storage);
    if (storage == NULL) {
        slk_error_set(err, "memory", "out of memory");
        backend->close(backend);
        return NULL;
    }
    atomic_init(&storage->references, 1);
    storage->process = getpid();
    storage->backend = backend;
    storage->mailbox = slk_mailbox_retain(mailbox);
    pthread_mutex_init(&storage->queue_lock, NULL);
    slk_condition_init(&storage->changed);
    if (slk_thread_start(&storage->thread, "slack-storage", run, storage) != SLK_OK) {
        slk_error_set(err, "system", "cannot start the storage thread");
        backend->close(backend);
        slk_storage_release(storage);
        return NULL;
    }
    return storage;
}

int slk_storage_submit(struct slk_storage *storage, struct slk_storage_job *first)
{
    int64_t now = slk_clock_now();
    struct slk_storage_job *last = NULL;
    bool is_hurried = false;
    for (struct slk_storage_job *job = first; job != NULL; job = slk_storage_job_next(job)) {
        job->submitted_at = now;
        is_hurried = is_hurried || !slk_storage_job_can_wait(job);
        last = job;
    }
    pthread_mutex_lock(&storage->queue_lock);
    bool closing = storage->closing, was_empty = storage->first == NULL;
    bool hurries = is_hurried && !storage->is_hurried;
    if (!closing) {
        if (was_empty) {
            storage->first = first;
        } else {
            storage->last->message.next = &first->message;
        }
        storage->last = last;
        storage->is_hurried = storage->is_hurried || is_hurried;
    }
    pthread_mutex_unlock(&storage->queue_lock);
    if (!closing && (was_empty || hurries)) {
        pthread_cond_signal(&storage->changed);
    }
    return closing ? SLK_CLOSED : SLK_OK;
}

void slk_storage_close(struct slk_storage *storage)
{
    if (storage->joined || storage->process != getpid()) {
        return;
    }
    /* Before the thread may end, and the backend with it. */
    atomic_store(&storage->backend->hurry_at, slk_clock_now() + CLOSING_PATIENCE);
    if (storage->backend->hurry != NULL) {
        storage->backend->hurry(storage->backend);
    }
    pthread_mutex_lock(&storage->queue_lock);
    storage->closing = true;
    pthread_mutex_unlock(&storage->queue_lock);
    pthread_cond_signal(&storage->changed);
    pthread_join(storage->thread, NULL);
    storage->joined = true;
}

struct slk_storage_stats slk_storage_stats(const struct slk_storage *storage)
{
    return (struct slk_storage_stats){
        .jobs = atomic_load(&storage->jobs),
        .batches = atomic_load(&storage->batches),
        .commits = storage->joined ? storage->commits : atomic_load(&storage->backend->commits),
    };
}

void slk_storage_destroy(struct slk_storage *storage)
{
    if (storage == NULL) {
        return;
    }
    slk_storage_close(storage);
    if (storage->joined) { /* else the parent of this process has it */
        slk_storage_release(storage);
    }
}
