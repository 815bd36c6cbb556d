/* The clocks of the program under test, moved on by what the test says. */
#ifndef SHIFTED_CLOCK_H
#define SHIFTED_CLOCK_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

/* Nanoseconds: by all clocks, and by which the wall clock alone was set. */
static _Atomic int64_t passed, set_by;

/* In place of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    int64_t shift = passed + (clock == CLOCK_REALTIME ? set_by : 0);
    int64_t whole = time->tv_sec * SLK_SECONDS(1) + time->tv_nsec + shift;
    time->tv_sec = whole / SLK_SECONDS(1);
    time->tv_nsec = whole % SLK_SECONDS(1);
    return result;
}

#endif
