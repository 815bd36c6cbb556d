#include "http_form.h"

#include "error.h"
#include "utf8.h"

int slk_http_form_next(struct slk_text form, size_t *at, struct slk_text *name,
                       struct slk_text *value)
{
    while (*at < form.length) {
        struct slk_text rest = {form.data + *at, form.length - *at};
        struct slk_text field = slk_text_cut(&rest, '&');
        *at = form.length - rest.length;
        if (field.length > 0) {
            *name = slk_text_cut(&field, '=');
            *value = field;
            return 1;
        }
    }
    return 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The end of the decoded text, which is never longer than the encoded one;
 * NULL for what is no code of a byte, or NUL's. */
static char *decode(struct slk_text text, char *out)
{
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        char c = *at++;
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = end - at >= 2 ? hex_value(at[0]) : -1;
            int low = high >= 0 ? hex_value(at[1]) : -1;
            if (low < 0) {
                return NULL;
            }
            c = (char)(high << 4 | low);
            at += 2;
        }
        if (c == '\0') {
            return NULL;
        }
        *out++ = c;
    }
    return out;
}

int slk_http_form_decode(struct slk_text text, struct slk_buffer *out)
{
    int status = slk_buffer_reserve(out, text.length);
    if (status != SLK_OK || text.length == 0) {
        return status;
    }
    char *start = out->data + out->length;
    char *end = decode(text, start);
    struct slk_utf8 state = {0};
    if (end == NULL || !slk_utf8_feed(&state, start, (size_t)(end - start)) ||
        !slk_utf8_is_whole(&state)) {
        return SLK_INVALID;
    }
    out->length += (size_t)(end - start);
    return SLK_OK;
}
