/* The inbox in SQLite where no program in Lua gets: files of the version before, disks
 * that fail, leases that cannot be renewed, and what its rows are after anything. */
#include "storage_sqlite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "check.h"
#include "clock.h"
#include "shifted_clock.h"
#include "sqlite_disk.h"

static char path[256];

static struct slk_storage_backend *open_as(const char *owner, int64_t lease, struct slk_log *log)
{
    struct slk_error err;
    struct slk_sqlite_settings settings = {
        .path = path,
        .patience = 0,
        .sync_each = true,
        .inbox = {.owner = owner,
                  .lease = lease,
                  .max_entries = 1000000,
                  .max_takeovers = 20,
                  .keep_dead = 1000000},
        .log = log,
    };
    return slk_sqlite_open(&settings, &err);
}

static struct slk_storage_backend *must_open(const char *owner)
{
    struct slk_storage_backend *store = open_as(owner, SLK_SECONDS(30), NULL);
    CHECK(store != NULL);
    return store;
}

static struct slk_text text(const char *words)
{
    return (struct slk_text){words, strlen(words)};
}

static struct slk_storage_job *new_job(struct slk_storage_request request)
{
    struct slk_storage_job *job = slk_storage_job_create(&request, 1, 1);
    CHECK(job != NULL);
    return job;
}

static struct slk_storage_job *put_job(const char *key, const char *order, bool take)
{
    return new_job((struct slk_storage_request){.operation = SLK_INBOX_PUT,
                                                .now = 1000,
                                                .expires_at = 2000,
                                                .key = text(key),
                                                .value = text("body"),
                                                .meta = text("{}"),
                                                .order = text(order),
                                                .take = take});
}

static struct slk_storage_job *run(struct slk_storage_backend *store, struct slk_storage_job *job)
{
    CHECK(store->run(store, job) == NULL);
    return job;
}

static enum slk_storage_outcome outcome_of(struct slk_storage_job *job)
{
    enum slk_storage_outcome outcome = job->outcome;
    slk_storage_job_destroy(job);
    return outcome;
}

static enum slk_storage_outcome put(struct slk_storage_backend *store, const char *key,
                                    const char *order, bool take)
{
    return outcome_of(run(store, put_job(key, order, take)));
}

static struct slk_storage_job *fail(struct slk_storage_backend *store, const char *id, int64_t by)
{
    return run(store, new_job((struct slk_storage_request){.operation = SLK_INBOX_FAIL,
                                                           .now = 1000,
                                                           .by = by,
                                                           .key = text(id),
                                                           .value = text("it raised")}));
}

static struct slk_storage_job *claim(struct slk_storage_backend *store, unsigned limit)
{
    return run(store, new_job((struct slk_storage_request){
                          .operation = SLK_INBOX_CLAIM, .now = 1000, .limit = limit}));
}

/* How many entries a list has of so many texts each. */
static int count_list(struct slk_storage_job *job, int texts)
{
    struct slk_text entry;
    size_t offset = 0;
    int count = 0;
    CHECK(job->outcome == SLK_STORED_LIST);
    while (slk_storage_job_read(job, &offset, &entry)) {
        count++;
    }
    slk_storage_job_destroy(job);
    CHECK(count % texts == 0);
    return count / texts;
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

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    CHECK(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    CHECK(sqlite3_finalize(statement) == SQLITE_OK);
    return value;
}

static int64_t number_there(const char *sql)
{
    sqlite3 *db = open_aside();
    int64_t value = number(db, sql);
    sqlite3_close(db);
    return value;
}

/* Files ---------------------------------------------------------------------- */

/* As the first version made it. */
static void make_version_1(void)
{
    sqlite3 *db = open_aside();
    execute(db, "PRAGMA journal_mode = WAL;"
                "CREATE TABLE entries (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL,"
                " expires_at INTEGER) WITHOUT ROWID;"
                "CREATE INDEX expiring ON entries (expires_at) WHERE expires_at IS NOT NULL;"
                "PRAGMA application_id = 0x534c4b53; PRAGMA user_version = 1;"
                "INSERT INTO entries VALUES ('k', 'v', NULL);");
    sqlite3_close(db);
}

static void a_file_of_the_first_version_keeps_what_it_has(void)
{
    make_version_1();
    struct slk_storage_backend *store = must_open("a");
    struct slk_storage_job *job =
        run(store,
            new_job((struct slk_storage_request){.operation = SLK_STORAGE_GET, .key = text("k")}));
    CHECK(job->outcome == SLK_STORED_TEXT && job->text.length == 1 && job->text.data[0] == 'v');
    slk_storage_job_destroy(job);
    CHECK(put(store, "k", "", true) == SLK_STORED_TEXT);
    store->close(store);
    CHECK(number_there("PRAGMA user_version") == 2);
}

/* The old program goes on in the file that a new one has changed. */
static void a_file_of_the_first_version_is_changed_whole_or_not_at_all(void)
{
    make_version_1();
    sqlite3 *old = open_aside();
    execute(old, "BEGIN IMMEDIATE");
    CHECK(open_as("a", SLK_SECONDS(30), NULL) == NULL);
    execute(old, "COMMIT");
    CHECK(number(old, "PRAGMA user_version") == 1);
    disk.refusal = SQLITE_FULL;
    CHECK(open_as("a", SLK_SECONDS(30), NULL) == NULL);
    disk.refusal = SQLITE_OK;
    CHECK(number(old, "SELECT count(*) FROM sqlite_master WHERE type = 'table'") == 1);
    struct slk_storage_backend *store = must_open("a");
    execute(old, "INSERT INTO entries VALUES ('l', 'w', NULL)");
    CHECK(put(store, "k", "", true) == SLK_STORED_TEXT);
    store->close(store);
    CHECK(number(old, "SELECT count(*) FROM entries") == 2);
    sqlite3_close(old);
}

/* Disks ---------------------------------------------------------------------- */

static void check_disk_full(struct slk_storage_job *job)
{
    CHECK(job->outcome == SLK_STORED_FAILED && strcmp(job->code, "disk_full") == 0);
    slk_storage_job_destroy(job);
}

/* Each write of the batch fails, none is left half done, and it goes on when there is room. */
static void a_full_disk_keeps_nothing_of_a_batch(void)
{
    struct slk_storage_backend *store = must_open("a");
    CHECK(put(store, "before", "", false) == SLK_STORED_TRUE);
    struct slk_storage_job *first = put_job("k", "C", true), *second = put_job("l", "C", true);
    struct slk_storage_job *look = new_job((struct slk_storage_request){
        .operation = SLK_INBOX_LIST, .now = 1000, .limit = 10, .key = text("waiting")});
    struct slk_storage_job *take = new_job(
        (struct slk_storage_request){.operation = SLK_INBOX_CLAIM, .now = 1000, .limit = 10});
    first->message.next = &second->message;
    second->message.next = &look->message;
    look->message.next = &take->message;
    disk.refusal = SQLITE_FULL;
    run(store, first);
    disk.refusal = SQLITE_OK;
    check_disk_full(first);
    check_disk_full(second);
    check_disk_full(take);
    CHECK(count_list(look, 8) == 1);
    CHECK(number_there("SELECT count(*) FROM inbox_owners") == 0);
    CHECK(put(store, "k", "C", true) == SLK_STORED_TEXT);
    CHECK(put(store, "k", "C", true) == SLK_STORED_FALSE);
    CHECK(put(store, "l", "C", true) == SLK_STORED_TRUE);
    CHECK(number_there("SELECT holder FROM inbox WHERE key = 'k'") ==
          number_there("SELECT id FROM inbox_owners"));
    CHECK(number_there("SELECT waiting + 10 * taken FROM inbox_counts") == 12);
    store->close(store);
}

/* One sync for all that a batch puts, claims and ends, whoever asks. */
static void a_batch_is_synced_once(void)
{
    struct slk_storage_backend *store = must_open("a");
    CHECK(put(store, "first", "", true) == SLK_STORED_TEXT);
    struct slk_storage_job *jobs[60];
    for (int i = 0; i < 60; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        jobs[i] = i % 3 == 0 ? put_job(key, "", i % 2 == 0)
                             : new_job((struct slk_storage_request){
                                   .operation = i % 3 == 1 ? SLK_INBOX_CLAIM : SLK_INBOX_DONE,
                                   .now = 1000,
                                   .limit = 1,
                                   .value = text("2\n3\n5")});
        if (i > 0) {
            jobs[i - 1]->message.next = &jobs[i]->message;
        }
    }
    disk.syncs = 0;
    run(store, jobs[0]);
    CHECK(disk.syncs == 1);
    for (int i = 0; i < 60; i++) {
        CHECK(outcome_of(jobs[i]) != SLK_STORED_FAILED);
    }
    store->close(store);
}

/* Keys that are done and old go with later writes, 256 at a time. */
static void old_keys_are_forgotten_bit_by_bit(void)
{
    struct slk_storage_backend *store = must_open("a");
    for (int i = 0; i < 600; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        CHECK(put(store, key, "", false) == SLK_STORED_TRUE);
    }
    CHECK(count_list(claim(store, 600), 7) == 600);
    char ids[600 * 4 + 1] = "";
    for (int i = 1, length = 0; i <= 600; i++) {
        length += snprintf(ids + length, sizeof ids - (size_t)length, "%d\n", i);
    }
    CHECK(outcome_of(
              run(store, new_job((struct slk_storage_request){
                             .operation = SLK_INBOX_DONE, .now = 1000, .value = text(ids)}))) ==
          SLK_STORED_TRUE);
    static const int left[] = {344, 88, 0};
    for (int i = 0; i < 3; i++) {
        CHECK(outcome_of(run(store, new_job((struct slk_storage_request){
                                        .operation = SLK_STORAGE_SET,
                                        .now = 3000,
                                        .expires_at = SLK_STORAGE_KEPT,
                                        .key = text("k"),
                                        .value = text("v")}))) == SLK_STORED_TRUE);
        CHECK(number_there("SELECT count(*) FROM inbox_keys") == left[i]);
    }
    CHECK(number_there("SELECT count(*) FROM inbox") == 0);
    store->close(store);
}

/* The oldest go: a bot that fails at all it gets fills no disk. */
static void so_many_dead_are_kept(void)
{
    struct slk_storage_backend *store = must_open("a");
    CHECK(put(store, "oldest", "", true) == SLK_STORED_TEXT);
    CHECK(outcome_of(fail(store, "1", -1)) == SLK_STORED_TEXT);
    sqlite3 *db = open_aside();
    execute(db, "INSERT INTO inbox (state, holder, attempts, takeovers, received, due,"
                " remember_until, key, reason, error, meta, body)"
                " WITH RECURSIVE numbers (i) AS"
                " (VALUES (1) UNION ALL SELECT i + 1 FROM numbers WHERE i < 9999)"
                " SELECT 4, 0, 1, 0, 0, 1001, 0, 'd' || i, '', '', '', '' FROM numbers;"
                "UPDATE inbox_counts SET dead = 10000");
    sqlite3_close(db);
    CHECK(put(store, "k", "", true) == SLK_STORED_TEXT);
    CHECK(outcome_of(fail(store, "10001", -1)) == SLK_STORED_TEXT);
    CHECK(number_there("SELECT dead FROM inbox_counts") == 10000);
    CHECK(number_there("SELECT count(*) FROM inbox WHERE key IN ('oldest', 'k')") == 1);
    store->close(store);
}

/* Leases --------------------------------------------------------------------- */

static bool has_line(struct slk_mailbox *mailbox, const char *words)
{
    bool has = false;
    struct slk_message *message;
    while ((message = slk_mailbox_take(mailbox)) != NULL) {
        struct slk_log_message *line = (struct slk_log_message *)message;
        has = has || memmem(line->text, line->length, words, strlen(words)) != NULL;
        message->destroy(message);
    }
    return has;
}

/* Ticks as the storage thread does, until there is such a line. */
static void tick_until(struct slk_storage_backend *store, struct slk_mailbox *mailbox,
                       const char *words)
{
    int64_t end = slk_clock_now() + SLK_SECONDS(60);
    while (!has_line(mailbox, words)) {
        int64_t now = slk_clock_now();
        CHECK(now < end);
        int64_t next = store->tick(store, now);
        CHECK(next > now && next < now + SLK_SECONDS(1));
        usleep((useconds_t)((next - now) / 1000));
    }
}

static void a_lease_that_is_lost_is_told_of_and_taken_up_again(void)
{
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct slk_log *log = slk_log_create(mailbox, 1, SLK_LOG_DEBUG);
    struct slk_storage_backend *store = open_as("a", SLK_MS(60), log);
    CHECK(mailbox != NULL && log != NULL && store != NULL);
    CHECK(store->tick(store, slk_clock_now()) == SLK_NEVER);
    CHECK(put(store, "k", "", true) == SLK_STORED_TEXT);
    sqlite3 *other = open_aside();
    execute(other, "BEGIN IMMEDIATE");
    tick_until(store, mailbox, "could not be renewed");
    execute(other, "COMMIT");
    tick_until(store, mailbox, "is this process's again");
    CHECK(atomic_load(&store->commits) == 1);
    sqlite3_close(other);
    store->close(store);
    slk_log_release(log);
    slk_mailbox_release(mailbox);
}

/* It is this process's, but under a name that nobody renews. The number of entries that
 * one claim takes over is bounded: the others follow with the next ones. */
static void a_dead_owner_with_many_entries_is_dead_bit_by_bit(void)
{
    struct slk_storage_backend *dead = open_as("dead", SLK_MS(1), NULL);
    struct slk_storage_job *first = NULL;
    for (int i = 0; i < 1500; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        struct slk_storage_job *job = put_job(key, "", true);
        job->message.next = first != NULL ? &first->message : NULL;
        first = job;
    }
    run(dead, first);
    while (first != NULL) {
        struct slk_storage_job *next = slk_storage_job_next(first);
        CHECK(outcome_of(first) == SLK_STORED_TEXT);
        first = next;
    }
    dead->close(dead);
    struct slk_storage_backend *store = must_open("a");
    usleep(5000);
    CHECK(count_list(claim(store, 2000), 7) == 1000);
    CHECK(count_list(claim(store, 2000), 7) == 500);
    CHECK(count_list(claim(store, 2000), 7) == 0);
    CHECK(number_there("SELECT count(*) FROM inbox WHERE takeovers = 1") == 1500);
    store->close(store);
}

/* Rows ----------------------------------------------------------------------- */

static unsigned next_random(unsigned below)
{
    static uint64_t state = 42;
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(state >> 33) % below;
}

static struct slk_storage_job *random_job(int round)
{
    static const enum slk_storage_operation others[] = {
        SLK_INBOX_DONE, SLK_INBOX_FAIL, SLK_INBOX_PARK,  SLK_INBOX_BACK,
        SLK_INBOX_DONE, SLK_INBOX_DROP, SLK_INBOX_RETRY, SLK_INBOX_FAIL,
    };
    static const char *const orders[] = {"", "C", "D"};
    char word[24], id[24];
    snprintf(word, sizeof word, "k%u", next_random(400));
    snprintf(id, sizeof id, "%u", next_random(200) + (unsigned)round / 10);
    unsigned kind = next_random(12);
    struct slk_storage_request request = {.now = 1000 + round, .expires_at = 1100 + round};
    if (kind < 3) {
        request.operation = SLK_INBOX_PUT;
        request.take = next_random(2) == 0;
        request.key = text(word);
        request.order = text(orders[next_random(3)]);
    } else if (kind == 3) {
        request.operation = SLK_INBOX_CLAIM;
        request.limit = next_random(4);
    } else {
        request.operation = others[kind - 4];
        request.by = (int64_t)next_random(40) - 5;
        request.key = text(id);
        request.value = text(id);
    }
    return new_job(request);
}

/* What sqlite_entries.h says of the rows. */
static void check_rows(sqlite3 *db)
{
    CHECK(number(db, "SELECT count(*) FROM inbox_counts WHERE"
                     " waiting = (SELECT count(*) FROM inbox WHERE state IN (0, 1)) AND"
                     " taken = (SELECT count(*) FROM inbox WHERE state = 2) AND"
                     " delayed = (SELECT count(*) FROM inbox WHERE state = 3) AND"
                     " dead = (SELECT count(*) FROM inbox WHERE state = 4)") == 1);
    CHECK(number(db, "SELECT count(*) FROM inbox WHERE (holder > 0) <> (state = 2)") == 0);
    CHECK(number(db, "SELECT count(*) FROM inbox WHERE (due IS NOT NULL) <> (state > 2)") == 0);
    CHECK(number(db, "SELECT count(*) FROM inbox LEFT JOIN inbox_keys USING (key)"
                     " WHERE inbox_keys.key IS NULL OR expires_at IS NOT NULL") == 0);
    CHECK(number(db, "SELECT count(*) FROM inbox WHERE state = 1 AND order_key IS NULL") == 0);
    CHECK(number(db, "SELECT count(*) FROM (SELECT order_key,"
                     " sum(state = 2) AS taken, sum(state = 0) AS ready, sum(state = 1) AS behind,"
                     " min(CASE WHEN state < 2 THEN id END) AS first,"
                     " min(CASE WHEN state = 0 THEN id END) AS first_ready"
                     " FROM inbox WHERE order_key IS NOT NULL GROUP BY order_key)"
                     " WHERE taken + ready > 1 OR (behind > 0 AND taken + ready = 0)"
                     " OR (ready = 1 AND first <> first_ready)") == 0);
}

/* Also when some transactions fail. */
static void rows_are_as_they_must_be_after_anything(void)
{
    int64_t states = 0; /* that were seen, as bits */
    struct slk_storage_backend *stores[] = {must_open("a"), must_open("b")};
    sqlite3 *db = open_aside();
    for (int round = 0; round < 6000; round++) {
        disk.refusal = next_random(20) == 0 ? SQLITE_FULL : SQLITE_OK;
        slk_storage_job_destroy(run(stores[next_random(2)], random_job(round)));
        disk.refusal = SQLITE_OK;
        if (round % 20 == 0) {
            check_rows(db);
            states |= number(db, "SELECT ifnull(sum(DISTINCT 1 << state), 0) FROM inbox");
        }
    }
    CHECK(states == 31);
    CHECK(number(db, "SELECT seq FROM sqlite_sequence WHERE name = 'inbox'") > 500);
    sqlite3_close(db);
    stores[0]->close(stores[0]);
    stores[1]->close(stores[1]);
}

static void nobody_comes(void)
{
}

static void a_clock_that_is_set_forward_ends_no_lease_that_is_renewed(void)
{
    struct slk_storage_backend *a = must_open("a"), *b = must_open("b"), *c = must_open("c");
    CHECK(put(a, "k1", "", true) == SLK_STORED_TEXT);
    CHECK(put(c, "k2", "", true) == SLK_STORED_TEXT);
    CHECK(count_list(claim(b, 10), 7) == 0);
    set_by += SLK_SECONDS(3600);
    CHECK(count_list(claim(b, 10), 7) == 0);
    passed += SLK_SECONDS(10);
    a->tick(a, slk_clock_now());
    CHECK(count_list(claim(b, 10), 7) == 0);
    passed += SLK_SECONDS(6);
    CHECK(count_list(claim(b, 10), 7) == 1); /* c's, who is dead by its lease */
    passed += SLK_SECONDS(30);
    CHECK(count_list(claim(b, 10), 7) == 1);
    a->close(a);
    b->close(b);
    c->close(c);
}

static void a_clock_that_is_set_back_delays_no_second_attempt(void)
{
    struct slk_storage_backend *store = must_open("a");
    CHECK(put(store, "k1", "", true) == SLK_STORED_TEXT);
    CHECK(put(store, "k2", "", true) == SLK_STORED_TEXT);
    slk_storage_job_destroy(fail(store, "1", 3600 * 1000));
    CHECK(count_list(claim(store, 10), 7) == 0);
    slk_storage_job_destroy(fail(store, "2", 86400 * 1000)); /* a second, and then a day back */
    CHECK(count_list(claim(store, 10), 7) == 1);
    CHECK(count_list(claim(store, 10), 7) == 0);
    store->close(store);
}

int main(void)
{
    static void (*const tests[])(void) = {
        a_file_of_the_first_version_keeps_what_it_has,
        a_file_of_the_first_version_is_changed_whole_or_not_at_all,
        a_full_disk_keeps_nothing_of_a_batch,
        a_batch_is_synced_once,
        old_keys_are_forgotten_bit_by_bit,
        so_many_dead_are_kept,
        a_lease_that_is_lost_is_told_of_and_taken_up_again,
        a_dead_owner_with_many_entries_is_dead_bit_by_bit,
        a_clock_that_is_set_forward_ends_no_lease_that_is_renewed,
        a_clock_that_is_set_back_delays_no_second_attempt,
        rows_are_as_they_must_be_after_anything,
    };
    char directory[] = "/tmp/inbox-XXXXXX";
    CHECK(mkdtemp(directory) != NULL);
    place_disk(nobody_comes);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        snprintf(path, sizeof path, "%s/%zu.db", directory, i);
        tests[i]();
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(directory) == 0);
    return 0;
}
