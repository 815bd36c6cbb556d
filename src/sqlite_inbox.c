#include "sqlite_inbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite_entries.h"
#include "sqlite_owners.h"

#define COMPONENT "storage"

#define MAX_BODY  ((size_t)16 * 1024 * 1024)
#define MAX_META  ((size_t)64 * 1024)
#define MAX_ERROR ((size_t)2048)

/* A claim ends with the entry that brings it there. */
#define CLAIM_BYTES ((size_t)4 * 1024 * 1024)

/* What one transaction moves at most, 10 ms or so, of what is due and of what dead owners had;
 * and of all dead entries. The lock is others', too. */
#define MOVED_AT_ONCE   1000
#define CHANGED_AT_ONCE 10000

/* A key without a time of its own, ms. */
#define REMEMBERED ((int64_t)600 * 1000)

/* Dead entries that a sweep drops, and the time between two sweeps, ms. */
#define DROPPED_AT_ONCE 64
#define SWEEP_PAUSE     1000

struct slk_sqlite_inbox {
    struct slk_sqlite_entries *entries;
    struct slk_sqlite_owners *owners;
    struct slk_log *log;
    int64_t max_entries, max_takeovers, keep_dead;
    int64_t swept_at;
    bool more_to_sweep;
};

int slk_sqlite_inbox_prepare(sqlite3 *db, const struct slk_storage_inbox *settings,
                             struct slk_log *log, struct slk_sqlite_inbox **inbox)
{
    struct slk_sqlite_inbox *self = *inbox = calloc(1, sizeof *self);
    if (self == NULL) {
        return SQLITE_NOMEM;
    }
    self->log = log != NULL ? slk_log_retain(log) : NULL;
    self->max_entries = settings->max_entries;
    self->max_takeovers = settings->max_takeovers;
    self->keep_dead = settings->keep_dead;
    int result = slk_sqlite_entries_prepare(db, &self->entries);
    return result == SQLITE_OK ? slk_sqlite_owners_prepare(db, settings, log, &self->owners)
                               : result;
}

void slk_sqlite_inbox_free(struct slk_sqlite_inbox *inbox)
{
    if (inbox != NULL) {
        slk_sqlite_entries_free(inbox->entries);
        slk_sqlite_owners_free(inbox->owners);
        slk_log_release(inbox->log);
        free(inbox);
    }
}

/* IDs ------------------------------------------------------------------------ */

/* 0: it is none of ours. */
static int64_t read_id(struct slk_text text)
{
    int64_t id = 0;
    for (size_t i = 0; i < text.length; i++) {
        char digit = text.data[i];
        if (digit < '0' || digit > '9' || id > (INT64_MAX - 9) / 10) {
            return 0;
        }
        id = id * 10 + (digit - '0');
    }
    return id;
}

/* What a move of one entry is. *count is raised when it was made. */
typedef int move_function(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                          const struct slk_storage_request *request, int64_t *count);

static int move_one(struct slk_sqlite_inbox *inbox, int64_t id, move_function *move,
                    const struct slk_storage_request *request, int64_t *count)
{
    struct slk_entry entry;
    bool is_there;
    int result = slk_sqlite_entries_find(inbox->entries, id, &entry, &is_there);
    return result == SQLITE_OK && is_there ? move(inbox, &entry, request, count) : result;
}

static int move_listed(struct slk_sqlite_inbox *inbox, move_function *move,
                       const struct slk_storage_request *request, int64_t *count)
{
    struct slk_text rest = request->value;
    int result = SQLITE_OK;
    while (rest.length > 0 && result == SQLITE_OK) {
        int64_t id = read_id(slk_text_cut(&rest, '\n'));
        if (id != 0) {
            result = move_one(inbox, id, move, request, count);
        }
    }
    return result;
}

static bool is_own(const struct slk_sqlite_inbox *inbox, const struct slk_entry *entry)
{
    int64_t self = slk_sqlite_owners_self(inbox->owners);
    return entry->state == SLK_ENTRY_TAKEN && self != 0 && entry->holder == self;
}

/* Putting -------------------------------------------------------------------- */

static bool check_put(struct slk_storage_job *job)
{
    const struct slk_storage_request *request = &job->request;
    if (request->key.length == 0) {
        slk_storage_job_fail(job, "invalid", "the key of a delivery is empty");
    } else if (request->value.length > MAX_BODY || request->meta.length > MAX_META ||
               request->key.length > SLK_ENTRY_MAX_KEY ||
               request->order.length > SLK_ENTRY_MAX_ORDER) {
        slk_storage_job_fail(job, "too_large", "a delivery is too large for the inbox");
    }
    return job->outcome != SLK_STORED_FAILED;
}

static int fail_full(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    char text[128];
    snprintf(text, sizeof text,
             "%" PRId64 " deliveries wait in the inbox, which is its max_entries",
             inbox->max_entries);
    slk_storage_job_fail(job, "full", text);
    return SQLITE_OK;
}

static int add(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t id = 0;
    if (job->request.expires_at == SLK_STORAGE_KEPT) {
        job->request.expires_at = job->request.now + REMEMBERED;
    }
    int result = job->request.take ? slk_sqlite_owners_join(inbox->owners, false) : SQLITE_OK;
    if (result == SQLITE_OK) {
        int64_t holder = job->request.take ? slk_sqlite_owners_self(inbox->owners) : 0;
        result = slk_sqlite_entries_add(inbox->entries, &job->request, holder, &id);
    }
    if (id != 0) {
        char text[24];
        int length = snprintf(text, sizeof text, "%" PRId64, id);
        slk_storage_job_give(job, text, (size_t)length);
    } else {
        slk_storage_job_decide(job, true);
    }
    return result;
}

static int run_put(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    if (!check_put(job)) {
        return SQLITE_OK;
    }
    struct slk_entry_counts counts;
    bool is_known = false;
    int result = slk_sqlite_entries_count(inbox->entries, &counts);
    bool is_full = counts.waiting + counts.taken + counts.delayed >= inbox->max_entries;
    if (result == SQLITE_OK) {
        result = is_full ? slk_sqlite_entries_know_key(inbox->entries, &job->request, &is_known)
                         : slk_sqlite_entries_note_key(inbox->entries, &job->request, &is_known);
    }
    if (result != SQLITE_OK) {
        return result;
    }
    if (is_known) {
        slk_storage_job_decide(job, false);
        return SQLITE_OK;
    }
    return is_full ? fail_full(inbox, job) : add(inbox, job);
}

/* Claiming ------------------------------------------------------------------- */

/* The next owner after that one who is dead and has entries, or 0. */
static int next_dead_owner(struct slk_sqlite_inbox *inbox, int64_t *number, char *name, size_t size)
{
    bool is_dead = false;
    int result;
    do {
        result = slk_sqlite_entries_holder(inbox->entries, *number, number);
        if (result == SQLITE_OK && *number != 0 &&
            *number != slk_sqlite_owners_self(inbox->owners)) {
            result = slk_sqlite_owners_check(inbox->owners, *number, &is_dead, name, size);
        }
    } while (result == SQLITE_OK && *number != 0 && !is_dead);
    return result;
}

int slk_sqlite_inbox_look(struct slk_sqlite_inbox *inbox, int64_t now, bool *has_some)
{
    char name[8];
    int64_t self = slk_sqlite_owners_self(inbox->owners), found = 0;
    int result = slk_sqlite_entries_ready(inbox->entries, self, &found);
    if (result == SQLITE_OK && found == 0) {
        result = slk_sqlite_entries_due(inbox->entries, now, &found);
    }
    if (result == SQLITE_OK && found == 0) {
        result = next_dead_owner(inbox, &found, name, sizeof name);
    }
    *has_some = result != SQLITE_OK || found != 0 || self == 0;
    return result;
}

void slk_sqlite_inbox_give_none(struct slk_storage_job *job)
{
    slk_storage_job_begin_list(job);
}

static int bury_poison(struct slk_sqlite_inbox *inbox, struct slk_entry *entry, int64_t now)
{
    char text[160];
    int length = snprintf(text, sizeof text,
                          "poison: %" PRId64 " processes ended while they had it, so it may be "
                          "what ends them",
                          entry->takeovers + 1);
    slk_log_write(inbox->log, SLK_LOG_ERROR, COMPONENT,
                  "entry %" PRId64 " of the inbox is dead: %s", entry->id, text);
    return slk_sqlite_entries_bury(inbox->entries, entry, now, 0,
                                   (struct slk_text){text, (size_t)length});
}

static int take_over(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                     const struct slk_storage_request *request, int64_t *count)
{
    ++*count;
    return entry->takeovers >= inbox->max_takeovers
               ? bury_poison(inbox, entry, request->now)
               : slk_sqlite_entries_take_back(inbox->entries, entry);
}

/* All that it had waits again, up to a bound. */
static int take_over_all(struct slk_sqlite_inbox *inbox, int64_t owner, const char *name,
                         const struct slk_storage_request *request, int64_t *count)
{
    int64_t id = 0, taken = 0;
    int result;
    do {
        result = slk_sqlite_entries_taken(inbox->entries, owner, &id);
        if (result == SQLITE_OK && id != 0) {
            result = move_one(inbox, id, take_over, request, &taken);
        }
    } while (result == SQLITE_OK && id != 0 && *count + taken < MOVED_AT_ONCE);
    *count += taken;
    slk_log_write(inbox->log, SLK_LOG_WARN, COMPONENT,
                  "%" PRId64 " deliveries in the inbox of %s, which has ended, are taken over",
                  taken, name);
    return result;
}

static int free_dead_owners(struct slk_sqlite_inbox *inbox,
                            const struct slk_storage_request *request)
{
    char name[128];
    int64_t owner = 0, count = 0;
    int result = next_dead_owner(inbox, &owner, name, sizeof name);
    while (result == SQLITE_OK && owner != 0 && count < MOVED_AT_ONCE) {
        result = take_over_all(inbox, owner, name, request, &count);
        if (result == SQLITE_OK) {
            result = next_dead_owner(inbox, &owner, name, sizeof name);
        }
    }
    return result;
}

static int release(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                   const struct slk_storage_request *request, int64_t *count)
{
    (void)request;
    ++*count;
    return slk_sqlite_entries_release(inbox->entries, entry, (struct slk_text){NULL, 0});
}

static int free_due(struct slk_sqlite_inbox *inbox, const struct slk_storage_request *request)
{
    int64_t id, count = 0;
    int result;
    do {
        result = slk_sqlite_entries_due(inbox->entries, request->now, &id);
        if (result == SQLITE_OK && id != 0) {
            result = move_one(inbox, id, release, request, &count);
        }
    } while (result == SQLITE_OK && id != 0 && count < MOVED_AT_ONCE);
    return result;
}

static int claim_one(struct slk_sqlite_inbox *inbox, int64_t id, struct slk_storage_job *job)
{
    struct slk_entry entry;
    bool is_there;
    int result = slk_sqlite_entries_find(inbox->entries, id, &entry, &is_there);
    if (result != SQLITE_OK || !is_there) {
        return result == SQLITE_OK ? SQLITE_CORRUPT : result; /* the index has it */
    }
    result = slk_sqlite_entries_give(inbox->entries, &entry, job);
    return result == SQLITE_OK ? slk_sqlite_entries_take(inbox->entries, &entry,
                                                         slk_sqlite_owners_self(inbox->owners))
                               : result;
}

static int run_claim(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int result = slk_sqlite_owners_join(inbox->owners, false);
    slk_storage_job_begin_list(job);
    if (result == SQLITE_OK) {
        result = free_dead_owners(inbox, &job->request);
    }
    if (result == SQLITE_OK) {
        result = free_due(inbox, &job->request);
    }
    int64_t id = 1, self = slk_sqlite_owners_self(inbox->owners);
    for (unsigned i = 0; i < job->request.limit && id != 0 && result == SQLITE_OK; i++) {
        result = slk_sqlite_entries_ready(inbox->entries, self, &id);
        if (result == SQLITE_OK && id != 0) {
            result = claim_one(inbox, id, job);
        }
        if (job->text.length >= CLAIM_BYTES) {
            break;
        }
    }
    return result;
}

/* Ending --------------------------------------------------------------------- */

static int remove_any(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                      const struct slk_storage_request *request, int64_t *count)
{
    (void)request;
    ++*count;
    return slk_sqlite_entries_remove(inbox->entries, entry);
}

static int run_done(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count = 0;
    slk_storage_job_decide(job, true);
    return move_listed(inbox, remove_any, &job->request, &count);
}

/* Not longer than the maximum, and whole characters. */
static struct slk_text cut_error(struct slk_text text)
{
    if (text.length > MAX_ERROR) {
        text.length = MAX_ERROR;
        while (text.length > 0 && (text.data[text.length] & 0xc0) == 0x80) {
            text.length--;
        }
    }
    return text;
}

static int fail_own(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                    const struct slk_storage_request *request, int64_t *count)
{
    if (!is_own(inbox, entry)) {
        return SQLITE_OK;
    }
    ++*count;
    struct slk_text error = cut_error(request->value);
    return request->by < 0
               ? slk_sqlite_entries_bury(inbox->entries, entry, request->now, 1, error)
               : slk_sqlite_entries_delay(inbox->entries, entry, request->now + request->by, error);
}

static int run_fail(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count = 0, id = read_id(job->request.key);
    int result = id != 0 ? move_one(inbox, id, fail_own, &job->request, &count) : SQLITE_OK;
    slk_storage_job_decide(job, count > 0);
    return result;
}

static int give_back(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                     const struct slk_storage_request *request, int64_t *count)
{
    if (!is_own(inbox, entry)) {
        return SQLITE_OK;
    }
    ++*count;
    bool has_reason = request->meta.length > 0;
    return slk_sqlite_entries_release(inbox->entries, entry,
                                      has_reason ? request->meta : (struct slk_text){NULL, 0});
}

static int leave(struct slk_sqlite_inbox *inbox, const struct slk_storage_request *request,
                 int64_t *count)
{
    int64_t id = 0, self = slk_sqlite_owners_self(inbox->owners);
    int result;
    if (self == 0) {
        return SQLITE_OK;
    }
    do {
        result = slk_sqlite_entries_taken(inbox->entries, self, &id);
        if (result == SQLITE_OK && id != 0) {
            result = move_one(inbox, id, give_back, request, count);
        }
    } while (result == SQLITE_OK && id != 0);
    return result == SQLITE_OK ? slk_sqlite_owners_leave(inbox->owners) : result;
}

static int run_back(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count = 0;
    int result = job->request.value.length == 0
                     ? leave(inbox, &job->request, &count)
                     : move_listed(inbox, give_back, &job->request, &count);
    slk_storage_job_count(job, count);
    return result;
}

/* Looking, and what a person does about it ----------------------------------- */

static int revive_dead(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                       const struct slk_storage_request *request, int64_t *count)
{
    (void)request;
    if (entry->state != SLK_ENTRY_DEAD) {
        return SQLITE_OK;
    }
    ++*count;
    return slk_sqlite_entries_revive(inbox->entries, entry);
}

static int drop_dead(struct slk_sqlite_inbox *inbox, struct slk_entry *entry,
                     const struct slk_storage_request *request, int64_t *count)
{
    return entry->state == SLK_ENTRY_DEAD ? remove_any(inbox, entry, request, count) : SQLITE_OK;
}

/* Those that died by then, up to a bound. */
static int move_dead(struct slk_sqlite_inbox *inbox, int64_t by, int64_t limit, move_function *move,
                     const struct slk_storage_request *request, int64_t *count)
{
    int64_t id;
    int result;
    do {
        result = slk_sqlite_entries_died(inbox->entries, by, &id);
        if (result == SQLITE_OK && id != 0) {
            result = move_one(inbox, id, move, request, count);
        }
    } while (result == SQLITE_OK && id != 0 && *count < limit);
    return result;
}

static int run_on_dead(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job,
                       move_function *move)
{
    int64_t count = 0;
    int result = job->request.value.length == 0
                     ? move_dead(inbox, INT64_MAX, CHANGED_AT_ONCE, move, &job->request, &count)
                     : move_listed(inbox, move, &job->request, &count);
    slk_storage_job_count(job, count);
    return result;
}

static int run_list(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    static const struct {
        const char *name;
        enum slk_entry_state state;
    } states[] = {{"", SLK_ENTRY_STATES},
                  {"waiting", SLK_ENTRY_READY},
                  {"taken", SLK_ENTRY_TAKEN},
                  {"delayed", SLK_ENTRY_DELAYED},
                  {"dead", SLK_ENTRY_DEAD}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (slk_text_is(job->request.key, states[i].name)) {
            int64_t after = read_id(job->request.value);
            return slk_sqlite_entries_list(inbox->entries, states[i].state, after, job);
        }
    }
    slk_storage_job_fail(job, "invalid", "there is no such state of an entry");
    return SQLITE_OK;
}

static int run_stats(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    char text[256];
    struct slk_entry_counts counts;
    int64_t owners = 0, received = 0;
    int result = slk_sqlite_entries_count(inbox->entries, &counts);
    if (result == SQLITE_OK) {
        result = slk_sqlite_owners_list(inbox->owners, NULL, &owners);
    }
    if (result == SQLITE_OK) {
        result = slk_sqlite_entries_oldest(inbox->entries, &received);
    }
    int64_t age = received != 0 && received < job->request.now ? job->request.now - received : 0;
    int length = snprintf(text, sizeof text,
                          "{\"waiting\":%" PRId64 ",\"taken\":%" PRId64 ",\"delayed\":%" PRId64
                          ",\"dead\":%" PRId64 ",\"owners\":%" PRId64 ",\"oldest\":%" PRId64 "}",
                          counts.waiting, counts.taken, counts.delayed, counts.dead, owners, age);
    slk_storage_job_give(job, text, (size_t)length);
    return result;
}

static int run_owners(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count;
    slk_storage_job_begin_list(job);
    return slk_sqlite_owners_list(inbox->owners, job, &count);
}

int slk_sqlite_inbox_run(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_INBOX_PUT: return run_put(inbox, job);
    case SLK_INBOX_CLAIM: return run_claim(inbox, job);
    case SLK_INBOX_DONE: return run_done(inbox, job);
    case SLK_INBOX_FAIL: return run_fail(inbox, job);
    case SLK_INBOX_BACK: return run_back(inbox, job);
    case SLK_INBOX_LIST: return run_list(inbox, job);
    case SLK_INBOX_RETRY: return run_on_dead(inbox, job, revive_dead);
    case SLK_INBOX_DROP: return run_on_dead(inbox, job, drop_dead);
    case SLK_INBOX_STATS: return run_stats(inbox, job);
    case SLK_INBOX_OWNERS: return run_owners(inbox, job);
    default: slk_storage_job_refuse(job); return SQLITE_OK;
    }
}

/* Transactions --------------------------------------------------------------- */

static int sweep(struct slk_sqlite_inbox *inbox, int64_t now)
{
    int64_t since = now - inbox->swept_at, count = 0;
    if (!inbox->more_to_sweep && since >= 0 && since < SWEEP_PAUSE) {
        return SQLITE_OK;
    }
    inbox->swept_at = now;
    int result = slk_sqlite_entries_sweep(inbox->entries, now, &inbox->more_to_sweep);
    if (result == SQLITE_OK) {
        result = move_dead(inbox, now - inbox->keep_dead, DROPPED_AT_ONCE, drop_dead, NULL, &count);
    }
    inbox->more_to_sweep |= count >= DROPPED_AT_ONCE;
    return result == SQLITE_OK ? slk_sqlite_owners_sweep(inbox->owners) : result;
}

int slk_sqlite_inbox_finish(struct slk_sqlite_inbox *inbox, int64_t now)
{
    int result = sweep(inbox, now);
    return result == SQLITE_OK ? slk_sqlite_entries_flush(inbox->entries) : result;
}

void slk_sqlite_inbox_ended(struct slk_sqlite_inbox *inbox, bool is_committed)
{
    slk_sqlite_entries_ended(inbox->entries);
    slk_sqlite_owners_ended(inbox->owners, is_committed);
}

int64_t slk_sqlite_inbox_renew_at(const struct slk_sqlite_inbox *inbox)
{
    return slk_sqlite_owners_renew_at(inbox->owners);
}

int slk_sqlite_inbox_renew(struct slk_sqlite_inbox *inbox)
{
    return slk_sqlite_owners_join(inbox->owners, true);
}

void slk_sqlite_inbox_fail_renewal(struct slk_sqlite_inbox *inbox, const char *why)
{
    slk_sqlite_owners_fail(inbox->owners, why);
}
