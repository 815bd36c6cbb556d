#include "storage_job.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

#define MAX_TEXT ((size_t)1 << 30)

static void destroy_message(struct slk_message *message)
{
    slk_storage_job_destroy((struct slk_storage_job *)message);
}

/* What is missing stays so. */
static char *copy(struct slk_text *text, char *at)
{
    return text->data != NULL ? slk_text_copy(text, *text, at) : at;
}

struct slk_storage_job *slk_storage_job_create(const struct slk_storage_request *request,
                                               uint32_t source, uint64_t id)
{
    size_t size = sizeof(struct slk_storage_job) + request->key.length + request->value.length +
                  request->expected.length + request->meta.length + request->order.length;
    struct slk_storage_job *job = malloc(size);
    if (job == NULL) {
        return NULL;
    }
    *job = (struct slk_storage_job){
        .message = {.destroy = destroy_message,
                    .kind = SLK_MESSAGE_STORED,
                    .source = source,
                    .size = size},
        .id = id,
        .request = *request,
    };
    slk_buffer_init(&job->text, MAX_TEXT);
    char *at = copy(&job->request.key, job->bytes);
    at = copy(&job->request.value, at);
    at = copy(&job->request.expected, at);
    at = copy(&job->request.meta, at);
    copy(&job->request.order, at);
    return job;
}

void slk_storage_job_destroy(struct slk_storage_job *job)
{
    if (job != NULL) {
        slk_buffer_free(&job->text);
        free(job);
    }
}

struct slk_storage_job *slk_storage_job_next(const struct slk_storage_job *job)
{
    return (struct slk_storage_job *)job->message.next;
}

bool slk_storage_job_writes(const struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_STORAGE_GET:
    case SLK_STORAGE_KEYS:
    case SLK_STORAGE_SCAN:
    case SLK_STORAGE_INFO:
    case SLK_INBOX_LIST:
    case SLK_INBOX_STATS:
    case SLK_INBOX_OWNERS: return false;
    default: return true;
    }
}

bool slk_storage_job_can_wait(const struct slk_storage_job *job)
{
    return job->request.operation == SLK_INBOX_DONE;
}

bool slk_storage_job_is_inbox(const struct slk_storage_job *job)
{
    return job->request.operation > SLK_STORAGE_OPERATIONS;
}

void slk_storage_job_decide(struct slk_storage_job *job, bool holds)
{
    job->outcome = holds ? SLK_STORED_TRUE : SLK_STORED_FALSE;
}

void slk_storage_job_count(struct slk_storage_job *job, int64_t integer)
{
    job->outcome = SLK_STORED_INTEGER;
    job->integer = integer;
}

void slk_storage_job_fail(struct slk_storage_job *job, const char *code, const char *text)
{
    slk_buffer_free(&job->text);
    job->outcome = SLK_STORED_FAILED;
    job->code = code;
    /* Without memory the code has to do. */
    (void)slk_buffer_append(&job->text, text, strlen(text));
}

void slk_storage_job_refuse(struct slk_storage_job *job)
{
    slk_storage_job_fail(job, "unsupported",
                         "this store keeps no inbox, or not one that does this");
}

static bool append(struct slk_storage_job *job, const void *data, size_t length)
{
    if (job->outcome == SLK_STORED_FAILED) {
        return false;
    }
    if (length > 0 && slk_buffer_append(&job->text, data, length) != SLK_OK) {
        slk_storage_job_fail(job, "memory", "out of memory");
        return false;
    }
    return true;
}

void slk_storage_job_give(struct slk_storage_job *job, const void *data, size_t length)
{
    slk_buffer_free(&job->text);
    job->outcome = SLK_STORED_TEXT;
    append(job, data, length);
}

void slk_storage_job_begin_list(struct slk_storage_job *job)
{
    slk_buffer_free(&job->text);
    job->outcome = SLK_STORED_LIST;
}

void slk_storage_job_add_entry(struct slk_storage_job *job, const void *data, size_t length)
{
    if (append(job, &length, sizeof length)) {
        append(job, data, length);
    }
}

bool slk_storage_job_read(const struct slk_storage_job *job, size_t *offset, struct slk_text *entry)
{
    if (*offset >= job->text.length) {
        return false;
    }
    memcpy(&entry->length, job->text.data + *offset, sizeof entry->length);
    entry->data = job->text.data + *offset + sizeof entry->length;
    *offset += sizeof entry->length + entry->length;
    return true;
}
