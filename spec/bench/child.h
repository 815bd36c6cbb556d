/* The program under test: started, watched from outside, ended. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define CHILD_THREADS 64

/* CPU of one name of thread, all threads of that name together. */
struct child_thread {
    char name[16];
    int64_t cpu; /* nanoseconds */
};

struct child_snapshot {
    struct child_thread list[CHILD_THREADS];
    size_t count;
};

/* What each used between two points of time. */
struct child_threads {
    struct child_snapshot before, after;
};

struct child {
    pid_t pid;
    int output; /* what it writes to stdout */
    char said[8192];
    size_t said_length;
    int64_t used; /* after child_stop: by getrusage, from its start to its end; nanoseconds */
};

/* arguments: ended by NULL, the first is the program. */
bool child_start(struct child *child, char *const arguments[]);

bool child_is_alive(const struct child *child);

/* User and system CPU of the whole process so far, nanoseconds; -1 when it has gone. The kernel
 * keeps one account for this and for getrusage. */
int64_t child_cpu(const struct child *child);

/* "VmRSS" (now) or "VmHWM" (peak), in KiB; 0 when unknown. */
long child_memory(const struct child *child, const char *field);

void child_threads_begin(const struct child *child, struct child_threads *threads);
void child_threads_end(const struct child *child, struct child_threads *threads);

/* Adds ,"threads":{"name":seconds,…} */
void child_print_threads(const struct child_threads *threads, FILE *file);

/* Asks it to end (SIGTERM), insists after a while, and collects what it said. */
void child_stop(struct child *child);

/* The last line it wrote if that is a JSON object, else "null". */
const char *child_answer(struct child *child);

#endif
