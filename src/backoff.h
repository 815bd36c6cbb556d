/* How long to wait before the next attempt: full jitter under a ceiling that
 * doubles from first to maximum. The first attempt after a success is
 * immediate. One owner, one thread. */
#ifndef SLK_BACKOFF_H
#define SLK_BACKOFF_H

#include <stdint.h>

struct slk_backoff {
    int64_t first;   /* nanoseconds */
    int64_t maximum; /* nanoseconds */
    unsigned failures;
};

void slk_backoff_init(struct slk_backoff *backoff, int64_t first, int64_t maximum);

/* Counts a failure and returns how long to wait: 0 for the first, then a
 * random time in (0, min(maximum, first * 2^(failures - 2))]. */
int64_t slk_backoff_next(struct slk_backoff *backoff);

/* A success that has proved stable. */
void slk_backoff_reset(struct slk_backoff *backoff);

#endif
