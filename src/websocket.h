/* WebSocket frames and messages (RFC 6455), for either end of a connection.
 * Pure code over bytes: no sockets, no time, no thread of its own. No
 * extensions are spoken, so every reserved bit is an error. */
#ifndef SLK_WEBSOCKET_H
#define SLK_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

enum slk_ws_role { SLK_WS_CLIENT, SLK_WS_SERVER };

enum slk_ws_opcode {
    SLK_WS_CONTINUATION = 0x0,
    SLK_WS_TEXT = 0x1,
    SLK_WS_BINARY = 0x2,
    SLK_WS_CLOSE = 0x8,
    SLK_WS_PING = 0x9,
    SLK_WS_PONG = 0xA
};

enum slk_ws_result {
    SLK_WS_MORE,    /* all input is used up; feed more */
    SLK_WS_MESSAGE, /* a whole text or binary message; text is valid UTF-8 */
    SLK_WS_CONTROL, /* a ping, pong or close frame */
    SLK_WS_FAILED   /* the peer broke the protocol: send a close with close_code and hang up */
};

struct slk_ws_message {
    enum slk_ws_opcode opcode;
    const char *data; /* valid until the next call; not terminated; of a close frame its reason */
    size_t length;
    uint16_t close_code; /* of a close frame (1005 when it had none), or of SLK_WS_FAILED */
    const char *reason;  /* SLK_WS_FAILED: what was wrong, static text */
};

/* Reads the frames that the other end sends to role. */
struct slk_ws_parser;

/* Messages, whole or pieced together, may have up to maximum bytes (1009
 * beyond). NULL when memory ran out. */
struct slk_ws_parser *slk_ws_parser_create(enum slk_ws_role role, size_t maximum);
void slk_ws_parser_destroy(struct slk_ws_parser *parser);

/* Takes the next message out of *data, *length and moves both past what it
 * used. Call again until SLK_WS_MORE. The input may be cut anywhere; it may be
 * written to (server role: unmasked in place). After a close frame all further
 * input is dropped; after SLK_WS_FAILED only destroy is of use. */
enum slk_ws_result slk_ws_parser_next(struct slk_ws_parser *parser, char **data, size_t *length,
                                      struct slk_ws_message *message);

/* Random masks of a client's frames, fetched from the system many at a time.
 * One for each connection or thread; all zero at first. */
struct slk_ws_masks {
    size_t left; /* bytes at the end of pool that are still unused */
    unsigned char pool[4096];
};

/* Appends one unfragmented frame to out: a client's, masked with the next of
 * masks, or a server's, unmasked, when masks is NULL. Control frames: at most
 * 125 bytes. SLK_OK, SLK_TOO_LARGE, SLK_NOMEM or SLK_SYSTEM (no randomness);
 * out is unchanged on failure. */
int slk_ws_append_frame(struct slk_buffer *out, struct slk_ws_masks *masks,
                        enum slk_ws_opcode opcode, const void *data, size_t length);

/* Appends a close frame with code and a reason of at most 123 bytes; code 1005
 * stands for a close frame without either. */
int slk_ws_append_close(struct slk_buffer *out, struct slk_ws_masks *masks, uint16_t code,
                        const char *reason);

#endif
