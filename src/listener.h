/* A listening socket, TCP or of this machine alone. Any thread. */
#ifndef SLK_LISTENER_H
#define SLK_LISTENER_H

#include <stdbool.h>

#include "error.h"

/* host is an address or a name of this machine; port 0 means any free one.
 * is_shared: other processes of this user that say so too may listen on the
 * same port, and the system spreads connections over them (SO_REUSEPORT).
 * Returns a non-blocking, close-on-exec descriptor and sets *bound to the
 * port, or SLK_SYSTEM with err. */
int slk_listen(const char *host, int port, bool is_shared, int *bound, struct slk_error *err);

/* Listens at a path of the file system, which only this user can connect to. What is at the
 * path must be gone. Returns a descriptor as above, or SLK_SYSTEM with err. */
int slk_listen_at_path(const char *path, struct slk_error *err);

/* Binds a shared port without listening on it, so that nobody else takes it and
 * processes to come can share it. Refused when anybody listens there: a program
 * that is started twice would share its port with itself. Results as above. */
int slk_reserve_port(const char *host, int port, int *bound, struct slk_error *err);

#endif
