/* The few fields of a Socket Mode frame, or of a request of the Events API, that
 * the C threads need, found without decoding the JSON: one pass over the bytes,
 * nothing copied.
 * Pure code; any thread. */
#ifndef SLK_ENVELOPE_H
#define SLK_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* Of a string, what is between its quotes, with escapes as they stand; data is
 * NULL when the field is missing or null. */
struct slk_envelope {
    struct slk_text type; /* "hello", "disconnect", "events_api", ... */
    struct slk_text envelope_id;
    struct slk_text payload;          /* the JSON value as it stands, object or not */
    struct slk_text payload_event_id; /* in the payload */
    struct slk_text payload_event; /* in the payload: the JSON object, of nothing but an object */
    struct slk_text reason;        /* of disconnect */
    struct slk_text retry_reason;
    struct slk_text debug_info; /* the JSON value */
    struct slk_text event;      /* the JSON value, over HTTP */
    struct slk_text event_id;   /* over HTTP */
    struct slk_text challenge;  /* the JSON value, of url_verification */
    int retry_attempt;          /* 0 when missing */
    int num_connections;        /* of hello; 0 when missing */
    bool accepts_response_payload;
    bool is_deep;  /* something lies below SLK_JSON_SKIP_DEPTH */
    bool is_large; /* not shorter than SLK_JSON_SURE_LENGTH */
};

/* SLK_OK when text is one JSON object, well formed as json_skip.h says, followed by
 * nothing but white space, else SLK_INVALID with *why set to static text. Of a repeated
 * field the last counts, however its name is written, as JSON decoders do. An
 * envelope_id that is no plain string of 1 to 255 printable ASCII characters
 * without quote or backslash counts as missing. */
int slk_envelope_scan(const char *text, size_t length, struct slk_envelope *envelope,
                      const char **why);

/* Whether Lua may decode the event, which has that id, at once, and all else when somebody
 * asks for it: that is too late to find that it cannot be decoded. */
bool slk_envelope_is_separable(const struct slk_envelope *envelope, struct slk_text event_id);

#endif
