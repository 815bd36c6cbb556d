#include "http_handles.h"

#include <string.h>

static bool is_plain_post(const struct slk_http_request *request)
{
    return request->stream == NULL && strcmp(request->method, "POST") == 0;
}

static enum slk_handle_state state_for(const struct slk_http_handle *handle,
                                       const struct slk_http_request *request)
{
    if (handle->net != request->net || handle->http2 != request->http2) {
        return SLK_HANDLE_RESET;
    }
    return handle->target != NULL && handle->target == request->target ? SLK_HANDLE_AIMED
                                                                       : SLK_HANDLE_SET_UP;
}

/* Takes out what it is set up for; what it is aimed at has to live until it is not. */
static void forget(struct slk_http_handle *handle)
{
    slk_net_options_release(handle->net);
    slk_http_target_release(handle->target);
    handle->net = NULL;
    handle->target = NULL;
}

/* Leaves the handle as the state says, with its TLS sessions in any case. */
static void bring_to(struct slk_http_handle *handle, enum slk_handle_state state)
{
    if (state == SLK_HANDLE_RESET && handle->net != NULL) {
        curl_easy_reset(handle->easy);
    } else if (state == SLK_HANDLE_SET_UP && handle->target != NULL) {
        slk_net_unaim(handle->easy);
    }
    forget(handle);
}

/* The one that needs the least to be told, the latest of these. */
static struct slk_http_handle *find(struct slk_http_handles *handles,
                                    const struct slk_http_request *request,
                                    enum slk_handle_state *state)
{
    struct slk_http_handle *best = &handles->idle[handles->count - 1];
    *state = SLK_HANDLE_RESET;
    if (!is_plain_post(request)) {
        return best;
    }
    for (size_t i = handles->count; i > 0 && *state != SLK_HANDLE_AIMED; i--) {
        enum slk_handle_state other = state_for(&handles->idle[i - 1], request);
        if (other > *state) {
            best = &handles->idle[i - 1];
            *state = other;
        }
    }
    return best;
}

CURL *slk_http_handles_take(struct slk_http_handles *handles,
                            const struct slk_http_request *request, enum slk_handle_state *state)
{
    *state = SLK_HANDLE_RESET;
    if (handles->count == 0) {
        return curl_easy_init();
    }
    struct slk_http_handle *found = find(handles, request, state);
    CURL *easy = found->easy;
    bring_to(found, *state);
    *found = handles->idle[--handles->count];
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
        handle->target = slk_http_target_retain(request->target);
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
        forget(handle);
    }
}
