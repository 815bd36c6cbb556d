/* Slack's request signature, version v0 (Slack: "Verifying requests from
 * Slack"): HMAC-SHA256 over "v0:" timestamp ":" raw body. Any thread. */
#ifndef SLK_SIGNATURE_H
#define SLK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define SLK_SIGNATURE_SIZE    68  /* "v0=", 64 hex digits, terminator */
#define SLK_SIGNATURE_MAX_AGE 300 /* seconds, to either side */

/* Writes the signature of body. SLK_OK, SLK_INVALID (empty secret) or SLK_SYSTEM. */
int slk_signature_make(const char *secret, size_t secret_length, const char *timestamp,
                       size_t timestamp_length, const void *body, size_t body_length,
                       char signature[SLK_SIGNATURE_SIZE]);

enum slk_signature_verdict {
    SLK_SIGNATURE_VALID,
    SLK_SIGNATURE_BAD_TIMESTAMP, /* missing, not purely digits, or absurdly long */
    SLK_SIGNATURE_STALE,         /* more than SLK_SIGNATURE_MAX_AGE away from now */
    SLK_SIGNATURE_BAD_FORMAT,    /* missing, other version, wrong length, not lower-case hex */
    SLK_SIGNATURE_MISMATCH
};

/* now is in seconds since the epoch. Compares in constant time. */
enum slk_signature_verdict slk_signature_check(const char *secret, size_t secret_length,
                                               const char *timestamp, size_t timestamp_length,
                                               const char *signature, size_t signature_length,
                                               const void *body, size_t body_length, int64_t now);

#endif
