/* The inbox in a store of SQLite: what is asked of it, within the transactions of the
 * store, so that all of a batch shares one commit. Results of SQLite; but for SQLITE_OK the
 * transaction is to be rolled back. One thread at a time, as the connection. */
#ifndef SLK_SQLITE_INBOX_H
#define SLK_SQLITE_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "log.h"
#include "storage.h"

struct slk_sqlite_inbox;

/* settings are copied; their owner may be "": what only an owner does is refused then, and all
 * looking works. log may be NULL. *inbox is to be freed also on failure, before db is
 * closed. */
int slk_sqlite_inbox_prepare(sqlite3 *db, const struct slk_storage_inbox *settings,
                             struct slk_log *log, struct slk_sqlite_inbox **inbox);
void slk_sqlite_inbox_free(struct slk_sqlite_inbox *inbox);

/* Looks, outside of a transaction, whether there may be something to claim. */
int slk_sqlite_inbox_look(struct slk_sqlite_inbox *inbox, int64_t now, bool *has_some);

/* Within a transaction, and one that writes if the job does. Gives it its outcome. */
int slk_sqlite_inbox_run(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job);

/* A claim of which slk_sqlite_inbox_look has said that there is nothing. */
void slk_sqlite_inbox_give_none(struct slk_storage_job *job);

/* Last in a transaction that writes; now in milliseconds of the wall clock. */
int slk_sqlite_inbox_finish(struct slk_sqlite_inbox *inbox, int64_t now);

/* After each transaction. */
void slk_sqlite_inbox_ended(struct slk_sqlite_inbox *inbox, bool is_committed);

/* When the lease is to be renewed, on slk_clock_now's scale, or SLK_NEVER; doing it, in a
 * transaction of its own; what is done when that failed. */
int64_t slk_sqlite_inbox_renew_at(const struct slk_sqlite_inbox *inbox);
int slk_sqlite_inbox_renew(struct slk_sqlite_inbox *inbox);
void slk_sqlite_inbox_fail_renewal(struct slk_sqlite_inbox *inbox, const char *why);

#endif
