/* One connection's life, from the wish for it to its end: what has come in on
 * it, whether its peer is alive, and how it is closed. When to begin one and
 * what its end means is the keeper's business (socket_mode.c). Socket thread
 * only. */
#ifndef SLK_SOCKET_MODE_CONNECTION_H
#define SLK_SOCKET_MODE_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "socket_mode.h"
#include "socket_mode_intake.h"
#include "socket_protocol.h"
#include "websocket_connection.h"

#define SLK_READ_BUFFER ((size_t)64 * 1024) /* holds an upgrade's head, too */

struct slk_sm_connection {
    uint64_t number;
    const struct slk_socket_protocol *protocol;
    enum slk_connection_state state;
    struct slk_ws_connection *ws; /* from CONNECTING on */
    uint64_t open_request;        /* OPENING: of the HTTP client */
    char *url;                    /* OPENING: has come; waits for its turn */
    int64_t due;                  /* WAITING: begin; CONNECTING: give up; closing: drop */
    int64_t ready_at;             /* of hello; 0 before */
    int num_connections;
    enum slk_disconnect disconnect;
    unsigned told;                    /* which of these the log has, a bit each */
    bool hello_came, disconnect_came; /* since the keeper last looked */
    bool closing;                     /* our close frame is on its way */
    bool more;                        /* may have input without its descriptor being readable */
    int64_t drain_until;              /* DRAINING, replaced: closed then at the latest */
    int64_t last_text, last_input;
    int64_t last_ping;        /* 0: none since the last input */
    bool last_look;           /* one more read before the peer is declared dead */
    int64_t unanswered_ping;  /* the oldest since the last pong; 0: none */
    int64_t last_pong;        /* 0: none yet, so the peer may be one that sends none */
    int64_t round_trip;       /* of the last ping that was answered */
    int64_t drained;          /* when all input that had come was read last */
    uint64_t pings;           /* sent so far */
    int64_t stalled_since;    /* output waits and nothing has gone since; 0: no */
    int unanswered;           /* frames sent that handlers want a reply to */
    int64_t unanswered_until; /* then they are waited for no longer */
    size_t unstored;          /* deliveries on their way to the store */
    struct slk_socket_mode_stats *counters; /* of all connections; the keeper's */
};

/* Begins as WAITING. NULL when memory ran out. */
struct slk_sm_connection *slk_sm_connection_create(const struct slk_socket_protocol *protocol,
                                                   uint64_t number, int64_t due,
                                                   struct slk_socket_mode_stats *counters);

/* Drops TCP at once. NULL is fine. */
void slk_sm_connection_destroy(struct slk_sm_connection *connection);

/* Past hello and not being closed: acks can be sent on it. */
bool slk_sm_connection_is_ready(const struct slk_sm_connection *connection);

/* Reads what has come, once around the buffer (of SLK_READ_BUFFER bytes):
 * messages go to intake, acks to ack_to (NULL: deliveries are left to Slack to
 * repeat), pongs back. The batch is pushed when the acks have been sent.
 * SLK_OK, or why the connection is over with err. */
int slk_sm_connection_read(struct slk_sm_connection *connection, struct slk_intake *intake,
                           struct slk_ws_connection *ack_to, char *buffer, struct slk_error *err);

/* SLK_OK, also when some output is left. */
int slk_sm_connection_flush(struct slk_sm_connection *connection, int64_t now,
                            struct slk_error *err);

/* Whether the peer may be read: its acks and pongs leave us, too. */
bool slk_sm_connection_takes_output(const struct slk_sm_connection *connection);

/* Appends a frame of Lua's; wants_reply: a handler waits until Slack replies to
 * it. As slk_ws_connection_append. */
int slk_sm_connection_send(struct slk_sm_connection *connection, const char *text, size_t length,
                           bool wants_reply, int64_t now);

/* Whether it has to be read on because replies are waited for. */
bool slk_sm_connection_wants_input(const struct slk_sm_connection *connection, int64_t now);

/* Sends pings; finds the peer dead when SLK_CLOSED comes back, with err. *next
 * is lowered to when it wants to be called again. suspended: nothing is read
 * now, so silence means nothing. */
int slk_sm_connection_check_life(struct slk_sm_connection *connection,
                                 const struct slk_socket_mode_settings *settings, int64_t now,
                                 bool suspended, int64_t *next, struct slk_error *err);

/* Reading goes on after it was suspended. */
void slk_sm_connection_resume(struct slk_sm_connection *connection, int64_t now);

/* Begins the close handshake, which ends at due at the latest. */
void slk_sm_connection_close(struct slk_sm_connection *connection, int64_t now);

#endif
