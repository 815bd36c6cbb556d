#include "curl_loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "net_options.h"
#include "thread.h"

/* libcurl 8.21 can swallow a wake-up, and up to 8.17 curl_multi_perform drops timers of running
 * transfers (http_turns.c): while these run, and with any of that line, no wait is longer than
 * this. Else an idle bot need not wake up so often. */
#define LONGEST_WAIT_MS      1000
#define LONGEST_SAFE_WAIT_MS 60000
#define FIRST_UNSAFE_VERSION 0x080000
/* Without memory to wait with, the loop must not spin. */
#define FAILED_WAIT_MS 10

struct slk_curl_loop {
    atomic_uint references;
    const struct slk_curl_loop_operations *operations;
    void *owner;
    pthread_t thread;
    bool started;     /* the starting and stopping thread only */
    pid_t process;    /* that it was started in: a fork has no copy of the thread */
    CURLM *multi;     /* loop thread only, but for waking */
    int longest_wait; /* ms */

    pthread_mutex_t queue_lock; /* guards the fields below */
    struct slk_command *first;
    struct slk_command **last;
    bool stopping;
    bool asleep;     /* or about to wait: a command must wake it */
    CURLM *wakeable; /* multi while it may be woken */
};

static struct slk_command *take_commands(struct slk_curl_loop *loop, bool *stopping)
{
    pthread_mutex_lock(&loop->queue_lock);
    struct slk_command *commands = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    loop->asleep = false;
    *stopping = loop->stopping;
    pthread_mutex_unlock(&loop->queue_lock);
    return commands;
}

/* False when commands wait. Who posts one from now on wakes the loop; before,
 * nobody has to, because it is found here. */
static bool go_to_sleep(struct slk_curl_loop *loop)
{
    pthread_mutex_lock(&loop->queue_lock);
    loop->asleep = loop->first == NULL && !loop->stopping;
    bool asleep = loop->asleep;
    pthread_mutex_unlock(&loop->queue_lock);
    return asleep;
}

/* Returns false when the loop is to end. */
static bool run_commands(struct slk_curl_loop *loop)
{
    bool stopping;
    struct slk_command *command = take_commands(loop, &stopping);
    while (command != NULL) {
        struct slk_command *next = command->next;
        command->next = NULL;
        loop->operations->command(loop->owner, command);
        command = next;
    }
    return !stopping;
}

static void report_done(struct slk_curl_loop *loop)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            /* Copied first: the message dies with the handle's removal. */
            CURL *easy = message->easy_handle;
            CURLcode result = message->data.result;
            loop->operations->done(loop->owner, easy, result);
        }
    }
}

static void wait_for_work(struct slk_curl_loop *loop, int running, int64_t deadline)
{
    struct curl_waitfd *fds = NULL;
    size_t count = 0;
    if (loop->operations->wait_fds != NULL) {
        count = loop->operations->wait_fds(loop->owner, &fds);
    }
    /* Asked after everything else, so that no command is slept over. */
    int longest = running > 0 ? LONGEST_WAIT_MS : loop->longest_wait;
    int wait = go_to_sleep(loop) ? slk_clock_wait_ms(slk_clock_now(), deadline, longest) : 0;
    if (curl_multi_poll(loop->multi, fds, (unsigned)count, wait, NULL) != CURLM_OK) {
        poll(NULL, 0, wait < FAILED_WAIT_MS ? wait : FAILED_WAIT_MS);
    }
    if (loop->operations->ready != NULL) {
        loop->operations->ready(loop->owner);
    }
}

static void *run(void *argument)
{
    struct slk_curl_loop *loop = argument;
    if (loop->operations->started != NULL) {
        loop->operations->started(loop->owner, loop->multi);
    }
    while (run_commands(loop)) {
        int running;
        curl_multi_perform(loop->multi, &running);
        report_done(loop);
        wait_for_work(loop, running, loop->operations->tick(loop->owner, slk_clock_now()));
    }
    loop->operations->stopped(loop->owner);
    pthread_mutex_lock(&loop->queue_lock);
    loop->wakeable = NULL;
    pthread_mutex_unlock(&loop->queue_lock);
    curl_multi_cleanup(loop->multi);
    loop->multi = NULL;
    return NULL;
}

struct slk_curl_loop *slk_curl_loop_create(const struct slk_curl_loop_operations *operations,
                                           void *owner)
{
    slk_net_global_init();
    struct slk_curl_loop *loop = calloc(1, sizeof *loop);
    CURLM *multi = slk_net_create_multi();
    if (loop == NULL || multi == NULL) {
        if (multi != NULL) {
            curl_multi_cleanup(multi);
        }
        free(loop);
        return NULL;
    }
    atomic_init(&loop->references, 1);
    loop->operations = operations;
    loop->owner = owner;
    loop->multi = loop->wakeable = multi;
    bool is_safe = curl_version_info(CURLVERSION_NOW)->version_num < FIRST_UNSAFE_VERSION;
    loop->longest_wait = is_safe ? LONGEST_SAFE_WAIT_MS : LONGEST_WAIT_MS;
    loop->last = &loop->first;
    pthread_mutex_init(&loop->queue_lock, NULL);
    return loop;
}

int slk_curl_loop_start(struct slk_curl_loop *loop, const char *name, struct slk_error *err)
{
    const char *problem = slk_net_multi_problem(loop->wakeable);
    if (problem != NULL) {
        slk_error_set(err, "system", "the thread %s cannot be woken: %s", name, problem);
        return SLK_SYSTEM;
    }
    if (slk_thread_start(&loop->thread, name, run, loop) != SLK_OK) {
        slk_error_set(err, "system", "the thread %s cannot be started: raise the limit of threads",
                      name);
        return SLK_SYSTEM;
    }
    loop->started = true;
    loop->process = getpid();
    return SLK_OK;
}

int slk_curl_loop_post(struct slk_curl_loop *loop, struct slk_command *command)
{
    command->next = NULL;
    pthread_mutex_lock(&loop->queue_lock);
    if (loop->stopping) {
        pthread_mutex_unlock(&loop->queue_lock);
        return SLK_CLOSED;
    }
    if (loop->asleep) {
        loop->asleep = false;
        curl_multi_wakeup(loop->wakeable);
    }
    *loop->last = command;
    loop->last = &command->next;
    pthread_mutex_unlock(&loop->queue_lock);
    return SLK_OK;
}

void slk_curl_loop_wake(struct slk_curl_loop *loop)
{
    pthread_mutex_lock(&loop->queue_lock);
    if (loop->wakeable != NULL) {
        curl_multi_wakeup(loop->wakeable);
    }
    pthread_mutex_unlock(&loop->queue_lock);
}

CURLM *slk_curl_loop_multi(struct slk_curl_loop *loop)
{
    return loop->multi;
}

void slk_curl_loop_stop(struct slk_curl_loop *loop)
{
    if (!loop->started || loop->process != getpid()) {
        return;
    }
    pthread_mutex_lock(&loop->queue_lock);
    loop->stopping = true;
    if (loop->wakeable != NULL) {
        curl_multi_wakeup(loop->wakeable);
    }
    pthread_mutex_unlock(&loop->queue_lock);
    pthread_join(loop->thread, NULL);
    loop->started = false;
}

struct slk_curl_loop *slk_curl_loop_retain(struct slk_curl_loop *loop)
{
    atomic_fetch_add(&loop->references, 1);
    return loop;
}

void slk_curl_loop_release(struct slk_curl_loop *loop)
{
    if (loop == NULL || atomic_fetch_sub(&loop->references, 1) > 1) {
        return;
    }
    /* One that a fork has inherited keeps it: to close would end the connections of its parent. */
    if (loop->multi != NULL && !loop->started) {
        curl_multi_cleanup(loop->multi);
    }
    pthread_mutex_destroy(&loop->queue_lock);
    free(loop);
}
