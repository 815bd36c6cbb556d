/* What a storage job is in commands of Redis, and what the replies mean for it.
 * Values are stored as they are, so that counters are Redis's own and expiry is by
 * the server's clock alone: machines that share it need not agree on the time.
 * One thread. */
#ifndef SLK_REDIS_COMMANDS_H
#define SLK_REDIS_COMMANDS_H

#include "redis_connection.h"
#include "storage_job.h"

/* Puts the one command of any operation but KEYS and SCAN. SLK_OK or SLK_NOMEM. prefix goes before
 * the key. */
int slk_redis_append_job(struct slk_redis_connection *connection, struct slk_text prefix,
                         const struct slk_storage_job *job);

/* Gives the job the outcome that its reply means; name is the server's. */
void slk_redis_conclude_job(struct slk_storage_job *job, const redisReply *reply, const char *name);

/* The outcome is the failure that the text of an error reply tells of. */
void slk_redis_fail_job(struct slk_storage_job *job, const char *text, const char *name);

#endif
