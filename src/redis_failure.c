#include "redis_failure.h"

#include <string.h>

#define NEEDS                                                                                      \
    "does not let this user: it needs get, set, del, incrby, eval, pexpire, exists and scan, "     \
    "an inbox evalsha, time, @stream, @sortedset, @list and @hash too, on keys that begin with "   \
    "the URL's prefix"

/* Looked for anywhere: before Redis 7 a script's errors stand behind other words. */
static const struct failure {
    const char *sign;
    const char *code;
    const char *text; /* comes after the name */
} failures[] = {
    {"OOM command not allowed", "memory_full",
     "has reached its maxmemory and takes no more: raise that, or make room"},
    {"READONLY", "read_only", "is a replica that takes no writes: give the URL of the primary"},
    {"LOADING", "busy", "is still loading its data: try again"},
    {"MASTERDOWN", "busy", "is a replica that has lost its primary: try again"},
    {"NOREPLICAS", "busy", "takes no writes while replicas are missing: try again"},
    {"BUSY Redis", "busy", "is busy with somebody's script: try again"},
    {"max number of clients", "busy", "has as many clients as it takes: raise its maxclients"},
    {"MISCONF", "disk_full",
     "cannot save to its disk and takes no writes meanwhile: look into its log"},
    {"NOAUTH", "denied",
     "wants a password, which the URL has before the host, as :PASSWORD@ or USER:PASSWORD@"},
    {"WRONGPASS", "denied", "does not take the user and password of the URL"},
    {"invalid password", "denied", "does not take the password of the URL"},
    {"without any password configured", "denied",
     "has no password set: take that of the URL out, or set one there"},
    {"no password is set", "denied",
     "has no password set: take that of the URL out, or set one there"},
    {"wrong number of arguments for 'auth'", "denied",
     "knows no users, only a password, as it is older than 6.0: take the user out of the URL"},
    {"NOPERM", "denied", NEEDS},
    {"user executing the script can't", "denied", NEEDS},
    {"DENIED", "denied",
     "is in protected mode and serves its own machine alone: set a password there, and in the "
     "URL"},
    {"DB index", "database", "has no database of the URL's number"},
    {"WRONGTYPE", "foreign",
     "holds something of another program under a key of ours: give the URL another ?prefix="},
    {"MOVED ", "cluster", "is part of a Redis Cluster, which is not spoken here: give one server"},
    {"ASK ", "cluster", "is part of a Redis Cluster, which is not spoken here: give one server"},
    {"CLUSTERDOWN", "cluster",
     "is part of a Redis Cluster, which is not spoken here: give one server"},
    {"SELECT is not allowed", "cluster",
     "is part of a Redis Cluster, which is not spoken here: give one server"},
    {"nknown command", "storage",
     "does not know a command that is needed: is it Redis 4 or newer, and nothing renamed?"},
};

static const struct failure *find(const char *text)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (strstr(text, failures[i].sign) != NULL) {
            return &failures[i];
        }
    }
    return NULL;
}

const char *slk_redis_explain(const char *name, const char *text, struct slk_error *err)
{
    const struct failure *failure = find(text);
    if (failure != NULL) {
        slk_error_set(err, failure->code, "%s %s", name, failure->text);
        return failure->code;
    }
    slk_error_set(err, "storage", "%s answered: %.100s", name, text);
    return "storage";
}

static const struct code {
    const char *word;
    bool is_refusal;
} codes[] = {
    {"busy", false},    {"cluster", true},      {"connection", false}, {"database", true},
    {"denied", true},   {"disk_full", false},   {"dns", false},        {"foreign", false},
    {"memory", false},  {"memory_full", false}, {"protocol", true},    {"read_only", false},
    {"sentinel", true}, {"timeout", false},     {"tls", true},
};

static const struct code unknown = {"storage", false};

static const struct code *find_code(const struct slk_error *err)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(err->code, codes[i].word) == 0) {
            return &codes[i];
        }
    }
    return &unknown;
}

const char *slk_redis_code(const struct slk_error *err)
{
    return find_code(err)->word;
}

bool slk_redis_is_refusal(const struct slk_error *err)
{
    return find_code(err)->is_refusal;
}
