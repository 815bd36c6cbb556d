/* A descriptor that any thread can make readable: an eventfd on Linux, a pipe
 * elsewhere. */
#ifndef SLK_WAKE_H
#define SLK_WAKE_H

#include <stdint.h>

struct slk_wake {
    int read_fd;
    int write_fd; /* the same descriptor for an eventfd */
};

/* SLK_OK or SLK_SYSTEM. Non-blocking, close-on-exec. */
int slk_wake_init(struct slk_wake *wake);

/* Any thread, also from a signal handler. Signals merge until cleared. */
void slk_wake_signal(const struct slk_wake *wake);

/* The waiting thread. How many signals it has cleared. */
int64_t slk_wake_clear(const struct slk_wake *wake);
int slk_wake_fd(const struct slk_wake *wake);

void slk_wake_free(struct slk_wake *wake);

#endif
