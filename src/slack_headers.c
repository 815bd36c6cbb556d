#include "slack_headers.h"

#include <string.h>
#include <strings.h>

#define MAX_NUMBER 999
#define MAX_REASON 64

static const struct slk_text names[SLK_SLACK_HEADERS] = {
    [SLK_HEADER_SIGNATURE] = SLK_TEXT("X-Slack-Signature"),
    [SLK_HEADER_TIMESTAMP] = SLK_TEXT("X-Slack-Request-Timestamp"),
    [SLK_HEADER_CONTENT_TYPE] = SLK_TEXT("Content-Type"),
    [SLK_HEADER_CONTENT_ENCODING] = SLK_TEXT("Content-Encoding"),
    [SLK_HEADER_RETRY_NUMBER] = SLK_TEXT("X-Slack-Retry-Num"),
    [SLK_HEADER_RETRY_REASON] = SLK_TEXT("X-Slack-Retry-Reason"),
};

/* Which of those a line is; SLK_SLACK_HEADERS: none. */
static size_t which(struct slk_text line)
{
    size_t i = 0;
    while (i < SLK_SLACK_HEADERS &&
           (line.length <= names[i].length || line.data[names[i].length] != ':' ||
            strncasecmp(line.data, names[i].data, names[i].length) != 0)) {
        i++;
    }
    return i;
}

void slk_slack_headers_read(struct slk_text block, struct slk_slack_headers *headers)
{
    *headers = (struct slk_slack_headers){0};
    while (block.length > 0) {
        struct slk_text line = slk_http_next_line(&block);
        size_t i = which(line);
        if (i < SLK_SLACK_HEADERS && headers->counts[i]++ == 0) {
            size_t name = names[i].length + 1;
            headers->values[i] =
                slk_http_trim((struct slk_text){line.data + name, line.length - name});
        }
    }
}

static struct slk_text without_parameters(struct slk_text type)
{
    const char *end = type.length > 0 ? memchr(type.data, ';', type.length) : NULL;
    type.length = end != NULL ? (size_t)(end - type.data) : type.length;
    while (type.length > 0 &&
           (type.data[type.length - 1] == ' ' || type.data[type.length - 1] == '\t')) {
        type.length--;
    }
    return type;
}

enum slk_media slk_slack_headers_media(const struct slk_slack_headers *headers)
{
    bool is_coded = headers->counts[SLK_HEADER_CONTENT_ENCODING] > 0 &&
                    !slk_text_is_any_case(headers->values[SLK_HEADER_CONTENT_ENCODING], "identity");
    if (is_coded || headers->counts[SLK_HEADER_CONTENT_ENCODING] > 1 ||
        headers->counts[SLK_HEADER_CONTENT_TYPE] != 1) {
        return SLK_MEDIA_OTHER;
    }
    struct slk_text type = without_parameters(headers->values[SLK_HEADER_CONTENT_TYPE]);
    if (slk_text_is_any_case(type, "application/json")) {
        return SLK_MEDIA_JSON;
    }
    return slk_text_is_any_case(type, "application/x-www-form-urlencoded") ? SLK_MEDIA_FORM
                                                                           : SLK_MEDIA_OTHER;
}

int slk_slack_headers_retry_number(const struct slk_slack_headers *headers)
{
    struct slk_text value = headers->values[SLK_HEADER_RETRY_NUMBER];
    int number = 0;
    for (size_t i = 0; i < value.length; i++) {
        char c = value.data[i];
        number = c >= '0' && c <= '9' ? number * 10 + (c - '0') : MAX_NUMBER + 1;
        if (number > MAX_NUMBER) {
            return 0;
        }
    }
    return number;
}

static bool is_word(struct slk_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') {
            return false;
        }
    }
    return text.length <= MAX_REASON;
}

struct slk_text slk_slack_headers_retry_reason(const struct slk_slack_headers *headers)
{
    struct slk_text value = headers->values[SLK_HEADER_RETRY_REASON];
    return is_word(value) ? value : (struct slk_text){0};
}
