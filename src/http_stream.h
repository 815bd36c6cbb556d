/* The bodies of one request that are not held in memory: where the bytes sent
 * come from and where those received go. Either side is a file, read or written
 * on the client thread, or the caller: it is told what happens by events, and
 * gives and takes pieces. At most two pieces wait each way; until the caller has
 * caught up the transfer is paused. (Of a compressed response libcurl holds what
 * it has read at once besides, 16 KiB, decompressed: 16 MiB of zeros at the worst.)
 *
 * Filled by the thread that submits; from then on the client thread's. */
#ifndef SLK_HTTP_STREAM_H
#define SLK_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "error.h"
#include "file_sink.h"
#include "file_source.h"
#include "http_request.h"
#include "message.h"

#define SLK_HTTP_PIECE_SIZE ((size_t)128 << 10)

/* Bytes on their way from the caller to the server. */
struct slk_http_piece {
    struct slk_http_piece *next;
    size_t length, used;
    char bytes[];
};

enum slk_http_event_kind {
    SLK_HTTP_HUNGRY,  /* wants a piece of the body, or to hear that there is none */
    SLK_HTTP_HEAD,    /* the final response has begun */
    SLK_HTTP_PIECE,   /* bytes of its body; the next come when these are said to be taken */
    SLK_HTTP_PROGRESS /* at most ten times a second, and at the end */
};

struct slk_http_event {
    struct slk_message message; /* kind SLK_MESSAGE_HTTP_EVENT */
    uint64_t id;
    enum slk_http_event_kind kind;
    struct slk_http_result *head; /* without body */
    char *bytes;
    size_t length;
    int64_t sent, total, received, expected; /* as transmitted; -1: not known */
};

/* Client thread; owns event afterwards. Must not block. */
typedef void slk_http_tell(void *context, struct slk_http_event *event);

struct slk_http_stream {
    /* Set before submit. */
    struct slk_file_source *source; /* the body is this file's */
    bool is_fed;                    /* or what the caller feeds */
    int64_t length;                 /* of what is fed; -1: not known */
    struct slk_file_sink *sink;     /* the response's body goes to this file */
    bool is_passed_on;              /* or in pieces to the caller */
    bool wants_head, wants_progress;
    int64_t max_taken; /* bytes of the response that may go there */
    slk_http_tell *tell;

    /* Client thread. */
    void *context;
    uint64_t id;
    struct slk_http_piece *first, *last;
    int64_t held, fed; /* bytes in the pieces, and ever given */
    bool is_asked, is_complete;
    bool is_open; /* a response that belongs into the sink has begun */
    struct slk_buffer arrived;
    bool is_handed_out; /* a piece of the response is with the caller */
    int64_t taken;      /* bytes of the response ever, decompressed */
    bool send_waits, receive_waits;
    int64_t told_at; /* progress; slk_clock_now scale */
};

/* Copies what is set before submit. NULL when memory ran out. */
struct slk_http_stream *slk_http_stream_create(const struct slk_http_stream *wanted);
void slk_http_stream_free(struct slk_http_stream *stream);

/* NULL when memory ran out. The bytes are for the caller to fill in. */
struct slk_http_piece *slk_http_piece_create(size_t length);
void slk_http_piece_free(struct slk_http_piece *piece);

/* Client thread, all of these. */

bool slk_http_stream_has_body(const struct slk_http_stream *stream);
int64_t slk_http_stream_body_length(const struct slk_http_stream *stream); /* -1: not known */

/* Bytes for the server: their number, 0 at the end, SLK_FULL when the caller
 * has to give more first, SLK_SYSTEM with err filled. */
int64_t slk_http_stream_read(struct slk_http_stream *stream, char *bytes, size_t size,
                             struct slk_error *err);

/* Back to the first byte. SLK_OK, or SLK_INVALID when the caller's are gone. */
int slk_http_stream_rewind(struct slk_http_stream *stream);

/* A piece from the caller, owned from now on; NULL: the body ends. SLK_OK, or
 * SLK_INVALID with err filled when that is not what length promised. */
int slk_http_stream_feed(struct slk_http_stream *stream, struct slk_http_piece *piece,
                         struct slk_error *err);

/* The final response has begun; decides whether its body goes to the sink. */
void slk_http_stream_begin(struct slk_http_stream *stream, long status);

/* Bytes from the server. SLK_OK, SLK_FULL when the caller has to take what there
 * is first, another status with err filled. */
int slk_http_stream_write(struct slk_http_stream *stream, const char *bytes, size_t length,
                          struct slk_error *err);

/* The caller is done with the piece it was given. SLK_OK or SLK_NOMEM. */
int slk_http_stream_hand_on(struct slk_http_stream *stream);

/* The whole response is there: what is left is passed on, the file is closed and
 * becomes the result's. SLK_OK, or another status with err filled. */
int slk_http_stream_end(struct slk_http_stream *stream, struct slk_http_result *result,
                        struct slk_error *err);

/* Events. The head becomes theirs. SLK_OK or SLK_NOMEM. */
int slk_http_stream_tell_head(struct slk_http_stream *stream, struct slk_http_result *head);
void slk_http_stream_tell_progress(struct slk_http_stream *stream, int64_t sent, int64_t total,
                                   int64_t received, int64_t expected, int64_t now);

#endif
