/* A file whose bytes are sent as they are read, with the length it had when it
 * was opened. Opened on any thread; one thread at a time. Reading blocks as
 * disks do. */
#ifndef SLK_FILE_SOURCE_H
#define SLK_FILE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct slk_file_source;

/* Regular files only: others have no length, or never end. NULL with err
 * filled (code "file"). */
struct slk_file_source *slk_file_source_open(const char *path, struct slk_error *err);
void slk_file_source_close(struct slk_file_source *source);

int64_t slk_file_source_size(const struct slk_file_source *source);

/* How many bytes were read, 0 at the end. SLK_SYSTEM with err filled when that
 * fails or the file has become longer or shorter; then its last bytes were not
 * given out, so that nobody takes what was sent for the whole. */
int64_t slk_file_source_read(struct slk_file_source *source, char *bytes, size_t size,
                             struct slk_error *err);

/* The next read begins at the start again. */
void slk_file_source_rewind(struct slk_file_source *source);

#endif
