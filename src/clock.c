#include "clock.h"

#include <time.h>

int64_t slk_clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return SLK_SECONDS(now.tv_sec) + now.tv_nsec;
}

int slk_clock_wait_ms(int64_t now, int64_t deadline, int maximum)
{
    if (deadline <= now) {
        return 0;
    }
    int64_t wait = deadline - now;
    if (wait > SLK_MS(maximum)) {
        return maximum;
    }
    return (int)((wait + SLK_MS(1) - 1) / SLK_MS(1));
}
