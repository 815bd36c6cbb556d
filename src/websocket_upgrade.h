/* The HTTP exchange that opens a WebSocket (RFC 6455 §4), the client's side.
 * Pure code over bytes. */
#ifndef SLK_WEBSOCKET_UPGRADE_H
#define SLK_WEBSOCKET_UPGRADE_H

#include <stddef.h>

#include "buffer.h"
#include "error.h"

#define SLK_UPGRADE_KEY_SIZE 25    /* base64 of 16 bytes, terminated */
#define SLK_UPGRADE_MAX_HEAD 16384 /* bytes of the response head, with interim ones before it */

/* Makes a random key and appends the request. host is the Host header's value,
 * target the path with its query. SLK_INVALID for CR, LF, space or NUL inside. */
int slk_upgrade_request(struct slk_buffer *out, const char *host, const char *target,
                        char key[SLK_UPGRADE_KEY_SIZE]);

struct slk_upgrade_response {
    int status;         /* HTTP status, e.g. 101 or 409 */
    int retry_after;    /* seconds, -1 when not given */
    size_t head_length; /* bytes of data that belong to the head; frames follow */
};

/* Reads the response head at the start of data. 0: not complete yet; 1: a
 * valid 101 that accepts key; SLK_INVALID or SLK_TOO_LARGE: refused or
 * malformed, err says which (response->status is set when there was one). */
int slk_upgrade_response(const char *data, size_t length, const char *key,
                         struct slk_upgrade_response *response, struct slk_error *err);

#endif
