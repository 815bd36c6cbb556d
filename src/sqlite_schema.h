/* What a file of ours holds, and how one of an older version is brought to this
 * one. The thread of the connection. */
#ifndef SLK_SQLITE_SCHEMA_H
#define SLK_SQLITE_SCHEMA_H

#include <stdbool.h>

#include <sqlite3.h>

#include "error.h"

/* Reads which version the file has; *is_old: it has an older one, or none yet. A result of
 * SQLite. Where that is SQLITE_OK, err is filled when the file is no file of ours, or a newer
 * one's; else it is left alone. */
int slk_sqlite_schema_check(sqlite3 *db, const char *path, bool *is_old, struct slk_error *err);

/* Makes what the file lacks, in one transaction. Results as of the check, which is made again:
 * another process may have been faster. */
int slk_sqlite_schema_make(sqlite3 *db, const char *path, struct slk_error *err);

#endif
