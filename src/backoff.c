#include "backoff.h"

#include <sys/random.h>

#include "clock.h"

void slk_backoff_init(struct slk_backoff *backoff, int64_t first, int64_t maximum)
{
    *backoff = (struct slk_backoff){.first = first, .maximum = maximum};
}

/* a + b, at most maximum; none is negative. */
static int64_t add(int64_t a, int64_t b, int64_t maximum)
{
    return a > maximum - b ? maximum : a + b;
}

/* From 0 to limit. Many apps may fail at the same moment, so the jitter must
 * not follow from the time; the clock is only for a system without randomness. */
static int64_t random_up_to(int64_t limit)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        number = (uint64_t)slk_clock_now() * 0x9E3779B97F4A7C15u;
    }
    return (int64_t)(number % ((uint64_t)limit + 1));
}

int64_t slk_backoff_next(struct slk_backoff *backoff)
{
    if (!backoff->failing) {
        backoff->failing = true;
        return 0;
    }
    int64_t limit = add(backoff->first, backoff->waited, backoff->maximum);
    int64_t wait = limit - random_up_to(limit / 2);
    backoff->waited = add(backoff->waited, wait, backoff->maximum);
    return wait;
}

void slk_backoff_reset(struct slk_backoff *backoff)
{
    backoff->failing = false;
    backoff->waited = 0;
}
