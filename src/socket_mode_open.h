/* The API call that gives the URL of a connection, apps.connections.open or
 * another: the request, and what its answer means. Pure code over the exchange
 * that the client thread makes; any thread. */
#ifndef SLK_SOCKET_MODE_OPEN_H
#define SLK_SOCKET_MODE_OPEN_H

#include <stdint.h>

#include "error.h"
#include "http_client.h"
#include "net_options.h"

enum slk_open_outcome {
    SLK_OPEN_URL,   /* url is where to connect to, once and at once */
    SLK_OPEN_RETRY, /* error says why; try again, not before retry_after */
    SLK_OPEN_FATAL  /* error says why and what to do; trying again cannot help */
};

struct slk_open_answer {
    enum slk_open_outcome outcome;
    int64_t retry_after; /* nanoseconds that Slack asks for, 0 when it does not */
    struct slk_error error;
    char url[2048]; /* holds the ticket: never to be logged */
};

/* What can be done about an error that no repetition cures. */
struct slk_open_advice {
    const char *code, *advice;
};

struct slk_open_method {
    const char *name;                     /* "apps.connections.open" */
    const char *purpose;                  /* what Slack refuses: "Socket Mode connections" */
    const char *arguments;                /* an encoded form */
    const struct slk_open_advice *advice; /* besides that for any method; ends with code NULL */
};

/* NULL when memory ran out or the token cannot stand in a header. */
struct slk_http_request *slk_open_request(const struct slk_open_method *method, const char *api_url,
                                          const char *token, int64_t timeout, bool fresh,
                                          struct slk_net_options *net);

void slk_open_read(const struct slk_open_method *method, const struct slk_http_result *result,
                   const char *api_url, struct slk_open_answer *answer);

#endif
