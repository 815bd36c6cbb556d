#include "lua_core.h"

#include <stdint.h>
#include <string.h>

#include "json_text.h"

/* Decodes JSON (RFC 8259) straight into Lua values, in one pass. The values of
 * a list or object wait on the Lua stack until it ends, so that its table is
 * made in the right size at once; that, and no look at numbers afterwards, is
 * why an event takes half the time that lua-cjson takes for it. */

#define MAX_DEPTH 1000
#define BATCH     64 /* values of one list or object that wait on the stack */

struct decoder {
    lua_State *L;
    const char *begin, *at, *end;
    const char *why; /* what was expected where at stands; static text */
    int list_metatable;
    int depth;
};

static bool fail(struct decoder *decoder, const char *why)
{
    decoder->why = why;
    return false;
}

static void skip_space(struct decoder *decoder)
{
    const char *at = decoder->at, *end = decoder->end;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    decoder->at = at;
}

static bool next_is(const struct decoder *decoder, char c)
{
    return decoder->at < decoder->end && *decoder->at == c;
}

/* Strings ------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of the four digits after "\u", -1 when they are not. */
static int32_t read_hex(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}

/* Half a surrogate pair, as programs leave behind that cut UTF-16 text, becomes
 * U+FFFD: no reason to lose the whole event. */
static bool unescape_unicode(struct decoder *decoder, char **out)
{
    int32_t code = read_hex(decoder->at, decoder->end);
    if (code < 0) {
        return fail(decoder, "four hexadecimal digits expected");
    }
    decoder->at += 4;
    if (code >= 0xD800 && code < 0xE000) {
        const char *at = decoder->at;
        bool more = code < 0xDC00 && decoder->end - at >= 6 && at[0] == '\\' && at[1] == 'u';
        int32_t low = more ? read_hex(at + 2, decoder->end) : -1;
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            decoder->at += 6;
        } else {
            code = 0xFFFD;
        }
    }
    *out = put_utf8(*out, (uint32_t)code);
    return true;
}

static bool unescape(struct decoder *decoder, char **out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (decoder->at == decoder->end) {
        return fail(decoder, "end of string expected");
    }
    char name = *decoder->at;
    if (name == 'u') {
        decoder->at++;
        return unescape_unicode(decoder, out);
    }
    const char *found = name != '\0' ? strchr(names, name) : NULL;
    if (found == NULL) {
        return fail(decoder, "escape sequence expected");
    }
    decoder->at++;
    *(*out)++ = values[found - names];
    return true;
}

/* The end of a string whose first escape is at the decoder's place. */
static const char *find_quote(const struct decoder *decoder)
{
    const char *at = decoder->at;
    while (at < decoder->end && *at != '"') {
        at += *at == '\\' ? 2 : 1;
    }
    return at < decoder->end ? at : decoder->end;
}

/* A string with escapes: never longer than its text. */
static bool push_escaped(struct decoder *decoder, const char *start)
{
    luaL_Buffer buffer;
    char *text = luaL_buffinitsize(decoder->L, &buffer, (size_t)(find_quote(decoder) - start));
    char *out = text;
    const char *piece = start;
    bool ok = true;
    for (;;) {
        size_t length = (size_t)(decoder->at - piece);
        memcpy(out, piece, length);
        out += length;
        if (!next_is(decoder, '\\')) {
            break;
        }
        decoder->at++;
        ok = unescape(decoder, &out);
        if (!ok) {
            break;
        }
        piece = decoder->at;
        decoder->at = slk_json_skip_plain(piece, decoder->end);
    }
    luaL_pushresultsize(&buffer, (size_t)(out - text));
    return ok;
}

/* The opening quote is next. */
static bool push_string(struct decoder *decoder)
{
    const char *start = ++decoder->at;
    decoder->at = slk_json_skip_plain(start, decoder->end);
    if (next_is(decoder, '"')) {
        lua_pushlstring(decoder->L, start, (size_t)(decoder->at - start));
    } else if (!push_escaped(decoder, start)) {
        return false;
    }
    if (!next_is(decoder, '"')) {
        return fail(decoder, decoder->at == decoder->end ? "end of string expected"
                                                         : "control character in a string");
    }
    decoder->at++;
    return true;
}

/* Numbers ------------------------------------------------------------------- */

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
    while (is_digit(at, end)) {
        at++;
    }
    return at;
}

/* Everything but integers of at most 18 digits; what is whole becomes one. */
static bool push_float(struct decoder *decoder, const char *start)
{
    lua_State *L = decoder->L;
    lua_pushlstring(L, start, (size_t)(decoder->at - start));
    if (lua_stringtonumber(L, lua_tostring(L, -1)) == 0) {
        return fail(decoder, "number expected");
    }
    lua_remove(L, -2);
    if (lua_isinteger(L, -1)) {
        return true; /* 19 digits that fit; a double would lose some of them */
    }
    lua_Integer integer;
    lua_Number number = lua_tonumber(L, -1);
    if (number - number != 0) {
        return fail(decoder, "number out of range");
    }
    if (lua_numbertointeger(number, &integer) && (lua_Number)integer == number) {
        lua_pop(L, 1);
        lua_pushinteger(L, integer);
    }
    return true;
}

static bool push_number(struct decoder *decoder)
{
    const char *start = decoder->at, *end = decoder->end;
    bool negative = *start == '-';
    const char *digits = start + negative;
    const char *at =
        is_digit(digits, end) && *digits == '0' ? digits + 1 : skip_digits(digits, end);
    decoder->at = at;
    if (at == digits) {
        return fail(decoder, negative ? "digit expected" : "value expected");
    }
    uint64_t value = 0;
    bool fits = at - digits <= 18;
    for (const char *digit = digits; fits && digit < at; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
    }
    if (at < end && *at == '.') {
        fits = false;
        decoder->at = skip_digits(at + 1, end);
        if (decoder->at == at + 1) {
            return fail(decoder, "digit expected");
        }
        at = decoder->at;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        fits = false;
        at++;
        at += at < end && (*at == '+' || *at == '-') ? 1 : 0;
        decoder->at = skip_digits(at, end);
        if (decoder->at == at) {
            return fail(decoder, "digit expected");
        }
    }
    if (!fits) {
        return push_float(decoder, start);
    }
    lua_pushinteger(decoder->L, negative ? -(lua_Integer)value : (lua_Integer)value);
    return true;
}

/* Tables -------------------------------------------------------------------- */

static bool push_value(struct decoder *decoder);

/* The table under construction; nil holds its place until the first batch. */
static void make_table(struct decoder *decoder, int table, int array, int hash)
{
    if (lua_isnil(decoder->L, table)) {
        lua_createtable(decoder->L, array, hash);
        lua_replace(decoder->L, table);
    }
}

static void store_items(struct decoder *decoder, int table, lua_Integer stored)
{
    lua_State *L = decoder->L;
    int waiting = lua_gettop(L) - table;
    make_table(decoder, table, waiting, 0);
    for (int i = waiting; i > 0; i--) {
        lua_rawseti(L, table, stored + i);
    }
}

/* In the order of the text: of a repeated name the last counts. */
static void store_fields(struct decoder *decoder, int table)
{
    lua_State *L = decoder->L;
    int top = lua_gettop(L);
    make_table(decoder, table, 0, (top - table) / 2);
    for (int name = table + 1; name < top; name += 2) {
        lua_pushvalue(L, name);
        lua_pushvalue(L, name + 1);
        lua_rawset(L, table);
    }
    lua_settop(L, table);
}

static bool enter(struct decoder *decoder)
{
    if (++decoder->depth > MAX_DEPTH) {
        return fail(decoder, "nested too deep");
    }
    luaL_checkstack(decoder->L, 2 * BATCH + 8, "JSON nested too deep");
    decoder->at++;
    skip_space(decoder);
    lua_pushnil(decoder->L);
    return true;
}

/* Whether another item follows; after the last one the closing bracket is taken. */
static bool go_on(struct decoder *decoder, char close, const char *why)
{
    skip_space(decoder);
    if (next_is(decoder, ',')) {
        decoder->at++;
        skip_space(decoder);
        return true;
    }
    if (!next_is(decoder, close)) {
        return fail(decoder, why);
    }
    decoder->at++;
    return false;
}

static bool push_list(struct decoder *decoder)
{
    lua_State *L = decoder->L;
    if (!enter(decoder)) {
        return false;
    }
    int table = lua_gettop(L);
    if (next_is(decoder, ']')) {
        decoder->at++;
        make_table(decoder, table, 0, 0);
        lua_pushvalue(L, decoder->list_metatable);
        lua_setmetatable(L, table);
        decoder->depth--;
        return true;
    }
    lua_Integer stored = 0;
    do {
        if (lua_gettop(L) - table == BATCH) {
            store_items(decoder, table, stored);
            stored += BATCH;
        }
        if (!push_value(decoder)) {
            return false;
        }
    } while (go_on(decoder, ']', "',' or ']' expected"));
    store_items(decoder, table, stored);
    decoder->depth--;
    return decoder->why == NULL;
}

static bool push_field(struct decoder *decoder)
{
    if (!next_is(decoder, '"')) {
        return fail(decoder, "string expected");
    }
    if (!push_string(decoder)) {
        return false;
    }
    skip_space(decoder);
    if (!next_is(decoder, ':')) {
        return fail(decoder, "':' expected");
    }
    decoder->at++;
    skip_space(decoder);
    return push_value(decoder);
}

static bool push_object(struct decoder *decoder)
{
    if (!enter(decoder)) {
        return false;
    }
    int table = lua_gettop(decoder->L);
    if (next_is(decoder, '}')) {
        decoder->at++;
        make_table(decoder, table, 0, 0);
        decoder->depth--;
        return true;
    }
    do {
        if (lua_gettop(decoder->L) - table == 2 * BATCH) {
            store_fields(decoder, table);
        }
        if (!push_field(decoder)) {
            return false;
        }
    } while (go_on(decoder, '}', "',' or '}' expected"));
    store_fields(decoder, table);
    decoder->depth--;
    return decoder->why == NULL;
}

static bool take_word(struct decoder *decoder, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(decoder->end - decoder->at) < length || memcmp(decoder->at, word, length) != 0) {
        return fail(decoder, "value expected");
    }
    decoder->at += length;
    return true;
}

static bool push_value(struct decoder *decoder)
{
    lua_State *L = decoder->L;
    if (decoder->at == decoder->end) {
        return fail(decoder, "value expected");
    }
    switch (*decoder->at) {
    case '"': return push_string(decoder);
    case '{': return push_object(decoder);
    case '[': return push_list(decoder);
    case 't': lua_pushboolean(L, 1); return take_word(decoder, "true");
    case 'f': lua_pushboolean(L, 0); return take_word(decoder, "false");
    case 'n': lua_pushlightuserdata(L, NULL); return take_word(decoder, "null");
    default: return push_number(decoder);
    }
}

static bool push_text(struct decoder *decoder)
{
    skip_space(decoder);
    if (!push_value(decoder)) {
        return false;
    }
    skip_space(decoder);
    return decoder->at == decoder->end || fail(decoder, "end of text expected");
}

bool slk_json_push(lua_State *L, const char *text, size_t length, int list_metatable)
{
    struct decoder decoder = {
        .L = L, .begin = text, .at = text, .end = text + length, .list_metatable = list_metatable};
    return push_text(&decoder);
}

/* (text, metatable of empty lists) -> value | nil, message */
int slk_json_decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct decoder decoder = {
        .L = L, .begin = text, .at = text, .end = text + length, .list_metatable = 2};
    if (push_text(&decoder)) {
        return 1;
    }
    lua_pushnil(L);
    lua_pushfstring(L, "%s at character %d", decoder.why, (int)(decoder.at - decoder.begin) + 1);
    return 2;
}
