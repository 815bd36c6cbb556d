/* A job BATCH: steps that are all carried out or none. Lua packs them into its value, one
 * after the other: a letter ('s' SET, 'a' ADD, 'd' DELETE, 'i' INCR), expires_at and by as
 * int64_t, key and value as size_t length and bytes. No thread of its own. */
#ifndef SLK_STORAGE_BATCH_H
#define SLK_STORAGE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "storage_job.h"

/* The step at *offset, which is moved on, as a request whose texts stay the batch's; false
 * after the last. */
bool slk_storage_batch_read(const struct slk_storage_request *batch, size_t *offset,
                            struct slk_storage_request *step);

/* Adds what a step came to, unless it failed, to the list that is the outcome of its batch:
 * "1", "0" or an integer in digits. */
void slk_storage_batch_add(struct slk_storage_job *batch, const struct slk_storage_job *step);

/* The step of that number, from 1 on, has failed, and so has the batch. code is static text. */
void slk_storage_batch_fail(struct slk_storage_job *batch, size_t number, const char *code,
                            struct slk_text text);

#endif
