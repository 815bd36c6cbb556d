/* The yardstick from libwebsockets: its http role answers 200 to each POST when
 * its body has come, and looks at nothing.
 *
 *   bare_lws_http PORT */
#include <string.h>

#include "serve.h"

static int answer(struct lws *wsi)
{
    unsigned char buffer[LWS_PRE + 512], *start = buffer + LWS_PRE, *at = start;
    unsigned char *end = buffer + sizeof buffer - 1;
    if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, NULL, 0, &at, end) != 0 ||
        lws_finalize_write_http_header(wsi, start, &at, end) != 0) {
        return -1;
    }
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length)
{
    (void)user;
    (void)in;
    (void)length;
    switch (reason) {
    case LWS_CALLBACK_HTTP: return 0;      /* the body is to come */
    case LWS_CALLBACK_HTTP_BODY: return 0; /* nobody reads it */
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return answer(wsi);
    default: return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = "http", .callback = callback, .rx_buffer_size = 65536},
    {.name = NULL},
};

int main(int argc, char *argv[])
{
    struct lws_context_creation_info info = {
        .protocols = PROTOCOLS,
        .keepalive_timeout = 60,
    };
    return serve(&info, argc, argv);
}
