/* One connection to a Redis server: libcurl finds the host and does TLS
 * (CURLOPT_CONNECT_ONLY), hiredis reads the replies. It waits itself, and may be
 * left in the middle of anything and gone on with later. One thread, but for
 * slk_redis_connection_wake; made and destroyed where it is not in use. */
#ifndef SLK_REDIS_CONNECTION_H
#define SLK_REDIS_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "error.h"
#include "net_options.h"
#include "text.h"

struct slk_redis_connection;

struct slk_redis_address {
    const char *host; /* IPv6 in brackets */
    unsigned port;
    const char *path; /* of a Unix socket, in place of host and port; or NULL */
    bool is_encrypted;
};

enum slk_redis_progress {
    SLK_REDIS_DONE,
    SLK_REDIS_LATER, /* not until the given time: call again */
    SLK_REDIS_FAILED /* with err: close it */
};

/* Connects to nothing yet. net is kept; its proxy must be "". No wait goes past *hurry_at,
 * which another thread may change before it calls wake. NULL with err: "memory". */
struct slk_redis_connection *slk_redis_connection_create(const struct slk_redis_address *address,
                                                         struct slk_net_options *net,
                                                         const _Atomic int64_t *hurry_at,
                                                         struct slk_error *err);
void slk_redis_connection_destroy(struct slk_redis_connection *connection);

/* "Redis at host:port", for what is said about it. */
const char *slk_redis_connection_name(const struct slk_redis_connection *connection);

/* Connects, or goes on with that. Times are on slk_clock_now's scale. err: "dns", "tls",
 * "connection", "memory". */
enum slk_redis_progress slk_redis_connection_open(struct slk_redis_connection *connection,
                                                  int64_t until, struct slk_error *err);

/* Whether the server has been reached, and all that lacks is TLS with it. */
bool slk_redis_connection_wants_tls(const struct slk_redis_connection *connection);

/* Whether it is open, and the server has not closed it since the last reply. */
bool slk_redis_connection_is_alive(struct slk_redis_connection *connection);

/* Puts a command behind those that go out with the next receive. SLK_OK or SLK_NOMEM. */
int slk_redis_connection_append(struct slk_redis_connection *connection,
                                const struct slk_text *words, size_t count);

/* Bytes of all commands since it was opened, and how many of them may have left. */
size_t slk_redis_connection_appended(const struct slk_redis_connection *connection);
size_t slk_redis_connection_sent(const struct slk_redis_connection *connection);

/* Sends what waits and takes the next reply, to be freed by freeReplyObject. One reply comes
 * for each command, in order. err: "connection", "memory", "protocol". */
enum slk_redis_progress slk_redis_connection_receive(struct slk_redis_connection *connection,
                                                     int64_t until, redisReply **reply,
                                                     struct slk_error *err);

/* The same, but also LATER as soon as there is a hurry: for an answer that may be long in
 * coming. */
enum slk_redis_progress slk_redis_connection_receive_idly(struct slk_redis_connection *connection,
                                                          int64_t until, redisReply **reply,
                                                          struct slk_error *err);

/* Waits for nothing but the time, or a wake. */
void slk_redis_connection_pause(struct slk_redis_connection *connection, int64_t until);

/* Any thread. Ends the wait of now or the next one early. */
void slk_redis_connection_wake(struct slk_redis_connection *connection);

/* Drops it, whatever its state; it may be opened again. */
void slk_redis_connection_close(struct slk_redis_connection *connection);

#endif
