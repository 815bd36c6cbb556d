/* The door between the two halves: a queue of messages from any thread to the
 * Lua thread.
 *
 * It is bounded by its marks. A producer that can hold back (the socket
 * thread) asks slk_mailbox_is_over before it reads more; once told so, it is
 * called back when the queue has fallen to half of the marks. Nothing that was
 * already read is ever refused, so nothing is lost.
 *
 * Reference counted, because C threads may outlive the Lua object by a moment.
 * The descriptor stays the same for its whole life and is readable while
 * messages wait. */
#ifndef SLK_MAILBOX_H
#define SLK_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"

struct slk_mailbox;

struct slk_mailbox_load {
    size_t count; /* messages not yet taken */
    size_t bytes;
};

/* Marks of 0 mean no bound. NULL when memory or descriptors ran out. */
struct slk_mailbox *slk_mailbox_create(size_t mark_count, size_t mark_bytes);

/* Any thread. */
struct slk_mailbox *slk_mailbox_retain(struct slk_mailbox *mailbox);
void slk_mailbox_release(struct slk_mailbox *mailbox);

/* Any thread. Takes ownership of the messages, a list linked by next and
 * ended by NULL; never blocks for long. On a closed mailbox they are
 * destroyed. */
void slk_mailbox_push(struct slk_mailbox *mailbox, struct slk_message *first);

/* The producer's thread. True while more waits than the marks allow; then
 * drained will be called once when half of that is left. */
bool slk_mailbox_is_over(struct slk_mailbox *mailbox);

/* Any thread, for producers that turn away what does not fit: the same, but
 * nobody is called back. */
bool slk_mailbox_is_crowded(const struct slk_mailbox *mailbox);

/* Any thread. True while more than half of what the marks allow waits. */
bool slk_mailbox_is_half_full(const struct slk_mailbox *mailbox);

/* Any thread. Whether not more than half of what the marks allow would wait after so much more. */
bool slk_mailbox_has_room(const struct slk_mailbox *mailbox, size_t count, size_t bytes);

/* Any thread. */
struct slk_mailbox_load slk_mailbox_load(const struct slk_mailbox *mailbox);

/* Any thread, before the producer's first push. drained(context) is called on
 * the Lua thread, under the queue's lock: it must not block or call back here.
 * Set NULL before the producer goes. */
void slk_mailbox_on_drained(struct slk_mailbox *mailbox, void (*drained)(void *context),
                            void *context);

/* Lua thread. Readable while messages wait. */
int slk_mailbox_fd(const struct slk_mailbox *mailbox);

/* Lua thread. The oldest message, now owned by the caller, or NULL. */
struct slk_message *slk_mailbox_take(struct slk_mailbox *mailbox);

/* Lua thread, after take has given NULL. True once when much had waited before that: the
 * allocator keeps the memory, unless it is asked for (core.trim). */
bool slk_mailbox_burst_is_over(struct slk_mailbox *mailbox);

/* Lua thread. Destroys what waits and every later push. */
void slk_mailbox_close(struct slk_mailbox *mailbox);

#endif
