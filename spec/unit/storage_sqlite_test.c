/* A store in SQLite when the file or the disk fails, and what its transactions
 * leave there. */
#include "storage_sqlite.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "check.h"
#include "clock.h"
#include "sqlite_disk.h"

static char path[256];

static struct slk_storage_backend *open_store(int64_t patience, struct slk_error *err)
{
    struct slk_sqlite_settings settings = {.path = path, .patience = patience, .sync_each = true};
    return slk_sqlite_open(&settings, err);
}

static struct slk_storage_backend *must_open(int64_t patience)
{
    struct slk_error err;
    struct slk_storage_backend *store = open_store(patience, &err);
    CHECK(store != NULL);
    return store;
}

static void make_file(void)
{
    struct slk_storage_backend *store = must_open(0);
    store->close(store);
}

static void open_another(void)
{
    struct slk_error err;
    struct slk_storage_backend *store = open_store(0, &err);
    if (store != NULL) { /* else the first holds the lock */
        store->close(store);
    }
}

static struct slk_text text(const char *words)
{
    return (struct slk_text){words, strlen(words)};
}

static struct slk_storage_job *new_job(enum slk_storage_operation operation, const char *key,
                                       int64_t now, int64_t expires_at)
{
    struct slk_storage_request request = {
        .operation = operation,
        .now = now,
        .expires_at = expires_at,
        .key = text(key),
        .value = text("\"xoxb-secret\""),
    };
    struct slk_storage_job *job = slk_storage_job_create(&request, 1, 1);
    CHECK(job != NULL);
    return job;
}

static struct slk_storage_job *run_one(struct slk_storage_backend *store,
                                       enum slk_storage_operation operation, const char *key)
{
    struct slk_storage_job *job = new_job(operation, key, 1000, SLK_STORAGE_KEPT);
    store->run(store, job);
    return job;
}

static void check_outcome(struct slk_storage_job *job, enum slk_storage_outcome outcome)
{
    CHECK(job->outcome == outcome);
    slk_storage_job_destroy(job);
}

static void check_failed(struct slk_storage_job *job, const char *code, const char *words)
{
    CHECK(job->outcome == SLK_STORED_FAILED);
    CHECK(strcmp(job->code, code) == 0);
    CHECK(memmem(job->text.data, job->text.length, words, strlen(words)) != NULL);
    CHECK(memmem(job->text.data, job->text.length, path, strlen(path)) != NULL);
    CHECK(memmem(job->text.data, job->text.length, "secret", 6) == NULL);
    slk_storage_job_destroy(job);
}

static sqlite3 *open_aside(void)
{
    sqlite3 *db;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    return db;
}

static void execute(sqlite3 *db, const char *sql)
{
    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static int count_rows(void)
{
    sqlite3 *db = open_aside();
    sqlite3_stmt *statement;
    CHECK(sqlite3_prepare_v2(db, "SELECT count(*) FROM entries", -1, &statement, NULL) ==
          SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

static void a_locked_file_can_be_read(void)
{
    struct slk_storage_backend *store = must_open(SLK_MS(20));
    check_outcome(run_one(store, SLK_STORAGE_SET, "k"), SLK_STORED_TRUE);
    sqlite3 *other = open_aside();
    execute(other, "BEGIN IMMEDIATE");
    check_failed(run_one(store, SLK_STORAGE_SET, "k"), "busy", "locked by another process");
    struct slk_storage_job *write = new_job(SLK_STORAGE_DELETE, "k", 1000, SLK_STORAGE_KEPT);
    struct slk_storage_job *read = new_job(SLK_STORAGE_GET, "k", 1000, SLK_STORAGE_KEPT);
    write->message.next = &read->message;
    store->run(store, write);
    check_failed(write, "busy", "locked by another process");
    check_outcome(read, SLK_STORED_TEXT);
    execute(other, "COMMIT");
    check_outcome(run_one(store, SLK_STORAGE_DELETE, "k"), SLK_STORED_TRUE);
    sqlite3_close(other);
    store->close(store);
}

static void closing_ends_the_wait_for_a_lock(void)
{
    struct slk_storage_backend *store = must_open(SLK_SECONDS(3600));
    sqlite3 *other = open_aside();
    execute(other, "BEGIN IMMEDIATE");
    atomic_store(&store->hurry_at, slk_clock_now() + SLK_MS(10));
    check_failed(run_one(store, SLK_STORAGE_SET, "k"), "busy", "try again");
    sqlite3_close(other);
    store->close(store);
}

/* Each job of the batch fails, none is left half done, and later ones succeed. */
static void a_full_disk_fails_the_whole_batch(void)
{
    struct slk_storage_backend *store = must_open(0);
    struct slk_storage_job *first = new_job(SLK_STORAGE_SET, "a", 1000, SLK_STORAGE_KEPT);
    struct slk_storage_job *second = new_job(SLK_STORAGE_SET, "b", 1000, SLK_STORAGE_KEPT);
    first->message.next = &second->message;
    disk.refusal = SQLITE_FULL;
    store->run(store, first);
    disk.refusal = SQLITE_OK;
    check_failed(first, "disk_full", "make room");
    check_failed(second, "disk_full", "make room");
    check_outcome(run_one(store, SLK_STORAGE_GET, "a"), SLK_STORED_NOTHING);
    check_outcome(run_one(store, SLK_STORAGE_SET, "a"), SLK_STORED_TRUE);
    disk.refusal = SQLITE_IOERR_WRITE;
    check_failed(run_one(store, SLK_STORAGE_SET, "c"), "io", "cannot be read or written");
    disk.refusal = SQLITE_OK;
    check_outcome(run_one(store, SLK_STORAGE_GET, "a"), SLK_STORED_TEXT);
    store->close(store);
}

static void a_file_that_cannot_be_written_is_not_opened(void)
{
    struct slk_error err;
    make_file();
    disk.read_only = 1;
    CHECK(open_store(0, &err) == NULL);
    disk.read_only = 0;
    CHECK(strcmp(err.code, "read_only") == 0 && strstr(err.text, path) != NULL);
}

/* Opening is no reason to write: a new process comes at any time. */
static void a_locked_file_can_be_opened(void)
{
    make_file();
    sqlite3 *other = open_aside();
    execute(other, "BEGIN IMMEDIATE");
    struct slk_storage_backend *store = must_open(0);
    check_outcome(run_one(store, SLK_STORAGE_GET, "k"), SLK_STORED_NOTHING);
    store->close(store);
    sqlite3_close(other);
}

static void a_batch_is_synced_once(void)
{
    struct slk_storage_backend *store = must_open(0);
    check_outcome(run_one(store, SLK_STORAGE_SET, "k"), SLK_STORED_TRUE);
    struct slk_storage_job *jobs[50];
    for (int i = 0; i < 50; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        jobs[i] = new_job(SLK_STORAGE_SET, key, 1000, SLK_STORAGE_KEPT);
        if (i > 0) {
            jobs[i - 1]->message.next = &jobs[i]->message;
        }
    }
    disk.syncs = 0;
    store->run(store, jobs[0]);
    CHECK(disk.syncs == 1);
    CHECK(atomic_load(&store->commits) == 2);
    for (int i = 0; i < 50; i++) {
        check_outcome(jobs[i], SLK_STORED_TRUE);
    }
    store->close(store);
}

/* What has expired goes with later writes, 256 at a time. */
static void expired_entries_are_taken_out_bit_by_bit(void)
{
    struct slk_storage_backend *store = must_open(0);
    for (int i = 0; i < 600; i++) {
        char key[16];
        snprintf(key, sizeof key, "e%d", i);
        struct slk_storage_job *job = new_job(SLK_STORAGE_SET, key, 1000, 2000);
        store->run(store, job);
        check_outcome(job, SLK_STORED_TRUE);
    }
    static const int left[] = {344 + 1, 88 + 1, 0 + 1, 0 + 1};
    for (int i = 0; i < 4; i++) {
        struct slk_storage_job *job = new_job(SLK_STORAGE_SET, "k", 3000, SLK_STORAGE_KEPT);
        store->run(store, job);
        check_outcome(job, SLK_STORED_TRUE);
        CHECK(count_rows() == left[i]);
    }
    store->close(store);
}

/* As workers do when they start: another process makes the schema between any
 * two steps of ours. */
static void another_process_may_be_faster(void)
{
    for (int step = 1; step <= 20; step++) {
        disk.locks_until_intruder = step;
        make_file();
        CHECK(unlink(path) == 0);
    }
    make_file();
}

/* Checkpoints, which SQLite before 3.51.3 does not do safely beside a commit. */

#define LARGE 1000000 /* bytes of a value: 17 of them fill the log */

static void write_large(struct slk_storage_backend *store)
{
    static char value[LARGE];
    memset(value, value[0] + 1, sizeof value); /* what stays the same is not written */
    struct slk_storage_request request = {
        .operation = SLK_STORAGE_SET,
        .now = 1000,
        .expires_at = SLK_STORAGE_KEPT,
        .key = text("k"),
        .value = {value, sizeof value},
    };
    struct slk_storage_job *job = slk_storage_job_create(&request, 1, 1);
    CHECK(job != NULL);
    store->run(store, job);
    check_outcome(job, SLK_STORED_TRUE);
}

static void fill_log(struct slk_storage_backend *store)
{
    for (int i = 0; i < 17; i++) {
        write_large(store);
    }
}

static void empty_log(struct slk_storage_backend *store)
{
    store->tick(store, slk_clock_now());
}

static off_t log_size(void)
{
    char name[300];
    struct stat status;
    snprintf(name, sizeof name, "%s-wal", path);
    return stat(name, &status) == 0 ? status.st_size : 0;
}

static sqlite3 *other_writer;
static int attempts, refusals;

static void try_to_write(void)
{
    attempts++;
    refusals += sqlite3_exec(other_writer, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_BUSY;
    sqlite3_exec(other_writer, "ROLLBACK", NULL, NULL, NULL);
}

static void nobody_writes_during_a_checkpoint(void)
{
    struct slk_storage_backend *store = must_open(0);
    other_writer = open_aside();
    execute(other_writer, "SELECT count(*) FROM entries");
    disk.on_sync = try_to_write;
    attempts = refusals = 0;
    fill_log(store);
    empty_log(store);
    CHECK(attempts > 0 && refusals == attempts);
    CHECK(sqlite3_exec(other_writer, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    attempts = refusals = 0;
    store->close(store);
    CHECK(refusals == attempts);
    disk.on_sync = NULL;
    sqlite3_close(other_writer);
}

static void count_sync(void)
{
    attempts++;
}

static void a_checkpoint_is_put_off_while_another_process_writes(void)
{
    struct slk_storage_backend *store = must_open(0);
    sqlite3 *other = open_aside();
    attempts = 0;
    disk.on_sync = count_sync;
    fill_log(store);
    execute(other, "BEGIN IMMEDIATE");
    empty_log(store);
    CHECK(attempts == 0);
    execute(other, "COMMIT");
    fill_log(store);
    empty_log(store);
    CHECK(attempts > 0);
    disk.on_sync = NULL;
    sqlite3_close(other);
    store->close(store);
}

/* Only until the reader has gone does the log grow. */
static void who_reads_an_old_state_keeps_nobody_from_writing(void)
{
    struct slk_storage_backend *store = must_open(0);
    write_large(store);
    sqlite3 *reader = open_aside();
    execute(reader, "BEGIN; SELECT count(*) FROM entries");
    fill_log(store);
    empty_log(store);
    fill_log(store);
    off_t size = log_size();
    CHECK(size > 34 * LARGE);
    execute(reader, "COMMIT");
    empty_log(store);
    fill_log(store);
    CHECK(log_size() == size); /* written from its beginning again */
    sqlite3_close(reader);
    store->close(store);
}

int main(void)
{
    static void (*const tests[])(void) = {
        a_locked_file_can_be_read,
        closing_ends_the_wait_for_a_lock,
        a_full_disk_fails_the_whole_batch,
        a_file_that_cannot_be_written_is_not_opened,
        a_locked_file_can_be_opened,
        a_batch_is_synced_once,
        expired_entries_are_taken_out_bit_by_bit,
        another_process_may_be_faster,
        nobody_writes_during_a_checkpoint,
        a_checkpoint_is_put_off_while_another_process_writes,
        who_reads_an_old_state_keeps_nobody_from_writing,
    };
    char directory[] = "/tmp/storage-XXXXXX";
    CHECK(mkdtemp(directory) != NULL);
    place_disk(open_another);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        snprintf(path, sizeof path, "%s/%zu.db", directory, i);
        tests[i]();
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(directory) == 0);
    return 0;
}
