#include "sqlite_queries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite_statements.h"
#include "storage_batch.h"

#define MAX_FAILURE ((size_t)256)

/* Of SCAN: a page is over with the entry that brings it there. */
#define PAGE_BYTES ((size_t)1024 * 1024)
#define MAX_KEY    2048

/* Rows that one sweep takes out, 3 ms or so, and the time between two sweeps. */
#define SWEPT_AT_ONCE  "256"
#define SWEPT_AT_LEAST 256
#define SWEEP_PAUSE    1000

enum {
    BEGIN_READ,
    BEGIN_WRITE,
    COMMIT,
    ROLLBACK,
    GET,
    SET,
    ADD,
    REPLACE,
    DELETE,
    UPDATE,
    KEYS,
    SCAN,
    SAVEPOINT,
    UNDO,
    RELEASE,
    SWEEP,
    STATEMENTS
};

#define LIVE "(expires_at IS NULL OR expires_at > ?4)"
#define PUT                                                                                        \
    "INSERT INTO entries (key, value, expires_at) VALUES (?1, ?2, ?3)"                             \
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at"

/* ?1 key, ?2 value, ?3 expires_at, ?4 now, ?5 the expected value or NULL; of KEYS and
 * SCAN ?2 is where the prefix ends, of SCAN ?1 where the page begins and ?3 its length. */
static const char *const texts[STATEMENTS] = {
    [BEGIN_READ] = "BEGIN",
    [BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [GET] = "SELECT value FROM entries WHERE key = ?1 AND " LIVE,
    [SET] = PUT,
    [ADD] = PUT " WHERE expires_at <= ?4",
    [REPLACE] = "UPDATE entries SET value = ?2, expires_at = ?3"
                " WHERE key = ?1 AND value = ?5 AND " LIVE,
    [DELETE] = "DELETE FROM entries WHERE key = ?1 AND (?5 IS NULL OR value = ?5) AND " LIVE,
    [UPDATE] = "UPDATE entries SET value = ?2 WHERE key = ?1",
    [KEYS] = "SELECT key FROM entries WHERE key >= ?1 AND key < ?2 AND " LIVE " ORDER BY key",
    [SCAN] = "SELECT key, value FROM entries WHERE key >= ?1 AND key < ?2 AND " LIVE
             " ORDER BY key LIMIT ?3",
    [SAVEPOINT] = "SAVEPOINT batch",
    [UNDO] = "ROLLBACK TO batch",
    [RELEASE] = "RELEASE batch",
    [SWEEP] = "DELETE FROM entries WHERE key IN"
              " (SELECT key FROM entries WHERE expires_at <= ?4 LIMIT " SWEPT_AT_ONCE ")",
};

struct slk_sqlite_queries {
    sqlite3 *db;
    int64_t swept_at;
    bool more_to_sweep;
    sqlite3_stmt *statements[STATEMENTS];
};

int slk_sqlite_queries_prepare(sqlite3 *db, struct slk_sqlite_queries **queries)
{
    struct slk_sqlite_queries *self = *queries = calloc(1, sizeof *self);
    if (self == NULL) {
        return SQLITE_NOMEM;
    }
    self->db = db;
    return slk_sqlite_prepare(db, texts, STATEMENTS, self->statements);
}

void slk_sqlite_queries_free(struct slk_sqlite_queries *queries)
{
    if (queries == NULL) {
        return;
    }
    slk_sqlite_finalize(queries->statements, STATEMENTS);
    free(queries);
}

static int run_simple(struct slk_sqlite_queries *queries, int number)
{
    return slk_sqlite_do(queries->statements[number]);
}

int slk_sqlite_begin(struct slk_sqlite_queries *queries, bool writes)
{
    return run_simple(queries, writes ? BEGIN_WRITE : BEGIN_READ);
}

int slk_sqlite_commit(struct slk_sqlite_queries *queries)
{
    return run_simple(queries, COMMIT);
}

void slk_sqlite_rollback(struct slk_sqlite_queries *queries)
{
    if (!sqlite3_get_autocommit(queries->db)) {
        run_simple(queries, ROLLBACK);
    }
}

/* The statement with what it asks for of the job. */
static sqlite3_stmt *bind(struct slk_sqlite_queries *queries, int number,
                          const struct slk_storage_request *request)
{
    sqlite3_stmt *statement = queries->statements[number];
    int count = sqlite3_bind_parameter_count(statement); /* the highest of them */
    slk_sqlite_bind_text(statement, 1, request->key);
    slk_sqlite_bind_text(statement, 2, request->value);
    if (count >= 3 && request->expires_at != SLK_STORAGE_KEPT) {
        sqlite3_bind_int64(statement, 3, request->expires_at);
    }
    if (count >= 4) {
        sqlite3_bind_int64(statement, 4, request->now);
    }
    if (count >= 5) {
        slk_sqlite_bind_text(statement, 5, request->expected);
    }
    return statement;
}

static int run_get(struct slk_sqlite_queries *queries, struct slk_storage_job *job)
{
    sqlite3_stmt *statement = bind(queries, GET, &job->request);
    job->outcome = SLK_STORED_NOTHING;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const void *text = sqlite3_column_text(statement, 0);
        slk_storage_job_give(job, text, (size_t)sqlite3_column_bytes(statement, 0));
    }
    return slk_sqlite_finish(statement);
}

/* For what changes one row or none. */
static int run_change(struct slk_sqlite_queries *queries, struct slk_storage_job *job, int number)
{
    sqlite3_stmt *statement = bind(queries, number, &job->request);
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    slk_storage_job_decide(job, done && sqlite3_changes(queries->db) > 0);
    return slk_sqlite_finish(statement);
}

/* Whether the text of a row is an integer that stays one with by added to it. */
static bool add_up(sqlite3_stmt *statement, int64_t by, int64_t *sum)
{
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (text == NULL) {
        return false;
    }
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return end > text && *end == '\0' && errno == 0 && !__builtin_add_overflow(number, by, sum);
}

/* Two statements, but the transaction has the lock from its beginning. */
static int run_incr(struct slk_sqlite_queries *queries, struct slk_storage_job *job)
{
    struct slk_storage_request change = job->request;
    sqlite3_stmt *statement = bind(queries, GET, &change);
    int64_t sum = change.by;
    bool is_there = sqlite3_step(statement) == SQLITE_ROW;
    bool is_integer = !is_there || add_up(statement, change.by, &sum);
    int result = slk_sqlite_finish(statement);
    if (result != SQLITE_OK) {
        return result;
    }
    if (!is_integer) {
        slk_storage_job_fail(job, "not_an_integer",
                             "what is stored there is no integer, or would become too large");
        return SQLITE_OK;
    }
    char text[24];
    int length = snprintf(text, sizeof text, "%lld", (long long)sum);
    change.value = (struct slk_text){text, (size_t)length};
    statement = bind(queries, is_there ? UPDATE : SET, &change);
    sqlite3_step(statement);
    slk_storage_job_count(job, sum);
    return slk_sqlite_finish(statement);
}

/* Where the texts that begin with the prefix end: its last byte plus one. False
 * when nothing comes after them. */
static bool end_of_prefix(struct slk_text prefix, char *end, size_t *length)
{
    while (prefix.length > 0 && prefix.data[prefix.length - 1] == '\xff') {
        prefix.length--;
    }
    if (prefix.length == 0) {
        return false;
    }
    memcpy(end, prefix.data, prefix.length);
    end[prefix.length - 1]++;
    *length = prefix.length;
    return true;
}

/* Binds ?2; *end is to be freed when the statement has been finished. */
static int bind_end(sqlite3_stmt *statement, struct slk_text prefix, char **end)
{
    size_t length;
    *end = malloc(prefix.length + 1);
    if (*end == NULL) {
        return SQLITE_NOMEM;
    }
    if (end_of_prefix(prefix, *end, &length)) {
        slk_sqlite_bind_text(statement, 2, (struct slk_text){*end, length});
    } else {
        sqlite3_bind_zeroblob(statement, 2, 0); /* comes after all texts */
    }
    return SQLITE_OK;
}

static void add_column(struct slk_storage_job *job, sqlite3_stmt *statement, int column)
{
    const void *text = sqlite3_column_text(statement, column);
    slk_storage_job_add_entry(job, text, (size_t)sqlite3_column_bytes(statement, column));
}

static int run_keys(struct slk_sqlite_queries *queries, struct slk_storage_job *job)
{
    sqlite3_stmt *statement = bind(queries, KEYS, &job->request);
    char *end;
    if (bind_end(statement, job->request.key, &end) != SQLITE_OK) {
        slk_sqlite_finish(statement);
        return SQLITE_NOMEM;
    }
    slk_storage_job_begin_list(job);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        add_column(job, statement, 0);
    }
    int result = slk_sqlite_finish(statement);
    free(end);
    return result;
}

/* The smallest text after the last key of the page. */
static void add_next(struct slk_storage_job *job, sqlite3_stmt *statement)
{
    char next[MAX_KEY + 1];
    size_t length = (size_t)sqlite3_column_bytes(statement, 0);
    if (length > MAX_KEY) {
        slk_storage_job_fail(job, "too_large", "a key that is too large for a store");
        return;
    }
    memcpy(next, sqlite3_column_text(statement, 0), length);
    next[length] = '\0';
    slk_storage_job_add_entry(job, next, length + 1);
}

static void add_page(struct slk_storage_job *job, sqlite3_stmt *statement)
{
    slk_storage_job_begin_list(job);
    int64_t left = job->request.by;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        add_column(job, statement, 0);
        add_column(job, statement, 1);
        left--;
        if (left <= 0 || job->text.length >= PAGE_BYTES) {
            add_next(job, statement);
            return;
        }
    }
    slk_storage_job_add_entry(job, "", 0);
}

static int run_scan(struct slk_sqlite_queries *queries, struct slk_storage_job *job)
{
    const struct slk_storage_request *request = &job->request;
    sqlite3_stmt *statement = bind(queries, SCAN, request);
    char *end;
    if (bind_end(statement, request->key, &end) != SQLITE_OK) {
        slk_sqlite_finish(statement);
        return SQLITE_NOMEM;
    }
    if (request->expected.length > 0) {
        slk_sqlite_bind_text(statement, 1, request->expected);
    }
    sqlite3_bind_int64(statement, 3, request->by);
    add_page(job, statement);
    int result = slk_sqlite_finish(statement);
    free(end);
    return result;
}

static int run_step(struct slk_sqlite_queries *queries, struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_STORAGE_SET: return run_change(queries, job, SET);
    case SLK_STORAGE_ADD: return run_change(queries, job, ADD);
    case SLK_STORAGE_DELETE: return run_change(queries, job, DELETE);
    default: return run_incr(queries, job);
    }
}

static int run_steps(struct slk_sqlite_queries *queries, struct slk_storage_job *batch)
{
    struct slk_storage_job step = {.outcome = SLK_STORED_PENDING};
    size_t offset = 0;
    slk_buffer_init(&step.text, MAX_FAILURE);
    slk_storage_job_begin_list(batch);
    for (size_t number = 1; slk_storage_batch_read(&batch->request, &offset, &step.request);
         number++) {
        int result = run_step(queries, &step);
        if (result != SQLITE_OK) {
            return result;
        }
        if (step.outcome == SLK_STORED_FAILED) {
            slk_storage_batch_fail(batch, number, step.code,
                                   (struct slk_text){step.text.data, step.text.length});
            slk_buffer_free(&step.text);
            return SQLITE_OK;
        }
        slk_storage_batch_add(batch, &step);
    }
    return SQLITE_OK;
}

/* The transaction is shared with other jobs, which a step that fails does not concern. */
static int run_batch(struct slk_sqlite_queries *queries, struct slk_storage_job *job)
{
    int result = run_simple(queries, SAVEPOINT);
    if (result == SQLITE_OK) {
        result = run_steps(queries, job);
    }
    if (result == SQLITE_OK && job->outcome == SLK_STORED_FAILED) {
        result = run_simple(queries, UNDO);
    }
    return result == SQLITE_OK ? run_simple(queries, RELEASE) : result;
}

int slk_sqlite_run(struct slk_sqlite_queries *queries, struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_STORAGE_GET: return run_get(queries, job);
    case SLK_STORAGE_SET: return run_change(queries, job, SET);
    case SLK_STORAGE_ADD: return run_change(queries, job, ADD);
    case SLK_STORAGE_REPLACE: return run_change(queries, job, REPLACE);
    case SLK_STORAGE_DELETE: return run_change(queries, job, DELETE);
    case SLK_STORAGE_INCR: return run_incr(queries, job);
    case SLK_STORAGE_KEYS: return run_keys(queries, job);
    case SLK_STORAGE_SCAN: return run_scan(queries, job);
    case SLK_STORAGE_BATCH: return run_batch(queries, job);
    default: slk_storage_job_refuse(job); return SQLITE_OK;
    }
}

int slk_sqlite_sweep(struct slk_sqlite_queries *queries, int64_t now)
{
    int64_t since = now - queries->swept_at;
    if (!queries->more_to_sweep && since >= 0 && since < SWEEP_PAUSE) {
        return SQLITE_OK;
    }
    sqlite3_stmt *statement = queries->statements[SWEEP];
    sqlite3_bind_int64(statement, 4, now);
    sqlite3_step(statement);
    queries->swept_at = now;
    queries->more_to_sweep = sqlite3_changes(queries->db) >= SWEPT_AT_LEAST;
    return slk_sqlite_finish(statement);
}
