/* Requests read as a whole and in pieces must give the same. */
#include "fuzz.h"
#include "http_parser.h"

enum { SETTINGS = 4 };

static void record_text(struct record *record, struct slk_text text)
{
    record_run(record, text.data, text.length);
}

static void note(struct record *record, const struct slk_http_parser *parser, int result)
{
    record_number(record, result);
    if (result == SLK_HTTP_REFUSED) {
        const char *why = NULL;
        record_number(record, slk_http_parser_refusal(parser, &why));
        EXPECT(why != NULL);
        record_run(record, why, strlen(why));
    } else if (result == SLK_HTTP_REQUEST) {
        size_t hosts = 0, lengths = 0;
        record_text(record, slk_http_parser_method(parser));
        record_text(record, slk_http_parser_target(parser));
        record_text(record, slk_http_parser_headers(parser));
        record_text(record, slk_http_parser_body(parser));
        record_text(record, slk_http_parser_header(parser, "Host", &hosts));
        record_text(record, slk_http_parser_header(parser, "Content-Length", &lengths));
        record_number(record, slk_http_parser_keep_alive(parser));
        EXPECT(hosts <= 1);
    }
}

static struct record read_requests(const uint8_t *settings, const uint8_t *data, size_t size,
                                   int in_pieces)
{
    struct slk_http_limits limits = {.max_head = (size_t)settings[0] * 8,
                                     .max_body = (size_t)settings[1] * 8};
    uint32_t state = settings[2] | (uint32_t)settings[3] << 8;
    struct slk_http_parser *parser = slk_http_parser_create(&limits);
    EXPECT(parser != NULL);
    struct record record = {0};
    int result = SLK_HTTP_MORE;
    for (size_t at = 0; at < size && result != SLK_HTTP_REFUSED;) {
        size_t length = in_pieces ? piece_size(&state, size - at) : size;
        char *piece = exact_copy(data + at, length);
        EXPECT(slk_http_parser_feed(parser, piece, length) == 0);
        free(piece);
        at += length;
        while ((result = slk_http_parser_next(parser)) != SLK_HTTP_MORE) {
            EXPECT(result != SLK_HTTP_REQUEST ||
                   slk_http_parser_body(parser).length <= limits.max_body);
            note(&record, parser, result);
            if (result == SLK_HTTP_REFUSED) {
                break;
            }
        }
    }
    slk_http_parser_destroy(parser);
    return record;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS) {
        return 0;
    }
    struct record whole = read_requests(data, data + SETTINGS, size - SETTINGS, 0);
    struct record pieces = read_requests(data, data + SETTINGS, size - SETTINGS, 1);
    expect_same(&whole, &pieces);
    return 0;
}
