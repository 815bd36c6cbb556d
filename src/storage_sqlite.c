#include "storage_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "clock.h"
#include "sqlite_failure.h"
#include "sqlite_queries.h"

/* "SLKS": tells our files from those of other programs. */
#define APPLICATION_ID 0x534c4b53
#define SCHEMA_VERSION 1

#define NUMBER(n)  NUMBER_(n)
#define NUMBER_(n) #n

static const char schema[] =
    "CREATE TABLE entries ("
    " key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, expires_at INTEGER" /* NULL: never */
    ") WITHOUT ROWID;"
    "CREATE INDEX expiring ON entries (expires_at) WHERE expires_at IS NOT NULL;"
    "PRAGMA application_id = " NUMBER(APPLICATION_ID) ";"
                                                      "PRAGMA user_version = " NUMBER(
                                                          SCHEMA_VERSION) ";";

struct sqlite_store {
    struct slk_storage_backend backend;
    sqlite3 *db;
    struct slk_sqlite_queries *queries;
    int64_t patience;
    int64_t patient_until; /* of what is done just now */
    char path[];
};

/* Waits a little and lets SQLite try again, until the patience is over. */
static int on_busy(void *context, int count)
{
    struct sqlite_store *store = context;
    int64_t now = slk_clock_now();
    if (now >= store->patient_until || now >= atomic_load(&store->backend.hurry_at)) {
        return 0;
    }
    int64_t wait = count < 10 ? SLK_MS(1) : SLK_MS(5);
    nanosleep(&(struct timespec){.tv_nsec = wait}, NULL);
    return 1;
}

/* SQLite would make it readable for all. EXCL, because closing a descriptor of
 * a file takes away the locks that another connection of ours has on it. */
static int make_file(const char *path, struct slk_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int number = errno;
    if (fd >= 0) {
        close(fd);
    } else if (number != EEXIST) {
        char shown[128];
        const char *advice =
            number == ENOENT ? ": make its directory first" : "; a store needs a file to write to";
        slk_error_set(err, "open", "cannot make %s: %s%s",
                      slk_sqlite_show_path(path, shown, sizeof shown), slk_errno_text(number),
                      advice);
        return SLK_SYSTEM;
    }
    return SLK_OK;
}

static int execute(struct sqlite_store *store, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL);
}

static int read_number(struct sqlite_store *store, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (result != SQLITE_OK) {
        return result;
    }
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
    }
    int failure = sqlite3_finalize(statement);
    return result == SQLITE_ROW ? SQLITE_OK : failure;
}

/* Within a transaction, as another process may be making the schema. Says
 * whether what the file holds is ours; *is_new: nothing is in it yet. */
static int check_schema(struct sqlite_store *store, bool *is_new, struct slk_error *err)
{
    int64_t version = 0, application = 0, tables = 0;
    int result = read_number(store, "SELECT count(*) FROM sqlite_master", &tables);
    if (result == SQLITE_OK) {
        result = read_number(store, "PRAGMA user_version", &version);
    }
    if (result == SQLITE_OK) {
        result = read_number(store, "PRAGMA application_id", &application);
    }
    if (result != SQLITE_OK) {
        return result;
    }
    char shown[96];
    const char *path = slk_sqlite_show_path(store->path, shown, sizeof shown);
    *is_new = version == 0 && application == 0 && tables == 0;
    if (!*is_new && application != APPLICATION_ID) {
        slk_error_set(err, "foreign", "%s is a database of another program: give another path",
                      path);
    } else if (version > SCHEMA_VERSION) {
        slk_error_set(err, "newer",
                      "%s was written by a newer lua-slack (its schema is %lld, this one knows "
                      "%d): update, or give another path",
                      path, (long long)version, SCHEMA_VERSION);
    }
    return SQLITE_OK;
}

static int end_transaction(struct sqlite_store *store, int result)
{
    if (result == SQLITE_OK) {
        result = execute(store, "COMMIT");
    }
    if (!sqlite3_get_autocommit(store->db)) {
        execute(store, "ROLLBACK");
    }
    return result;
}

static int read_schema(struct sqlite_store *store, bool *is_new, struct slk_error *err)
{
    int result = execute(store, "BEGIN");
    if (result == SQLITE_OK) {
        result = check_schema(store, is_new, err);
    }
    return end_transaction(store, result);
}

/* Under the lock it is looked at again: another process may have been faster. */
static int make_schema(struct sqlite_store *store, struct slk_error *err)
{
    bool is_new;
    int result = execute(store, "BEGIN IMMEDIATE");
    if (result == SQLITE_OK) {
        result = check_schema(store, &is_new, err);
    }
    if (result == SQLITE_OK && is_new) {
        result = execute(store, schema);
    }
    return end_transaction(store, result);
}

/* SQLite does not wait for locks when it changes the journal mode. */
static int set_journal(struct sqlite_store *store)
{
    int result, count = 0;
    do {
        result = execute(store, "PRAGMA journal_mode = WAL");
    } while ((result & 0xff) == SQLITE_BUSY && on_busy(store, count++));
    return result;
}

/* secure_delete: what was removed, tokens among it, is overwritten. */
static int configure(struct sqlite_store *store, bool sync_each)
{
    int result = execute(store, "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON");
    if (result == SQLITE_OK) {
        result =
            execute(store, sync_each ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    }
    return result == SQLITE_OK ? set_journal(store) : result;
}

static int open_file(struct sqlite_store *store, const struct slk_sqlite_settings *settings,
                     struct slk_error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    store->patient_until = slk_clock_now() + store->patience;
    int result = sqlite3_open_v2(store->path, &store->db, flags, NULL);
    if (result == SQLITE_OK) {
        sqlite3_extended_result_codes(store->db, 1);
        sqlite3_busy_handler(store->db, on_busy, store);
        result = sqlite3_db_readonly(store->db, "main") != 0 ? SQLITE_READONLY : SQLITE_OK;
    }
    err->code[0] = '\0';
    bool is_new = false;
    if (result == SQLITE_OK) {
        result = read_schema(store, &is_new, err); /* before anything is changed */
    }
    if (result == SQLITE_OK && err->code[0] == '\0') {
        result = configure(store, settings->sync_each);
    }
    if (result == SQLITE_OK && is_new) {
        result = make_schema(store, err);
    }
    if (result == SQLITE_OK && err->code[0] == '\0') {
        result = slk_sqlite_queries_prepare(store->db, &store->queries);
    }
    if (result != SQLITE_OK) {
        slk_sqlite_explain(store->db, result, store->path, err);
    }
    return err->code[0] == '\0' ? SLK_OK : SLK_SYSTEM;
}

static void close_store(struct slk_storage_backend *backend)
{
    struct sqlite_store *store = (struct sqlite_store *)backend;
    slk_sqlite_queries_free(store->queries);
    if (store->db != NULL) {
        /* Only the last connection to the file would do this by itself. */
        sqlite3_busy_handler(store->db, NULL, NULL);
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        sqlite3_close(store->db);
    }
    free(store);
}

/* Batches -------------------------------------------------------------------- */

/* A transaction that does not write leaves out the jobs that do. */
static bool takes_part(const struct slk_storage_job *job, bool writes)
{
    return writes || !slk_storage_job_writes(job);
}

static void fail_jobs(struct sqlite_store *store, struct slk_storage_job *first, bool writes,
                      int result)
{
    struct slk_error err;
    slk_sqlite_explain(store->db, result, store->path, &err);
    for (struct slk_storage_job *job = first; job != NULL; job = slk_storage_job_next(job)) {
        if (takes_part(job, writes)) {
            slk_storage_job_fail(job, slk_sqlite_code(result), err.text);
        }
    }
}

/* What the jobs do is all that the transaction holds, besides taking out some
 * of what has expired. */
static int carry_out(struct sqlite_store *store, struct slk_storage_job *first, bool writes)
{
    int result = slk_sqlite_begin(store->queries, writes);
    int64_t now = 0;
    for (struct slk_storage_job *job = first; job != NULL && result == SQLITE_OK;
         job = slk_storage_job_next(job)) {
        if (takes_part(job, writes)) {
            result = slk_sqlite_run(store->queries, job);
            now = job->request.now;
        }
    }
    if (result == SQLITE_OK && writes) {
        result = slk_sqlite_sweep(store->queries, now);
    }
    return result == SQLITE_OK ? slk_sqlite_commit(store->queries) : result;
}

static int run_transaction(struct sqlite_store *store, struct slk_storage_job *first, bool writes)
{
    int result = carry_out(store, first, writes);
    if (result != SQLITE_OK) {
        fail_jobs(store, first, writes, result);
        slk_sqlite_rollback(store->queries);
    }
    return result;
}

static struct slk_storage_job *run_batch(struct slk_storage_backend *backend,
                                         struct slk_storage_job *first)
{
    struct sqlite_store *store = (struct sqlite_store *)backend;
    bool writes = false;
    for (const struct slk_storage_job *job = first; job; job = slk_storage_job_next(job)) {
        writes = writes || slk_storage_job_writes(job);
    }
    store->patient_until = slk_clock_now() + store->patience;
    int result = run_transaction(store, first, writes);
    if (result == SQLITE_OK && writes) {
        atomic_fetch_add(&backend->commits, 1);
    } else if (result != SQLITE_OK && writes) {
        run_transaction(store, first, false); /* a locked or full file can still be read */
    }
    return NULL;
}

bool slk_sqlite_is_exposed(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

struct slk_storage_backend *slk_sqlite_open(const struct slk_sqlite_settings *settings,
                                            struct slk_error *err)
{
    if (sqlite3_threadsafe() == 0) {
        slk_error_set(err, "storage", "this SQLite was built without threads: install another");
        return NULL;
    }
    if (make_file(settings->path, err) != SLK_OK) {
        return NULL;
    }
    size_t size = strlen(settings->path) + 1;
    struct sqlite_store *store = calloc(1, sizeof *store + size);
    if (store == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return NULL;
    }
    memcpy(store->path, settings->path, size);
    store->backend.run = run_batch;
    store->backend.close = close_store;
    atomic_init(&store->backend.hurry_at, SLK_NEVER);
    store->patience = settings->patience;
    if (open_file(store, settings, err) != SLK_OK) {
        close_store(&store->backend);
        return NULL;
    }
    return &store->backend;
}
