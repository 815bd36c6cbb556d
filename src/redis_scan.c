#include "redis_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "clock.h"
#include "redis_commands.h"
#include "redis_failure.h"

/* Keys that SCAN looks at in one go: 1 ms of the server's time or so. */
#define MOST_LOOKED_AT 1000

/* Round trips that find nothing, before others have their turn. */
#define EMPTY_ROUNDS 20

#define MAX_PATTERN ((size_t)8192)
#define MAX_LIST    ((size_t)1 << 26) /* bytes of pointers */

struct scan {
    struct slk_text prefix; /* of all keys */
    struct slk_buffer pattern;
    struct slk_buffer pages; /* of redisReply pointers */
    struct slk_buffer keys;  /* of struct slk_text, into the pages */
    char cursor[24];
    int64_t count; /* of keys that SCAN looks at */
};

static void begin(struct scan *scan, struct slk_text prefix)
{
    scan->prefix = prefix;
    slk_buffer_init(&scan->pattern, MAX_PATTERN);
    slk_buffer_init(&scan->pages, MAX_LIST);
    slk_buffer_init(&scan->keys, MAX_LIST);
    snprintf(scan->cursor, sizeof scan->cursor, "0");
}

static void end(struct scan *scan)
{
    redisReply **pages = (redisReply **)(void *)scan->pages.data;
    for (size_t i = 0; i < scan->pages.length / sizeof *pages; i++) {
        freeReplyObject(pages[i]);
    }
    slk_buffer_free(&scan->pattern);
    slk_buffer_free(&scan->pages);
    slk_buffer_free(&scan->keys);
}

static int append_escaped(struct slk_buffer *pattern, struct slk_text text)
{
    int status = SLK_OK;
    for (size_t i = 0; i < text.length && status == SLK_OK; i++) {
        if (text.data[i] != '\0' && strchr("*?[]^-\\", text.data[i]) != NULL) {
            status = slk_buffer_append(pattern, "\\", 1);
        }
        if (status == SLK_OK) {
            status = slk_buffer_append(pattern, &text.data[i], 1);
        }
    }
    return status;
}

static int make_pattern(struct scan *scan, struct slk_text key)
{
    int status = append_escaped(&scan->pattern, scan->prefix);
    status = status == SLK_OK ? append_escaped(&scan->pattern, key) : status;
    return status == SLK_OK ? slk_buffer_append(&scan->pattern, "*", 1) : status;
}

static int ask(struct scan *scan, struct slk_redis_connection *connection)
{
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, scan->count);
    struct slk_text words[] = {{"SCAN", 4},  {scan->cursor, strlen(scan->cursor)},
                               {"MATCH", 5}, {scan->pattern.data, scan->pattern.length},
                               {"COUNT", 5}, {count, strlen(count)}};
    return slk_redis_connection_append(connection, words, sizeof words / sizeof *words);
}

static bool is_key(const struct scan *scan, const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING && reply->len >= scan->prefix.length &&
           memcmp(reply->str, scan->prefix.data, scan->prefix.length) == 0;
}

/* A reply is [cursor, [key…]]. */
static bool is_page(const struct scan *scan, const redisReply *reply)
{
    bool is = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
              reply->element[0]->type == REDIS_REPLY_STRING &&
              reply->element[1]->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; is && i < reply->element[1]->elements; i++) {
        is = is_key(scan, reply->element[1]->element[i]);
    }
    return is;
}

/* Owns the reply when it gives SLK_OK. */
static int add_page(struct scan *scan, redisReply *reply)
{
    const redisReply *list = reply->element[1];
    for (size_t i = 0; i < list->elements; i++) {
        struct slk_text key = {list->element[i]->str, list->element[i]->len};
        if (slk_buffer_append(&scan->keys, &key, sizeof key) != SLK_OK) {
            return SLK_NOMEM;
        }
    }
    snprintf(scan->cursor, sizeof scan->cursor, "%s", reply->element[0]->str);
    return slk_buffer_append(&scan->pages, &reply, sizeof reply);
}

static int compare(const void *a, const void *b)
{
    const struct slk_text *one = a, *other = b;
    size_t shorter = one->length < other->length ? one->length : other->length;
    int order = memcmp(one->data, other->data, shorter);
    return order != 0 ? order : (one->length > other->length) - (one->length < other->length);
}

/* Sorted, and each once: SCAN may give a key twice. How many there are. */
static size_t sort(struct scan *scan)
{
    struct slk_text *keys = (struct slk_text *)(void *)scan->keys.data;
    size_t count = scan->keys.length / sizeof *keys, kept = 0;
    if (count > 0) {
        qsort(keys, count, sizeof *keys, compare);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare(&keys[kept - 1], &keys[i]) != 0) {
            keys[kept++] = keys[i];
        }
    }
    return kept;
}

static void take_page(struct scan *scan, struct slk_storage_job *job, redisReply *reply,
                      const char *name)
{
    struct slk_error err;
    if (reply->type == REDIS_REPLY_ERROR) {
        const char *code = slk_redis_explain(name, reply->str, &err);
        slk_storage_job_fail(job, code, err.text);
    } else if (!is_page(scan, reply)) {
        slk_storage_job_fail(job, "storage", "an answer to SCAN that is none");
    } else if (add_page(scan, reply) == SLK_OK) {
        return;
    } else {
        slk_storage_job_fail(job, "memory", "out of memory for so many keys");
    }
    freeReplyObject(reply);
}

static bool is_over(const struct scan *scan)
{
    return strcmp(scan->cursor, "0") == 0;
}

static enum slk_redis_progress run_once(struct scan *scan, struct slk_redis_connection *connection,
                                        int64_t patience, struct slk_storage_job *job,
                                        struct slk_error *err)
{
    redisReply *reply;
    if (ask(scan, connection) != SLK_OK) {
        slk_storage_job_fail(job, "memory", "out of memory for a command");
        return SLK_REDIS_DONE;
    }
    enum slk_redis_progress progress =
        slk_redis_connection_receive(connection, slk_clock_now() + patience, &reply, err);
    if (progress == SLK_REDIS_DONE) {
        take_page(scan, job, reply, slk_redis_connection_name(connection));
    }
    return progress;
}

/* Goes on where the page before has ended. False: that is no cursor. */
static bool go_on(struct scan *scan, const struct slk_storage_request *request)
{
    struct slk_text cursor = request->expected;
    if (cursor.length >= sizeof scan->cursor) {
        return false;
    }
    if (cursor.length > 0) {
        memcpy(scan->cursor, cursor.data, cursor.length);
        scan->cursor[cursor.length] = '\0';
    }
    scan->count = request->by < 0 ? MOST_LOOKED_AT : request->by > 0 ? request->by : 1;
    return true;
}

/* Looks on, and at more, while nothing is found, but not for long: others wait. */
static enum slk_redis_progress find_keys(struct scan *scan, struct slk_redis_connection *connection,
                                         int64_t patience, struct slk_storage_job *job,
                                         struct slk_error *err)
{
    enum slk_redis_progress progress;
    int rounds = 0;
    do {
        progress = run_once(scan, connection, patience, job, err);
        scan->count = scan->count * 2 < MOST_LOOKED_AT ? scan->count * 2 : MOST_LOOKED_AT;
    } while (progress == SLK_REDIS_DONE && job->outcome == SLK_STORED_PENDING &&
             scan->keys.length == 0 && !is_over(scan) && ++rounds < EMPTY_ROUNDS);
    return progress;
}

static int ask_values(struct scan *scan, size_t count, struct slk_redis_connection *connection)
{
    struct slk_text *words = calloc(count + 1, sizeof *words);
    if (words == NULL) {
        return SLK_NOMEM;
    }
    words[0] = (struct slk_text){"MGET", 4};
    memcpy(words + 1, scan->keys.data, count * sizeof *words);
    int status = slk_redis_connection_append(connection, words, count + 1);
    free(words);
    return status;
}

/* What has gone meanwhile is left out, and what is no text: no store put it there. */
static void add_entries(const struct scan *scan, size_t count, const redisReply *values,
                        struct slk_storage_job *job)
{
    const struct slk_text *keys = (const struct slk_text *)(const void *)scan->keys.data;
    size_t skip = scan->prefix.length;
    for (size_t i = 0; i < count; i++) {
        const redisReply *value = values->element[i];
        if (value->type == REDIS_REPLY_STRING) {
            slk_storage_job_add_entry(job, keys[i].data + skip, keys[i].length - skip);
            slk_storage_job_add_entry(job, value->str, value->len);
        }
    }
}

static enum slk_redis_progress add_values(struct scan *scan, size_t count,
                                          struct slk_redis_connection *connection, int64_t patience,
                                          struct slk_storage_job *job, struct slk_error *err)
{
    redisReply *reply;
    if (ask_values(scan, count, connection) != SLK_OK) {
        slk_storage_job_fail(job, "memory", "out of memory for a command");
        return SLK_REDIS_DONE;
    }
    enum slk_redis_progress progress =
        slk_redis_connection_receive(connection, slk_clock_now() + patience, &reply, err);
    if (progress != SLK_REDIS_DONE) {
        slk_buffer_free(&job->text);
        job->outcome = SLK_STORED_PENDING;
        return progress;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        slk_redis_fail_job(job, reply->str, slk_redis_connection_name(connection));
    } else if (reply->type != REDIS_REPLY_ARRAY || reply->elements != count) {
        slk_storage_job_fail(job, "storage", "an answer to MGET that is none");
    } else {
        add_entries(scan, count, reply, job);
    }
    freeReplyObject(reply);
    return progress;
}

static void add_keys(const struct scan *scan, size_t count, struct slk_storage_job *job)
{
    const struct slk_text *keys = (const struct slk_text *)(const void *)scan->keys.data;
    size_t skip = scan->prefix.length;
    for (size_t i = 0; i < count; i++) {
        slk_storage_job_add_entry(job, keys[i].data + skip, keys[i].length - skip);
        slk_storage_job_add_entry(job, "", 0);
    }
}

static enum slk_redis_progress run_page(struct scan *scan, struct slk_redis_connection *connection,
                                        int64_t patience, struct slk_storage_job *job,
                                        struct slk_error *err)
{
    enum slk_redis_progress progress = find_keys(scan, connection, patience, job, err);
    if (progress != SLK_REDIS_DONE || job->outcome != SLK_STORED_PENDING) {
        return progress;
    }
    size_t count = sort(scan);
    slk_storage_job_begin_list(job);
    if (job->request.by < 0) {
        add_keys(scan, count, job);
    } else if (count > 0) {
        progress = add_values(scan, count, connection, patience, job, err);
    }
    if (progress == SLK_REDIS_DONE) {
        slk_storage_job_add_entry(job, scan->cursor, is_over(scan) ? 0 : strlen(scan->cursor));
    }
    return progress;
}

enum slk_redis_progress slk_redis_scan(struct slk_redis_connection *connection,
                                       struct slk_text prefix, int64_t patience,
                                       struct slk_storage_job *job, struct slk_error *err)
{
    struct scan scan;
    begin(&scan, prefix);
    enum slk_redis_progress progress = SLK_REDIS_DONE;
    if (!go_on(&scan, &job->request)) {
        slk_storage_job_fail(job, "storage", "no place where a page begins");
    } else if (make_pattern(&scan, job->request.key) != SLK_OK) {
        slk_storage_job_fail(job, "memory", "out of memory for a command");
    } else {
        progress = run_page(&scan, connection, patience, job, err);
    }
    end(&scan);
    return progress;
}
