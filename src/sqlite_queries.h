/* The statements of a store in SQLite, prepared once. Each function gives a
 * result of SQLite; but for SQLITE_OK the transaction is to be rolled back.
 * One thread at a time, as the connection. */
#ifndef SLK_SQLITE_QUERIES_H
#define SLK_SQLITE_QUERIES_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "storage_job.h"

struct slk_sqlite_queries;

/* *queries is to be freed also on failure, before db is closed. */
int slk_sqlite_queries_prepare(sqlite3 *db, struct slk_sqlite_queries **queries);
void slk_sqlite_queries_free(struct slk_sqlite_queries *queries);

/* One that writes takes the lock here, so that what it read still holds when
 * it writes. */
int slk_sqlite_begin(struct slk_sqlite_queries *queries, bool writes);
int slk_sqlite_commit(struct slk_sqlite_queries *queries);
void slk_sqlite_rollback(struct slk_sqlite_queries *queries);

/* Within a transaction. Gives the job its outcome. */
int slk_sqlite_run(struct slk_sqlite_queries *queries, struct slk_storage_job *job);

/* Within a transaction that writes. Takes out some of what has expired, once
 * in a while; now in milliseconds of the wall clock. */
int slk_sqlite_sweep(struct slk_sqlite_queries *queries, int64_t now);

#endif
