/* A strict parser for HTTP/1.1 requests (RFC 9112), for whatever connects to
 * us. Pure code over bytes: no sockets, no time. What is ambiguous or has been
 * used to smuggle requests past proxies is refused: bare LF, folded lines,
 * space before a colon, Transfer-Encoding with Content-Length, several
 * lengths, several Hosts. Chunked bodies are decoded, their trailers dropped. */
#ifndef SLK_HTTP_PARSER_H
#define SLK_HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "http_head.h"

struct slk_http_limits {
    size_t max_head; /* bytes of request line and header block, and of trailers: 431 beyond */
    size_t max_body; /* bytes of the decoded body: 413 beyond */
};

enum slk_http_parse {
    SLK_HTTP_MORE,     /* feed more */
    SLK_HTTP_CONTINUE, /* the client waits for "100 Continue"; send it and call again */
    SLK_HTTP_REQUEST,  /* a whole request; the rest of the input is the next one's */
    SLK_HTTP_REFUSED   /* answer with the refusal's status, then close */
};

struct slk_http_parser;

struct slk_http_parser *slk_http_parser_create(const struct slk_http_limits *limits);
void slk_http_parser_destroy(struct slk_http_parser *parser);

/* Appends input; then call next until it says MORE or REFUSED. SLK_OK or
 * SLK_NOMEM. What waits unread is not bounded here: a caller that is given
 * input while a request is being answered decides how much it takes. */
int slk_http_parser_feed(struct slk_http_parser *parser, const void *data, size_t length);
enum slk_http_parse slk_http_parser_next(struct slk_http_parser *parser);

/* How many bytes it holds: of the request, and of what waits behind it. */
size_t slk_http_parser_held(const struct slk_http_parser *parser);

/* Frees them. It is of no use afterwards but to be destroyed. */
void slk_http_parser_forget(struct slk_http_parser *parser);

/* How much of a request there is, after MORE. */
enum slk_http_stage { SLK_HTTP_BETWEEN /* nothing */, SLK_HTTP_IN_HEAD, SLK_HTTP_IN_BODY };
enum slk_http_stage slk_http_parser_stage(const struct slk_http_parser *parser);

/* Of the request that next has just returned; the texts are valid until feed
 * or next is called again. headers is the block of "Name: value" lines, CRLF
 * between and after each. An HTTP/1.0 request is never kept alive. */
struct slk_text slk_http_parser_method(const struct slk_http_parser *parser);
struct slk_text slk_http_parser_target(const struct slk_http_parser *parser);
struct slk_text slk_http_parser_headers(const struct slk_http_parser *parser);
struct slk_text slk_http_parser_body(const struct slk_http_parser *parser);
bool slk_http_parser_keep_alive(const struct slk_http_parser *parser);

/* Finds a header by name without regard to case; count is how many there are.
 * The first one's value, data NULL when there is none. */
struct slk_text slk_http_parser_header(const struct slk_http_parser *parser, const char *name,
                                       size_t *count);

/* After SLK_HTTP_REFUSED: 400, 413, 417, 431, 501 or 505, and why (static text). */
int slk_http_parser_refusal(const struct slk_http_parser *parser, const char **why);

#endif
