#include "backoff.h"

#include <sys/random.h>

#include "clock.h"

void slk_backoff_init(struct slk_backoff *backoff, int64_t first, int64_t maximum)
{
    *backoff = (struct slk_backoff){.first = first, .maximum = maximum};
}

static int64_t ceiling(const struct slk_backoff *backoff)
{
    int64_t value = backoff->first;
    for (unsigned doublings = backoff->failures - 2; doublings > 0; doublings--) {
        if (value > backoff->maximum / 2) {
            return backoff->maximum;
        }
        value *= 2;
    }
    return value < backoff->maximum ? value : backoff->maximum;
}

/* From 1 to limit. Many apps may fail at the same moment, so the jitter must
 * not follow from the time; the clock is only for a system without randomness. */
static int64_t random_up_to(int64_t limit)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        number = (uint64_t)slk_clock_now() * 0x9E3779B97F4A7C15u;
    }
    return 1 + (int64_t)(number % (uint64_t)limit);
}

int64_t slk_backoff_next(struct slk_backoff *backoff)
{
    if (backoff->failures < UINT32_MAX) {
        backoff->failures++;
    }
    if (backoff->failures == 1) {
        return 0;
    }
    int64_t limit = ceiling(backoff);
    return limit > 0 ? random_up_to(limit) : 0;
}

void slk_backoff_reset(struct slk_backoff *backoff)
{
    backoff->failures = 0;
}
