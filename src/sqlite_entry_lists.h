/* What is shown of the entries of an inbox in SQLite. Results of SQLite. All only look, in
 * a transaction or not. One thread at a time, as the connection. */
#ifndef SLK_SQLITE_ENTRY_LISTS_H
#define SLK_SQLITE_ENTRY_LISTS_H

#include <stdint.h>

#include <sqlite3.h>

#include "sqlite_entries.h"
#include "storage_job.h"

struct slk_sqlite_entry_lists;

/* *lists is to be freed also on failure, before db is closed. */
int slk_sqlite_entry_lists_prepare(sqlite3 *db, struct slk_sqlite_entry_lists **lists);
void slk_sqlite_entry_lists_free(struct slk_sqlite_entry_lists *lists);

/* Adds the entry to the job's list as SLK_INBOX_CLAIM wants it. SQLITE_NOMEM also when the
 * list has no room for it. */
int slk_sqlite_entry_give(struct slk_sqlite_entry_lists *lists, int64_t id,
                          struct slk_storage_job *job);

/* Gives the job a page as SLK_INBOX_LIST wants it. SLK_SQLITE_READY: all that wait;
 * SLK_SQLITE_STATES: all. */
int slk_sqlite_entry_list(struct slk_sqlite_entry_lists *lists, enum slk_sqlite_entry_state state,
                          int64_t after, struct slk_storage_job *job);

/* When the oldest that is not dead was received, or 0. */
int slk_sqlite_entry_oldest(struct slk_sqlite_entry_lists *lists, int64_t *received);

#endif
