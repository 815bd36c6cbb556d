#include "sqlite_inbox_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BODY  ((size_t)16 * 1024 * 1024)
#define MAX_META  ((size_t)64 * 1024)
#define MAX_ERROR ((size_t)2048)

/* A key without a time of its own, ms. */
#define REMEMBERED ((int64_t)600 * 1000)

/* Between two sweeps, ms. */
#define SWEEP_PAUSE 1000

int slk_sqlite_inbox_prepare(sqlite3 *db, const struct slk_storage_inbox *settings,
                             struct slk_log *log, struct slk_sqlite_inbox **inbox)
{
    struct slk_sqlite_inbox *self = *inbox = calloc(1, sizeof *self);
    if (self == NULL) {
        return SQLITE_NOMEM;
    }
    self->log = log != NULL ? slk_log_retain(log) : NULL;
    self->is_owner = settings->owner[0] != '\0';
    self->max_entries = settings->max_entries;
    self->max_takeovers = settings->max_takeovers;
    self->keep_dead = settings->keep_dead;
    int result = slk_sqlite_entries_prepare(db, &self->entries);
    if (result == SQLITE_OK) {
        result = slk_sqlite_entry_lists_prepare(db, &self->lists);
    }
    return result == SQLITE_OK ? slk_sqlite_owners_prepare(db, settings, log, &self->owners)
                               : result;
}

void slk_sqlite_inbox_free(struct slk_sqlite_inbox *inbox)
{
    if (inbox != NULL) {
        slk_sqlite_entries_free(inbox->entries);
        slk_sqlite_entry_lists_free(inbox->lists);
        slk_sqlite_owners_free(inbox->owners);
        slk_log_release(inbox->log);
        free(inbox);
    }
}

/* IDs ------------------------------------------------------------------------ */

int64_t slk_sqlite_inbox_read_id(struct slk_text text)
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

static void give_id(struct slk_storage_job *job, int64_t id)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRId64, id);
    slk_storage_job_give(job, text, (size_t)length);
}

int slk_sqlite_inbox_move(struct slk_sqlite_inbox *inbox, int64_t id, slk_sqlite_move *move,
                          const struct slk_storage_request *request, int64_t *count)
{
    struct slk_sqlite_entry entry;
    bool is_there;
    int result = slk_sqlite_entries_find(inbox->entries, id, &entry, &is_there);
    return result == SQLITE_OK && is_there ? move(inbox, &entry, request, count) : result;
}

int slk_sqlite_inbox_move_found(struct slk_sqlite_inbox *inbox, int64_t id, slk_sqlite_move *move,
                                const struct slk_storage_request *request, int64_t *count)
{
    int64_t before = *count;
    int result = slk_sqlite_inbox_move(inbox, id, move, request, count);
    return result == SQLITE_OK && *count == before ? SQLITE_CORRUPT : result;
}

int slk_sqlite_inbox_move_listed(struct slk_sqlite_inbox *inbox, slk_sqlite_move *move,
                                 const struct slk_storage_request *request, int64_t *count)
{
    struct slk_text rest = request->value;
    int result = SQLITE_OK;
    while (rest.length > 0 && result == SQLITE_OK) {
        int64_t id = slk_sqlite_inbox_read_id(slk_text_cut(&rest, '\n'));
        if (id != 0) {
            result = slk_sqlite_inbox_move(inbox, id, move, request, count);
        }
    }
    return result;
}

static bool is_own(const struct slk_sqlite_inbox *inbox, const struct slk_sqlite_entry *entry)
{
    int64_t self = slk_sqlite_owners_self(inbox->owners);
    return entry->state == SLK_SQLITE_TAKEN && self != 0 && entry->holder == self;
}

/* Putting -------------------------------------------------------------------- */

static bool check_put(struct slk_storage_job *job)
{
    const struct slk_storage_request *request = &job->request;
    if (request->key.length == 0) {
        slk_storage_job_fail(job, "invalid", "the key of a delivery is empty");
    } else if (request->value.length > MAX_BODY || request->meta.length > MAX_META ||
               request->key.length > SLK_SQLITE_MAX_KEY ||
               request->order.length > SLK_SQLITE_MAX_ORDER) {
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
        give_id(job, id);
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
    struct slk_sqlite_entry_counts counts;
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

/* Ending --------------------------------------------------------------------- */

static int remove_any(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                      const struct slk_storage_request *request, int64_t *count)
{
    ++*count;
    return slk_sqlite_entries_remove(inbox->entries, entry, request->now);
}

static int run_done(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count = 0;
    slk_storage_job_decide(job, true);
    return slk_sqlite_inbox_move_listed(inbox, remove_any, &job->request, &count);
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

static int fail_own(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                    const struct slk_storage_request *request, int64_t *count)
{
    if (!is_own(inbox, entry)) {
        return SQLITE_OK;
    }
    ++*count;
    struct slk_text error = cut_error(request->value);
    bool is_tried = !slk_text_is(request->meta, "keep");
    return request->by < 0 ? slk_sqlite_inbox_bury(inbox, entry, request->now, is_tried, error)
                           : slk_sqlite_entries_delay(inbox->entries, entry,
                                                      request->now + request->by, is_tried, error);
}

static int run_fail(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count = 0, id = slk_sqlite_inbox_read_id(job->request.key);
    int result =
        id != 0 ? slk_sqlite_inbox_move(inbox, id, fail_own, &job->request, &count) : SQLITE_OK;
    if (count > 0 && job->request.by < 0) {
        give_id(job, id);
    } else {
        slk_storage_job_decide(job, count > 0);
    }
    return result;
}

static int park_own(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                    const struct slk_storage_request *request, int64_t *count)
{
    (void)request;
    if (!is_own(inbox, entry)) {
        return SQLITE_OK;
    }
    ++*count;
    return slk_sqlite_entries_park(inbox->entries, entry);
}

static int run_park(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count = 0;
    slk_storage_job_decide(job, true);
    return slk_sqlite_inbox_move_listed(inbox, park_own, &job->request, &count);
}

static int give_back(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
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
            result = slk_sqlite_inbox_move_found(inbox, id, give_back, request, count);
        }
    } while (result == SQLITE_OK && id != 0);
    return result == SQLITE_OK ? slk_sqlite_owners_leave(inbox->owners) : result;
}

static int run_back(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count = 0;
    int result = job->request.value.length == 0
                     ? leave(inbox, &job->request, &count)
                     : slk_sqlite_inbox_move_listed(inbox, give_back, &job->request, &count);
    slk_storage_job_count(job, count);
    return result;
}

/* What only an owner does. */
static int run_as_owner(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_INBOX_PUT: return run_put(inbox, job);
    case SLK_INBOX_CLAIM: return slk_sqlite_inbox_claim(inbox, job);
    case SLK_INBOX_DONE: return run_done(inbox, job);
    case SLK_INBOX_FAIL: return run_fail(inbox, job);
    case SLK_INBOX_PARK: return run_park(inbox, job);
    case SLK_INBOX_BACK: return run_back(inbox, job);
    default: slk_storage_job_refuse(job); return SQLITE_OK;
    }
}

int slk_sqlite_inbox_run(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_INBOX_LIST: return slk_sqlite_inbox_list(inbox, job);
    case SLK_INBOX_RETRY: return slk_sqlite_inbox_retry(inbox, job);
    case SLK_INBOX_DROP: return slk_sqlite_inbox_drop(inbox, job);
    case SLK_INBOX_STATS: return slk_sqlite_inbox_stats(inbox, job);
    case SLK_INBOX_OWNERS: return slk_sqlite_inbox_owners(inbox, job);
    default:
        if (!inbox->is_owner) {
            slk_storage_job_refuse(job);
            return SQLITE_OK;
        }
        return run_as_owner(inbox, job);
    }
}

/* Transactions --------------------------------------------------------------- */

static int sweep(struct slk_sqlite_inbox *inbox, int64_t now)
{
    int64_t since = now - inbox->swept_at;
    bool more_keys = false, more_dead = false;
    if (!inbox->more_to_sweep && since >= 0 && since < SWEEP_PAUSE) {
        return SQLITE_OK;
    }
    int result = slk_sqlite_entries_sweep(inbox->entries, now, &more_keys);
    if (result == SQLITE_OK) {
        result = slk_sqlite_inbox_drop_old(inbox, now, &more_dead);
    }
    inbox->swept_at = now;
    inbox->more_to_sweep = more_keys || more_dead;
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
