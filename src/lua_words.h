/* The short strings that JSON brought lately. Lua finds a short string by a hash
 * of every byte of it; here it is found by a few words of it, and pushed as it is.
 *
 * So a text of at most SLK_WORD_LONGEST bytes that came twice may stay in memory
 * until another takes its place, secret or not: the verification token of events,
 * the signing secret that apps.manifest.create returns. Access tokens and URLs are
 * longer. It goes nowhere else, and Lua does not wipe the strings it frees either.
 *
 * A Lua state has one such memory, in its registry, for all its coroutines. No
 * step of a change to it can raise or run other code, so a finalizer that decodes
 * JSON in the middle of a decoding finds it whole. Lua thread only. */
#ifndef SLK_LUA_WORDS_H
#define SLK_LUA_WORDS_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SLK_WORD_BITS    9
#define SLK_WORD_COUNT   (1 << SLK_WORD_BITS)
#define SLK_WORD_LONGEST 32

/* A text as it is compared; one of at most SLK_WORD_LONGEST bytes is all in it. */
struct slk_word {
    uint64_t head[2]; /* the first 16 bytes, zeros after the end */
    uint64_t tail[2]; /* the last 16 bytes of a text of more than 16, otherwise zeros */
    size_t length;
};

struct slk_words {
    struct slk_word words[SLK_WORD_COUNT];
    uint64_t missed[SLK_WORD_COUNT]; /* the hash of the last text that was not in that place */
};

/* Of a text of any length. */
static inline struct slk_word slk_word_of(const char *text, size_t length)
{
    struct slk_word word = {.length = length};
    if (length > 16) {
        memcpy(word.head, text, 16);
        memcpy(word.tail, text + length - 16, 16);
    } else {
        memcpy(word.head, text, length);
    }
    return word;
}

/* The same of one of at most 16 bytes, where 16 can be read. */
static inline struct slk_word slk_word_of_short(const char *text, size_t length)
{
    static const unsigned char kept[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                           0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    struct slk_word word = {.length = length};
    uint64_t mask[2];
    memcpy(mask, kept + 16 - length, 16);
    memcpy(word.head, text, 16);
    word.head[0] &= mask[0];
    word.head[1] &= mask[1];
    return word;
}

static inline uint64_t slk_word_hash(struct slk_word word)
{
    return (word.head[0] + word.tail[1]) * 0x9E3779B97F4A7C15u ^
           (word.head[1] + word.tail[0]) * 0xC2B2AE3D27D4EB4Fu;
}

static inline unsigned slk_word_place(uint64_t hash)
{
    return (unsigned)(hash >> (64 - SLK_WORD_BITS));
}

/* Makes the memory of a state. */
void slk_open_words(lua_State *L);

/* Pushes the table that keeps the strings alive; valid as long as that is on the stack. */
struct slk_words *slk_words_push_kept(lua_State *L);

/* Pushes the string of a text that is not remembered, and remembers it at the second time. */
void slk_words_push_new(lua_State *L, struct slk_words *words, int kept, const char *text,
                        size_t length);

/* Pushes the string of a text that is word; kept is the index of the table. Equal texts have the
 * same place, which is returned. */
static inline unsigned slk_words_push(lua_State *L, struct slk_words *words, int kept,
                                      const char *text, struct slk_word word)
{
    unsigned place = slk_word_place(slk_word_hash(word));
    const struct slk_word *known = &words->words[place];
    uint64_t differs = (word.head[0] ^ known->head[0]) | (word.head[1] ^ known->head[1]) |
                       (word.length ^ known->length);
    if (word.length > 16) {
        differs |= (word.tail[0] ^ known->tail[0]) | (word.tail[1] ^ known->tail[1]);
    }
    if (differs == 0) {
        lua_rawgeti(L, kept, (lua_Integer)place + 1);
    } else {
        slk_words_push_new(L, words, kept, text, word.length);
    }
    return place;
}

#endif
