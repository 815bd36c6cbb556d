/* A receiver's way into the inbox and back: what it has read is put all at once; what has
 * ended waits here until the receiver, woken once, takes it on its own thread. */
#ifndef SLK_PUT_QUEUE_H
#define SLK_PUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "inbox.h"
#include "mailbox.h"

struct slk_put_queue;

/* How the receiver is woken: from any thread, and it must not wait. */
struct slk_put_wake {
    void (*wake)(void *context);
    void (*release)(void *context); /* called last of all */
    void *context;
};

/* Not the receiver's thread, as is end. Keeps references to the inbox and the mailbox of
 * deliveries, and owns the wake's context when it does not give NULL: memory ran out. */
struct slk_put_queue *slk_put_queue_create(struct slk_inbox *inbox, struct slk_mailbox *mailbox,
                                           const struct slk_put_wake *wake);

/* When the receiver's thread uses it no more; what is under way goes on without it. NULL is
 * fine. */
void slk_put_queue_end(struct slk_put_queue *queue);

/* The receiver's thread, as are the others below. Whether a delivery of that kind is to be put
 * now. */
bool slk_put_queue_keeps(const struct slk_put_queue *queue, enum slk_entry_kind kind);

/* Adds to what is put next. SLK_OK: it has the message. SLK_NOMEM. */
int slk_put_queue_add(struct slk_put_queue *queue, const struct slk_put_request *request);

/* Puts what was added; returns how many. */
size_t slk_put_queue_send(struct slk_put_queue *queue);

/* What has ended since, in order, now the caller's; NULL: nothing. */
struct slk_put *slk_put_queue_take(struct slk_put_queue *queue);

/* Sent, and not taken. */
size_t slk_put_queue_outstanding(const struct slk_put_queue *queue);

/* Looks after what was sent, as slk_inbox_watch has it. */
int64_t slk_put_queue_watch(struct slk_put_queue *queue, int64_t now);

/* Whether so much is under way that nothing more may come; is_over: then it is woken when
 * that has changed. */
bool slk_put_queue_is_crowded(const struct slk_put_queue *queue);
bool slk_put_queue_is_over(struct slk_put_queue *queue);

#endif
