#include "lua_core.h"

#include <stdbool.h>
#include <string.h>

#include "clock.h"
#include "forks.h"
#include "mailbox.h"
#include "storage.h"
#include "storage_redis.h"
#include "storage_sqlite.h"

/* It begins as struct slk_object does. */
struct storage_object {
    struct slk_storage *storage;
    unsigned home;
    uint32_t source;
    uint64_t last_id;
};

static const char *const operations[SLK_STORAGE_OPERATIONS + 1] = {
    [SLK_STORAGE_GET] = "get",       [SLK_STORAGE_SET] = "set",
    [SLK_STORAGE_ADD] = "add",       [SLK_STORAGE_REPLACE] = "replace",
    [SLK_STORAGE_DELETE] = "delete", [SLK_STORAGE_INCR] = "incr",
    [SLK_STORAGE_KEYS] = "keys",     [SLK_STORAGE_SCAN] = "scan",
    [SLK_STORAGE_BATCH] = "batch",   [SLK_STORAGE_INFO] = "info",
};

/* Of submit_inbox. */
static const char *const inbox_operations[] = {
    "put",   "claim", "done",  "fail",   "park", "back", "list",
    "retry", "drop",  "stats", "owners", "send", "move", NULL,
};

/* Common to all stores: pushes the object whose thread is to come. */
static struct storage_object *push_object(lua_State *L, struct slk_mailbox **mailbox)
{
    *mailbox = slk_field_object(L, 1, "mailbox", SLK_CLASS_MAILBOX);
    lua_Integer source = slk_field_integer(L, 1, "source", 0);
    luaL_argcheck(L, source >= 0 && source <= UINT32_MAX, 1, "field 'source': 32 bits expected");
    struct storage_object *object = lua_newuserdatauv(L, sizeof *object, 0);
    *object = (struct storage_object){.home = slk_forks_count(), .source = (uint32_t)source};
    luaL_setmetatable(L, SLK_CLASS_STORAGE);
    return object;
}

static struct slk_storage_inbox field_inbox(lua_State *L)
{
    const char *owner = slk_field_string(L, 1, "owner", "");
    if (strlen(owner) > SLK_STORAGE_MAX_OWNER) {
        luaL_error(L, "field 'owner': at most %d bytes expected", SLK_STORAGE_MAX_OWNER);
    }
    return (struct slk_storage_inbox){
        .owner = owner,
        .lease = slk_field_seconds(L, 1, "lease", 30),
        .max_entries = slk_field_integer(L, 1, "max_entries", 1000000),
        .max_takeovers = slk_field_integer(L, 1, "max_takeovers", 4),
        .keep_dead = slk_field_seconds(L, 1, "keep_dead", 30 * 86400) / SLK_MS(1),
    };
}

static struct slk_log *field_log(lua_State *L)
{
    return slk_field_object_or_null(L, 1, "log", SLK_CLASS_LOG);
}

static int sqlite_open(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct slk_sqlite_settings settings = {
        .path = slk_field_string(L, 1, "path", ""),
        .patience = slk_field_seconds(L, 1, "busy_timeout", 5),
        .sync_each = slk_field_boolean(L, 1, "sync_each", 1),
        .inbox = field_inbox(L),
        .log = field_log(L),
    };
    struct slk_mailbox *mailbox;
    struct storage_object *object = push_object(L, &mailbox);
    struct slk_error err;
    struct slk_storage_backend *backend = slk_sqlite_open(&settings, &err);
    if (backend != NULL) {
        object->storage = slk_storage_create(backend, mailbox, &err);
    }
    if (object->storage == NULL) {
        return slk_push_error(L, &err);
    }
    lua_pushboolean(L, slk_sqlite_is_exposed(settings.path));
    return 2;
}

static unsigned field_number(lua_State *L, const char *name, lua_Integer maximum)
{
    lua_Integer value = slk_field_integer(L, 1, name, 0);
    if (value < 0 || value > maximum) {
        luaL_error(L, "field '%s': 0 to %I expected", name, (LUAI_UACINT)maximum);
    }
    return (unsigned)value;
}

static int redis_open(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *prefix = slk_field_string(L, 1, "prefix", "");
    struct slk_redis_settings settings = {
        .address = {.host = slk_field_string(L, 1, "host", ""),
                    .port = field_number(L, "port", UINT16_MAX),
                    .path = slk_field_string(L, 1, "path", NULL),
                    .is_encrypted = slk_field_boolean(L, 1, "is_encrypted", 0)},
        .credentials = {.user = slk_field_string(L, 1, "user", NULL),
                        .password = slk_field_string(L, 1, "password", NULL),
                        .database = field_number(L, "database", INT32_MAX)},
        .prefix = {prefix, strlen(prefix)},
        .timeout = slk_field_seconds(L, 1, "timeout", 5),
        .inbox = field_inbox(L),
        .net = slk_field_object(L, 1, "net", SLK_CLASS_NET),
        .log = field_log(L),
    };
    struct slk_mailbox *mailbox;
    struct storage_object *object = push_object(L, &mailbox);
    struct slk_error err;
    struct slk_storage_backend *backend = slk_redis_open(&settings, &err);
    if (backend != NULL) {
        object->storage = slk_storage_create(backend, mailbox, &err);
    }
    return object->storage != NULL ? 1 : slk_push_error(L, &err);
}

static struct slk_text check_text(lua_State *L, int index)
{
    struct slk_text text = {NULL, 0};
    if (!lua_isnoneornil(L, index)) {
        text.data = luaL_checklstring(L, index, &text.length);
    }
    return text;
}

static int submit(lua_State *L, struct slk_storage *storage,
                  const struct slk_storage_request *request)
{
    struct storage_object *object = lua_touserdata(L, 1);
    struct slk_storage_job *job =
        slk_storage_job_create(request, object->source, object->last_id + 1);
    if (job == NULL) {
        return slk_push_status(L, SLK_NOMEM);
    }
    int status = slk_storage_submit(storage, job);
    if (status != SLK_OK) {
        slk_storage_job_destroy(job);
        return slk_push_status(L, status);
    }
    lua_pushinteger(L, (lua_Integer)++object->last_id);
    return 1;
}

/* storage:submit(operation, key, now, value | by, expires_at, expected) -> id */
static int storage_submit(lua_State *L)
{
    struct slk_storage *storage = slk_check_object(L, 1, SLK_CLASS_STORAGE);
    struct slk_storage_request request = {
        .operation = (enum slk_storage_operation)luaL_checkoption(L, 2, NULL, operations),
        .now = luaL_checkinteger(L, 4),
        .expires_at = luaL_optinteger(L, 6, SLK_STORAGE_KEPT),
        .expected = check_text(L, 7),
    };
    request.key.data = luaL_checklstring(L, 3, &request.key.length);
    if (request.operation == SLK_STORAGE_INCR || request.operation == SLK_STORAGE_SCAN) {
        request.by = luaL_checkinteger(L, 5);
    } else {
        request.value = check_text(L, 5);
    }
    return submit(L, storage, &request);
}

/* The text of a field of the table at 2, which keeps it. */
static struct slk_text field_text(lua_State *L, const char *name)
{
    struct slk_text text = {"", 0};
    int type = lua_getfield(L, 2, name);
    if (type == LUA_TSTRING) {
        text.data = lua_tolstring(L, -1, &text.length);
    } else if (type != LUA_TNIL) {
        luaL_error(L, "field '%s': string expected, got %s", name, luaL_typename(L, -1));
    }
    lua_pop(L, 1);
    return text;
}

static unsigned field_limit(lua_State *L)
{
    lua_Integer limit = slk_field_integer(L, 2, "limit", 0);
    luaL_argcheck(L, limit >= 0 && limit <= INT32_MAX, 2, "field 'limit': 32 bits expected");
    return (unsigned)limit;
}

/* storage:submit_inbox{operation=, now=, key=, value=, meta=, order=, by=, limit=, take=,
 * expires_at=, wait= seconds} -> id; the fields as in storage_job.h */
static int storage_submit_inbox(lua_State *L)
{
    struct slk_storage *storage = slk_check_object(L, 1, SLK_CLASS_STORAGE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "operation");
    int number = luaL_checkoption(L, -1, NULL, inbox_operations);
    int64_t wait = slk_field_seconds(L, 2, "wait", 0);
    struct slk_storage_request request = {
        .operation = (enum slk_storage_operation)(SLK_INBOX_PUT + number),
        .now = slk_field_integer(L, 2, "now", 0),
        .expires_at = slk_field_integer(L, 2, "expires_at", SLK_STORAGE_KEPT),
        .by = slk_field_integer(L, 2, "by", 0),
        .wait_until = wait > 0 ? slk_clock_now() + wait : 0,
        .limit = field_limit(L),
        .take = slk_field_boolean(L, 2, "take", 0),
        .key = field_text(L, "key"),
        .value = field_text(L, "value"),
        .meta = field_text(L, "meta"),
        .order = field_text(L, "order"),
    };
    return submit(L, storage, &request);
}

static int storage_stats(lua_State *L)
{
    struct slk_storage_stats stats = slk_storage_stats(slk_check_object(L, 1, SLK_CLASS_STORAGE));
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)stats.jobs);
    lua_setfield(L, -2, "jobs");
    lua_pushinteger(L, (lua_Integer)stats.batches);
    lua_setfield(L, -2, "batches");
    lua_pushinteger(L, (lua_Integer)stats.commits);
    lua_setfield(L, -2, "commits");
    return 1;
}

static int storage_close(lua_State *L)
{
    struct storage_object *object = luaL_checkudata(L, 1, SLK_CLASS_STORAGE);
    struct slk_storage *storage = object->storage;
    object->storage = NULL;
    slk_storage_destroy(storage);
    return 0;
}

static void push_list(lua_State *L, const struct slk_storage_job *job)
{
    struct slk_text entry;
    size_t offset = 0;
    lua_newtable(L);
    for (lua_Integer i = 1; slk_storage_job_read(job, &offset, &entry); i++) {
        lua_pushlstring(L, entry.data, entry.length);
        lua_rawseti(L, -2, i);
    }
}

static void push_text(lua_State *L, const struct slk_storage_job *job)
{
    lua_pushlstring(L, job->text.data != NULL ? job->text.data : "", job->text.length);
}

int slk_push_stored(lua_State *L, const struct slk_message *message)
{
    const struct slk_storage_job *job = (const struct slk_storage_job *)message;
    lua_pushinteger(L, (lua_Integer)job->id);
    switch (job->outcome) {
    case SLK_STORED_PENDING:
    case SLK_STORED_NOTHING: lua_pushnil(L); break;
    case SLK_STORED_TRUE: lua_pushboolean(L, 1); break;
    case SLK_STORED_FALSE: lua_pushboolean(L, 0); break;
    case SLK_STORED_INTEGER: lua_pushinteger(L, (lua_Integer)job->integer); break;
    case SLK_STORED_TEXT: push_text(L, job); break;
    case SLK_STORED_LIST: push_list(L, job); break;
    case SLK_STORED_FAILED:
        lua_pushnil(L);
        push_text(L, job);
        lua_pushstring(L, job->code);
        return 4;
    }
    return 2;
}

void slk_open_storage(lua_State *L)
{
    static const luaL_Reg methods[] = {{"submit", storage_submit},
                                       {"submit_inbox", storage_submit_inbox},
                                       {"stats", storage_stats},
                                       {"close", storage_close},
                                       {NULL, NULL}};
    slk_home_class(L, SLK_CLASS_STORAGE, methods, storage_close);
    lua_pushcfunction(L, sqlite_open);
    lua_setfield(L, -2, "sqlite");
    lua_pushcfunction(L, redis_open);
    lua_setfield(L, -2, "redis");
}
