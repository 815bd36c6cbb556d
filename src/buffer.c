#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

#define FIRST_CAPACITY 256

void slk_buffer_init(struct slk_buffer *buffer, size_t maximum)
{
    *buffer = (struct slk_buffer){.maximum = maximum};
}

int slk_buffer_reserve(struct slk_buffer *buffer, size_t extra)
{
    if (extra > buffer->maximum - buffer->length) {
        return SLK_TOO_LARGE;
    }
    size_t needed = buffer->length + extra;
    if (needed <= buffer->capacity) {
        return SLK_OK;
    }
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity = capacity > buffer->maximum / 2 ? buffer->maximum : capacity * 2;
    }
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return SLK_NOMEM;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return SLK_OK;
}

int slk_buffer_append(struct slk_buffer *buffer, const void *data, size_t length)
{
    int status = slk_buffer_reserve(buffer, length);
    if (status == SLK_OK && length > 0) {
        memcpy(buffer->data + buffer->length, data, length);
        buffer->length += length;
    }
    return status;
}

void slk_buffer_consume(struct slk_buffer *buffer, size_t length)
{
    if (length >= buffer->length) {
        buffer->length = 0;
        return;
    }
    memmove(buffer->data, buffer->data + length, buffer->length - length);
    buffer->length -= length;
}

void slk_buffer_shrink(struct slk_buffer *buffer, size_t keep)
{
    size_t capacity = buffer->length > keep ? buffer->length : keep;
    if (buffer->capacity <= capacity) {
        return;
    }
    if (capacity == 0) {
        slk_buffer_free(buffer);
        return;
    }
    char *data = realloc(buffer->data, capacity);
    if (data != NULL) {
        buffer->data = data;
        buffer->capacity = capacity;
    }
}

void slk_buffer_free(struct slk_buffer *buffer)
{
    free(buffer->data);
    slk_buffer_init(buffer, buffer->maximum);
}
