/* The bytes of an HTTP/1.1 answer. Pure code but for the time of day; one
 * thread for each date. */
#ifndef SLK_HTTP_ANSWER_H
#define SLK_HTTP_ANSWER_H

#include <stdbool.h>
#include <time.h>

#include "buffer.h"
#include "http_head.h"

/* The line "Date: ...\r\n", remembered for a second. All zero at first. */
struct slk_http_date {
    time_t second;
    char line[48];
};

struct slk_http_answer {
    int status;
    const char *headers; /* "Name: value\r\n" lines, without Content-Length and Connection */
    struct slk_text body;
    bool is_head; /* of a HEAD request: all but the body */
    bool keep_alive;
};

/* Appends it whole. SLK_OK, SLK_NOMEM, SLK_TOO_LARGE (then nothing is appended). */
int slk_http_answer_append(struct slk_buffer *out, const struct slk_http_answer *answer,
                           struct slk_http_date *date);

#endif
