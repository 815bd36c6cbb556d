#include "http_handles.h"

#include <string.h>

static bool is_plain_post(const struct slk_http_request *request)
{
    return request->stream == NULL && strcmp(request->method, "POST") == 0;
}

static bool fits(const struct slk_http_handle *handle, const struct slk_http_request *request)
{
    return handle->net == request->net && handle->http2 == request->http2;
}

static void forget_net(struct slk_http_handle *handle)
{
    slk_net_options_release(handle->net);
    handle->net = NULL;
}

/* Without what was set, but with its TLS sessions. */
static void reset(struct slk_http_handle *handle)
{
    if (handle->net != NULL) {
        curl_easy_reset(handle->easy);
        forget_net(handle);
    }
}

CURL *slk_http_handles_take(struct slk_http_handles *handles,
                            const struct slk_http_request *request, bool *is_set_up)
{
    *is_set_up = false;
    if (handles->count == 0) {
        return curl_easy_init();
    }
    struct slk_http_handle *last = &handles->idle[handles->count - 1], *found = last;
    if (is_plain_post(request)) {
        while (found > handles->idle && !fits(found, request)) {
            found--;
        }
        *is_set_up = fits(found, request);
    }
    CURL *easy = found->easy;
    if (*is_set_up) {
        forget_net(found);
    } else {
        reset(found);
    }
    *found = *last;
    handles->count--;
    return easy;
}

void slk_http_handles_give(struct slk_http_handles *handles, CURL *easy,
                           const struct slk_http_request *request, bool is_well)
{
    if (handles->count == SLK_HTTP_HANDLES) {
        curl_easy_cleanup(easy);
        return;
    }
    struct slk_http_handle *handle = &handles->idle[handles->count++];
    *handle = (struct slk_http_handle){.easy = easy, .http2 = request->http2};
    if (is_well && is_plain_post(request)) {
        handle->net = slk_net_options_retain(request->net);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL); /* goes with the transfer */
    } else {
        curl_easy_reset(easy);
    }
}

void slk_http_handles_free(struct slk_http_handles *handles)
{
    while (handles->count > 0) {
        struct slk_http_handle *handle = &handles->idle[--handles->count];
        curl_easy_cleanup(handle->easy);
        forget_net(handle);
    }
}
