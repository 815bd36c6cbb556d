#include "sqlite_inbox_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"

/* Dead entries that are changed at once, 100 ms or so, when all are to be: the lock is
 * others', too. And that a sweep drops. */
#define CHANGED_AT_ONCE 10000
#define DROPPED_AT_ONCE 64

/* Beyond, the oldest goes for each that comes. */
#define MAX_DEAD 10000

static int drop_dead(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                     const struct slk_storage_request *request, int64_t *count)
{
    if (entry->state != SLK_SQLITE_DEAD) {
        return SQLITE_OK;
    }
    ++*count;
    return slk_sqlite_entries_remove(inbox->entries, entry, request->now);
}

static int drop_oldest(struct slk_sqlite_inbox *inbox, int64_t now)
{
    struct slk_storage_request request = {.now = now};
    int64_t id, count = 0;
    int result = slk_sqlite_entries_died(inbox->entries, INT64_MAX, &id);
    if (slk_log_limit_count(&inbox->dead_limit, slk_clock_now()) > 0) {
        slk_log_write(inbox->log, SLK_LOG_WARN, SLK_SQLITE_INBOX_COMPONENT,
                      "there are %d dead entries, and no more are kept: the oldest are dropped",
                      MAX_DEAD);
    }
    return result == SQLITE_OK ? slk_sqlite_inbox_move_found(inbox, id, drop_dead, &request, &count)
                               : result;
}

int slk_sqlite_inbox_bury(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                          int64_t now, bool is_tried, struct slk_text error)
{
    struct slk_sqlite_entry_counts counts = {.dead = 0};
    int result = slk_sqlite_entries_bury(inbox->entries, entry, now, is_tried, error);
    if (result == SQLITE_OK) {
        result = slk_sqlite_entries_count(inbox->entries, &counts);
    }
    return result == SQLITE_OK && counts.dead > MAX_DEAD ? drop_oldest(inbox, now) : result;
}

static int revive_dead(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                       const struct slk_storage_request *request, int64_t *count)
{
    (void)request;
    if (entry->state != SLK_SQLITE_DEAD) {
        return SQLITE_OK;
    }
    ++*count;
    return slk_sqlite_entries_revive(inbox->entries, entry);
}

/* Those that died by then, up to a bound. */
static int move_dead(struct slk_sqlite_inbox *inbox, int64_t by, int64_t limit,
                     slk_sqlite_move *move, const struct slk_storage_request *request,
                     int64_t *count)
{
    int64_t id;
    int result;
    do {
        result = slk_sqlite_entries_died(inbox->entries, by, &id);
        if (result == SQLITE_OK && id != 0) {
            result = slk_sqlite_inbox_move_found(inbox, id, move, request, count);
        }
    } while (result == SQLITE_OK && id != 0 && *count < limit);
    return result;
}

/* Whether a process that lives has it. */
static int is_in_hand(struct slk_sqlite_inbox *inbox, const struct slk_sqlite_entry *entry,
                      bool *is)
{
    char name[8];
    bool is_dead = false;
    *is = entry->state == SLK_SQLITE_TAKEN;
    if (!*is || entry->holder == slk_sqlite_owners_self(inbox->owners)) {
        return SQLITE_OK;
    }
    int result = slk_sqlite_owners_check(inbox->owners, entry->holder, &is_dead, name, sizeof name);
    *is = !is_dead;
    return result;
}

/* Whatever its state, but for what a live process has in hand: so that what kills each process
 * that takes it can be got rid of. */
static int drop_named(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                      const struct slk_storage_request *request, int64_t *count)
{
    bool is_held;
    int result = is_in_hand(inbox, entry, &is_held);
    if (result != SQLITE_OK || is_held) {
        return result;
    }
    ++*count;
    return slk_sqlite_entries_remove(inbox->entries, entry, request->now);
}

/* all: what is done to the dead when none is named. */
static int run_on(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job,
                  slk_sqlite_move *named, slk_sqlite_move *all)
{
    int64_t count = 0;
    int result = job->request.value.length == 0
                     ? move_dead(inbox, INT64_MAX, CHANGED_AT_ONCE, all, &job->request, &count)
                     : slk_sqlite_inbox_move_listed(inbox, named, &job->request, &count);
    slk_storage_job_count(job, count);
    return result;
}

int slk_sqlite_inbox_retry(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    return run_on(inbox, job, revive_dead, revive_dead);
}

int slk_sqlite_inbox_drop(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    return run_on(inbox, job, drop_named, drop_dead);
}

int slk_sqlite_inbox_drop_old(struct slk_sqlite_inbox *inbox, int64_t now, bool *more)
{
    *more = false;
    if (!inbox->is_owner) {
        return SQLITE_OK; /* and does not know how long they are kept */
    }
    struct slk_storage_request request = {.now = now};
    int64_t count = 0, by = now - inbox->keep_dead;
    int result = move_dead(inbox, by, DROPPED_AT_ONCE, drop_dead, &request, &count);
    *more = count >= DROPPED_AT_ONCE;
    return result;
}

int slk_sqlite_inbox_list(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    static const struct {
        const char *name;
        enum slk_sqlite_entry_state state;
    } states[] = {{"", SLK_SQLITE_STATES},
                  {"waiting", SLK_SQLITE_READY},
                  {"taken", SLK_SQLITE_TAKEN},
                  {"delayed", SLK_SQLITE_DELAYED},
                  {"dead", SLK_SQLITE_DEAD}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (slk_text_is(job->request.key, states[i].name)) {
            int64_t after = slk_sqlite_inbox_read_id(job->request.value);
            return slk_sqlite_entry_list(inbox->lists, states[i].state, after, job);
        }
    }
    slk_storage_job_fail(job, "invalid", "there is no such state of an entry");
    return SQLITE_OK;
}

int slk_sqlite_inbox_stats(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    char text[256];
    struct slk_sqlite_entry_counts counts;
    int64_t owners = 0, received = 0;
    int result = slk_sqlite_entries_count(inbox->entries, &counts);
    if (result == SQLITE_OK) {
        result = slk_sqlite_owners_list(inbox->owners, NULL, &owners);
    }
    if (result == SQLITE_OK) {
        result = slk_sqlite_entry_oldest(inbox->lists, &received);
    }
    int64_t age = received != 0 && received < job->request.now ? job->request.now - received : 0;
    int length = snprintf(text, sizeof text,
                          "{\"waiting\":%" PRId64 ",\"taken\":%" PRId64 ",\"delayed\":%" PRId64
                          ",\"dead\":%" PRId64 ",\"owners\":%" PRId64 ",\"oldest\":%" PRId64 "}",
                          counts.waiting, counts.taken, counts.delayed, counts.dead, owners, age);
    slk_storage_job_give(job, text, (size_t)length);
    return result;
}

int slk_sqlite_inbox_owners(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int64_t count;
    slk_storage_job_begin_list(job);
    return slk_sqlite_owners_list(inbox->owners, job, &count);
}
