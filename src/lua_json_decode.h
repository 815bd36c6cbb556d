/* The decoder of JSON (RFC 8259), in two files: strings, and all else.
 * Its functions take a place in the text and return the place after what they
 * read, or NULL where the text is not JSON. Lua thread only. */
#ifndef SLK_LUA_JSON_DECODE_H
#define SLK_LUA_JSON_DECODE_H

#include "json_text.h"
#include "lua_words.h"

struct slk_json_decoder {
    lua_State *L;
    const char *end;
    const char *failed; /* where something else was expected, */
    const char *why;    /* and what; static text */
    struct slk_words *words;
    int kept; /* the index of the table of words */
    int list_metatable;
    int depth;
    lua_Integer left; /* fields and items that the text may still have */
    int spare;        /* fields that the outermost object has room for besides its own */
    int room;         /* up to this index the stack has room */
    unsigned place;   /* of the string pushed last; equal strings without escapes have the same */
};

static inline const char *slk_json_fail(struct slk_json_decoder *decoder, const char *at,
                                        const char *why)
{
    decoder->failed = at;
    decoder->why = why;
    return NULL;
}

/* The place of all other strings. */
#define SLK_JSON_NO_PLACE SLK_WORD_COUNT

/* Pushes the string whose opening quote is before at. */
const char *slk_json_push_any_string(struct slk_json_decoder *decoder, const char *at);

/* The same, quicker for most. */
static inline const char *slk_json_push_string(struct slk_json_decoder *decoder, const char *at)
{
    if (decoder->end - at >= 16) {
        size_t length = slk_json_plain_16(at);
        if (length < 16 && at[length] == '"') {
            decoder->place = slk_words_push(decoder->L, decoder->words, decoder->kept, at,
                                            slk_word_of_short(at, length));
            return at + length + 1;
        }
    }
    return slk_json_push_any_string(decoder, at);
}

#endif
