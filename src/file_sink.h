/* A file that appears under its name only when it is whole: the bytes go to a
 * temporary file beside it, which then takes its place. A new file can be read
 * by its owner only (what it holds was fetched with somebody's token); one that
 * is replaced keeps its permissions. A process that is killed leaves the
 * temporary file, "NAME.xxxxxx.part". Any thread, one at a time. */
#ifndef SLK_FILE_SINK_H
#define SLK_FILE_SINK_H

#include <stddef.h>

#include "error.h"

struct slk_file_sink;

/* Makes the temporary file, so that a folder that cannot be written to is
 * noticed at once. What is there already under that name must be a regular
 * file; a link is followed. NULL with err filled (code "file"). */
struct slk_file_sink *slk_file_sink_open(const char *path, struct slk_error *err);

/* SLK_OK, or SLK_SYSTEM with err filled: the disk is full, for one. */
int slk_file_sink_write(struct slk_file_sink *sink, const char *bytes, size_t length,
                        struct slk_error *err);

/* All is written; what the disk only says now is told. SLK_OK or SLK_SYSTEM. */
int slk_file_sink_end(struct slk_file_sink *sink, struct slk_error *err);

/* After end: gives the file its name. SLK_OK or SLK_SYSTEM. */
int slk_file_sink_commit(struct slk_file_sink *sink, struct slk_error *err);

/* Frees it, and removes the temporary file unless it was committed. */
void slk_file_sink_close(struct slk_file_sink *sink);

#endif
