/* Percentiles of how long each of many things took. */
#ifndef BENCH_LATENCIES_H
#define BENCH_LATENCIES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Sorts them; prints {"p50":…,"p99":…,"max":…} in microseconds, zeros when there are none. */
void latencies_print(int64_t *nanoseconds, size_t count, FILE *file);

#endif
