/* Notices that the Lua thread stays in one piece of work for too long, and
 * interrupts it there: a thread that looks a few times a second, and sleeps
 * while nothing is done. It knows no Lua: what runs is a pointer to it.
 *
 * The Lua thread says what runs by one exchange of a pointer; the watchdog takes
 * that pointer away while it interrupts, so that what runs cannot end meanwhile. */
#ifndef SLK_WATCHDOG_H
#define SLK_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

struct slk_watchdog;

struct slk_watchdog_options {
    int64_t limit; /* nanoseconds in one piece of work */
    /* On the watchdog's thread: makes `running` call back soon, on the Lua thread. False
     * when it cannot. Must not wait. */
    bool (*interrupt)(void *running);
    int complaints; /* descriptor for the line about work that cannot be interrupted; -1: none */
};

/* Lua thread, as all but interrupt. NULL: memory or threads ran out. */
struct slk_watchdog *slk_watchdog_start(const struct slk_watchdog_options *options);

/* From now on this runs, a new piece of work; NULL: nothing does. Returns what ran before,
 * which is to be given back. */
void *slk_watchdog_swap(struct slk_watchdog *dog, void *running);

/* Whether what runs was interrupted since this was asked last. */
bool slk_watchdog_was_interrupted(struct slk_watchdog *dog);

/* What runs, for the Lua thread. */
void *slk_watchdog_running(const struct slk_watchdog *dog);

/* In the interrupted work: it has been heard of. Returns the nanoseconds it has taken. */
int64_t slk_watchdog_hear(struct slk_watchdog *dog);

/* Interrupts this piece of work once more, when it has taken so long. */
void slk_watchdog_stop_after(struct slk_watchdog *dog, int64_t nanoseconds);

/* Whether it is this piece of work that was interrupted. */
bool slk_watchdog_is_interrupted(const struct slk_watchdog *dog);

/* Whether this interruption is that one. */
bool slk_watchdog_is_to_stop(const struct slk_watchdog *dog);

/* In a process forked from that of the thread nothing happens. */
void slk_watchdog_destroy(struct slk_watchdog *dog);

#endif
