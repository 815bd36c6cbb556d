/* Data compressed by gzip (RFC 1952), as some Slack methods answer with.
 * Plain functions; any thread. */
#ifndef SLK_GZIP_H
#define SLK_GZIP_H

#include <stddef.h>

#include "buffer.h"
#include "error.h"

/* Appends to out what data holds decompressed, all members of it. SLK_OK, or
 * with err filled and out unusable: SLK_INVALID ("invalid_gzip": no gzip,
 * damaged, or not all of it), SLK_TOO_LARGE ("too_large": over out's maximum;
 * no more than that was ever held), SLK_NOMEM ("memory"). */
int slk_gunzip(const void *data, size_t length, struct slk_buffer *out, struct slk_error *err);

#endif
