/* What a request's head says of Slack's: the lines that matter to who receives
 * it, found in one pass. Pure code; any thread. */
#ifndef SLK_SLACK_HEADERS_H
#define SLK_SLACK_HEADERS_H

#include "http_head.h"

enum slk_slack_header {
    SLK_HEADER_SIGNATURE,
    SLK_HEADER_TIMESTAMP,
    SLK_HEADER_CONTENT_TYPE,
    SLK_HEADER_CONTENT_ENCODING,
    SLK_HEADER_RETRY_NUMBER,
    SLK_HEADER_RETRY_REASON,
    SLK_SLACK_HEADERS
};

/* The value of the first line of each, empty when there is none, and how many
 * lines of it there are. */
struct slk_slack_headers {
    struct slk_text values[SLK_SLACK_HEADERS];
    unsigned counts[SLK_SLACK_HEADERS];
};

/* block holds lines that the request parser has accepted. */
void slk_slack_headers_read(struct slk_text block, struct slk_slack_headers *headers);

enum slk_media { SLK_MEDIA_OTHER, SLK_MEDIA_JSON, SLK_MEDIA_FORM };

/* By the media type alone, whatever its case and parameters. Several lines, or
 * a content coding, make it OTHER. */
enum slk_media slk_slack_headers_media(const struct slk_slack_headers *headers);

/* No signature covers these two, so they are taken only when they look like
 * what Slack sends: a number below a thousand, else 0; a word of at most 64
 * letters, digits, underscores and dashes, else empty. Of several lines the
 * first counts. */
int slk_slack_headers_retry_number(const struct slk_slack_headers *headers);
struct slk_text slk_slack_headers_retry_reason(const struct slk_slack_headers *headers);

#endif
