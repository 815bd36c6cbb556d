/* The storage thread of one open store. Jobs go in from any thread. Those of the
 * Lua thread come back to the mailbox in the same order, as messages "stored"; those of C
 * go to the function that each names.
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
    /* Storage thread. Called before each batch and before it waits for one, for what is due by
     * itself, the renewal of a lease; returns when it has to be called again, or SLK_NEVER. Must
     * not wait for long. May be NULL. */
    int64_t (*tick)(struct slk_storage_backend *backend, int64_t now); /* slk_clock_now's scale */
    /* Lua thread. Ends a wait that was begun before hurry_at changed. May be NULL. */
    void (*hurry)(struct slk_storage_backend *backend);
    /* Last of all on the storage thread, where signals are blocked, or instead of it. Frees it. */
    void (*close)(struct slk_storage_backend *backend);
    int64_t linger;           /* ns that jobs which are in no hurry wait for others */
    _Atomic int64_t hurry_at; /* on slk_clock_now's scale */
    atomic_ullong commits;    /* counted by the backend */
};

#define SLK_STORAGE_MAX_OWNER 255

/* What a backend is told of the inbox it is to keep. */
struct slk_storage_inbox {
    /* This process among those that share it, SLK_STORAGE_MAX_OWNER bytes at most; NULL or "": no
     * inbox. */
    const char *owner;
    int64_t lease;         /* ns */
    int64_t max_entries;   /* that are not dead; further ones fail with "full" */
    int64_t max_takeovers; /* an entry whose owner died more often is dead */
    int64_t keep_dead;     /* ms until dead entries are dropped */
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

/* Any thread. Owns the jobs, a list linked by message.next, when it returns SLK_OK, else
 * SLK_CLOSED. */
int slk_storage_submit(struct slk_storage *storage, struct slk_storage_job *first);

/* Lua thread. Carries out what was submitted, within the backend's patience,
 * then ends the thread and the backend: all outcomes are in the mailbox. */
void slk_storage_close(struct slk_storage *storage);

/* Any thread. For those who submit: what they have may be closed, but is there. */
struct slk_storage *slk_storage_retain(struct slk_storage *storage);
void slk_storage_release(struct slk_storage *storage);

/* Lua thread. */
struct slk_storage_stats slk_storage_stats(const struct slk_storage *storage);

/* Lua thread. Closes and releases it. In a process forked from that of the thread both leave it
 * alone. */
void slk_storage_destroy(struct slk_storage *storage);

#endif
