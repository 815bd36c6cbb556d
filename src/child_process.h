/* A program that runs beside this one: started with an environment, its two
 * output streams come together through one descriptor, its end is noticed by
 * another. Lua thread only; no thread and no signal handler of its own. */
#ifndef SLK_CHILD_PROCESS_H
#define SLK_CHILD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"
#include "processes.h"

struct slk_child;

struct slk_child_options {
    char *const *arguments;   /* the program, looked for in PATH, and what it gets; NULL ends it */
    char *const *environment; /* "NAME=VALUE" sets, "NAME" unsets; the rest stays; NULL ends it */
    const char *directory;    /* where it runs; NULL: here */
};

/* Its input is empty; it is out of the terminal's foreground group, so that
 * Ctrl-C is the caller's to pass on, and gets SIGTERM when the caller dies
 * (Linux). Waits until the program runs; NULL when it cannot, with *err. */
struct slk_child *slk_child_start(const struct slk_child_options *options, struct slk_error *err);

pid_t slk_child_pid(const struct slk_child *child);

/* Readable when it has written something, and at the end of that. Not blocking. */
int slk_child_output_fd(const struct slk_child *child);

/* Readable once it has ended; -1 where the system has no such descriptor. */
int slk_child_end_fd(const struct slk_child *child);

/* Bytes of what it has written; 0: nothing for now; SLK_CLOSED: nothing will come. */
ssize_t slk_child_read(struct slk_child *child, char *bytes, size_t capacity);

/* Whether it has ended, and how. From then on its number may be another's. */
bool slk_child_ended(struct slk_child *child, struct slk_exit *ended);

/* Sends a signal; false when it has ended. */
bool slk_child_signal(struct slk_child *child, int number);

/* Kills it if it runs. */
void slk_child_destroy(struct slk_child *child);

#endif
