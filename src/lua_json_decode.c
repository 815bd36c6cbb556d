#include "lua_json_decode.h"

#include <stdbool.h>

#include "lua_core.h"

/* One pass from the text to Lua values. The values of a list or object wait on
 * the Lua stack until it ends, so that its table is made in the right size at
 * once. */

#define MAX_DEPTH 1000
#define BATCH     64 /* items of one list or object that wait on the stack */
#define ROOM      8  /* stack slots that an item needs, but for items of its own */
#define SPARE     40 /* stack slots that are asked for at once */

static const char *push_other(struct slk_json_decoder *decoder, const char *at, char sign,
                              int index);

/* Sign is where the value should begin; it gets this index on the stack, which has room. */
static inline const char *push_value(struct slk_json_decoder *decoder, const char *at, char sign,
                                     int index)
{
    return sign == '"' ? slk_json_push_string(decoder, at + 1)
                       : push_other(decoder, at, sign, index);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Goes to the next sign that is not space; '\0' at the end, which is no sign of JSON. */
static inline char next_sign(const struct slk_json_decoder *decoder, const char **at)
{
    while (*at < decoder->end) {
        if (!is_space(**at)) {
            return **at;
        }
        ++*at;
    }
    return '\0';
}

static bool is_at(const struct slk_json_decoder *decoder, const char *at, char c)
{
    return at < decoder->end && *at == c;
}

/* Numbers ------------------------------------------------------------------- */

static bool is_digit(const char *at, const char *end)
{
    return at < end && (unsigned char)(*at - '0') < 10;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (is_digit(at, end)) {
        at++;
    }
    return at;
}

/* Everything but integers of at most 18 digits; what is whole becomes one. */
static const char *push_float(struct slk_json_decoder *decoder, const char *start, const char *at)
{
    lua_State *L = decoder->L;
    lua_pushlstring(L, start, (size_t)(at - start));
    if (lua_stringtonumber(L, lua_tostring(L, -1)) == 0) {
        return slk_json_fail(decoder, at, "number expected");
    }
    lua_remove(L, -2);
    if (lua_isinteger(L, -1)) {
        return at; /* 19 digits that fit; a double would lose some of them */
    }
    lua_Integer integer;
    lua_Number number = lua_tonumber(L, -1);
    if (number - number != 0) {
        return slk_json_fail(decoder, at, "number out of range");
    }
    if (lua_numbertointeger(number, &integer) && (lua_Number)integer == number) {
        lua_pop(L, 1);
        lua_pushinteger(L, integer);
    }
    return at;
}

/* From the end of a number's digits before the point to its end. */
static const char *skip_fraction(struct slk_json_decoder *decoder, const char *at)
{
    const char *end = decoder->end;
    if (is_at(decoder, at, '.')) {
        const char *digits = ++at;
        at = skip_digits(digits, end);
        if (at == digits) {
            return slk_json_fail(decoder, at, "digit expected");
        }
    }
    if (is_at(decoder, at, 'e') || is_at(decoder, at, 'E')) {
        at++;
        const char *digits = at + (is_at(decoder, at, '+') || is_at(decoder, at, '-'));
        at = skip_digits(digits, end);
        if (at == digits) {
            return slk_json_fail(decoder, at, "digit expected");
        }
    }
    return at;
}

static const char *push_number(struct slk_json_decoder *decoder, const char *at)
{
    const char *start = at, *end = decoder->end;
    bool negative = *at == '-';
    const char *digits = at += negative;
    uint64_t value = 0;
    if (is_at(decoder, at, '0')) {
        at++;
    } else {
        for (; is_digit(at, end); at++) {
            value = value * 10 + (uint64_t)(*at - '0');
        }
    }
    if (at == digits) {
        return slk_json_fail(decoder, at, negative ? "digit expected" : "value expected");
    }
    const char *whole = at;
    at = skip_fraction(decoder, at);
    if (at == NULL) {
        return NULL;
    }
    if (at != whole || whole - digits > 18) {
        return push_float(decoder, start, at);
    }
    lua_pushinteger(decoder->L, negative ? -(lua_Integer)value : (lua_Integer)value);
    return at;
}

/* Tables -------------------------------------------------------------------- */

static inline void make_room(struct slk_json_decoder *decoder, int index)
{
    if (index + ROOM > decoder->room) {
        luaL_checkstack(decoder->L, SPARE, "JSON nested too deep");
        decoder->room = index + SPARE - 1;
    }
}

/* From an item to the next; false when none follows, with the sign that is there. */
static inline bool go_on(const struct slk_json_decoder *decoder, const char **at, char *sign)
{
    *sign = next_sign(decoder, at);
    if (*sign != ',') {
        return false;
    }
    ++*at;
    *sign = next_sign(decoder, at);
    return true;
}

/* Where tables begin and parts of them end: between these there are few. */
static bool has_left(struct slk_json_decoder *decoder, const char *at)
{
    return decoder->left >= 0 || slk_json_fail(decoder, at, "too many values") != NULL;
}

/* nil holds the place of a table until its size is known. */
static bool enter(struct slk_json_decoder *decoder, const char *at)
{
    if (++decoder->depth > MAX_DEPTH) {
        slk_json_fail(decoder, at, "nested too deep");
        return false;
    }
    if (!has_left(decoder, at)) {
        return false;
    }
    lua_pushnil(decoder->L);
    return true;
}

static void make_table(lua_State *L, int index, int array, int hash)
{
    lua_createtable(L, array, hash);
    lua_replace(L, index);
}

static void store_items(struct slk_json_decoder *decoder, int table, lua_Integer stored,
                        int waiting)
{
    lua_State *L = decoder->L;
    decoder->left -= waiting;
    if (stored == 0) {
        make_table(L, table, waiting, 0);
    }
    for (int i = waiting; i > 0; i--) {
        lua_rawseti(L, table, stored + i);
    }
}

static void mark_empty_list(struct slk_json_decoder *decoder, int table)
{
    make_table(decoder->L, table, 0, 0);
    lua_pushvalue(decoder->L, decoder->list_metatable);
    lua_setmetatable(decoder->L, table);
}

/* At the bracket. */
static const char *push_list(struct slk_json_decoder *decoder, const char *at, int table)
{
    if (!enter(decoder, at)) {
        return NULL;
    }
    lua_Integer stored = 0;
    int waiting = 0;
    at++;
    char sign = next_sign(decoder, &at);
    if (sign == ']') {
        mark_empty_list(decoder, table);
    } else {
        do {
            if (waiting == BATCH) {
                store_items(decoder, table, stored, waiting);
                stored += waiting;
                waiting = 0;
                if (!has_left(decoder, at)) {
                    return NULL;
                }
            }
            make_room(decoder, table + ++waiting);
            at = push_value(decoder, at, sign, table + waiting);
            if (at == NULL) {
                return NULL;
            }
        } while (go_on(decoder, &at, &sign));
        if (sign != ']') {
            return slk_json_fail(decoder, at, "',' or ']' expected");
        }
        store_items(decoder, table, stored, waiting);
    }
    decoder->depth--;
    return at + 1;
}

/* The fields that wait on the stack. */
struct fields {
    int waiting;
    bool stored;                              /* some of the object's are already in the table */
    bool repeat;                              /* a name may have come twice */
    uint64_t places[SLK_WORD_COUNT / 64 + 1]; /* a bit for the place of each name */
};

static inline struct fields no_fields(bool stored)
{
    /* Two names without a place could be equal, and each equal to one that has a place. */
    return (struct fields){.stored = stored, .places[SLK_JSON_NO_PLACE / 64] = 1};
}

static inline void note_name(struct fields *fields, unsigned place)
{
    uint64_t *places = &fields->places[place / 64], bit = (uint64_t)1 << place % 64;
    fields->repeat |= (*places & bit) != 0;
    *places |= bit;
}

/* In the order of the text: of a repeated name the last counts. */
static void store_in_order(lua_State *L, int table, int waiting)
{
    for (int name = table + 1; waiting > 0; waiting--, name += 2) {
        lua_pushvalue(L, name);
        lua_pushvalue(L, name + 1);
        lua_rawset(L, table);
    }
    lua_settop(L, table);
}

static void store_fields(struct slk_json_decoder *decoder, int table, const struct fields *fields)
{
    lua_State *L = decoder->L;
    decoder->left -= fields->waiting;
    if (!fields->stored) {
        int spare = decoder->depth == 1 ? decoder->spare : 0;
        make_table(L, table, 0, fields->waiting + spare);
    }
    if (fields->repeat) {
        store_in_order(L, table, fields->waiting);
        return;
    }
    for (int i = 0; i < fields->waiting; i++) {
        lua_rawset(L, table);
    }
}

/* Sign is where the name should begin. */
static const char *push_field(struct slk_json_decoder *decoder, const char *at, char sign,
                              int index, struct fields *fields)
{
    if (sign != '"') {
        return slk_json_fail(decoder, at, "string expected");
    }
    make_room(decoder, index);
    at = slk_json_push_string(decoder, at + 1);
    if (at == NULL) {
        return NULL;
    }
    note_name(fields, decoder->place);
    if (next_sign(decoder, &at) != ':') {
        return slk_json_fail(decoder, at, "':' expected");
    }
    at++;
    sign = next_sign(decoder, &at);
    return push_value(decoder, at, sign, index + 1);
}

/* At the bracket. */
static const char *push_object(struct slk_json_decoder *decoder, const char *at, int table)
{
    if (!enter(decoder, at)) {
        return NULL;
    }
    struct fields fields = no_fields(false);
    at++;
    char sign = next_sign(decoder, &at);
    if (sign != '}') {
        do {
            if (fields.waiting == BATCH) {
                store_fields(decoder, table, &fields);
                fields = no_fields(true);
                if (!has_left(decoder, at)) {
                    return NULL;
                }
            }
            at = push_field(decoder, at, sign, table + 1 + 2 * fields.waiting++, &fields);
            if (at == NULL) {
                return NULL;
            }
        } while (go_on(decoder, &at, &sign));
        if (sign != '}') {
            return slk_json_fail(decoder, at, "',' or '}' expected");
        }
    }
    store_fields(decoder, table, &fields);
    decoder->depth--;
    return at + 1;
}

static const char *take_word(struct slk_json_decoder *decoder, const char *at, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(decoder->end - at) < length || memcmp(at, word, length) != 0) {
        return slk_json_fail(decoder, at, "value expected");
    }
    return at + length;
}

/* All but strings. */
static const char *push_other(struct slk_json_decoder *decoder, const char *at, char sign,
                              int index)
{
    lua_State *L = decoder->L;
    switch (sign) {
    case '{': return push_object(decoder, at, index);
    case '[': return push_list(decoder, at, index);
    case 't': lua_pushboolean(L, 1); return take_word(decoder, at, "true");
    case 'f': lua_pushboolean(L, 0); return take_word(decoder, at, "false");
    case 'n': lua_pushlightuserdata(L, NULL); return take_word(decoder, at, "null");
    case '\0': return slk_json_fail(decoder, at, "value expected");
    default: return push_number(decoder, at);
    }
}

/* The table of words is on top; the value comes above it. */
static bool push_text(struct slk_json_decoder *decoder, const char *at)
{
    decoder->kept = lua_gettop(decoder->L);
    char sign = next_sign(decoder, &at);
    make_room(decoder, decoder->kept + 1);
    at = push_value(decoder, at, sign, decoder->kept + 1);
    if (at == NULL || !has_left(decoder, at)) {
        return false;
    }
    next_sign(decoder, &at);
    return at == decoder->end || slk_json_fail(decoder, at, "end of text expected") != NULL;
}

bool slk_json_push(lua_State *L, const char *text, size_t length, int list_metatable)
{
    return slk_json_push_roomy(L, text, length, list_metatable, 0);
}

bool slk_json_push_roomy(lua_State *L, const char *text, size_t length, int list_metatable,
                         int spare)
{
    struct slk_json_decoder decoder = {.L = L,
                                       .end = text + length,
                                       .list_metatable = list_metatable,
                                       .left = SLK_JSON_MOST_VALUES,
                                       .spare = spare};
    luaL_checkstack(L, 2, "JSON nested too deep");
    decoder.words = slk_words_push_kept(L);
    if (!push_text(&decoder, text)) {
        return false;
    }
    lua_replace(L, decoder.kept);
    return true;
}

static int decode(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) {
        return luaL_error(L, "json.decode: string expected, got %s", luaL_typename(L, 1));
    }
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    struct slk_json_decoder decoder = {.L = L,
                                       .end = text + length,
                                       .words = lua_touserdata(L, lua_upvalueindex(1)),
                                       .list_metatable = lua_upvalueindex(3),
                                       .left = lua_tointeger(L, lua_upvalueindex(4))};
    lua_pushvalue(L, lua_upvalueindex(2));
    if (push_text(&decoder, text)) {
        return 1;
    }
    lua_pushnil(L);
    lua_pushfstring(L, "JSON: %s at character %d", decoder.why, (int)(decoder.failed - text) + 1);
    return 2;
}

void slk_json_push_decode(lua_State *L, lua_Integer most)
{
    lua_pushlightuserdata(L, slk_words_push_kept(L));
    lua_insert(L, -2);
    luaL_getmetatable(L, SLK_JSON_LIST);
    lua_pushinteger(L, most);
    lua_pushcclosure(L, decode, 4);
}
