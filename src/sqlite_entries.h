/* The entries of an inbox in SQLite, as rows: what becomes of them, and which of them is
 * next. Each function gives a result of SQLite; but for SQLITE_OK the transaction is to be
 * rolled back. All need a transaction that writes, but those which only look. One thread
 * at a time, as the connection.
 *
 * Columns of inbox: due is when a delayed entry may be claimed, and when a dead one died;
 * holder is the number of an owner. The key of an entry is in inbox_keys as long as it is
 * there, and from then on until it expires.
 *
 * Entries with the same order_key are handed out one at a time: while none of them is
 * taken, the first that waits is ready; the others are behind. One that is delayed lets them
 * pass. So a claim never has to pass over any. */
#ifndef SLK_SQLITE_ENTRIES_H
#define SLK_SQLITE_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "storage_job.h"

/* In the file: never renumber. */
enum slk_sqlite_entry_state {
    SLK_SQLITE_READY,
    SLK_SQLITE_BEHIND,  /* another of its order has to come before */
    SLK_SQLITE_TAKEN,   /* by the holder, which is 0 in the other states */
    SLK_SQLITE_DELAYED, /* until it is due */
    SLK_SQLITE_DEAD,
    SLK_SQLITE_STATES
};

#define SLK_SQLITE_MAX_KEY   1024
#define SLK_SQLITE_MAX_ORDER 256

/* What moves look at. */
struct slk_sqlite_entry {
    int64_t id;
    enum slk_sqlite_entry_state state;
    int64_t holder;
    int64_t takeovers;
    int64_t remember_until; /* its key, at least */
    int64_t remember_for;   /* ms, also from its end on */
    struct slk_text key;
    struct slk_text order; /* data NULL: none */
    char texts[SLK_SQLITE_MAX_KEY + SLK_SQLITE_MAX_ORDER];
};

struct slk_sqlite_entry_counts {
    int64_t waiting, taken, delayed, dead;
};

struct slk_sqlite_entries;

/* *entries is to be freed also on failure, before db is closed. */
int slk_sqlite_entries_prepare(sqlite3 *db, struct slk_sqlite_entries **entries);
void slk_sqlite_entries_free(struct slk_sqlite_entries *entries);

/* In the transaction's end, before it is committed; and when it has ended either way. */
int slk_sqlite_entries_flush(struct slk_sqlite_entries *entries);
void slk_sqlite_entries_ended(struct slk_sqlite_entries *entries);

/* Keeps a delivery, whose key is no longer than the maximum. holder: who takes it if it can be
 * taken, or 0. *id: of what was taken, or 0: it waits. */
int slk_sqlite_entries_add(struct slk_sqlite_entries *entries,
                           const struct slk_storage_request *request, int64_t holder, int64_t *id);

/* Notes the key; *is_known: it was there. Or only looks. */
int slk_sqlite_entries_note_key(struct slk_sqlite_entries *entries,
                                const struct slk_storage_request *request, bool *is_known);
int slk_sqlite_entries_know_key(struct slk_sqlite_entries *entries,
                                const struct slk_storage_request *request, bool *is_known);

/* Looks. *is_there is false when there is none of that id. */
int slk_sqlite_entries_find(struct slk_sqlite_entries *entries, int64_t id,
                            struct slk_sqlite_entry *entry, bool *is_there);

/* Moves of an entry that was found: taken by the holder; gone; not to be claimed before it
 * is due, tried once more or not; dead, the same; waiting again. reason, data NULL: as it was. */
int slk_sqlite_entries_take(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                            int64_t holder);
int slk_sqlite_entries_remove(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                              int64_t now);
int slk_sqlite_entries_delay(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                             int64_t due, bool is_tried, struct slk_text error);
int slk_sqlite_entries_bury(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                            int64_t now, bool is_tried, struct slk_text error);
int slk_sqlite_entries_release(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                               struct slk_text reason);

/* The same, of one whose owner died; and of a dead one, as if it had not been tried. */
int slk_sqlite_entries_take_back(struct slk_sqlite_entries *entries,
                                 struct slk_sqlite_entry *entry);
int slk_sqlite_entries_revive(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry);

/* It stays taken, and those behind need not wait for it any more. */
int slk_sqlite_entries_park(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry);

/* No entry is delayed by more milliseconds: one that is due later still was delayed before the
 * clock was put back, and is due. inbox/retries.lua knows the hour, too. */
#define SLK_SQLITE_LONGEST_DELAY (61 * 60 * 1000)

/* Looks for the first: that may be taken; that is due by then; that this owner has; that
 * died by then; the first owner with a number above that one who has any. 0: none. */
int slk_sqlite_entries_ready(struct slk_sqlite_entries *entries, int64_t *id);
int slk_sqlite_entries_due(struct slk_sqlite_entries *entries, int64_t now, int64_t *id);
int slk_sqlite_entries_taken(struct slk_sqlite_entries *entries, int64_t holder, int64_t *id);
int slk_sqlite_entries_died(struct slk_sqlite_entries *entries, int64_t by, int64_t *id);
int slk_sqlite_entries_holder(struct slk_sqlite_entries *entries, int64_t above, int64_t *holder);

/* Looks. */
int slk_sqlite_entries_count(struct slk_sqlite_entries *entries,
                             struct slk_sqlite_entry_counts *counts);

/* Forgets some keys that have expired; *more: there may be others. */
int slk_sqlite_entries_sweep(struct slk_sqlite_entries *entries, int64_t now, bool *more);

#endif
