/* Where requests go: a URL, taken apart once for all requests that go there.
 * Reference counted; it changes no more once it is made, so that any thread
 * may hold it. */
#ifndef SLK_HTTP_TARGET_H
#define SLK_HTTP_TARGET_H

#include <curl/curl.h>

#include "url_origin.h"

struct slk_http_target;

/* NULL when url is none that libcurl takes, or memory ran out. */
struct slk_http_target *slk_http_target_create(const char *url);

/* NULL is fine for both. */
struct slk_http_target *slk_http_target_retain(struct slk_http_target *target);
void slk_http_target_release(struct slk_http_target *target);

/* As libcurl takes it; lives as long as the target does. */
CURLU *slk_http_target_url(const struct slk_http_target *target);
const struct slk_url_origin *slk_http_target_origin(const struct slk_http_target *target);

#endif
