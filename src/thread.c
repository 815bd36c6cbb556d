#include "thread.h"

#include <signal.h>
#include <time.h>

#include "clock.h"
#include "error.h"

int slk_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the new thread inherits the mask */
    int failed = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        return SLK_SYSTEM;
    }
#ifdef __linux__
    pthread_setname_np(*thread, name);
#else
    (void)name;
#endif
    return SLK_OK;
}

void slk_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#ifndef __APPLE__
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void slk_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t end)
{
    if (end == SLK_NEVER) {
        pthread_cond_wait(condition, lock);
        return;
    }
#ifdef __APPLE__ /* has conditions on the wall clock only, or relative ones */
    int64_t left = end - slk_clock_now(), wait = left > 0 ? left : 0;
    struct timespec time = {.tv_sec = wait / SLK_SECONDS(1), .tv_nsec = wait % SLK_SECONDS(1)};
    pthread_cond_timedwait_relative_np(condition, lock, &time);
#else
    struct timespec time = {.tv_sec = end / SLK_SECONDS(1), .tv_nsec = end % SLK_SECONDS(1)};
    pthread_cond_timedwait(condition, lock, &time);
#endif
}
