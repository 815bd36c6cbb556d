#include "http_form.h"

#include <stdint.h>
#include <string.h>

#include "check.h"
#include "error.h"

/* Of the exact size, for sanitizers to see overreads. */
static char *exact(const char *data, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    CHECK(copy != NULL);
    memcpy(copy, data, length);
    return copy;
}

static void decodes(const char *text, size_t length, const char *expected, size_t expected_length)
{
    struct slk_buffer out;
    slk_buffer_init(&out, 1000);
    CHECK(slk_buffer_append(&out, "before", 6) == SLK_OK);
    char *copy = exact(text, length);
    int status = slk_http_form_decode((struct slk_text){copy, length}, &out);
    free(copy);
    if (expected == NULL) {
        CHECK(status == SLK_INVALID && out.length == 6);
    } else {
        CHECK(status == SLK_OK && out.length == 6 + expected_length);
        CHECK(memcmp(out.data + 6, expected, expected_length) == 0);
    }
    CHECK(memcmp(out.data, "before", 6) == 0);
    slk_buffer_free(&out);
}

#define DECODES(text, expected) decodes(text, sizeof(text) - 1, expected, sizeof(expected) - 1)
#define REFUSES(text)           decodes(text, sizeof(text) - 1, NULL, 0)

static void decodes_what_is_encoded(void)
{
    DECODES("", "");
    DECODES("plain-text_.~!*'()", "plain-text_.~!*'()");
    DECODES("a+b%20c%2B", "a b c+");
    DECODES("%41%4a%4A%7E", "AJJ~");
    DECODES("%25%2541", "%%41"); /* once only */
    DECODES("%C3%BC%F0%9F%9A%80\xC3\xBC", "\xC3\xBC\xF0\x9F\x9A\x80\xC3\xBC");
    DECODES("%C3\xBC", "\xC3\xBC");
    DECODES("%0D%0A%09%7F", "\r\n\t\x7F");
}

static void refuses_what_is_not(void)
{
    REFUSES("%");
    REFUSES("a%");
    REFUSES("a%4");
    REFUSES("%4g");
    REFUSES("%g4");
    REFUSES("%%41");
    REFUSES("% 41");
    REFUSES("%+1");
    REFUSES("%u0041");
    REFUSES("%00");
    REFUSES("a\0b");
    REFUSES("%C3");
    REFUSES("%C3+%BC");
    REFUSES("%BC");
    REFUSES("%C0%80");
    REFUSES("%ED%A0%80");
    REFUSES("%F4%90%80%80");
    REFUSES("\xFF");
}

static void keeps_to_the_maximum_of_its_buffer(void)
{
    struct slk_buffer out;
    slk_buffer_init(&out, 10);
    CHECK(slk_http_form_decode((struct slk_text){"12345678901", 11}, &out) == SLK_TOO_LARGE);
    CHECK(out.length == 0);
    CHECK(slk_http_form_decode((struct slk_text){"1234567890", 10}, &out) == SLK_OK);
    slk_buffer_free(&out);
}

/* Each name and value on a line of its own. */
static void walks(const char *form, const char *expected)
{
    char found[256] = "";
    size_t used = 0, length = strlen(form);
    char *copy = exact(form, length);
    struct slk_text name, value;
    for (size_t at = 0;
         slk_http_form_next((struct slk_text){copy, length}, &at, &name, &value) != 0;) {
        CHECK(at <= length);
        used += (size_t)snprintf(found + used, sizeof found - used, "%.*s|%.*s\n", (int)name.length,
                                 name.data, (int)value.length, value.data);
        CHECK(used < sizeof found);
    }
    free(copy);
    if (strcmp(found, expected) != 0) {
        printf("%s\n%s", form, found);
    }
    CHECK(strcmp(found, expected) == 0);
}

static void walks_over_fields(void)
{
    walks("", "");
    walks("&", "");
    walks("a=1", "a|1\n");
    walks("a=1&b=2", "a|1\nb|2\n");
    walks("a&b=&=c&=", "a|\nb|\n|c\n|\n");
    walks("&&a=1&&b=2&", "a|1\nb|2\n");
    walks("a=b=c&d==", "a|b=c\nd|=\n");
    walks("a=1&a=2", "a|1\na|2\n");
    walks("a%26b=%3D;c=1", "a%26b|%3D;c=1\n");
}

int main(void)
{
    decodes_what_is_encoded();
    refuses_what_is_not();
    keeps_to_the_maximum_of_its_buffer();
    walks_over_fields();
    return 0;
}
