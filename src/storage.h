/* The storage thread of one open store. Jobs go in from the Lua thread and come
 * back to the mailbox in the same order, as messages "stored".
 *
 * Whatever has come while one batch was carried out makes up the next, which
 * the backend commits as one: a sync of the disk is shared by all of them. */
#ifndef SLK_STORAGE_H
#define SLK_STORAGE_H

#include <stdatomic.h>
#include <stdint.h>

#include "error.h"
#include "mailbox.h"
#include "storage_job.h"

struct slk_storage;

/* What keeps the values; a backend's struct begins with it. */
struct slk_storage_backend {
    /* Storage thread. Gives jobs of the list their outcomes, and returns the first that has
     * none yet, to be called with again, or NULL. Must not wait past hurry_at; then, and with
     * each call, at least the first job gets one. */
    struct slk_storage_job *(*run)(struct slk_storage_backend *backend,
                                   struct slk_storage_job *first);
    /* Lua thread. Ends a wait that was begun before hurry_at changed. May be NULL. */
    void (*hurry)(struct slk_storage_backend *backend);
    /* Last of all on the storage thread, where signals are blocked, or instead of it. Frees it. */
    void (*close)(struct slk_storage_backend *backend);
    _Atomic int64_t hurry_at; /* on slk_clock_now's scale */
    atomic_ullong commits;    /* counted by the backend */
};

struct slk_storage_stats {
    uint64_t jobs;
    uint64_t batches;
    uint64_t commits;
};

/* Lua thread. Starts the thread; owns the backend from now on, also when it
 * gives NULL with err filled. */
struct slk_storage *slk_storage_create(struct slk_storage_backend *backend,
                                       struct slk_mailbox *mailbox, struct slk_error *err);

/* Lua thread. Owns job when it returns SLK_OK, else SLK_CLOSED. */
int slk_storage_submit(struct slk_storage *storage, struct slk_storage_job *job);

/* Lua thread. Carries out what was submitted, within the backend's patience,
 * then ends the thread and the backend: all outcomes are in the mailbox. */
void slk_storage_close(struct slk_storage *storage);

/* Lua thread. */
struct slk_storage_stats slk_storage_stats(const struct slk_storage *storage);

/* Lua thread. Closes it. In a process forked from that of the thread both leave it alone. */
void slk_storage_destroy(struct slk_storage *storage);

#endif
