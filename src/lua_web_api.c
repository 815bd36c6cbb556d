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

#define SCOPE_HEADERS (sizeof scope_headers / sizeof *scope_headers)

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
 * room for so much. */
static void push_table_in(lua_State *L, int index, const char *field, int items, int fields)
{
    if (lua_getfield(L, index, field) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, items, fields);
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

/* What a header says, or says once more, of the answer at that index. */
static void add_value(lua_State *L, int answer, const char *field, const char *value,
                      const char *end)
{
    push_table_in(L, answer, "response_metadata", 0, SCOPE_HEADERS);
    push_table_in(L, lua_gettop(L), field, count_words(value, end), 0);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    const char *word;
    while ((word = next_word(&value, end)) != NULL) {
        lua_pushlstring(L, word, (size_t)(value - word));
        lua_rawseti(L, -2, ++count);
    }
    lua_pop(L, 2);
}

static void add_line(lua_State *L, int answer, const char *line, const char *end)
{
    for (size_t i = 0; i < SCOPE_HEADERS; i++) {
        size_t name = scope_headers[i].length;
        if ((size_t)(end - line) >= name && strncasecmp(line, scope_headers[i].name, name) == 0) {
            add_value(L, answer, scope_headers[i].field, line + name, end);
            return;
        }
    }
}

static void add_scopes(lua_State *L, int answer, const char *lines, size_t size)
{
    const char *end = lines + size;
    luaL_checkstack(L, 8, NULL);
    for (const char *at = lines, *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        if (*at == 'x' || *at == 'X') {
            add_line(L, answer, at, stop);
        }
    }
}

bool slk_push_web_api_answer(lua_State *L, const struct slk_http_result *result)
{
    int top = lua_gettop(L);
    if (result->status != 200 || result->body == NULL || result->headers == NULL) {
        return false;
    }
    luaL_checkstack(L, 8, NULL);
    luaL_getmetatable(L, SLK_JSON_LIST);
    if (!slk_json_push(L, result->body, result->body_length, top + 1) || !says_ok(L, top + 2)) {
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
    for (int i = 0; i < (int)SCOPE_HEADERS; i++) {
        size_t length;
        const char *value = luaL_optlstring(L, 2 + i, NULL, &length);
        if (value != NULL) {
            add_value(L, 1, scope_headers[i].field, value, value + length);
        }
    }
    return 0;
}

void slk_open_web_api(lua_State *L)
{
    lua_pushcfunction(L, add_scopes_of);
    lua_setfield(L, -2, "add_scopes");
}
