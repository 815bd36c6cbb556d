/* A strict parser for HTTP/1.1 requests (RFC 9112), for whatever connects to
 * us. Pure code over bytes: no sockets, no time. */
#ifndef SLK_HTTP_PARSER_H
#define SLK_HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

struct slk_http_limits {
    size_t max_head; /* bytes of request line and header block: 431 beyond */
    size_t max_body; /* bytes of the decoded body: 413 beyond */
};

enum slk_http_parse {
    SLK_HTTP_MORE,     /* feed more */
    SLK_HTTP_CONTINUE, /* the client waits for "100 Continue"; send it and call again */
    SLK_HTTP_REQUEST,  /* a whole request; the rest of the input is the next one's */
    SLK_HTTP_REFUSED   /* answer with refusal_status, then close */
};

struct slk_http_text {
    const char *data;
    size_t length;
};

struct slk_http_parser;

struct slk_http_parser *slk_http_parser_create(const struct slk_http_limits *limits);
void slk_http_parser_destroy(struct slk_http_parser *parser);

/* Appends input; then call next until it says MORE or REFUSED. SLK_OK or SLK_NOMEM. */
int slk_http_parser_feed(struct slk_http_parser *parser, const void *data, size_t length);
enum slk_http_parse slk_http_parser_next(struct slk_http_parser *parser);

/* Of the request that next has just returned; valid until it is called again.
 * headers is the block of "Name: value" lines, CRLF between and after each. */
struct slk_http_text slk_http_parser_method(const struct slk_http_parser *parser);
struct slk_http_text slk_http_parser_target(const struct slk_http_parser *parser);
struct slk_http_text slk_http_parser_headers(const struct slk_http_parser *parser);
struct slk_http_text slk_http_parser_body(const struct slk_http_parser *parser);
bool slk_http_parser_keep_alive(const struct slk_http_parser *parser);

/* Finds a header by name without regard to case; count is how many there are. */
struct slk_http_text slk_http_parser_header(const struct slk_http_parser *parser, const char *name,
                                            size_t *count);

/* After SLK_HTTP_REFUSED: 400, 411, 413, 417, 431, 501 or 505, and why (static text). */
int slk_http_parser_refusal(const struct slk_http_parser *parser, const char **why);

#endif
