#include "sqlite_owners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "process_id.h"
#include "sqlite_statements.h"

#define COMPONENT "inbox"

/* Their entries have long been taken over, if they had any. */
#define KEPT_AFTER ((int64_t)3600 * 1000)

enum { JOIN, RENEW, LEAVE, FIND, LIST, SWEEP, STATEMENTS };

#define COLUMNS "SELECT name, place, process, started, lease_until, id FROM inbox_owners"

static const char *const texts[STATEMENTS] = {
    [JOIN] = "INSERT INTO inbox_owners (name, place, process, started, lease_until)"
             " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET"
             " lease_until = excluded.lease_until",
    [RENEW] = "UPDATE inbox_owners SET lease_until = ?2 WHERE id = ?1",
    [LEAVE] = "DELETE FROM inbox_owners WHERE id = ?1",
    [FIND] = COLUMNS " WHERE id = ?1",
    [LIST] = COLUMNS " ORDER BY name",
    [SWEEP] = ("DELETE FROM inbox_owners WHERE lease_until < ?1 AND NOT EXISTS"
               " (SELECT 1 FROM inbox WHERE state = 2 AND holder = inbox_owners.id)"),
};

/* The clock has been set, or this machine slept: what is less drifts. */
#define JUMP ((int64_t)1000)

/* Of this process. */
struct lease {
    int64_t number;   /* 0: it has not joined */
    int64_t until;    /* as in the file */
    int64_t renew_at; /* on slk_clock_now's scale */
};

struct slk_sqlite_owners {
    sqlite3 *db;
    struct slk_log *log;
    int64_t length; /* of a lease, ns */
    struct lease lease, committed;
    bool is_lost;         /* and that was said */
    int64_t clocks_apart; /* ms, of the wall clock and slk_clock_now, when last looked */
    int64_t counts_at;    /* on slk_clock_now's scale; not before do leases */
    struct slk_process_id self;
    char *name;
    sqlite3_stmt *statements[STATEMENTS];
};

/* The leases of all processes go by this clock, whatever a store's is. */
static int64_t wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / SLK_MS(1);
}

int slk_sqlite_owners_prepare(sqlite3 *db, const struct slk_storage_inbox *settings,
                              struct slk_log *log, struct slk_sqlite_owners **owners)
{
    struct slk_sqlite_owners *self = *owners = calloc(1, sizeof *self);
    char *name = strdup(settings->owner);
    if (self == NULL || name == NULL) {
        free(name);
        return SQLITE_NOMEM;
    }
    self->db = db;
    self->name = name;
    self->length = settings->lease;
    self->log = log != NULL ? slk_log_retain(log) : NULL;
    self->clocks_apart = wall_clock() - slk_clock_now() / SLK_MS(1);
    slk_process_id_get(&self->self);
    return slk_sqlite_prepare(db, texts, STATEMENTS, self->statements);
}

void slk_sqlite_owners_free(struct slk_sqlite_owners *owners)
{
    if (owners != NULL) {
        slk_sqlite_finalize(owners->statements, STATEMENTS);
        slk_log_release(owners->log);
        free(owners->name);
        free(owners);
    }
}

int64_t slk_sqlite_owners_self(const struct slk_sqlite_owners *owners)
{
    return owners->lease.number;
}

/* This process's lease ------------------------------------------------------- */

void slk_sqlite_owners_ended(struct slk_sqlite_owners *owners, bool is_committed)
{
    if (!is_committed) {
        owners->lease = owners->committed;
        return;
    }
    if (owners->is_lost && owners->lease.until != owners->committed.until) {
        owners->is_lost = false;
        slk_log_write(owners->log, SLK_LOG_INFO, COMPONENT, "the inbox is this process's again");
    }
    owners->committed = owners->lease;
}

static int renew(struct slk_sqlite_owners *owners, int64_t until)
{
    sqlite3_stmt *statement = owners->statements[RENEW];
    sqlite3_bind_int64(statement, 1, owners->lease.number);
    sqlite3_bind_int64(statement, 2, until);
    sqlite3_step(statement);
    if (sqlite3_changes(owners->db) == 0) { /* others have taken all and struck it off */
        owners->lease.number = 0;
    }
    return slk_sqlite_finish(statement);
}

static int find_number(struct slk_sqlite_owners *owners)
{
    sqlite3_stmt *statement = owners->statements[LIST];
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (slk_text_is(slk_sqlite_column_text(statement, 0), owners->name)) {
            owners->lease.number = sqlite3_column_int64(statement, 5);
        }
    }
    return slk_sqlite_finish(statement);
}

static int join(struct slk_sqlite_owners *owners, int64_t until)
{
    sqlite3_stmt *statement = owners->statements[JOIN];
    slk_sqlite_bind_text(statement, 1, (struct slk_text){owners->name, strlen(owners->name)});
    slk_sqlite_bind_text(statement, 2,
                         (struct slk_text){owners->self.place, strlen(owners->self.place)});
    sqlite3_bind_int64(statement, 3, owners->self.number);
    sqlite3_bind_int64(statement, 4, owners->self.started);
    sqlite3_bind_int64(statement, 5, until);
    int result = slk_sqlite_do(statement);
    return result == SQLITE_OK ? find_number(owners) : result;
}

int slk_sqlite_owners_join(struct slk_sqlite_owners *owners, bool is_due)
{
    int64_t now = slk_clock_now(), until = wall_clock() + owners->length / SLK_MS(1);
    int result = SQLITE_OK;
    if (owners->lease.number != 0 && !is_due && now < owners->lease.renew_at) {
        return SQLITE_OK;
    }
    if (owners->lease.number != 0) {
        result = renew(owners, until);
    }
    if (result == SQLITE_OK && owners->lease.number == 0) {
        result = join(owners, until);
    }
    owners->lease.until = until;
    owners->lease.renew_at = now + owners->length / 3;
    return result;
}

int slk_sqlite_owners_leave(struct slk_sqlite_owners *owners)
{
    sqlite3_stmt *statement = owners->statements[LEAVE];
    sqlite3_bind_int64(statement, 1, owners->lease.number);
    owners->lease = (struct lease){0, 0, 0};
    return slk_sqlite_do(statement);
}

int64_t slk_sqlite_owners_renew_at(const struct slk_sqlite_owners *owners)
{
    return owners->lease.number != 0 ? owners->lease.renew_at : SLK_NEVER;
}

void slk_sqlite_owners_fail(struct slk_sqlite_owners *owners, const char *why)
{
    int64_t pause = owners->length / 30;
    owners->lease.renew_at = slk_clock_now() + (pause < SLK_SECONDS(1) ? pause : SLK_SECONDS(1));
    owners->committed.renew_at = owners->lease.renew_at;
    if (!owners->is_lost && wall_clock() >= owners->lease.until) {
        owners->is_lost = true;
        slk_log_write(owners->log, SLK_LOG_WARN, COMPONENT,
                      "the lease on the inbox could not be renewed, so other processes may handle "
                      "again what this one is handling: %s",
                      why);
    }
}

/* All owners ----------------------------------------------------------------- */

/* Whether a lease that is over says that its owner is dead. When the clock is set forward,
 * or the machine wakes up, the leases of all are over at once: they get the time to renew them. */
static bool does_lease_count(struct slk_sqlite_owners *owners)
{
    int64_t now = slk_clock_now(), apart = wall_clock() - now / SLK_MS(1);
    if (apart > owners->clocks_apart + JUMP) {
        owners->counts_at = now + owners->length / 2;
    }
    owners->clocks_apart = apart;
    return now >= owners->counts_at;
}

/* Of a row of FIND or LIST. */
static bool is_alive(struct slk_sqlite_owners *owners, sqlite3_stmt *statement)
{
    struct slk_process_id id = {.number = sqlite3_column_int64(statement, 2),
                                .started = sqlite3_column_int64(statement, 3)};
    struct slk_text place = slk_sqlite_column_text(statement, 1);
    bool counts = does_lease_count(owners);
    if (counts && sqlite3_column_int64(statement, 4) <= wall_clock()) {
        return false;
    }
    if (place.length < sizeof id.place) {
        memcpy(id.place, place.data != NULL ? place.data : "", place.length);
    }
    return !slk_process_has_ended(&id, &owners->self);
}

int slk_sqlite_owners_check(struct slk_sqlite_owners *owners, int64_t number, bool *is_dead,
                            char *name, size_t size)
{
    sqlite3_stmt *statement = owners->statements[FIND];
    sqlite3_bind_int64(statement, 1, number);
    *is_dead = true; /* also when there is no such row */
    snprintf(name, size, "an unknown process");
    if (sqlite3_step(statement) == SQLITE_ROW) {
        struct slk_text text = slk_sqlite_column_text(statement, 0);
        snprintf(name, size, "%.*s", (int)text.length, text.data);
        *is_dead = !is_alive(owners, statement);
    }
    return slk_sqlite_finish(statement);
}

int slk_sqlite_owners_list(struct slk_sqlite_owners *owners, struct slk_storage_job *job,
                           int64_t *count)
{
    sqlite3_stmt *statement = owners->statements[LIST];
    *count = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        bool is_self = sqlite3_column_int64(statement, 5) == owners->lease.number;
        bool lives = is_self || is_alive(owners, statement);
        *count += lives;
        if (lives && !is_self && job != NULL) {
            struct slk_text name = slk_sqlite_column_text(statement, 0);
            slk_storage_job_add_entry(job, name.data, name.length);
        }
    }
    return slk_sqlite_finish(statement);
}

int slk_sqlite_owners_sweep(struct slk_sqlite_owners *owners)
{
    sqlite3_stmt *statement = owners->statements[SWEEP];
    sqlite3_bind_int64(statement, 1, wall_clock() - KEPT_AFTER);
    return slk_sqlite_do(statement);
}
