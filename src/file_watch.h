/* Tells which files of some directories have changed (inotify). Directories
 * are watched, not files, because editors save by renaming a new file over the
 * old one. Lua thread only; no thread of its own. */
#ifndef SLK_FILE_WATCH_H
#define SLK_FILE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct slk_file_watch;

struct slk_file_change {
    int directory;    /* what add returned */
    const char *name; /* within the directory; valid until the next call; NULL for overflow */
    bool overflow;    /* changes were lost: look at everything */
    bool is_directory;
    bool created; /* a link, or a file that may be empty so far */
    bool gone;    /* deleted or moved away (the directory itself: name is "") */
};

/* NULL where the system has no inotify or descriptors ran out. */
struct slk_file_watch *slk_file_watch_create(void);
void slk_file_watch_destroy(struct slk_file_watch *watch);

/* Readable while changes wait. */
int slk_file_watch_fd(const struct slk_file_watch *watch);

/* Returns a number >= 0 for the directory, or SLK_SYSTEM with errno set. */
int slk_file_watch_add(struct slk_file_watch *watch, const char *directory);
void slk_file_watch_remove(struct slk_file_watch *watch, int directory);

/* 1: *change is filled; 0: nothing waits; SLK_SYSTEM. */
int slk_file_watch_next(struct slk_file_watch *watch, struct slk_file_change *change);

#endif
