/* Checks UTF-8 (RFC 3629) as its bytes come in. Pure code; any thread. */
#ifndef SLK_UTF8_H
#define SLK_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Where a text stands between two feeds; all zero at its start. */
struct slk_utf8 {
    unsigned char expected; /* continuation bytes still to come */
    unsigned char low;      /* the range of the next one */
    unsigned char high;
};

/* False when the text cannot be valid any more, at the first byte that shows it. */
bool slk_utf8_feed(struct slk_utf8 *state, const char *data, size_t length);

/* False when the text ends within a character. */
static inline bool slk_utf8_is_whole(const struct slk_utf8 *state)
{
    return state->expected == 0;
}

#endif
