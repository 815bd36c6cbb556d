/* Easy handles at rest between transfers. One that has posted a body from
 * memory stays set up, so that the next such post over the same network need
 * only be told what is different; the others are reset. Client thread only. */
#ifndef SLK_HTTP_HANDLES_H
#define SLK_HTTP_HANDLES_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "http_request.h"

#define SLK_HTTP_HANDLES 32

enum slk_handle_state {
    SLK_HANDLE_RESET,  /* nothing is set */
    SLK_HANDLE_SET_UP, /* what all such requests have in common */
    SLK_HANDLE_AIMED,  /* and the request's target */
};

/* Empty when it is all zeros. */
struct slk_http_handles {
    struct slk_http_handle {
        CURL *easy;
        struct slk_net_options *net;    /* it is set up for; NULL: it has been reset */
        struct slk_http_target *target; /* it is aimed at; or NULL */
        bool http2;
    } idle[SLK_HTTP_HANDLES];
    size_t count;
};

/* The caller's from then on; NULL when memory ran out. */
CURL *slk_http_handles_take(struct slk_http_handles *handles,
                            const struct slk_http_request *request, enum slk_handle_state *state);

/* Back from its multi handle. is_well: the transfer of request has come to its end. */
void slk_http_handles_give(struct slk_http_handles *handles, CURL *easy,
                           const struct slk_http_request *request, bool is_well);

void slk_http_handles_free(struct slk_http_handles *handles);

#endif
