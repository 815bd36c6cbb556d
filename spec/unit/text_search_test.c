#include "text_search.h"

#include <stdbool.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "check.h"

#define MANY 10000

static struct slk_text text_of(const char *word)
{
    return (struct slk_text){word, strlen(word)};
}

/* The same numbers on every run. */
static uint32_t next_random(void)
{
    static uint32_t state = 1;
    state = state * UINT32_C(1664525) + UINT32_C(1013904223);
    return state >> 8;
}

static void make_random(char *bytes, size_t length, uint32_t letters)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (char)('a' + next_random() % letters);
    }
}

static bool holds(struct slk_text text, struct slk_text needle)
{
    return needle.length == 0 || memmem(text.data, text.length, needle.data, needle.length) != NULL;
}

static void check_found(struct slk_text_search *search, const struct slk_text *needles,
                        size_t count, struct slk_text text)
{
    const uint32_t *found;
    size_t found_count = slk_text_search_find(search, text, &found), at = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_found = at < found_count && found[at] == i;
        CHECK(is_found == holds(text, needles[i]));
        at += is_found ? 1 : 0;
    }
    CHECK(at == found_count);
}

static void finds_what_plain_searches_find(uint32_t letters, size_t longest)
{
    enum { COUNT = 60, TEXTS = 200, LENGTH = 40 };
    char bytes[COUNT][LENGTH], text[LENGTH];
    struct slk_text needles[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        needles[i] = (struct slk_text){bytes[i], next_random() % longest + i % 2};
        make_random(bytes[i], needles[i].length, letters);
    }
    struct slk_text_search *search = slk_text_search_create(needles, COUNT);
    CHECK(search != NULL);
    for (int i = 0; i < TEXTS; i++) {
        size_t length = next_random() % LENGTH;
        make_random(text, length, letters);
        check_found(search, needles, COUNT, (struct slk_text){text, length});
    }
    slk_text_search_destroy(search);
}

static void needs_neither_needles_nor_text(void)
{
    const uint32_t *found;
    struct slk_text_search *search = slk_text_search_create(NULL, 0);
    CHECK(slk_text_search_find(search, text_of("text"), &found) == 0);
    slk_text_search_destroy(search);
    struct slk_text needles[] = {{NULL, 0}, {"a", 1}};
    search = slk_text_search_create(needles, 2);
    CHECK(slk_text_search_find(search, (struct slk_text){NULL, 0}, &found) == 1 && found[0] == 0);
    slk_text_search_destroy(search);
    slk_text_search_destroy(NULL);
}

static void keeps_its_own_copy(void)
{
    char word[] = "needle and more";
    struct slk_text needle = text_of(word);
    const uint32_t *found;
    struct slk_text_search *search = slk_text_search_create(&needle, 1);
    memset(word, 'x', sizeof word - 1);
    CHECK(slk_text_search_find(search, text_of("a needle and more"), &found) == 1);
    CHECK(slk_text_search_find(search, text_of("a needle and mor"), &found) == 0);
    slk_text_search_destroy(search);
}

static void refuses_what_cannot_be_numbered(void)
{
    struct slk_text needles[] = {{"a", UINT32_MAX / 2}, {"a", UINT32_MAX / 2 + 2}};
    CHECK(slk_text_search_create(needles, 2) == NULL);
}

/* 0 where the C library does not tell. */
static size_t used_memory(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

/* Random ones, and pairs that are told apart by their last byte alone. */
static void is_small(bool are_alike)
{
    enum { LENGTH = 40 };
    static char bytes[MANY][LENGTH];
    static struct slk_text needles[MANY];
    for (size_t i = 0; i < MANY; i++) {
        make_random(bytes[i], LENGTH, 26);
        if (are_alike && i % 2 == 1) {
            memcpy(bytes[i], bytes[i - 1], LENGTH - 1);
        }
        needles[i] = (struct slk_text){bytes[i], LENGTH};
    }
    size_t before = used_memory();
    struct slk_text_search *search = slk_text_search_create(needles, MANY);
    size_t used = used_memory() - before;
    CHECK(used < (are_alike ? 6u : 3u) << 20);
    check_found(search, needles, MANY, (struct slk_text){bytes[0], MANY / 100 * LENGTH});
    slk_text_search_destroy(search);
}

int main(void)
{
    for (uint32_t letters = 1; letters <= 5; letters++) {
        finds_what_plain_searches_find(letters, 4);
        finds_what_plain_searches_find(letters, 12);
        finds_what_plain_searches_find(letters, 35);
    }
    needs_neither_needles_nor_text();
    keeps_its_own_copy();
    refuses_what_cannot_be_numbered();
    is_small(false);
    is_small(true);
    return 0;
}
