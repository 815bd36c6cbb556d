/* The bodies of a transfer on its libcurl handle: held in memory, or streamed
 * (http_stream.h) with the pauses that this takes. Client thread. */
#ifndef SLK_HTTP_BODIES_H
#define SLK_HTTP_BODIES_H

#include "http_stream.h"
#include "http_transfer.h"

/* Sets method and bodies of the transfer on its handle. */
CURLcode slk_http_bodies_set(struct slk_http_transfer *transfer);

/* Whether the transfer may go over HTTP/2. Not when the caller may hold up the
 * response: libcurl (7.88) then goes on reading the connection for the other
 * streams, and keeps up to 32 MiB of this one in memory. */
bool slk_http_bodies_allow_http2(const struct slk_http_transfer *transfer);

/* The head of a response is whole. False: the transfer has failed and is to end. */
bool slk_http_bodies_head(struct slk_http_transfer *transfer);

/* The response is whole and in the result. */
void slk_http_bodies_end(struct slk_http_transfer *transfer);

/* What the caller of a streaming transfer under way gives and takes; see
 * slk_http_stream_feed and slk_http_stream_hand_on. Other than CURLE_OK: it has
 * to be ended with that. */
CURLcode slk_http_bodies_feed(struct slk_http_transfer *transfer, struct slk_http_piece *piece);
CURLcode slk_http_bodies_hand_on(struct slk_http_transfer *transfer);

/* Whether nothing moves because the caller has to do something first. */
bool slk_http_bodies_wait(const struct slk_http_transfer *transfer);

#endif
