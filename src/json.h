/* What lua-cjson loses, found in the text before it decodes: integers of more
 * digits than a double holds, and empty lists, which in Lua look like empty
 * objects. Both are rewritten to strings that begin with a mark and are turned
 * into what they are after decoding. Any thread; no state. */
#ifndef SLK_JSON_H
#define SLK_JSON_H

#include <stddef.h>

#include "buffer.h"

struct slk_json_counts {
    size_t integers; /* numbers without fraction or exponent */
    size_t floats;   /* numbers with one */
    size_t marks;    /* what slk_json_mark would replace; long integers are counted twice */
};

/* text need not be valid. */
struct slk_json_counts slk_json_scan(const char *text, size_t length);

/* Appends text to out with every long integer and every empty list replaced
 * by a string: mark and its digits, or mark alone. mark needs no escaping.
 * SLK_OK, SLK_NOMEM or SLK_TOO_LARGE. */
int slk_json_mark(const char *text, size_t length, const char *mark, size_t mark_length,
                  struct slk_buffer *out);

#endif
