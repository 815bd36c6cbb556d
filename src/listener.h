/* A listening TCP socket. Any thread. */
#ifndef SLK_LISTENER_H
#define SLK_LISTENER_H

#include "error.h"

/* host is an address or a name of this machine; port 0 means any free one.
 * Returns a non-blocking, close-on-exec descriptor and sets *bound to the
 * port, or SLK_SYSTEM with err. */
int slk_listen(const char *host, int port, int *bound, struct slk_error *err);

#endif
