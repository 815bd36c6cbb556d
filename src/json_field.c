#include "json_field.h"

#include <string.h>

/* The end of the string whose opening quote is at text[at]. */
static size_t skip_string(const char *text, size_t length, size_t at)
{
    for (at++; at < length && text[at] != '"'; at++) {
        if (text[at] == '\\') {
            at++;
        }
    }
    return at < length ? at + 1 : length;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(const char *text, size_t length, size_t at)
{
    while (at < length && is_space(text[at])) {
        at++;
    }
    return at;
}

/* The end of the value that begins at text[at], at the comma or bracket after it. */
static size_t skip_value(const char *text, size_t length, size_t at)
{
    int depth = 0;
    while (at < length) {
        char c = text[at];
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            break;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at = c == '"' ? skip_string(text, length, at) : at + 1;
    }
    return at;
}

static struct slk_text trimmed(const char *data, size_t length)
{
    while (length > 0 && is_space(data[length - 1])) {
        length--;
    }
    return (struct slk_text){data, length};
}

struct slk_text slk_json_field(const char *text, size_t length, const char *name)
{
    struct slk_text found = {NULL, 0};
    size_t name_length = strlen(name);
    size_t at = skip_space(text, length, 0) + 1; /* past the opening brace */
    while ((at = skip_space(text, length, at)) < length && text[at] == '"') {
        size_t key = at + 1;
        at = skip_string(text, length, at);
        bool match = at - key == name_length + 1 && memcmp(text + key, name, name_length) == 0;
        at = skip_space(text, length, skip_space(text, length, at) + 1); /* past the colon */
        size_t end = skip_value(text, length, at);
        if (match && at < end) {
            found = trimmed(text + at, end - at);
        }
        at = end + 1;
    }
    return found;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character after a backslash at *at, which moves past it; -1 for what is
 * no printable ASCII. */
static int unescape(const char *data, size_t length, size_t *at)
{
    if (*at >= length) {
        return -1;
    }
    char c = data[(*at)++];
    if (c == '"' || c == '\\' || c == '/') {
        return c;
    }
    if (c != 'u' || length - *at < 4) {
        return -1;
    }
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(data[(*at)++]);
        if (digit < 0) {
            return -1;
        }
        code = code * 16 + digit;
    }
    return code;
}

bool slk_json_string(struct slk_text value, char *out, size_t size)
{
    if (value.data == NULL || value.length < 3 || value.data[0] != '"') {
        return false;
    }
    size_t length = 0, end = value.length - 1;
    for (size_t at = 1; at < end;) {
        int c = (unsigned char)value.data[at++];
        if (c == '\\') {
            c = unescape(value.data, end, &at);
        }
        if (c < 0x20 || c > 0x7e || length + 1 >= size) {
            return false;
        }
        out[length++] = (char)c;
    }
    out[length] = '\0';
    return true;
}
