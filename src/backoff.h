/* How long to wait before the next attempt: the first one after a success is
 * made at once, later ones wait for a random time in proportion to the waits
 * there were. So attempts thin out by themselves in a long failure, and after a
 * short one nobody waits much longer than it took. One owner, one thread. */
#ifndef SLK_BACKOFF_H
#define SLK_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct slk_backoff {
    int64_t first;   /* nanoseconds */
    int64_t maximum; /* nanoseconds */
    int64_t waited;  /* since the first failure; no more than maximum is counted */
    bool failing;
};

void slk_backoff_init(struct slk_backoff *backoff, int64_t first, int64_t maximum);

/* Counts a failure and returns how long to wait: 0 for the first, then a
 * random time in the upper half of min(maximum, first + all waits so far). */
int64_t slk_backoff_next(struct slk_backoff *backoff);

/* A success that has proved stable. */
void slk_backoff_reset(struct slk_backoff *backoff);

#endif
