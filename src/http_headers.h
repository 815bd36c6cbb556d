/* The header lines of requests. Made once and then shared by all requests that
 * send the same ones: a client's calls differ in nothing but their bodies.
 * Reference counted; one thread fills it, and when it is complete any thread
 * may hold it, for it changes no more. */
#ifndef SLK_HTTP_HEADERS_H
#define SLK_HTTP_HEADERS_H

#include <curl/curl.h>

struct slk_http_headers;

/* NULL when memory ran out. */
struct slk_http_headers *slk_http_headers_create(void);

/* SLK_OK, SLK_NOMEM, or SLK_INVALID: the name is no token, or CR or LF is in
 * the value. */
int slk_http_headers_add(struct slk_http_headers *headers, const char *name, const char *value);

/* Adds what keeps libcurl from sending headers of its own that nobody asked
 * for. Nothing is added from then on. SLK_OK or SLK_NOMEM. */
int slk_http_headers_complete(struct slk_http_headers *headers);

struct slk_http_headers *slk_http_headers_retain(struct slk_http_headers *headers);

/* The last one wipes the lines: tokens travel in headers. */
void slk_http_headers_release(struct slk_http_headers *headers);

/* As libcurl takes them; they live as long as headers do. */
struct curl_slist *slk_http_headers_lines(const struct slk_http_headers *headers);

#endif
