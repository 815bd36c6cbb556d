#include "storage_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool read_bytes(struct slk_text packed, size_t *offset, void *to, size_t length)
{
    if (packed.length - *offset < length) {
        return false;
    }
    memcpy(to, packed.data + *offset, length);
    *offset += length;
    return true;
}

static bool read_text(struct slk_text packed, size_t *offset, struct slk_text *text)
{
    if (!read_bytes(packed, offset, &text->length, sizeof text->length) ||
        packed.length - *offset < text->length) {
        return false;
    }
    text->data = packed.data + *offset;
    *offset += text->length;
    return true;
}

static enum slk_storage_operation operation_of(char letter)
{
    switch (letter) {
    case 's': return SLK_STORAGE_SET;
    case 'a': return SLK_STORAGE_ADD;
    case 'd': return SLK_STORAGE_DELETE;
    case 'i': return SLK_STORAGE_INCR;
    default: return SLK_STORAGE_OPERATIONS;
    }
}

bool slk_storage_batch_read(const struct slk_storage_request *batch, size_t *offset,
                            struct slk_storage_request *step)
{
    char letter;
    *step = (struct slk_storage_request){.now = batch->now};
    if (!read_bytes(batch->value, offset, &letter, 1) ||
        !read_bytes(batch->value, offset, &step->expires_at, sizeof step->expires_at) ||
        !read_bytes(batch->value, offset, &step->by, sizeof step->by) ||
        !read_text(batch->value, offset, &step->key) ||
        !read_text(batch->value, offset, &step->value)) {
        return false;
    }
    step->operation = operation_of(letter);
    return step->operation != SLK_STORAGE_OPERATIONS;
}

void slk_storage_batch_add(struct slk_storage_job *batch, const struct slk_storage_job *step)
{
    char digits[24];
    int64_t number =
        step->outcome == SLK_STORED_INTEGER ? step->integer : step->outcome == SLK_STORED_TRUE;
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    slk_storage_job_add_entry(batch, digits, (size_t)length);
}

void slk_storage_batch_fail(struct slk_storage_job *batch, size_t number, const char *code,
                            struct slk_text text)
{
    char whole[512];
    int length = text.length < sizeof whole ? (int)text.length : (int)sizeof whole;
    snprintf(whole, sizeof whole, "step %zu of the batch: %.*s", number, length,
             length > 0 ? text.data : "");
    slk_storage_job_fail(batch, code, whole);
}
