#include "http_bodies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

static void fail_with(struct slk_http_transfer *transfer, const struct slk_error *err)
{
    slk_http_transfer_fail(transfer, err->code, err->text);
}

static void fail_memory(struct slk_http_transfer *transfer)
{
    slk_http_transfer_fail(transfer, "memory", "out of memory");
}

/* To the server ------------------------------------------------------------------ */

static size_t give_body(char *bytes, size_t size, size_t count, void *context)
{
    struct slk_http_transfer *transfer = context;
    struct slk_http_stream *stream = transfer->request->stream;
    struct slk_error err;
    int64_t given = slk_http_stream_read(stream, bytes, size * count, &err);
    if (given >= 0) {
        return (size_t)given;
    } else if (given == SLK_FULL) {
        stream->send_waits = true;
        return CURL_READFUNC_PAUSE;
    }
    fail_with(transfer, &err);
    return CURL_READFUNC_ABORT;
}

/* libcurl wants to send it once more, over another connection for one. */
static int rewind_body(void *context, curl_off_t offset, int origin)
{
    struct slk_http_transfer *transfer = context;
    bool is_start = offset == 0 && origin == SEEK_SET;
    if (is_start && slk_http_stream_rewind(transfer->request->stream) == SLK_OK) {
        return CURL_SEEKFUNC_OK;
    }
    slk_http_transfer_fail(transfer, "interrupted",
                           "the connection broke before the answer was whole, and a body from a "
                           "function cannot be sent again");
    return CURL_SEEKFUNC_FAIL;
}

/* Without a length that is chunks over HTTP/1.1. */
static void set_streamed(struct slk_http_transfer *transfer, CURL *easy)
{
    const struct slk_http_stream *stream = transfer->request->stream;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                     (curl_off_t)slk_http_stream_body_length(stream));
}

static CURLcode set_method(struct slk_http_transfer *transfer, CURL *easy)
{
    const struct slk_http_request *request = transfer->request;
    bool is_plain_post = strcmp(request->method, "POST") == 0;
    if (request->stream != NULL && slk_http_stream_has_body(request->stream)) {
        set_streamed(transfer, easy);
        is_plain_post = false;
    } else if (request->body != NULL || is_plain_post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    } else if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    return is_plain_post ? CURLE_OK
                         : curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* From the server ---------------------------------------------------------------- */

static size_t hold_body(struct slk_http_transfer *transfer, const char *data, size_t length)
{
    int status = slk_buffer_append(&transfer->body, data, length);
    if (status == SLK_OK) {
        return length;
    } else if (status == SLK_TOO_LARGE) {
        char text[96];
        snprintf(text, sizeof text, "the response body is larger than %zu bytes",
                 transfer->body.maximum);
        slk_http_transfer_fail(transfer, "too_large", text);
    } else {
        fail_memory(transfer);
    }
    return 0; /* ends the transfer */
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct slk_http_transfer *transfer = context;
    struct slk_http_stream *stream = transfer->request->stream;
    size_t length = size * count;
    if (stream == NULL || !stream->is_open) {
        return hold_body(transfer, data, length);
    }
    struct slk_error err;
    int status = slk_http_stream_write(stream, data, length, &err);
    if (status == SLK_OK) {
        return length;
    } else if (status == SLK_FULL) {
        stream->receive_waits = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    fail_with(transfer, &err);
    return 0;
}

static void tell_progress(struct slk_http_transfer *transfer, int64_t sent, int64_t received,
                          int64_t expected)
{
    const struct slk_http_request *request = transfer->request;
    int64_t total = slk_http_stream_has_body(request->stream)
                        ? slk_http_stream_body_length(request->stream)
                        : (int64_t)request->body_length;
    slk_http_stream_tell_progress(request->stream, sent, total, received, expected,
                                  slk_clock_now());
}

static int watch_progress(void *context, curl_off_t expected, curl_off_t received, curl_off_t total,
                          curl_off_t sent)
{
    (void)total;
    struct slk_http_transfer *transfer = context;
    tell_progress(transfer, sent, received, expected > 0 ? expected : -1);
    return 0;
}

CURLcode slk_http_bodies_set(struct slk_http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    struct slk_http_stream *stream = transfer->request->stream;
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    if (stream != NULL) {
        stream->id = transfer->id;
        stream->context = transfer->context;
        curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    }
    if (stream != NULL && stream->wants_progress) {
        curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, watch_progress);
        curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    }
    return set_method(transfer, easy);
}

bool slk_http_bodies_allow_http2(const struct slk_http_transfer *transfer)
{
    const struct slk_http_stream *stream = transfer->request->stream;
    return stream == NULL || !stream->is_passed_on;
}

static bool tell_head(struct slk_http_transfer *transfer)
{
    struct slk_http_result *head = slk_http_result_create();
    char *lines = malloc(transfer->headers.length + 1);
    if (head == NULL || lines == NULL) {
        free(lines);
        slk_http_result_free(head);
        return false;
    }
    memcpy(lines, transfer->headers.data, transfer->headers.length);
    head->headers = lines;
    head->headers_length = transfer->headers.length;
    slk_http_transfer_describe(transfer, head);
    return slk_http_stream_tell_head(transfer->request->stream, head) == SLK_OK;
}

bool slk_http_bodies_head(struct slk_http_transfer *transfer)
{
    struct slk_http_stream *stream = transfer->request->stream;
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (stream == NULL || status < 200) {
        return true;
    }
    slk_http_stream_begin(stream, status);
    if (stream->wants_head && !tell_head(transfer)) {
        fail_memory(transfer);
        return false;
    }
    return true;
}

void slk_http_bodies_end(struct slk_http_transfer *transfer)
{
    struct slk_http_stream *stream = transfer->request->stream;
    struct slk_http_result *result = transfer->result;
    struct slk_error err;
    if (stream == NULL) {
        return;
    }
    if (stream->wants_progress) {
        curl_off_t sent = 0, received = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
        curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
        stream->told_at = 0;
        tell_progress(transfer, sent, received, received);
    }
    result->is_streamed = true;
    result->has_body = strcmp(transfer->request->method, "HEAD") != 0 && result->status != 204;
    if (slk_http_stream_end(stream, result, &err) != SLK_OK) {
        fail_with(transfer, &err);
    }
}

/* Pauses ------------------------------------------------------------------------- */

/* Runs the callbacks at once when there is something to do for them. */
static CURLcode go_on(struct slk_http_transfer *transfer)
{
    const struct slk_http_stream *stream = transfer->request->stream;
    return curl_easy_pause(transfer->easy, (stream->send_waits ? CURLPAUSE_SEND : 0) |
                                               (stream->receive_waits ? CURLPAUSE_RECV : 0));
}

CURLcode slk_http_bodies_feed(struct slk_http_transfer *transfer, struct slk_http_piece *piece)
{
    struct slk_http_stream *stream = transfer->request->stream;
    struct slk_error err;
    if (slk_http_stream_feed(stream, piece, &err) != SLK_OK) {
        fail_with(transfer, &err);
        return CURLE_ABORTED_BY_CALLBACK;
    }
    bool was_waiting = stream->send_waits;
    stream->send_waits = false;
    return was_waiting ? go_on(transfer) : CURLE_OK;
}

CURLcode slk_http_bodies_hand_on(struct slk_http_transfer *transfer)
{
    struct slk_http_stream *stream = transfer->request->stream;
    if (slk_http_stream_hand_on(stream) != SLK_OK) {
        fail_memory(transfer);
        return CURLE_OUT_OF_MEMORY;
    }
    bool was_waiting = stream->receive_waits;
    stream->receive_waits = false;
    return was_waiting ? go_on(transfer) : CURLE_OK;
}

bool slk_http_bodies_wait(const struct slk_http_transfer *transfer)
{
    const struct slk_http_stream *stream = transfer->request->stream;
    return stream != NULL && (stream->send_waits || stream->receive_waits);
}
