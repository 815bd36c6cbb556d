#include "utf8.h"

#include <stdint.h>
#include <string.h>

#define HIGH_BITS 0x8080808080808080u

static uint64_t load(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Nearly all of Slack's JSON is ASCII, so this loop is where the time goes. */
static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end)
{
    while (end - at >= 32) {
        if (((load(at) | load(at + 8) | load(at + 16) | load(at + 24)) & HIGH_BITS) != 0) {
            break;
        }
        at += 32;
    }
    while (end - at >= 8 && (load(at) & HIGH_BITS) == 0) {
        at += 8;
    }
    while (at < end && *at < 0x80) {
        at++;
    }
    return at;
}

/* The ranges of the second byte keep out overlong forms, surrogates and what
 * lies beyond U+10FFFF (RFC 3629 §4). */
static bool begin_character(struct slk_utf8 *state, unsigned char lead)
{
    state->low = 0x80;
    state->high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        state->expected = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        state->expected = 2;
        state->low = lead == 0xE0 ? 0xA0 : 0x80;
        state->high = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        state->expected = 3;
        state->low = lead == 0xF0 ? 0x90 : 0x80;
        state->high = lead == 0xF4 ? 0x8F : 0xBF;
    } else {
        return false;
    }
    return true;
}

bool slk_utf8_feed(struct slk_utf8 *state, const char *data, size_t length)
{
    if (length == 0) {
        return true;
    }
    const unsigned char *at = (const unsigned char *)data;
    const unsigned char *end = at + length;
    struct slk_utf8 now = *state; /* a copy the compiler may keep in registers */
    while (at < end) {
        if (now.expected > 0) {
            if (*at < now.low || *at > now.high) {
                return false;
            }
            now.expected--;
            now.low = 0x80;
            now.high = 0xBF;
            at++;
        } else if (*at < 0x80) {
            at = skip_ascii(at, end);
        } else if (!begin_character(&now, *at++)) {
            return false;
        }
    }
    *state = now;
    return true;
}
