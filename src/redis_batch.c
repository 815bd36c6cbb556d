#include "redis_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_commands.h"
#include "storage_batch.h"

#define WORDS_BEFORE 3 /* EVAL, the script, the number of keys */
#define STEP_WORDS   4 /* the key, and the letter, value and life in ARGV */
#define DIGITS       24
#define MAX_FAILURE  ((size_t)512)

/* KEYS: of each step. ARGV: of each its letter, value or by, and milliseconds or "". Gives a
 * text for each step; or, where an INCR finds no integer, its number and the reason; or
 * an error, which concerns all. Only INCR can fail by
 * itself, so only with one among them is kept what was there. */
static const char script[] =
    "local has_incr=false "
    "for i=1,#KEYS do has_incr=has_incr or ARGV[3*i-2]=='i' end "
    "local seen,old,out={},{},{} "
    "if has_incr and redis.replicate_commands then redis.replicate_commands() end "
    "local function undo() "
    "  for _,o in ipairs(old) do "
    "    if not o[2] then redis.pcall('DEL',o[1]) "
    "    elseif o[3]>0 then redis.pcall('SET',o[1],o[2],'PX',o[3]) "
    "    else redis.pcall('SET',o[1],o[2]) end "
    "  end "
    "end "
    "local function put(key,value,life,when) "
    "  local words={'SET',key,value} "
    "  if life~='' then words[4]='PX' words[5]=life end "
    "  if when then words[#words+1]=when end "
    "  return redis.pcall(unpack(words)) "
    "end "
    "local function incr(key,by,life) "
    "  local had=redis.call('EXISTS',key) "
    "  local sum=redis.pcall('INCRBY',key,by) "
    "  if type(sum)=='table' then return sum end "
    "  if had==0 and life~='' then redis.call('PEXPIRE',key,life) end "
    "  return redis.call('GET',key) "
    "end "
    "for i,key in ipairs(KEYS) do "
    "  local letter,value,life=ARGV[3*i-2],ARGV[3*i-1],ARGV[3*i] "
    "  if has_incr and not seen[key] then "
    "    seen[key]=true "
    "    local was=redis.pcall('GET',key) "
    "    if type(was)=='table' then undo() return was end "
    "    old[#old+1]={key,was,redis.call('PTTL',key)} "
    "  end "
    "  local r "
    "  if letter=='s' then r=put(key,value,life) "
    "  elseif letter=='a' then r=put(key,value,life,'NX') "
    "  elseif letter=='d' then r=redis.pcall('DEL',key) "
    "  else r=incr(key,value,life) end "
    "  if type(r)=='table' and r.err then "
    "    undo() "
    "    if letter=='i' and (r.err:find('integer') or r.err:find('overflow')) then "
    "      return {i,r.err} "
    "    end "
    "    return r "
    "  end "
    "  if type(r)=='table' then r=1 elseif not r then r=0 end "
    "  out[i]=tostring(r) "
    "end "
    "return out";

struct command {
    struct slk_text *words;
    size_t count;
    struct slk_buffer bytes; /* of keys and digits; the words point into it */
};

static size_t count_steps(const struct slk_storage_request *batch, size_t *key_bytes)
{
    struct slk_storage_request step;
    size_t count = 0, offset = 0;
    for (*key_bytes = 0; slk_storage_batch_read(batch, &offset, &step); count++) {
        *key_bytes += step.key.length;
    }
    return count;
}

static const char letters[] = {[SLK_STORAGE_SET] = 's',
                               [SLK_STORAGE_ADD] = 'a',
                               [SLK_STORAGE_DELETE] = 'd',
                               [SLK_STORAGE_INCR] = 'i'};

/* The bytes have their room already, so they stay where they are. */
static struct slk_text keep(struct command *command, const char *data, size_t length)
{
    struct slk_text kept = {command->bytes.data + command->bytes.length, length};
    if (length > 0) {
        (void)slk_buffer_append(&command->bytes, data, length);
    }
    return kept;
}

static struct slk_text keep_number(struct command *command, int64_t number)
{
    char digits[DIGITS];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    return keep(command, digits, (size_t)length);
}

static struct slk_text keep_key(struct command *command, struct slk_text prefix,
                                struct slk_text key)
{
    struct slk_text whole = keep(command, prefix.data, prefix.length);
    keep(command, key.data, key.length);
    whole.length += key.length;
    return whole;
}

/* Counted by Redis from when it carries this out. */
static struct slk_text keep_life(struct command *command, const struct slk_storage_request *step)
{
    if (step->expires_at == SLK_STORAGE_KEPT) {
        return (struct slk_text){"", 0};
    }
    int64_t life = step->expires_at - step->now;
    return keep_number(command, life > 0 ? life : 1);
}

static void add_steps(struct command *command, struct slk_text prefix,
                      const struct slk_storage_request *batch, size_t count)
{
    struct slk_text *key = command->words + WORDS_BEFORE, *argument = key + count;
    struct slk_storage_request step;
    for (size_t offset = 0; slk_storage_batch_read(batch, &offset, &step);) {
        *key++ = keep_key(command, prefix, step.key);
        *argument++ = (struct slk_text){&letters[step.operation], 1};
        *argument++ =
            step.operation == SLK_STORAGE_INCR ? keep_number(command, step.by) : step.value;
        *argument++ = keep_life(command, &step);
    }
    command->count = WORDS_BEFORE + count * STEP_WORDS;
}

int slk_redis_append_batch(struct slk_redis_connection *connection, struct slk_text prefix,
                           const struct slk_storage_job *batch)
{
    size_t key_bytes, count = count_steps(&batch->request, &key_bytes);
    size_t room = key_bytes + count * (prefix.length + 2 * DIGITS) + DIGITS;
    struct command command = {
        .words = calloc(WORDS_BEFORE + count * STEP_WORDS, sizeof(struct slk_text))};
    slk_buffer_init(&command.bytes, room);
    int status = command.words != NULL ? slk_buffer_reserve(&command.bytes, room) : SLK_NOMEM;
    if (status == SLK_OK) {
        command.words[0] = (struct slk_text){"EVAL", 4};
        command.words[1] = (struct slk_text){script, sizeof script - 1};
        command.words[2] = keep_number(&command, (int64_t)count);
        add_steps(&command, prefix, &batch->request, count);
        status = slk_redis_connection_append(connection, command.words, command.count);
    }
    slk_buffer_free(&command.bytes);
    free(command.words);
    return status;
}

static void fail(struct slk_storage_job *batch, const redisReply *reply, const char *name)
{
    struct slk_storage_job step = {.outcome = SLK_STORED_PENDING};
    slk_buffer_init(&step.text, MAX_FAILURE);
    slk_redis_fail_job(&step, reply->element[1]->str, name);
    slk_storage_batch_fail(batch, (size_t)reply->element[0]->integer, step.code,
                           (struct slk_text){step.text.data, step.text.length});
    slk_buffer_free(&step.text);
}

/* One for each step. */
static bool is_list_of_texts(const redisReply *reply, const struct slk_storage_job *batch)
{
    size_t key_bytes;
    bool is = reply->type == REDIS_REPLY_ARRAY &&
              reply->elements == count_steps(&batch->request, &key_bytes);
    for (size_t i = 0; is && i < reply->elements; i++) {
        is = reply->element[i]->type == REDIS_REPLY_STRING;
    }
    return is;
}

void slk_redis_conclude_batch(struct slk_storage_job *batch, const redisReply *reply,
                              const char *name)
{
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        reply->element[0]->type == REDIS_REPLY_INTEGER &&
        reply->element[1]->type == REDIS_REPLY_STRING) {
        fail(batch, reply, name);
        return;
    }
    if (!is_list_of_texts(reply, batch)) {
        slk_storage_job_fail(batch, "storage", "an answer to a batch that is none");
        return;
    }
    slk_storage_job_begin_list(batch);
    for (size_t i = 0; i < reply->elements; i++) {
        slk_storage_job_add_entry(batch, reply->element[i]->str, reply->element[i]->len);
    }
}
