/* One client WebSocket: libcurl finds the host, goes through the proxy and
 * does TLS (CURLOPT_CONNECT_ONLY); the upgrade and the frames are ours.
 * Nothing here waits, knows time or knows Slack: the owner's loop says when
 * the descriptor is ready. One thread: that of the multi handle. */
#ifndef SLK_WEBSOCKET_CONNECTION_H
#define SLK_WEBSOCKET_CONNECTION_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "net_options.h"
#include "websocket.h"

struct slk_ws_connection;

/* Begins to connect, with fresh to an address asked for anew; the multi handle reports the end of that as a finished
 * transfer whose CURLINFO_PRIVATE is owner. net is kept. The URL, which may
 * hold a ticket, appears in no error. NULL with err: "invalid_url", "memory". */
struct slk_ws_connection *slk_ws_connection_create(CURLM *multi, struct slk_net_options *net,
                                                   const char *url, size_t max_message, bool fresh,
                                                   void *owner, struct slk_error *err);

/* Closes the descriptor at once, whatever the state. NULL is fine. */
void slk_ws_connection_destroy(struct slk_ws_connection *connection);

/* To be called when the multi handle has reported the connect: asks for the
 * upgrade. SLK_OK, or an error with err ("dns", "tls", "proxy", "connection"). */
int slk_ws_connection_connected(struct slk_ws_connection *connection, CURLcode result,
                                struct slk_error *err);

/* Says in err how far it has got in so many milliseconds, when it is given up. */
void slk_ws_connection_late(const struct slk_ws_connection *connection, long long milliseconds,
                            struct slk_error *err);

/* The upgrade has been granted. */
bool slk_ws_connection_is_open(const struct slk_ws_connection *connection);

size_t slk_ws_connection_max_message(const struct slk_ws_connection *connection);

/* -1 while not connected. */
int slk_ws_connection_fd(const struct slk_ws_connection *connection);

/* Seconds that the server asked for when it refused the upgrade, -1 when it did not. */
int slk_ws_connection_retry_after(const struct slk_ws_connection *connection);

struct slk_ws_input {
    char *data; /* what has come and belongs to frames; inside the buffer given */
    size_t length;
    bool more; /* the buffer was filled: read again without waiting for the descriptor */
};

/* Reads all that has come, as far as it fits into buffer. SLK_OK, also when
 * that is nothing; SLK_CLOSED with err when the peer has hung up or refused the
 * upgrade ("upgrade"), SLK_SYSTEM with err. What came before the end is in
 * *input in any case. buffer needs more than SLK_UPGRADE_MAX_HEAD bytes. */
int slk_ws_connection_read(struct slk_ws_connection *connection, char *buffer, size_t size,
                           struct slk_ws_input *input, struct slk_error *err);

/* The next message in what was read, as slk_ws_parser_next says. */
enum slk_ws_result slk_ws_connection_next(struct slk_ws_connection *connection,
                                          struct slk_ws_input *input,
                                          struct slk_ws_message *message);

/* Adds a frame to what flush sends. SLK_TOO_LARGE when the peer has not read
 * for so long that the bound of waiting output is reached. */
int slk_ws_connection_append(struct slk_ws_connection *connection, enum slk_ws_opcode opcode,
                             const void *data, size_t length);
int slk_ws_connection_append_close(struct slk_ws_connection *connection, uint16_t code,
                                   const char *reason);

/* Sends what the socket takes. SLK_OK, also when some is left; SLK_CLOSED with err. */
int slk_ws_connection_flush(struct slk_ws_connection *connection, struct slk_error *err);

/* Bytes waiting to be sent. */
size_t slk_ws_connection_pending(const struct slk_ws_connection *connection);

/* For a connection that has failed: gives the text of every frame of which
 * nothing was sent yet to visit, so that it can go out elsewhere. Only destroy
 * is of use afterwards. */
void slk_ws_connection_unsent(struct slk_ws_connection *connection,
                              void (*visit)(void *context, const char *text, size_t length),
                              void *context);

#endif
