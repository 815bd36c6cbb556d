/* What the client thread does with requests: whose turn it is, the transfers
 * under way and the handles and connections they use, and their time limits.
 * Client thread, but for the counts. */
#ifndef SLK_HTTP_TURNS_H
#define SLK_HTTP_TURNS_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http_handles.h"
#include "http_host.h"
#include "http_transfer.h"
#include "log.h"

/* Read on any thread. */
struct slk_http_counts {
    _Atomic uint64_t running, ended, opened, reused, sent, received; /* see the client's stats */
    _Atomic uint64_t connections;
};

/* Zeros until it is opened. */
struct slk_http_turns {
    CURLM *multi;
    struct slk_log *log; /* the client's; may be NULL */
    struct slk_http_hosts hosts;
    int64_t next_expiry; /* of those waiting or silent; may be too early, never too late */
    unsigned pool_size;
    struct slk_http_handles handles;
    CURLSH *sessions; /* TLS sessions, which handles otherwise have each for themselves; or NULL */
    bool is_stopped;
    size_t http2_count;              /* of transfers under way that may use it */
    unsigned changes, known_changes; /* transfers that have been begun or ended; by the last tick */
    unsigned rounds;                 /* for the loop to go without a wait */
    struct slk_http_counts counts;
};

void slk_http_turns_open(struct slk_http_turns *turns, CURLM *multi, struct slk_log *log);

/* Ends everything and frees what it has, before the multi handle goes. */
void slk_http_turns_close(struct slk_http_turns *turns);

/* Owns the transfer, which begins or waits; one that has failed is told at once. */
void slk_http_turns_take(struct slk_http_turns *turns, struct slk_http_transfer *transfer);

/* None of these minds an id that has ended. The piece is owned, NULL ends the body. */
void slk_http_turns_cancel(struct slk_http_turns *turns, uint64_t id);
void slk_http_turns_feed(struct slk_http_turns *turns, uint64_t id, struct slk_http_piece *piece);
void slk_http_turns_hand_on(struct slk_http_turns *turns, uint64_t id);

/* libcurl has ended the transfer of that handle. */
void slk_http_turns_done(struct slk_http_turns *turns, CURL *easy, CURLcode code);

/* Ends what is overdue; returns when to look again at the latest. */
int64_t slk_http_turns_tick(struct slk_http_turns *turns, int64_t now);

/* Everything outstanding ends with "closed", and what comes later at once. */
void slk_http_turns_end_all(struct slk_http_turns *turns);

#endif
