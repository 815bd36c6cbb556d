/* The needles that are found are those that memmem finds. The input: needles, each ended by a
 * line end, an empty line, the text. */
#include "fuzz.h"
#include "text_search.h"

#define MAX_NEEDLES 64

static size_t read_needles(const char *data, size_t size, struct slk_text *needles, size_t *count)
{
    size_t at = 0;
    while (at < size && *count < MAX_NEEDLES) {
        const char *end = memchr(data + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - data) - at : size - at;
        size_t start = at;
        at += length + (end != NULL);
        if (length == 0) {
            break;
        }
        /* "-" stands for an empty one. */
        size_t is_empty = length == 1 && data[start] == '-';
        needles[(*count)++] = (struct slk_text){data + start, is_empty ? 0 : length};
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = exact_copy(data, size);
    struct slk_text needles[MAX_NEEDLES];
    size_t count = 0, start = read_needles(copy, size, needles, &count);
    struct slk_text_search *search = slk_text_search_create(needles, count);
    EXPECT(search != NULL);
    char *text = exact_copy(copy + start, size - start);
    for (int round = 0; round < 2; round++) {
        const uint32_t *found = NULL;
        size_t total = slk_text_search_find(search, (struct slk_text){text, size - start}, &found);
        size_t at = 0;
        for (size_t i = 0; i < count; i++) {
            if (memmem(text, size - start, needles[i].data, needles[i].length) != NULL) {
                EXPECT(at < total && found[at] == i);
                at++;
            }
        }
        EXPECT(at == total);
    }
    slk_text_search_destroy(search);
    free(text);
    free(copy);
    return 0;
}
