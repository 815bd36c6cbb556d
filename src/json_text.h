/* What both readers of JSON do most: pass over the plain part of a string,
 * eight bytes at a time. Pure code; any thread. */
#ifndef SLK_JSON_TEXT_H
#define SLK_JSON_TEXT_H

#include <stdint.h>
#include <string.h>

#define SLK_REPEAT(byte) (0x0101010101010101u * (byte))

/* Sets the top bit of each byte that is zero; bytes above the first such one
 * may be marked wrongly, the first never is. */
static inline uint64_t slk_zero_bytes(uint64_t word)
{
    return (word - SLK_REPEAT(1)) & ~word & SLK_REPEAT(0x80);
}

/* The first quote, backslash or control character at or after at, or end. */
static inline const char *slk_json_skip_plain(const char *at, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t below_space = (word - SLK_REPEAT(0x20)) & ~word & SLK_REPEAT(0x80);
        uint64_t special = below_space | slk_zero_bytes(word ^ SLK_REPEAT('"')) |
                           slk_zero_bytes(word ^ SLK_REPEAT('\\'));
        if (special != 0) {
            return at + __builtin_ctzll(special) / 8;
        }
        at += 8;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) {
        at++;
    }
    return at;
}

#endif
