/* Failures of libcurl in our words: one stable code, one sentence that says
 * what failed, where, and what to do. Any thread; the easy handle's own. */
#ifndef SLK_NET_FAILURE_H
#define SLK_NET_FAILURE_H

#include <curl/curl.h>
#include <stddef.h>

#include "error.h"
#include "net_options.h"

/* Writes "host/path" of a URL for people: without credentials, query and
 * fragment, and without the path where the path is the secret (webhooks,
 * response URLs). Always terminated. */
void slk_net_place(const char *url, char *place, size_t size);

/* How far a handle that has got no answer had come: "while connecting", … */
const char *slk_net_phase(CURL *easy, const struct slk_net_options *net);

/* Fills err for an ended transfer or connect-only handle. The codes are those
 * of struct slk_http_result. what begins the sentence ("POST slack.com/api/x");
 * detail is the handle's error buffer, NULL or "" when there is none. */
void slk_net_failure(CURL *easy, CURLcode result, const char *detail, const char *what,
                     const struct slk_net_options *net, struct slk_error *err);

#endif
