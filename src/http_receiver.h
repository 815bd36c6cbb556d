/* Slack's requests over HTTP (Slack: "Verifying requests from Slack", "Events
 * API", "Handling user interaction"), judged on the server thread: the path, the
 * signature over the exact bytes, url_verification and ssl_check, the shape of
 * the body. What is left goes to Lua as a delivery; events are answered before or, with
 * an inbox, when they have been stored.
 *
 * Created, asked for its counters and released on the Lua thread. */
#ifndef SLK_HTTP_RECEIVER_H
#define SLK_HTTP_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "http_gate.h"
#include "http_head.h"
#include "log.h"
#include "mailbox.h"

struct slk_http_receiver;
struct slk_inbox;

/* Bits of what a path is for. */
enum slk_delivery_kind {
    SLK_DELIVERY_EVENT = 1,      /* JSON of the Events API */
    SLK_DELIVERY_COMMAND = 2,    /* a form without the field payload */
    SLK_DELIVERY_INTERACTION = 4 /* a form with it: clicks, views, shortcuts, option loads */
};

struct slk_receiver_path {
    const char *path;
    unsigned kinds; /* others get 404 there */
};

struct slk_http_receiver_settings {
    const struct slk_text *secrets; /* any of them opens */
    size_t secret_count;
    const struct slk_receiver_path *paths;
    size_t path_count;
    int64_t ack_deadline;    /* nanoseconds */
    int64_t step_deadline;   /* of steps of workflows among held events; not shorter */
    bool holds_events;       /* events too wait for Lua's answer, instead of 200 at once */
    struct slk_inbox *inbox; /* events are answered when they are in it; NULL: none; retained */
    int64_t (*time)(void);   /* seconds since the epoch; NULL: the system's clock */
};

/* kind SLK_MESSAGE_DELIVERY; all text lies in the one allocation. */
struct slk_delivery_message {
    struct slk_message message;
    uint64_t request; /* 0: answered already */
    enum slk_delivery_kind kind;
    int64_t received;
    struct slk_text json;     /* of an event or interaction, one well-formed object */
    struct slk_text event;    /* in json: to be decoded by itself; data NULL: not so */
    struct slk_text event_id; /* in json, when there is event; data NULL: none */
    struct slk_text headers;  /* the block of lines, as it came */
    struct slk_text form;     /* of a command: decoded name, NUL, value, NUL, … */
    int retry_number;         /* 0: none */
    struct slk_text retry_reason;
    char *entry; /* its id in the inbox, owned; NULL: none */
};

#define SLK_LATENCY_BUCKETS 12

/* How long Slack waited for answers to what was let in, in Prometheus' form:
 * buckets[i] counts those of at most slk_latency_bounds[i] nanoseconds. */
struct slk_latency {
    uint64_t count, sum; /* sum in nanoseconds */
    uint64_t buckets[SLK_LATENCY_BUCKETS];
};

extern const int64_t slk_latency_bounds[SLK_LATENCY_BUCKETS];

struct slk_http_receiver_stats {
    uint64_t accepted[3];   /* events, commands, interactions */
    uint64_t verifications; /* url_verification */
    uint64_t ssl_checks;
    uint64_t unsigned_;    /* 401: no, malformed or several signature headers */
    uint64_t stale;        /* 401: timestamp out of bounds */
    uint64_t mismatched;   /* 401: wrong signature */
    uint64_t malformed;    /* 400 */
    uint64_t unknown;      /* 404: of no kind that Slack sends, or of none for that path */
    uint64_t wrong_method; /* 405 */
    uint64_t crowded;      /* 503: too much waits for Lua */
    uint64_t unstored;     /* 503: could not be stored, not in time, or too much waits for that */
    uint64_t deadlines;    /* answered empty because Lua had not */
    uint64_t gone;         /* Slack hung up before the answer */
    struct slk_latency ack_latency;
};

/* deliveries is bounded by its marks: when it is half full events wait for Lua
 * too, so that Slack slows down; over the marks: 503. notices is where
 * SLK_MESSAGE_ACK goes ("deadline", "gone"). NULL with err. The result has one
 * reference, the caller's. */
struct slk_http_receiver *
slk_http_receiver_create(const struct slk_http_receiver_settings *settings, struct slk_log *log,
                         struct slk_mailbox *deliveries, struct slk_mailbox *notices,
                         uint32_t source, struct slk_error *err);

/* Lua thread. Whether deliveries are taken, as they are at first; else 503 with
 * Retry-After, so that Slack delivers again. */
void slk_http_receiver_admit(struct slk_http_receiver *receiver, bool admits);

/* For slk_http_server_settings. */
struct slk_gate *slk_http_receiver_gate(struct slk_http_receiver *receiver);

void slk_http_receiver_stats(const struct slk_http_receiver *receiver,
                             struct slk_http_receiver_stats *stats);
void slk_http_receiver_release(struct slk_http_receiver *receiver);

#endif
