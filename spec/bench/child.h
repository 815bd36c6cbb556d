/* The program under test: started, watched from outside, ended. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_THREADS 64

/* CPU of one name of thread, all threads of that name together. */
struct child_thread {
    char name[16];
    int64_t cpu; /* nanoseconds */
};

struct child {
    pid_t pid;
    int output; /* what it writes to stdout */
    char said[8192];
    size_t said_length;
};

/* arguments: ended by NULL, the first is the program. */
bool child_start(struct child *child, char *const arguments[]);

bool child_is_alive(const struct child *child);

/* User and system CPU of the whole process so far, nanoseconds; -1 when it has gone. */
int64_t child_cpu(const struct child *child);

/* "VmRSS" (now) or "VmHWM" (peak), in KiB; 0 when unknown. */
long child_memory(const struct child *child, const char *field);

/* Returns how many names there are. */
size_t child_threads(const struct child *child, struct child_thread threads[CHILD_THREADS]);

/* Asks it to end (SIGTERM), insists after a while, and collects what it said. */
void child_stop(struct child *child);

/* The last line it wrote if that is a JSON object, else "null". */
const char *child_answer(struct child *child);

#endif
