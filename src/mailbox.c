#include "mailbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "wake.h"

/* So many bytes at once are a burst, of which the allocator keeps the memory. */
#define BURST_BYTES ((size_t)1 << 20)

struct slk_mailbox {
    atomic_uint references;
    atomic_size_t count;
    atomic_size_t bytes;
    atomic_bool held_back; /* the producer waits to be told of room */
    atomic_bool swollen;   /* since it was last found empty */
    size_t mark_count;
    size_t mark_bytes;
    struct slk_wake wake;

    pthread_mutex_t queue_lock; /* guards the fields down to closed */
    struct slk_message *first;
    struct slk_message **last;
    bool closed;
    void (*drained)(void *context);
    void *drained_context;

    /* Lua thread only. */
    struct slk_message *taken; /* off the queue in one go */
    int64_t signals_due;       /* of queues that were taken, and not cleared yet */
    bool burst_is_over;        /* and has not been told of */
};

struct slk_mailbox *slk_mailbox_create(size_t mark_count, size_t mark_bytes)
{
    struct slk_mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (mailbox == NULL) {
        return NULL;
    }
    if (slk_wake_init(&mailbox->wake) != 0) {
        free(mailbox);
        return NULL;
    }
    pthread_mutex_init(&mailbox->queue_lock, NULL);
    atomic_init(&mailbox->references, 1);
    mailbox->mark_count = mark_count > 0 ? mark_count : SIZE_MAX;
    mailbox->mark_bytes = mark_bytes > 0 ? mark_bytes : SIZE_MAX;
    mailbox->last = &mailbox->first;
    return mailbox;
}

struct slk_mailbox *slk_mailbox_retain(struct slk_mailbox *mailbox)
{
    atomic_fetch_add(&mailbox->references, 1);
    return mailbox;
}

static void destroy_list(struct slk_message *message)
{
    while (message != NULL) {
        struct slk_message *next = message->next;
        message->destroy(message);
        message = next;
    }
}

void slk_mailbox_release(struct slk_mailbox *mailbox)
{
    if (mailbox == NULL || atomic_fetch_sub(&mailbox->references, 1) > 1) {
        return;
    }
    destroy_list(mailbox->taken);
    destroy_list(mailbox->first);
    pthread_mutex_destroy(&mailbox->queue_lock);
    slk_wake_free(&mailbox->wake);
    free(mailbox);
}

void slk_mailbox_push(struct slk_mailbox *mailbox, struct slk_message *first)
{
    if (first == NULL) {
        return;
    }
    size_t count = 0, bytes = 0;
    struct slk_message *last = first;
    for (struct slk_message *message = first; message != NULL; message = message->next) {
        count++;
        bytes += message->size;
        last = message;
    }
    pthread_mutex_lock(&mailbox->queue_lock);
    if (mailbox->closed) {
        pthread_mutex_unlock(&mailbox->queue_lock);
        destroy_list(first);
        return;
    }
    bool was_empty = mailbox->first == NULL;
    *mailbox->last = first;
    mailbox->last = &last->next;
    atomic_fetch_add(&mailbox->count, count);
    if (atomic_fetch_add(&mailbox->bytes, bytes) + bytes > BURST_BYTES) {
        atomic_store(&mailbox->swollen, true);
    }
    pthread_mutex_unlock(&mailbox->queue_lock);
    if (was_empty) {
        slk_wake_signal(&mailbox->wake);
    }
}

bool slk_mailbox_has_room(const struct slk_mailbox *mailbox, size_t count, size_t bytes)
{
    return atomic_load(&mailbox->count) + count <= mailbox->mark_count / 2 &&
           atomic_load(&mailbox->bytes) + bytes <= mailbox->mark_bytes / 2;
}

bool slk_mailbox_is_half_full(const struct slk_mailbox *mailbox)
{
    return !slk_mailbox_has_room(mailbox, 0, 0);
}

bool slk_mailbox_is_crowded(const struct slk_mailbox *mailbox)
{
    return atomic_load(&mailbox->count) > mailbox->mark_count ||
           atomic_load(&mailbox->bytes) > mailbox->mark_bytes;
}

bool slk_mailbox_is_over(struct slk_mailbox *mailbox)
{
    if (!slk_mailbox_is_crowded(mailbox)) {
        return false;
    }
    atomic_store(&mailbox->held_back, true);
    /* The Lua thread may have taken everything before it could see held_back;
     * whoever swaps it back to false has noticed. */
    return slk_mailbox_is_half_full(mailbox) || !atomic_exchange(&mailbox->held_back, false);
}

struct slk_mailbox_load slk_mailbox_load(const struct slk_mailbox *mailbox)
{
    return (struct slk_mailbox_load){.count = atomic_load(&mailbox->count),
                                     .bytes = atomic_load(&mailbox->bytes)};
}

void slk_mailbox_on_drained(struct slk_mailbox *mailbox, void (*drained)(void *context),
                            void *context)
{
    pthread_mutex_lock(&mailbox->queue_lock);
    mailbox->drained = drained;
    mailbox->drained_context = context;
    pthread_mutex_unlock(&mailbox->queue_lock);
}

int slk_mailbox_fd(const struct slk_mailbox *mailbox)
{
    return slk_wake_fd(&mailbox->wake);
}

static void note_burst(struct slk_mailbox *mailbox)
{
    if (atomic_load(&mailbox->swollen)) {
        atomic_store(&mailbox->swollen, false);
        mailbox->burst_is_over = true;
    }
}

/* The signal is cleared before the queue is emptied, so that a push in between
 * signals again and no message is left behind unannounced. A queue that is taken may
 * hold messages whose signal is still on its way; that one is cleared later. */
static void take_queue(struct slk_mailbox *mailbox)
{
    if (atomic_load(&mailbox->count) == 0 && mailbox->signals_due == 0) {
        note_burst(mailbox);
        return;
    }
    mailbox->signals_due -= slk_wake_clear(&mailbox->wake);
    pthread_mutex_lock(&mailbox->queue_lock);
    mailbox->taken = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    pthread_mutex_unlock(&mailbox->queue_lock);
    if (mailbox->taken != NULL) {
        mailbox->signals_due++;
    } else {
        note_burst(mailbox);
    }
}

static void tell_drained(struct slk_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->queue_lock);
    /* Under the lock, so that the producer cannot go away during the call. */
    if (mailbox->drained != NULL) {
        mailbox->drained(mailbox->drained_context);
    }
    pthread_mutex_unlock(&mailbox->queue_lock);
}

struct slk_message *slk_mailbox_take(struct slk_mailbox *mailbox)
{
    if (mailbox->taken == NULL) {
        take_queue(mailbox);
    }
    struct slk_message *message = mailbox->taken;
    if (message == NULL) {
        return NULL;
    }
    mailbox->taken = message->next;
    message->next = NULL;
    atomic_fetch_sub(&mailbox->count, 1);
    atomic_fetch_sub(&mailbox->bytes, message->size);
    if (atomic_load(&mailbox->held_back) && !slk_mailbox_is_half_full(mailbox) &&
        atomic_exchange(&mailbox->held_back, false)) {
        tell_drained(mailbox);
    }
    return message;
}

bool slk_mailbox_burst_is_over(struct slk_mailbox *mailbox)
{
    bool is_over = mailbox->burst_is_over;
    mailbox->burst_is_over = false;
    return is_over;
}

void slk_mailbox_close(struct slk_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->queue_lock);
    mailbox->closed = true;
    struct slk_message *waiting = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    pthread_mutex_unlock(&mailbox->queue_lock);
    destroy_list(waiting);
    destroy_list(mailbox->taken);
    mailbox->taken = NULL;
    atomic_store(&mailbox->count, 0);
    atomic_store(&mailbox->bytes, 0);
}
