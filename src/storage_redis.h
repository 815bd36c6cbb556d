/* A store in a Redis server, which several machines may share. Each batch of jobs is
 * sent at once and takes one round trip, or a few when it is large.
 *
 * While the server is away jobs wait for their time and then fail; connecting goes on in
 * between. A write whose answer was lost fails with code "unknown_outcome" and is not done
 * again, as it may have been done; reads are. */
#ifndef SLK_STORAGE_REDIS_H
#define SLK_STORAGE_REDIS_H

#include "log.h"
#include "redis_connection.h"
#include "redis_login.h"
#include "storage.h"

struct slk_redis_settings {
    struct slk_redis_address address;
    struct slk_redis_credentials credentials;
    struct slk_text prefix; /* of all keys */
    int64_t timeout;        /* ns that a job may wait to be sent, and then for its answer */
    struct slk_storage_inbox inbox;
    struct slk_net_options *net;
    struct slk_log *log; /* may be NULL */
};

/* Lua thread. Connects with the first job only. NULL with err filled: "memory". */
struct slk_storage_backend *slk_redis_open(const struct slk_redis_settings *settings,
                                           struct slk_error *err);

#endif
