/* Slices lie within the text, and what was taken for JSON still is on its own. */
#include <stdbool.h>

#include "envelope.h"
#include "fuzz.h"

static void expect_within(struct slk_text slice, const char *text, size_t size)
{
    EXPECT(slice.data == NULL || (slice.data >= text && slice.data + slice.length <= text + size));
}

static bool is_object(const char *text, size_t size)
{
    struct slk_envelope envelope;
    const char *why = NULL;
    char *copy = exact_copy(text, size);
    bool valid = slk_envelope_scan(copy, size, &envelope, &why) == 0;
    EXPECT(valid == (why == NULL));
    free(copy);
    return valid;
}

static bool is_value(struct slk_text value)
{
    static const char before[] = "{\"x\":[", after[] = "]}";
    size_t size = sizeof before - 1 + value.length + sizeof after - 1;
    char *text = malloc(size);
    EXPECT(text != NULL);
    memcpy(text, before, sizeof before - 1);
    memcpy(text + sizeof before - 1, value.data, value.length);
    memcpy(text + size - (sizeof after - 1), after, sizeof after - 1);
    bool valid = is_object(text, size);
    free(text);
    return valid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = exact_copy(data, size);
    struct slk_envelope envelope;
    const char *why = NULL;
    if (slk_envelope_scan(text, size, &envelope, &why) != 0) {
        EXPECT(why != NULL);
        free(text);
        return 0;
    }
    expect_within(envelope.type, text, size);
    expect_within(envelope.envelope_id, text, size);
    expect_within(envelope.payload, text, size);
    expect_within(envelope.reason, text, size);
    expect_within(envelope.retry_reason, text, size);
    expect_within(envelope.debug_info, text, size);
    EXPECT(envelope.envelope_id.length <= 255);
    EXPECT(envelope.retry_attempt >= 0 && envelope.num_connections >= 0);
    EXPECT(envelope.payload.data == NULL || is_value(envelope.payload));
    size_t end = size;
    while (text[end - 1] != '}') {
        end--; /* white space */
    }
    EXPECT(is_object(text, end));
    EXPECT(!is_object(text, end - 1)); /* no object ends before its last bracket */
    free(text);
    return 0;
}
