/* Slack's request signature, version v0 (Slack: "Verifying requests from
 * Slack"): HMAC-SHA256 over "v0:" timestamp ":" raw body. Any thread, but a
 * key on one at a time. */
#ifndef SLK_SIGNATURE_H
#define SLK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "http_head.h"

#define SLK_SIGNATURE_SIZE    68  /* "v0=", 64 hex digits, terminator */
#define SLK_SIGNATURE_MAX_AGE 300 /* seconds, to either side */

/* A signing secret, hashed once for all the signatures to come; the secret
 * itself is not kept, and what is kept is wiped by destroy. */
struct slk_signature_key;

/* NULL when the secret is empty or the library failed. */
struct slk_signature_key *slk_signature_key_create(const char *secret, size_t length);
void slk_signature_key_destroy(struct slk_signature_key *key);

/* Writes the signature of body. SLK_OK or SLK_SYSTEM. */
int slk_signature_make(struct slk_signature_key *key, struct slk_text timestamp,
                       struct slk_text body, char signature[SLK_SIGNATURE_SIZE]);

enum slk_signature_verdict {
    SLK_SIGNATURE_VALID,
    SLK_SIGNATURE_BAD_TIMESTAMP, /* missing, not purely digits, or absurdly long */
    SLK_SIGNATURE_STALE,         /* more than SLK_SIGNATURE_MAX_AGE away from now */
    SLK_SIGNATURE_BAD_FORMAT,    /* missing, other version, wrong length, not lower-case hex */
    SLK_SIGNATURE_MISMATCH
};

/* Whether any of the keys made the signature. now is in seconds since the
 * epoch. Compares in constant time. */
enum slk_signature_verdict slk_signature_check(struct slk_signature_key *const *keys, size_t count,
                                               struct slk_text timestamp, struct slk_text signature,
                                               struct slk_text body, int64_t now);

#endif
