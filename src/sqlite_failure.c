#include "sqlite_failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct failure {
    int result; /* without its extension */
    const char *code;
    const char *text; /* comes after the path */
} failures[] = {
    {SQLITE_BUSY, "busy", "is locked by another process that does not let go: try again"},
    {SQLITE_LOCKED, "busy", "is locked by another connection: try again"},
    {SQLITE_FULL, "disk_full", "cannot grow, the disk is full: make room"},
    {SQLITE_READONLY, "read_only",
     "cannot be written: give this user the right to, also to "
     "make files beside it"},
    {SQLITE_PERM, "read_only", "cannot be written: give this user the right to"},
    {SQLITE_CORRUPT, "corrupt",
     "is damaged: put a copy in its place, or move it away to begin "
     "with an empty one"},
    {SQLITE_NOTADB, "corrupt",
     "is no SQLite database: give another path, or move it away to "
     "begin with an empty one"},
    {SQLITE_CANTOPEN, "open", "cannot be opened"},
    {SQLITE_IOERR, "io", "cannot be read or written"},
    {SQLITE_NOMEM, "memory", "cannot be used: out of memory"},
};

static const struct failure unknown = {SQLITE_ERROR, "storage", "cannot be used"};

static const struct failure *find(int result)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (failures[i].result == (result & 0xff)) {
            return &failures[i];
        }
    }
    return &unknown;
}

const char *slk_sqlite_code(int result)
{
    return find(result)->code;
}

const char *slk_sqlite_show_path(const char *path, char *buffer, size_t size)
{
    size_t length = strlen(path);
    if (length < size) {
        return path;
    }
    const char *end = path + length - (size - sizeof "…");
    while ((*end & 0xc0) == 0x80) { /* the rest of a character */
        end++;
    }
    snprintf(buffer, size, "…%s", end);
    return buffer;
}

static const char *advice_of(const struct failure *failure, int number)
{
    if (failure->result != SQLITE_CANTOPEN) {
        return "";
    }
    return number == EISDIR ? ": give the path of a file"
                            : ": it and the files beside it must be this user's";
}

void slk_sqlite_explain(sqlite3 *db, int result, const char *path, struct slk_error *err)
{
    char buffer[128];
    const struct failure *failure = find(result);
    const char *shown = slk_sqlite_show_path(path, buffer, sizeof buffer);
    int number = db != NULL ? sqlite3_system_errno(db) : 0;
    if ((failure->result == SQLITE_IOERR || failure->result == SQLITE_CANTOPEN) && number != 0) {
        slk_error_set(err, failure->code, "%s %s: %s%s", shown, failure->text,
                      slk_errno_text(number), advice_of(failure, number));
    } else if (failure == &unknown) {
        slk_error_set(err, failure->code, "%s %s: %s", shown, failure->text,
                      sqlite3_errstr(result));
    } else {
        slk_error_set(err, failure->code, "%s %s%s", shown, failure->text,
                      advice_of(failure, number));
    }
}
