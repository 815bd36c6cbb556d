/* What both readers of JSON do most: pass over the plain part of a string,
 * 16 or 8 bytes at a time. Pure code; any thread. */
#ifndef SLK_JSON_TEXT_H
#define SLK_JSON_TEXT_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Fields and items that a text of others may have, and the length below which it has no more.
 * An empty list in a list takes most: 80 bytes for its 3. */
#define SLK_JSON_MOST_VALUES ((size_t)1 << 22)
#define SLK_JSON_SURE_LENGTH (2 * SLK_JSON_MOST_VALUES)

#define SLK_REPEAT(byte) (0x0101010101010101u * (byte))

/* Sets the top bit of each byte that is zero; bytes above the first such one
 * may be marked wrongly, the first never is. */
static inline uint64_t slk_zero_bytes(uint64_t word)
{
    return (word - SLK_REPEAT(1)) & ~word & SLK_REPEAT(0x80);
}

/* How many of 16 bytes come before the first quote, backslash or control character. */
static inline size_t slk_json_plain_16(const char *at)
{
#if defined __SSE2__
    const __m128i control = _mm_set1_epi8(0x1F);
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                   _mm_cmpeq_epi8(_mm_max_epu8(bytes, control), control));
    return (size_t)__builtin_ctz((unsigned)_mm_movemask_epi8(special) | 1u << 16);
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (size_t i = 0; i < 16; i += 8) {
        uint64_t word;
        memcpy(&word, at + i, sizeof word);
        uint64_t below_space = (word - SLK_REPEAT(0x20)) & ~word & SLK_REPEAT(0x80);
        uint64_t special = below_space | slk_zero_bytes(word ^ SLK_REPEAT('"')) |
                           slk_zero_bytes(word ^ SLK_REPEAT('\\'));
        if (special != 0) {
            return i + (size_t)__builtin_ctzll(special) / 8;
        }
    }
    return 16;
#else
    size_t i = 0;
    while (i < 16 && at[i] != '"' && at[i] != '\\' && (unsigned char)at[i] >= 0x20) {
        i++;
    }
    return i;
#endif
}

/* The first quote, backslash or control character at or after at, or end. */
static inline const char *slk_json_skip_plain(const char *at, const char *end)
{
    while (end - at >= 16) {
        size_t plain = slk_json_plain_16(at);
        at += plain;
        if (plain < 16) {
            return at;
        }
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) {
        at++;
    }
    return at;
}

#endif
