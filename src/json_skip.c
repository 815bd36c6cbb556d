#include "json_skip.h"

#include <stdint.h>
#include <string.h>

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* At the backslash. */
static const char *skip_escape(struct slk_json_skip *skip, const char *at)
{
    if (skip->end - at < 2) {
        return slk_json_skip_fail(skip, "unfinished string");
    }
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return at + 2;
    case 'u': break;
    default: return slk_json_skip_fail(skip, "invalid escape");
    }
    for (int i = 2; i < 6; i++) {
        if (skip->end - at <= i || !is_hex(at[i])) {
            return slk_json_skip_fail(skip, "invalid escape");
        }
    }
    return at + 6;
}

const char *slk_json_skip_rest(struct slk_json_skip *skip, const char *at)
{
    const char *end = skip->end;
    for (;;) {
        at = slk_json_skip_plain(at, end);
        if (at == end) {
            return slk_json_skip_fail(skip, "unfinished string");
        }
        if (*at == '"') {
            return at + 1;
        }
        if (*at != '\\') {
            return slk_json_skip_fail(skip, "control character in a string");
        }
        at = skip_escape(skip, at);
        if (at == NULL) {
            return NULL;
        }
    }
}

/* -- Numbers ---------------------------------------------------------------- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at;
}

/* Numbers below 10^308, and all that have no exponent and few digits, fit a double. */
#define PLAIN_DIGITS 300
#define MAX_POWER    308

/* The power of ten that what begins at data stays below, without its exponent;
 * *at moves to that. 0 has none: it stays below every one. */
static int64_t power_of_digits(const char **at, const char *end)
{
    int64_t power = 0;
    bool is_fraction = false, is_zero = true;
    for (; *at < end && **at != 'e' && **at != 'E'; (*at)++) {
        if (**at == '.') {
            is_fraction = true;
        } else if (**at != '-') {
            is_zero = is_zero && **at == '0';
            power += !is_fraction && !is_zero;
            power -= is_fraction && is_zero;
        }
    }
    return is_zero ? INT64_MIN / 2 : power;
}

static bool is_in_range(const char *at, const char *end)
{
    int64_t power = power_of_digits(&at, end), exponent = 0;
    bool is_negative = end - at > 1 && at[1] == '-';
    for (; at < end; at++) {
        if (*at >= '0' && *at <= '9' && exponent < INT32_MAX) {
            exponent = exponent * 10 + (*at - '0');
        }
    }
    return power + (is_negative ? -exponent : exponent) <= MAX_POWER;
}

/* The digits after a dot or an exponent's sign, of which there must be one. */
static const char *skip_some_digits(struct slk_json_skip *skip, const char *at)
{
    const char *after = skip_digits(at, skip->end);
    return after > at ? after : slk_json_skip_fail(skip, "invalid number");
}

/* Whoever decodes the text must be able to: its doubles are no larger. */
static const char *skip_number(struct slk_json_skip *skip, const char *at)
{
    const char *start = at, *end = skip->end;
    bool has_exponent = false;
    at += *at == '-';
    at = at < end && *at == '0' ? at + 1 : skip_some_digits(skip, at);
    if (at != NULL && at < end && *at == '.') {
        at = skip_some_digits(skip, at + 1);
    }
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        has_exponent = true;
        at++;
        at += at < end && (*at == '+' || *at == '-');
        at = skip_some_digits(skip, at);
    }
    if (at != NULL && (has_exponent || at - start > PLAIN_DIGITS) && !is_in_range(start, at)) {
        return slk_json_skip_fail(skip, "number out of range");
    }
    return at;
}

/* -- The others --------------------------------------------------------------- */

static const char *skip_literal(struct slk_json_skip *skip, const char *at, const char *literal,
                                size_t length)
{
    if ((size_t)(skip->end - at) < length || memcmp(at, literal, length) != 0) {
        return slk_json_skip_fail(skip, "invalid value");
    }
    return at + length;
}

static const char *skip_list(struct slk_json_skip *skip, const char *at)
{
    const char *end = skip->end;
    skip->depth++;
    at = slk_json_skip_space(at + 1, end);
    if (at == end || *at != ']') {
        at = slk_json_skip_value(skip, at);
        while (at != NULL) {
            at = slk_json_skip_space(at, end);
            if (at == end || *at != ',') {
                break;
            }
            at = slk_json_skip_value(skip, slk_json_skip_space(at + 1, end));
        }
    }
    if (at == NULL) {
        return NULL;
    }
    if (at == end || *at != ']') {
        return slk_json_skip_fail(skip,
                                  at == end ? "unfinished text" : "comma or bracket expected");
    }
    skip->depth--;
    return at + 1;
}

static const char *skip_member(struct slk_json_skip *skip, void *context, struct slk_text name,
                               const char *value)
{
    (void)context;
    (void)name;
    return slk_json_skip_value(skip, value);
}

/* At the opening bracket of what is nested deeper than is kept track of: of that
 * only the strings are looked at, and that there are as many brackets. */
static const char *skip_deep(struct slk_json_skip *skip, const char *at)
{
    size_t open = 0;
    skip->is_deep = true;
    do {
        if (at == skip->end) {
            return slk_json_skip_fail(skip, "unfinished text");
        }
        open += *at == '{' || *at == '[';
        open -= *at == '}' || *at == ']';
        at = *at == '"' ? slk_json_skip_string(skip, at) : at + 1;
    } while (at != NULL && open > 0);
    return at;
}

const char *slk_json_skip_other(struct slk_json_skip *skip, const char *at)
{
    if (at == skip->end) {
        return slk_json_skip_fail(skip, "unfinished text");
    }
    switch (*at) {
    case '{':
    case '[':
        if (skip->depth == SLK_JSON_SKIP_DEPTH) {
            return skip_deep(skip, at);
        }
        return *at == '[' ? skip_list(skip, at)
                          : slk_json_skip_members(skip, at, skip_member, NULL);
    case 't': return skip_literal(skip, at, "true", 4);
    case 'f': return skip_literal(skip, at, "false", 5);
    case 'n': return skip_literal(skip, at, "null", 4);
    default: return skip_number(skip, at);
    }
}
