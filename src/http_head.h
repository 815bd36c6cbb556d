/* The lines of an HTTP/1.1 request's head and what they say about its body
 * (RFC 9112). Used by http_parser.c, which finds the lines. Pure code. */
#ifndef SLK_HTTP_HEAD_H
#define SLK_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct slk_http_head {
    bool is_1_0;
    bool has_length;
    bool is_chunked;
    bool wants_close;
    bool expects_continue;
    unsigned hosts;          /* how many Host lines */
    unsigned encodings;      /* how many Transfer-Encoding lines */
    uint64_t body_length;    /* UINT64_MAX for what does not fit */
    size_t method_length;    /* the method is the start of the request line */
    size_t target_length;    /* and one space later comes the target */
    int refusal;             /* the status to answer with, 0 for none */
    const char *refusal_why; /* static text */
};

/* Each takes a line without its CRLF, in the order of the request; false when
 * it is refused, with refusal and refusal_why set. */
bool slk_http_head_request_line(struct slk_http_head *head, struct slk_text line);
bool slk_http_head_field(struct slk_http_head *head, struct slk_text line);

/* What only shows when all lines have come. */
bool slk_http_head_finish(struct slk_http_head *head);

/* Splits a field line; false when it is malformed. The value is trimmed. */
bool slk_http_split_field(struct slk_text line, struct slk_text *name, struct slk_text *value);

/* Takes the first line off a block of them that the parser has accepted, which is
 * not empty: without its CRLF. */
struct slk_text slk_http_next_line(struct slk_text *block);

/* Without the blanks at both ends, as values of fields stand in their lines. */
struct slk_text slk_http_trim(struct slk_text text);

#endif
