/* However much it would become, no more than the maximum is held; and what fits does so exactly.
 * The first two bytes of the input are the maximum. */
#include "fuzz.h"
#include "gzip.h"

enum { SETTINGS = 2, LEAST_HELD = 256 };

static int unpack(const char *data, size_t size, size_t maximum, struct slk_buffer *out)
{
    struct slk_error err = {.text = ""};
    slk_buffer_init(out, maximum);
    char *copy = exact_copy(data, size);
    int status = slk_gunzip(copy, size, out, &err);
    free(copy);
    EXPECT(out->length <= maximum);
    EXPECT(out->capacity <= (maximum < LEAST_HELD ? LEAST_HELD : maximum));
    EXPECT((status == SLK_OK) == (err.text[0] == '\0'));
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS) {
        return 0;
    }
    size_t maximum = (size_t)(data[0] | data[1] << 8) + 1;
    const char *packed = (const char *)data + SETTINGS;
    struct slk_buffer out, again;
    int status = unpack(packed, size - SETTINGS, maximum, &out);
    if (status == SLK_OK && out.length > 0) {
        EXPECT(unpack(packed, size - SETTINGS, out.length, &again) == SLK_OK);
        EXPECT(again.length == out.length && memcmp(again.data, out.data, out.length) == 0);
        slk_buffer_free(&again);
        if (out.length > 1) {
            EXPECT(unpack(packed, size - SETTINGS, out.length - 1, &again) == SLK_TOO_LARGE);
            slk_buffer_free(&again);
        }
        EXPECT(unpack(packed, size - SETTINGS - 1, maximum, &again) != SLK_OK);
        slk_buffer_free(&again);
    }
    slk_buffer_free(&out);
    return 0;
}
