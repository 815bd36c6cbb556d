/* What is said first on a connection to Redis: who we are and which database, and
 * whether the server is one that we can speak to. One thread. */
#ifndef SLK_REDIS_LOGIN_H
#define SLK_REDIS_LOGIN_H

#include "redis_connection.h"

struct slk_redis_login;

struct slk_redis_credentials {
    const char *user;     /* NULL: only the password */
    const char *password; /* NULL: none */
    unsigned database;
};

/* Copies them. NULL when memory ran out. */
struct slk_redis_login *slk_redis_login_create(const struct slk_redis_credentials *credentials);

/* Wipes them. */
void slk_redis_login_destroy(struct slk_redis_login *login);

/* To be called before run, when the connection has been opened. SLK_OK or SLK_NOMEM. */
int slk_redis_login_begin(struct slk_redis_login *login, struct slk_redis_connection *connection);

/* Takes the answers, or goes on with that. err: also "denied", "database", "cluster",
 * "sentinel", "busy". */
enum slk_redis_progress slk_redis_login_run(struct slk_redis_login *login,
                                            struct slk_redis_connection *connection, int64_t until,
                                            struct slk_error *err);

/* Of the server that answered last, as 70015 for 7.0.15; 0: it did not say. */
long slk_redis_login_version(const struct slk_redis_login *login);

#endif
