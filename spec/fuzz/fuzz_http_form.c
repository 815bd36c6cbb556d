/* Fields lie within the form one after the other, and what was decoded, encoded
 * anew, decodes to the same. */
#include "error.h"
#include "fuzz.h"
#include "http_form.h"
#include "utf8.h"

static void expect_utf8(const char *text, size_t size)
{
    struct slk_utf8 state = {0};
    EXPECT(slk_utf8_feed(&state, text, size) && slk_utf8_is_whole(&state));
}

static void expect_round_trip(const struct slk_buffer *decoded)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = decoded->length * 3;
    char *encoded = exact_copy("", 0);
    encoded = realloc(encoded, size > 0 ? size : 1);
    EXPECT(encoded != NULL);
    for (size_t i = 0; i < decoded->length; i++) {
        unsigned char c = (unsigned char)decoded->data[i];
        encoded[3 * i] = '%';
        encoded[3 * i + 1] = digits[c >> 4];
        encoded[3 * i + 2] = digits[c & 15];
    }
    struct slk_buffer again;
    slk_buffer_init(&again, SIZE_MAX / 2);
    EXPECT(slk_http_form_decode((struct slk_text){encoded, size}, &again) == SLK_OK);
    EXPECT(again.length == decoded->length);
    EXPECT(again.length == 0 || memcmp(again.data, decoded->data, again.length) == 0);
    slk_buffer_free(&again);
    free(encoded);
}

static void decode(struct slk_text text)
{
    struct slk_buffer decoded;
    slk_buffer_init(&decoded, SIZE_MAX / 2);
    char *copy = exact_copy(text.data, text.length);
    int status = slk_http_form_decode((struct slk_text){copy, text.length}, &decoded);
    EXPECT(status == SLK_OK || (status == SLK_INVALID && decoded.length == 0));
    EXPECT(decoded.length <= text.length);
    if (decoded.length > 0) {
        EXPECT(memchr(decoded.data, '\0', decoded.length) == NULL);
        expect_utf8(decoded.data, decoded.length);
    }
    if (status == SLK_OK) {
        expect_round_trip(&decoded);
    }
    free(copy);
    slk_buffer_free(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *form = exact_copy(data, size);
    struct slk_text name, value;
    const char *end = form;
    for (size_t at = 0;
         slk_http_form_next((struct slk_text){form, size}, &at, &name, &value) != 0;) {
        EXPECT(at <= size && name.data >= end && value.data >= name.data + name.length);
        end = value.data + value.length;
        EXPECT(end <= form + at);
        EXPECT(name.length == 0 || memchr(name.data, '=', name.length) == NULL);
        EXPECT(value.length == 0 || memchr(value.data, '&', value.length) == NULL);
        decode(name);
        decode(value);
    }
    decode((struct slk_text){form, size});
    free(form);
    return 0;
}
