/* What TLS listeners need beyond libwebsockets: a floor for the protocol's
 * version, a certificate that can change while the server runs, and a log line
 * when handshakes fail. Server thread, except where it says otherwise. */
#ifndef SLK_SERVER_TLS_H
#define SLK_SERVER_TLS_H

#include <openssl/ssl.h>

#include "error.h"
#include "log.h"
#include "log_limit.h"

/* All zero: plain text. */
struct slk_server_tls {
    char *cert_file; /* PEM; these do not change after slk_server_tls_init */
    char *key_file;
    SSL_CTX *pair;       /* holds the certificate, its chain and key; nothing is served with it */
    unsigned generation; /* of the pair: sessions of another one are not resumed */
    struct slk_log *log; /* not owned: set before slk_server_tls_use, outlives it */
    struct slk_log_limit failure_lines;
};

/* Any thread, before the server thread sees it. Copies the names, loads the
 * pair. SLK_OK or err ("certificate", "memory"). */
int slk_server_tls_init(struct slk_server_tls *tls, const char *cert_file, const char *key_file,
                        struct slk_error *err);

/* Loads the files again, for handshakes to come. SLK_OK, or err and all stays. */
int slk_server_tls_reload(struct slk_server_tls *tls, struct slk_error *err);

/* Has context, which libwebsockets made for a vhost, serve the pair, as it is
 * at each handshake. tls must outlive it. */
void slk_server_tls_use(struct slk_server_tls *tls, SSL_CTX *context);

void slk_server_tls_free(struct slk_server_tls *tls);

#endif
