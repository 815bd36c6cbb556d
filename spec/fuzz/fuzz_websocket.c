/* Frames read as a whole and in pieces must give the same. The first bytes of
 * the input choose the role, the limit and the pieces. */
#include "fuzz.h"
#include "utf8.h"
#include "websocket.h"

enum { SETTINGS = 4 };

static void note(struct record *record, const struct slk_ws_message *message, int result)
{
    record_number(record, result);
    record_number(record, message->opcode);
    record_number(record, message->close_code);
    record_run(record, message->data, message->length);
    if (result == SLK_WS_FAILED) {
        EXPECT(message->reason != NULL && message->close_code >= 1002);
        record_run(record, message->reason, strlen(message->reason));
    } else if (message->opcode == SLK_WS_TEXT) {
        struct slk_utf8 utf8 = {0};
        EXPECT(slk_utf8_feed(&utf8, message->data, message->length) && slk_utf8_is_whole(&utf8));
    }
}

static struct record read_frames(const uint8_t *settings, const uint8_t *data, size_t size,
                                 int in_pieces)
{
    enum slk_ws_role role = settings[0] & 1 ? SLK_WS_SERVER : SLK_WS_CLIENT;
    size_t maximum = settings[1] < 128 ? settings[1] : (size_t)settings[1] * 1000;
    uint32_t state = settings[2] | (uint32_t)settings[3] << 8;
    struct slk_ws_parser *parser = slk_ws_parser_create(role, maximum);
    EXPECT(parser != NULL);
    struct record record = {0};
    int result = SLK_WS_MORE;
    for (size_t at = 0; at < size && result != SLK_WS_FAILED;) {
        size_t length = in_pieces ? piece_size(&state, size - at) : size;
        char *piece = exact_copy(data + at, length);
        char *rest = piece;
        at += length;
        struct slk_ws_message message;
        while ((result = slk_ws_parser_next(parser, &rest, &length, &message)) != SLK_WS_MORE) {
            EXPECT(message.length <= maximum || message.opcode >= SLK_WS_CLOSE);
            note(&record, &message, result);
            if (result == SLK_WS_FAILED) {
                break;
            }
        }
        EXPECT(result == SLK_WS_FAILED || length == 0);
        free(piece);
    }
    slk_ws_parser_destroy(parser);
    return record;
}

/* What one end writes the other must read back. */
static void write_and_read(const uint8_t *settings, const uint8_t *data, size_t size)
{
    static struct slk_ws_masks masks;
    struct slk_buffer out;
    slk_buffer_init(&out, SIZE_MAX / 2);
    int is_client = settings[0] & 1;
    EXPECT(slk_ws_append_frame(&out, is_client ? &masks : NULL, SLK_WS_BINARY, data, size) == 0);
    struct slk_ws_parser *parser =
        slk_ws_parser_create(is_client ? SLK_WS_SERVER : SLK_WS_CLIENT, size);
    EXPECT(parser != NULL);
    struct slk_ws_message message;
    char *rest = out.data;
    size_t length = out.length;
    EXPECT(slk_ws_parser_next(parser, &rest, &length, &message) == SLK_WS_MESSAGE);
    EXPECT(length == 0 && message.length == size);
    EXPECT(size == 0 || memcmp(message.data, data, size) == 0);
    slk_ws_parser_destroy(parser);
    slk_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS) {
        return 0;
    }
    struct record whole = read_frames(data, data + SETTINGS, size - SETTINGS, 0);
    struct record pieces = read_frames(data, data + SETTINGS, size - SETTINGS, 1);
    expect_same(&whole, &pieces);
    write_and_read(data, data + SETTINGS, size - SETTINGS);
    return 0;
}
