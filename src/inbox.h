/* The durable inbox, between the receivers and the store: what Slack delivers is
 * stored before it is acknowledged.
 *
 *   receiver -- slk_inbox_put --> storage thread --+--> ended: the receiver acks
 *                                                  +--> mailbox: Lua handles it
 *
 * A receiver (a CLIENT) makes a PUT of each message that would have gone to Lua. All
 * that it read at once is put at once, shares a commit with whatever waits, and ends
 * at once again. What is stored while Lua keeps up is taken by this process in the same
 * step and goes on to Lua with the entry's id; what is stored while Lua is behind stays
 * in the store until Lua claims it. What could not be stored, or not in time, is not
 * acknowledged, so that Slack delivers it again.
 *
 * Reference counted: Lua's object holds one, each client one. */
#ifndef SLK_INBOX_H
#define SLK_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "inbox_entry.h"
#include "inbox_tally.h"
#include "log.h"
#include "mailbox.h"
#include "message.h"
#include "storage.h"

struct slk_inbox;
struct slk_put;

struct slk_inbox_settings {
    bool takes;            /* what is put may be taken in the same step */
    bool interactive;      /* what needs a handler's answer is kept, too */
    bool order_by_channel; /* entries are told which channel they are of */
    int64_t remember;      /* milliseconds for which a redelivery is known, at the least */
    int64_t deadline;      /* nanoseconds after receipt; what is stored later is not acknowledged */
    size_t max_puts;       /* under way; beyond, receivers take no more */
    size_t max_bytes;
};

/* kind SLK_MESSAGE_BACKLOG, in the notices mailbox: entries wait in the store. Once,
 * until slk_inbox_caught_up has been called. */
struct slk_backlog_message {
    struct slk_message message;
};

/* A receiver; whatever implements it begins with this and fills it in. */
struct slk_inbox_client {
    struct slk_inbox_client *next; /* the inbox's */
    struct slk_mailbox *mailbox;   /* where its messages go; lives as long as the client */
    /* Puts that have ended, in order, now owned by the callee; NULL: it may take more again.
     * On the storage thread or, when nothing can be stored, on that of slk_inbox_put; for NULL
     * under the inbox's lock. Must not wait. */
    void (*ended)(struct slk_inbox_client *client, struct slk_put *first);
    void (*retain)(struct slk_inbox_client *client);
    void (*release)(struct slk_inbox_client *client);
};

enum slk_put_fate {
    SLK_PUT_PENDING,
    SLK_PUT_STORED, /* or known: to be acknowledged */
    SLK_PUT_LATE,   /* stored when Slack had stopped waiting */
    SLK_PUT_FAILED
};

/* What a receiver gives. The body is in message. */
struct slk_put_request {
    struct slk_entry entry;   /* received is filled in here */
    int64_t received;         /* slk_clock_now scale */
    struct slk_text event_id; /* payload.event_id, copied; length 0: it has none */
    struct slk_message *message;
    char **entry_id;        /* in message: where the id of its entry goes, owned by it then */
    uint64_t place;         /* for the receiver: which connection or request it came by */
    struct slk_text ack_id; /* for the receiver, too */
};

struct slk_put {
    struct slk_put *next;
    struct slk_inbox_client *client; /* a reference */
    struct slk_storage_job *job;     /* until it is submitted */
    struct slk_message *message;     /* until it has gone on */
    char **entry_id;
    enum slk_entry_kind kind;
    enum slk_put_fate fate;
    int64_t received;
    size_t size; /* bytes that it holds */
    uint64_t place;
    size_t ack_id_length;
    char ack_id[];
};

/* Lua thread. Keeps references to all that it is given. NULL with err. */
struct slk_inbox *slk_inbox_create(const struct slk_inbox_settings *settings,
                                   struct slk_storage *storage, struct slk_log *log,
                                   struct slk_mailbox *notices, uint32_t source,
                                   struct slk_error *err);

/* Any thread. */
struct slk_inbox *slk_inbox_retain(struct slk_inbox *inbox);
void slk_inbox_release(struct slk_inbox *inbox);

/* Any thread. Nothing can be put from now on; what is under way ends. */
void slk_inbox_close(struct slk_inbox *inbox);

/* Any thread. A client is told of room between these; leave before it goes. */
void slk_inbox_join(struct slk_inbox *inbox, struct slk_inbox_client *client);
void slk_inbox_leave(struct slk_inbox *inbox, struct slk_inbox_client *client);

/* Any thread. Nanoseconds from receipt after which nothing is acknowledged any more. */
int64_t slk_inbox_deadline(const struct slk_inbox *inbox);

/* Any thread. Whether a delivery of that kind is to be put now: events always, others if the
 * settings say so and the store has room and has not just failed. */
bool slk_inbox_keeps(const struct slk_inbox *inbox, enum slk_entry_kind kind);

/* Any thread. Owns the message, unless it gives NULL: memory ran out. */
struct slk_put *slk_put_create(struct slk_inbox *inbox, struct slk_inbox_client *client,
                               const struct slk_put_request *request);
/* With the message, if it has not gone on. NULL is fine. */
void slk_put_destroy(struct slk_put *put);

/* Any thread. Puts a list, linked by next, of one client; each ends by the client's ended. */
void slk_inbox_put(struct slk_inbox *inbox, struct slk_put *first);

/* Any thread. Whether as much is under way as may be. is_over: then the clients will be
 * told when half of it has ended. */
bool slk_inbox_is_crowded(const struct slk_inbox *inbox);
bool slk_inbox_is_over(struct slk_inbox *inbox);

/* Any thread. Says in the log when what is under way has waited for longer than the deadline and
 * nothing has ended: that a store hangs is not to be known only once it answers. Gives when to
 * ask again (slk_clock_now scale), or SLK_NEVER. */
int64_t slk_inbox_watch(struct slk_inbox *inbox, int64_t now);

/* Lua thread. Claims find nothing more (at first they have to say so, too): what is put
 * may be taken again. Whoever calls it claims once more, for what was put meanwhile. */
void slk_inbox_caught_up(struct slk_inbox *inbox);

/* Any thread. */
struct slk_inbox_stats slk_inbox_stats(struct slk_inbox *inbox);

#endif
