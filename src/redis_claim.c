#include "redis_claim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "clock.h"
#include "redis_failure.h"

#define COMPONENT "inbox"
#define GROUP     "inbox"
#define MAX_DEAD  "10000"

#define LOOK_EACH SLK_SECONDS(1)
#define MAX_LIMIT 1000
#define MAX_OWN   100                          /* at a time, when nothing else is wanted */
#define MAX_NAME  (SLK_STORAGE_MAX_OWNER + 48) /* own:OWNER:ID */
#define MAX_NAMES ((size_t)256 * 1024)

struct claim {
    struct slk_redis_inbox *inbox;
    struct slk_redis_connection *connection;
    int64_t patience;
    const _Atomic int64_t *hurry_at;
    struct slk_storage_job *job;
    struct slk_error *err;
    unsigned limit; /* 0: only what was sent to this owner, so that what is due stays so */
    bool has_tended, has_read;
    bool is_resuming; /* asked for what was lost */
    bool has_failed;
    bool is_spent;             /* left in the middle of an answer */
    bool was_groupless;        /* once: a second time it is somebody's doing */
    unsigned count;            /* of entries in the job */
    struct slk_buffer wakes;   /* names of entries that only wake, one a line */
    struct slk_buffer surplus; /* and of those over the limit, which Redis has for each stream */
};

static struct slk_text text(const char *words)
{
    return (struct slk_text){words, strlen(words)};
}

static bool is_hurried(const struct claim *claim)
{
    return atomic_load(claim->hurry_at) != SLK_NEVER;
}

/* Entries -------------------------------------------------------------------- */

struct entry {
    struct slk_text key, meta, body, attempts, takeovers, reason, mark;
};

static void set_field(struct entry *entry, const redisReply *name, struct slk_text value)
{
    switch (name->len == 1 ? name->str[0] : '\0') {
    case 'k': entry->key = value; break;
    case 'm': entry->meta = value; break;
    case 'b': entry->body = value; break;
    case 'a': entry->attempts = value; break;
    case 'n': entry->takeovers = value; break;
    case 'r': entry->reason = value; break;
    case 's': entry->mark = value; break;
    default: break;
    }
}

/* By names and values in turn. */
static struct entry read_entry(const redisReply *fields)
{
    struct entry entry = {.attempts = {"0", 1}, .takeovers = {"0", 1}};
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply *name = fields->element[i], *value = fields->element[i + 1];
        if (name->type == REDIS_REPLY_STRING && value->type == REDIS_REPLY_STRING) {
            set_field(&entry, name, (struct slk_text){value->str, value->len});
        }
    }
    return entry;
}

static void add_text(struct slk_storage_job *job, struct slk_text word)
{
    slk_storage_job_add_entry(job, word.length > 0 ? word.data : "", word.length);
}

static void write_id(char *place, size_t size, struct slk_redis_id id)
{
    snprintf(place, size, "%" PRIu64 "-%" PRIu64, id.ms, id.number);
}

/* The id is at the end of a name, whatever stands before. */
static void note_seen(struct slk_redis_inbox *inbox, struct slk_text name)
{
    char end[48];
    bool is_own = name.length > 4 && memcmp(name.data, "own:", 4) == 0;
    size_t length = name.length < sizeof end ? name.length : sizeof end - 1;
    snprintf(end, sizeof end, "%.*s", (int)length, name.data + name.length - length);
    const char *colon = strrchr(end, ':');
    struct slk_redis_id id = {0, 0}, *seen = is_own ? &inbox->seen_own : &inbox->seen_queue;
    if (sscanf(colon != NULL ? colon + 1 : end, "%" SCNu64 "-%" SCNu64, &id.ms, &id.number) == 2 &&
        (id.ms > seen->ms || (id.ms == seen->ms && id.number > seen->number))) {
        *seen = id;
    }
}

static void add_entry(struct claim *claim, struct slk_text name, const struct entry *entry,
                      struct slk_text reason)
{
    struct slk_storage_job *job = claim->job;
    if (claim->count++ == 0) {
        slk_storage_job_begin_list(job);
    }
    note_seen(claim->inbox, name);
    add_text(job, name);
    add_text(job, entry->key);
    add_text(job, entry->meta);
    add_text(job, entry->body);
    add_text(job, entry->attempts);
    add_text(job, reason.length > 0 ? reason : entry->reason);
    add_text(job, entry->takeovers);
}

/* What has come already is handed out all the same. */
static void fail(struct claim *claim, const redisReply *reply)
{
    struct slk_error err;
    claim->has_failed = true;
    if (claim->count > 0) {
        return;
    }
    const char *code =
        slk_redis_explain(slk_redis_connection_name(claim->connection), reply->str, &err);
    slk_storage_job_fail(claim->job, code, err.text);
}

/* Looking after the inbox ---------------------------------------------------- */

static int append_tend(struct claim *claim)
{
    struct slk_redis_inbox *inbox = claim->inbox;
    int64_t now = slk_clock_now();
    char limit[16], seen[24], queue[48], own[48];
    snprintf(limit, sizeof limit, "%u", claim->limit);
    snprintf(seen, sizeof seen, "%" PRId64, inbox->seen_at);
    write_id(queue, sizeof queue, inbox->seen_queue);
    write_id(own, sizeof own, inbox->seen_own);
    struct slk_text words[] = {
        inbox->owner,
        text(inbox->lease_ms.text),
        text(limit),
        text(inbox->max_takeovers.text),
        text(MAX_DEAD),
        text(inbox->keep_dead.text),
        text(now >= inbox->take_over_at ? "1" : ""),
        text(now >= inbox->sweep_at ? "1" : ""),
        text(inbox->is_lost ? seen : ""),
        text(queue),
        text(own),
    };
    return slk_redis_inbox_call(inbox, claim->connection, SLK_SCRIPT_TEND, words,
                                sizeof words / sizeof *words);
}

static void note_deaths(struct slk_redis_inbox *inbox, const redisReply *names)
{
    bool has_some = names->type == REDIS_REPLY_ARRAY && names->elements > 0 &&
                    names->element[0]->type == REDIS_REPLY_STRING;
    if (has_some && slk_log_limit_count(&inbox->deaths, slk_clock_now()) > 0) {
        slk_log_write(inbox->log, SLK_LOG_ERROR, COMPONENT,
                      "entry %s is given up: poison: more than %s processes died that had it. "
                      "`lua-slack inbox list` shows it",
                      names->element[0]->str, inbox->max_takeovers.text);
    }
}

/* [name, [name, value…], reason] */
static bool is_tended(const redisReply *item)
{
    return item->type == REDIS_REPLY_ARRAY && item->elements == 3 &&
           item->element[0]->type == REDIS_REPLY_STRING &&
           item->element[1]->type == REDIS_REPLY_ARRAY &&
           item->element[2]->type == REDIS_REPLY_STRING;
}

static void add_tended(struct claim *claim, const redisReply *list)
{
    for (size_t i = 0; i < list->elements; i++) {
        const redisReply *item = list->element[i];
        if (is_tended(item)) {
            const redisReply *name = item->element[0], *reason = item->element[2];
            struct entry entry = read_entry(item->element[1]);
            add_entry(claim, (struct slk_text){name->str, name->len}, &entry,
                      (struct slk_text){reason->str, reason->len});
        }
    }
}

/* [time, due, lapsed, died, dropped, entries] */
static void take_tended(struct claim *claim, const redisReply *reply)
{
    struct slk_redis_inbox *inbox = claim->inbox;
    if (slk_redis_inbox_lacks(inbox, SLK_SCRIPT_TEND, reply)) {
        return;
    } else if (reply->type == REDIS_REPLY_ERROR) {
        fail(claim, reply);
        return;
    } else if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 6) {
        slk_storage_job_fail(claim->job, "storage", "an answer to a claim that is none");
        claim->has_failed = true;
        return;
    }
    int64_t now = slk_clock_now(), due = reply->element[1]->integer;
    inbox->seen_at = reply->element[0]->integer;
    inbox->is_lost = false;
    int64_t pause = inbox->lease / 3 < LOOK_EACH ? inbox->lease / 3 : LOOK_EACH;
    inbox->tend_at = claim->is_resuming ? now : now + pause;
    if (claim->limit > 0 && due >= 0 && due < pause / SLK_MS(1)) {
        inbox->tend_at = now + SLK_MS(due);
    }
    inbox->sweep_at = now >= inbox->sweep_at ? now + inbox->lease : inbox->sweep_at;
    slk_redis_inbox_note_lease(inbox, reply->element[2]->integer == 1);
    note_deaths(inbox, reply->element[3]);
    slk_redis_inbox_note_drops(inbox, reply->element[4]->integer);
    add_tended(claim, reply->element[5]);
}

/* Reading -------------------------------------------------------------------- */

/* block: milliseconds; 0: not at all. The time that the server says after it is one that
 * nothing in the answer comes after. */
static int append_read(struct claim *claim, int64_t block)
{
    struct slk_redis_inbox *inbox = claim->inbox;
    struct slk_text words[16] = {text("XREADGROUP"), text("GROUP"), text(GROUP), inbox->owner,
                                 text("COUNT")};
    char count[16], wait[24];
    size_t length = 5;
    snprintf(count, sizeof count, "%u", claim->limit > 0 ? claim->limit - claim->count : MAX_OWN);
    words[length++] = text(count);
    if (block > 0) {
        snprintf(wait, sizeof wait, "%" PRId64, block);
        words[length++] = text("BLOCK");
        words[length++] = text(wait);
    }
    words[length++] = text("STREAMS");
    words[length++] = inbox->own;
    if (claim->limit > 0) {
        words[length++] = inbox->queue;
        words[length++] = text(">");
    }
    words[length++] = text(">");
    int status = slk_redis_connection_append(claim->connection, words, length);
    struct slk_text time = text("TIME");
    return status == SLK_OK ? slk_redis_connection_append(claim->connection, &time, 1) : status;
}

static void add_read(struct claim *claim, const redisReply *entry, bool is_own)
{
    struct slk_redis_inbox *inbox = claim->inbox;
    const redisReply *id = entry->element[0];
    struct entry read = read_entry(entry->element[1]);
    if (!is_own && claim->count >= claim->limit) {
        (void)slk_buffer_append(&claim->surplus, id->str, id->len);
        (void)slk_buffer_append(&claim->surplus, "\n", 1);
        return;
    } else if (!is_own) {
        add_entry(claim, (struct slk_text){id->str, id->len}, &read, (struct slk_text){"", 0});
        return;
    }
    char name[MAX_NAME];
    int length = snprintf(name, sizeof name, "own:%.*s:%.41s", (int)inbox->owner.length,
                          inbox->owner.data, id->str);
    if (slk_text_is(read.mark, "wake")) {
        name[length] = '\n';
        (void)slk_buffer_append(&claim->wakes, name, (size_t)length + 1);
        inbox->tend_at = 0;
    } else {
        add_entry(claim, (struct slk_text){name, (size_t)length}, &read, (struct slk_text){"", 0});
    }
}

static bool is_pair(const redisReply *reply, int second)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
           reply->element[0]->type == REDIS_REPLY_STRING && reply->element[1]->type == second;
}

/* [[stream, [[id, [name, value…]]…]]…], or nil. */
static void add_streams(struct claim *claim, const redisReply *reply)
{
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        const redisReply *stream = reply->element[i];
        if (!is_pair(stream, REDIS_REPLY_ARRAY)) {
            continue;
        }
        const redisReply *key = stream->element[0], *list = stream->element[1];
        bool is_own = key->len == claim->inbox->own.length &&
                      memcmp(key->str, claim->inbox->own.data, key->len) == 0;
        for (size_t j = 0; j < list->elements; j++) {
            if (is_pair(list->element[j], REDIS_REPLY_ARRAY)) {
                add_read(claim, list->element[j], is_own);
            }
        }
    }
}

/* The group goes with the stream, when all keys are removed or the server starts empty. */
static bool lacks_group(const redisReply *reply)
{
    return strncmp(reply->str, "NOGROUP", 7) == 0 || strncmp(reply->str, "UNBLOCKED", 9) == 0;
}

static void take_read(struct claim *claim, const redisReply *reply, const redisReply *time)
{
    struct slk_redis_inbox *inbox = claim->inbox;
    inbox->answered_at = slk_clock_now();
    if (reply->type == REDIS_REPLY_ERROR && lacks_group(reply) && !claim->was_groupless) {
        claim->was_groupless = true;
        inbox->tend_at = 0;
        return;
    } else if (reply->type == REDIS_REPLY_ERROR) {
        fail(claim, reply);
        return;
    }
    claim->has_read = true;
    if (time->type == REDIS_REPLY_ARRAY && time->elements == 2) {
        inbox->seen_at = strtoll(time->element[0]->str, NULL, 10) * 1000 +
                         strtoll(time->element[1]->str, NULL, 10) / 1000;
    }
    add_streams(claim, reply);
}

/* Talking -------------------------------------------------------------------- */

/* Takes an answer. LATER with is_spent when the store is being closed. */
static enum slk_redis_progress receive(struct claim *claim, int64_t until, redisReply **reply)
{
    enum slk_redis_progress progress = slk_redis_connection_receive_idly(
        claim->connection, until + claim->patience, reply, claim->err);
    claim->is_spent = progress == SLK_REDIS_LATER && is_hurried(claim);
    return progress;
}

static enum slk_redis_progress fail_memory(struct claim *claim)
{
    slk_error_set(claim->err, "memory", "out of memory for a command");
    return SLK_REDIS_FAILED;
}

static enum slk_redis_progress tend(struct claim *claim)
{
    redisReply *reply;
    claim->is_resuming = claim->inbox->is_lost;
    if (append_tend(claim) != SLK_OK) {
        return fail_memory(claim);
    }
    claim->inbox->is_lost = true; /* until it has come */
    enum slk_redis_progress progress = receive(claim, slk_clock_now(), &reply);
    if (progress == SLK_REDIS_DONE) {
        take_tended(claim, reply);
        freeReplyObject(reply);
    }
    return progress;
}

static enum slk_redis_progress call(struct claim *claim, enum slk_redis_script script,
                                    const struct slk_text *words, size_t count)
{
    redisReply *reply;
    bool is_lacking = true;
    enum slk_redis_progress progress = SLK_REDIS_DONE;
    while (progress == SLK_REDIS_DONE && is_lacking) {
        if (slk_redis_inbox_call(claim->inbox, claim->connection, script, words, count) != SLK_OK) {
            return fail_memory(claim);
        }
        progress = receive(claim, slk_clock_now(), &reply);
        if (progress == SLK_REDIS_DONE) {
            is_lacking = slk_redis_inbox_lacks(claim->inbox, script, reply);
            freeReplyObject(reply);
        }
    }
    return progress;
}

/* What only woke this claim has done so. */
static enum slk_redis_progress remove_wakes(struct claim *claim)
{
    struct slk_text names = {claim->wakes.data, claim->wakes.length};
    enum slk_redis_progress progress = call(claim, SLK_SCRIPT_DONE, &names, 1);
    slk_buffer_free(&claim->wakes);
    return progress;
}

/* The others may have it. Until that is sure it counts as lost. */
static enum slk_redis_progress give_surplus_back(struct claim *claim, int64_t seen_at)
{
    struct slk_redis_inbox *inbox = claim->inbox;
    struct slk_text words[] = {inbox->owner, {claim->surplus.data, claim->surplus.length}, {"", 0}};
    enum slk_redis_progress progress = call(claim, SLK_SCRIPT_BACK, words, 3);
    if (progress != SLK_REDIS_DONE) {
        inbox->is_lost = true;
        inbox->seen_at = seen_at;
    }
    slk_buffer_free(&claim->surplus);
    return progress;
}

static enum slk_redis_progress read_streams(struct claim *claim, int64_t until)
{
    redisReply *reply, *time;
    int64_t seen_at = claim->inbox->seen_at;
    int64_t now = slk_clock_now(), left = until > now ? until - now : 0;
    if (append_read(claim, (left + SLK_MS(1) - 1) / SLK_MS(1)) != SLK_OK) {
        return fail_memory(claim);
    }
    claim->inbox->is_lost = true; /* until it has come */
    enum slk_redis_progress progress = receive(claim, now + left, &reply);
    if (progress != SLK_REDIS_DONE) {
        return progress;
    }
    progress = receive(claim, slk_clock_now(), &time);
    if (progress == SLK_REDIS_DONE) {
        claim->inbox->is_lost = false;
        take_read(claim, reply, time);
        freeReplyObject(time);
    }
    freeReplyObject(reply);
    return progress == SLK_REDIS_DONE && claim->surplus.length > 0
               ? give_surplus_back(claim, seen_at)
               : progress;
}

/* Rounds --------------------------------------------------------------------- */

static bool must_tend(const struct claim *claim)
{
    const struct slk_redis_inbox *inbox = claim->inbox;
    bool is_only = claim->job->request.wait_until == 0 && !claim->has_tended;
    return claim->count == 0 && (inbox->is_lost || is_only || slk_clock_now() >= inbox->tend_at);
}

/* There is nothing to wait for when something has come. */
static int64_t read_until(const struct claim *claim)
{
    int64_t until = claim->job->request.wait_until, tend_at = claim->inbox->tend_at;
    return claim->count > 0 ? 0 : until < tend_at ? until : tend_at;
}

static enum slk_redis_progress run_round(struct claim *claim)
{
    if (claim->wakes.length > 0) {
        return remove_wakes(claim);
    } else if (must_tend(claim)) {
        claim->has_tended = true;
        return tend(claim);
    }
    return read_streams(claim, read_until(claim));
}

static bool is_finished(const struct claim *claim)
{
    bool is_enough = claim->count > 0 && (claim->has_read || claim->count >= claim->limit);
    return claim->has_failed || is_enough ||
           (claim->has_read && slk_clock_now() >= claim->job->request.wait_until);
}

static enum slk_redis_progress run(struct claim *claim)
{
    enum slk_redis_progress progress = SLK_REDIS_DONE;
    while (progress == SLK_REDIS_DONE && !is_finished(claim) && !is_hurried(claim)) {
        progress = run_round(claim);
    }
    if (progress == SLK_REDIS_DONE && claim->wakes.length > 0 && !is_hurried(claim)) {
        progress = remove_wakes(claim);
    }
    return claim->is_spent ? SLK_REDIS_DONE : progress;
}

enum slk_redis_progress slk_redis_claim(struct slk_redis_inbox *inbox,
                                        struct slk_redis_connection *connection, int64_t patience,
                                        const _Atomic int64_t *hurry_at,
                                        struct slk_storage_job *job, bool *is_spent,
                                        struct slk_error *err)
{
    unsigned limit = job->request.limit;
    struct claim claim = {
        .inbox = inbox,
        .connection = connection,
        .patience = patience,
        .hurry_at = hurry_at,
        .job = job,
        .err = err,
        .limit = limit < MAX_LIMIT ? limit : MAX_LIMIT,
    };
    slk_buffer_init(&claim.wakes, MAX_NAMES);
    slk_buffer_init(&claim.surplus, MAX_NAMES);
    inbox->has_left = false;
    inbox->has_claimed = true;
    enum slk_redis_progress progress = run(&claim);
    if (progress == SLK_REDIS_DONE && !claim.has_failed && claim.count == 0) {
        slk_storage_job_begin_list(job);
    }
    *is_spent = claim.is_spent;
    slk_buffer_free(&claim.wakes);
    return progress;
}
