#include "http_head.h"

#include <string.h>

#include "check.h"
#include "error.h"

#define LONGEST 50 /* bytes: over the borders of what is looked at sixteen at a time */

/* Of the exact size, for sanitizers to see overreads. */
static struct slk_text exact(const char *data, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    CHECK(copy != NULL);
    memcpy(copy, data, length);
    return (struct slk_text){copy, length};
}

/* RFC 9110 §5.6.2 */
static bool is_token_char(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* RFC 9110 §5.5 */
static bool is_value_char(int c)
{
    return c == '\t' || (c >= ' ' && c != 0x7F);
}

static bool splits(const char *data, size_t length, size_t name_length)
{
    struct slk_text line = exact(data, length), name, value;
    bool is_split = slk_http_split_field(line, &name, &value);
    CHECK(!is_split || (name.data == line.data && name.length == name_length));
    free((char *)line.data);
    return is_split;
}

static void takes_just_what_may_stand_in_a_name(void)
{
    char line[LONGEST + 2];
    for (size_t length = 1; length <= LONGEST; length += 7) {
        memset(line, 'n', length);
        line[length] = ':';
        line[length + 1] = 'v';
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++) {
                line[at] = (char)c;
                bool is_early_colon = c == ':' && at > 0;
                CHECK(splits(line, length + 2, is_early_colon ? at : length) ==
                      (is_token_char(c) || is_early_colon));
            }
            line[at] = 'n';
        }
        CHECK(!splits(line, length, 0));
    }
    CHECK(!splits(":v", 2, 0));
    CHECK(!splits("", 0, 0));
}

static void takes_just_what_may_stand_in_a_value(void)
{
    char line[2 + LONGEST];
    memcpy(line, "n:", 2);
    for (size_t length = 1; length <= LONGEST; length++) {
        memset(line + 2, 'v', length);
        for (size_t at = 2; at < length + 2; at++) {
            for (int c = 0; c < 256; c++) {
                line[at] = (char)c;
                CHECK(splits(line, length + 2, 1) == is_value_char(c));
            }
            line[at] = '\t'; /* which must not hide what comes behind it */
            for (size_t behind = at + 1; behind < length + 2; behind++) {
                line[behind] = 0x1F;
                CHECK(!splits(line, length + 2, 1));
                line[behind] = 'v';
            }
            CHECK(splits(line, length + 2, 1));
            line[at] = 'v';
        }
    }
}

static bool is_request_line(const char *text, size_t length)
{
    struct slk_http_head head = {0};
    struct slk_text line = exact(text, length);
    bool is_taken = slk_http_head_request_line(&head, line);
    CHECK(is_taken == (head.refusal == 0));
    free((char *)line.data);
    return is_taken;
}

static void takes_just_what_may_stand_in_a_target(void)
{
    char text[] = "GET /? HTTP/1.1";
    for (int c = 0; c < 256; c++) {
        text[5] = (char)c;
        CHECK(is_request_line(text, sizeof text - 1) == (c > ' ' && c < 0x7F && c != '#'));
    }
}

static void takes_just_what_may_stand_in_a_method(void)
{
    char text[] = "G?T / HTTP/1.1";
    for (int c = 0; c < 256; c++) {
        text[1] = (char)c;
        CHECK(is_request_line(text, sizeof text - 1) == is_token_char(c));
    }
}

static void takes_just_what_may_stand_in_a_host(void)
{
    char text[] = "Host: a?b";
    for (int c = 0; c < 256; c++) {
        struct slk_http_head head = {0};
        text[7] = (char)c;
        struct slk_text line = exact(text, sizeof text - 1);
        bool is_fit = c > ' ' && c < 0x7F && strchr("/\\?#@<>\"{}|^`,", c) == NULL;
        CHECK(slk_http_head_field(&head, line) == is_fit);
        free((char *)line.data);
    }
}

int main(void)
{
    takes_just_what_may_stand_in_a_name();
    takes_just_what_may_stand_in_a_value();
    takes_just_what_may_stand_in_a_target();
    takes_just_what_may_stand_in_a_method();
    takes_just_what_may_stand_in_a_host();
    return 0;
}
