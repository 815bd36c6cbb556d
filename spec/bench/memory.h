/* The resident memory of a process by what it is for, from /proc/PID/smaps. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdio.h>
#include <sys/types.h>

/* KiB. A thread's stack is known by the page that guards its end. */
struct memory {
    long libraries; /* the program itself too, and whatever else is mapped from files */
    long heap;
    long stacks;
    long rest;
};

/* All 0 when it cannot be read. */
struct memory memory_read(pid_t pid);

/* As a JSON object. */
void memory_print(const struct memory *memory, FILE *file);

#endif
