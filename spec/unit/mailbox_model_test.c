/* The mailbox in all orders in which its threads can meet, with up to a few interruptions, and
 * in many more by chance: nothing is lost, doubled or left unannounced, and who holds back is told.
 * STRESS=1: more of them. SEED=n: others; it is printed with what does not hold. */
#include "interleave.h"

#include <string.h>

#include "message.h"
#include "wake.h"

#define pthread_mutex_t              struct interleave_lock
#define pthread_mutex_init(lock, no) ((void)((lock)->is_held = false))
#define pthread_mutex_destroy(lock)  HOLDS(!(lock)->is_held)
#define pthread_mutex_lock           interleave_acquire
#define pthread_mutex_unlock         interleave_let_go

#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#undef atomic_fetch_add
#undef atomic_fetch_sub
#define atomic_load(object) (interleave_seam(), atomic_load_explicit(object, memory_order_seq_cst))
#define atomic_store(object, value)                                                                \
    (interleave_seam(), atomic_store_explicit(object, value, memory_order_seq_cst))
#define atomic_exchange(object, value)                                                             \
    (interleave_seam(), atomic_exchange_explicit(object, value, memory_order_seq_cst))
#define atomic_fetch_add(object, value)                                                            \
    (interleave_seam(), atomic_fetch_add_explicit(object, value, memory_order_seq_cst))
#define atomic_fetch_sub(object, value)                                                            \
    (interleave_seam(), atomic_fetch_sub_explicit(object, value, memory_order_seq_cst))

/* An eventfd without the system: how many signals were not cleared. */
static int64_t signals;

static int model_init(struct slk_wake *wake)
{
    *wake = (struct slk_wake){-1, -1};
    signals = 0;
    return 0;
}

static void model_signal(const struct slk_wake *wake)
{
    (void)wake;
    interleave_seam();
    signals++;
}

static int64_t model_clear(const struct slk_wake *wake)
{
    (void)wake;
    interleave_seam();
    int64_t count = signals;
    signals = 0;
    return count;
}

#define slk_wake_init   model_init
#define slk_wake_signal model_signal
#define slk_wake_clear  model_clear
#define slk_wake_fd(w)  ((void)(w), -1)
#define slk_wake_free(w)

/* The library that this is linked with has them too. */
#define slk_mailbox_create        model_create
#define slk_mailbox_retain        model_retain
#define slk_mailbox_release       model_release
#define slk_mailbox_push          model_push
#define slk_mailbox_is_over       model_is_over
#define slk_mailbox_is_crowded    model_is_crowded
#define slk_mailbox_is_half_full  model_is_half_full
#define slk_mailbox_has_room      model_has_room
#define slk_mailbox_load          model_load
#define slk_mailbox_on_drained    model_on_drained
#define slk_mailbox_fd            model_fd
#define slk_mailbox_take          model_take
#define slk_mailbox_burst_is_over model_burst_is_over
#define slk_mailbox_close         model_close

#include "mailbox.c"

/* Messages ------------------------------------------------------------------------ */

enum { PRODUCERS = 2 };

struct numbered {
    struct slk_message message;
    int number;
};

static struct {
    struct slk_mailbox *mailbox;
    int alive;               /* messages */
    int made[PRODUCERS];     /* messages of each */
    int seen[PRODUCERS];     /* taken, in their order */
    int to_come;             /* that the consumer still waits for */
    int tellings, expected;  /* calls of drained; promises of one */
    bool may_go_on, is_gone; /* the producer that holds back */
    bool was_swollen;
} world;

static void destroy(struct slk_message *message)
{
    world.alive--;
    free(message);
}

static struct slk_message *make(int producer, size_t size, struct slk_message *next)
{
    struct numbered *made = malloc(sizeof *made);
    made->message = (struct slk_message){next, destroy, SLK_MESSAGE_LOG, (uint32_t)producer, size};
    world.alive++;
    return &made->message;
}

/* So many at once. */
static void push(int producer, int count, size_t size)
{
    struct slk_message *list = NULL;
    int number = world.made[producer] + count;
    for (int i = 0; i < count; i++) {
        list = make(producer, size, list);
        ((struct numbered *)list)->number = --number;
    }
    world.made[producer] += count;
    slk_mailbox_push(world.mailbox, list);
}

static bool is_readable(void *unused)
{
    (void)unused;
    return signals > 0;
}

static void take_all(void)
{
    struct slk_message *message;
    while ((message = slk_mailbox_take(world.mailbox)) != NULL) {
        struct numbered *got = (struct numbered *)message;
        HOLDS(got->number == world.seen[message->source]);
        world.seen[message->source]++;
        world.to_come--;
        destroy(message);
    }
}

/* As the loop does: takes all that is there, then waits for the descriptor. */
static void consume(void *unused)
{
    (void)unused;
    take_all();
    while (world.to_come > 0) {
        interleave_wait(is_readable, NULL);
        take_all();
        world.was_swollen |= slk_mailbox_burst_is_over(world.mailbox);
    }
}

static void drained(void *unused)
{
    (void)unused;
    HOLDS(!world.is_gone);
    world.tellings++;
    world.may_go_on = true;
}

static void prepare(size_t mark_count, size_t mark_bytes)
{
    memset(&world, 0, sizeof world);
    world.mailbox = slk_mailbox_create(mark_count, mark_bytes);
}

static void judge(void)
{
    struct slk_mailbox *mailbox = world.mailbox;
    struct slk_mailbox_load load = slk_mailbox_load(mailbox);
    HOLDS(load.count == 0 && load.bytes == 0);
    HOLDS(world.alive == 0);
    HOLDS(slk_mailbox_take(mailbox) == NULL); /* a signal may still have come: it is cleared */
    HOLDS(signals == 0 && mailbox->signals_due == 0);
    HOLDS(atomic_load(&mailbox->references) == 1);
    slk_mailbox_release(mailbox);
}

/* Two push, one takes ---------------------------------------------------------------- */

static void produce(void *argument)
{
    int self = *(const int *)argument;
    push(self, 1, 10);
    push(self, 2, 10);
    slk_mailbox_release(world.mailbox);
}

static int numbers[PRODUCERS] = {0, 1};

static void prepare_two(void)
{
    prepare(0, 0);
    world.to_come = PRODUCERS * 3;
    for (int i = 0; i < PRODUCERS; i++) {
        slk_mailbox_retain(world.mailbox);
        interleave_spawn(produce, &numbers[i]);
    }
    interleave_spawn(consume, NULL);
}

/* One holds back until it is told ---------------------------------------------------------- */

static bool may_go_on(void *unused)
{
    (void)unused;
    return world.may_go_on;
}

static void hold_back(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        push(0, 2, 10);
        if (slk_mailbox_is_over(world.mailbox)) {
            world.expected++;
            interleave_wait(may_go_on, NULL);
        }
        world.may_go_on = false;
    }
    slk_mailbox_on_drained(world.mailbox, NULL, NULL);
    world.is_gone = true;
    slk_mailbox_release(world.mailbox);
}

static void turn_away(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        if (slk_mailbox_is_crowded(world.mailbox)) {
            world.to_come--;
        } else {
            push(1, 1, 10);
        }
    }
    slk_mailbox_release(world.mailbox);
}

static void prepare_held_back(void)
{
    prepare(2, 0);
    slk_mailbox_on_drained(world.mailbox, drained, NULL);
    world.to_come = 6;
    slk_mailbox_retain(world.mailbox);
    interleave_spawn(hold_back, NULL);
    interleave_spawn(consume, NULL);
}

static void judge_held_back(void)
{
    HOLDS(world.tellings == world.expected);
    judge();
}

static void prepare_crowd(void)
{
    prepare_held_back();
    world.to_come += 2;
    slk_mailbox_retain(world.mailbox);
    interleave_spawn(turn_away, NULL);
}

/* Closed in the middle ---------------------------------------------------------------------- */

static void take_and_close(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        struct slk_message *message = slk_mailbox_take(world.mailbox);
        if (message != NULL) {
            destroy(message);
        }
    }
    slk_mailbox_close(world.mailbox);
    slk_mailbox_close(world.mailbox);
}

static void push_and_release(void *unused)
{
    (void)unused;
    slk_mailbox_on_drained(world.mailbox, drained, NULL);
    push(0, 2, 10);
    slk_mailbox_is_over(world.mailbox);
    push(0, 2, 10);
    slk_mailbox_on_drained(world.mailbox, NULL, NULL);
    world.is_gone = true;
    slk_mailbox_release(world.mailbox);
}

static void prepare_closed(void)
{
    prepare(2, 0);
    slk_mailbox_retain(world.mailbox);
    slk_mailbox_retain(world.mailbox);
    interleave_spawn(push_and_release, NULL);
    interleave_spawn(produce, &numbers[1]);
    interleave_spawn(take_and_close, NULL);
}

static void judge_closed(void)
{
    HOLDS(world.alive == 0);
    struct slk_mailbox_load load = slk_mailbox_load(world.mailbox);
    HOLDS(load.count == 0 && load.bytes == 0);
    HOLDS(slk_mailbox_take(world.mailbox) == NULL);
    HOLDS(atomic_load(&world.mailbox->references) == 1);
    slk_mailbox_release(world.mailbox);
}

/* The last to let go frees it --------------------------------------------------------------- */

static void let_go(void *unused)
{
    (void)unused;
    slk_mailbox_release(world.mailbox);
}

static void prepare_released(void)
{
    prepare(0, 0);
    slk_mailbox_retain(world.mailbox);
    interleave_spawn(produce, &numbers[0]);
    interleave_spawn(let_go, NULL);
}

static void judge_released(void)
{
    HOLDS(world.alive == 0); /* what waited has gone with it */
}

/* A burst ------------------------------------------------------------------------------------- */

static void flood(void *argument)
{
    int self = *(const int *)argument;
    push(self, 1, BURST_BYTES + 1);
    push(self, 1, 10);
    slk_mailbox_release(world.mailbox);
}

static void prepare_burst(void)
{
    prepare(0, 0);
    world.to_come = 2;
    slk_mailbox_retain(world.mailbox);
    interleave_spawn(flood, &numbers[0]);
    interleave_spawn(consume, NULL);
}

static void judge_burst(void)
{
    take_all();
    HOLDS(world.was_swollen || slk_mailbox_burst_is_over(world.mailbox));
    HOLDS(!slk_mailbox_burst_is_over(world.mailbox));
    judge();
}

int main(void)
{
    static const struct interleave_scenario scenarios[] = {
        {"two push, one takes", prepare_two, judge},
        {"one holds back", prepare_held_back, judge_held_back},
        {"one holds back, one is turned away", prepare_crowd, judge_held_back},
        {"closed in the middle", prepare_closed, judge_closed},
        {"let go", prepare_released, judge_released},
        {"a burst", prepare_burst, judge_burst},
    };
    const char *seed = getenv("SEED"), *stress = getenv("STRESS");
    uint64_t number = seed != NULL ? strtoull(seed, NULL, 10) : 20261122;
    bool is_long = stress != NULL && *stress != '\0';
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        long tried = interleave_explore(&scenarios[i], INTERLEAVE_IS_SLOW ? 1 : 2,
                                        is_long              ? 50000
                                        : INTERLEAVE_IS_SLOW ? 300
                                                             : 3000,
                                        number | 1);
        printf("%s: %ld orders\n", scenarios[i].name, tried);
    }
    return 0;
}
