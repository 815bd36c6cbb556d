/* What the rules of redact.c are made of: a pass over the text that rewrites it
 * from left to right, and the rules themselves, a file for each kind. */
#ifndef SLK_REDACT_RULES_H
#define SLK_REDACT_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* What lies at and after read is still as it was, so rules look ahead only. */
struct slk_redaction {
    char *text;
    size_t length;
    size_t read;
    size_t written;
    char previous; /* the character before read, as it was */
    bool changed;

    /* What was found ahead, so that nobody looks over the same text for each
     * name in it: from there on the next end of a value, of each style, and the
     * next digit. */
    struct slk_redaction_find {
        size_t from, at;
    } ends[3], digit;
};

/* Moves on over count bytes, unchanged or replaced by at most three stars. */
void slk_redaction_keep(struct slk_redaction *pass, size_t count);
void slk_redaction_mask(struct slk_redaction *pass, size_t count);

/* '\0' behind the end. */
char slk_redaction_char(const struct slk_redaction *pass, size_t at);

/* Whether word stands there, and whether the length bytes there are word; both
 * without regard to case. */
bool slk_redaction_has(const struct slk_redaction *pass, size_t at, const char *word);
bool slk_redaction_is(const struct slk_redaction *pass, size_t at, size_t length, const char *word);

size_t slk_redaction_skip_blanks(const struct slk_redaction *pass, size_t at);

/* Bytes of a slash there, as it stands in plain text, in JSON (Slack's) or in a
 * form; 0 for none. */
size_t slk_slash_at(const struct slk_redaction *pass, size_t at);

static inline bool slk_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool slk_is_alnum(char c)
{
    return slk_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool slk_is_name_char(char c)
{
    return slk_is_alnum(c) || c == '_' || c == '-';
}

/* Each rule is for text that begins at read: true when it applied and moved
 * read on, false with nothing changed. */

/* Slack tokens: xoxb-, xoxe.xoxp-, xapp-, xwfp- and the like. */
bool slk_redact_token(struct slk_redaction *pass);

/* Moves on to end over what another rule keeps, which may still have a token
 * in it; further when that token ends later. */
void slk_redact_within(struct slk_redaction *pass, size_t end);

/* Names before a secret (token=, "client_secret":, Authorization:), Bearer,
 * v0= signatures and hooks.slack.com; at the first character of a name. */
bool slk_redact_name(struct slk_redaction *pass);

/* At the colon, or its %3A, of scheme://user:password@host. */
bool slk_redact_userinfo(struct slk_redaction *pass);

/* At the slash of /commands/T.../... and its like. */
bool slk_redact_path(struct slk_redaction *pass);

/* At a name of that length that ends in hooks. */
bool slk_redact_hooks(struct slk_redaction *pass, size_t name_length);

/* Masks a value that must not be seen; one that is a Slack token as a whole
 * stays recognizable. */
void slk_redact_value(struct slk_redaction *pass, size_t length);

#endif
