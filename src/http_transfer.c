#include "http_transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "http_bodies.h"
#include "net_failure.h"

#define MAX_HEADERS    ((size_t)256 << 10)
#define USUAL_HEADERS  2048 /* Slack's have 1.5 KB */
#define BROKEN         "the connection broke before the answer was whole: "
#define MAX_LIFETIME_S 1200L /* of a pooled connection, so that changes of DNS are followed */

static void destroy_command(struct slk_command *command)
{
    slk_http_transfer_destroy((struct slk_http_transfer *)command);
}

struct slk_http_transfer *slk_http_transfer_create(struct slk_http_request *request,
                                                   slk_http_done *done, void *context)
{
    struct slk_http_transfer *transfer = calloc(1, sizeof *transfer);
    struct slk_http_result *result = slk_http_result_create();
    if (transfer == NULL || result == NULL || slk_http_request_complete(request) != SLK_OK) {
        free(transfer);
        slk_http_result_free(result);
        slk_http_request_free(request);
        return NULL;
    }
    transfer->command.destroy = destroy_command;
    transfer->request = request;
    transfer->result = result;
    result->is_web_api = request->is_web_api;
    transfer->done = done;
    transfer->context = context;
    transfer->submitted = slk_clock_now();
    transfer->deadline =
        request->deadline_ms > 0 ? transfer->submitted + SLK_MS(request->deadline_ms) : SLK_NEVER;
    slk_buffer_init(&transfer->headers, MAX_HEADERS);
    slk_buffer_init(&transfer->body, request->max_response);
    return transfer;
}

void slk_http_transfer_destroy(struct slk_http_transfer *transfer)
{
    if (transfer == NULL) {
        return;
    }
    slk_buffer_free(&transfer->headers);
    slk_buffer_free(&transfer->body);
    slk_http_request_free(transfer->request);
    slk_http_result_free(transfer->result);
    free(transfer->detail);
    free(transfer);
}

void slk_http_transfer_name(const struct slk_http_transfer *transfer, char name[SLK_HTTP_NAME_SIZE])
{
    char place[SLK_HTTP_NAME_SIZE - 20];
    slk_net_place(transfer->request->url, place, sizeof place);
    snprintf(name, SLK_HTTP_NAME_SIZE, "%.16s %s", transfer->request->method, place);
}

void slk_http_transfer_fail(struct slk_http_transfer *transfer, const char *code, const char *text)
{
    char what[SLK_HTTP_NAME_SIZE];
    slk_http_transfer_name(transfer, what);
    struct slk_error error;
    slk_error_set(&error, code, "%s: %s", what, text);
    slk_http_result_fail(transfer->result, &error);
}

static double seconds_of(int64_t duration)
{
    return (double)duration / 1e9;
}

/* What was not sent can be made again whatever it does. */
static const char *timeout_code(const struct slk_http_transfer *transfer)
{
    return transfer->begun ? "timeout" : "timeout_unsent";
}

void slk_http_transfer_fail_deadline(struct slk_http_transfer *transfer)
{
    char text[112];
    snprintf(text, sizeof text,
             "timed out after %.1f s while waiting for earlier requests to the same host",
             seconds_of(transfer->deadline - transfer->submitted));
    slk_http_transfer_fail(transfer, timeout_code(transfer), text);
}

static curl_off_t info_bytes(CURL *easy, CURLINFO info)
{
    curl_off_t bytes = 0;
    curl_easy_getinfo(easy, info, &bytes);
    return bytes;
}

static long info_long(CURL *easy, CURLINFO info)
{
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

/* Heads and bodies, as they went over the connection. libcurl counts a body that
 * it sends along with the head in both figures. */
static curl_off_t sent_bytes(CURL *easy)
{
    curl_off_t body = info_bytes(easy, CURLINFO_SIZE_UPLOAD_T);
    curl_off_t head = info_long(easy, CURLINFO_REQUEST_SIZE);
    return body < head ? head : head + body;
}

static curl_off_t received_bytes(CURL *easy)
{
    return info_bytes(easy, CURLINFO_SIZE_DOWNLOAD_T) + info_long(easy, CURLINFO_HEADER_SIZE);
}

void slk_http_transfer_traffic(const struct slk_http_transfer *transfer,
                               struct slk_http_traffic *traffic)
{
    *traffic = (struct slk_http_traffic){0};
    if (!transfer->begun) { /* the handle may still have the figures of the one before */
        return;
    }
    traffic->sent = (uint64_t)sent_bytes(transfer->easy);
    traffic->received = (uint64_t)received_bytes(transfer->easy);
    traffic->opened = (uint64_t)info_long(transfer->easy, CURLINFO_NUM_CONNECTS);
    traffic->reused = traffic->opened == 0;
}

int64_t slk_http_transfer_silent_until(struct slk_http_transfer *transfer, int64_t now)
{
    if (transfer->request->idle_timeout_ms <= 0) {
        return SLK_NEVER;
    }
    curl_off_t bytes = sent_bytes(transfer->easy) + received_bytes(transfer->easy);
    if (bytes != transfer->bytes || slk_http_bodies_wait(transfer)) {
        transfer->bytes = bytes;
        transfer->heard = now;
    }
    int64_t idle = SLK_MS(transfer->request->idle_timeout_ms);
    int64_t until = transfer->heard + idle, next_look = now + idle / 4;
    return until > now && until > next_look ? next_look : until;
}

void slk_http_transfer_fail_idle(struct slk_http_transfer *transfer)
{
    char text[112];
    snprintf(text, sizeof text, "nothing came or went for %.1f s %s (idle_timeout)",
             (double)transfer->request->idle_timeout_ms / 1e3,
             slk_net_phase(transfer->easy, transfer->request->net));
    slk_http_transfer_fail(transfer, timeout_code(transfer), text);
}

static int keep_header(struct slk_buffer *headers, const char *data, size_t length)
{
    if (headers->data == NULL && slk_buffer_reserve(headers, USUAL_HEADERS) != SLK_OK) {
        return SLK_NOMEM;
    }
    return slk_buffer_append(headers, data, length);
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct slk_http_transfer *transfer = context;
    size_t length = size * count;
    transfer->head_bytes += length;
    if (length >= 5 && memcmp(data, "HTTP/", 5) == 0 && transfer->head_bytes <= MAX_HEADERS) {
        /* A status line: what came before belongs to an interim response. */
        slk_buffer_consume(&transfer->headers, transfer->headers.length);
        transfer->has_head = false;
        return length;
    }
    bool is_end = data[0] == '\r' || data[0] == '\n';
    transfer->has_head |= is_end;
    int status = transfer->head_bytes > MAX_HEADERS ? SLK_TOO_LARGE
                                                    : keep_header(&transfer->headers, data, length);
    if (status == SLK_OK) {
        return !is_end || slk_http_bodies_head(transfer) ? length : 0;
    } else if (status == SLK_TOO_LARGE) {
        slk_http_transfer_fail(transfer, "too_large", "the response head is larger than 256 KiB");
    } else {
        slk_http_transfer_fail(transfer, "memory", "out of memory");
    }
    return 0; /* ends the transfer */
}

/* Whether HTTP lets anybody send it twice. */
static bool is_idempotent(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Called each time libcurl is about to send the request. It does so again on
 * its own when a reused connection ends without an answer, though the server
 * may have done the work and died of it; there is no option against that. */
static int before_sending(void *context, char *peer, char *local, int peer_port, int local_port)
{
    (void)peer, (void)local, (void)peer_port, (void)local_port;
    struct slk_http_transfer *transfer = context;
    if (transfer->begun && !is_idempotent(transfer->request->method)) {
        slk_http_transfer_fail(transfer, "interrupted", BROKEN "the server closed it");
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->begun = true;
    ++*transfer->changes;
    return CURL_PREREQFUNC_OK;
}

/* What all transfers over the same network have in common. */
static int set_up(const struct slk_http_transfer *transfer)
{
    const struct slk_http_request *request = transfer->request;
    CURL *easy = transfer->easy;
    bool http2 = request->http2 && slk_http_bodies_allow_http2(transfer);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, MAX_LIFETIME_S);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
    return slk_net_options_apply(request->net, easy) == SLK_OK &&
                   curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK
               ? SLK_OK
               : SLK_NOMEM;
}

/* Of its time and of what the deadline leaves, the less; once it has started. */
static long allowed_ms(const struct slk_http_transfer *transfer)
{
    long timeout = transfer->request->timeout_ms;
    long left = slk_clock_wait_ms(transfer->started, transfer->deadline, INT32_MAX);
    return timeout > 0 && timeout < left ? timeout : left;
}

static int aim(const struct slk_http_transfer *transfer)
{
    const struct slk_http_request *request = transfer->request;
    return request->target != NULL
               ? slk_net_options_aim_at(request->net, transfer->easy,
                                        slk_http_target_url(request->target),
                                        slk_http_target_origin(request->target))
               : slk_net_options_aim(request->net, transfer->easy, request->url);
}

int slk_http_transfer_begin(struct slk_http_transfer *transfer, CURL *easy,
                            enum slk_handle_state state, int64_t now)
{
    const struct slk_http_request *request = transfer->request;
    transfer->easy = easy;
    transfer->started = transfer->heard = now;
    transfer->detail = calloc(1, CURL_ERROR_SIZE);
    if (transfer->detail == NULL) {
        return SLK_NOMEM;
    }
    if ((state == SLK_HANDLE_RESET && set_up(transfer) != SLK_OK) ||
        slk_http_bodies_set(transfer) != CURLE_OK ||
        (state != SLK_HANDLE_AIMED && aim(transfer) != SLK_OK)) {
        return SLK_NOMEM;
    }
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, slk_http_headers_lines(request->headers));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, allowed_ms(transfer));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     request->connect_timeout_ms > 0 ? request->connect_timeout_ms
                                                     : request->timeout_ms);
    if (request->fresh) { /* the handle goes to no other request: see http_turns.c */
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
    return SLK_OK;
}

static int version_number(CURL *easy)
{
    long version = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    switch (version) {
    case CURL_HTTP_VERSION_1_0: return 10;
    case CURL_HTTP_VERSION_2_0: return 20;
    case CURL_HTTP_VERSION_3: return 30;
    default: return 11;
    }
}

void slk_http_transfer_describe(const struct slk_http_transfer *transfer,
                                struct slk_http_result *result)
{
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &result->status);
    result->version = version_number(transfer->easy);
    result->seconds = (double)(slk_clock_now() - transfer->submitted) / 1e9;
}

/* The buffer's memory becomes the result's. */
static char *hand_over(struct slk_buffer *buffer, size_t *length)
{
    char *data = buffer->data;
    *length = buffer->length;
    slk_buffer_init(buffer, buffer->maximum);
    return data;
}

static void take_response(struct slk_http_transfer *transfer)
{
    struct slk_http_result *result = transfer->result;
    char *redirect = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &redirect);
    slk_http_transfer_describe(transfer, result);
    result->headers = hand_over(&transfer->headers, &result->headers_length);
    result->body = hand_over(&transfer->body, &result->body_length);
    if (redirect != NULL) {
        result->redirect = strdup(redirect);
        if (result->redirect == NULL) {
            slk_http_transfer_fail(transfer, "memory", "out of memory");
        }
    }
}

/* Failures that promise that nothing was sent. */
static bool means_unsent(const struct slk_error *error)
{
    return strcmp(error->code, "connection") == 0 || strcmp(error->code, "dns") == 0 ||
           strcmp(error->code, "tls") == 0 || strcmp(error->code, "proxy") == 0;
}

/* Says which of the times ran out, and what would help. */
static void fail_timeout(struct slk_http_transfer *transfer)
{
    const struct slk_http_request *request = transfer->request;
    const char *phase = slk_net_phase(transfer->easy, request->net);
    double took = seconds_of(slk_clock_now() - transfer->started);
    double waited = seconds_of(transfer->started - transfer->submitted);
    long connect_ms = request->connect_timeout_ms;
    int decimals = took < 0.1 ? 3 : 1;
    char text[112];
    if (!transfer->begun && connect_ms > 0 && connect_ms < allowed_ms(transfer)) {
        snprintf(text, sizeof text,
                 "timed out after %.*f s %s (connect_timeout): check the network", decimals, took,
                 phase);
    } else if (allowed_ms(transfer) < request->timeout_ms && waited > took / 8) {
        snprintf(text, sizeof text,
                 "timed out after %.*f s %s, having waited %.1f s for earlier requests", decimals,
                 took, phase, waited);
    } else {
        snprintf(text, sizeof text, "timed out after %.*f s %s", decimals, took, phase);
    }
    slk_http_transfer_fail(transfer, timeout_code(transfer), text);
}

static void take_failure(struct slk_http_transfer *transfer, CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        fail_timeout(transfer);
        return;
    }
    /* So libcurl calls a header line over its limit, older than 8.6 at least. */
    if (code == CURLE_OUT_OF_MEMORY && transfer->begun && !transfer->has_head) {
        slk_http_transfer_fail(transfer, "too_large",
                               "the response head is larger than 100 KiB in a line");
        return;
    }
    if (code == CURLE_COULDNT_CONNECT && transfer->met_private && !transfer->begun) {
        slk_http_transfer_fail(transfer, "private_address",
                               "its address is one of this machine or of a private network, and "
                               "public = true leads to none");
        return;
    }
    char what[SLK_HTTP_NAME_SIZE];
    struct slk_error error;
    slk_http_transfer_name(transfer, what);
    slk_net_failure(transfer->easy, code, transfer->detail, what, transfer->request->net, &error);
    /* libcurl's second attempt did not get as far as the first. */
    if (transfer->begun && means_unsent(&error)) {
        slk_http_transfer_fail(transfer, "interrupted", BROKEN "the server closed it");
    } else {
        slk_http_result_fail(transfer->result, &error);
    }
}

void slk_http_transfer_finish(struct slk_http_transfer *transfer, CURLcode code)
{
    if (transfer->result->error != NULL) {
        return; /* a callback ended it and said why */
    }
    if (code != CURLE_OK) {
        take_failure(transfer, code);
        return;
    }
    if (!transfer->has_head) { /* libcurl is content with half of one */
        slk_http_transfer_fail(transfer, "interrupted", BROKEN "its head ends too early");
        return;
    }
    take_response(transfer);
    /* Plain http through a proxy has no CONNECT that could be refused. */
    if (transfer->result->status == 407 &&
        slk_net_options_proxy_name(transfer->request->net) != NULL) {
        char text[128];
        snprintf(text, sizeof text, "the proxy answered with status 407: %s",
                 slk_net_options_login_hint(transfer->request->net));
        slk_http_transfer_fail(transfer, "proxy", text);
        return;
    }
    slk_http_bodies_end(transfer);
}

void slk_http_transfer_tell(struct slk_http_transfer *transfer, int64_t now)
{
    struct slk_http_result *result = transfer->result;
    transfer->result = NULL;
    slk_http_stream_free(transfer->request->stream); /* who is told finds no half file */
    transfer->request->stream = NULL;
    result->id = transfer->id;
    result->seconds = (double)(now - transfer->submitted) / 1e9;
    result->message.size = sizeof *result + result->headers_length + result->body_length;
    transfer->done(transfer->context, result);
    slk_http_transfer_destroy(transfer);
}
