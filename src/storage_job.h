/* One thing that is asked of a store. It goes to the storage thread, and comes
 * back with its outcome: to Lua as the message "stored", so that most answers need
 * no memory of their own, or to the C function that is its done. One owner at a
 * time.
 *
 * The operations SLK_INBOX_... are those of a store that keeps deliveries, as
 * entries: waiting, then taken by an owner (a process), then done, or delayed (failed,
 * due later), or dead. An owner has a lease, which the backend renews; the entries of
 * one whose lease is over may be claimed by others. */
#ifndef SLK_STORAGE_JOB_H
#define SLK_STORAGE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "message.h"
#include "text.h"

/* An entry that does not expire. */
#define SLK_STORAGE_KEPT INT64_MAX

enum slk_storage_operation {
    SLK_STORAGE_GET,     /* -> TEXT or NOTHING */
    SLK_STORAGE_SET,     /* -> TRUE */
    SLK_STORAGE_ADD,     /* -> TRUE, or FALSE: there is a value */
    SLK_STORAGE_REPLACE, /* -> TRUE, or FALSE: not the expected value, or none */
    SLK_STORAGE_DELETE,  /* -> TRUE, or FALSE: not the expected value, or none */
    SLK_STORAGE_INCR,    /* -> INTEGER */
    SLK_STORAGE_KEYS,    /* -> LIST, of those that begin with key; not on Redis */
    SLK_STORAGE_SCAN,    /* -> LIST, a page of those that begin with key: key, value, key, value
                          * and so on, then where the next page begins, "" when there is none.
                          * by: about so many (on Redis negative: with "" for values);
                          * expected: where it begins, "" at first */
    SLK_STORAGE_BATCH,   /* -> LIST, a text for each step (storage_batch.h) */
    SLK_STORAGE_INFO,    /* -> TEXT, what the server says of itself; of Redis alone */
    SLK_STORAGE_OPERATIONS,

    /* key: of the delivery, by which it is known again, not empty; meta: a small JSON text that
     * is only kept; value: its body; order: "" or a text, of which entries are handed out in
     * turn; take: by this owner, if nobody has to come before; expires_at: until then at least
     * the key is remembered, and as long again from the entry's end on. -> TEXT: the id of what
     * was taken; TRUE: kept; FALSE: the key is known. Fails by itself with "full" and
     * "too_large". */
    SLK_INBOX_PUT,
    /* Takes up to limit entries that wait, are due, or were a dead owner's; the oldest first.
     * wait_until: a backend that can wait does; the others answer at once. -> LIST, of each in
     * turn: id, key, meta, body, attempts, reason ("", "failed", "interrupted", "slack"), and how
     * many owners died that had it */
    SLK_INBOX_CLAIM,
    /* value: ids, one a line. -> TRUE, also of those not known */
    SLK_INBOX_DONE,
    /* key: id; value: the error in words; by: milliseconds until it is due again, negative: dead;
     * meta: "keep" if it does not count as an attempt. -> TRUE; TEXT: its id among the dead;
     * FALSE: this owner does not have it */
    SLK_INBOX_FAIL,
    /* value: ids, one a line, of entries that this owner has: they stay so, but those behind them
     * in their order need not wait for them any more. -> TRUE */
    SLK_INBOX_PARK,
    /* value: ids, or "" for all that this owner has, whose lease then ends; meta: the reason
     * that their next CLAIM gives, "" for none new. -> INTEGER: how many wait again, in place */
    SLK_INBOX_BACK,
    /* key: "waiting", "taken", "delayed", "dead" or ""; limit; value: the id after which, or "".
     * -> LIST, of each in turn: id, state, meta, body, attempts, error in words, received and due
     * (milliseconds of the wall clock; due may be "") */
    SLK_INBOX_LIST,
    /* value: ids of dead entries, or "" for all, some 10,000 at a time. -> INTEGER: how many were;
     * again until that is 0. DROP drops what is named whatever its state, but for what a live
     * process has in hand. */
    SLK_INBOX_RETRY,
    SLK_INBOX_DROP,
    /* -> TEXT: JSON with the counts waiting, taken, delayed, dead, owners, and oldest: the age of
     * the oldest that is neither done nor dead, in milliseconds */
    SLK_INBOX_STATS,
    /* -> LIST: the other owners that live */
    SLK_INBOX_OWNERS,
    /* key: an owner, to whom meta and value go as an entry that only it can claim. -> TRUE, or
     * FALSE: it does not live. Not of every backend. */
    SLK_INBOX_SEND,
    /* key: the id of an entry that this owner has; value: the owner who shall have it. -> TRUE, or
     * FALSE: that one does not live. Not of every backend. */
    SLK_INBOX_MOVE,
    SLK_INBOX_OPERATIONS
};

enum slk_storage_outcome {
    SLK_STORED_PENDING, /* none yet */
    SLK_STORED_NOTHING,
    SLK_STORED_TRUE,
    SLK_STORED_FALSE,
    SLK_STORED_INTEGER, /* in integer */
    SLK_STORED_TEXT,    /* in text */
    SLK_STORED_LIST,    /* in text: size_t length and bytes, again and again */
    SLK_STORED_FAILED   /* code says why, text in words */
};

/* Times are milliseconds of the wall clock. */
struct slk_storage_request {
    enum slk_storage_operation operation;
    int64_t now;
    int64_t expires_at;
    int64_t by;         /* INCR, SCAN; FAIL */
    int64_t wait_until; /* CLAIM, on slk_clock_now's scale; 0: not at all */
    unsigned limit;     /* CLAIM, LIST */
    bool take;          /* PUT */
    struct slk_text key;
    struct slk_text value;    /* SET, ADD, REPLACE, BATCH; of an inbox as said there */
    struct slk_text expected; /* REPLACE; DELETE unless any will do; SCAN */
    struct slk_text meta;     /* PUT, BACK, SEND */
    struct slk_text order;    /* PUT */
};

struct slk_storage_job {
    struct slk_message message; /* its next links jobs on either way */
    uint64_t id;
    int64_t submitted_at;               /* on slk_clock_now's scale */
    struct slk_storage_request request; /* its texts are in bytes */
    /* Storage thread. What becomes of jobs in place of going to the mailbox; set before they
     * are submitted. It is called once a batch, with the list of those jobs in it that have the
     * same done and context, and owns them; it must not wait. May submit others. NULL: to Lua. */
    void (*done)(struct slk_storage_job *first);
    void *context; /* the owner of done's */
    enum slk_storage_outcome outcome;
    int64_t integer;
    const char *code; /* static text */
    struct slk_buffer text;
    char bytes[];
};

/* Copies the texts. source and id are of no account with done. NULL when memory ran out. */
struct slk_storage_job *slk_storage_job_create(const struct slk_storage_request *request,
                                               uint32_t source, uint64_t id);
void slk_storage_job_destroy(struct slk_storage_job *job);

/* The next in a list of jobs. */
struct slk_storage_job *slk_storage_job_next(const struct slk_storage_job *job);

/* Whether it may change the store. */
bool slk_storage_job_writes(const struct slk_storage_job *job);

/* Whether nobody waits for it who could not wait a little longer. */
bool slk_storage_job_can_wait(const struct slk_storage_job *job);

/* Whether it is for an inbox. */
bool slk_storage_job_is_inbox(const struct slk_storage_job *job);

/* Fails it with "unsupported": of a store without an inbox, or whose inbox has no such thing. */
void slk_storage_job_refuse(struct slk_storage_job *job);

/* The outcome, in place of any before. code is static text. */
void slk_storage_job_decide(struct slk_storage_job *job, bool holds);
void slk_storage_job_count(struct slk_storage_job *job, int64_t integer);
void slk_storage_job_give(struct slk_storage_job *job, const void *data, size_t length);
void slk_storage_job_begin_list(struct slk_storage_job *job);
void slk_storage_job_add_entry(struct slk_storage_job *job, const void *data, size_t length);
void slk_storage_job_fail(struct slk_storage_job *job, const char *code, const char *text);

/* The list entry at *offset, which is moved on; false after the last. */
bool slk_storage_job_read(const struct slk_storage_job *job, size_t *offset,
                          struct slk_text *entry);

#endif
