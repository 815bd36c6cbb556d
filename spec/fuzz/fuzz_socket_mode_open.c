/* What may answer the call for a URL: anything. A URL, a time to wait within bounds, or words for
 * people; never the answer's own line ends in the log. The input: the status (two bytes), the
 * header lines, an empty line, the body; or, as the first byte is odd, RTM's. */
#include <ctype.h>

#include "clock.h"
#include "fuzz.h"
#include "rtm.h"
#include "socket_mode_open.h"

enum { SETTINGS = 2, AN_HOUR = 3600 };

static void expect_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        EXPECT(isprint((unsigned char)*text));
    }
}

static void expect_sense(const struct slk_open_answer *answer)
{
    EXPECT(answer->retry_after >= 0 && answer->retry_after <= SLK_SECONDS(AN_HOUR));
    expect_printable(answer->error.code);
    expect_printable(answer->error.text);
    if (answer->outcome == SLK_OPEN_URL) {
        EXPECT(answer->url[0] != '\0');
        expect_printable(answer->url);
    } else {
        EXPECT(answer->error.code[0] != '\0' && answer->error.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS) {
        return 0;
    }
    const char *rest = (const char *)data + SETTINGS;
    size_t left = size - SETTINGS;
    const char *end = memmem(rest, left, "\n\n", 2);
    size_t length = end != NULL ? (size_t)(end - rest) + 1 : 0;
    size_t start = end != NULL ? length + 1 : 0;
    struct slk_http_result *result = slk_http_result_create();
    EXPECT(result != NULL);
    result->status = 100 + (data[0] >> 1 | data[1] << 7) % 500;
    result->headers = exact_copy(rest, length);
    result->headers_length = length;
    result->body = exact_copy(rest + start, left - start);
    result->body_length = left - start;
    const struct slk_socket_protocol *protocol =
        data[0] % 2 == 1 ? slk_rtm_protocol() : slk_socket_mode_protocol();
    struct slk_open_answer answer;
    slk_open_read(protocol->open, result, "https://slack.com/api/", &answer);
    expect_sense(&answer);
    slk_http_result_free(result);
    return 0;
}
