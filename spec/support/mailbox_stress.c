/* Several threads push numbered messages; what comes out must be all of them,
 * in each thread's order, and a producer that holds back must be woken. */
#include <pthread.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox.h"

enum { PRODUCERS = 4, EACH = 20000, BATCH = 7 };

struct numbered {
    struct slk_message message;
    int number;
};

struct producer {
    struct slk_mailbox *mailbox;
    uint32_t source;
};

static atomic_bool may_read = true;
static atomic_int alive;

static void destroy(struct slk_message *message)
{
    atomic_fetch_sub(&alive, 1);
    free(message);
}

static struct slk_message *make(uint32_t source, int number, struct slk_message *next)
{
    struct numbered *made = calloc(1, sizeof *made);
    made->message = (struct slk_message){next, destroy, SLK_MESSAGE_LOG, source, sizeof *made};
    made->number = number;
    atomic_fetch_add(&alive, 1);
    return &made->message;
}

static void drained(void *context)
{
    atomic_store((atomic_bool *)context, true);
}

static void *produce(void *argument)
{
    struct producer *self = argument;
    for (int first = 0; first < EACH; first += BATCH) {
        struct slk_message *list = NULL;
        int last = first + BATCH < EACH ? first + BATCH : EACH;
        for (int number = last - 1; number >= first; number--) {
            list = make(self->source, number, list);
        }
        if (self->source == 0) { /* the one that can hold back */
            while (!atomic_load(&may_read)) {
                poll(NULL, 0, 1);
            }
            slk_mailbox_push(self->mailbox, list);
            atomic_store(&may_read, false);
            if (!slk_mailbox_is_over(self->mailbox)) {
                atomic_store(&may_read, true);
            }
        } else {
            slk_mailbox_push(self->mailbox, list);
        }
    }
    slk_mailbox_release(self->mailbox);
    return NULL;
}

static int consume(struct slk_mailbox *mailbox)
{
    int next[PRODUCERS] = {0}, taken = 0;
    while (taken < PRODUCERS * EACH) {
        struct slk_message *message = slk_mailbox_take(mailbox);
        if (message == NULL) {
            struct pollfd wait = {.fd = slk_mailbox_fd(mailbox), .events = POLLIN};
            if (poll(&wait, 1, 10000) != 1) {
                fprintf(stderr, "not woken after %d messages\n", taken);
                return 1;
            }
            continue;
        }
        struct numbered *got = (struct numbered *)message;
        if (got->number != next[message->source]++) {
            fprintf(stderr, "source %u: %d came out of order\n", message->source, got->number);
            return 1;
        }
        message->destroy(message);
        taken++;
    }
    struct slk_mailbox_load load = slk_mailbox_load(mailbox);
    return load.count != 0 || load.bytes != 0;
}

int main(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(100, 0);
    slk_mailbox_on_drained(mailbox, drained, &may_read);
    pthread_t threads[PRODUCERS];
    struct producer producers[PRODUCERS];
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){slk_mailbox_retain(mailbox), i};
        pthread_create(&threads[i], NULL, produce, &producers[i]);
    }
    int failed = consume(mailbox);
    for (int i = 0; i < PRODUCERS && !failed; i++) {
        pthread_join(threads[i], NULL);
    }
    slk_mailbox_push(mailbox, make(1, 0, make(1, 1, NULL)));
    slk_mailbox_close(mailbox);
    slk_mailbox_push(mailbox, make(1, 0, NULL));
    slk_mailbox_release(mailbox);
    if (!failed && atomic_load(&alive) != 0) {
        fprintf(stderr, "%d messages leaked\n", atomic_load(&alive));
        return 1;
    }
    return failed;
}
