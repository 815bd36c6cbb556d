/* Single fields out of short JSON answers, without decoding the whole. Pure
 * code; any thread. */
#ifndef SLK_JSON_FIELD_H
#define SLK_JSON_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "envelope.h"

/* text must be one JSON object that slk_envelope_scan has found well formed.
 * The field's value as it stands (a string with its quotes); data is NULL when
 * the object has no such field. Of a repeated field the last counts. */
struct slk_text slk_json_field(const char *text, size_t length, const char *name);

/* The same for several fields at once, in one pass; values in the order of names. */
void slk_json_fields(struct slk_text text, const char *const names[], struct slk_text values[],
                     size_t count);

/* Copies the string value, unescaped and terminated, to out. False when it is
 * missing, no string, too long, empty or not plain ASCII without control characters. */
bool slk_json_string(struct slk_text value, char *out, size_t size);

#endif
