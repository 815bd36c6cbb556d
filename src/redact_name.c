#include <string.h>

#include "redact_rules.h"

enum kind { PLAIN, SECRET, PASSWORD, CODE, HEADER, SIGNATURE, BEARER, HOOKS };

struct name {
    size_t length;
    enum kind kind;
    bool quoted; /* what precedes it is a quote: JSON, or a table shown as text */
    bool query;  /* what precedes it is ? or & */
};

#define WORD(text, kind)                                                                           \
    {                                                                                              \
        text, sizeof(text) - 1, kind, false                                                        \
    }
#define SUFFIX(text, kind)                                                                         \
    {                                                                                              \
        text, sizeof(text) - 1, kind, true                                                         \
    }

static enum kind kind_of(const struct slk_redaction *pass, size_t at, size_t length)
{
    static const struct {
        const char *word;
        size_t length;
        enum kind kind;
        bool is_suffix;
    } words[] = {
        SUFFIX("token", SECRET),
        SUFFIX("secret", SECRET),
        SUFFIX("password", PASSWORD),
        SUFFIX("passwd", PASSWORD),
        SUFFIX("passphrase", PASSWORD),
        SUFFIX("api_key", SECRET),
        SUFFIX("api-key", SECRET),
        SUFFIX("apikey", SECRET),
        SUFFIX("private_key", SECRET),
        SUFFIX("cookie", HEADER),
        SUFFIX("authorization", HEADER),
        WORD("ticket", SECRET),
        WORD("pwd", PASSWORD),
        WORD("code", CODE),
        WORD("v0", SIGNATURE),
        WORD("bearer", BEARER),
        WORD("hooks", HOOKS),
    };
    char last = (char)(slk_redaction_char(pass, at + length - 1) | 0x20);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t size = words[i].length;
        bool fits = words[i].is_suffix ? length >= size : length == size;
        if (fits && last == words[i].word[size - 1] &&
            slk_redaction_has(pass, at + length - size, words[i].word)) {
            return words[i].kind;
        }
    }
    return PLAIN;
}

static struct name name_here(const struct slk_redaction *pass)
{
    struct name name = {.quoted = pass->previous == '"' || pass->previous == '\'',
                        .query = pass->previous == '?' || pass->previous == '&'};
    size_t at = pass->read;
    while (at + name.length < pass->length && slk_is_name_char(pass->text[at + name.length])) {
        name.length++;
    }
    if (pass->previous == '%' && name.length > 2) { /* %26token: an encoded query */
        name.query = true;
        name.kind = kind_of(pass, at + 2, name.length - 2);
    } else {
        name.kind = kind_of(pass, at, name.length);
    }
    return name;
}

/* Bytes of a quote at that place, with the backslashes before it when the text
 * is JSON within JSON; 0 for none. */
static size_t quote_at(const struct slk_redaction *pass, size_t at)
{
    size_t backslashes = 0;
    while (slk_redaction_char(pass, at + backslashes) == '\\') {
        backslashes++;
    }
    char c = slk_redaction_char(pass, at + backslashes);
    return c == '"' || c == '\'' ? backslashes + 1 : 0;
}

static size_t equals_at(const struct slk_redaction *pass, size_t at)
{
    if (slk_redaction_char(pass, at) == '=') {
        return slk_redaction_char(pass, at + 1) == '=' ? 0 : 1; /* not a comparison */
    }
    return slk_redaction_has(pass, at, "%3d") ? 3 : slk_redaction_has(pass, at, "\\u003d") ? 6 : 0;
}

/* Up to the quote that is escaped no deeper than the opening one was. */
static size_t quoted_length(const struct slk_redaction *pass, size_t start, size_t opening)
{
    char quote = pass->text[start - 1];
    size_t backslashes = 0;
    for (size_t at = start; at < pass->length; at++) {
        char c = pass->text[at];
        if (c == quote && backslashes < opening) {
            return at - backslashes - start;
        }
        backslashes = c == '\\' ? backslashes + 1 : 0;
    }
    return pass->length - start;
}

/* How a name and its value are written decides where the value ends. */
enum style { PLAIN_TEXT, JSON_NUMBER, ENCODED_QUERY };

static bool is_found(const struct slk_redaction_find *find, size_t start)
{
    return find->from <= start && start <= find->at && find->at > 0;
}

static size_t bare_length(struct slk_redaction *pass, size_t start, enum style style)
{
    const char *ends = style == JSON_NUMBER ? "&\"'<>\\,}]" : "&\"'<>\\";
    struct slk_redaction_find *end = &pass->ends[style];
    if (!is_found(end, start)) {
        size_t at = start;
        while (at < pass->length && (unsigned char)pass->text[at] > ' ' &&
               strchr(ends, pass->text[at]) == NULL &&
               !(style == ENCODED_QUERY && slk_redaction_has(pass, at, "%26"))) {
            at++;
        }
        *end = (struct slk_redaction_find){start, at};
    }
    return end->at - start;
}

static bool has_digit(struct slk_redaction *pass, size_t start, size_t length)
{
    struct slk_redaction_find *digit = &pass->digit;
    if (!is_found(digit, start)) {
        size_t at = start;
        while (at < pass->length && !slk_is_digit(pass->text[at])) {
            at++;
        }
        *digit = (struct slk_redaction_find){start, at};
    }
    return digit->at < start + length;
}

static void redact_rest_of_line(struct slk_redaction *pass)
{
    static const char *const schemes[] = {"Bearer ", "Basic ", "Digest ", "Negotiate ", "NTLM "};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (slk_redaction_has(pass, pass->read, schemes[i])) {
            slk_redaction_keep(pass, strlen(schemes[i]));
            break;
        }
    }
    slk_redaction_keep(pass, slk_redaction_skip_blanks(pass, pass->read) - pass->read);
    size_t at = pass->read;
    while (at < pass->length && pass->text[at] != '\r' && pass->text[at] != '\n' &&
           !slk_redaction_has(pass, at, "\\r") && !slk_redaction_has(pass, at, "\\n")) {
        at++;
    }
    slk_redact_value(pass, at - pass->read);
}

/* Names such as "code" also stand before error names, which have no digits and
 * must stay readable. */
static bool is_code(struct slk_redaction *pass, struct name name, size_t start, size_t length)
{
    return name.query || (length >= 8 && has_digit(pass, start, length));
}

static bool is_literal(const struct slk_redaction *pass, size_t start, size_t length)
{
    return slk_redaction_is(pass, start, length, "nil") ||
           slk_redaction_is(pass, start, length, "null") ||
           slk_redaction_is(pass, start, length, "true") ||
           slk_redaction_is(pass, start, length, "false");
}

/* At [ or {: a list of secrets, as while one is being rotated? */
static bool is_list(const struct slk_redaction *pass, size_t at)
{
    if (slk_redaction_char(pass, at) == '[') {
        return true;
    }
    size_t start = slk_redaction_skip_blanks(pass, at + 1);
    size_t opening = slk_redaction_char(pass, at) == '{' ? quote_at(pass, start) : 0;
    if (opening == 0) {
        return false;
    }
    start += opening;
    start += quoted_length(pass, start, opening) + opening;
    char next = slk_redaction_char(pass, slk_redaction_skip_blanks(pass, start));
    return next == ',' || next == '}' || next == '\0'; /* the text may be cut there */
}

static size_t list_length(const struct slk_redaction *pass, size_t start)
{
    char closing = pass->text[start - 1] == '[' ? ']' : '}';
    const char *end = memchr(pass->text + start, closing, pass->length - start);
    return end != NULL ? (size_t)(end - pass->text) - start : pass->length - start;
}

static void redact_quoted(struct slk_redaction *pass, struct name name, size_t opening)
{
    slk_redaction_keep(pass, opening);
    size_t length = quoted_length(pass, pass->read, opening);
    if (name.kind == CODE && !is_code(pass, name, pass->read, length)) {
        return;
    }
    if (name.kind == HEADER && slk_redaction_has(pass, pass->read, "Bearer ") && length > 7) {
        slk_redaction_keep(pass, 7);
        length -= 7;
    }
    slk_redact_value(pass, length);
}

/* Up to and with the = or : behind a name; 0 when there is none. */
static size_t separator_end(const struct slk_redaction *pass, struct name *name, bool *is_colon)
{
    size_t at = pass->read + name->length;
    if (name->quoted) {
        at += quote_at(pass, at);
    }
    at = slk_redaction_skip_blanks(pass, at);
    if (name->quoted && slk_redaction_char(pass, at) == ']') {
        at = slk_redaction_skip_blanks(pass, at + 1); /* ["token"] = ... */
    }
    *is_colon = slk_redaction_char(pass, at) == ':';
    size_t separator = *is_colon ? 1 : equals_at(pass, at);
    return separator > 0 ? slk_redaction_skip_blanks(pass, at + separator) : 0;
}

static bool redact_named(struct slk_redaction *pass, struct name name)
{
    bool is_colon;
    size_t value = separator_end(pass, &name, &is_colon);
    if (value == 0) {
        return false;
    }
    slk_redact_within(pass, value);
    size_t opening = quote_at(pass, pass->read);
    if (opening > 0) {
        redact_quoted(pass, name, opening);
    } else if (name.kind == HEADER) {
        redact_rest_of_line(pass);
    } else if (is_list(pass, pass->read)) {
        slk_redaction_keep(pass, 1);
        slk_redaction_mask(pass, name.kind != CODE ? list_length(pass, pass->read) : 0);
    } else if (slk_redaction_char(pass, pass->read) != '{') {
        /* what precedes the value is the d of %3D or \u003d, or the sign itself */
        enum style style = is_colon && name.quoted                          ? JSON_NUMBER
                           : pass->previous == 'd' || pass->previous == 'D' ? ENCODED_QUERY
                                                                            : PLAIN_TEXT;
        size_t length = bare_length(pass, pass->read, style);
        /* "token: string expected" is no secret, "token: a1b2" is one. */
        bool is_prose = is_colon && name.kind != PASSWORD && !has_digit(pass, pass->read, length);
        bool is_harmless = is_literal(pass, pass->read, length) ||
                           (name.kind == CODE && !is_code(pass, name, pass->read, length));
        if (!is_prose && !is_harmless) {
            slk_redact_value(pass, length);
        }
    }
    return true;
}

/* v0=<hex> */
static bool redact_signature(struct slk_redaction *pass, size_t name_length)
{
    size_t digits = 0;
    size_t equals = equals_at(pass, pass->read + name_length);
    size_t start = pass->read + name_length + equals;
    while (slk_is_alnum(slk_redaction_char(pass, start + digits))) {
        digits++;
    }
    if (equals == 0 || digits < 32) {
        return false;
    }
    slk_redaction_keep(pass, name_length + equals);
    slk_redaction_mask(pass, digits);
    return true;
}

static bool redact_bearer(struct slk_redaction *pass, size_t name_length)
{
    size_t start = pass->read + name_length;
    bool is_plus = slk_redaction_char(pass, start) == '+'; /* a space in a form */
    start = is_plus ? start + 1 : slk_redaction_skip_blanks(pass, start);
    if (start == pass->read + name_length) {
        return false;
    }
    size_t length = bare_length(pass, start, PLAIN_TEXT);
    if (length < 16 && !has_digit(pass, start, length)) {
        return false;
    }
    slk_redaction_keep(pass, start - pass->read);
    slk_redact_value(pass, length);
    return true;
}

bool slk_redact_name(struct slk_redaction *pass)
{
    struct name name = name_here(pass);
    switch (name.kind) {
    case SECRET:
    case PASSWORD:
    case CODE:
    case HEADER: return redact_named(pass, name);
    case SIGNATURE: return redact_signature(pass, name.length);
    case BEARER: return redact_bearer(pass, name.length);
    case HOOKS: return slk_redact_hooks(pass, name.length);
    case PLAIN: break;
    }
    return false;
}
