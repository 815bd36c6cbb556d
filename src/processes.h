/* Worker processes of one program, forked from it before it has threads. Lua
 * thread only. */
#ifndef SLK_PROCESSES_H
#define SLK_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

/* How a process has ended. */
struct slk_exit {
    bool by_signal;
    int code; /* exit status, or number of the signal */
};

/* Returns the child's id to the parent and 0 to the child, -1 with errno. In
 * the child signals stay blocked until slk_process_begin, so that none is lost
 * between two handlers. */
pid_t slk_process_fork(void);

/* In the child: out of the terminal's foreground group, so that Ctrl-C comes by
 * way of the parent; SIGTERM when the parent dies; signals again. */
void slk_process_begin(pid_t parent);

/* Whether that child has ended; then it is gone and *ended says how. */
bool slk_process_ended(pid_t child, struct slk_exit *ended);

#endif
