#include "put_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct slk_put_queue {
    struct slk_inbox_client client; /* first: the inbox knows nothing else */
    atomic_uint references;
    struct slk_inbox *inbox;
    struct slk_put_wake wake;

    struct slk_put *first, **last; /* the receiver's thread: to be put */
    size_t added, outstanding;

    atomic_bool has_ended;      /* so that a look costs no lock */
    pthread_mutex_t ended_lock; /* guards the fields below */
    struct slk_put *first_ended, **last_ended;
    bool is_over; /* nobody takes any more */
};

static void destroy_list(struct slk_put *put)
{
    while (put != NULL) {
        struct slk_put *next = put->next;
        slk_put_destroy(put);
        put = next;
    }
}

/* One wake for all that ended together, and for what ends until they are taken. */
static void ended(struct slk_inbox_client *client, struct slk_put *first)
{
    struct slk_put_queue *queue = (struct slk_put_queue *)client;
    struct slk_put *last = first;
    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    pthread_mutex_lock(&queue->ended_lock);
    bool is_over = queue->is_over, was_empty = queue->first_ended == NULL;
    if (!is_over && first != NULL) {
        *queue->last_ended = first;
        queue->last_ended = &last->next;
        atomic_store(&queue->has_ended, true);
    }
    pthread_mutex_unlock(&queue->ended_lock);
    if (is_over) {
        destroy_list(first);
    } else if (was_empty) {
        queue->wake.wake(queue->wake.context);
    }
}

static void retain(struct slk_inbox_client *client)
{
    atomic_fetch_add(&((struct slk_put_queue *)client)->references, 1);
}

static void release(struct slk_inbox_client *client)
{
    struct slk_put_queue *queue = (struct slk_put_queue *)client;
    if (atomic_fetch_sub(&queue->references, 1) > 1) {
        return;
    }
    slk_mailbox_release(client->mailbox);
    queue->wake.release(queue->wake.context);
    slk_inbox_release(queue->inbox);
    pthread_mutex_destroy(&queue->ended_lock);
    free(queue);
}

struct slk_put_queue *slk_put_queue_create(struct slk_inbox *inbox, struct slk_mailbox *mailbox,
                                           const struct slk_put_wake *wake)
{
    struct slk_put_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return NULL;
    }
    queue->client = (struct slk_inbox_client){.mailbox = slk_mailbox_retain(mailbox),
                                              .ended = ended,
                                              .retain = retain,
                                              .release = release};
    atomic_init(&queue->references, 1);
    queue->inbox = slk_inbox_retain(inbox);
    queue->wake = *wake;
    queue->last = &queue->first;
    queue->last_ended = &queue->first_ended;
    pthread_mutex_init(&queue->ended_lock, NULL);
    slk_inbox_join(inbox, &queue->client);
    return queue;
}

static struct slk_put *take_ended(struct slk_put_queue *queue, bool is_over)
{
    pthread_mutex_lock(&queue->ended_lock);
    struct slk_put *first = queue->first_ended;
    queue->first_ended = NULL;
    queue->last_ended = &queue->first_ended;
    atomic_store(&queue->has_ended, false);
    queue->is_over = is_over;
    pthread_mutex_unlock(&queue->ended_lock);
    return first;
}

void slk_put_queue_end(struct slk_put_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    slk_inbox_leave(queue->inbox, &queue->client);
    destroy_list(take_ended(queue, true));
    destroy_list(queue->first);
    release(&queue->client);
}

bool slk_put_queue_keeps(const struct slk_put_queue *queue, enum slk_entry_kind kind)
{
    return slk_inbox_keeps(queue->inbox, kind);
}

int slk_put_queue_add(struct slk_put_queue *queue, const struct slk_put_request *request)
{
    struct slk_put *put = slk_put_create(queue->inbox, &queue->client, request);
    if (put == NULL) {
        return SLK_NOMEM;
    }
    *queue->last = put;
    queue->last = &put->next;
    queue->added++;
    return SLK_OK;
}

size_t slk_put_queue_send(struct slk_put_queue *queue)
{
    struct slk_put *first = queue->first;
    size_t count = queue->added;
    queue->first = NULL;
    queue->last = &queue->first;
    queue->added = 0;
    queue->outstanding += count;
    slk_inbox_put(queue->inbox, first);
    return count;
}

struct slk_put *slk_put_queue_take(struct slk_put_queue *queue)
{
    if (!atomic_load(&queue->has_ended)) {
        return NULL;
    }
    struct slk_put *first = take_ended(queue, false);
    for (const struct slk_put *put = first; put != NULL; put = put->next) {
        queue->outstanding--;
    }
    return first;
}

size_t slk_put_queue_outstanding(const struct slk_put_queue *queue)
{
    return queue->outstanding;
}

int64_t slk_put_queue_watch(struct slk_put_queue *queue, int64_t now)
{
    return slk_inbox_watch(queue->inbox, now);
}

bool slk_put_queue_is_crowded(const struct slk_put_queue *queue)
{
    return slk_inbox_is_crowded(queue->inbox);
}

bool slk_put_queue_is_over(struct slk_put_queue *queue)
{
    return slk_inbox_is_over(queue->inbox);
}
