#include "lua_core.h"

#include <string.h>

#include "forks.h"
#include "log.h"
#include "mailbox.h"
#include "redact.h"

/* It begins as struct slk_object does. The message on its way to Lua belongs to
 * the object, so that an error while its values are pushed (out of memory) does
 * not lose it. */
struct mailbox_object {
    struct slk_mailbox *mailbox;
    unsigned home;
    struct slk_message *current;
    bool is_paused; /* the handler of hand_out wants no more */
};

static const char *const level_names[] = {"debug", "info", "warn", "error", "off", NULL};

static size_t check_mark(lua_State *L, int index)
{
    lua_Integer mark = luaL_optinteger(L, index, 0);
    luaL_argcheck(L, mark >= 0, index, "must not be negative");
    return (size_t)mark;
}

static int mailbox_new(lua_State *L)
{
    size_t count = check_mark(L, 1), bytes = check_mark(L, 2);
    struct mailbox_object *object = lua_newuserdatauv(L, sizeof *object, 0);
    *object = (struct mailbox_object){.home = slk_forks_count()};
    luaL_setmetatable(L, SLK_CLASS_MAILBOX);
    object->mailbox = slk_mailbox_create(count, bytes);
    if (object->mailbox == NULL) {
        return luaL_error(L, "out of memory or descriptors");
    }
    return 1;
}

static void drop_current(struct mailbox_object *object)
{
    struct slk_message *message = object->current;
    object->current = NULL;
    if (message != NULL) {
        message->destroy(message);
    }
}

/* Closing first breaks the ring of mailbox, waiting log lines and their log. */
static int mailbox_close(lua_State *L)
{
    struct mailbox_object *object = luaL_checkudata(L, 1, SLK_CLASS_MAILBOX);
    struct slk_mailbox *mailbox = object->mailbox;
    object->mailbox = NULL;
    drop_current(object);
    if (mailbox != NULL) {
        slk_mailbox_close(mailbox);
        slk_mailbox_release(mailbox);
    }
    return 0;
}

static int mailbox_fd(lua_State *L)
{
    lua_pushinteger(L, slk_mailbox_fd(slk_check_object(L, 1, SLK_CLASS_MAILBOX)));
    return 1;
}

static int mailbox_load(lua_State *L)
{
    struct slk_mailbox *mailbox = slk_check_object(L, 1, SLK_CLASS_MAILBOX);
    struct slk_mailbox_load load = slk_mailbox_load(mailbox);
    lua_pushinteger(L, (lua_Integer)load.count);
    lua_pushinteger(L, (lua_Integer)load.bytes);
    return 2;
}

static int push_log(lua_State *L, const struct slk_message *message)
{
    const struct slk_log_message *line = (const struct slk_log_message *)message;
    lua_pushstring(L, level_names[line->level]);
    lua_pushstring(L, line->component);
    lua_pushlstring(L, line->text, line->length);
    return 3;
}

static int push_nothing(lua_State *L, const struct slk_message *message)
{
    (void)L;
    (void)message;
    return 0;
}

static const struct {
    const char *name;
    int (*push)(lua_State *L, const struct slk_message *message);
} kinds[SLK_MESSAGE_KINDS] = {
    [SLK_MESSAGE_LOG] = {"log", push_log},
    [SLK_MESSAGE_HTTP] = {"http", slk_push_http_result},
    [SLK_MESSAGE_HTTP_EVENT] = {"http_event", slk_push_http_event},
    [SLK_MESSAGE_ENVELOPE] = {"envelope", slk_push_envelope},
    [SLK_MESSAGE_EVENT] = {"event", slk_push_event},
    [SLK_MESSAGE_CONNECTION] = {"connection", slk_push_connection},
    [SLK_MESSAGE_ACK] = {"ack", slk_push_ack},
    [SLK_MESSAGE_REQUEST] = {"request", slk_push_request},
    [SLK_MESSAGE_DELIVERY] = {"delivery", slk_push_delivery},
    [SLK_MESSAGE_STORED] = {"stored", slk_push_stored},
    [SLK_MESSAGE_BACKLOG] = {"backlog", push_nothing},
    [SLK_MESSAGE_WEBSOCKET] = {"websocket", slk_push_served},
};

/* Upvalue 1 is the metatable, and the ones after SLK_LISTS_OF_TAKE are the names of the kinds. */
static struct mailbox_object *check_taken_from(lua_State *L)
{
    return (struct mailbox_object *)slk_check_called_object(L, 1, SLK_CLASS_MAILBOX);
}

/* Pushes what take gives of the next message; 0: none waits. */
static int push_next(lua_State *L, struct mailbox_object *object)
{
    drop_current(object);
    struct slk_message *message = slk_mailbox_take(object->mailbox);
    if (message == NULL) {
        return 0;
    }
    object->current = message;
    lua_pushinteger(L, message->source);
    lua_pushvalue(L, lua_upvalueindex(3 + (int)message->kind));
    int count = 2 + kinds[message->kind].push(L, message);
    drop_current(object);
    return count;
}

static int mailbox_take(lua_State *L)
{
    return push_next(L, check_taken_from(L));
}

/* (handler, most) -> whether more may wait, whether a burst is over. What the handler
 * raises goes up, and the messages behind stay where they are. */
static int mailbox_hand_out(lua_State *L)
{
    struct mailbox_object *object = check_taken_from(L);
    lua_Integer most = luaL_checkinteger(L, 3);
    bool is_empty = false;
    object->is_paused = false;
    for (; most > 0 && !is_empty && !object->is_paused && object->mailbox != NULL; most--) {
        lua_settop(L, 3);
        lua_pushvalue(L, 2);
        int count = push_next(L, object);
        is_empty = count == 0;
        if (!is_empty) {
            lua_call(L, count, 0);
        }
    }
    lua_pushboolean(L, !is_empty);
    lua_pushboolean(L, is_empty && slk_mailbox_burst_is_over(object->mailbox));
    return 2;
}

static int mailbox_pause(lua_State *L)
{
    struct mailbox_object *object = luaL_checkudata(L, 1, SLK_CLASS_MAILBOX);
    object->is_paused = true;
    return 0;
}

/* The methods that are called for each event. */
static void open_taking(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"take", mailbox_take}, {"hand_out", mailbox_hand_out}, {NULL, NULL}};
    luaL_getmetatable(L, SLK_CLASS_MAILBOX);
    lua_getfield(L, -1, "__index");
    lua_pushvalue(L, -2);
    luaL_newmetatable(L, SLK_JSON_LIST); /* or the one that is there */
    for (int kind = 0; kind < SLK_MESSAGE_KINDS; kind++) {
        lua_pushstring(L, kinds[kind].name);
    }
    luaL_setfuncs(L, methods, 2 + SLK_MESSAGE_KINDS);
    lua_pop(L, 2);
}

static int log_new(lua_State *L)
{
    struct slk_mailbox *mailbox = slk_check_object(L, 1, SLK_CLASS_MAILBOX);
    lua_Integer source = luaL_checkinteger(L, 2);
    luaL_argcheck(L, source >= 0 && source <= UINT32_MAX, 2, "32 bits expected");
    int level = luaL_checkoption(L, 3, NULL, level_names);
    void **object = slk_new_home_object(L, SLK_CLASS_LOG);
    *object = slk_log_create(mailbox, (uint32_t)source, (enum slk_log_level)level);
    return *object != NULL ? 1 : luaL_error(L, "out of memory");
}

static int log_free(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, SLK_CLASS_LOG);
    slk_log_release(*object);
    *object = NULL;
    return 0;
}

static int log_set_level(lua_State *L)
{
    struct slk_log *log = slk_check_object(L, 1, SLK_CLASS_LOG);
    slk_log_set_level(log, (enum slk_log_level)luaL_checkoption(L, 2, NULL, level_names));
    return 0;
}

static int log_write(lua_State *L)
{
    struct slk_log *log = slk_check_object(L, 1, SLK_CLASS_LOG);
    int level = luaL_checkoption(L, 2, NULL, level_names);
    slk_log_write(log, (enum slk_log_level)level, "lua", "%s", luaL_checkstring(L, 3));
    return 0;
}

static int redact(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;
    char *copy = luaL_buffinitsize(L, &buffer, length);
    memcpy(copy, text, length);
    luaL_pushresultsize(&buffer, slk_redact(copy, length));
    return 1;
}

void slk_open_mailbox(lua_State *L)
{
    static const luaL_Reg mailbox_methods[] = {{"fd", mailbox_fd},
                                               {"load", mailbox_load},
                                               {"pause", mailbox_pause},
                                               {"close", mailbox_close},
                                               {NULL, NULL}};
    static const luaL_Reg log_methods[] = {
        {"set_level", log_set_level}, {"write", log_write}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"mailbox", mailbox_new}, {"log", log_new}, {"redact", redact}, {NULL, NULL}};
    slk_home_class(L, SLK_CLASS_MAILBOX, mailbox_methods, mailbox_close);
    slk_home_class(L, SLK_CLASS_LOG, log_methods, log_free);
    open_taking(L);
    luaL_setfuncs(L, functions, 0);
}
