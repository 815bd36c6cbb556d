/* The disk under SQLite for the test programs: SQLite's own, with a hand in between. */
#ifndef SLK_UNIT_SQLITE_DISK_H
#define SLK_UNIT_SQLITE_DISK_H

#include <sqlite3.h>

#include "check.h"

/* What each write gives in place of writing, how files are opened, who else comes. */
static struct {
    sqlite3_vfs vfs;
    sqlite3_io_methods methods[2]; /* of databases, of their logs */
    int (*write)(sqlite3_file *, const void *, int, sqlite3_int64);
    int refusal;
    int read_only;
    unsigned syncs;
    void (*on_sync)(void);    /* of a database, not of its log; NULL: nobody cares */
    int locks_until_intruder; /* comes */
    void (*intruder)(void);
    int (*lock)(sqlite3_file *, int);
} disk;

static inline int disk_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    return disk.refusal != SQLITE_OK ? disk.refusal : disk.write(file, data, size, offset);
}

static inline int disk_sync(sqlite3_file *file, int flags)
{
    disk.syncs++;
    (void)file;
    (void)flags;
    return SQLITE_OK; /* the disk under it may be slow */
}

static inline int disk_sync_database(sqlite3_file *file, int flags)
{
    if (disk.on_sync != NULL) {
        disk.on_sync();
    }
    return disk_sync(file, flags);
}

static inline int disk_lock(sqlite3_file *file, int level)
{
    if (disk.locks_until_intruder > 0 && --disk.locks_until_intruder == 0) {
        disk.intruder();
    }
    return disk.lock(file, level);
}

static inline int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                            int *given)
{
    sqlite3_vfs *below = vfs->pAppData;
    if (disk.read_only && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
        flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    }
    int result = below->xOpen(below, name, file, flags, given);
    if (result == SQLITE_OK) {
        sqlite3_io_methods *methods = &disk.methods[(flags & SQLITE_OPEN_MAIN_DB) == 0];
        *methods = *file->pMethods;
        disk.write = methods->xWrite;
        if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
            disk.lock = methods->xLock;
            methods->xLock = disk_lock;
        }
        methods->xWrite = disk_write;
        methods->xSync = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? disk_sync_database : disk_sync;
        file->pMethods = methods;
    }
    return result;
}

/* From then on all files are on it. */
static inline void place_disk(void (*intruder)(void))
{
    disk.intruder = intruder;
    sqlite3_vfs *below = sqlite3_vfs_find(NULL);
    disk.vfs = *below;
    disk.vfs.zName = "disk";
    disk.vfs.pAppData = below;
    disk.vfs.xOpen = disk_open;
    CHECK(sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK);
}

#endif
