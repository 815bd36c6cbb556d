/* Error replies of Redis in our words. Never with a value or a key. Any thread. */
#ifndef SLK_REDIS_FAILURE_H
#define SLK_REDIS_FAILURE_H

#include <stdbool.h>

#include "error.h"

/* Fills err for the text of an error reply: what failed, at which server ("Redis at
 * host:port"), and what to do. Returns its code as static text. */
const char *slk_redis_explain(const char *name, const char *text, struct slk_error *err);

/* The code of any error of a connection, a login or a reply, as static text. */
const char *slk_redis_code(const struct slk_error *err);

/* Whether it is a mistake in the URL or at the server that no waiting heals. */
bool slk_redis_is_refusal(const struct slk_error *err);

#endif
