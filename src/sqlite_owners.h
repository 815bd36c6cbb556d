/* The owners of an inbox in SQLite: processes that have taken entries. Each has a lease,
 * which it renews; it is dead when that is over, or at once when it ran on this machine and
 * has ended. Results of SQLite; joining, leaving and sweeping need a transaction that
 * writes. One thread at a time, as the connection. */
#ifndef SLK_SQLITE_OWNERS_H
#define SLK_SQLITE_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "log.h"
#include "storage.h"

struct slk_sqlite_owners;

/* settings are copied; log may be NULL. *owners is to be freed also on failure, before db
 * is closed. */
int slk_sqlite_owners_prepare(sqlite3 *db, const struct slk_storage_inbox *settings,
                              struct slk_log *log, struct slk_sqlite_owners **owners);
void slk_sqlite_owners_free(struct slk_sqlite_owners *owners);

/* When the transaction has ended. */
void slk_sqlite_owners_ended(struct slk_sqlite_owners *owners, bool is_committed);

/* This process's number, or 0: it has not joined. */
int64_t slk_sqlite_owners_self(const struct slk_sqlite_owners *owners);

/* Makes this process an owner, or renews its lease when a third of that has gone, or always
 * when is_due. */
int slk_sqlite_owners_join(struct slk_sqlite_owners *owners, bool is_due);

/* Its lease is over. */
int slk_sqlite_owners_leave(struct slk_sqlite_owners *owners);

/* When the lease is to be renewed, on slk_clock_now's scale, or SLK_NEVER; to be told when that
 * did not work: it is tried again, and there is a line in the log when the lease is lost. */
int64_t slk_sqlite_owners_renew_at(const struct slk_sqlite_owners *owners);
void slk_sqlite_owners_fail(struct slk_sqlite_owners *owners, const char *why);

/* Looks whether that owner is dead. Its name, cut, for log lines. */
int slk_sqlite_owners_check(struct slk_sqlite_owners *owners, int64_t number, bool *is_dead,
                            char *name, size_t size);

/* How many live, this one included; those of the others go to the job as a list if there
 * is one. */
int slk_sqlite_owners_list(struct slk_sqlite_owners *owners, struct slk_storage_job *job,
                           int64_t *count);

/* Forgets those who have long been dead. */
int slk_sqlite_owners_sweep(struct slk_sqlite_owners *owners);

#endif
