/* An HTTP request to be made, and what came of it. Plain data with one owner;
 * any thread. */
#ifndef SLK_HTTP_REQUEST_H
#define SLK_HTTP_REQUEST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "http_headers.h"
#include "http_target.h"
#include "message.h"
#include "net_options.h"

/* http2 is no default. With libcurl 7.88, Debian 12's, a POST is stuck until it
 * times out when the answer comes before its body has gone (19 of 60 in a
 * trial; HTTP/1.1: none), what a server refuses with GOAWAY fails though it was
 * not looked at, and a connection that ends takes everything on it with it.
 * Nor is it cheaper: 0.73 to 0.80 CPU seconds for 10,000 calls against 0.68 to
 * 0.70. What it saves is connections. */
struct slk_http_request {
    char *method, *url;               /* behind the struct, in one piece with it */
    struct slk_http_target *target;   /* the URL, of one that is prepared; or NULL */
    struct slk_http_headers *headers; /* NULL: none yet */
    char *body;                       /* NULL: no body */
    size_t body_length;
    bool has_body_behind;    /* the body is in one piece with the struct, too */
    bool is_checked;         /* the URL has been found to be one that net allows */
    bool is_web_api;         /* what is answered may be decoded before Lua sees it */
    long timeout_ms;         /* for the exchange, counted from when its turn has come */
    long deadline_ms;        /* for everything, counted from submit; 0: none */
    long connect_timeout_ms; /* 0: within timeout_ms */
    long idle_timeout_ms;    /* with no byte either way; 0: none */
    size_t max_response;     /* bytes of the decoded body; over it the request fails */
    unsigned max_requests;   /* under way to its host at a time; 0: the client's default. Each
                                limit has a count and a queue of its own */
    bool http2;              /* offer HTTP/2 to https servers */
    bool urgent;             /* waits for no other request to the same host */
    bool fresh;              /* over a new connection, to an address asked for anew */
    struct slk_http_stream *stream; /* bodies that are not held in memory; NULL: none */
    struct slk_net_options *net;
};

/* Allocates an empty request with the defaults (30 s, 64 MiB); the setters
 * copy. Keeps a reference to net. Free with slk_http_request_free, or give it
 * to slk_http_client_submit. */
struct slk_http_request *slk_http_request_create(const char *method, const char *url,
                                                 struct slk_net_options *net);

/* SLK_OK, SLK_NOMEM, or SLK_INVALID: the name is no token, or CR or LF is in
 * the value. */
int slk_http_request_add_header(struct slk_http_request *request, const char *name,
                                const char *value);

/* Makes it the model of others: its headers are complete, its URL is taken apart and checked;
 * one that may not be asked is refused when it is submitted. SLK_OK or SLK_NOMEM. */
int slk_http_request_prepare(struct slk_http_request *request);

/* The same request with another body, in one allocation. model is prepared and has no stream.
 * NULL when memory ran out. */
struct slk_http_request *slk_http_request_copy(const struct slk_http_request *model,
                                               const void *body, size_t length);

/* SLK_OK, or SLK_INVALID with err filled: its URL is none that may be asked. */
int slk_http_request_check_url(const struct slk_http_request *request, struct slk_error *err);

/* Instead of adding its own: headers that are complete. Keeps a reference. */
void slk_http_request_share_headers(struct slk_http_request *request,
                                    struct slk_http_headers *headers);

/* To be called when the last header has been added. SLK_OK or SLK_NOMEM. */
int slk_http_request_complete(struct slk_http_request *request);

int slk_http_request_set_body(struct slk_http_request *request, const void *body, size_t length);
void slk_http_request_free(struct slk_http_request *request);

/* What came back. error is NULL when a whole response arrived (whatever its
 * status), else its code is one of "timeout", "timeout_unsent" (before anything was
 * sent), "connection" (nothing was sent: safe to repeat), "interrupted" (it may have been
 * received), "tls", "proxy", "dns", "too_large", "cancelled", "closed", "invalid_url",
 * "memory", "file" (a file that a body comes from or goes to), "body" (a length that was
 * not kept). */
struct slk_http_result {
    struct slk_message message; /* kind SLK_MESSAGE_HTTP */
    uint64_t id;
    const struct slk_error *error; /* made by slk_http_result_fail */
    long status;
    int version;   /* of HTTP: 10, 11, 20 or 30 */
    char *headers; /* the final response's header lines, as received; not terminated */
    size_t headers_length;
    char *body;
    size_t body_length;
    bool is_web_api; /* as its request */
    bool is_streamed;
    bool has_body;              /* the response is of a kind that has one */
    int64_t taken;              /* bytes of it that a stream took instead */
    struct slk_file_sink *file; /* where they are, to be committed by Lua; or NULL */
    char *redirect;             /* where a 3xx points to, as an absolute URL; NULL for none */
    double seconds;             /* from submit to result */
};

/* NULL when memory ran out. */
struct slk_http_result *slk_http_result_create(void);
/* Copies the error. That of memory running out needs none. */
void slk_http_result_fail(struct slk_http_result *result, const struct slk_error *error);
void slk_http_result_free(struct slk_http_result *result);

#endif
