#include "latencies.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double microseconds(const int64_t *sorted, size_t count, double share)
{
    return count == 0 ? 0 : (double)sorted[(size_t)((double)(count - 1) * share)] / 1e3;
}

void latencies_print(int64_t *nanoseconds, size_t count, FILE *file)
{
    qsort(nanoseconds, count, sizeof *nanoseconds, compare);
    fprintf(file, "{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}", microseconds(nanoseconds, count, 0.5),
            microseconds(nanoseconds, count, 0.99), microseconds(nanoseconds, count, 1));
}
