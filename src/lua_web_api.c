#include "lua_web_api.h"

#include <string.h>
#include <strings.h>

/* Most answers say ok; decoded from where they arrived they need no strings of Lua's for head
 * and body, which are large, and are garbage at once. */

/* The headers that tell of scopes, and where an answer has them. */
static const struct {
    const char *name;
    size_t length;
    const char *field;
} scope_headers[] = {{"x-oauth-scopes:", 15, "scopes"},
                     {"x-accepted-oauth-scopes:", 24, "accepted_scopes"}};

#define SCOPE_HEADERS ((int)(sizeof scope_headers / sizeof *scope_headers))

/* Values of these headers that are remembered, with their words; longer ones are not. */
#define KNOWN_VALUES  16
#define LONGEST_KNOWN 4096

/* Its address is where the registry has them. */
static const char memory_key = 'm';

static bool says_ok(lua_State *L, int index)
{
    if (!lua_istable(L, index)) {
        return false;
    }
    lua_pushliteral(L, "ok");
    bool ok = lua_rawget(L, index) == LUA_TBOOLEAN && lua_toboolean(L, -1);
    lua_pop(L, 1);
    return ok;
}

static bool ends_word(char byte)
{
    return byte == ',' || byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Pushes the table in that field of the table at index, where there is none a new one that has
 * room for so many fields. */
static void push_table_in(lua_State *L, int index, const char *field, int fields)
{
    if (lua_getfield(L, index, field) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, fields);
        lua_pushvalue(L, -1);
        lua_setfield(L, index, field);
    }
}

/* The next word at *at or behind it, which then stands behind that; NULL when there is none. */
static const char *next_word(const char **at, const char *end)
{
    while (*at < end && ends_word(**at)) {
        (*at)++;
    }
    const char *word = *at;
    while (*at < end && !ends_word(**at)) {
        (*at)++;
    }
    return *at > word ? word : NULL;
}

static int count_words(const char *at, const char *end)
{
    int count = 0;
    while (next_word(&at, end) != NULL) {
        count++;
    }
    return count;
}

static void push_words(lua_State *L, const char *value, const char *end)
{
    lua_createtable(L, count_words(value, end), 0);
    lua_Integer count = 0;
    const char *word;
    while ((word = next_word(&value, end)) != NULL) {
        lua_pushlstring(L, word, (size_t)(value - word));
        lua_rawseti(L, -2, ++count);
    }
}

/* Pushes the list of the words that a header has, which is not to be changed. A token's scopes
 * are the same from answer to answer, so few lists are made: the state's memory has the values
 * last seen, each followed by its list. */
static void push_known_words(lua_State *L, const char *value, const char *end)
{
    size_t length = (size_t)(end - value), known_length;
    if (length == 0 || length > LONGEST_KNOWN) {
        push_words(L, value, end);
        return;
    }
    lua_Integer place = 1 + 2 * (lua_Integer)((length + (unsigned char)end[-1]) % KNOWN_VALUES);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &memory_key);
    lua_rawgeti(L, -1, place);
    const char *known = lua_tolstring(L, -1, &known_length);
    if (known != NULL && known_length == length && memcmp(known, value, length) == 0) {
        lua_rawgeti(L, -2, place + 1);
    } else {
        lua_pushboolean(L, 0); /* should memory run out, the list is not the old value's */
        lua_rawseti(L, -3, place);
        push_words(L, value, end);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, place + 1);
        lua_pushlstring(L, value, length);
        lua_rawseti(L, -4, place);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
}

/* What a header says, or says once more, into the response_metadata on top of the stack. */
static void add_value(lua_State *L, const char *field, const char *value, const char *end)
{
    push_known_words(L, value, end);
    int words = lua_gettop(L), added = (int)lua_rawlen(L, words);
    bool is_new = lua_getfield(L, words - 1, field) != LUA_TTABLE;
    if (is_new) {
        lua_pop(L, 1);
        lua_createtable(L, added, 0);
    }
    lua_Integer count = is_new ? 0 : (lua_Integer)lua_rawlen(L, -1);
    for (int i = 1; i <= added; i++) {
        lua_rawgeti(L, words, i);
        lua_rawseti(L, -2, count + i);
    }
    if (is_new) {
        lua_setfield(L, words - 1, field);
    }
    lua_settop(L, words - 1);
}

/* The header that a line is, or -1. All of them begin with "x-". */
static int find_scope_header(const char *line, const char *end)
{
    for (int i = 0; i < SCOPE_HEADERS; i++) {
        size_t length = scope_headers[i].length;
        if ((size_t)(end - line) >= length && (line[2] | 0x20) == scope_headers[i].name[2] &&
            strncasecmp(line, scope_headers[i].name, length) == 0) {
            return i;
        }
    }
    return -1;
}

static void add_scopes(lua_State *L, int answer, const char *lines, size_t size)
{
    const char *end = lines + size;
    bool has_metadata = false;
    for (const char *at = lines, *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        int found = *at == 'x' || *at == 'X' ? find_scope_header(at, stop) : -1;
        if (found >= 0 && !has_metadata) {
            push_table_in(L, answer, "response_metadata", SCOPE_HEADERS);
            has_metadata = true;
        }
        if (found >= 0) {
            add_value(L, scope_headers[found].field, at + scope_headers[found].length, stop);
        }
    }
    lua_settop(L, answer);
}

bool slk_push_web_api_answer(lua_State *L, const struct slk_http_result *result)
{
    int top = lua_gettop(L);
    if (result->status != 200 || result->body == NULL || result->headers == NULL) {
        return false;
    }
    luaL_checkstack(L, 12, NULL);
    luaL_getmetatable(L, SLK_JSON_LIST);
    if (!slk_json_push_roomy(L, result->body, result->body_length, top + 1, 1) ||
        !says_ok(L, top + 2)) {
        lua_settop(L, top);
        return false;
    }
    lua_remove(L, top + 1);
    add_scopes(L, top + 1, result->headers, result->headers_length);
    return true;
}

/* (answer, values of the headers or nil) */
static int add_scopes_of(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 3);
    if (lua_isnil(L, 2) && lua_isnil(L, 3)) {
        return 0;
    }
    push_table_in(L, 1, "response_metadata", SCOPE_HEADERS);
    for (int i = 0; i < SCOPE_HEADERS; i++) {
        size_t length;
        const char *value = luaL_optlstring(L, 2 + i, NULL, &length);
        if (value != NULL) {
            add_value(L, scope_headers[i].field, value, value + length);
        }
    }
    return 0;
}

void slk_open_web_api(lua_State *L)
{
    lua_createtable(L, 2 * KNOWN_VALUES, 0);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &memory_key);
    lua_pushcfunction(L, add_scopes_of);
    lua_setfield(L, -2, "add_scopes");
}
