#include "forks.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint count = 1; /* a fork changes it before anything else runs there */

static void on_fork(void)
{
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

static void watch(void)
{
    pthread_atfork(NULL, NULL, on_fork);
}

void slk_forks_watch(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch);
}

unsigned slk_forks_count(void)
{
    return atomic_load_explicit(&count, memory_order_relaxed);
}
