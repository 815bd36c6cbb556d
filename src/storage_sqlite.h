/* A store in a file of SQLite, which several processes may have open. Each batch
 * of jobs is one transaction: all of it is on the disk when the first answer is
 * given, or none, and then each of its jobs fails. */
#ifndef SLK_STORAGE_SQLITE_H
#define SLK_STORAGE_SQLITE_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "storage.h"

struct slk_sqlite_settings {
    const char *path;
    int64_t patience; /* ns to wait while another process has the file locked */
    bool sync_each;   /* sync at each commit; else the last ones may be lost with the power */
    struct slk_storage_inbox inbox;
    struct slk_log *log; /* may be NULL */
};

/* Lua thread. Opens the file, or makes it, for its owner alone. NULL with err
 * filled: it names the path and what to do. */
struct slk_storage_backend *slk_sqlite_open(const struct slk_sqlite_settings *settings,
                                            struct slk_error *err);

/* Whether others than its owner have any right to the file. */
bool slk_sqlite_is_exposed(const char *path);

#endif
