/* Statements that are prepared once and run many times. One thread at a time, as
 * the connection. */
#ifndef SLK_SQLITE_STATEMENTS_H
#define SLK_SQLITE_STATEMENTS_H

#include <stddef.h>

#include <sqlite3.h>

#include "text.h"

/* A result of SQLite. The statements must be NULL; what was made is to be freed also on
 * failure, before db is closed. */
int slk_sqlite_prepare(sqlite3 *db, const char *const *texts, size_t count,
                       sqlite3_stmt **statements);
void slk_sqlite_finalize(sqlite3_stmt **statements, size_t count);

/* Ends the statement and forgets what was bound; what its last step gave, with SQLITE_DONE
 * and SQLITE_ROW made OK. */
int slk_sqlite_finish(sqlite3_stmt *statement);

/* Runs one that gives no row, to its end. */
int slk_sqlite_do(sqlite3_stmt *statement);

/* The text must live until the statement ends; one without data is NULL. It may have zero
 * bytes: SQLite compares texts by their lengths, and no function of SQL looks at one. */
void slk_sqlite_bind_text(sqlite3_stmt *statement, int index, struct slk_text text);

/* A column of the row, until the next step or the end. */
struct slk_text slk_sqlite_column_text(sqlite3_stmt *statement, int index);

#endif
