#include "lua_words.h"

/* The registry's key of the table of strings, whose last item is the struct slk_words. */
static const char key;

void slk_open_words(lua_State *L)
{
    lua_createtable(L, SLK_WORD_COUNT + 1, 0);
    struct slk_words *words = lua_newuserdatauv(L, sizeof *words, 0);
    memset(words, 0, sizeof *words);
    for (int i = 0; i < SLK_WORD_COUNT; i++) {
        words->words[i].length = SIZE_MAX; /* nothing is there: like no text */
    }
    lua_rawseti(L, -2, SLK_WORD_COUNT + 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
}

struct slk_words *slk_words_push_kept(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key);
    lua_rawgeti(L, -1, SLK_WORD_COUNT + 1);
    struct slk_words *words = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return words;
}

void slk_words_push_new(lua_State *L, struct slk_words *words, int kept, const char *text,
                        size_t length)
{
    struct slk_word word = slk_word_of(text, length);
    uint64_t hash = slk_word_hash(word);
    unsigned place = slk_word_place(hash);
    lua_pushlstring(L, text, length);
    if (words->missed[place] == hash) {
        lua_pushvalue(L, -1);
        lua_rawseti(L, kept, (lua_Integer)place + 1); /* within the table's size: cannot fail */
        words->words[place] = word;
    }
    words->missed[place] = hash;
}
