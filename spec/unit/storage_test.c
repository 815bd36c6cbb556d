/* How the storage thread makes batches of jobs, and how it ends; with a backend
 * that keeps nothing and runs when it is let. */
#include "storage.h"

#include <pthread.h>

#include "check.h"
#include "clock.h"

enum { MAX_RUNS = 8 };

struct gate_backend {
    struct slk_storage_backend backend;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    bool is_running, is_open;
    unsigned most; /* jobs that get an outcome each time; 0: all */
    int ticks;
    int runs;
    bool only_first_size; /* there are many runs */
    unsigned sizes[MAX_RUNS];
};

static int closed;

static struct slk_storage_job *run(struct slk_storage_backend *backend,
                                   struct slk_storage_job *first)
{
    struct gate_backend *gate = (struct gate_backend *)backend;
    pthread_mutex_lock(&gate->lock);
    gate->is_running = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    CHECK(gate->runs < MAX_RUNS);
    unsigned *size = &gate->sizes[gate->only_first_size ? 0 : gate->runs++];
    pthread_mutex_unlock(&gate->lock);
    struct slk_storage_job *job = first;
    while (job != NULL && (gate->most == 0 || *size < gate->most)) {
        slk_storage_job_count(job, ++*size);
        job = slk_storage_job_next(job);
    }
    return job;
}

static void close_backend(struct slk_storage_backend *backend)
{
    struct gate_backend *gate = (struct gate_backend *)backend;
    pthread_mutex_destroy(&gate->lock);
    pthread_cond_destroy(&gate->changed);
    free(gate);
    closed++;
}

static struct gate_backend *new_backend(void)
{
    struct gate_backend *gate = calloc(1, sizeof *gate);
    CHECK(gate != NULL);
    gate->backend.run = run;
    gate->backend.close = close_backend;
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, NULL);
    return gate;
}

static void wait_until_running(struct gate_backend *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (!gate->is_running) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate_backend *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static struct slk_storage_job *new_job(uint64_t id)
{
    struct slk_storage_request request = {.operation = SLK_STORAGE_GET, .key = {"k", 1}};
    struct slk_storage_job *job = slk_storage_job_create(&request, 7, id);
    CHECK(job != NULL);
    return job;
}

/* The first is on its way when 2,500 others come: those share few batches, and
 * all come back in order, also when the store is closed at once. */
static void what_waits_is_one_batch_up_to_a_limit(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct gate_backend *gate = new_backend();
    struct slk_error err;
    struct slk_storage *storage = slk_storage_create(&gate->backend, mailbox, &err);
    CHECK(mailbox != NULL && storage != NULL);
    CHECK(slk_storage_submit(storage, new_job(1)) == SLK_OK);
    wait_until_running(gate);
    for (uint64_t id = 2; id <= 2501; id++) {
        CHECK(slk_storage_submit(storage, new_job(id)) == SLK_OK);
    }
    open_gate(gate);
    slk_storage_close(storage);
    CHECK(closed == 1);
    struct slk_storage_stats stats = slk_storage_stats(storage);
    CHECK(stats.jobs == 2501 && stats.batches == 4);
    static const int64_t largest[] = {1, 1000, 1000, 500};
    int batch = 0;
    for (uint64_t id = 1; id <= 2501; id++) {
        struct slk_storage_job *job = (struct slk_storage_job *)slk_mailbox_take(mailbox);
        CHECK(job != NULL && job->id == id && job->message.source == 7);
        CHECK(job->integer <= largest[batch]);
        batch += job->integer == largest[batch];
        slk_storage_job_destroy(job);
    }
    CHECK(slk_mailbox_take(mailbox) == NULL);
    struct slk_storage_job *late = new_job(2502);
    CHECK(slk_storage_submit(storage, late) == SLK_CLOSED);
    slk_storage_job_destroy(late);
    slk_storage_destroy(storage);
    CHECK(closed == 1);
    slk_storage_destroy(NULL);
    slk_mailbox_release(mailbox);
}

/* What a backend leaves comes back to it first, with others that came meanwhile. */
static void what_is_left_of_a_batch_is_run_again(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct gate_backend *gate = new_backend();
    struct slk_error err;
    gate->most = 700;
    struct slk_storage *storage = slk_storage_create(&gate->backend, mailbox, &err);
    CHECK(mailbox != NULL && storage != NULL);
    for (uint64_t id = 1; id <= 2000; id++) {
        CHECK(slk_storage_submit(storage, new_job(id)) == SLK_OK);
    }
    open_gate(gate);
    slk_storage_close(storage);
    CHECK(slk_storage_stats(storage).jobs == 2000);
    for (uint64_t id = 1; id <= 2000; id++) {
        struct slk_storage_job *job = (struct slk_storage_job *)slk_mailbox_take(mailbox);
        CHECK(job != NULL && job->id == id && job->outcome == SLK_STORED_INTEGER);
        slk_storage_job_destroy(job);
    }
    CHECK(slk_mailbox_take(mailbox) == NULL);
    slk_storage_destroy(storage);
    slk_mailbox_release(mailbox);
}

/* Whom jobs go back to in place of the mailbox. */
struct receiver {
    pthread_mutex_t lock; /* guards the fields below */
    int calls;
    uint64_t jobs, last_id;
};

static void receive(struct slk_storage_job *first)
{
    struct receiver *receiver = first->context;
    pthread_mutex_lock(&receiver->lock);
    receiver->calls++;
    while (first != NULL) {
        struct slk_storage_job *next = slk_storage_job_next(first);
        CHECK(first->context == receiver && first->outcome == SLK_STORED_INTEGER);
        CHECK(first->id > receiver->last_id);
        receiver->last_id = first->id;
        receiver->jobs++;
        slk_storage_job_destroy(first);
        first = next;
    }
    pthread_mutex_unlock(&receiver->lock);
}

/* Those of a batch go to each at once, in order, and the others to Lua. */
static void jobs_of_c_go_back_to_who_submitted_them(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct gate_backend *gate = new_backend();
    struct slk_error err;
    struct slk_storage *storage = slk_storage_create(&gate->backend, mailbox, &err);
    struct receiver receivers[2] = {{.lock = PTHREAD_MUTEX_INITIALIZER},
                                    {.lock = PTHREAD_MUTEX_INITIALIZER}};
    CHECK(mailbox != NULL && storage != NULL);
    CHECK(slk_storage_submit(storage, new_job(1)) == SLK_OK);
    wait_until_running(gate);
    for (uint64_t id = 2; id <= 301; id++) {
        struct slk_storage_job *job = new_job(id);
        if (id % 3 != 0) {
            job->done = receive;
            job->context = &receivers[id % 3 - 1];
        }
        CHECK(slk_storage_submit(storage, job) == SLK_OK);
    }
    open_gate(gate);
    slk_storage_close(storage);
    for (int i = 0; i < 2; i++) {
        CHECK(receivers[i].calls == 1 && receivers[i].jobs == 100);
    }
    struct slk_storage_job *job = (struct slk_storage_job *)slk_mailbox_take(mailbox);
    CHECK(job->id == 1);
    slk_storage_job_destroy(job);
    for (uint64_t id = 3; id <= 301; id += 3) {
        job = (struct slk_storage_job *)slk_mailbox_take(mailbox);
        CHECK(job != NULL && job->id == id);
        slk_storage_job_destroy(job);
    }
    CHECK(slk_mailbox_take(mailbox) == NULL);
    slk_storage_destroy(storage);
    slk_mailbox_release(mailbox);
}

static void *submit_many(void *context)
{
    struct slk_storage *storage = context;
    for (uint64_t id = 1;; id++) {
        struct slk_storage_job *job = new_job(id);
        if (slk_storage_submit(storage, job) != SLK_OK) {
            slk_storage_job_destroy(job);
            break;
        }
    }
    slk_storage_release(storage);
    return NULL;
}

/* What was retained may be asked for long after it was closed, on any thread. */
static void jobs_come_from_any_thread_until_it_is_closed(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct slk_error err;
    struct gate_backend *gate = new_backend();
    pthread_t threads[3];
    gate->only_first_size = gate->is_open = true;
    struct slk_storage *storage = slk_storage_create(&gate->backend, mailbox, &err);
    CHECK(mailbox != NULL && storage != NULL);
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&threads[i], NULL, submit_many, slk_storage_retain(storage)) == 0);
    }
    struct slk_storage_job *job;
    for (unsigned taken = 0; taken < 3000; taken += job != NULL) {
        job = (struct slk_storage_job *)slk_mailbox_take(mailbox);
        slk_storage_job_destroy(job);
    }
    slk_storage_destroy(storage);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    slk_mailbox_release(mailbox);
}

/* With others, or when the store is closed, whichever comes first. */
static void what_can_wait_shares_the_next_batch(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct slk_error err;
    struct gate_backend *gate = new_backend();
    gate->backend.linger = SLK_SECONDS(3600);
    struct slk_storage *storage = slk_storage_create(&gate->backend, mailbox, &err);
    CHECK(mailbox != NULL && storage != NULL);
    for (uint64_t id = 1; id <= 4; id++) {
        struct slk_storage_job *job = new_job(id);
        job->request.operation = id == 3 ? SLK_STORAGE_GET : SLK_INBOX_DONE;
        CHECK(slk_storage_submit(storage, job) == SLK_OK);
        if (id == 3) {
            wait_until_running(gate);
        }
    }
    open_gate(gate);
    slk_storage_close(storage);
    static const int64_t places[] = {1, 2, 3, 1};
    for (int i = 0; i < 4; i++) {
        struct slk_storage_job *job = (struct slk_storage_job *)slk_mailbox_take(mailbox);
        CHECK(job != NULL && job->integer == places[i]);
        slk_storage_job_destroy(job);
    }
    slk_storage_destroy(storage);
    slk_mailbox_release(mailbox);
}

static int64_t count_ticks(struct slk_storage_backend *backend, int64_t now)
{
    struct gate_backend *gate = (struct gate_backend *)backend;
    pthread_mutex_lock(&gate->lock);
    int count = ++gate->ticks;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
    return count < 5 ? now + SLK_MS(1) : SLK_NEVER;
}

/* The last tick asks for no other; a job brings one all the same. */
static void a_backend_is_called_when_it_asks_to_be(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct slk_error err;
    struct gate_backend *gate = new_backend();
    gate->backend.tick = count_ticks;
    gate->is_open = true;
    struct slk_storage *storage = slk_storage_create(&gate->backend, mailbox, &err);
    CHECK(mailbox != NULL && storage != NULL);
    for (int wanted = 5; wanted <= 6; wanted++) {
        pthread_mutex_lock(&gate->lock);
        while (gate->ticks < wanted) {
            pthread_cond_wait(&gate->changed, &gate->lock);
        }
        CHECK(gate->ticks == wanted);
        pthread_mutex_unlock(&gate->lock);
        if (wanted == 5) {
            CHECK(slk_storage_submit(storage, new_job(1)) == SLK_OK);
        }
    }
    slk_storage_destroy(storage);
    slk_mailbox_release(mailbox);
}

static void a_list_of_keys_is_read_as_it_was_made(void)
{
    struct slk_storage_job *job = new_job(1);
    struct slk_text entry;
    size_t offset = 0;
    slk_storage_job_begin_list(job);
    CHECK(!slk_storage_job_read(job, &offset, &entry));
    slk_storage_job_add_entry(job, "a\0b", 3);
    slk_storage_job_add_entry(job, "", 0);
    slk_storage_job_add_entry(job, "c", 1);
    CHECK(slk_storage_job_read(job, &offset, &entry) && entry.length == 3 && entry.data[2] == 'b');
    CHECK(slk_storage_job_read(job, &offset, &entry) && entry.length == 0);
    CHECK(slk_storage_job_read(job, &offset, &entry) && entry.length == 1 && entry.data[0] == 'c');
    CHECK(!slk_storage_job_read(job, &offset, &entry));
    slk_storage_job_fail(job, "busy", "words");
    slk_storage_job_add_entry(job, "d", 1);
    CHECK(job->outcome == SLK_STORED_FAILED && job->text.length == 5);
    slk_storage_job_destroy(job);
    slk_storage_job_destroy(NULL);
}

int main(void)
{
    what_waits_is_one_batch_up_to_a_limit();
    what_is_left_of_a_batch_is_run_again();
    jobs_of_c_go_back_to_who_submitted_them();
    jobs_come_from_any_thread_until_it_is_closed();
    what_can_wait_shares_the_next_batch();
    a_backend_is_called_when_it_asks_to_be();
    a_list_of_keys_is_read_as_it_was_made();
    return 0;
}
