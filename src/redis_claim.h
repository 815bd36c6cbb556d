/* The job CLAIM of an inbox in Redis. What others left behind, and what is due, is looked
 * for by a script once a second; in between the server is asked to hold its answer
 * until there is something. So one that waits keeps its connection to itself.
 *
 * When an answer is lost, so may be entries in it, which this owner then has without knowing:
 * the next claim asks for what was handed out since the last answer that came. For that, all
 * claims of an owner must come through one store. Storage thread. */
#ifndef SLK_REDIS_CLAIM_H
#define SLK_REDIS_CLAIM_H

#include "redis_inbox.h"

/* A failed answer that comes after so long is a lost one. With limit 0 nothing comes but what
 * was sent or moved to this owner. DONE: the job has its outcome, but the connection must be
 * closed if *is_spent: an answer is still to come. Else it has none, and begins anew when
 * called again. */
enum slk_redis_progress slk_redis_claim(struct slk_redis_inbox *inbox,
                                        struct slk_redis_connection *connection, int64_t patience,
                                        const _Atomic int64_t *hurry_at,
                                        struct slk_storage_job *job, bool *is_spent,
                                        struct slk_error *err);

#endif
