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
#include "sqlite_inbox.h"
#include "sqlite_queries.h"
#include "sqlite_schema.h"

/* A commit costs more than all that is in it. */
#define LINGER SLK_MS(5)

/* While another process has the file locked, until the next attempt. */
#define RENEWAL_PATIENCE SLK_MS(100)

/* While the disk is full, between two attempts to make room. */
#define ROOM_PERIOD SLK_SECONDS(1)

/* Pages between two checkpoints, each of which waits for the disk several times: with 16 MB in
 * place of SQLite's 4 an inbox takes a third more events a second. Fewer where the disk has been
 * full. */
#define LOG       4000
#define SMALL_LOG 200

/* Of a checkpoint with those who write, or read what is old. */
#define CHECKPOINT_PATIENCE SLK_MS(100)

struct sqlite_store {
    struct slk_storage_backend backend;
    sqlite3 *db;
    struct slk_sqlite_queries *queries;
    struct slk_sqlite_inbox *inbox; /* NULL: nobody has asked for it */
    int64_t patience;
    int64_t patient_until; /* of what is done just now */
    int64_t makes_room_at; /* when that is worth another attempt */
    bool is_short_of_room;
    bool has_no_claims; /* there are none, and this batch makes none */
    bool is_emptying_log;
    int log;       /* pages, after the latest commit since the latest checkpoint */
    int log_step;  /* between two */
    int log_limit; /* from which on there is to be another */
    char path[];
};

/* Waits a little and lets SQLite try again, until the patience is over. A checkpoint that gets
 * no lock would go on without it if it was not interrupted. */
static int on_busy(void *context, int count)
{
    struct sqlite_store *store = context;
    int64_t now = slk_clock_now();
    if (now >= store->patient_until || now >= atomic_load(&store->backend.hurry_at)) {
        if (store->is_emptying_log) {
            sqlite3_interrupt(store->db);
        }
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

/* SQLite does not wait for locks when it changes the journal mode. */
static int set_journal(struct sqlite_store *store)
{
    int result, count = 0;
    do {
        result = execute(store, "PRAGMA journal_mode = WAL");
    } while ((result & 0xff) == SQLITE_BUSY && on_busy(store, count++));
    return result;
}

static int note_log(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_store *store = context;
    store->log = pages;
    (void)db;
    (void)name;
    return SQLITE_OK;
}

/* Not PASSIVE, as nobody commits during the others: SQLite before 3.51.3 may otherwise forget
 * what another process committed just then (sqlite.org/wal.html#walresetbug), which is also why
 * SQLite does none by itself. */
static int checkpoint(struct sqlite_store *store, int mode, int64_t patience)
{
    store->patient_until = slk_clock_now() + patience;
    store->is_emptying_log = true;
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, NULL, NULL);
    store->is_emptying_log = false;
    return result;
}

static void empty_log(struct sqlite_store *store)
{
    int result = checkpoint(store, SQLITE_CHECKPOINT_FULL, CHECKPOINT_PATIENCE);
    store->log_limit = store->log_step + (result == SQLITE_OK ? 0 : store->log);
    store->log = 0;
}

/* secure_delete: what was removed, tokens among it, is overwritten. */
static int configure(struct sqlite_store *store, bool sync_each)
{
    store->log_limit = store->log_step = LOG;
    sqlite3_wal_hook(store->db, note_log, store);
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
    bool is_old = false;
    if (result == SQLITE_OK) { /* before anything is changed */
        result = slk_sqlite_schema_check(store->db, store->path, &is_old, err);
    }
    if (result == SQLITE_OK && err->code[0] == '\0') {
        result = configure(store, settings->sync_each);
    }
    if (result == SQLITE_OK && err->code[0] == '\0' && is_old) {
        result = slk_sqlite_schema_make(store->db, store->path, err);
    }
    if (result == SQLITE_OK && err->code[0] == '\0') {
        result = slk_sqlite_queries_prepare(store->db, &store->queries);
    }
    const char *owner = settings->inbox.owner;
    if (result == SQLITE_OK && err->code[0] == '\0' && owner != NULL && owner[0] != '\0') {
        result =
            slk_sqlite_inbox_prepare(store->db, &settings->inbox, settings->log, &store->inbox);
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
    slk_sqlite_inbox_free(store->inbox);
    if (store->db != NULL) {
        /* Only the last connection to the file would do this by itself. */
        atomic_store(&store->backend.hurry_at, SLK_NEVER);
        empty_log(store);
        sqlite3_close(store->db);
    }
    free(store);
}

/* Batches -------------------------------------------------------------------- */

/* A claim that is known to get nothing. */
static bool is_idle(const struct sqlite_store *store, const struct slk_storage_job *job)
{
    return job->request.operation == SLK_INBOX_CLAIM &&
           (store->has_no_claims || job->request.limit == 0);
}

static bool writes(const struct sqlite_store *store, const struct slk_storage_job *job)
{
    return slk_storage_job_writes(job) && !is_idle(store, job);
}

/* A transaction that does not write leaves out the jobs that do. */
static bool takes_part(const struct sqlite_store *store, const struct slk_storage_job *job,
                       bool is_writing)
{
    return is_writing || !writes(store, job);
}

static void fail_jobs(struct sqlite_store *store, struct slk_storage_job *first, bool is_writing,
                      int result)
{
    struct slk_error err;
    slk_sqlite_explain(store->db, result, store->path, &err);
    for (struct slk_storage_job *job = first; job != NULL; job = slk_storage_job_next(job)) {
        if (takes_part(store, job, is_writing)) {
            slk_storage_job_fail(job, slk_sqlite_code(result), err.text);
        }
    }
}

static int run_job(struct sqlite_store *store, struct slk_storage_job *job)
{
    if (store->inbox == NULL || !slk_storage_job_is_inbox(job)) {
        return slk_sqlite_run(store->queries, job);
    }
    if (is_idle(store, job)) {
        slk_sqlite_inbox_give_none(job);
        return SQLITE_OK;
    }
    return slk_sqlite_inbox_run(store->inbox, job);
}

static int finish(struct sqlite_store *store, int64_t now)
{
    int result = slk_sqlite_sweep(store->queries, now);
    return result == SQLITE_OK && store->inbox != NULL ? slk_sqlite_inbox_finish(store->inbox, now)
                                                       : result;
}

/* What the jobs do is all that the transaction holds, besides taking out some
 * of what has expired. */
static int carry_out(struct sqlite_store *store, struct slk_storage_job *first, bool is_writing)
{
    int result = slk_sqlite_begin(store->queries, is_writing);
    int64_t now = 0;
    for (struct slk_storage_job *job = first; job != NULL && result == SQLITE_OK;
         job = slk_storage_job_next(job)) {
        if (takes_part(store, job, is_writing)) {
            result = run_job(store, job);
            now = job->request.now;
        }
    }
    if (result == SQLITE_OK && is_writing) {
        result = finish(store, now);
    }
    return result == SQLITE_OK ? slk_sqlite_commit(store->queries) : result;
}

/* The result of a transaction: what it leaves undone is undone here. */
static void conclude(struct sqlite_store *store, int result)
{
    if (result != SQLITE_OK) {
        slk_sqlite_rollback(store->queries);
    }
    if (store->inbox != NULL) {
        slk_sqlite_inbox_ended(store->inbox, result == SQLITE_OK);
    }
}

/* On a full disk nothing is committed, so no checkpoint comes by itself, after which the log
 * could be written from its beginning again. It needs room itself if the file has to grow, so
 * it is tried again as soon as there is some; and from then on the log is kept small. */
static void make_room(struct sqlite_store *store, bool is_full)
{
    int64_t now = slk_clock_now();
    if (is_full && now < store->makes_room_at) {
        return;
    }
    store->is_short_of_room = is_full;
    store->log_limit = store->log_step = SMALL_LOG;
    store->makes_room_at = now + ROOM_PERIOD;
    checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, 0);
}

static int run_transaction(struct sqlite_store *store, struct slk_storage_job *first,
                           bool is_writing)
{
    int result = carry_out(store, first, is_writing);
    if (result != SQLITE_OK) {
        fail_jobs(store, first, is_writing, result);
    }
    conclude(store, result);
    bool is_full = (result & 0xff) == SQLITE_FULL;
    if (is_full || (store->is_short_of_room && is_writing && result == SQLITE_OK)) {
        make_room(store, is_full);
    }
    return result;
}

/* For who has no owner's name, and looks at the inbox all the same. */
static void prepare_to_look(struct sqlite_store *store)
{
    static const struct slk_storage_inbox settings = {.owner = ""};
    if (slk_sqlite_inbox_prepare(store->db, &settings, NULL, &store->inbox) != SQLITE_OK) {
        slk_sqlite_inbox_free(store->inbox);
        store->inbox = NULL;
    }
}

/* What is put, given back or done beside a claim may leave something for it. */
static bool may_leave_some(const struct slk_storage_job *job)
{
    return slk_storage_job_is_inbox(job) && slk_storage_job_writes(job) &&
           job->request.operation != SLK_INBOX_CLAIM;
}

/* An idle poll takes no lock and writes nothing. */
static void look_for_claims(struct sqlite_store *store, const struct slk_storage_job *first)
{
    bool has_some = false;
    store->has_no_claims = false;
    for (const struct slk_storage_job *job = first; job; job = slk_storage_job_next(job)) {
        has_some = has_some || may_leave_some(job);
    }
    for (const struct slk_storage_job *job = first; job; job = slk_storage_job_next(job)) {
        if (store->inbox == NULL && slk_storage_job_is_inbox(job)) {
            prepare_to_look(store);
        }
        if (job->request.operation == SLK_INBOX_CLAIM && store->inbox != NULL && !has_some) {
            slk_sqlite_inbox_look(store->inbox, job->request.now, &has_some);
            store->has_no_claims = !has_some;
        }
    }
}

static struct slk_storage_job *run_batch(struct slk_storage_backend *backend,
                                         struct slk_storage_job *first)
{
    struct sqlite_store *store = (struct sqlite_store *)backend;
    bool is_writing = false;
    store->patient_until = slk_clock_now() + store->patience;
    look_for_claims(store, first);
    for (const struct slk_storage_job *job = first; job; job = slk_storage_job_next(job)) {
        is_writing = is_writing || writes(store, job);
    }
    int result = run_transaction(store, first, is_writing);
    if (result == SQLITE_OK && is_writing) {
        atomic_fetch_add(&backend->commits, 1);
    } else if (result != SQLITE_OK && is_writing) {
        run_transaction(store, first, false); /* a locked or full file can still be read */
    }
    return NULL;
}

static void renew(struct sqlite_store *store)
{
    int result = slk_sqlite_begin(store->queries, true);
    if (result == SQLITE_OK) {
        result = slk_sqlite_inbox_renew(store->inbox);
    }
    if (result == SQLITE_OK) {
        result = slk_sqlite_commit(store->queries);
    }
    if (result != SQLITE_OK) {
        struct slk_error err;
        slk_sqlite_explain(store->db, result, store->path, &err);
        slk_sqlite_inbox_fail_renewal(store->inbox, err.text);
    }
    conclude(store, result);
}

/* Jobs wait meanwhile, so the lock is tried for not long. */
static int64_t tick(struct slk_storage_backend *backend, int64_t now)
{
    struct sqlite_store *store = (struct sqlite_store *)backend;
    if (store->log >= store->log_limit) {
        empty_log(store);
    }
    if (store->inbox == NULL) {
        return SLK_NEVER;
    }
    if (now >= slk_sqlite_inbox_renew_at(store->inbox)) {
        store->patient_until = now + RENEWAL_PATIENCE;
        renew(store);
    }
    return slk_sqlite_inbox_renew_at(store->inbox);
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
    store->backend.tick = tick;
    store->backend.linger = LINGER;
    atomic_init(&store->backend.hurry_at, SLK_NEVER);
    store->patience = settings->patience;
    if (open_file(store, settings, err) != SLK_OK) {
        close_store(&store->backend);
        return NULL;
    }
    return &store->backend;
}
