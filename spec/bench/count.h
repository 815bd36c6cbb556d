/* Marks what callgrind counts: nothing before count_begin, then what runs between count_on
 * and count_off, until count_end gives the sum its name. Nothing happens elsewhere than
 * under valgrind. */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <valgrind/callgrind.h>

static inline void count_begin(void)
{
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

static inline void count_on(void)
{
    CALLGRIND_TOGGLE_COLLECT;
}

static inline void count_off(void)
{
    CALLGRIND_TOGGLE_COLLECT;
}

static inline void count_end(const char *name)
{
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
}

#endif
