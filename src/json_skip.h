/* Passes over JSON without decoding it, and sees that it is well formed (RFC 8259,
 * no number of 10^308 or more). Below SLK_JSON_SKIP_DEPTH levels only strings and
 * the number of brackets are looked at: whoever decodes the text sees to the rest.
 *
 * The functions take a place in the text and return the place after what they have
 * passed, or NULL, with why set, where the text is not JSON.
 * Pure code; any thread. */
#ifndef SLK_JSON_SKIP_H
#define SLK_JSON_SKIP_H

#include <stdbool.h>
#include <stddef.h>

#include "json_text.h"
#include "text.h"

#define SLK_JSON_SKIP_DEPTH 512

struct slk_json_skip {
    const char *end;
    const char *why; /* static text; NULL as long as all is well */
    int depth;       /* containers that are open */
    bool is_deep;    /* one was met that is too deep to be looked at in full */
};

static inline const char *slk_json_skip_fail(struct slk_json_skip *skip, const char *why)
{
    skip->why = why;
    return NULL;
}

static inline const char *slk_json_skip_space(const char *at, const char *end)
{
    /* Slack writes none, so the first comparison is nearly always the last. */
    while (at < end && (unsigned char)*at <= ' ' &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

/* From anywhere inside a string to behind its closing quote. */
const char *slk_json_skip_rest(struct slk_json_skip *skip, const char *at);

/* Any value but a string, at its first byte. */
const char *slk_json_skip_other(struct slk_json_skip *skip, const char *at);

/* At the opening quote. Most strings end within their first 16 bytes, so that much is done
 * where they are met. */
static inline const char *slk_json_skip_string(struct slk_json_skip *skip, const char *at)
{
    at++;
    if (skip->end - at >= 16) {
        size_t plain = slk_json_plain_16(at);
        at += plain;
        if (plain < 16 && *at == '"') {
            return at + 1;
        }
    }
    return slk_json_skip_rest(skip, at);
}

/* Any value, at its first byte. */
static inline const char *slk_json_skip_value(struct slk_json_skip *skip, const char *at)
{
    bool is_string = at < skip->end && *at == '"';
    return is_string ? slk_json_skip_string(skip, at) : slk_json_skip_other(skip, at);
}

/* A member's name, at its opening quote, and what is before its value. name is what
 * stands between the quotes, with escapes as they stand. */
static inline const char *slk_json_skip_name(struct slk_json_skip *skip, const char *at,
                                             struct slk_text *name)
{
    const char *end = skip->end, *start = at + 1;
    at = slk_json_skip_string(skip, at);
    if (at == NULL) {
        return NULL;
    }
    *name = (struct slk_text){start, (size_t)(at - start) - 1};
    at = slk_json_skip_space(at, end);
    if (at == end || *at != ':') {
        return slk_json_skip_fail(skip, "colon expected");
    }
    return slk_json_skip_space(at + 1, end);
}

/* Passes over a member's value. */
typedef const char *slk_json_take_member(struct slk_json_skip *skip, void *context,
                                         struct slk_text name, const char *value);

/* An object, at its opening bracket: take is called for each of its members. Inlined for each
 * take, which then is, too: 330 instructions less for an envelope. */
__attribute__((always_inline)) static inline const char *
slk_json_skip_members(struct slk_json_skip *skip, const char *at, slk_json_take_member *take,
                      void *context)
{
    const char *end = skip->end;
    skip->depth++;
    at = slk_json_skip_space(at + 1, end);
    bool is_first = true;
    while (at == end || *at != '}' || !is_first) {
        struct slk_text name;
        if (at == end || *at != '"') {
            return slk_json_skip_fail(skip, "name expected");
        }
        const char *value = slk_json_skip_name(skip, at, &name);
        at = value != NULL ? take(skip, context, name, value) : NULL;
        if (at == NULL) {
            return NULL;
        }
        at = slk_json_skip_space(at, end);
        if (at == end || (*at != ',' && *at != '}')) {
            return slk_json_skip_fail(skip,
                                      at == end ? "unfinished text" : "comma or bracket expected");
        }
        if (*at == '}') {
            break;
        }
        at = slk_json_skip_space(at + 1, end);
        is_first = false;
    }
    skip->depth--;
    return at + 1;
}

#endif
