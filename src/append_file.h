/* A file that texts are added to, each whole or not at all, also when several
 * processes do so. What it holds is for its owner only. One thread at a time. */
#ifndef SLK_APPEND_FILE_H
#define SLK_APPEND_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct slk_append_file;

/* Makes the file, or goes on at the end of the one that is there, which must be
 * a regular one; its permissions become 0600. NULL with err filled (code "file"). */
struct slk_append_file *slk_append_file_open(const char *path, struct slk_error *err);

/* SLK_OK, or SLK_SYSTEM with err filled (the disk is full, for one): then nothing
 * of the text is left in the file, unless others have added to it meanwhile. */
int slk_append_file_add(struct slk_append_file *file, const char *bytes, size_t length,
                        struct slk_error *err);

/* Bytes in it, with what others have added. */
int64_t slk_append_file_size(const struct slk_append_file *file);

void slk_append_file_close(struct slk_append_file *file);

#endif
