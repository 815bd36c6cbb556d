/* Runs functions in turns, as threads could: where the code under test says interleave_seam()
 * another one may go on. First all orders with few interruptions are tried, then ones by chance.
 * The code under test is included as source, with its locks and atomics replaced by those here
 * (mailbox_model_test.c). One thread; what a processor reorders it does not show. */
#ifndef INTERLEAVE_H
#define INTERLEAVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1 /* as gcc says it */
#elif __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

/* With a sanitizer each turn takes many times as long. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define INTERLEAVE_IS_SLOW 1
#else
#define INTERLEAVE_IS_SLOW 0
#endif

enum { INTERLEAVE_MOST = 4, INTERLEAVE_TURNS = 2048, INTERLEAVE_STACK = 256 * 1024 };

struct interleave_fiber {
    ucontext_t context;
    void (*run)(void *argument);
    void *argument;
    bool (*is_ready)(void *waits_for); /* NULL: it can go on */
    void *waits_for;
    bool is_done;
    char *stack;
    void *sanitizer;
};

static struct {
    const char *scenario;
    struct interleave_fiber fibers[INTERLEAVE_MOST];
    int count, running; /* -1: none, the scenario is prepared or judged */
    ucontext_t scheduler;
    void *sanitizer;

    /* Which of the fibers that could go on did, the one that had run being the first. */
    unsigned char picked[INTERLEAVE_TURNS], choices[INTERLEAVE_TURNS];
    int turns, planned;
    int most_interruptions; /* -1: by chance */
    uint64_t chance;
} interleave = {.running = -1};

static void interleave_fail(const char *what, const char *file, int line)
{
    printf("%s:%d: %s: %s\nturns:", file, line, interleave.scenario, what);
    for (int i = 0; i < interleave.turns; i++) {
        printf(" %d/%d", interleave.picked[i], interleave.choices[i]);
    }
    printf("\n");
    exit(1);
}

/* As CHECK, with the turns that have led there. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            interleave_fail("does not hold: " #condition, __FILE__, __LINE__);                     \
        }                                                                                          \
    } while (0)

static void interleave_switch(ucontext_t *from, ucontext_t *to, void *sanitizer)
{
#ifdef __SANITIZE_THREAD__
    __tsan_switch_to_fiber(sanitizer, 0);
#else
    (void)sanitizer;
#endif
    swapcontext(from, to);
}

static inline void interleave_seam(void)
{
    if (interleave.running >= 0) {
        struct interleave_fiber *fiber = &interleave.fibers[interleave.running];
        interleave_switch(&fiber->context, &interleave.scheduler, interleave.sanitizer);
    }
}

/* Goes on when it is ready; at the latest one of the others must bring that about. */
static void interleave_wait(bool (*is_ready)(void *), void *waits_for)
{
    if (interleave.running < 0) {
        HOLDS(is_ready(waits_for));
        return;
    }
    struct interleave_fiber *fiber = &interleave.fibers[interleave.running];
    fiber->is_ready = is_ready;
    fiber->waits_for = waits_for;
    interleave_seam();
    fiber->is_ready = NULL;
}

static void interleave_begin(void)
{
    struct interleave_fiber *fiber = &interleave.fibers[interleave.running];
    fiber->run(fiber->argument);
    fiber->is_done = true;
    interleave_seam();
}

/* For the scenario that is prepared. */
static void interleave_spawn(void (*run)(void *), void *argument)
{
    struct interleave_fiber *fiber = &interleave.fibers[interleave.count++];
    fiber->run = run;
    fiber->argument = argument;
    fiber->is_done = false;
    fiber->is_ready = NULL;
    if (fiber->stack == NULL) {
        fiber->stack = malloc(INTERLEAVE_STACK);
#ifdef __SANITIZE_THREAD__
        fiber->sanitizer = __tsan_create_fiber(0);
#endif
    }
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = INTERLEAVE_STACK;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, interleave_begin, 0);
}

static bool interleave_can_run(const struct interleave_fiber *fiber)
{
    return !fiber->is_done && (fiber->is_ready == NULL || fiber->is_ready(fiber->waits_for));
}

static unsigned interleave_number(unsigned below)
{
    interleave.chance ^= interleave.chance << 13;
    interleave.chance ^= interleave.chance >> 7;
    interleave.chance ^= interleave.chance << 17;
    return (unsigned)(interleave.chance >> 33) % below;
}

static int interleave_pick(int count, bool is_interruption, int *interruptions)
{
    int turn = interleave.turns++, choices = count, picked = 0;
    if (turn >= INTERLEAVE_TURNS) {
        interleave_fail("no end", __FILE__, __LINE__);
    }
    if (interleave.most_interruptions < 0) {
        picked = interleave_number(2) == 0 ? 0 : (int)interleave_number((unsigned)count);
    } else {
        choices = is_interruption && *interruptions >= interleave.most_interruptions ? 1 : count;
        picked = turn < interleave.planned ? interleave.picked[turn] : 0;
    }
    *interruptions += is_interruption && picked > 0;
    interleave.picked[turn] = (unsigned char)picked;
    interleave.choices[turn] = (unsigned char)choices;
    return picked;
}

static void interleave_run(void)
{
    int before = 0, interruptions = 0;
    interleave.turns = 0;
#ifdef __SANITIZE_THREAD__
    interleave.sanitizer = __tsan_get_current_fiber();
#endif
    for (;;) {
        int able[INTERLEAVE_MOST], count = 0, left = 0;
        for (int i = 0; i < interleave.count; i++) {
            int fiber = (before + i) % interleave.count;
            left += !interleave.fibers[fiber].is_done;
            if (interleave_can_run(&interleave.fibers[fiber])) {
                able[count++] = fiber;
            }
        }
        if (count == 0) {
            if (left > 0) {
                interleave_fail("all wait for each other", __FILE__, __LINE__);
            }
            return;
        }
        before = able[count == 1 ? 0 : interleave_pick(count, able[0] == before, &interruptions)];
        interleave.running = before;
        interleave_switch(&interleave.scheduler, &interleave.fibers[before].context,
                          interleave.fibers[before].sanitizer);
        interleave.running = -1;
    }
}

/* The next order with few interruptions; false: there is none. */
static bool interleave_advance(void)
{
    int turn = interleave.turns - 1;
    while (turn >= 0 && interleave.picked[turn] + 1 >= interleave.choices[turn]) {
        turn--;
    }
    if (turn >= 0) {
        interleave.picked[turn]++;
        interleave.planned = turn + 1;
    }
    return turn >= 0;
}

struct interleave_scenario {
    const char *name;
    void (*prepare)(void); /* spawns */
    void (*judge)(void);   /* after all have ended */
};

static void interleave_once(const struct interleave_scenario *scenario)
{
    interleave.count = 0;
    scenario->prepare();
    interleave_run();
    scenario->judge();
}

/* Returns how many orders it has tried. */
static long interleave_explore(const struct interleave_scenario *scenario, int most_interruptions,
                               long by_chance, uint64_t seed)
{
    long tried = 0;
    interleave.scenario = scenario->name;
    interleave.most_interruptions = most_interruptions;
    interleave.planned = 0;
    do {
        interleave_once(scenario);
        tried++;
    } while (interleave_advance());
    interleave.most_interruptions = -1;
    interleave.chance = seed;
    for (long i = 0; i < by_chance; i++, tried++) {
        interleave_once(scenario);
    }
    return tried;
}

/* What takes the place of locks and atomics --------------------------------------- */

struct interleave_lock {
    bool is_held;
};

static bool interleave_is_free(void *lock)
{
    return !((struct interleave_lock *)lock)->is_held;
}

static inline int interleave_acquire(struct interleave_lock *lock)
{
    interleave_wait(interleave_is_free, lock);
    HOLDS(!lock->is_held);
    lock->is_held = true;
    return 0;
}

static inline int interleave_let_go(struct interleave_lock *lock)
{
    HOLDS(lock->is_held);
    lock->is_held = false;
    interleave_seam();
    return 0;
}

#endif
