#include "lua_json_decode.h"

#include <stdbool.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of the four digits after "\u", -1 when they are not. */
static int32_t read_hex(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}

/* Half a surrogate pair, as programs leave behind that cut UTF-16 text, becomes
 * U+FFFD: no reason to lose the whole event. */
static const char *unescape_unicode(struct slk_json_decoder *decoder, const char *at, char **out)
{
    int32_t code = read_hex(at, decoder->end);
    if (code < 0) {
        return slk_json_fail(decoder, at, "four hexadecimal digits expected");
    }
    at += 4;
    if (code >= 0xD800 && code < 0xE000) {
        bool more = code < 0xDC00 && decoder->end - at >= 6 && at[0] == '\\' && at[1] == 'u';
        int32_t low = more ? read_hex(at + 2, decoder->end) : -1;
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            at += 6;
        } else {
            code = 0xFFFD;
        }
    }
    *out = put_utf8(*out, (uint32_t)code);
    return at;
}

/* After the backslash. */
static const char *unescape(struct slk_json_decoder *decoder, const char *at, char **out)
{
    char value;
    switch (at < decoder->end ? *at : '\0') {
    case '"':
    case '\\':
    case '/': value = *at; break;
    case 'n': value = '\n'; break;
    case 't': value = '\t'; break;
    case 'r': value = '\r'; break;
    case 'b': value = '\b'; break;
    case 'f': value = '\f'; break;
    case 'u': return unescape_unicode(decoder, at + 1, out);
    default:
        return slk_json_fail(decoder, at,
                             at == decoder->end ? "end of string expected"
                                                : "escape sequence expected");
    }
    *(*out)++ = value;
    return at + 1;
}

/* The end of a string, at whose first escape we are, or of the text. */
static const char *find_quote(const char *at, const char *end)
{
    while (at < end && *at != '"') {
        at = *at != '\\' || end - at < 2 ? at + 1 : at + 2;
        at = slk_json_skip_plain(at, end);
    }
    return at;
}

/* A string whose first escape is at: never longer than its text. */
static const char *push_escaped(struct slk_json_decoder *decoder, const char *start, const char *at)
{
    luaL_Buffer buffer;
    size_t size = (size_t)(find_quote(at, decoder->end) - start);
    char *text = luaL_buffinitsize(decoder->L, &buffer, size);
    char *out = text;
    for (;;) {
        size_t length = (size_t)(at - start);
        memcpy(out, start, length);
        out += length;
        if (at == decoder->end || *at != '\\') {
            break;
        }
        at = start = unescape(decoder, at + 1, &out);
        if (at == NULL) {
            break;
        }
        at = slk_json_skip_plain(at, decoder->end);
    }
    luaL_pushresultsize(&buffer, (size_t)(out - text));
    return at;
}

const char *slk_json_push_any_string(struct slk_json_decoder *decoder, const char *start)
{
    const char *end = decoder->end, *at = slk_json_skip_plain(start, end);
    size_t length = (size_t)(at - start);
    decoder->place = SLK_JSON_NO_PLACE;
    if (at == end || *at != '"') {
        at = push_escaped(decoder, start, at);
    } else if (length > SLK_WORD_LONGEST) {
        lua_pushlstring(decoder->L, start, length);
    } else {
        decoder->place = slk_words_push(decoder->L, decoder->words, decoder->kept, start,
                                        slk_word_of(start, length));
    }
    if (at == NULL) {
        return NULL;
    }
    if (at == end || *at != '"') {
        return slk_json_fail(
            decoder, at, at == end ? "end of string expected" : "control character in a string");
    }
    return at + 1;
}
