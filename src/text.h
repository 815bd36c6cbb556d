/* A run of bytes in memory that is somebody else's, without a terminator. Pure
 * code; any thread. */
#ifndef SLK_TEXT_H
#define SLK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

struct slk_text {
    const char *data; /* may be NULL when length is 0: missing, where that is told apart */
    size_t length;
};

/* Whether it is that word, byte for byte; in any case of ASCII letters. */
bool slk_text_is(struct slk_text text, const char *word);
bool slk_text_is_any_case(struct slk_text text, const char *word);

/* A literal as an initializer, for names that are compared by length first. */
#define SLK_TEXT(literal)                                                                          \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

/* Whether both are the same in any case of ASCII letters; neither's data is NULL. */
static inline bool slk_text_same_any_case(struct slk_text text, struct slk_text other)
{
    return text.length == other.length && strncasecmp(text.data, other.data, other.length) == 0;
}

/* Takes off rest what stands before the separator, which is dropped with it;
 * all of rest when there is none. */
struct slk_text slk_text_cut(struct slk_text *rest, char separator);

/* What a part of a text is in a copy of it that begins at copy; missing parts stay so. */
static inline struct slk_text slk_text_in_copy(struct slk_text part, const char *text,
                                               const char *copy)
{
    return part.data != NULL ? (struct slk_text){copy + (part.data - text), part.length} : part;
}

/* Copies from to place, makes *to of it, and returns where the copy ends. */
char *slk_text_copy(struct slk_text *to, struct slk_text from, char *place);

#endif
