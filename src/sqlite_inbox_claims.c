#include "sqlite_inbox_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"

/* A claim ends with the entry that brings it there. */
#define CLAIM_BYTES ((size_t)4 * 1024 * 1024)

/* What one claim moves at most of what is due and of what dead owners had, some 20 ms: the
 * lock is others', too. */
#define MOVED_AT_ONCE 1000

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
    int result = slk_sqlite_entries_ready(inbox->entries, &found);
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

static int bury_poison(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry, int64_t now)
{
    char text[160];
    int length =
        snprintf(text, sizeof text, "poison: the process that handled this died, %" PRId64 " times",
                 entry->takeovers + 1);
    if (slk_log_limit_count(&inbox->poison_limit, slk_clock_now()) > 0) {
        slk_log_write(inbox->log, SLK_LOG_ERROR, SLK_SQLITE_INBOX_COMPONENT,
                      "entry %" PRId64 " is given up: %s. `lua-slack inbox list` shows it",
                      entry->id, text);
    }
    return slk_sqlite_inbox_bury(inbox, entry, now, false, (struct slk_text){text, (size_t)length});
}

static int take_over(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
                     const struct slk_storage_request *request, int64_t *count)
{
    ++*count;
    return entry->takeovers >= inbox->max_takeovers
               ? bury_poison(inbox, entry, request->now)
               : slk_sqlite_entries_take_back(inbox->entries, entry);
}

/* An owner for people, HOST:PID, where it is called HOST.BOOT.NAMESPACE.PID.RANDOM. */
static void label_of(const char *name, char *label, size_t size)
{
    char host[65], pid[21];
    int end = 0;
    if (sscanf(name, "%64[^.].%*[^.].%*[^.].%20[0-9].%*[0-9a-f]%n", host, pid, &end) == 2 &&
        end > 0 && name[end] == '\0') {
        snprintf(label, size, "%s:%s", host, pid);
    } else {
        snprintf(label, size, "%s", name);
    }
}

/* All that it had waits again, up to a bound. */
static int take_over_all(struct slk_sqlite_inbox *inbox, int64_t owner, const char *name,
                         const struct slk_storage_request *request, int64_t *count)
{
    int64_t id = 0, taken = 0;
    char label[128];
    int result;
    do {
        result = slk_sqlite_entries_taken(inbox->entries, owner, &id);
        if (result == SQLITE_OK && id != 0) {
            result = slk_sqlite_inbox_move_found(inbox, id, take_over, request, &taken);
        }
    } while (result == SQLITE_OK && id != 0 && *count + taken < MOVED_AT_ONCE);
    *count += taken;
    label_of(name, label, sizeof label);
    slk_log_write(inbox->log, SLK_LOG_WARN, SLK_SQLITE_INBOX_COMPONENT,
                  "deliveries that %s had are taken over, as it has ended or is stuck: %" PRId64,
                  label, taken);
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

static int release(struct slk_sqlite_inbox *inbox, struct slk_sqlite_entry *entry,
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
            result = slk_sqlite_inbox_move_found(inbox, id, release, request, &count);
        }
    } while (result == SQLITE_OK && id != 0 && count < MOVED_AT_ONCE);
    return result;
}

static int claim_one(struct slk_sqlite_inbox *inbox, int64_t id, struct slk_storage_job *job)
{
    struct slk_sqlite_entry entry;
    bool is_there;
    int result = slk_sqlite_entries_find(inbox->entries, id, &entry, &is_there);
    if (result != SQLITE_OK || !is_there) {
        return result == SQLITE_OK ? SQLITE_CORRUPT : result; /* the index has it */
    }
    result = slk_sqlite_entry_give(inbox->lists, entry.id, job);
    return result == SQLITE_OK ? slk_sqlite_entries_take(inbox->entries, &entry,
                                                         slk_sqlite_owners_self(inbox->owners))
                               : result;
}

int slk_sqlite_inbox_claim(struct slk_sqlite_inbox *inbox, struct slk_storage_job *job)
{
    int result = slk_sqlite_owners_join(inbox->owners, false);
    slk_storage_job_begin_list(job);
    if (result == SQLITE_OK) {
        result = free_dead_owners(inbox, &job->request);
    }
    if (result == SQLITE_OK) {
        result = free_due(inbox, &job->request);
    }
    int64_t id = 1;
    for (unsigned i = 0; i < job->request.limit && id != 0 && result == SQLITE_OK; i++) {
        result = slk_sqlite_entries_ready(inbox->entries, &id);
        if (result == SQLITE_OK && id != 0) {
            result = claim_one(inbox, id, job);
        }
        if (job->text.length >= CLAIM_BYTES) {
            break;
        }
    }
    return result;
}
