/* Redacted text is never longer, stays as it is when redacted again, and has
 * no Slack token left in it. */
#include <ctype.h>

#include "fuzz.h"
#include "redact.h"

static int is_token_at(const char *text, size_t size)
{
    if (size < 17 || (memcmp(text, "xoxb-", 5) != 0 && memcmp(text, "xapp-", 5) != 0)) {
        return 0;
    }
    for (size_t i = 5; i < 17; i++) {
        if (!isalnum((unsigned char)text[i])) {
            return 0;
        }
    }
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = exact_copy(data, size);
    size_t length = slk_redact(text, size);
    EXPECT(length <= size);
    char *again = exact_copy(text, length);
    EXPECT(slk_redact(again, length) == length);
    EXPECT(length == 0 || memcmp(text, again, length) == 0);
    for (size_t i = 0; i < length; i++) {
        EXPECT(!is_token_at(text + i, length - i));
    }
    free(again);
    free(text);
    return 0;
}
