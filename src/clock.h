/* Time as this library counts it: nanoseconds of the monotonic clock, which
 * never jumps. Any thread. */
#ifndef SLK_CLOCK_H
#define SLK_CLOCK_H

#include <stdint.h>

#define SLK_NEVER      INT64_MAX
#define SLK_MS(n)      ((int64_t)(n)*1000000)
#define SLK_SECONDS(n) ((int64_t)(n)*1000000000)

int64_t slk_clock_now(void);

/* Milliseconds from now until deadline, rounded up, between 0 and maximum. */
int slk_clock_wait_ms(int64_t now, int64_t deadline, int maximum);

#endif
