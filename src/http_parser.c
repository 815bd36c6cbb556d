#include "http_parser.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"

#define MAX_CHUNK_LINE 1024

enum stage { REQUEST_LINE, FIELDS, BODY, CHUNK_LINE, CHUNK_DATA, CHUNK_END, TRAILERS, DONE };

/* One buffer holds all that has come, and a request is given out from it:
 *
 *   start            body            read
 *   | request line, fields | body so far | gap | not read yet |
 *
 * Chunks are moved together over their framing, which is what the gap is. */
struct slk_http_parser {
    struct slk_http_limits limits;
    struct slk_buffer input;
    enum stage stage;
    struct slk_http_head head;
    size_t start;       /* of the request */
    size_t line;        /* of the request line: start, or behind an empty line */
    size_t fields;      /* of the first field line */
    size_t body;        /* of the body: behind the empty line */
    size_t body_length; /* so far */
    size_t read;        /* all before this has been dealt with */
    size_t searched;    /* no line end between read and here */
    uint64_t chunk;     /* bytes of the chunk still to come */
    size_t framing;     /* bytes of chunk extensions or trailers so far */
};

/* Besides the results of the interface: nothing to report yet, go on. */
#define GO_ON (-1)

struct slk_http_parser *slk_http_parser_create(const struct slk_http_limits *limits)
{
    struct slk_http_parser *parser = calloc(1, sizeof *parser);
    if (parser != NULL) {
        parser->limits = *limits;
        slk_buffer_init(&parser->input, SIZE_MAX / 2);
    }
    return parser;
}

void slk_http_parser_destroy(struct slk_http_parser *parser)
{
    if (parser != NULL) {
        slk_buffer_free(&parser->input);
        free(parser);
    }
}

/* Takes out length bytes at offset, from the part that has been read. */
static void remove_bytes(struct slk_http_parser *parser, size_t offset, size_t length)
{
    struct slk_buffer *input = &parser->input;
    if (length > 0) {
        memmove(input->data + offset, input->data + offset + length,
                input->length - offset - length);
        input->length -= length;
        parser->read -= length;
        parser->searched -= length;
    }
}

int slk_http_parser_feed(struct slk_http_parser *parser, const void *data, size_t length)
{
    if (parser->head.refusal != 0) {
        return SLK_OK;
    }
    size_t dropped = parser->start;
    if (parser->stage > FIELDS) {
        size_t end = parser->body + parser->body_length;
        remove_bytes(parser, end, parser->read - end);
        parser->body -= dropped;
    }
    remove_bytes(parser, 0, dropped);
    parser->start -= dropped;
    parser->line -= dropped;
    parser->fields -= dropped;
    return slk_buffer_append(&parser->input, data, length);
}

size_t slk_http_parser_held(const struct slk_http_parser *parser)
{
    return parser->input.length;
}

void slk_http_parser_forget(struct slk_http_parser *parser)
{
    slk_buffer_free(&parser->input);
}

static int refuse(struct slk_http_parser *parser, int status, const char *why)
{
    parser->head.refusal = status;
    parser->head.refusal_why = why;
    return SLK_HTTP_REFUSED;
}

/* The next line, without its CRLF, when it ends within limit bytes from read;
 * else MORE, or refused with the status given for lines that are too long. */
static int take_line(struct slk_http_parser *parser, size_t limit, int status,
                     struct slk_text *line)
{
    const char *data = parser->input.data;
    size_t waiting = parser->input.length - parser->searched;
    const char *end = waiting > 0 ? memchr(data + parser->searched, '\n', waiting) : NULL;
    size_t length = (end != NULL ? (size_t)(end - data) + 1 : parser->input.length) - parser->read;
    if (length > limit) {
        return refuse(parser, status, status == 431 ? "head too large" : "chunk line too long");
    }
    if (end == NULL) {
        parser->searched = parser->input.length;
        return SLK_HTTP_MORE;
    }
    if (length < 2 || end[-1] != '\r') {
        return refuse(parser, 400, "line not ended by CRLF");
    }
    *line = (struct slk_text){data + parser->read, length - 2};
    parser->read += length;
    parser->searched = parser->read;
    return GO_ON;
}

static int take_head_line(struct slk_http_parser *parser, struct slk_text *line)
{
    size_t used = parser->read - parser->start;
    return take_line(parser, parser->limits.max_head - used, 431, line);
}

static int read_request_line(struct slk_http_parser *parser)
{
    struct slk_text line;
    size_t at = parser->read;
    int result = take_head_line(parser, &line);
    if (result != GO_ON) {
        return result;
    }
    if (line.length == 0 && at == parser->start) {
        return GO_ON; /* one empty line before a request is tolerated: RFC 9112 §2.2 */
    }
    parser->line = at;
    parser->fields = parser->read;
    parser->stage = FIELDS;
    return slk_http_head_request_line(&parser->head, line) ? GO_ON : SLK_HTTP_REFUSED;
}

static int end_head(struct slk_http_parser *parser)
{
    parser->body = parser->read;
    if (!slk_http_head_finish(&parser->head)) {
        return SLK_HTTP_REFUSED;
    }
    if (parser->head.body_length > parser->limits.max_body) {
        return refuse(parser, 413, "body too large");
    }
    parser->stage = parser->head.is_chunked ? CHUNK_LINE : BODY;
    bool has_body = parser->head.is_chunked || parser->head.body_length > 0;
    return parser->head.expects_continue && has_body ? SLK_HTTP_CONTINUE : GO_ON;
}

static int read_field(struct slk_http_parser *parser)
{
    struct slk_text line;
    int result = take_head_line(parser, &line);
    if (result != GO_ON) {
        return result;
    }
    if (line.length == 0) {
        return end_head(parser);
    }
    return slk_http_head_field(&parser->head, line) ? GO_ON : SLK_HTTP_REFUSED;
}

static int read_body(struct slk_http_parser *parser)
{
    if (parser->input.length - parser->body < parser->head.body_length) {
        return SLK_HTTP_MORE;
    }
    parser->body_length = (size_t)parser->head.body_length;
    parser->read = parser->searched = parser->body + parser->body_length;
    parser->stage = DONE;
    return SLK_HTTP_REQUEST;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What may follow a chunk's size: nothing, or extensions, which are ignored. */
static bool is_extension(struct slk_text text)
{
    size_t blanks = 0;
    while (blanks < text.length && (text.data[blanks] == ' ' || text.data[blanks] == '\t')) {
        blanks++;
    }
    if (text.length > 0 && (blanks == text.length || text.data[blanks] != ';')) {
        return false;
    }
    for (size_t i = blanks; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static int read_chunk_line(struct slk_http_parser *parser)
{
    struct slk_text line;
    int result = take_line(parser, MAX_CHUNK_LINE, 400, &line);
    if (result != GO_ON) {
        return result;
    }
    uint64_t size = 0;
    size_t digits = 0;
    for (; digits < line.length && hex_value(line.data[digits]) >= 0; digits++) {
        bool fits = size <= UINT64_MAX >> 4;
        size = fits ? size << 4 | (uint64_t)hex_value(line.data[digits]) : UINT64_MAX;
    }
    struct slk_text extension = {line.data + digits, line.length - digits};
    if (digits == 0 || !is_extension(extension)) {
        return refuse(parser, 400, "malformed chunk line");
    }
    parser->framing += extension.length;
    if (parser->framing > parser->limits.max_head) {
        return refuse(parser, 400, "too many chunk extensions");
    }
    if (size > parser->limits.max_body - parser->body_length) {
        return refuse(parser, 413, "body too large");
    }
    parser->chunk = size;
    parser->framing = size > 0 ? parser->framing : 0;
    parser->stage = size > 0 ? CHUNK_DATA : TRAILERS;
    return GO_ON;
}

static int read_chunk_data(struct slk_http_parser *parser)
{
    size_t waiting = parser->input.length - parser->read;
    size_t length = parser->chunk < waiting ? (size_t)parser->chunk : waiting;
    if (length > 0) {
        char *data = parser->input.data;
        memmove(data + parser->body + parser->body_length, data + parser->read, length);
        parser->body_length += length;
        parser->read += length;
        parser->searched = parser->read;
        parser->chunk -= length;
    }
    if (parser->chunk > 0) {
        return SLK_HTTP_MORE;
    }
    parser->stage = CHUNK_END;
    return GO_ON;
}

static int read_chunk_end(struct slk_http_parser *parser)
{
    const char *data = parser->input.data + parser->read;
    size_t waiting = parser->input.length - parser->read;
    if ((waiting > 0 && data[0] != '\r') || (waiting > 1 && data[1] != '\n')) {
        return refuse(parser, 400, "chunk not ended by CRLF");
    }
    if (waiting < 2) {
        return SLK_HTTP_MORE;
    }
    parser->read += 2;
    parser->searched = parser->read;
    parser->stage = CHUNK_LINE;
    return GO_ON;
}

static int read_trailer(struct slk_http_parser *parser)
{
    struct slk_text line, name, value;
    size_t at = parser->read;
    int result = take_line(parser, parser->limits.max_head - parser->framing, 431, &line);
    if (result != GO_ON) {
        return result;
    }
    parser->framing += parser->read - at;
    if (line.length == 0) {
        parser->stage = DONE;
        return SLK_HTTP_REQUEST;
    }
    return slk_http_split_field(line, &name, &value)
               ? GO_ON
               : refuse(parser, 400, "malformed trailer line");
}

static void begin_request(struct slk_http_parser *parser)
{
    parser->head = (struct slk_http_head){0};
    parser->body_length = 0;
    parser->framing = 0;
    parser->start = parser->read;
    parser->stage = REQUEST_LINE;
    if (parser->read == parser->input.length) {
        parser->input.length = parser->start = parser->read = parser->searched = 0;
        slk_buffer_free(&parser->input); /* an idle connection is to cost little */
    }
    parser->line = parser->fields = parser->body = parser->start;
}

static int advance(struct slk_http_parser *parser)
{
    switch (parser->stage) {
    case REQUEST_LINE: return read_request_line(parser);
    case FIELDS: return read_field(parser);
    case BODY: return read_body(parser);
    case CHUNK_LINE: return read_chunk_line(parser);
    case CHUNK_DATA: return read_chunk_data(parser);
    case CHUNK_END: return read_chunk_end(parser);
    case TRAILERS: return read_trailer(parser);
    case DONE: begin_request(parser); return GO_ON;
    }
    return SLK_HTTP_MORE;
}

enum slk_http_parse slk_http_parser_next(struct slk_http_parser *parser)
{
    int result = parser->head.refusal != 0 ? SLK_HTTP_REFUSED : GO_ON;
    while (result == GO_ON) {
        result = advance(parser);
    }
    return (enum slk_http_parse)result;
}

enum slk_http_stage slk_http_parser_stage(const struct slk_http_parser *parser)
{
    if (parser->stage > FIELDS) {
        return SLK_HTTP_IN_BODY;
    }
    return parser->input.length > parser->start ? SLK_HTTP_IN_HEAD : SLK_HTTP_BETWEEN;
}

static struct slk_text piece(const struct slk_http_parser *parser, size_t offset, size_t length)
{
    return (struct slk_text){parser->input.data + offset, length};
}

struct slk_text slk_http_parser_method(const struct slk_http_parser *parser)
{
    return piece(parser, parser->line, parser->head.method_length);
}

struct slk_text slk_http_parser_target(const struct slk_http_parser *parser)
{
    return piece(parser, parser->line + parser->head.method_length + 1, parser->head.target_length);
}

struct slk_text slk_http_parser_headers(const struct slk_http_parser *parser)
{
    return piece(parser, parser->fields, parser->body - parser->fields - 2);
}

struct slk_text slk_http_parser_body(const struct slk_http_parser *parser)
{
    return piece(parser, parser->body, parser->body_length);
}

bool slk_http_parser_keep_alive(const struct slk_http_parser *parser)
{
    return !parser->head.is_1_0 && !parser->head.wants_close;
}

struct slk_text slk_http_parser_header(const struct slk_http_parser *parser, const char *name,
                                       size_t *count)
{
    struct slk_text found = {NULL, 0};
    struct slk_text block = slk_http_parser_headers(parser);
    *count = 0;
    while (block.length > 0) {
        const char *end = memchr(block.data, '\n', block.length);
        struct slk_text line = {block.data, (size_t)(end - block.data) - 1};
        struct slk_text line_name, value;
        if (slk_http_split_field(line, &line_name, &value) &&
            slk_text_is_any_case(line_name, name)) {
            found = *count == 0 ? value : found;
            (*count)++;
        }
        block.data += line.length + 2;
        block.length -= line.length + 2;
    }
    return found;
}

int slk_http_parser_refusal(const struct slk_http_parser *parser, const char **why)
{
    *why = parser->head.refusal_why;
    return parser->head.refusal;
}
