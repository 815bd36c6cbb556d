/* application/x-www-form-urlencoded (WHATWG URL Standard §5.1). Pure code; any
 * thread. */
#ifndef SLK_HTTP_FORM_H
#define SLK_HTTP_FORM_H

#include <stddef.h>

#include "buffer.h"
#include "http_head.h"

/* Walks over the fields: *at is 0 at first. name and value are still encoded;
 * an empty field ("a=1&&b=2") is passed over. 0 at the end, 1 for a field. */
int slk_http_form_next(struct slk_text form, size_t *at, struct slk_text *name,
                       struct slk_text *value);

/* Appends text with + and %XX decoded. SLK_OK, SLK_INVALID (half a %XX, a NUL,
 * or no UTF-8), SLK_NOMEM, SLK_TOO_LARGE; the content is unchanged on failure. */
int slk_http_form_decode(struct slk_text text, struct slk_buffer *out);

#endif
