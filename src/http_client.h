/* The client thread: HTTP requests with libcurl, many at a time, over pooled
 * connections that are kept alive. */
#ifndef SLK_HTTP_CLIENT_H
#define SLK_HTTP_CLIENT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "log.h"
#include "message.h"
#include "net_options.h"

struct slk_http_client;

struct slk_http_request {
    char *method;
    char *url;
    struct curl_slist *headers; /* "Name: value" lines */
    char *body;                 /* NULL: no body */
    size_t body_length;
    long timeout_ms;         /* for the whole exchange, counted from submit */
    long connect_timeout_ms; /* 0: within timeout_ms */
    size_t max_response;     /* bytes of the decoded body; over it the request fails */
    bool http2;              /* offer HTTP/2 to https servers */
    struct slk_net_options *net;
};

/* Allocates an empty request with the defaults (30 s, 64 MiB); the setters
 * copy. Free with slk_http_request_free, or give it to submit. */
struct slk_http_request *slk_http_request_create(const char *method, const char *url,
                                                 struct slk_net_options *net);
int slk_http_request_add_header(struct slk_http_request *request, const char *name,
                                const char *value); /* SLK_INVALID: CR, LF or NUL inside */
int slk_http_request_set_body(struct slk_http_request *request, const void *body, size_t length);
void slk_http_request_free(struct slk_http_request *request);

/* What came back. error.code is "" when a whole response arrived (whatever its
 * status), else one of "timeout", "connection" (nothing was sent: safe to
 * repeat), "interrupted" (it may have been received), "tls", "proxy", "dns",
 * "too_large", "cancelled", "closed", "invalid_url", "memory". */
struct slk_http_result {
    struct slk_message message; /* kind SLK_MESSAGE_HTTP */
    uint64_t id;
    struct slk_error error;
    long status;
    char *headers; /* the final response's header lines, as received; not terminated */
    size_t headers_length;
    char *body;
    size_t body_length;
    double seconds; /* from submit to result */
};

/* Client thread; owns result afterwards. Must not block. */
typedef void slk_http_done(void *context, struct slk_http_result *result);

void slk_http_result_free(struct slk_http_result *result);

/* Starts the thread. Reference counted: the last release stops and joins it,
 * and must not happen on the client thread. NULL with err filled. */
struct slk_http_client *slk_http_client_create(struct slk_log *log, struct slk_error *err);
struct slk_http_client *slk_http_client_retain(struct slk_http_client *client);
void slk_http_client_release(struct slk_http_client *client);

/* Any thread. Owns request from now on, also on failure. done is called exactly
 * once for each SLK_OK, also after cancel and when the client stops. *id, if
 * wanted, is set before done can run. SLK_OK, SLK_NOMEM or SLK_CLOSED. */
int slk_http_client_submit(struct slk_http_client *client, struct slk_http_request *request,
                           slk_http_done *done, void *context, uint64_t *id);

/* Any thread. Ends the request with "cancelled" unless it has ended. */
void slk_http_client_cancel(struct slk_http_client *client, uint64_t id);

/* Any thread. Stops at once: everything outstanding ends with "closed". */
void slk_http_client_stop(struct slk_http_client *client);

#endif
