/* What the fuzz targets have in common: input in pieces of exactly their size,
 * so that AddressSanitizer sees every read past their end, and a record of
 * results to compare. */
#ifndef SLK_FUZZ_H
#define SLK_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy that is exactly as long as it says. */
static inline char *exact_copy(const void *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    EXPECT(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

/* How long the next piece is, from a few bits that the fuzzer chose. */
static inline size_t piece_size(uint32_t *state, size_t left)
{
    *state = *state * 1664525u + 1013904223u;
    size_t size = (*state >> 24) % 4 == 0 ? (*state >> 16) % 200 : 1 + (*state >> 16) % 7;
    return size < left ? size : left;
}

/* What came out, in one run of bytes. */
struct record {
    char *data;
    size_t length;
    size_t capacity;
};

static inline void record_bytes(struct record *record, const void *data, size_t size)
{
    if (record->length + size > record->capacity) {
        record->capacity = (record->length + size) * 2;
        record->data = realloc(record->data, record->capacity);
        EXPECT(record->data != NULL);
    }
    if (size > 0) {
        memcpy(record->data + record->length, data, size);
        record->length += size;
    }
}

static inline void record_run(struct record *record, const void *data, size_t size)
{
    record_bytes(record, &size, sizeof size);
    record_bytes(record, data, size);
}

static inline void record_number(struct record *record, long number)
{
    record_bytes(record, &number, sizeof number);
}

static inline void expect_same(struct record *a, struct record *b)
{
    EXPECT(a->length == b->length);
    EXPECT(a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
    free(a->data);
    free(b->data);
}

#endif
