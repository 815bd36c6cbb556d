#include "text.h"

#include <string.h>
#include <strings.h>

bool slk_text_is(struct slk_text text, const char *word)
{
    return text.data != NULL && text.length == strlen(word) &&
           memcmp(text.data, word, text.length) == 0;
}

bool slk_text_is_any_case(struct slk_text text, const char *word)
{
    return text.data != NULL && text.length == strlen(word) &&
           strncasecmp(text.data, word, text.length) == 0;
}

struct slk_text slk_text_cut(struct slk_text *rest, char separator)
{
    const char *at = rest->length > 0 ? memchr(rest->data, separator, rest->length) : NULL;
    struct slk_text piece = {rest->data, at != NULL ? (size_t)(at - rest->data) : rest->length};
    size_t used = piece.length + (at != NULL ? 1 : 0);
    if (used > 0) {
        rest->data += used;
        rest->length -= used;
    }
    return piece;
}

char *slk_text_copy(struct slk_text *to, struct slk_text from, char *place)
{
    if (from.length > 0) {
        memcpy(place, from.data, from.length);
    }
    *to = (struct slk_text){place, from.length};
    return place + from.length;
}
