#include "redis_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "buffer.h"
#include "clock.h"
#include "net_failure.h"

#define MAX_OUTPUT      ((size_t)256 * 1024 * 1024)
#define KEEP_OUTPUT     ((size_t)256 * 1024) /* not given back when all is sent */
#define INPUT_SIZE      ((size_t)32 * 1024)
#define LONGEST_WAIT_MS 60000
#define FAILED_WAIT_MS  10

struct slk_redis_connection {
    CURLM *multi;
    CURL *easy;           /* NULL: closed */
    bool is_in_handshake; /* of TLS, or past it */
    bool is_open;
    curl_socket_t fd;
    struct slk_net_options *net;
    const _Atomic int64_t *hurry_at;
    bool is_idle; /* any hurry ends its wait */
    redisReader *reader;
    struct slk_buffer out; /* does not move while something of it is being sent */
    size_t sent;           /* of out */
    size_t offered;        /* of out: libcurl has had that, and may have sent it */
    size_t gone;           /* before out */
    char *url;             /* as libcurl wants it */
    char *path;
    char *name;
    char curl_error[CURL_ERROR_SIZE];
    char input[INPUT_SIZE];
};

static char *format_url(const struct slk_redis_address *address)
{
    char *url = NULL;
    int length = address->path != NULL
                     ? asprintf(&url, "http://localhost/")
                     : asprintf(&url, "http%s://%s:%u/", address->is_encrypted ? "s" : "",
                                address->host, address->port);
    return length >= 0 ? url : NULL;
}

static char *format_name(const struct slk_redis_address *address)
{
    char *name = NULL;
    int length = address->path != NULL
                     ? asprintf(&name, "Redis at %.80s", address->path)
                     : asprintf(&name, "Redis at %.80s:%u", address->host, address->port);
    return length >= 0 ? name : NULL;
}

struct slk_redis_connection *slk_redis_connection_create(const struct slk_redis_address *address,
                                                         struct slk_net_options *net,
                                                         const _Atomic int64_t *hurry_at,
                                                         struct slk_error *err)
{
    struct slk_redis_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        slk_error_set(err, "memory", "out of memory for a connection");
        return NULL;
    }
    connection->net = slk_net_options_retain(net);
    connection->hurry_at = hurry_at;
    connection->fd = CURL_SOCKET_BAD;
    slk_buffer_init(&connection->out, MAX_OUTPUT);
    connection->multi = slk_net_create_multi();
    connection->url = format_url(address);
    connection->name = format_name(address);
    connection->path = address->path != NULL ? strdup(address->path) : NULL;
    if (connection->multi == NULL || connection->url == NULL || connection->name == NULL ||
        (address->path != NULL && connection->path == NULL)) {
        slk_error_set(err, "memory", "out of memory for a connection");
        slk_redis_connection_destroy(connection);
        return NULL;
    }
    const char *problem = slk_net_multi_problem(connection->multi);
    if (problem != NULL) {
        slk_error_set(err, "system", "%s cannot be used: %s", connection->name, problem);
        slk_redis_connection_destroy(connection);
        return NULL;
    }
    return connection;
}

void slk_redis_connection_destroy(struct slk_redis_connection *connection)
{
    if (connection != NULL) {
        slk_redis_connection_close(connection);
        curl_multi_cleanup(connection->multi);
        slk_net_options_release(connection->net);
        free(connection->url);
        free(connection->path);
        free(connection->name);
        free(connection);
    }
}

const char *slk_redis_connection_name(const struct slk_redis_connection *connection)
{
    return connection->name;
}

/* Opening -------------------------------------------------------------------- */

static size_t ignore_body(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

/* libcurl tells in no other way, while it goes on, that a host has been reached. */
static CURLcode begin_handshake(CURL *easy, void *tls, void *context)
{
    struct slk_redis_connection *connection = context;
    (void)easy;
    connection->is_in_handshake = true;
    return slk_net_options_trust(connection->net, tls);
}

static bool set_options(struct slk_redis_connection *connection)
{
    CURL *easy = connection->easy;
    bool is_ok = slk_net_options_apply(connection->net, easy) == SLK_OK &&
                 curl_easy_setopt(easy, CURLOPT_URL, connection->url) == CURLE_OK &&
                 curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
                 curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, connection->path) == CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->curl_error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore_body);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, begin_handshake);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, connection);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    return is_ok;
}

static bool begin(struct slk_redis_connection *connection)
{
    connection->curl_error[0] = '\0';
    connection->reader = redisReaderCreate();
    connection->easy = curl_easy_init();
    return connection->reader != NULL && connection->easy != NULL && set_options(connection) &&
           curl_multi_add_handle(connection->multi, connection->easy) == CURLM_OK;
}

static int64_t nanoseconds_left(const struct slk_redis_connection *connection, int64_t until)
{
    int64_t hurry_at = atomic_load(connection->hurry_at);
    if (connection->is_idle && hurry_at != SLK_NEVER) {
        return 0;
    }
    return (until < hurry_at ? until : hurry_at) - slk_clock_now();
}

static void wait(struct slk_redis_connection *connection, struct curl_waitfd *fds, unsigned count,
                 int64_t until)
{
    int ms = slk_clock_wait_ms(0, nanoseconds_left(connection, until), LONGEST_WAIT_MS);
    if (curl_multi_poll(connection->multi, fds, count, ms, NULL) != CURLM_OK) {
        poll(NULL, 0, ms < FAILED_WAIT_MS ? ms : FAILED_WAIT_MS);
    }
}

static bool is_finished(struct slk_redis_connection *connection, CURLcode *result)
{
    int running, left;
    curl_multi_perform(connection->multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(connection->multi, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return true;
        }
    }
    return false;
}

/* Of a Unix socket libcurl tells of a port that there is not. */
static const char *failure_text(const struct slk_redis_connection *connection)
{
    long number = 0;
    if (connection->path != NULL) {
        curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &number);
    }
    return number != 0 ? slk_errno_text((int)number) : connection->curl_error;
}

static enum slk_redis_progress finish(struct slk_redis_connection *connection, CURLcode result,
                                      struct slk_error *err)
{
    if (result == CURLE_OK) {
        curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &connection->fd);
    }
    if (connection->fd == CURL_SOCKET_BAD) {
        slk_net_failure(connection->easy, result, failure_text(connection), connection->name,
                        connection->net, err);
        slk_redis_connection_close(connection);
        return SLK_REDIS_FAILED;
    }
    connection->is_open = true;
    connection->curl_error[0] = '\0'; /* of an address that was tried before */
    return SLK_REDIS_DONE;
}

enum slk_redis_progress slk_redis_connection_open(struct slk_redis_connection *connection,
                                                  int64_t until, struct slk_error *err)
{
    if (connection->is_open) {
        return SLK_REDIS_DONE;
    }
    if (connection->easy == NULL && !begin(connection)) {
        slk_redis_connection_close(connection);
        slk_error_set(err, "memory", "%s: out of memory for a connection", connection->name);
        return SLK_REDIS_FAILED;
    }
    CURLcode result;
    while (!is_finished(connection, &result)) {
        if (nanoseconds_left(connection, until) <= 0) {
            return SLK_REDIS_LATER;
        }
        wait(connection, NULL, 0, until);
    }
    return finish(connection, result, err);
}

void slk_redis_connection_close(struct slk_redis_connection *connection)
{
    if (connection->easy != NULL) {
        curl_multi_remove_handle(connection->multi, connection->easy);
        curl_easy_cleanup(connection->easy);
        connection->easy = NULL;
    }
    if (connection->reader != NULL) {
        redisReaderFree(connection->reader);
        connection->reader = NULL;
    }
    if (connection->out.data != NULL) {
        OPENSSL_cleanse(connection->out.data, connection->out.capacity);
    }
    slk_buffer_free(&connection->out);
    connection->fd = CURL_SOCKET_BAD;
    connection->is_open = connection->is_in_handshake = false;
    connection->sent = connection->offered = connection->gone = 0;
}

bool slk_redis_connection_wants_tls(const struct slk_redis_connection *connection)
{
    return connection->is_in_handshake;
}

/* Speaking ------------------------------------------------------------------- */

/* All replies have been taken, so there is nothing to come but the end. */
bool slk_redis_connection_is_alive(struct slk_redis_connection *connection)
{
    size_t got = 0;
    return connection->is_open &&
           curl_easy_recv(connection->easy, connection->input, INPUT_SIZE, &got) == CURLE_AGAIN;
}

static void drop_sent(struct slk_redis_connection *connection)
{
    if (connection->sent > 0 && connection->sent == connection->out.length) {
        connection->gone += connection->sent;
        connection->out.length = connection->sent = connection->offered = 0;
        slk_buffer_shrink(&connection->out, KEEP_OUTPUT);
    }
}

static int append_word(struct slk_buffer *out, struct slk_text word)
{
    char head[32];
    int length = snprintf(head, sizeof head, "$%zu\r\n", word.length);
    int status = slk_buffer_append(out, head, (size_t)length);
    if (status == SLK_OK && word.length > 0) {
        status = slk_buffer_append(out, word.data, word.length);
    }
    return status == SLK_OK ? slk_buffer_append(out, "\r\n", 2) : status;
}

int slk_redis_connection_append(struct slk_redis_connection *connection,
                                const struct slk_text *words, size_t count)
{
    drop_sent(connection);
    struct slk_buffer *out = &connection->out;
    size_t before = out->length;
    char head[32];
    int length = snprintf(head, sizeof head, "*%zu\r\n", count);
    int status = slk_buffer_append(out, head, (size_t)length);
    for (size_t i = 0; i < count && status == SLK_OK; i++) {
        status = append_word(out, words[i]);
    }
    if (status != SLK_OK) {
        out->length = before;
        return SLK_NOMEM;
    }
    return SLK_OK;
}

size_t slk_redis_connection_appended(const struct slk_redis_connection *connection)
{
    return connection->gone + connection->out.length;
}

/* What goes out by TLS counts only when the last of it has gone, after many records. */
size_t slk_redis_connection_sent(const struct slk_redis_connection *connection)
{
    bool is_tls = connection->is_in_handshake;
    return connection->gone + (is_tls ? connection->offered : connection->sent);
}

static int lose(struct slk_redis_connection *connection, CURLcode result, struct slk_error *err)
{
    slk_error_set(err, "connection", "%s: the connection broke: %.120s", connection->name,
                  result == CURLE_OK                  ? "it was closed there"
                  : connection->curl_error[0] != '\0' ? connection->curl_error
                                                      : curl_easy_strerror(result));
    return SLK_CLOSED;
}

static int flush(struct slk_redis_connection *connection, struct slk_error *err)
{
    struct slk_buffer *out = &connection->out;
    while (connection->sent < out->length) {
        size_t sent = 0;
        connection->offered = out->length;
        CURLcode result = curl_easy_send(connection->easy, out->data + connection->sent,
                                         out->length - connection->sent, &sent);
        if (result == CURLE_AGAIN) {
            return SLK_OK;
        }
        if (result != CURLE_OK) {
            return lose(connection, result, err);
        }
        connection->sent += sent;
    }
    return SLK_OK;
}

/* Reads what has come; *some: that was anything. */
static int fill(struct slk_redis_connection *connection, bool *some, struct slk_error *err)
{
    size_t got = 0;
    CURLcode result = curl_easy_recv(connection->easy, connection->input, INPUT_SIZE, &got);
    *some = result == CURLE_OK;
    if (result == CURLE_AGAIN) {
        return SLK_OK;
    }
    if (result != CURLE_OK || got == 0) {
        return lose(connection, result, err);
    }
    return redisReaderFeed(connection->reader, connection->input, got) == REDIS_OK ? SLK_OK
                                                                                   : SLK_NOMEM;
}

static int parse(struct slk_redis_connection *connection, redisReply **reply, struct slk_error *err)
{
    void *parsed = NULL;
    if (redisReaderGetReply(connection->reader, &parsed) == REDIS_OK) {
        *reply = parsed;
        return SLK_OK;
    }
    if (connection->reader->err == REDIS_ERR_OOM) {
        return SLK_NOMEM;
    }
    slk_error_set(err, "protocol",
                  "%s is no Redis server, by what it answers: check host, port, and whether it "
                  "wants TLS (rediss)",
                  connection->name);
    return SLK_INVALID;
}

static void wait_for_socket(struct slk_redis_connection *connection, int64_t until)
{
    bool is_sending = connection->sent < connection->out.length;
    struct curl_waitfd fd = {
        .fd = connection->fd,
        .events = (short)(CURL_WAIT_POLLIN | (is_sending ? CURL_WAIT_POLLOUT : 0)),
    };
    wait(connection, &fd, 1, until);
}

/* Sends and reads until there is a reply or the time is over. */
static int exchange(struct slk_redis_connection *connection, int64_t until, redisReply **reply,
                    struct slk_error *err)
{
    int status = parse(connection, reply, err);
    while (status == SLK_OK && *reply == NULL) {
        bool some = false;
        status = flush(connection, err);
        if (status == SLK_OK) {
            status = fill(connection, &some, err);
        }
        if (status == SLK_OK && some) {
            status = parse(connection, reply, err);
        } else if (status == SLK_OK) {
            if (nanoseconds_left(connection, until) <= 0) {
                return SLK_OK;
            }
            wait_for_socket(connection, until);
        }
    }
    return status;
}

enum slk_redis_progress slk_redis_connection_receive(struct slk_redis_connection *connection,
                                                     int64_t until, redisReply **reply,
                                                     struct slk_error *err)
{
    *reply = NULL;
    int status = exchange(connection, until, reply, err);
    if (status == SLK_OK) {
        return *reply != NULL ? SLK_REDIS_DONE : SLK_REDIS_LATER;
    }
    if (status == SLK_NOMEM) {
        slk_error_set(err, "memory", "%s: out of memory for an answer", connection->name);
    }
    return SLK_REDIS_FAILED;
}

enum slk_redis_progress slk_redis_connection_receive_idly(struct slk_redis_connection *connection,
                                                          int64_t until, redisReply **reply,
                                                          struct slk_error *err)
{
    connection->is_idle = true;
    enum slk_redis_progress progress = slk_redis_connection_receive(connection, until, reply, err);
    connection->is_idle = false;
    return progress;
}

void slk_redis_connection_pause(struct slk_redis_connection *connection, int64_t until)
{
    wait(connection, NULL, 0, until);
}

void slk_redis_connection_wake(struct slk_redis_connection *connection)
{
    curl_multi_wakeup(connection->multi);
}
