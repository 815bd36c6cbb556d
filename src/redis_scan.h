/* The entries whose keys begin with a prefix, page by page, by SCAN: a little at a time, so
 * that neither the server is held up nor what others ask of this store. A key that comes or
 * goes meanwhile may be among them or not. One thread. */
#ifndef SLK_REDIS_SCAN_H
#define SLK_REDIS_SCAN_H

#include "redis_connection.h"
#include "storage_job.h"

/* Carries out a job SCAN whose prefix comes after this one, giving each round trip the time of
 * patience. A page may have more entries than asked for, or none. DONE: it has its outcome;
 * else it has none, and begins anew when called again. */
enum slk_redis_progress slk_redis_scan(struct slk_redis_connection *connection,
                                       struct slk_text prefix, int64_t patience,
                                       struct slk_storage_job *job, struct slk_error *err);

#endif
