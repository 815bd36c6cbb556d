/* The keys that begin with a prefix, and pages of them with their values, by SCAN: a page at a time, so that the server is
 * not held up. A key that comes or goes meanwhile may be among them or not. One thread. */
#ifndef SLK_REDIS_SCAN_H
#define SLK_REDIS_SCAN_H

#include "redis_connection.h"
#include "storage_job.h"

/* Carries out a job KEYS whose prefix comes after this one, giving each page the time of
 * patience. DONE: it has its outcome; else it has none, and begins anew when called again. */
enum slk_redis_progress slk_redis_scan(struct slk_redis_connection *connection,
                                       struct slk_text prefix, int64_t patience,
                                       struct slk_storage_job *job, struct slk_error *err);

/* The same for a job SCAN. A page may have more entries than asked for, or none. */
enum slk_redis_progress slk_redis_scan_page(struct slk_redis_connection *connection,
                                            struct slk_text prefix, int64_t patience,
                                            struct slk_storage_job *job, struct slk_error *err);

#endif
