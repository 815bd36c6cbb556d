#include "watchdog.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "forks.h"
#include "thread.h"

/* How often it looks: four times in the limit, and within these bounds. */
#define LOOKS_PER_LIMIT 4
#define SHORTEST_LOOK   SLK_MS(5)
#define LONGEST_LOOK    SLK_MS(250)

/* What is not heard of for so long after the limit cannot be interrupted. */
#define PATIENCE SLK_MS(500)

struct slk_watchdog {
    struct slk_watchdog_options options;
    pthread_t thread;
    unsigned home; /* slk_forks_count of the process that has the thread */

    /* Written by the Lua thread; the other one puts `taken` in the place of what runs while
     * it interrupts that, and then puts it back. */
    _Atomic(void *) running;
    atomic_uint number; /* of the piece of work; changes before `running` does */
    void *current;      /* what the Lua thread last put into running; its own */

    /* About the piece of work with a number: read by the thread that did not write them. */
    atomic_uint heard, stop; /* numbers, by the Lua thread */
    _Atomic int64_t stop_after;
    _Atomic int64_t since; /* by the watchdog, as those below */
    atomic_bool was_interrupted;
    atomic_uint interrupted, stopping; /* numbers */

    atomic_bool is_asleep; /* until something runs */
    pthread_mutex_t lock;  /* of is_closing, and for changed */
    pthread_cond_t changed;
    bool is_closing;
};

static const char taken = 0; /* its address stands for nothing that runs */

/* The Lua thread ---------------------------------------------------------------- */

/* A fork has a copy of what runs, and nobody who watches it. */
static bool is_foreign(const struct slk_watchdog *dog)
{
    return dog->home != slk_forks_count();
}

static void wake(struct slk_watchdog *dog)
{
    if (is_foreign(dog)) {
        return;
    }
    pthread_mutex_lock(&dog->lock);
    atomic_store(&dog->is_asleep, false);
    pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->lock);
}

void *slk_watchdog_swap(struct slk_watchdog *dog, void *running)
{
    void *before = dog->current;
    unsigned number = atomic_load_explicit(&dog->number, memory_order_relaxed);
    atomic_store_explicit(&dog->number, number + 1, memory_order_release);
    void *expected = before;
    while (!atomic_compare_exchange_weak(&dog->running, &expected, running)) {
        if (expected != before) { /* it is being interrupted, which takes a moment */
            if (is_foreign(dog)) {
                break; /* and has no end here */
            }
            sched_yield();
        }
        expected = before;
    }
    dog->current = running;
    if (running != NULL && atomic_load(&dog->is_asleep)) {
        wake(dog);
    }
    return before;
}

bool slk_watchdog_was_interrupted(struct slk_watchdog *dog)
{
    return atomic_load_explicit(&dog->was_interrupted, memory_order_relaxed) &&
           atomic_exchange(&dog->was_interrupted, false);
}

void *slk_watchdog_running(const struct slk_watchdog *dog)
{
    return dog->current;
}

int64_t slk_watchdog_hear(struct slk_watchdog *dog)
{
    atomic_store(&dog->heard, atomic_load(&dog->number));
    return slk_clock_now() - atomic_load(&dog->since);
}

void slk_watchdog_stop_after(struct slk_watchdog *dog, int64_t nanoseconds)
{
    atomic_store(&dog->stop_after, nanoseconds);
    atomic_store(&dog->stop, atomic_load(&dog->number));
}

bool slk_watchdog_is_interrupted(const struct slk_watchdog *dog)
{
    return atomic_load(&dog->interrupted) == atomic_load(&dog->number);
}

bool slk_watchdog_is_to_stop(const struct slk_watchdog *dog)
{
    return atomic_load(&dog->stopping) == atomic_load(&dog->number);
}

/* The watchdog's thread ------------------------------------------------------------ */

/* What it knows of the piece of work that it sees. */
struct sight {
    unsigned number;
    int64_t since;
    bool is_told;
    bool is_complained;
    bool is_stopped;
};

static void complain(const struct slk_watchdog *dog, int64_t nanoseconds)
{
    char line[256];
    int length = snprintf(line, sizeof line,
                          "lua-slack: the Lua thread has been busy for %.1f s, in a C function "
                          "perhaps (os.execute, io.popen); nothing else is handled meanwhile\n",
                          (double)nanoseconds / 1e9);
    if (length > 0 && dog->options.complaints >= 0) {
        ssize_t ignored = write(dog->options.complaints, line, (size_t)length);
        (void)ignored;
    }
}

/* Interrupts that piece of work, unless it has just ended. */
static void interrupt(struct slk_watchdog *dog, void *running, unsigned number)
{
    void *expected = running;
    atomic_store(&dog->interrupted, number); /* before it can ask */
    if (!atomic_compare_exchange_strong(&dog->running, &expected, (void *)(uintptr_t)&taken)) {
        return;
    }
    if (atomic_load(&dog->number) == number && dog->options.interrupt(running)) {
        atomic_store(&dog->was_interrupted, true);
    }
    atomic_store(&dog->running, running);
}

static void judge(struct slk_watchdog *dog, struct sight *sight, void *running, int64_t now)
{
    int64_t busy = now - sight->since;
    if (!sight->is_told && busy >= dog->options.limit) {
        sight->is_told = true;
        interrupt(dog, running, sight->number);
    } else if (sight->is_told && !sight->is_complained && busy >= dog->options.limit + PATIENCE &&
               atomic_load(&dog->heard) != sight->number) {
        sight->is_complained = true;
        complain(dog, busy);
    }
    if (!sight->is_stopped && atomic_load(&dog->stop) == sight->number &&
        busy >= atomic_load(&dog->stop_after)) {
        sight->is_stopped = true;
        atomic_store(&dog->stopping, sight->number);
        interrupt(dog, running, sight->number);
    }
}

/* Whether anything runs or has run since the last look. */
static bool look(struct slk_watchdog *dog, struct sight *sight)
{
    void *running = atomic_load(&dog->running);
    unsigned number = atomic_load(&dog->number);
    int64_t now = slk_clock_now();
    if (number != sight->number) {
        *sight = (struct sight){.number = number, .since = now};
        atomic_store(&dog->since, now);
        return true;
    }
    if (running != NULL) {
        judge(dog, sight, running, now);
    }
    return running != NULL;
}

static int64_t interval_of(const struct slk_watchdog *dog)
{
    int64_t interval = dog->options.limit / LOOKS_PER_LIMIT;
    return interval < SHORTEST_LOOK  ? SHORTEST_LOOK
           : interval > LONGEST_LOOK ? LONGEST_LOOK
                                     : interval;
}

static void *run(void *argument)
{
    struct slk_watchdog *dog = argument;
    struct sight sight = {0};
    int64_t interval = interval_of(dog);
    pthread_mutex_lock(&dog->lock);
    while (!dog->is_closing) {
        pthread_mutex_unlock(&dog->lock);
        bool is_active = look(dog, &sight);
        pthread_mutex_lock(&dog->lock);
        if (!is_active) { /* the flag goes up before the last look, so that none is missed */
            atomic_store(&dog->is_asleep, true);
            if (atomic_load(&dog->running) != NULL) {
                atomic_store(&dog->is_asleep, false);
            }
        }
        int64_t next = slk_clock_now() + interval;
        while (!dog->is_closing && atomic_load(&dog->is_asleep)) {
            slk_condition_wait(&dog->changed, &dog->lock, SLK_NEVER);
        }
        while (is_active && !dog->is_closing && slk_clock_now() < next) {
            slk_condition_wait(&dog->changed, &dog->lock, next);
        }
    }
    pthread_mutex_unlock(&dog->lock);
    return NULL;
}

/* Its life ------------------------------------------------------------------------- */

struct slk_watchdog *slk_watchdog_start(const struct slk_watchdog_options *options)
{
    struct slk_watchdog *dog = calloc(1, sizeof *dog);
    if (dog == NULL) {
        return NULL;
    }
    dog->options = *options;
    dog->home = slk_forks_count();
    atomic_store(&dog->number, 1); /* 0 is nobody's: heard, stop, interrupted, stopping */
    pthread_mutex_init(&dog->lock, NULL);
    slk_condition_init(&dog->changed);
    if (slk_thread_start(&dog->thread, "slack-watchdog", run, dog) != SLK_OK) {
        pthread_cond_destroy(&dog->changed);
        pthread_mutex_destroy(&dog->lock);
        free(dog);
        return NULL;
    }
    return dog;
}

void slk_watchdog_destroy(struct slk_watchdog *dog)
{
    if (dog == NULL || is_foreign(dog)) {
        return;
    }
    pthread_mutex_lock(&dog->lock);
    dog->is_closing = true;
    pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->lock);
    pthread_join(dog->thread, NULL);
    pthread_cond_destroy(&dog->changed);
    pthread_mutex_destroy(&dog->lock);
    free(dog);
}
