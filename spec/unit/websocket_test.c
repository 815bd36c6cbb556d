/* What the Lua binding does not show of websocket.h; the rest is in
 * spec/websocket_spec.lua. */
#include "websocket.h"

#include <string.h>

#include "check.h"
#include "error.h"

static enum slk_ws_result next(struct slk_ws_parser *parser, struct slk_buffer *input,
                               struct slk_ws_message *message)
{
    char *data = input->data;
    size_t length = input->length;
    enum slk_ws_result result = slk_ws_parser_next(parser, &data, &length, message);
    slk_buffer_consume(input, input->length - length);
    return result;
}

static void never_repeats_a_mask_and_refills_its_pool(void)
{
    enum { FRAMES = 5000 };
    static unsigned char masks_seen[FRAMES][4];
    struct slk_ws_masks masks = {.left = 0};
    struct slk_buffer out;
    slk_buffer_init(&out, 1000);
    int repeated = 0;
    for (int i = 0; i < FRAMES; i++) {
        out.length = 0;
        CHECK(slk_ws_append_frame(&out, &masks, SLK_WS_TEXT, "hello", 5) == SLK_OK);
        CHECK(out.length == 11);
        memcpy(masks_seen[i], out.data + 2, 4);
        for (int k = 0; k < 5; k++) {
            CHECK((out.data[6 + k] ^ (char)masks_seen[i][k % 4]) == "hello"[k]);
        }
        repeated += i > 0 && memcmp(masks_seen[i], masks_seen[i - 1], 4) == 0;
    }
    CHECK(repeated < 3); /* 2^-32 each: one by chance is no reason to fail */
    slk_buffer_free(&out);
}

static void leaves_the_output_as_it_was_on_failure(void)
{
    struct slk_ws_masks masks = {.left = 0};
    struct slk_buffer out;
    slk_buffer_init(&out, 20);
    char data[200] = {0};
    CHECK(slk_ws_append_frame(&out, &masks, SLK_WS_TEXT, data, 10) == SLK_OK);
    size_t length = out.length;
    CHECK(slk_ws_append_frame(&out, &masks, SLK_WS_TEXT, data, 10) == SLK_TOO_LARGE);
    CHECK(slk_ws_append_frame(&out, NULL, SLK_WS_PING, data, 126) == SLK_TOO_LARGE);
    CHECK(slk_ws_append_close(&out, &masks, 1000, "a reason too long for it") == SLK_TOO_LARGE);
    CHECK(out.length == length);
    slk_buffer_free(&out);
}

static void writes_close_frames(void)
{
    struct slk_ws_parser *parser = slk_ws_parser_create(SLK_WS_CLIENT, 100);
    struct slk_ws_message message;
    struct slk_buffer out;
    slk_buffer_init(&out, 1000);
    char reason[125];
    memset(reason, 'x', sizeof reason);
    reason[124] = '\0';
    CHECK(slk_ws_append_close(&out, NULL, 1000, reason) == SLK_TOO_LARGE);
    reason[123] = '\0';
    CHECK(slk_ws_append_close(&out, NULL, 4321, reason) == SLK_OK);
    CHECK(next(parser, &out, &message) == SLK_WS_CONTROL);
    CHECK(message.opcode == SLK_WS_CLOSE && message.close_code == 4321);
    CHECK(message.length == 123 && memcmp(message.data, reason, 123) == 0);
    slk_ws_parser_destroy(parser);
    CHECK(slk_ws_append_close(&out, NULL, 1005, "") == SLK_OK);
    CHECK(out.length >= 2 && memcmp(out.data + out.length - 2, "\x88\x00", 2) == 0);
    slk_buffer_free(&out);
}

static void gives_whole_messages_out_of_the_input_itself(void)
{
    struct slk_ws_parser *parser = slk_ws_parser_create(SLK_WS_CLIENT, 1000);
    struct slk_ws_message message;
    char input[] = "\x81\x03one\x81\x03two";
    char *data = input;
    size_t length = sizeof input - 1;
    CHECK(slk_ws_parser_next(parser, &data, &length, &message) == SLK_WS_MESSAGE);
    CHECK(message.data == input + 2 && message.length == 3);
    CHECK(data == input + 5 && length == 5);
    CHECK(slk_ws_parser_next(parser, &data, &length, &message) == SLK_WS_MESSAGE);
    CHECK(message.data == input + 7);
    CHECK(slk_ws_parser_next(parser, &data, &length, &message) == SLK_WS_MORE);
    slk_ws_parser_destroy(parser);
}

static void bears_a_maximum_of_nothing(void)
{
    struct slk_ws_parser *parser = slk_ws_parser_create(SLK_WS_CLIENT, 0);
    struct slk_ws_message message;
    char input[] = "\x01\x00\x80\x00\x81\x01x";
    char *data = input;
    size_t length = sizeof input - 1;
    CHECK(slk_ws_parser_next(parser, &data, &length, &message) == SLK_WS_MESSAGE);
    CHECK(message.length == 0);
    CHECK(slk_ws_parser_next(parser, &data, &length, &message) == SLK_WS_FAILED);
    CHECK(message.close_code == 1009);
    slk_ws_parser_destroy(parser);
}

int main(void)
{
    never_repeats_a_mask_and_refills_its_pool();
    leaves_the_output_as_it_was_on_failure();
    writes_close_frames();
    gives_whole_messages_out_of_the_input_itself();
    bears_a_maximum_of_nothing();
    slk_ws_parser_destroy(NULL);
    return 0;
}
