#include "redis_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "redis_failure.h"

/* As CLIENT LIST shows it. */
#define NAME "lua-slack"

enum step { AUTH, SELECT, PING, SETNAME, INFO, STEPS };

struct slk_redis_login {
    char *user;
    char *password;
    char database[16];
    long version;
    enum step next;           /* whose answer comes next */
    struct slk_error refusal; /* of a step before; code "" for none */
};

static void wipe(char *text)
{
    if (text != NULL) {
        OPENSSL_cleanse(text, strlen(text));
        free(text);
    }
}

void slk_redis_login_destroy(struct slk_redis_login *login)
{
    if (login != NULL) {
        wipe(login->user);
        wipe(login->password);
        free(login);
    }
}

struct slk_redis_login *slk_redis_login_create(const struct slk_redis_credentials *credentials)
{
    struct slk_redis_login *login = calloc(1, sizeof *login);
    if (login == NULL) {
        return NULL;
    }
    snprintf(login->database, sizeof login->database, "%u", credentials->database);
    login->user = credentials->user != NULL ? strdup(credentials->user) : NULL;
    login->password = credentials->password != NULL ? strdup(credentials->password) : NULL;
    if ((credentials->user != NULL && login->user == NULL) ||
        (credentials->password != NULL && login->password == NULL)) {
        slk_redis_login_destroy(login);
        return NULL;
    }
    return login;
}

static struct slk_text text(const char *words)
{
    return (struct slk_text){words, strlen(words)};
}

static int append_auth(struct slk_redis_login *login, struct slk_redis_connection *connection)
{
    if (login->user != NULL) {
        struct slk_text words[] = {text("AUTH"), text(login->user), text(login->password)};
        return slk_redis_connection_append(connection, words, 3);
    }
    struct slk_text words[] = {text("AUTH"), text(login->password)};
    return slk_redis_connection_append(connection, words, 2);
}

int slk_redis_login_begin(struct slk_redis_login *login, struct slk_redis_connection *connection)
{
    login->next = login->password != NULL ? AUTH : SELECT;
    login->refusal.code[0] = '\0';
    login->version = 0;
    struct slk_text select[] = {text("SELECT"), text(login->database)};
    struct slk_text ping[] = {text("PING")};
    struct slk_text name[] = {text("CLIENT"), text("SETNAME"), text(NAME)};
    struct slk_text info[] = {text("INFO"), text("server")};
    int status = login->password != NULL ? append_auth(login, connection) : SLK_OK;
    status = status == SLK_OK ? slk_redis_connection_append(connection, select, 2) : status;
    status = status == SLK_OK ? slk_redis_connection_append(connection, ping, 1) : status;
    status = status == SLK_OK ? slk_redis_connection_append(connection, name, 3) : status;
    return status == SLK_OK ? slk_redis_connection_append(connection, info, 2) : status;
}

/* What the server is goes before what it says to our other commands. */
static void judge_mode(const char *name, const char *info, struct slk_error *refusal)
{
    if (strstr(info, "redis_mode:cluster") != NULL) {
        slk_redis_explain(name, "CLUSTERDOWN", refusal);
    } else if (strstr(info, "redis_mode:sentinel") != NULL) {
        slk_error_set(refusal, "sentinel",
                      "%s is a Sentinel, which keeps no data: give the URL of the primary", name);
    }
}

/* Valkey and others say there which Redis they are like. */
static long read_version(const char *info)
{
    static const char label[] = "redis_version:";
    const char *at = strstr(info, label);
    unsigned major = 0, minor = 0, patch = 0;
    if (at == NULL || sscanf(at + sizeof label - 1, "%3u.%3u.%3u", &major, &minor, &patch) < 2 ||
        minor > 99 || patch > 99) {
        return 0;
    }
    return (long)(major * 10000 + minor * 100 + patch);
}

long slk_redis_login_version(const struct slk_redis_login *login)
{
    return login->version;
}

/* A server that wants TLS hangs up, too many clients are told so before. */
static void explain_loss(const struct slk_redis_login *login,
                         const struct slk_redis_connection *connection, struct slk_error *err)
{
    if (login->refusal.code[0] != '\0') {
        *err = login->refusal;
    } else if (strcmp(err->code, "connection") == 0 && login->next <= SELECT) {
        slk_error_set(err, "connection",
                      "%s hung up before it answered: does it want TLS (rediss)?",
                      slk_redis_connection_name(connection));
    }
}

/* PING is refused while data is loaded, and by replicas without a primary. The rights to it,
 * to a name and to INFO may be missing. */
static bool is_needed(const struct slk_redis_login *login, const redisReply *reply)
{
    bool may_fail = login->next == PING && reply->type == REDIS_REPLY_ERROR &&
                    strstr(reply->str, "NOPERM") != NULL;
    return login->next <= PING && !may_fail;
}

/* A proxy between us and Redis may say again what it does not understand: the password. */
static void explain(struct slk_redis_login *login, const char *name, const char *text)
{
    slk_redis_explain(name, text, &login->refusal);
    bool is_quoted = strstr(login->refusal.text, " answered: ") != NULL;
    if (is_quoted && login->password != NULL && strstr(text, login->password) != NULL) {
        slk_redis_explain(name, "WRONGPASS", &login->refusal);
    }
}

static void judge(struct slk_redis_login *login, const char *name, const redisReply *reply)
{
    if (login->next == INFO && reply->type == REDIS_REPLY_STRING) {
        login->version = read_version(reply->str);
        judge_mode(name, reply->str, &login->refusal);
    } else if (!is_needed(login, reply) || login->refusal.code[0] != '\0') {
        return;
    } else if (reply->type == REDIS_REPLY_ERROR) {
        explain(login, name, reply->str);
    } else if (reply->type != REDIS_REPLY_STATUS) { /* an echo, it may be of our own socket */
        slk_error_set(&login->refusal, "connection", "%s does not answer as Redis does", name);
    }
}

enum slk_redis_progress slk_redis_login_run(struct slk_redis_login *login,
                                            struct slk_redis_connection *connection, int64_t until,
                                            struct slk_error *err)
{
    while (login->next < STEPS) {
        redisReply *reply;
        enum slk_redis_progress progress =
            slk_redis_connection_receive(connection, until, &reply, err);
        if (progress == SLK_REDIS_FAILED) {
            explain_loss(login, connection, err);
        }
        if (progress != SLK_REDIS_DONE) {
            return progress;
        }
        judge(login, slk_redis_connection_name(connection), reply);
        freeReplyObject(reply);
        login->next++;
    }
    if (login->refusal.code[0] != '\0') {
        *err = login->refusal;
        return SLK_REDIS_FAILED;
    }
    return SLK_REDIS_DONE;
}
