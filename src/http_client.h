/* The client thread: HTTP requests with libcurl, many at a time, over pooled
 * connections that are kept alive. To one host a limited number is under way
 * at a time; others wait in order, their deadline running. */
#ifndef SLK_HTTP_CLIENT_H
#define SLK_HTTP_CLIENT_H

#include <stdint.h>

#include "error.h"
#include "http_request.h"
#include "log.h"

struct slk_http_client;
struct slk_http_piece;

/* Client thread; owns result afterwards. Must not block. */
typedef void slk_http_done(void *context, struct slk_http_result *result);

/* Starts the thread. Reference counted: the last release stops and joins it,
 * and must not happen on the client thread. NULL with err filled. */
struct slk_http_client *slk_http_client_create(struct slk_log *log, struct slk_error *err);
struct slk_http_client *slk_http_client_retain(struct slk_http_client *client);
void slk_http_client_release(struct slk_http_client *client);

/* Any thread. Owns request from now on, also on failure. done is called exactly
 * once for each SLK_OK, also after cancel and when the client stops. *id, if
 * wanted, is set before done can run. SLK_OK, SLK_NOMEM or SLK_CLOSED. */
int slk_http_client_submit(struct slk_http_client *client, struct slk_http_request *request,
                           slk_http_done *done, void *context, uint64_t *id);

/* Any thread, for requests that stream (http_stream.h). Gives a piece of the body,
 * owned from now on, or NULL for its end; says that the piece of the response that
 * was given out is taken. */
void slk_http_client_feed(struct slk_http_client *client, uint64_t id,
                          struct slk_http_piece *piece);
void slk_http_client_hand_on(struct slk_http_client *client, uint64_t id);

/* Any thread. Ends the request with "cancelled" unless it has ended. */
void slk_http_client_cancel(struct slk_http_client *client, uint64_t id);

/* What is and what was, of all hosts together. */
struct slk_http_client_stats {
    uint64_t running;        /* requests under way */
    uint64_t waiting;        /* for their turn, or to be taken by the client thread */
    uint64_t connections;    /* open, be they in use or kept for later */
    uint64_t opened;         /* connections so far, as requests needed them */
    uint64_t reused;         /* requests that needed none of their own */
    uint64_t sent, received; /* bytes of heads and bodies, of requests that have ended */
};

/* Any thread; a moment's figures, each read by itself. */
void slk_http_client_stats(const struct slk_http_client *client,
                           struct slk_http_client_stats *stats);

/* Any thread. Stops at once: everything outstanding ends with "closed". */
void slk_http_client_stop(struct slk_http_client *client);

#endif
