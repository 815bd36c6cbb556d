/* A server's answer to the upgrade, read as it grows, says the same at every length once it says
 * something; and nothing gets into the request but what belongs there. The first byte of the
 * input: where in it the head, and the request's host and target, begin. */
#include <stdbool.h>

#include "fuzz.h"
#include "websocket_upgrade.h"

/* The example of RFC 6455 §1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

struct reading {
    int result;
    struct slk_upgrade_response response;
    struct slk_error err;
};

static struct reading read_head(const char *data, size_t size)
{
    struct reading reading = {0};
    char *copy = exact_copy(data, size);
    reading.result = slk_upgrade_response(copy, size, KEY, &reading.response, &reading.err);
    free(copy);
    return reading;
}

static bool holds(const char *data, size_t size, const char *text)
{
    return memmem(data, size, text, strlen(text)) != NULL;
}

static void expect_sense(const struct reading *reading, const char *data, size_t size)
{
    const struct slk_upgrade_response *response = &reading->response;
    EXPECT(response->head_length <= size);
    EXPECT(response->retry_after >= -1);
    if (reading->result == 1) {
        EXPECT(response->status == 101 && response->head_length > 0);
        EXPECT(holds(data, response->head_length, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        EXPECT(memcmp(data + response->head_length - 4, "\r\n\r\n", 4) == 0);
    } else if (reading->result < 0) {
        EXPECT(reading->err.text[0] != '\0');
        EXPECT(response->status != 101 || response->head_length > 0);
    }
}

static void read_answer(const char *data, size_t size)
{
    struct reading whole = read_head(data, size);
    expect_sense(&whole, data, size);
    for (size_t length = 0; length < size; length++) {
        struct reading part = read_head(data, length);
        expect_sense(&part, data, length);
        if (part.result != 0) {
            EXPECT(part.result == whole.result && part.response.status == whole.response.status);
            EXPECT(part.response.head_length == whole.response.head_length);
            EXPECT(strcmp(part.err.text, whole.err.text) == 0);
            break;
        }
    }
}

static size_t count(const char *data, size_t size, char byte)
{
    size_t found = 0;
    for (size_t i = 0; i < size; i++) {
        found += data[i] == byte;
    }
    return found;
}

static char *terminated(const char *data, size_t size)
{
    char *text = malloc(size + 1);
    EXPECT(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static void write_request(const char *data, size_t size, size_t split)
{
    char key[SLK_UPGRADE_KEY_SIZE];
    char *host = terminated(data, split), *target = terminated(data + split, size - split);
    struct slk_buffer out;
    slk_buffer_init(&out, 65536);
    if (slk_upgrade_request(&out, host, target, key) == SLK_OK) {
        EXPECT(count(out.data, out.length, '\n') == 8 && count(out.data, out.length, '\r') == 8);
        EXPECT(count(out.data, out.length, '\0') == 0);
        EXPECT(memcmp(out.data + out.length - 4, "\r\n\r\n", 4) == 0);
        const char *line_end = memchr(out.data, '\r', out.length);
        EXPECT(count(out.data, (size_t)(line_end - out.data), ' ') == 2);
    } else {
        EXPECT(out.length == 0);
    }
    slk_buffer_free(&out);
    free(host);
    free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    const char *rest = (const char *)data + 1;
    read_answer(rest, size - 1);
    write_request(rest, size - 1, *data % size);
    return 0;
}
