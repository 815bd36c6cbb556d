/* SQLite's failures in our words. Never with a value or a key. Any thread. */
#ifndef SLK_SQLITE_FAILURE_H
#define SLK_SQLITE_FAILURE_H

#include <stddef.h>

#include <sqlite3.h>

#include "error.h"

/* The short word for a result; static text. */
const char *slk_sqlite_code(int result);

/* The path, or the end of one that would fill up an error's text. */
const char *slk_sqlite_show_path(const char *path, char *buffer, size_t size);

/* Fills err: what failed, with the path, and what to do. db may be NULL. */
void slk_sqlite_explain(sqlite3 *db, int result, const char *path, struct slk_error *err);

#endif
