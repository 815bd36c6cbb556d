/* Waits for descriptors to become readable, behind one descriptor of its own
 * that another event loop can wait for (epoll; poll where there is none).
 * Lua thread only. */
#ifndef SLK_POLLER_H
#define SLK_POLLER_H

#include <stddef.h>

struct slk_poller;

struct slk_poller *slk_poller_create(void); /* NULL: memory or descriptors ran out */
void slk_poller_destroy(struct slk_poller *poller);

/* Readable when any of the added ones is; one for the poller's whole life.
 * -1 where the system cannot do that. */
int slk_poller_fd(const struct slk_poller *poller);

/* SLK_OK or SLK_SYSTEM. */
int slk_poller_add(struct slk_poller *poller, int fd);
int slk_poller_remove(struct slk_poller *poller, int fd);

/* Waits for at most timeout_ms (-1: without end); writes the readable ones to
 * fds. Returns how many; 0 after the time or a signal; SLK_SYSTEM. */
int slk_poller_wait(struct slk_poller *poller, int timeout_ms, int *fds, size_t capacity);

#endif
