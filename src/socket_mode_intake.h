/* Where text frames become messages for Lua, and their acks are written; what
 * RTM's frames become lies in rtm.c. The
 * hot path: nothing is decoded, and an event costs one allocation and one
 * copy. Socket thread only. */
#ifndef SLK_SOCKET_MODE_INTAKE_H
#define SLK_SOCKET_MODE_INTAKE_H

#include <stdint.h>

#include "ack_ledger.h"
#include "envelope.h"
#include "log.h"
#include "mailbox.h"
#include "message.h"
#include "socket_mode.h"
#include "put_queue.h"
#include "websocket_connection.h"

struct slk_intake {
    struct slk_ack_ledger *ledger;
    struct slk_mailbox *notices, *events;
    struct slk_put_queue *puts; /* NULL: without an inbox */
    struct slk_log *log;
    const char *component; /* in the log */
    uint32_t source;
    int64_t ack_deadline;
    int64_t now; /* taken when the bytes were read */

    struct slk_message *first; /* the batch that push hands over */
    struct slk_message **last;
    struct slk_socket_mode_stats *counters;

    int64_t complaints_since; /* at most a few lines a second are logged */
    unsigned complaints, unlogged;
};

enum slk_intake_result {
    SLK_INTAKE_ENVELOPE,   /* in the batch */
    SLK_INTAKE_HELLO,      /* envelope->num_connections */
    SLK_INTAKE_DISCONNECT, /* envelope->reason */
    SLK_INTAKE_REPLY,      /* told */
    SLK_INTAKE_IGNORED     /* not usable; said so in the log */
};

void slk_intake_init(struct slk_intake *intake, struct slk_ack_ledger *ledger,
                     struct slk_mailbox *notices, struct slk_mailbox *events, struct slk_log *log,
                     const char *component, uint32_t source, int64_t ack_deadline,
                     struct slk_socket_mode_stats *counters);

/* A text message that came in on the connection with that number. Acks that
 * need no handler are appended to ack_to. */
enum slk_intake_result slk_intake_text(struct slk_intake *intake, uint64_t connection,
                                       struct slk_ws_connection *ack_to, const char *text,
                                       size_t length, struct slk_envelope *envelope);

/* Adds to the batch what needs no ack. */
enum slk_intake_result slk_intake_add(struct slk_intake *intake, uint64_t connection,
                                      const struct slk_envelope *envelope);

/* Tells Lua of it at once, past the batch, by the notices mailbox: what a
 * handler waits for. */
enum slk_intake_result slk_intake_tell(struct slk_intake *intake, uint64_t connection,
                                       const struct slk_envelope *envelope);

/* Notes something that could not be used. */
void slk_intake_complain(struct slk_intake *intake, uint64_t connection, const char *what,
                         const char *why);

/* Hands the batch to Lua, or to the inbox; to be called when its acks have been sent.
 * Returns how many are acked only when they have been stored. */
size_t slk_intake_push(struct slk_intake *intake);

/* Logs how many complaints went unlogged once their second is over; returns
 * when that will be (slk_clock_now scale). */
int64_t slk_intake_tick(struct slk_intake *intake, int64_t now);

#endif
