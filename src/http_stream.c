#include "http_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define PROGRESS_INTERVAL SLK_MS(100)

struct slk_http_stream *slk_http_stream_create(const struct slk_http_stream *wanted)
{
    struct slk_http_stream *stream = malloc(sizeof *stream);
    if (stream != NULL) {
        *stream = *wanted;
        stream->is_complete = stream->length == 0;
        slk_buffer_init(&stream->arrived, SLK_HTTP_PIECE_SIZE);
    }
    return stream;
}

struct slk_http_piece *slk_http_piece_create(size_t length)
{
    struct slk_http_piece *piece = malloc(sizeof *piece + length);
    if (piece != NULL) {
        *piece = (struct slk_http_piece){.length = length};
    }
    return piece;
}

void slk_http_piece_free(struct slk_http_piece *piece)
{
    free(piece);
}

static void drop_first(struct slk_http_stream *stream)
{
    struct slk_http_piece *piece = stream->first;
    stream->first = piece->next;
    if (stream->first == NULL) {
        stream->last = NULL;
    }
    slk_http_piece_free(piece);
}

void slk_http_stream_free(struct slk_http_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    while (stream->first != NULL) {
        drop_first(stream);
    }
    slk_buffer_free(&stream->arrived);
    slk_file_source_close(stream->source);
    slk_file_sink_close(stream->sink);
    free(stream);
}

/* Events ---------------------------------------------------------------------- */

static void destroy_event(struct slk_message *message)
{
    struct slk_http_event *event = (struct slk_http_event *)message;
    slk_http_result_free(event->head);
    free(event->bytes);
    free(event);
}

static struct slk_http_event *new_event(const struct slk_http_stream *stream,
                                        enum slk_http_event_kind kind)
{
    struct slk_http_event *event = calloc(1, sizeof *event);
    if (event != NULL) {
        event->message.kind = SLK_MESSAGE_HTTP_EVENT;
        event->message.destroy = destroy_event;
        event->message.size = sizeof *event;
        event->id = stream->id;
        event->kind = kind;
    }
    return event;
}

static int tell_hungry(struct slk_http_stream *stream)
{
    struct slk_http_event *event = new_event(stream, SLK_HTTP_HUNGRY);
    if (event == NULL) {
        return SLK_NOMEM;
    }
    stream->is_asked = true;
    stream->tell(stream->context, event);
    return SLK_OK;
}

/* The buffer's memory becomes the event's. */
static int tell_piece(struct slk_http_stream *stream)
{
    struct slk_http_event *event = new_event(stream, SLK_HTTP_PIECE);
    if (event == NULL) {
        return SLK_NOMEM;
    }
    event->bytes = stream->arrived.data;
    event->length = stream->arrived.length;
    event->message.size += event->length;
    slk_buffer_init(&stream->arrived, SLK_HTTP_PIECE_SIZE);
    stream->is_handed_out = true;
    stream->tell(stream->context, event);
    return SLK_OK;
}

int slk_http_stream_tell_head(struct slk_http_stream *stream, struct slk_http_result *head)
{
    struct slk_http_event *event = new_event(stream, SLK_HTTP_HEAD);
    if (event == NULL) {
        slk_http_result_free(head);
        return SLK_NOMEM;
    }
    event->head = head;
    event->message.size += head->headers_length;
    stream->tell(stream->context, event);
    return SLK_OK;
}

void slk_http_stream_tell_progress(struct slk_http_stream *stream, int64_t sent, int64_t total,
                                   int64_t received, int64_t expected, int64_t now)
{
    if (now - stream->told_at < PROGRESS_INTERVAL) {
        return;
    }
    struct slk_http_event *event = new_event(stream, SLK_HTTP_PROGRESS);
    if (event != NULL) { /* nothing is lost but a figure */
        stream->told_at = now;
        event->sent = sent;
        event->total = total;
        event->received = received;
        event->expected = expected;
        stream->tell(stream->context, event);
    }
}

/* To the server ------------------------------------------------------------------ */

bool slk_http_stream_has_body(const struct slk_http_stream *stream)
{
    return stream->source != NULL || stream->is_fed;
}

int64_t slk_http_stream_body_length(const struct slk_http_stream *stream)
{
    return stream->source != NULL ? slk_file_source_size(stream->source) : stream->length;
}

static int64_t read_pieces(struct slk_http_stream *stream, char *bytes, size_t size)
{
    size_t count = 0;
    while (stream->first != NULL && count < size) {
        struct slk_http_piece *piece = stream->first;
        size_t part = piece->length - piece->used;
        part = part < size - count ? part : size - count;
        memcpy(bytes + count, piece->bytes + piece->used, part);
        piece->used += part;
        count += part;
        if (piece->used == piece->length) {
            drop_first(stream);
        }
    }
    stream->held -= (int64_t)count;
    return (int64_t)count;
}

int64_t slk_http_stream_read(struct slk_http_stream *stream, char *bytes, size_t size,
                             struct slk_error *err)
{
    if (stream->source != NULL) {
        return slk_file_source_read(stream->source, bytes, size, err);
    }
    int64_t count = read_pieces(stream, bytes, size);
    bool is_low = stream->held <= (int64_t)SLK_HTTP_PIECE_SIZE;
    if (is_low && !stream->is_complete && !stream->is_asked && tell_hungry(stream) != SLK_OK) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_SYSTEM;
    }
    return count > 0 || stream->is_complete ? count : SLK_FULL;
}

int slk_http_stream_rewind(struct slk_http_stream *stream)
{
    if (stream->source != NULL) {
        slk_file_source_rewind(stream->source);
        return SLK_OK;
    }
    return stream->fed == stream->held ? SLK_OK : SLK_INVALID;
}

static int check_length(const struct slk_http_stream *stream, struct slk_error *err)
{
    if (stream->length < 0) {
        return SLK_OK;
    } else if (stream->fed > stream->length) {
        slk_error_set(err, "body",
                      "the body's function gave more than the %" PRId64 " bytes of "
                      "length",
                      stream->length);
        return SLK_INVALID;
    } else if (stream->is_complete && stream->fed < stream->length) {
        slk_error_set(err, "body",
                      "the body's function ended after %" PRId64 " of the %" PRId64
                      " bytes of length",
                      stream->fed, stream->length);
        return SLK_INVALID;
    }
    return SLK_OK;
}

int slk_http_stream_feed(struct slk_http_stream *stream, struct slk_http_piece *piece,
                         struct slk_error *err)
{
    stream->is_asked = false;
    if (piece == NULL) {
        stream->is_complete = true;
        return check_length(stream, err);
    }
    *(stream->last != NULL ? &stream->last->next : &stream->first) = piece;
    stream->last = piece;
    stream->held += (int64_t)piece->length;
    stream->fed += (int64_t)piece->length;
    stream->is_complete = stream->is_complete || stream->fed == stream->length;
    return check_length(stream, err);
}

/* From the server ---------------------------------------------------------------- */

/* A body that tells of a failure is no download: it is kept in memory. */
void slk_http_stream_begin(struct slk_http_stream *stream, long status)
{
    stream->is_open =
        (stream->sink != NULL || stream->is_passed_on) && status >= 200 && status < 300;
}

static int hold(struct slk_http_stream *stream, const char *bytes, size_t length)
{
    int status = slk_buffer_append(&stream->arrived, bytes, length);
    if (status == SLK_TOO_LARGE) {
        return SLK_FULL;
    }
    return status == SLK_OK && !stream->is_handed_out ? tell_piece(stream) : status;
}

int slk_http_stream_write(struct slk_http_stream *stream, const char *bytes, size_t length,
                          struct slk_error *err)
{
    if ((int64_t)length > stream->max_taken - stream->taken) {
        slk_error_set(err, "too_large", "the response body is larger than %" PRId64 " bytes",
                      stream->max_taken);
        return SLK_TOO_LARGE;
    }
    int status = stream->sink != NULL ? slk_file_sink_write(stream->sink, bytes, length, err)
                                      : hold(stream, bytes, length);
    if (status == SLK_OK) {
        stream->taken += (int64_t)length;
    } else if (status == SLK_NOMEM) {
        slk_error_set(err, "memory", "out of memory");
    }
    return status;
}

int slk_http_stream_hand_on(struct slk_http_stream *stream)
{
    stream->is_handed_out = false;
    return stream->arrived.length > 0 ? tell_piece(stream) : SLK_OK;
}

int slk_http_stream_end(struct slk_http_stream *stream, struct slk_http_result *result,
                        struct slk_error *err)
{
    result->taken = stream->taken;
    if (stream->arrived.length > 0 && tell_piece(stream) != SLK_OK) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    if (stream->sink != NULL && stream->is_open && result->has_body) {
        int status = slk_file_sink_end(stream->sink, err);
        result->file = status == SLK_OK ? stream->sink : NULL;
        stream->sink = status == SLK_OK ? NULL : stream->sink;
        return status;
    }
    return SLK_OK;
}
