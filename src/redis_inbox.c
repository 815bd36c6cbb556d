#include "redis_inbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "clock.h"
#include "redis_failure.h"

#define COMPONENT "inbox"

#define BASE  "inbox:"
#define QUEUE "queue"
#define OWN   "own:"

#define MAX_WORDS 12
#define MAX_KEY   ((size_t)2048)
#define MAX_BODY  ((size_t)16 * 1024 * 1024)

/* Dead entries that are kept, and what may lie in the own stream of one process. */
#define MAX_DEAD "10000"
#define MAX_OWN  "10000"

/* Bytes of keys of what may have been taken. */
#define MAX_UNSURE ((size_t)64 * 1024)

#define MAX_PAGE 1000 /* of a list */

/* In a row, after which a server that lacks a script, even when it was sent whole, is not
 * asked again: twice as many as are sent at once. */
#define MAX_LACKING 2000

/* Life ----------------------------------------------------------------------- */

static struct slk_redis_number number(int64_t value)
{
    struct slk_redis_number result;
    snprintf(result.text, sizeof result.text, "%" PRId64, value);
    return result;
}

static struct slk_text text(const char *words)
{
    return (struct slk_text){words, strlen(words)};
}

/* As Redis knows a script again. */
static void compute_sha(const char *script, char *sha)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(script, strlen(script), digest, &size, EVP_sha1(), NULL) == 1 &&
        2 * size < SLK_REDIS_SHA_SIZE) {
        for (unsigned i = 0; i < size; i++) {
            snprintf(sha + 2 * i, 3, "%02x", digest[i]);
        }
    }
}

/* Puts the parts together as *to, at place, and returns where that ends. */
static char *join(struct slk_text *to, char *place, struct slk_text a, const char *b,
                  struct slk_text c)
{
    char *at = place;
    struct slk_text part;
    at = slk_text_copy(&part, a, at);
    at = slk_text_copy(&part, text(b), at);
    at = slk_text_copy(&part, c, at);
    *to = (struct slk_text){place, (size_t)(at - place)};
    return at;
}

struct slk_redis_inbox *slk_redis_inbox_create(struct slk_text prefix,
                                               const struct slk_storage_inbox *settings,
                                               struct slk_log *log)
{
    struct slk_text none = {"", 0}, owner = text(settings->owner != NULL ? settings->owner : "");
    size_t size = 3 * (prefix.length + sizeof BASE) + sizeof QUEUE + sizeof OWN + 2 * owner.length;
    struct slk_redis_inbox *inbox = calloc(1, sizeof *inbox + size);
    if (inbox == NULL) {
        return NULL;
    }
    char *at = join(&inbox->base, inbox->bytes, prefix, BASE, none);
    at = join(&inbox->queue, at, inbox->base, QUEUE, none);
    at = slk_text_copy(&inbox->owner, owner, at);
    join(&inbox->own, at, inbox->base, OWN, owner);
    inbox->lease = settings->lease;
    inbox->lease_ms = number(settings->lease / SLK_MS(1));
    inbox->max_entries = number(settings->max_entries);
    inbox->max_takeovers = number(settings->max_takeovers);
    inbox->keep_dead = number(settings->keep_dead);
    inbox->log = log != NULL ? slk_log_retain(log) : NULL;
    for (int i = 0; i < SLK_SCRIPTS; i++) {
        compute_sha(slk_redis_scripts[i], inbox->shas[i]);
    }
    return inbox;
}

void slk_redis_inbox_destroy(struct slk_redis_inbox *inbox)
{
    if (inbox != NULL) {
        slk_log_release(inbox->log);
        free(inbox->unsure);
        free(inbox);
    }
}

/* Scripts -------------------------------------------------------------------- */

int slk_redis_inbox_call(struct slk_redis_inbox *inbox, struct slk_redis_connection *connection,
                         enum slk_redis_script script, const struct slk_text *words, size_t count)
{
    struct slk_text all[MAX_WORDS + 4];
    bool is_known = inbox->is_known[script];
    all[0] = text(is_known ? "EVALSHA" : "EVAL");
    all[1] = text(is_known ? inbox->shas[script] : slk_redis_scripts[script]);
    all[2] = text("1");
    all[3] = inbox->base;
    memcpy(all + 4, words, count * sizeof *words);
    int status = slk_redis_connection_append(connection, all, count + 4);
    if (status == SLK_OK) {
        inbox->is_known[script] = inbox->shas[script][0] != '\0';
    }
    return status;
}

bool slk_redis_inbox_lacks(struct slk_redis_inbox *inbox, enum slk_redis_script script,
                           const redisReply *reply)
{
    bool is = reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0;
    inbox->lacking = is ? inbox->lacking + 1 : 0;
    if (is) {
        inbox->is_known[script] = false;
    }
    return is && inbox->lacking % MAX_LACKING != 0;
}

static enum slk_redis_script script_of(const struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_INBOX_PUT: return SLK_SCRIPT_PUT;
    case SLK_INBOX_DONE: return SLK_SCRIPT_DONE;
    case SLK_INBOX_PARK: return SLK_SCRIPT_PARK;
    case SLK_INBOX_FAIL: return SLK_SCRIPT_FAIL;
    case SLK_INBOX_BACK: return SLK_SCRIPT_BACK;
    case SLK_INBOX_LIST: return SLK_SCRIPT_LIST;
    case SLK_INBOX_RETRY: return SLK_SCRIPT_RETRY;
    case SLK_INBOX_DROP: return SLK_SCRIPT_DROP;
    case SLK_INBOX_STATS: return SLK_SCRIPT_STATS;
    case SLK_INBOX_SEND: return SLK_SCRIPT_SEND;
    case SLK_INBOX_MOVE: return SLK_SCRIPT_MOVE;
    default: return SLK_SCRIPT_OWNERS;
    }
}

bool slk_redis_inbox_repeats(const struct slk_storage_job *job)
{
    return slk_storage_job_is_inbox(job) && job->request.operation != SLK_INBOX_SEND &&
           job->request.operation != SLK_INBOX_MOVE;
}

static bool needs_owner(const struct slk_storage_job *job)
{
    switch (job->request.operation) {
    case SLK_INBOX_LIST:
    case SLK_INBOX_RETRY:
    case SLK_INBOX_DROP:
    case SLK_INBOX_STATS:
    case SLK_INBOX_OWNERS: return false;
    default: return true;
    }
}

bool slk_redis_inbox_refuses(const struct slk_redis_inbox *inbox, struct slk_storage_job *job)
{
    if (inbox->owner.length == 0 && needs_owner(job)) {
        slk_storage_job_refuse(job);
        return true;
    }
    if (inbox->base.length + job->request.key.length + job->request.order.length > MAX_KEY) {
        slk_storage_job_fail(job, "too_large", "the key or order of an entry is too long");
        return true;
    }
    if (job->request.value.length > MAX_BODY) {
        slk_storage_job_fail(job, "too_large", "the inbox takes entries of up to 16 MB");
        return true;
    }
    return false;
}

/* Jobs ----------------------------------------------------------------------- */

/* Milliseconds, by the server's clock, from when it carries this out. */
static struct slk_redis_number life(const struct slk_storage_request *request)
{
    int64_t left = request->expires_at == SLK_STORAGE_KEPT ? INT64_C(100) * 365 * 86400 * 1000
                                                           : request->expires_at - request->now;
    return number(left > 0 ? left : 0);
}

static struct slk_redis_number page(const struct slk_storage_request *request)
{
    return number(request->limit < MAX_PAGE ? request->limit : MAX_PAGE);
}

static int append_put(struct slk_redis_inbox *inbox, struct slk_redis_connection *connection,
                      const struct slk_storage_job *job)
{
    const struct slk_storage_request *request = &job->request;
    struct slk_redis_number left = life(request);
    struct slk_text words[] = {
        request->key,
        text(left.text),
        text(inbox->keep_dead.text),
        text(inbox->max_entries.text),
        request->meta,
        request->value,
        request->order,
        inbox->owner,
        text(inbox->lease_ms.text),
    };
    size_t count = sizeof words / sizeof *words - (request->take ? 0 : 2);
    return slk_redis_inbox_call(inbox, connection, SLK_SCRIPT_PUT, words, count);
}

#define CALL(...)                                                                                  \
    slk_redis_inbox_call(inbox, connection, script_of(job), (struct slk_text[]){__VA_ARGS__},      \
                         sizeof((struct slk_text[]){__VA_ARGS__}) / sizeof(struct slk_text))

int slk_redis_inbox_append(struct slk_redis_inbox *inbox, struct slk_redis_connection *connection,
                           const struct slk_storage_job *job)
{
    const struct slk_storage_request *request = &job->request;
    struct slk_text key = request->key, value = request->value, meta = request->meta;
    struct slk_redis_number count;
    switch (request->operation) {
    case SLK_INBOX_PUT: return append_put(inbox, connection, job);
    case SLK_INBOX_FAIL:
        count = number(request->by);
        return CALL(inbox->owner, key, text(count.text), value, meta, text(MAX_DEAD));
    case SLK_INBOX_BACK:
        inbox->has_left = inbox->has_left || value.length == 0;
        return CALL(inbox->owner, value, meta, text(inbox->lease_ms.text));
    case SLK_INBOX_LIST:
        count = page(request);
        return CALL(slk_text_is(key, "all") ? (struct slk_text){"", 0} : key, text(count.text),
                    value);
    case SLK_INBOX_SEND: return CALL(key, meta, value, text(MAX_OWN));
    case SLK_INBOX_MOVE: return CALL(inbox->owner, key, value, text(MAX_OWN));
    case SLK_INBOX_DONE:
    case SLK_INBOX_PARK:
    case SLK_INBOX_RETRY:
    case SLK_INBOX_DROP: return CALL(value);
    default: return CALL(inbox->owner);
    }
}

/* Replies -------------------------------------------------------------------- */

static void fail(struct slk_storage_job *job, const char *words, const char *name)
{
    struct slk_error err;
    const char *code = slk_redis_explain(name, words, &err);
    slk_storage_job_fail(job, code, err.text);
}

static void fail_full(const struct slk_redis_inbox *inbox, struct slk_storage_job *job,
                      const char *name)
{
    struct slk_error err;
    slk_error_set(&err, "full",
                  "the inbox in %s has its max_entries, %s, that are not done: start more workers, "
                  "or raise it",
                  name, inbox->max_entries.text);
    slk_storage_job_fail(job, "full", err.text);
}

static void conclude_put(const struct slk_redis_inbox *inbox, struct slk_storage_job *job,
                         const redisReply *reply, const char *name)
{
    if (reply->type == REDIS_REPLY_STRING) {
        slk_storage_job_give(job, reply->str, reply->len);
    } else if (reply->integer < 0) {
        fail_full(inbox, job, name);
    } else {
        slk_storage_job_decide(job, reply->integer == 1);
    }
}

/* Gone, full, or no longer ours: it has not got it. */
static void conclude_hand_over(struct slk_storage_job *job, int64_t result)
{
    if (result == -1) {
        slk_storage_job_fail(job, "full",
                             "too much lies there that the other process has not "
                             "taken yet");
    } else {
        slk_storage_job_decide(job, result == 1);
    }
}

static void add(struct slk_storage_job *job, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER) {
        struct slk_redis_number value = number(reply->integer);
        slk_storage_job_add_entry(job, value.text, strlen(value.text));
    } else {
        slk_storage_job_add_entry(job, reply->str != NULL ? reply->str : "", reply->len);
    }
}

/* A list of texts, or of lists of texts, in one row. */
static void conclude_list(struct slk_storage_job *job, const redisReply *reply)
{
    slk_storage_job_begin_list(job);
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *item = reply->element[i];
        if (item->type != REDIS_REPLY_ARRAY) {
            add(job, item);
            continue;
        }
        for (size_t j = 0; j < item->elements; j++) {
            add(job, item->element[j]);
        }
    }
}

static void conclude_failure(struct slk_redis_inbox *inbox, struct slk_storage_job *job,
                             const redisReply *reply)
{
    bool is_pair = reply->elements == 2;
    const redisReply *result = is_pair ? reply->element[0] : NULL;
    if (is_pair && result->type == REDIS_REPLY_STRING) {
        slk_storage_job_give(job, result->str, result->len);
    } else {
        slk_storage_job_decide(job, is_pair && result->integer == 1);
    }
    slk_redis_inbox_note_drops(inbox, is_pair ? reply->element[1]->integer : 0);
}

/* Whether such a job is answered so: from nothing else follows that something was done. */
static bool is_answer(const struct slk_storage_job *job, const redisReply *reply)
{
    switch (job->request.operation) {
    case SLK_INBOX_PUT:
        return reply->type == REDIS_REPLY_INTEGER ||
               (reply->type == REDIS_REPLY_STRING && job->request.take);
    case SLK_INBOX_FAIL:
    case SLK_INBOX_LIST:
    case SLK_INBOX_OWNERS: return reply->type == REDIS_REPLY_ARRAY;
    case SLK_INBOX_STATS: return reply->type == REDIS_REPLY_STRING;
    default: return reply->type == REDIS_REPLY_INTEGER;
    }
}

void slk_redis_inbox_conclude(struct slk_redis_inbox *inbox, struct slk_storage_job *job,
                              const redisReply *reply, const char *name)
{
    if (slk_redis_inbox_lacks(inbox, script_of(job), reply)) {
        return;
    } else if (reply->type == REDIS_REPLY_ERROR) {
        fail(job, reply->str, name);
        return;
    } else if (!is_answer(job, reply)) {
        slk_storage_job_fail(job, "storage", "an answer to an inbox that is none");
        return;
    }
    switch (job->request.operation) {
    case SLK_INBOX_PUT: conclude_put(inbox, job, reply, name); break;
    case SLK_INBOX_FAIL: conclude_failure(inbox, job, reply); break;
    case SLK_INBOX_BACK:
    case SLK_INBOX_RETRY:
    case SLK_INBOX_DROP: slk_storage_job_count(job, reply->integer); break;
    case SLK_INBOX_STATS: slk_storage_job_give(job, reply->str, reply->len); break;
    case SLK_INBOX_SEND:
    case SLK_INBOX_MOVE: conclude_hand_over(job, reply->integer); break;
    case SLK_INBOX_LIST:
    case SLK_INBOX_OWNERS: conclude_list(job, reply); break;
    default: slk_storage_job_decide(job, reply->integer == 1);
    }
}

/* What may have been taken ------------------------------------------------------ */

/* Without memory, or with too many, it is handled again when this process stops. */
void slk_redis_inbox_note_failure(struct slk_redis_inbox *inbox, const struct slk_storage_job *job)
{
    struct slk_text key = job->request.key;
    if (job->request.operation != SLK_INBOX_PUT || !job->request.take ||
        inbox->unsure_length + key.length >= MAX_UNSURE) {
        return;
    }
    char *grown = realloc(inbox->unsure, inbox->unsure_length + key.length + 1);
    if (grown != NULL) {
        memcpy(grown + inbox->unsure_length, key.data, key.length);
        inbox->unsure = grown;
        inbox->unsure_length += key.length + 1;
        inbox->unsure[inbox->unsure_length - 1] = '\n';
        inbox->renew_at = slk_clock_now();
    }
}

int slk_redis_inbox_append_undo(struct slk_redis_inbox *inbox,
                                struct slk_redis_connection *connection)
{
    struct slk_text words[] = {inbox->owner, {inbox->unsure, inbox->unsure_length}};
    return slk_redis_inbox_call(inbox, connection, SLK_SCRIPT_UNDO, words, 2);
}

void slk_redis_inbox_take_undo(struct slk_redis_inbox *inbox, const redisReply *reply)
{
    if (slk_redis_inbox_lacks(inbox, SLK_SCRIPT_UNDO, reply)) {
        inbox->renew_at = slk_clock_now();
    } else if (reply->type == REDIS_REPLY_INTEGER) {
        free(inbox->unsure);
        inbox->unsure = NULL;
        inbox->unsure_length = 0;
    }
}

/* The lease ------------------------------------------------------------------ */

int slk_redis_inbox_append_renewal(struct slk_redis_inbox *inbox,
                                   struct slk_redis_connection *connection)
{
    struct slk_text words[] = {inbox->owner, text(inbox->lease_ms.text),
                               text(inbox->has_claimed ? "1" : "")};
    return slk_redis_inbox_call(inbox, connection, SLK_SCRIPT_RENEW, words, 3);
}

void slk_redis_inbox_take_renewal(struct slk_redis_inbox *inbox, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER && reply->integer < 0) {
        inbox->renew_at = slk_clock_now() + inbox->lease / 3;
    } else if (reply->type == REDIS_REPLY_INTEGER) {
        slk_redis_inbox_note_lease(inbox, reply->integer == 1);
    } else if (!slk_redis_inbox_lacks(inbox, SLK_SCRIPT_RENEW, reply)) {
        inbox->renew_at = slk_clock_now() + SLK_SECONDS(1);
    }
}

/* When the server was away, the leases of all ran out together: who is back first waits a
 * little for the others before it thinks them dead. */
void slk_redis_inbox_note_return(struct slk_redis_inbox *inbox)
{
    int64_t now = slk_clock_now();
    if (inbox->answered_at != 0 && now - inbox->answered_at > inbox->lease / 2) {
        inbox->take_over_at = now + inbox->lease / 2;
    }
}

void slk_redis_inbox_note_lease(struct slk_redis_inbox *inbox, bool has_lapsed)
{
    int64_t now = slk_clock_now();
    inbox->renew_at = now + inbox->lease / 3;
    inbox->answered_at = now;
    if (has_lapsed && inbox->is_registered) {
        inbox->take_over_at = now + inbox->lease / 2;
        if (slk_log_limit_count(&inbox->lapses, now) > 0) {
            slk_log_write(inbox->log, SLK_LOG_WARN, COMPONENT,
                          "the lease of this process had run out: what others have taken over "
                          "meanwhile may be handled twice");
        }
    }
    inbox->is_registered = true;
}

void slk_redis_inbox_note_drops(struct slk_redis_inbox *inbox, int64_t count)
{
    uint64_t times = count > 0 ? slk_log_limit_count(&inbox->drops, slk_clock_now()) : 0;
    if (times > 0) {
        slk_log_write(inbox->log, SLK_LOG_WARN, COMPONENT,
                      "there are %s dead entries, and no more are kept: the oldest are dropped",
                      MAX_DEAD);
    }
}
