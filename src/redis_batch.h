/* A job BATCH as one script, which Redis carries out in one piece: a step that fails undoes
 * those before it. One thread. */
#ifndef SLK_REDIS_BATCH_H
#define SLK_REDIS_BATCH_H

#include "redis_connection.h"
#include "storage_job.h"

/* Appends the command of a job BATCH whose keys come after the prefix. SLK_OK or SLK_NOMEM. */
int slk_redis_append_batch(struct slk_redis_connection *connection, struct slk_text prefix,
                           const struct slk_storage_job *batch);

/* Gives the job its outcome by a reply that is no error. */
void slk_redis_conclude_batch(struct slk_storage_job *batch, const redisReply *reply,
                              const char *name);

#endif
