/* One thing that Lua asks of a store. It is made on the Lua thread, goes to the
 * storage thread, and comes back with its outcome as the message "stored", so
 * that most answers need no memory of their own. One owner at a time. */
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
    SLK_STORAGE_KEYS,    /* -> LIST, of those that begin with key */
    SLK_STORAGE_SCAN,    /* -> LIST, a page of those that begin with key: key, value, key, value
                          * and so on, then where the next page begins, "" when there is none.
                          * by: about so many; expected: where it begins, "" at first */
    SLK_STORAGE_BATCH,   /* -> LIST, a text for each step (storage_batch.h) */
    SLK_STORAGE_OPERATIONS
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
    int64_t by; /* INCR, SCAN */
    struct slk_text key;
    struct slk_text value;    /* SET, ADD, REPLACE, BATCH */
    struct slk_text expected; /* REPLACE; DELETE unless any will do; SCAN */
};

struct slk_storage_job {
    struct slk_message message; /* its next links jobs on either way */
    uint64_t id;
    int64_t submitted_at;               /* on slk_clock_now's scale */
    struct slk_storage_request request; /* its texts are in bytes */
    enum slk_storage_outcome outcome;
    int64_t integer;
    const char *code; /* static text */
    struct slk_buffer text;
    char bytes[];
};

/* Copies the texts. NULL when memory ran out. */
struct slk_storage_job *slk_storage_job_create(const struct slk_storage_request *request,
                                               uint32_t source, uint64_t id);
void slk_storage_job_destroy(struct slk_storage_job *job);

/* The next in a list of jobs. */
struct slk_storage_job *slk_storage_job_next(const struct slk_storage_job *job);

/* Whether it may change the store. */
bool slk_storage_job_writes(const struct slk_storage_job *job);

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
