/* Makes certificates for servers on this machine: the local Slack's TLS and
 * the specs'. Needs no tool and no file of its own. Any thread. */
#ifndef SLK_CERTIFICATE_H
#define SLK_CERTIFICATE_H

#include "buffer.h"
#include "error.h"

struct slk_certificate_settings {
    const char *subject_alt_names; /* OpenSSL's form: "DNS:localhost,IP:127.0.0.1,IP:::1" */
    long starts_in;                /* seconds from now; negative: in the past */
    long ends_in;
};

/* A fresh authority and a server certificate signed by it, with its key, all
 * as PEM text. SLK_OK, SLK_NOMEM or SLK_SYSTEM with err. */
int slk_certificate_make(const struct slk_certificate_settings *settings,
                         struct slk_buffer *authority, struct slk_buffer *certificate,
                         struct slk_buffer *key, struct slk_error *err);

#endif
