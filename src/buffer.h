/* A growable run of bytes with a stated maximum. One owner, one thread. */
#ifndef SLK_BUFFER_H
#define SLK_BUFFER_H

#include <stddef.h>

struct slk_buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t maximum;
};

/* No allocation happens before the first append. */
void slk_buffer_init(struct slk_buffer *buffer, size_t maximum);

/* SLK_OK, SLK_TOO_LARGE (length + extra over the maximum) or SLK_NOMEM;
 * the content is unchanged on failure. */
int slk_buffer_reserve(struct slk_buffer *buffer, size_t extra);
int slk_buffer_append(struct slk_buffer *buffer, const void *data, size_t length);

/* Drops the first length bytes (all of them when length is larger). */
void slk_buffer_consume(struct slk_buffer *buffer, size_t length);

/* Gives memory back when more than keep bytes are held; the content stays. */
void slk_buffer_shrink(struct slk_buffer *buffer, size_t keep);

/* Frees the memory; the buffer may be used again. */
void slk_buffer_free(struct slk_buffer *buffer);

#endif
