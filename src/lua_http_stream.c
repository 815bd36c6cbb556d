#include "lua_http_stream.h"

#include <string.h>

#define FILE_CLASS "slack.core.received_file"

/* A number of bytes. */
static lua_Integer field_size(lua_State *L, int index, const char *name, lua_Integer fallback)
{
    lua_Integer value = slk_field_integer(L, index, name, fallback);
    if (value < 0 && value != fallback) {
        luaL_error(L, "field '%s': a number of bytes expected", name);
    }
    return value;
}

static bool open_files(struct slk_http_stream *stream, const char *source, const char *sink,
                       struct slk_error *err)
{
    if (source != NULL) {
        stream->source = slk_file_source_open(source, err);
    }
    if (sink != NULL && (source == NULL || stream->source != NULL)) {
        stream->sink = slk_file_sink_open(sink, err);
    }
    return (source == NULL || stream->source != NULL) && (sink == NULL || stream->sink != NULL);
}

static bool read_stream(lua_State *L, int index, struct slk_http_request *request,
                        slk_http_tell *tell, struct slk_error *err)
{
    const char *source = slk_field_string(L, index, "source", NULL);
    const char *sink = slk_field_string(L, index, "sink", NULL);
    struct slk_http_stream wanted = {
        .is_fed = slk_field_boolean(L, index, "feed", 0),
        .length = field_size(L, index, "length", -1),
        .is_passed_on = slk_field_boolean(L, index, "pieces", 0),
        .wants_head = slk_field_boolean(L, index, "head", 0),
        .wants_progress = slk_field_boolean(L, index, "progress", 0),
        .max_taken = field_size(L, index, "max_taken", INT64_MAX),
        .tell = tell,
    };
    request->stream = slk_http_stream_create(&wanted);
    if (request->stream == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return false;
    }
    return open_files(request->stream, source, sink, err);
}

bool slk_read_http_stream(lua_State *L, int index, struct slk_http_request *request,
                          slk_http_tell *tell, struct slk_error *err)
{
    bool ok = true;
    if (lua_getfield(L, index, "stream") != LUA_TNIL) {
        luaL_argcheck(L, lua_istable(L, -1), index, "field 'stream': table expected");
        ok = read_stream(L, lua_gettop(L), request, tell, err);
    }
    lua_pop(L, 1);
    return ok;
}

/* Files -------------------------------------------------------------------------- */

static int file_commit(lua_State *L)
{
    struct slk_file_sink *file = slk_check_object(L, 1, FILE_CLASS);
    struct slk_error err;
    if (slk_file_sink_commit(file, &err) != SLK_OK) {
        return slk_push_error(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int file_close(lua_State *L)
{
    void **object = luaL_checkudata(L, 1, FILE_CLASS);
    slk_file_sink_close(*object);
    *object = NULL;
    return 0;
}

void slk_push_http_stream(lua_State *L, struct slk_http_result *result)
{
    lua_pushinteger(L, result->taken);
    lua_setfield(L, -2, "received");
    if (result->file != NULL) {
        void **object = slk_new_home_object(L, FILE_CLASS);
        *object = result->file;
        result->file = NULL;
        lua_setfield(L, -2, "file");
    }
}

/* Events ------------------------------------------------------------------------- */

static int push_amount(lua_State *L, int64_t amount)
{
    if (amount < 0) {
        lua_pushnil(L);
    } else {
        lua_pushinteger(L, amount);
    }
    return 1;
}

int slk_push_http_event(lua_State *L, const struct slk_message *message)
{
    const struct slk_http_event *event = (const struct slk_http_event *)message;
    lua_pushinteger(L, (lua_Integer)event->id);
    switch (event->kind) {
    case SLK_HTTP_HUNGRY: lua_pushliteral(L, "hungry"); return 2;
    case SLK_HTTP_HEAD:
        lua_pushliteral(L, "head");
        slk_push_http_response(L, event->head);
        return 3;
    case SLK_HTTP_PIECE:
        lua_pushliteral(L, "piece");
        lua_pushlstring(L, event->bytes, event->length);
        return 3;
    default:
        lua_pushliteral(L, "progress");
        return 2 + push_amount(L, event->sent) + push_amount(L, event->total) +
               push_amount(L, event->received) + push_amount(L, event->expected);
    }
}

void slk_open_http_stream(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"commit", file_commit}, {"close", file_close}, {NULL, NULL}};
    slk_home_class(L, FILE_CLASS, methods, file_close);
}
