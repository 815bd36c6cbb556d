/* A file of certificate authorities in PEM, of which those alone are parsed
 * that a server's certificate leads to. A system has some 150 of them, which
 * take 1.7 MB and 40 ms of CPU for each thread that parses them all, and most
 * programs need one or two. What is parsed once serves all connections.
 *
 * Of the others it is known where they stand and a hash of their names. When
 * the file has changed, the next connection sees the new one. Any thread.
 *
 * A server is judged as if OpenSSL had loaded the whole file, but for a file
 * with a certificate whose inside cannot be decoded (its name can): OpenSSL
 * refuses that file, here that one certificate is missing; and for a file with
 * zero bytes in it, whose lines OpenSSL takes to end there. */
#ifndef SLK_CA_FILE_H
#define SLK_CA_FILE_H

#include <openssl/ssl.h>

#include "error.h"

struct slk_ca_file;

/* Reads nothing yet. NULL when memory ran out. */
struct slk_ca_file *slk_ca_file_create(const char *path);
struct slk_ca_file *slk_ca_file_retain(struct slk_ca_file *file);
void slk_ca_file_release(struct slk_ca_file *file);

/* Connections of this context trust the file's authorities, beside others that
 * its store has. The store keeps a reference. SLK_INVALID: the file cannot be
 * read, is spoilt, or holds no certificate; SLK_NOMEM. */
int slk_ca_file_use(struct slk_ca_file *file, SSL_CTX *context);

#endif
