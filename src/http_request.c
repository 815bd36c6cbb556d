#include "http_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "file_sink.h"
#include "http_stream.h"

#define DEFAULT_TIMEOUT_MS   30000
#define DEFAULT_MAX_RESPONSE ((size_t)64 << 20)

struct slk_http_request *slk_http_request_create(const char *method, const char *url,
                                                 struct slk_net_options *net)
{
    size_t method_size = strlen(method) + 1, url_size = strlen(url) + 1;
    struct slk_http_request *request = calloc(1, sizeof *request + method_size + url_size);
    if (request == NULL) {
        return NULL;
    }
    request->timeout_ms = DEFAULT_TIMEOUT_MS;
    request->max_response = DEFAULT_MAX_RESPONSE;
    request->net = slk_net_options_retain(net);
    request->url = memcpy(request + 1, url, url_size);
    request->method = memcpy(request->url + url_size, method, method_size);
    return request;
}

struct slk_http_request *slk_http_request_copy(const struct slk_http_request *model,
                                               const void *body, size_t length)
{
    size_t method_size = strlen(model->method) + 1, url_size = strlen(model->url) + 1;
    struct slk_http_request *request =
        malloc(sizeof *request + method_size + url_size + length + 1);
    if (request == NULL) {
        return NULL;
    }
    *request = *model;
    request->headers = slk_http_headers_retain(model->headers);
    request->net = slk_net_options_retain(model->net);
    request->target = slk_http_target_retain(model->target);
    request->url = memcpy(request + 1, model->url, url_size);
    request->method = memcpy(request->url + url_size, model->method, method_size);
    request->body = memcpy(request->method + method_size, body, length);
    request->body[length] = '\0'; /* also an empty one has a byte of its own */
    request->body_length = length;
    request->has_body_behind = true;
    return request;
}

int slk_http_request_check_url(const struct slk_http_request *request, struct slk_error *err)
{
    if (strncasecmp(request->url, "ws", 2) == 0) {
        slk_error_set(err, "invalid_url", "expected an https URL, not a WebSocket's");
        return SLK_INVALID;
    }
    return slk_net_options_check_url(request->net, request->url, err);
}

int slk_http_request_add_header(struct slk_http_request *request, const char *name,
                                const char *value)
{
    if (request->headers == NULL) {
        request->headers = slk_http_headers_create();
    }
    return request->headers != NULL ? slk_http_headers_add(request->headers, name, value)
                                    : SLK_NOMEM;
}

void slk_http_request_share_headers(struct slk_http_request *request,
                                    struct slk_http_headers *headers)
{
    slk_http_headers_release(request->headers);
    request->headers = slk_http_headers_retain(headers);
}

int slk_http_request_complete(struct slk_http_request *request)
{
    if (request->headers == NULL) {
        request->headers = slk_http_headers_create();
    }
    return request->headers != NULL ? slk_http_headers_complete(request->headers) : SLK_NOMEM;
}

int slk_http_request_prepare(struct slk_http_request *request)
{
    struct slk_error refused;
    request->is_checked = slk_http_request_check_url(request, &refused) == SLK_OK;
    request->target = request->is_checked ? slk_http_target_create(request->url) : NULL;
    return slk_http_request_complete(request);
}

int slk_http_request_set_body(struct slk_http_request *request, const void *body, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    if (copy == NULL) {
        return SLK_NOMEM;
    }
    if (length > 0) {
        memcpy(copy, body, length);
    }
    if (!request->has_body_behind) {
        free(request->body);
    }
    request->body = copy;
    request->body_length = length;
    request->has_body_behind = false;
    return SLK_OK;
}

void slk_http_request_free(struct slk_http_request *request)
{
    if (request == NULL) {
        return;
    }
    slk_http_headers_release(request->headers);
    slk_net_options_release(request->net);
    slk_http_target_release(request->target);
    slk_http_stream_free(request->stream);
    OPENSSL_cleanse(request->url, strlen(request->url)); /* a webhook's is a secret, too */
    if (!request->has_body_behind) {
        free(request->body);
    }
    free(request);
}

static void destroy_message(struct slk_message *message)
{
    slk_http_result_free((struct slk_http_result *)message);
}

struct slk_http_result *slk_http_result_create(void)
{
    struct slk_http_result *result = calloc(1, sizeof *result);
    if (result != NULL) {
        result->message.kind = SLK_MESSAGE_HTTP;
        result->message.destroy = destroy_message;
        result->message.size = sizeof *result;
    }
    return result;
}

static const struct slk_error no_memory = {.code = "memory", .text = "out of memory"};

static void free_error(struct slk_http_result *result)
{
    if (result->error != &no_memory) {
        free((struct slk_error *)result->error);
    }
}

void slk_http_result_fail(struct slk_http_result *result, const struct slk_error *error)
{
    struct slk_error *copy = malloc(sizeof *copy);
    if (copy != NULL) {
        *copy = *error;
    }
    free_error(result);
    result->error = copy != NULL ? copy : &no_memory;
}

void slk_http_result_free(struct slk_http_result *result)
{
    if (result == NULL) {
        return;
    }
    free_error(result);
    free(result->headers);
    free(result->body);
    free(result->redirect);
    slk_file_sink_close(result->file);
    free(result);
}
