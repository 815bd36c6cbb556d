/* What the parts of an inbox in SQLite share: sqlite_inbox.c, sqlite_inbox_claims.c,
 * sqlite_inbox_review.c. */
#ifndef SLK_SQLITE_INBOX_PARTS_H
#define SLK_SQLITE_INBOX_PARTS_H

#include "log_limit.h"
#include "sqlite_entries.h"
#include "sqlite_entry_lists.h"
#include "sqlite_inbox.h"
#include "sqlite_owners.h"

struct slk_sqlite_inbox {
    struct slk_sqlite_entries *entries;
    struct slk_sqlite_entry_lists *lists;
    struct slk_sqlite_owners *owners;
    struct slk_log *log;
    bool is_owner; /* else it only looks, and does what a person asks */
    int64_t max_entries, max_takeovers, keep_dead;
    struct slk_log_limit poison_limit, dead_limit;
    int64_t swept_at;
    bool more_to_sweep;
};

/* In log lines. */
#define SLK_SQLITE_INBOX_COMPONENT "inbox"

/* What becomes of one entry that was found. Raises *count if it becomes so. */
typedef int slk_sqlite_move(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                            const struct slk_storage_request *request, int64_t *count);

/* Moves the entry, if it is there; one that was found, so that it must be there and move
 * (or the file is damaged); those whose ids are the lines of the request's value. */
int slk_sqlite_inbox_move(struct slk_sqlite_inbox *inbox, int64_t id, slk_sqlite_move *move,
                          const struct slk_storage_request *request, int64_t *count);
int slk_sqlite_inbox_move_found(struct slk_sqlite_inbox *inbox, int64_t id, slk_sqlite_move *move,
                                const struct slk_storage_request *request, int64_t *count);
int slk_sqlite_inbox_move_listed(struct slk_sqlite_inbox *inbox, slk_sqlite_move *move,
                                 const struct slk_storage_request *request, int64_t *count);

/* An id as a number; 0: it is none of ours. */
int64_t slk_sqlite_inbox_read_id(struct slk_text text);

/* The operations of sqlite_inbox_claims.c and sqlite_inbox_review.c. */
int slk_sqlite_inbox_claim(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job);
int slk_sqlite_inbox_list(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job);
int slk_sqlite_inbox_stats(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job);
int slk_sqlite_inbox_owners(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job);
int slk_sqlite_inbox_retry(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job);
int slk_sqlite_inbox_drop(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job);

/* Puts the entry among the dead, of whom there may be so many. */
int slk_sqlite_inbox_bury(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                          int64_t now, bool is_tried, struct slk_text error);

/* Drops some of those that have been dead for as long as they are kept; *more: there may be
 * others. */
int slk_sqlite_inbox_drop_old(struct slk_sqlite_inbox *inbox, int64_t now, bool *more);

#endif
