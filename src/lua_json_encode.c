#include "lua_core.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "utf8.h"

/* One walk from Lua values to text. It is written as lua-cjson writes it, "/" and
 * DEL escaped too, but for what that cannot say: marked lists, integers of more than 14
 * digits, fractions of 17. The buffer is the function's own, for the next text. */

#define MAX_DEPTH 1000
#define KEEP      16384 /* bytes that the buffer holds between two texts */

struct encoder {
    lua_State *L;
    struct slk_buffer *out;
};

static bool put_value(struct encoder *encoder, int depth);

/* Room for so many bytes after the text so far. */
static char *make_room(struct encoder *encoder, size_t size)
{
    struct slk_buffer *out = encoder->out;
    if (out->capacity - out->length < size && slk_buffer_reserve(out, size) != SLK_OK) {
        luaL_error(encoder->L, "not enough memory");
    }
    return out->data + out->length;
}

static void put_char(struct encoder *encoder, char c)
{
    *make_room(encoder, 1) = c;
    encoder->out->length++;
}

static void put(struct encoder *encoder, const char *text, size_t length)
{
    memcpy(make_room(encoder, length), text, length);
    encoder->out->length += length;
}

/* Strings ------------------------------------------------------------------- */

/* What follows the backslash; 'u' stands for four digits. */
static const char escapes[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
    ['\f'] = 'f', ['\r'] = 'r',  [0x00] = 'u', [0x01] = 'u', [0x02] = 'u', [0x03] = 'u',
    [0x04] = 'u', [0x05] = 'u',  [0x06] = 'u', [0x07] = 'u', [0x0B] = 'u', [0x0E] = 'u',
    [0x0F] = 'u', [0x10] = 'u',  [0x11] = 'u', [0x12] = 'u', [0x13] = 'u', [0x14] = 'u',
    [0x15] = 'u', [0x16] = 'u',  [0x17] = 'u', [0x18] = 'u', [0x19] = 'u', [0x1A] = 'u',
    [0x1B] = 'u', [0x1C] = 'u',  [0x1D] = 'u', [0x1E] = 'u', [0x1F] = 'u', [0x7F] = 'u',
};

/* From at, a byte that needs an escape. */
static void put_escaped(struct encoder *encoder, const char *at, const char *end)
{
    static const char hex[] = "0123456789abcdef";
    while (at < end) {
        char c = *at++, escape = escapes[(unsigned char)c];
        const char sequence[] = {'\\', escape, '0', '0', hex[c >> 4 & 7], hex[c & 15]};
        put(encoder, sequence, escape == 'u' ? 6 : 2);
        const char *plain = at;
        while (at < end && escapes[(unsigned char)*at] == 0) {
            at++;
        }
        put(encoder, plain, (size_t)(at - plain));
    }
}

/* The string at that index. */
static void put_string(struct encoder *encoder, int index)
{
    size_t length;
    const char *at = lua_tolstring(encoder->L, index, &length), *end = at + length;
    char *start = make_room(encoder, length + 2), *out = start;
    *out++ = '"';
    while (at < end && escapes[(unsigned char)*at] == 0) {
        *out++ = *at++;
    }
    if (at < end) {
        encoder->out->length += (size_t)(out - start);
        put_escaped(encoder, at, end);
        put_char(encoder, '"');
        return;
    }
    *out++ = '"';
    encoder->out->length += (size_t)(out - start);
}

/* Numbers ------------------------------------------------------------------- */

static void put_integer(struct encoder *encoder, lua_Integer integer)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (integer < 0) {
        *--at = '-';
    }
    put(encoder, at, (size_t)(digits + sizeof digits - at));
}

/* In as few digits as bring the same number back. */
static void put_fraction(struct encoder *encoder, lua_Number number)
{
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    char *comma = strchr(text, ','); /* the locale's */
    if (comma != NULL) {
        *comma = '.';
    }
    put(encoder, text, strlen(text));
}

static bool put_number(struct encoder *encoder)
{
    lua_Integer integer;
    if (lua_isinteger(encoder->L, -1)) {
        put_integer(encoder, lua_tointeger(encoder->L, -1));
        return true;
    }
    lua_Number number = lua_tonumber(encoder->L, -1);
    if (number - number != 0) {
        return false;
    }
    if (number == 0 && signbit(number)) {
        put(encoder, "-0", 2);
    } else if (lua_numbertointeger(number, &integer) && (lua_Number)integer == number) {
        put_integer(encoder, integer);
    } else {
        put_fraction(encoder, number);
    }
    return true;
}

/* Tables -------------------------------------------------------------------- */

static lua_Integer count_keys(lua_State *L, int table)
{
    lua_Integer count = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        count++;
    }
    return count;
}

/* A list holds exactly the keys 1..length. */
static bool put_list(struct encoder *encoder, int table, lua_Integer length, int depth)
{
    lua_State *L = encoder->L;
    for (lua_Integer i = 1; i <= length; i++) {
        put_char(encoder, i == 1 ? '[' : ',');
        lua_rawgeti(L, table, i);
        if (!put_value(encoder, depth)) {
            return false;
        }
        lua_pop(L, 1);
    }
    put_char(encoder, ']');
    return count_keys(L, table) == length;
}

static bool put_object(struct encoder *encoder, int table, int depth)
{
    lua_State *L = encoder->L;
    char before = '{';
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            return false;
        }
        put_char(encoder, before);
        put_string(encoder, -2);
        put_char(encoder, ':');
        if (!put_value(encoder, depth)) {
            return false;
        }
        before = ',';
    }
    if (before == '{') {
        put_char(encoder, '{');
    }
    put_char(encoder, '}');
    return true;
}

static bool is_marked(lua_State *L)
{
    if (!lua_getmetatable(L, -1)) {
        return false;
    }
    bool marked = lua_rawequal(L, -1, lua_upvalueindex(2));
    lua_pop(L, 1);
    return marked;
}

static bool put_table(struct encoder *encoder, int depth)
{
    lua_State *L = encoder->L;
    if (depth > MAX_DEPTH) {
        return false;
    }
    luaL_checkstack(L, 8, "JSON nested too deep");
    int table = lua_gettop(L);
    lua_Integer length = (lua_Integer)lua_rawlen(L, table);
    if (length > 0) {
        return put_list(encoder, table, length, depth + 1);
    }
    if (is_marked(L)) {
        put(encoder, "[]", 2);
        return count_keys(L, table) == 0;
    }
    return put_object(encoder, table, depth + 1);
}

/* The value on top; false when it has no form in JSON, with anything pushed. */
static bool put_value(struct encoder *encoder, int depth)
{
    lua_State *L = encoder->L;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: put_string(encoder, -1); return true;
    case LUA_TNUMBER: return put_number(encoder);
    case LUA_TTABLE: return put_table(encoder, depth);
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, -1)) {
            put(encoder, "true", 4);
        } else {
            put(encoder, "false", 5);
        }
        return true;
    case LUA_TLIGHTUSERDATA: put(encoder, "null", 4); return lua_touserdata(L, -1) == NULL;
    default: return false;
    }
}

static void push_text(lua_State *L, struct slk_buffer *out)
{
    lua_pushlstring(L, out->data, out->length);
    if (out->capacity > KEEP) {
        slk_buffer_free(out);
    }
}

/* Of the value on top; false when something in it has no form in JSON. */
static bool write_text(lua_State *L, struct slk_buffer *out)
{
    struct encoder encoder = {L, out};
    out->length = 0;
    return put_value(&encoder, 1);
}

/* (value) -> text, nil when something in it has no form in JSON */
static int encode(lua_State *L)
{
    struct slk_buffer *out = lua_touserdata(L, lua_upvalueindex(1));
    lua_settop(L, 1);
    if (!write_text(L, out)) {
        return 0;
    }
    push_text(L, out);
    return 1;
}

/* Whether the table at 1 has fields, all of them texts, each with a kind in the table at 2 that
 * has nothing in the table at 3. */
static bool are_texts(lua_State *L)
{
    bool has_fields = false;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            return false;
        }
        lua_pushvalue(L, -2);
        if (lua_rawget(L, 2) != LUA_TSTRING || lua_rawget(L, 3) != LUA_TNIL) {
            return false;
        }
        lua_pop(L, 2);
        has_fields = true;
    }
    return has_fields;
}

/* (fields, kinds, others) -> text, nil where are_texts says no or they are no UTF-8 */
static int encode_texts(lua_State *L)
{
    struct slk_buffer *out = lua_touserdata(L, lua_upvalueindex(1));
    struct slk_utf8 state = {0};
    for (int i = 1; i <= 3; i++) {
        luaL_checktype(L, i, LUA_TTABLE);
    }
    lua_settop(L, 3);
    if (!are_texts(L)) {
        return 0;
    }
    lua_settop(L, 1);
    if (!write_text(L, out) || !slk_utf8_feed(&state, out->data, out->length) ||
        !slk_utf8_is_whole(&state)) {
        return 0;
    }
    push_text(L, out);
    return 1;
}

static int free_buffer(lua_State *L)
{
    slk_buffer_free(lua_touserdata(L, 1));
    return 0;
}

void slk_json_push_encode(lua_State *L)
{
    struct slk_buffer *out = lua_newuserdatauv(L, sizeof *out, 0);
    slk_buffer_init(out, SIZE_MAX / 2);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, free_buffer);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    luaL_getmetatable(L, SLK_JSON_LIST);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, encode_texts, 2);
    lua_insert(L, -3);
    lua_pushcclosure(L, encode, 2);
}
