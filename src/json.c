#include "json.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"

/* This many fit a double exactly. */
#define EXACT_DIGITS 15

enum token_kind { TOKEN_END, TOKEN_INTEGER, TOKEN_LONG_INTEGER, TOKEN_FLOAT, TOKEN_EMPTY_LIST };

struct token {
    enum token_kind kind;
    const char *begin, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The byte after the string whose opening quote is at text. */
static const char *skip_string(const char *text, const char *end)
{
    const char *at = text + 1;
    while (at < end && (at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        const char *before = at;
        while (before[-1] == '\\') {
            before--; /* ends at the opening quote at the latest */
        }
        if ((at - before) % 2 == 0) {
            return at + 1;
        }
        at++;
    }
    return end;
}

static struct token read_number(const char *text, const char *end)
{
    const char *digits = text + (*text == '-'), *at = digits;
    while (at < end && is_digit(*at)) {
        at++;
    }
    struct token token = {.kind = TOKEN_INTEGER, .begin = text};
    if (at < end && (*at == '.' || *at == 'e' || *at == 'E')) {
        token.kind = TOKEN_FLOAT;
        while (at < end && (is_digit(*at) || strchr(".eE+-", *at) != NULL)) {
            at++;
        }
    } else if (at - digits > EXACT_DIGITS && *digits != '0') {
        token.kind = TOKEN_LONG_INTEGER;
    }
    token.end = at;
    return token;
}

/* A name must stay what it is: not a string, so an error for the decoder. */
static bool is_name(const struct token *token, const char *end)
{
    const char *at = token->end;
    while (at < end && is_space(*at)) {
        at++;
    }
    return at < end && *at == ':';
}

static bool is_marked(const struct token *token, const char *end)
{
    return (token->kind == TOKEN_LONG_INTEGER || token->kind == TOKEN_EMPTY_LIST) &&
           !is_name(token, end);
}

static struct token next_token(const char *at, const char *end)
{
    while (at < end) {
        char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
        } else if (is_digit(c) || c == '-') {
            return read_number(at, end);
        } else if (c == '[') {
            const char *close = at + 1;
            while (close < end && is_space(*close)) {
                close++;
            }
            if (close < end && *close == ']') {
                return (struct token){TOKEN_EMPTY_LIST, at, close + 1};
            }
            at = close;
        } else {
            at++;
        }
    }
    return (struct token){TOKEN_END, end, end};
}

struct slk_json_counts slk_json_scan(const char *text, size_t length)
{
    struct slk_json_counts counts = {0, 0, 0};
    const char *end = text + length;
    struct token token = next_token(text, end);
    while (token.kind != TOKEN_END) {
        counts.integers += token.kind == TOKEN_INTEGER || token.kind == TOKEN_LONG_INTEGER;
        counts.floats += token.kind == TOKEN_FLOAT;
        counts.marks += is_marked(&token, end);
        token = next_token(token.end, end);
    }
    return counts;
}

static int append_marked(struct slk_buffer *out, const char *mark, size_t mark_length,
                         const struct token *token)
{
    int status = slk_buffer_append(out, "\"", 1);
    if (status == SLK_OK) {
        status = slk_buffer_append(out, mark, mark_length);
    }
    if (status == SLK_OK && token->kind == TOKEN_LONG_INTEGER) {
        status = slk_buffer_append(out, token->begin, (size_t)(token->end - token->begin));
    }
    return status == SLK_OK ? slk_buffer_append(out, "\"", 1) : status;
}

int slk_json_mark(const char *text, size_t length, const char *mark, size_t mark_length,
                  struct slk_buffer *out)
{
    const char *end = text + length, *copied = text;
    struct token token = next_token(text, end);
    while (token.kind != TOKEN_END) {
        if (is_marked(&token, end)) {
            int status = slk_buffer_append(out, copied, (size_t)(token.begin - copied));
            if (status == SLK_OK) {
                status = append_marked(out, mark, mark_length, &token);
            }
            if (status != SLK_OK) {
                return status;
            }
            copied = token.end;
        }
        token = next_token(token.end, end);
    }
    return slk_buffer_append(out, copied, (size_t)(end - copied));
}
