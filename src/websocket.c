#include "websocket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "utf8.h"

#define MAX_CONTROL 125
#define MAX_HEAD    14
#define NO_STATUS   1005

/* An incomplete message starts with this much memory at most, and this much is
 * kept from one message to the next. A length in a header is only a claim. */
#define STASH_STEP 65536

struct slk_ws_parser {
    enum slk_ws_role role;
    size_t maximum;
    uint16_t failure_code; /* 0: none yet */
    const char *failure;
    bool closed; /* a close frame has come */

    unsigned char head[MAX_HEAD]; /* of the frame at hand, as far as it has come */
    size_t head_length;
    bool in_payload;
    bool final;
    enum slk_ws_opcode opcode;
    uint64_t remaining; /* payload bytes still to come */
    unsigned char mask[4];

    enum slk_ws_opcode message_opcode; /* of the data message at hand */
    bool in_message;                   /* its first frame has come, its last has not ended */
    bool delivered;                    /* stash holds what the last call gave out */
    struct slk_utf8 utf8;
    struct slk_buffer stash;

    char control[MAX_CONTROL];
    size_t control_length;
};

struct input {
    char *data;
    size_t length;
};

/* Besides the results of the interface: nothing to report yet, go on. */
#define GO_ON (-1)

struct slk_ws_parser *slk_ws_parser_create(enum slk_ws_role role, size_t maximum)
{
    struct slk_ws_parser *parser = calloc(1, sizeof *parser);
    if (parser != NULL) {
        parser->role = role;
        parser->maximum = maximum;
        slk_buffer_init(&parser->stash, maximum);
    }
    return parser;
}

void slk_ws_parser_destroy(struct slk_ws_parser *parser)
{
    if (parser != NULL) {
        slk_buffer_free(&parser->stash);
        free(parser);
    }
}

static int fail(struct slk_ws_parser *parser, uint16_t code, const char *why)
{
    parser->failure_code = code;
    parser->failure = why;
    return SLK_WS_FAILED;
}

static void apply_mask(char *data, size_t length, const unsigned char mask[4])
{
    uint32_t half;
    memcpy(&half, mask, sizeof half);
    uint64_t wide = (uint64_t)half << 32 | half;
    size_t at = 0;
    for (; length - at >= sizeof wide; at += sizeof wide) {
        uint64_t word;
        memcpy(&word, data + at, sizeof word);
        word ^= wide;
        memcpy(data + at, &word, sizeof word);
    }
    for (; at < length; at++) {
        data[at] = (char)(data[at] ^ mask[at % 4]);
    }
}

/* Unmasks a piece of the payload; the next piece goes on within the mask. */
static void unmask(struct slk_ws_parser *parser, char *data, size_t length)
{
    if (parser->role != SLK_WS_SERVER) {
        return;
    }
    apply_mask(data, length, parser->mask);
    unsigned char turned[4];
    for (size_t i = 0; i < 4; i++) {
        turned[i] = parser->mask[(i + length) % 4];
    }
    memcpy(parser->mask, turned, sizeof turned);
}

static char *take(struct input *in, size_t length)
{
    char *data = in->data;
    in->data += length;
    in->length -= length;
    return data;
}

static bool gather_head(struct slk_ws_parser *parser, struct input *in, size_t wanted)
{
    size_t missing = wanted - parser->head_length;
    size_t length = missing < in->length ? missing : in->length;
    if (length > 0) {
        memcpy(parser->head + parser->head_length, take(in, length), length);
        parser->head_length += length;
    }
    return length == missing;
}

static size_t head_size(const unsigned char *head)
{
    size_t announced = head[1] & 0x7F;
    size_t extended = announced == 127 ? 8 : announced == 126 ? 2 : 0;
    return 2 + extended + ((head[1] & 0x80) != 0 ? 4 : 0);
}

static bool is_control(unsigned opcode)
{
    return opcode >= SLK_WS_CLOSE;
}

/* What the first two bytes already show. */
static int check_start(struct slk_ws_parser *parser)
{
    unsigned opcode = parser->head[0] & 0x0F;
    bool final = (parser->head[0] & 0x80) != 0;
    bool masked = (parser->head[1] & 0x80) != 0;
    if ((parser->head[0] & 0x70) != 0) {
        return fail(parser, 1002, "reserved bit set");
    }
    if ((opcode > SLK_WS_BINARY && opcode < SLK_WS_CLOSE) || opcode > SLK_WS_PONG) {
        return fail(parser, 1002, "reserved opcode");
    }
    if (masked != (parser->role == SLK_WS_SERVER)) {
        return fail(parser, 1002, masked ? "masked frame from a server" : "unmasked frame");
    }
    if (is_control(opcode)) {
        if (!final) {
            return fail(parser, 1002, "fragmented control frame");
        }
        if ((parser->head[1] & 0x7F) > MAX_CONTROL) {
            return fail(parser, 1002, "control frame over 125 bytes");
        }
    } else if (opcode == SLK_WS_CONTINUATION && !parser->in_message) {
        return fail(parser, 1002, "continuation of nothing");
    } else if (opcode != SLK_WS_CONTINUATION && parser->in_message) {
        return fail(parser, 1002, "new message inside a fragmented one");
    }
    return GO_ON;
}

static uint64_t big_endian(const unsigned char *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static int read_length(struct slk_ws_parser *parser)
{
    const unsigned char *head = parser->head;
    uint64_t length = head[1] & 0x7F;
    if (length == 126) {
        length = big_endian(head + 2, 2);
        if (length < 126) {
            return fail(parser, 1002, "length not in its shortest form");
        }
    } else if (length == 127) {
        length = big_endian(head + 2, 8);
        if (length > INT64_MAX) {
            return fail(parser, 1002, "length with its top bit set");
        }
        if (length <= UINT16_MAX) {
            return fail(parser, 1002, "length not in its shortest form");
        }
    }
    parser->remaining = length;
    return GO_ON;
}

static void begin_payload(struct slk_ws_parser *parser)
{
    parser->final = (parser->head[0] & 0x80) != 0;
    parser->opcode = parser->head[0] & 0x0F;
    if (parser->role == SLK_WS_SERVER) {
        memcpy(parser->mask, parser->head + parser->head_length - 4, 4);
    }
    parser->head_length = 0;
    parser->in_payload = true;
    if (is_control(parser->opcode)) {
        parser->control_length = 0;
    } else if (parser->opcode != SLK_WS_CONTINUATION) {
        parser->message_opcode = parser->opcode;
        parser->in_message = true;
        parser->utf8 = (struct slk_utf8){0};
    }
}

static int read_head(struct slk_ws_parser *parser, struct input *in)
{
    if (parser->head_length < 2) {
        if (!gather_head(parser, in, 2)) {
            return SLK_WS_MORE;
        }
        if (check_start(parser) != GO_ON) {
            return SLK_WS_FAILED;
        }
    }
    if (!gather_head(parser, in, head_size(parser->head))) {
        return SLK_WS_MORE;
    }
    if (read_length(parser) != GO_ON) {
        return SLK_WS_FAILED;
    }
    begin_payload(parser);
    if (!is_control(parser->opcode) && parser->remaining > parser->maximum - parser->stash.length) {
        return fail(parser, 1009, "message too big");
    }
    return GO_ON;
}

static bool is_close_code(unsigned code)
{
    /* 1012 to 1014 came after RFC 6455, by its registry. */
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static int read_close(struct slk_ws_parser *parser, struct slk_ws_message *message)
{
    parser->closed = true;
    message->close_code = NO_STATUS;
    if (message->length == 0) {
        return SLK_WS_CONTROL;
    }
    if (message->length == 1) {
        return fail(parser, 1002, "close frame with half a code");
    }
    message->close_code = (uint16_t)big_endian((const unsigned char *)message->data, 2);
    message->data += 2;
    message->length -= 2;
    if (!is_close_code(message->close_code)) {
        return fail(parser, 1002, "invalid close code");
    }
    struct slk_utf8 utf8 = {0};
    if (!slk_utf8_feed(&utf8, message->data, message->length) || !slk_utf8_is_whole(&utf8)) {
        return fail(parser, 1007, "close reason is not UTF-8");
    }
    return SLK_WS_CONTROL;
}

static int read_control(struct slk_ws_parser *parser, struct input *in,
                        struct slk_ws_message *message)
{
    size_t length = parser->remaining < in->length ? (size_t)parser->remaining : in->length;
    char *data = take(in, length);
    unmask(parser, data, length);
    parser->remaining -= length;
    if (parser->remaining > 0 || parser->control_length > 0) {
        if (length > 0) {
            memcpy(parser->control + parser->control_length, data, length);
            parser->control_length += length;
        }
        if (parser->remaining > 0) {
            return SLK_WS_MORE;
        }
        data = parser->control;
        length = parser->control_length;
    }
    parser->in_payload = false;
    *message = (struct slk_ws_message){.opcode = parser->opcode, .data = data, .length = length};
    return parser->opcode == SLK_WS_CLOSE ? read_close(parser, message) : SLK_WS_CONTROL;
}

static bool check_text(struct slk_ws_parser *parser, const char *data, size_t length)
{
    return parser->message_opcode != SLK_WS_TEXT || slk_utf8_feed(&parser->utf8, data, length);
}

static int end_message(struct slk_ws_parser *parser, const char *data, size_t length,
                       struct slk_ws_message *message)
{
    if (parser->message_opcode == SLK_WS_TEXT && !slk_utf8_is_whole(&parser->utf8)) {
        return fail(parser, 1007, "text is not UTF-8");
    }
    parser->in_message = false;
    *message =
        (struct slk_ws_message){.opcode = parser->message_opcode, .data = data, .length = length};
    return SLK_WS_MESSAGE;
}

/* The usual case: the message lies in the input as a whole, so it is given out
 * from there. */
static int read_whole(struct slk_ws_parser *parser, struct input *in,
                      struct slk_ws_message *message)
{
    size_t length = (size_t)parser->remaining;
    char *data = take(in, length);
    unmask(parser, data, length);
    parser->in_payload = false;
    if (!check_text(parser, data, length)) {
        return fail(parser, 1007, "text is not UTF-8");
    }
    return end_message(parser, data, length, message);
}

static int stash_piece(struct slk_ws_parser *parser, struct input *in, size_t length)
{
    struct slk_buffer *stash = &parser->stash;
    size_t wanted = parser->remaining < STASH_STEP ? (size_t)parser->remaining : STASH_STEP;
    size_t start = stash->length;
    if (slk_buffer_reserve(stash, wanted > length ? wanted : length) != SLK_OK ||
        slk_buffer_append(stash, take(in, length), length) != SLK_OK) {
        return fail(parser, 1011, "out of memory");
    }
    parser->remaining -= length;
    unmask(parser, stash->data + start, length);
    if (!check_text(parser, stash->data + start, length)) {
        return fail(parser, 1007, "text is not UTF-8");
    }
    return GO_ON;
}

static int read_data(struct slk_ws_parser *parser, struct input *in, struct slk_ws_message *message)
{
    if (parser->final && parser->stash.length == 0 && in->length >= parser->remaining) {
        return read_whole(parser, in, message);
    }
    size_t length = parser->remaining < in->length ? (size_t)parser->remaining : in->length;
    if (length > 0 && stash_piece(parser, in, length) != GO_ON) {
        return SLK_WS_FAILED;
    }
    if (parser->remaining > 0) {
        return SLK_WS_MORE;
    }
    parser->in_payload = false;
    if (!parser->final) {
        return GO_ON;
    }
    parser->delivered = true;
    return end_message(parser, parser->stash.data, parser->stash.length, message);
}

static int advance(struct slk_ws_parser *parser, struct input *in, struct slk_ws_message *message)
{
    int result = parser->failure != NULL ? SLK_WS_FAILED : GO_ON;
    if (result == GO_ON && parser->closed) {
        take(in, in->length);
        result = SLK_WS_MORE;
    }
    while (result == GO_ON) {
        if (!parser->in_payload) {
            result = read_head(parser, in);
        } else if (is_control(parser->opcode)) {
            result = read_control(parser, in, message);
        } else {
            result = read_data(parser, in, message);
        }
    }
    return result;
}

enum slk_ws_result slk_ws_parser_next(struct slk_ws_parser *parser, char **data, size_t *length,
                                      struct slk_ws_message *message)
{
    if (parser->delivered) {
        parser->delivered = false;
        parser->stash.length = 0;
        slk_buffer_shrink(&parser->stash, STASH_STEP);
    }
    struct input in = {.data = *data, .length = *length};
    int result = advance(parser, &in, message);
    *data = in.data;
    *length = in.length;
    if (result == SLK_WS_FAILED) {
        *message =
            (struct slk_ws_message){.close_code = parser->failure_code, .reason = parser->failure};
    }
    return (enum slk_ws_result)result;
}

static int next_mask(struct slk_ws_masks *masks, unsigned char mask[4])
{
    if (masks->left < 4) {
        size_t filled = 0;
        while (filled < sizeof masks->pool) {
            ssize_t got = getrandom(masks->pool + filled, sizeof masks->pool - filled, 0);
            if (got < 0 && errno != EINTR) {
                return SLK_SYSTEM;
            }
            filled += got > 0 ? (size_t)got : 0;
        }
        masks->left = sizeof masks->pool;
    }
    memcpy(mask, masks->pool + sizeof masks->pool - masks->left, 4);
    masks->left -= 4;
    return SLK_OK;
}

static size_t write_head(unsigned char head[MAX_HEAD], enum slk_ws_opcode opcode, bool masked,
                         uint64_t length)
{
    size_t extended = length > UINT16_MAX ? 8 : length > MAX_CONTROL ? 2 : 0;
    unsigned announced = extended == 8 ? 127 : extended == 2 ? 126 : (unsigned)length;
    head[0] = (unsigned char)(0x80 | opcode);
    head[1] = (unsigned char)(announced | (masked ? 0x80 : 0));
    for (size_t i = 0; i < extended; i++) {
        head[2 + i] = (unsigned char)(length >> 8 * (extended - 1 - i));
    }
    return 2 + extended;
}

int slk_ws_append_frame(struct slk_buffer *out, struct slk_ws_masks *masks,
                        enum slk_ws_opcode opcode, const void *data, size_t length)
{
    if ((is_control(opcode) && length > MAX_CONTROL) || length > SIZE_MAX - MAX_HEAD) {
        return SLK_TOO_LARGE;
    }
    unsigned char head[MAX_HEAD];
    size_t head_length = write_head(head, opcode, masks != NULL, length);
    unsigned char *mask = head + head_length;
    head_length += masks != NULL ? 4 : 0;
    int status = slk_buffer_reserve(out, head_length + length);
    if (status == SLK_OK && masks != NULL) {
        status = next_mask(masks, mask);
    }
    if (status != SLK_OK) {
        return status;
    }
    slk_buffer_append(out, head, head_length);
    slk_buffer_append(out, data, length);
    if (masks != NULL) {
        apply_mask(out->data + out->length - length, length, mask);
    }
    return SLK_OK;
}

int slk_ws_append_close(struct slk_buffer *out, struct slk_ws_masks *masks, uint16_t code,
                        const char *reason)
{
    size_t length = strlen(reason);
    char payload[MAX_CONTROL];
    if (length > sizeof payload - 2) {
        return SLK_TOO_LARGE;
    }
    if (code == NO_STATUS) {
        return slk_ws_append_frame(out, masks, SLK_WS_CLOSE, "", 0);
    }
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    memcpy(payload + 2, reason, length);
    return slk_ws_append_frame(out, masks, SLK_WS_CLOSE, payload, length + 2);
}
