/* The acks that are not sent at once: those that handlers owe, answered when Lua says so
 * or, empty, at their deadline; and those of what is stored first. On the connection
 * that delivered or, when that has gone, on another. Socket thread only. */
#ifndef SLK_SOCKET_MODE_ACKS_H
#define SLK_SOCKET_MODE_ACKS_H

#include <stddef.h>
#include <stdint.h>

#include "ack_ledger.h"
#include "mailbox.h"
#include "socket_mode.h"
#include "text.h"
#include "websocket_connection.h"

struct slk_held_ack;

struct slk_acks {
    struct slk_ack_ledger *ledger;
    struct slk_held_ack *held; /* answered while no connection could take them */
    struct slk_mailbox *notices;
    uint32_t source;
    /* The connection to send on for an envelope that came in on the one with
     * that number; NULL when there is none. */
    struct slk_ws_connection *(*route)(void *context, uint64_t connection);
    void *context;
    struct slk_socket_mode_stats *counters;
};

/* SLK_OK or SLK_NOMEM; free is fine after either. */
int slk_acks_init(struct slk_acks *acks, struct slk_mailbox *notices, uint32_t source,
                  struct slk_ws_connection *(*route)(void *context, uint64_t connection),
                  void *context, struct slk_socket_mode_stats *counters);
void slk_acks_free(struct slk_acks *acks);

/* Appends the plain ack of an envelope. SLK_OK, or what slk_ws_connection_append gives. */
int slk_acks_append(struct slk_ws_connection *connection, struct slk_text id);

/* Acks what came in on the connection with that number, as soon as one can take it; not
 * after the deadline. */
void slk_acks_confirm(struct slk_acks *acks, uint64_t connection, struct slk_text id,
                      int64_t deadline);

/* payload is JSON, NULL for none. */
void slk_acks_answer(struct slk_acks *acks, uint64_t token, const char *payload, size_t length);

/* Leaves an envelope without an ack. */
void slk_acks_forget(struct slk_acks *acks, uint64_t token);

/* A connection has become ready: sends what was held back. */
void slk_acks_retry(struct slk_acks *acks);

/* Does what is due and returns when the next deadline is (slk_clock_now scale). */
int64_t slk_acks_tick(struct slk_acks *acks, int64_t now);

/* Acks not on their way yet, answered or not. */
size_t slk_acks_outstanding(const struct slk_acks *acks);

/* Gives up what is held back, and says so. */
void slk_acks_abandon(struct slk_acks *acks);

#endif
