#include "lua_core.h"

#include <string.h>
#include <strings.h>

/* One value of a head, without making a table of all of them: an answer of
 * Slack's has 25 headers, of which a call looks at two. */

struct line {
    const char *value;
    size_t length;
};

static struct line trimmed(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t')) {
        from++;
    }
    while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r')) {
        to--;
    }
    return (struct line){from, (size_t)(to - from)};
}

/* The next line of that name at *at or behind it, which then stands behind that. */
static bool next_line(const char **at, const char *end, const char *name, size_t length,
                      struct line *line)
{
    while (*at < end) {
        const char *begin = *at;
        const char *stop = memchr(begin, '\n', (size_t)(end - begin));
        stop = stop != NULL ? stop : end;
        *at = stop + (stop < end);
        if ((size_t)(stop - begin) > length && begin[length] == ':' &&
            strncasecmp(begin, name, length) == 0) {
            *line = trimmed(begin + length + 1, stop);
            return true;
        }
    }
    return false;
}

bool slk_push_header(lua_State *L, const char *lines, size_t size, const char *name)
{
    const char *at = lines, *end = lines + size;
    size_t length = strlen(name);
    struct line line;
    if (!next_line(&at, end, name, length, &line)) {
        return false;
    }
    lua_pushlstring(L, line.value, line.length);
    while (next_line(&at, end, name, length, &line)) {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, line.value, line.length);
        lua_concat(L, 3);
    }
    return true;
}

/* (lines, name) -> value | nil */
static int find_header(lua_State *L)
{
    size_t size;
    const char *lines = luaL_checklstring(L, 1, &size);
    return slk_push_header(L, lines, size, luaL_checkstring(L, 2)) ? 1 : 0;
}

void slk_open_headers(lua_State *L)
{
    lua_pushcfunction(L, find_header);
    lua_setfield(L, -2, "find_header");
}
