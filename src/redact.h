/* Takes secrets out of text that goes to a log or an error: Slack tokens
 * (xoxb-, xoxp-, xapp-, xoxe., xwfp- and so on keep their prefix and last four
 * characters), tickets and other credentials in URL queries, paths of
 * response and webhook URLs, passwords in URLs, bearer headers, signatures.
 * Any thread; no state. */
#ifndef SLK_REDACT_H
#define SLK_REDACT_H

#include <stddef.h>

/* Rewrites text in place (it never grows) and returns the new length.
 * A terminator after text, if any, is the caller's to set again. */
size_t slk_redact(char *text, size_t length);

#endif
