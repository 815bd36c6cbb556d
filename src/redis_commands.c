#include "redis_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_batch.h"
#include "redis_failure.h"

#define MAX_KEY   2048
#define MAX_WORDS 8

/* Sent whole each time: Redis knows a script again by its text, and after SCRIPT FLUSH or
 * a restart nothing has to be done. KEYS[1] is the key. */

/* ARGV: expected, new, milliseconds or "" */
static const char replace_script[] = "if redis.call('GET',KEYS[1])~=ARGV[1] then return 0 end "
                                     "if ARGV[3]=='' then redis.call('SET',KEYS[1],ARGV[2]) "
                                     "else redis.call('SET',KEYS[1],ARGV[2],'PX',ARGV[3]) end "
                                     "return 1";

/* ARGV: expected */
static const char delete_script[] = "if redis.call('GET',KEYS[1])~=ARGV[1] then return 0 end "
                                    "return redis.call('DEL',KEYS[1])";

/* ARGV: by, milliseconds. A sum over 2^53 would lose digits on its way through Lua, so it
 * is given as text. */
static const char incr_script[] = "local had=redis.call('EXISTS',KEYS[1]) "
                                  "redis.call('INCRBY',KEYS[1],ARGV[1]) "
                                  "if had==0 then redis.call('PEXPIRE',KEYS[1],ARGV[2]) end "
                                  "return redis.call('GET',KEYS[1])";

struct command {
    struct slk_text words[MAX_WORDS];
    size_t count;
    char key[MAX_KEY];
    char number[24];
    char life[24]; /* milliseconds */
};

static void add(struct command *command, struct slk_text word)
{
    command->words[command->count++] = word;
}

static void add_text(struct command *command, const char *word)
{
    add(command, (struct slk_text){word, strlen(word)});
}

static void add_key(struct command *command, struct slk_text prefix, struct slk_text key)
{
    struct slk_text whole;
    memcpy(command->key, prefix.data, prefix.length);
    memcpy(command->key + prefix.length, key.data, key.length);
    whole = (struct slk_text){command->key, prefix.length + key.length};
    add(command, whole);
}

static void add_script(struct command *command, const char *script)
{
    add_text(command, "EVAL");
    add_text(command, script);
    add_text(command, "1");
}

static bool expires(const struct slk_storage_request *request)
{
    return request->expires_at != SLK_STORAGE_KEPT;
}

/* Counted by Redis from when it carries this out. */
static void add_life(struct command *command, const struct slk_storage_request *request)
{
    int64_t life = request->expires_at - request->now;
    snprintf(command->life, sizeof command->life, "%" PRId64, life > 0 ? life : 1);
    add_text(command, command->life);
}

static void make_set(struct command *command, struct slk_text prefix,
                     const struct slk_storage_request *request)
{
    add_text(command, "SET");
    add_key(command, prefix, request->key);
    add(command, request->value);
    if (expires(request)) {
        add_text(command, "PX");
        add_life(command, request);
    }
    if (request->operation == SLK_STORAGE_ADD) {
        add_text(command, "NX");
    }
}

static void make_replace(struct command *command, struct slk_text prefix,
                         const struct slk_storage_request *request)
{
    add_script(command, replace_script);
    add_key(command, prefix, request->key);
    add(command, request->expected);
    add(command, request->value);
    if (expires(request)) {
        add_life(command, request);
    } else {
        add_text(command, "");
    }
}

static void make_delete(struct command *command, struct slk_text prefix,
                        const struct slk_storage_request *request)
{
    bool is_any = request->expected.data == NULL;
    if (is_any) {
        add_text(command, "DEL");
    } else {
        add_script(command, delete_script);
    }
    add_key(command, prefix, request->key);
    if (!is_any) {
        add(command, request->expected);
    }
}

static void make_incr(struct command *command, struct slk_text prefix,
                      const struct slk_storage_request *request)
{
    if (expires(request)) {
        add_script(command, incr_script);
    } else {
        add_text(command, "INCRBY");
    }
    add_key(command, prefix, request->key);
    snprintf(command->number, sizeof command->number, "%" PRId64, request->by);
    add_text(command, command->number);
    if (expires(request)) {
        add_life(command, request);
    }
}

int slk_redis_append_job(struct slk_redis_connection *connection, struct slk_text prefix,
                         const struct slk_storage_job *job)
{
    const struct slk_storage_request *request = &job->request;
    if (request->operation == SLK_STORAGE_BATCH) {
        return slk_redis_append_batch(connection, prefix, job);
    }
    struct command command;
    command.count = 0;
    if (prefix.length + request->key.length > MAX_KEY) {
        return SLK_TOO_LARGE; /* Lua lets none through */
    }
    switch (request->operation) {
    case SLK_STORAGE_SET:
    case SLK_STORAGE_ADD: make_set(&command, prefix, request); break;
    case SLK_STORAGE_REPLACE: make_replace(&command, prefix, request); break;
    case SLK_STORAGE_DELETE: make_delete(&command, prefix, request); break;
    case SLK_STORAGE_INCR: make_incr(&command, prefix, request); break;
    case SLK_STORAGE_INFO: add_text(&command, "INFO"); break;
    default: add_text(&command, "GET"); add_key(&command, prefix, request->key);
    }
    return slk_redis_connection_append(connection, command.words, command.count);
}

/* Replies -------------------------------------------------------------------- */

static bool is_no_integer(const char *text)
{
    return strstr(text, "not an integer") != NULL || strstr(text, "would overflow") != NULL;
}

void slk_redis_fail_job(struct slk_storage_job *job, const char *text, const char *name)
{
    if (is_no_integer(text)) {
        slk_storage_job_fail(job, "not_an_integer",
                             "what is stored there is no integer, or would become too large");
        return;
    }
    struct slk_error err;
    const char *code = slk_redis_explain(name, text, &err);
    slk_storage_job_fail(job, code, err.text);
}

static void conclude_count(struct slk_storage_job *job, const redisReply *reply)
{
    int64_t count =
        reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : (int64_t)reply->integer;
    slk_storage_job_count(job, count);
}

void slk_redis_conclude_job(struct slk_storage_job *job, const redisReply *reply, const char *name)
{
    if (reply->type == REDIS_REPLY_ERROR) {
        slk_redis_fail_job(job, reply->str, name);
        return;
    }
    switch (job->request.operation) {
    case SLK_STORAGE_GET:
    case SLK_STORAGE_INFO:
        if (reply->type == REDIS_REPLY_STRING) {
            slk_storage_job_give(job, reply->str, reply->len);
        } else {
            job->outcome = SLK_STORED_NOTHING;
        }
        break;
    case SLK_STORAGE_INCR: conclude_count(job, reply); break;
    case SLK_STORAGE_BATCH: slk_redis_conclude_batch(job, reply, name); break;
    case SLK_STORAGE_SET:
    case SLK_STORAGE_ADD: /* nil: NX found one */
        slk_storage_job_decide(job, reply->type == REDIS_REPLY_STATUS);
        break;
    default: slk_storage_job_decide(job, reply->integer == 1);
    }
}
