/* The inbox that a store in Redis keeps: what its jobs are in commands, and what the
 * replies mean for them. All that changes anything is a script, so that it is done as a whole;
 * time is the server's, so that the processes need not agree on it.
 *
 * Entries live in Streams with a consumer group (redis_inbox_scripts.h). An owner is a
 * consumer; its lease is a record that tick makes longer. Storage thread. */
#ifndef SLK_REDIS_INBOX_H
#define SLK_REDIS_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "log_limit.h"
#include "redis_connection.h"
#include "redis_inbox_scripts.h"
#include "storage.h"
#include "storage_job.h"

/* The least that an inbox works with, as slk_redis_login_version gives it. */
#define SLK_REDIS_INBOX_VERSION 60200

#define SLK_REDIS_SHA_SIZE 41

/* As commands want it. */
struct slk_redis_number {
    char text[24];
};

/* Of an entry in a stream. */
struct slk_redis_id {
    uint64_t ms, number;
};

struct slk_redis_inbox {
    struct slk_text base;  /* of all its keys */
    struct slk_text owner; /* length 0: looks at it from outside */
    struct slk_text queue; /* key */
    struct slk_text own;   /* key of the owner's own stream */
    int64_t lease;         /* ns */
    struct slk_redis_number lease_ms, max_entries, max_takeovers, keep_dead;
    struct slk_log *log;

    char shas[SLK_SCRIPTS][SLK_REDIS_SHA_SIZE]; /* "": there is no such function here */
    bool is_known[SLK_SCRIPTS];                 /* by the server, as far as we can tell */
    unsigned lacking;                           /* answers in a row that it lacks one */

    bool has_claimed;     /* what makes it an owner */
    bool is_registered;   /* it has, or had, a lease */
    bool has_left;        /* it gave its lease back */
    int64_t renew_at;     /* slk_clock_now scale, as all below */
    int64_t take_over_at; /* not before: the others may only now be reaching the server again */
    int64_t answered_at;  /* by the server; 0: never */
    struct slk_log_limit lapses, deaths, drops;

    /* Keys, one a line, of what was to be taken at once when the answer was lost: its sender has
     * gone on without, and the server may have done it all the same. NULL: none. */
    char *unsure;
    size_t unsure_length;

    /* Of claims. */
    int64_t tend_at;
    int64_t sweep_at;
    int64_t seen_at; /* ms of the server: what was handed out came before; 0: nothing was */
    struct slk_redis_id seen_queue, seen_own; /* the last that was handed out of each */
    bool is_lost;                             /* an answer that may have held entries */

    char bytes[];
};

/* log may be NULL. NULL when memory ran out. */
struct slk_redis_inbox *slk_redis_inbox_create(struct slk_text prefix,
                                               const struct slk_storage_inbox *settings,
                                               struct slk_log *log);
void slk_redis_inbox_destroy(struct slk_redis_inbox *inbox);

/* Whether a job whose answer was lost may be sent again. */
bool slk_redis_inbox_repeats(const struct slk_storage_job *job);

/* Fails the job when this inbox has no such thing; then true. */
bool slk_redis_inbox_refuses(const struct slk_redis_inbox *inbox, struct slk_storage_job *job);

/* Appends the one command of any job but CLAIM. SLK_OK or SLK_NOMEM. */
int slk_redis_inbox_append(struct slk_redis_inbox *inbox, struct slk_redis_connection *connection,
                           const struct slk_storage_job *job);

/* Gives the job the outcome that its reply means, or none: it is to be sent again. */
void slk_redis_inbox_conclude(struct slk_redis_inbox *inbox, struct slk_storage_job *job,
                              const redisReply *reply, const char *name);

/* A job that fails as the server was away. */
void slk_redis_inbox_note_failure(struct slk_redis_inbox *inbox, const struct slk_storage_job *job);

/* Undoes what such jobs may have done, where `unsure` is not NULL. */
int slk_redis_inbox_append_undo(struct slk_redis_inbox *inbox,
                                struct slk_redis_connection *connection);
void slk_redis_inbox_take_undo(struct slk_redis_inbox *inbox, const redisReply *reply);

/* The renewal of the lease. */
int slk_redis_inbox_append_renewal(struct slk_redis_inbox *inbox,
                                   struct slk_redis_connection *connection);
void slk_redis_inbox_take_renewal(struct slk_redis_inbox *inbox, const redisReply *reply);

/* After another connection was made: for how long there was none is told by answered_at. */
void slk_redis_inbox_note_return(struct slk_redis_inbox *inbox);

/* For those who run scripts themselves. words follow the base; SLK_OK or SLK_NOMEM. */
int slk_redis_inbox_call(struct slk_redis_inbox *inbox, struct slk_redis_connection *connection,
                         enum slk_redis_script script, const struct slk_text *words, size_t count);

/* Whether the server lacks the script: it is then sent whole with the next call. False of a
 * server that goes on to say so. */
bool slk_redis_inbox_lacks(struct slk_redis_inbox *inbox, enum slk_redis_script script,
                           const redisReply *reply);

/* That lease had run out, or not, when it was renewed. */
void slk_redis_inbox_note_lease(struct slk_redis_inbox *inbox, bool has_lapsed);
void slk_redis_inbox_note_drops(struct slk_redis_inbox *inbox, int64_t count);

#endif
