#include "http_head.h"

#include <string.h>
#include <strings.h>

static bool refuse(struct slk_http_head *head, int status, const char *why)
{
    head->refusal = status;
    head->refusal_why = why;
    return false;
}

/* Names are letters and hyphens, nearly always. */
static bool is_token_char(unsigned char c)
{
    static const char others[] = "!#$%&'*+.^_`|~";
    return (c >= 'a' && c <= 'z') || c == '-' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(others, c) != NULL);
}

static bool is_token(struct slk_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!is_token_char((unsigned char)text.data[i])) {
            return false;
        }
    }
    return text.length > 0;
}

static bool starts_with(struct slk_text text, const char *prefix)
{
    size_t length = strlen(prefix);
    return text.length >= length && strncasecmp(text.data, prefix, length) == 0;
}

static struct slk_text trim(struct slk_text text)
{
    while (text.length > 0 && (*text.data == ' ' || *text.data == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

static bool is_visible_ascii(struct slk_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c >= 0x7F) {
            return false;
        }
    }
    return true;
}

/* A host with its port, or nothing at all. */
static bool is_host(struct slk_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (strchr("/\\?#@<>\"{}|^`,", text.data[i]) != NULL) {
            return false;
        }
    }
    return is_visible_ascii(text);
}

/* What stands between the scheme and the path: where two who read the same target
 * may find different paths. */
static bool has_origin(struct slk_text target, const char *scheme)
{
    if (!starts_with(target, scheme)) {
        return false;
    }
    size_t start = strlen(scheme), end = start;
    while (end < target.length && target.data[end] != '/' && target.data[end] != '?') {
        end++;
    }
    struct slk_text origin = {target.data + start, end - start};
    return origin.length > 0 && is_host(origin);
}

static bool is_target(struct slk_text target, struct slk_text method)
{
    if (!is_visible_ascii(target) || memchr(target.data, '#', target.length) != NULL) {
        return false;
    }
    if (target.length == 1 && *target.data == '*') {
        return method.length == 7 && memcmp(method.data, "OPTIONS", 7) == 0;
    }
    return starts_with(target, "/") || has_origin(target, "http://") ||
           has_origin(target, "https://");
}

static bool read_version(struct slk_http_head *head, struct slk_text version)
{
    const char *data = version.data;
    if (version.length != 8 || memcmp(data, "HTTP/", 5) != 0 || data[5] < '0' || data[5] > '9' ||
        data[6] != '.' || data[7] < '0' || data[7] > '9') {
        return refuse(head, 400, "malformed request line");
    }
    if (data[5] != '1' || data[7] > '1') {
        return refuse(head, 505, "HTTP version not supported");
    }
    head->is_1_0 = data[7] == '0';
    return true;
}

bool slk_http_head_request_line(struct slk_http_head *head, struct slk_text line)
{
    struct slk_text method = slk_text_cut(&line, ' ');
    struct slk_text target = slk_text_cut(&line, ' ');
    if (!is_token(method) || target.length == 0) {
        return refuse(head, 400, "malformed request line");
    }
    head->method_length = method.length;
    head->target_length = target.length;
    if (!read_version(head, line)) {
        return false;
    }
    return is_target(target, method) || refuse(head, 400, "malformed target");
}

bool slk_http_split_field(struct slk_text line, struct slk_text *name, struct slk_text *value)
{
    size_t length = line.length;
    *name = slk_text_cut(&line, ':');
    if (name->length == length || !is_token(*name)) {
        return false; /* no colon, an obsolete fold, or a space before the colon */
    }
    for (size_t i = 0; i < line.length; i++) {
        unsigned char c = (unsigned char)line.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    *value = trim(line);
    return true;
}

bool slk_http_next_field(struct slk_text *block, struct slk_text *name, struct slk_text *value)
{
    if (block->length == 0) {
        return false;
    }
    struct slk_text line = slk_text_cut(block, '\n');
    *name = slk_text_cut(&line, ':');
    *value = trim(line);
    if (value->length > 0 && value->data[value->length - 1] == '\r') {
        value->length--;
        *value = trim(*value);
    }
    return true;
}

static bool read_length(struct slk_http_head *head, struct slk_text value)
{
    uint64_t length = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return refuse(head, 400, "malformed Content-Length");
        }
        bool fits = length <= (UINT64_MAX - 9) / 10;
        length = fits ? length * 10 + (uint64_t)(value.data[i] - '0') : UINT64_MAX;
    }
    if (value.length == 0) {
        return refuse(head, 400, "malformed Content-Length");
    }
    if (head->has_length) {
        return refuse(head, 400, "several Content-Length");
    }
    head->has_length = true;
    head->body_length = length;
    return true;
}

static bool read_encoding(struct slk_http_head *head, struct slk_text value)
{
    if (++head->encodings > 1 || value.length == 0) {
        return refuse(head, 400, "malformed Transfer-Encoding");
    }
    if (!slk_text_is_any_case(value, "chunked")) {
        return refuse(head, 501, "transfer coding not supported");
    }
    head->is_chunked = true;
    return true;
}

static bool read_host(struct slk_http_head *head, struct slk_text value)
{
    head->hosts++;
    return is_host(value) || refuse(head, 400, "malformed Host");
}

static bool read_connection(struct slk_http_head *head, struct slk_text value)
{
    while (value.length > 0) {
        if (slk_text_is_any_case(trim(slk_text_cut(&value, ',')), "close")) {
            head->wants_close = true;
        }
    }
    return true;
}

static bool read_expect(struct slk_http_head *head, struct slk_text value)
{
    if (head->is_1_0) {
        return true; /* to be ignored: RFC 9110 §10.1.1 */
    }
    if (!slk_text_is_any_case(value, "100-continue")) {
        return refuse(head, 417, "expectation not supported");
    }
    head->expects_continue = true;
    return true;
}

bool slk_http_head_field(struct slk_http_head *head, struct slk_text line)
{
    static const struct {
        const char *name;
        bool (*read)(struct slk_http_head *head, struct slk_text value);
    } known[] = {
        {"Content-Length", read_length},
        {"Transfer-Encoding", read_encoding},
        {"Host", read_host},
        {"Connection", read_connection},
        {"Expect", read_expect},
    };
    struct slk_text name, value;
    if (!slk_http_split_field(line, &name, &value)) {
        return refuse(head, 400, "malformed header line");
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (slk_text_is_any_case(name, known[i].name)) {
            return known[i].read(head, value);
        }
    }
    return true;
}

bool slk_http_head_finish(struct slk_http_head *head)
{
    if (head->hosts > 1 || (head->hosts == 0 && !head->is_1_0)) {
        return refuse(head, 400, head->hosts > 1 ? "several Host lines" : "no Host");
    }
    if (head->is_chunked && head->has_length) {
        return refuse(head, 400, "Transfer-Encoding together with Content-Length");
    }
    if (head->is_chunked && head->is_1_0) {
        return refuse(head, 400, "Transfer-Encoding in HTTP/1.0");
    }
    return true;
}
