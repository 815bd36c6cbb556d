#include "gzip.h"

#include <limits.h>
#include <stdbool.h>

#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* the largest; gzip's wrapping and no other */
#define FIRST_STEP  ((size_t)4096)

/* Room for more output, at first as much again as there is; 0: none is allowed or left. */
static int make_room(struct slk_buffer *out, size_t *room)
{
    size_t left = out->maximum - out->length;
    size_t step = out->length > FIRST_STEP ? out->length : FIRST_STEP;
    *room = step < left ? step : left;
    return *room > 0 ? slk_buffer_reserve(out, *room) : SLK_TOO_LARGE;
}

static void feed(z_stream *stream, const unsigned char **data, size_t *length)
{
    if (stream->avail_in == 0) {
        stream->avail_in = *length < UINT_MAX ? (uInt)*length : UINT_MAX;
        stream->next_in = *data;
        *data += stream->avail_in;
        *length -= stream->avail_in;
    }
}

/* A full buffer must still be told apart from one that is exactly enough: then
 * zlib gets one byte that nobody keeps. */
static int inflate_some(z_stream *stream, struct slk_buffer *out, int *code)
{
    unsigned char spare;
    size_t room;
    int status = make_room(out, &room);
    if (status == SLK_NOMEM) {
        return status;
    }
    bool is_full = status == SLK_TOO_LARGE;
    stream->next_out = is_full ? &spare : (Bytef *)out->data + out->length;
    stream->avail_out = is_full ? 1 : room < UINT_MAX ? (uInt)room : UINT_MAX;
    uInt before = stream->avail_out;
    *code = inflate(stream, Z_NO_FLUSH);
    if (is_full) {
        return stream->avail_out == 0 ? SLK_TOO_LARGE : SLK_OK;
    }
    out->length += before - stream->avail_out;
    return SLK_OK;
}

static int fail(int status, const struct slk_buffer *out, struct slk_error *err)
{
    if (status == SLK_TOO_LARGE) {
        slk_error_set(err, "too_large", "the decompressed data is larger than %zu bytes",
                      out->maximum);
    } else if (status == SLK_NOMEM) {
        slk_error_set(err, "memory", "out of memory");
    } else {
        slk_error_set(err, "invalid_gzip", "the data is no gzip, or damaged, or not all of it");
    }
    return status;
}

/* Whether another member follows the one that has ended. */
static bool has_more(const z_stream *stream, size_t length)
{
    return stream->avail_in > 0 || length > 0;
}

static int inflate_members(z_stream *stream, const unsigned char *data, size_t length,
                           struct slk_buffer *out)
{
    int code = Z_OK;
    while (code == Z_OK) {
        feed(stream, &data, &length);
        int status = inflate_some(stream, out, &code);
        if (status != SLK_OK) {
            return status;
        }
        if (code == Z_STREAM_END && has_more(stream, length)) {
            code = inflateReset(stream);
        }
    }
    return code == Z_STREAM_END ? SLK_OK : code == Z_MEM_ERROR ? SLK_NOMEM : SLK_INVALID;
}

int slk_gunzip(const void *data, size_t length, struct slk_buffer *out, struct slk_error *err)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
        return fail(SLK_NOMEM, out, err);
    }
    int status = inflate_members(&stream, data, length, out);
    inflateEnd(&stream);
    return status == SLK_OK ? SLK_OK : fail(status, out, err);
}
