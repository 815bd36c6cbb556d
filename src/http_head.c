#include "http_head.h"

#include <string.h>
#include <strings.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool refuse(struct slk_http_head *head, int status, const char *why)
{
    head->refusal = status;
    head->refusal_why = why;
    return false;
}

/* Of what a byte may be a part. */
enum { TOKEN = 1, TARGET = 2, HOST = 4 };
#define ANY (TOKEN | TARGET | HOST)
#define TEN(c)                                                                                     \
    [c] = ANY, [(c) + 1] = ANY, [(c) + 2] = ANY, [(c) + 3] = ANY, [(c) + 4] = ANY,                 \
    [(c) + 5] = ANY, [(c) + 6] = ANY, [(c) + 7] = ANY, [(c) + 8] = ANY, [(c) + 9] = ANY
#define LETTERS(a)                                                                                 \
    TEN(a), TEN((a) + 10), [(a) + 20] = ANY, [(a) + 21] = ANY, [(a) + 22] = ANY, [(a) + 23] = ANY, \
                                  [(a) + 24] = ANY, [(a) + 25] = ANY

static const unsigned char parts[256] = {
    TEN('0'),
    LETTERS('A'),
    LETTERS('a'),
    ['!'] = ANY,
    ['"'] = TARGET,
    ['#'] = TOKEN,
    ['$'] = ANY,
    ['%'] = ANY,
    ['&'] = ANY,
    ['\''] = ANY,
    ['('] = TARGET | HOST,
    [')'] = TARGET | HOST,
    ['*'] = ANY,
    ['+'] = ANY,
    [','] = TARGET,
    ['-'] = ANY,
    ['.'] = ANY,
    ['/'] = TARGET,
    [':'] = TARGET | HOST,
    [';'] = TARGET | HOST,
    ['<'] = TARGET,
    ['='] = TARGET | HOST,
    ['>'] = TARGET,
    ['?'] = TARGET,
    ['@'] = TARGET,
    ['['] = TARGET | HOST,
    ['\\'] = TARGET,
    [']'] = TARGET | HOST,
    ['^'] = TOKEN | TARGET,
    ['_'] = ANY,
    ['`'] = TOKEN | TARGET,
    ['{'] = TARGET,
    ['|'] = TOKEN | TARGET,
    ['}'] = TARGET,
    ['~'] = ANY,
};

/* How many bytes at the beginning are such parts. */
static size_t span(struct slk_text text, unsigned part)
{
    const char *at = text.data, *end = at + text.length;
    while (at < end && (parts[(unsigned char)*at] & part) != 0) {
        at++;
    }
    return (size_t)(at - text.data);
}

static bool starts_with(struct slk_text text, const char *prefix)
{
    size_t length = strlen(prefix);
    return text.length >= length && strncasecmp(text.data, prefix, length) == 0;
}

struct slk_text slk_http_trim(struct slk_text text)
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

/* A host with its port, or nothing at all. */
static bool is_host(struct slk_text text)
{
    return span(text, HOST) == text.length;
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
    if (span(target, TARGET) < target.length) {
        return false;
    }
    if (target.length == 1 && *target.data == '*') {
        return method.length == 7 && memcmp(method.data, "OPTIONS", 7) == 0;
    }
    return *target.data == '/' || has_origin(target, "http://") || has_origin(target, "https://");
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
    if (method.length == 0 || span(method, TOKEN) < method.length || target.length == 0) {
        return refuse(head, 400, "malformed request line");
    }
    head->method_length = method.length;
    head->target_length = target.length;
    if (!read_version(head, line)) {
        return false;
    }
    return is_target(target, method) || refuse(head, 400, "malformed target");
}

#ifdef __SSE2__
/* Whether some of the sixteen is a control character, which tabs are, too. */
static bool has_control_16(const char *at)
{
    const __m128i last_control = _mm_set1_epi8(0x1F), del = _mm_set1_epi8(0x7F);
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(bytes, last_control), last_control);
    return _mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(bytes, del))) != 0;
}

/* The last sixteen may overlap those before them. */
static bool has_control(struct slk_text text)
{
    size_t at = 0;
    while (at + 16 < text.length && !has_control_16(text.data + at)) {
        at += 16;
    }
    return at + 16 < text.length || has_control_16(text.data + text.length - 16);
}
#endif

/* Values hold no control characters but tabs. */
static bool is_value(struct slk_text text)
{
#ifdef __SSE2__
    if (text.length >= 16 && !has_control(text)) {
        return true;
    }
#endif
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

bool slk_http_split_field(struct slk_text line, struct slk_text *name, struct slk_text *value)
{
    size_t length = span(line, TOKEN);
    if (length == 0 || length == line.length || line.data[length] != ':') {
        return false; /* no colon, an obsolete fold, or a space before the colon */
    }
    *name = (struct slk_text){line.data, length};
    *value = (struct slk_text){line.data + length + 1, line.length - length - 1};
    if (!is_value(*value)) {
        return false;
    }
    *value = slk_http_trim(*value);
    return true;
}

struct slk_text slk_http_next_line(struct slk_text *block)
{
    struct slk_text line = slk_text_cut(block, '\n');
    line.length -= line.length > 0 ? 1 : 0;
    return line;
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
        if (slk_text_is_any_case(slk_http_trim(slk_text_cut(&value, ',')), "close")) {
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
        struct slk_text name;
        bool (*read)(struct slk_http_head *head, struct slk_text value);
    } known[] = {
        {SLK_TEXT("Content-Length"), read_length},
        {SLK_TEXT("Transfer-Encoding"), read_encoding},
        {SLK_TEXT("Host"), read_host},
        {SLK_TEXT("Connection"), read_connection},
        {SLK_TEXT("Expect"), read_expect},
    };
    struct slk_text name, value;
    if (!slk_http_split_field(line, &name, &value)) {
        return refuse(head, 400, "malformed header line");
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (slk_text_same_any_case(name, known[i].name)) {
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
