/* One accepted TCP connection, plain or TLS, that never blocks. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../../src/buffer.h"

struct link {
    int fd;
    SSL *ssl; /* NULL: plain text */
    struct slk_buffer out;
    bool dead;
};

/* A listening socket on a free port of the loopback; the port goes to *port. -1 on failure. */
int link_listen(int *port);

/* Takes the next connection; false when none waits. */
bool link_accept(struct link *link, int listener, SSL_CTX *tls);

/* Bytes read, 0 when nothing waits, -1 when the connection has ended. */
ssize_t link_read(struct link *link, char *data, size_t size);

/* Sends what is in out, as far as the socket takes it. */
void link_flush(struct link *link);

/* Closes; reset: with a TCP reset instead of an orderly end. */
void link_close(struct link *link, bool reset);

#endif
