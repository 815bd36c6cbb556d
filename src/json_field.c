#include "json_field.h"

#include <string.h>

#include "json_text.h"

/* The end of the string whose opening quote is at text[at]. */
static size_t skip_string(const char *text, size_t length, size_t at)
{
    const char *end = text + length, *next = text + at + 1;
    while ((next = slk_json_skip_plain(next, end)) < end && *next != '"') {
        next += *next == '\\' && end - next > 1 ? 2 : 1;
    }
    return next < end ? (size_t)(next - text) + 1 : length;
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

static bool is_name(struct slk_text key, const char *name)
{
    return strncmp(key.data, name, key.length) == 0 && name[key.length] == '\0';
}

void slk_json_fields(struct slk_text text, const char *const names[], struct slk_text values[],
                     size_t count)
{
    const char *data = text.data;
    size_t at = skip_space(data, text.length, 0) + 1; /* past the opening brace */
    for (size_t i = 0; i < count; i++) {
        values[i] = (struct slk_text){NULL, 0};
    }
    while ((at = skip_space(data, text.length, at)) < text.length && data[at] == '"') {
        struct slk_text key = {data + at + 1, 0};
        at = skip_string(data, text.length, at);
        key.length = (size_t)(data + at - key.data) - 1;
        at = skip_space(data, text.length, skip_space(data, text.length, at) + 1); /* the colon */
        size_t end = skip_value(data, text.length, at);
        for (size_t i = 0; i < count && at < end; i++) {
            if (is_name(key, names[i])) {
                values[i] = trimmed(data + at, end - at);
            }
        }
        at = end + 1;
    }
}

struct slk_text slk_json_field(const char *text, size_t length, const char *name)
{
    struct slk_text value;
    slk_json_fields((struct slk_text){text, length}, &name, &value, 1);
    return value;
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
