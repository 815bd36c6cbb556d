#include "websocket_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "buffer.h"
#include "net_failure.h"
#include "websocket_upgrade.h"

#define MAX_OUTPUT  ((size_t)8 * 1024 * 1024) /* waiting for a peer that does not read */
#define KEEP_OUTPUT ((size_t)64 * 1024)       /* not given back when all is sent */

struct slk_ws_connection {
    CURLM *multi;
    CURL *easy;
    struct slk_net_options *net;
    struct slk_ws_parser *parser;
    size_t max_message;
    int fd;
    bool open;
    int retry_after;
    char *host;   /* as the Host header says it */
    char *target; /* path and query; wiped after the upgrade */
    char key[SLK_UPGRADE_KEY_SIZE];
    struct slk_buffer head; /* of the upgrade's answer, until it is complete */
    /* Frames are gathered in out. What is being sent moves to sending, which
     * does not change until it is gone: OpenSSL wants an interrupted write
     * repeated with the same bytes at the same address. */
    struct slk_buffer out;
    struct slk_buffer sending;
    size_t sent;
    struct slk_ws_masks masks;
    char curl_error[CURL_ERROR_SIZE];
};

static size_t ignore_body(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static char *format_string(const char *format, const char *a, const char *b, const char *c)
{
    size_t size = strlen(format) + strlen(a) + strlen(b) + strlen(c);
    char *text = malloc(size);
    if (text != NULL) {
        snprintf(text, size, format, a, b, c);
    }
    return text;
}

struct url_parts {
    char *scheme, *host, *port, *path, *query;
};

static void free_parts(struct url_parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->path);
    curl_free(parts->query);
}

/* Scheme, host and path are there afterwards; port and query may be NULL. */
static int split_url(const char *url, struct url_parts *parts)
{
    *parts = (struct url_parts){0};
    CURLU *handle = curl_url();
    if (handle == NULL) {
        return SLK_NOMEM;
    }
    int status = SLK_INVALID;
    if (curl_url_set(handle, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(handle, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
        curl_url_get(handle, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK &&
        curl_url_get(handle, CURLUPART_PATH, &parts->path, 0) == CURLUE_OK &&
        (strcmp(parts->scheme, "wss") == 0 || strcmp(parts->scheme, "ws") == 0)) {
        status = SLK_OK;
        curl_url_get(handle, CURLUPART_PORT, &parts->port, 0);
        curl_url_get(handle, CURLUPART_QUERY, &parts->query, 0);
    }
    curl_url_cleanup(handle);
    return status;
}

/* Fills host and target, and *http_url with what libcurl shall connect to. */
static int read_url(struct slk_ws_connection *connection, const char *url, char **http_url)
{
    struct url_parts parts;
    int status = split_url(url, &parts);
    if (status == SLK_OK) {
        const char *colon = parts.port != NULL ? ":" : "";
        const char *port = parts.port != NULL ? parts.port : "";
        const char *mark = parts.query != NULL ? "?" : "";
        const char *query = parts.query != NULL ? parts.query : "";
        connection->host = format_string("%s%s%s", parts.host, colon, port);
        connection->target = format_string("%s%s%s", parts.path, mark, query);
        const char *scheme = strcmp(parts.scheme, "wss") == 0 ? "https" : "http";
        if (connection->host != NULL) {
            *http_url = format_string("%s://%s/%s", scheme, connection->host, "");
        }
        if (connection->target == NULL || *http_url == NULL) {
            status = SLK_NOMEM;
        }
    }
    free_parts(&parts);
    return status;
}

/* OpenSSL then reads what has come in one go, in place of twice for each record. fill asks
 * until nothing is left, so what lies inside OpenSSL is never waited for. */
static CURLcode read_ahead(CURL *easy, void *context, void *net)
{
    (void)easy;
    SSL_CTX_set_read_ahead(context, 1);
    return slk_net_options_trust(net, context);
}

static bool set_options(struct slk_ws_connection *connection, const char *http_url, void *owner)
{
    CURL *easy = connection->easy;
    bool ok = slk_net_options_apply(connection->net, easy) == SLK_OK &&
              slk_net_options_aim(connection->net, easy, http_url) == SLK_OK &&
              curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PRIVATE, owner) == CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->curl_error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore_body);
    /* A server that may choose HTTP/2 does, and then knows no upgrade. */
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    /* libcurl itself waits for a proxy's answer, and knows nothing of what lies in OpenSSL. */
    if (slk_net_shares_openssl() && !slk_net_options_has_tls_proxy(connection->net)) {
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, read_ahead);
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, connection->net);
    }
    /* Else plain ws goes to a proxy as an ordinary request. */
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    return ok;
}

struct slk_ws_connection *slk_ws_connection_create(CURLM *multi, struct slk_net_options *net,
                                                   const char *url, size_t max_message, bool fresh,
                                                   void *owner, struct slk_error *err)
{
    if (slk_net_options_check_url(net, url, err) != SLK_OK) {
        return NULL;
    }
    struct slk_ws_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        slk_error_set(err, "memory", "out of memory for a connection");
        return NULL;
    }
    connection->fd = -1;
    connection->retry_after = -1;
    connection->multi = multi;
    connection->net = slk_net_options_retain(net);
    slk_buffer_init(&connection->head, SLK_UPGRADE_MAX_HEAD);
    slk_buffer_init(&connection->out, MAX_OUTPUT);
    slk_buffer_init(&connection->sending, MAX_OUTPUT);
    connection->max_message = max_message;
    connection->parser = slk_ws_parser_create(SLK_WS_CLIENT, max_message);
    connection->easy = curl_easy_init();
    char *http_url = NULL;
    int status = read_url(connection, url, &http_url);
    bool ok = status == SLK_OK && connection->parser != NULL && connection->easy != NULL &&
              set_options(connection, http_url, owner) &&
              curl_multi_add_handle(multi, connection->easy) == CURLM_OK;
    free(http_url);
    if (ok && fresh) {
        curl_easy_setopt(connection->easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
    if (ok) {
        return connection;
    }
    if (status == SLK_INVALID) {
        slk_error_set(err, "invalid_url", "the WebSocket URL is no ws or wss URL");
    } else {
        slk_error_set(err, "memory", "out of memory for a connection");
    }
    slk_ws_connection_destroy(connection);
    return NULL;
}

static void wipe_target(struct slk_ws_connection *connection)
{
    if (connection->target != NULL) {
        OPENSSL_cleanse(connection->target, strlen(connection->target));
        free(connection->target);
        connection->target = NULL;
    }
}

void slk_ws_connection_destroy(struct slk_ws_connection *connection)
{
    if (connection == NULL) {
        return;
    }
    if (connection->easy != NULL) {
        curl_multi_remove_handle(connection->multi, connection->easy);
        curl_easy_cleanup(connection->easy);
    }
    slk_ws_parser_destroy(connection->parser);
    slk_buffer_free(&connection->head);
    slk_buffer_free(&connection->out);
    slk_buffer_free(&connection->sending);
    wipe_target(connection);
    free(connection->host);
    slk_net_options_release(connection->net);
    free(connection);
}

int slk_ws_connection_connected(struct slk_ws_connection *connection, CURLcode result,
                                struct slk_error *err)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (result == CURLE_OK) {
        curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &fd);
    }
    if (fd == CURL_SOCKET_BAD) {
        char what[96];
        snprintf(what, sizeof what, "WebSocket %s", connection->host);
        slk_net_failure(connection->easy, result, connection->curl_error, what, connection->net,
                        err);
        return SLK_SYSTEM;
    }
    connection->fd = (int)fd;
    int status = slk_upgrade_request(&connection->out, connection->host, connection->target,
                                     connection->key);
    wipe_target(connection);
    if (status != SLK_OK) {
        slk_error_set(err, "invalid_url", "the WebSocket URL cannot be asked for");
        return status;
    }
    return slk_ws_connection_flush(connection, err);
}

void slk_ws_connection_late(const struct slk_ws_connection *connection, long long milliseconds,
                            struct slk_error *err)
{
    const char *phase = connection->open      ? "while waiting for Slack's hello"
                        : connection->fd >= 0 ? "while waiting for the answer to the upgrade"
                                              : slk_net_phase(connection->easy, connection->net);
    slk_error_set(err, "timeout", "connecting to %s takes too long: given up after %.1f s %s",
                  connection->host, (double)milliseconds / 1000, phase);
}

bool slk_ws_connection_is_open(const struct slk_ws_connection *connection)
{
    return connection->open;
}

size_t slk_ws_connection_max_message(const struct slk_ws_connection *connection)
{
    return connection->max_message;
}

int slk_ws_connection_fd(const struct slk_ws_connection *connection)
{
    return connection->fd;
}

int slk_ws_connection_retry_after(const struct slk_ws_connection *connection)
{
    return connection->retry_after;
}

static const char *curl_text(const struct slk_ws_connection *connection, CURLcode result)
{
    return connection->curl_error[0] != '\0' ? connection->curl_error : curl_easy_strerror(result);
}

/* Fills the buffer from the socket. One call of curl_easy_recv gives at most
 * one TLS record, and bytes left inside OpenSSL make no descriptor readable. */
static int fill(struct slk_ws_connection *connection, char *buffer, size_t size, size_t *length,
                struct slk_error *err)
{
    *length = 0;
    while (*length < size) {
        size_t got = 0;
        CURLcode result = curl_easy_recv(connection->easy, buffer + *length, size - *length, &got);
        if (result == CURLE_AGAIN) {
            return SLK_OK;
        }
        if (result != CURLE_OK) {
            slk_error_set(err, "connection", "the connection to %s failed: %s", connection->host,
                          curl_text(connection, result));
            return SLK_SYSTEM;
        }
        if (got == 0) {
            slk_error_set(err, "closed", "%s closed the connection", connection->host);
            return SLK_CLOSED;
        }
        *length += got;
    }
    return SLK_OK;
}

/* Takes the answer to the upgrade from the front of input once it is whole. */
static int read_head(struct slk_ws_connection *connection, struct slk_ws_input *input,
                     struct slk_error *err)
{
    struct slk_buffer *head = &connection->head;
    size_t before = head->length;
    size_t room = head->maximum - before;
    size_t length = input->length < room ? input->length : room;
    if (slk_buffer_append(head, input->data, length) != SLK_OK) {
        slk_error_set(err, "memory", "out of memory for the upgrade's answer");
        return SLK_NOMEM;
    }
    struct slk_upgrade_response response = {.retry_after = -1};
    int result = slk_upgrade_response(head->data, head->length, connection->key, &response, err);
    if (result < 0) {
        connection->retry_after = response.retry_after;
        snprintf(err->code, sizeof err->code, "upgrade");
        return SLK_CLOSED;
    }
    if (result == 0) {
        input->length = 0;
        return SLK_OK;
    }
    connection->open = true;
    size_t used = response.head_length - before;
    input->data += used;
    input->length -= used;
    slk_buffer_free(head);
    return SLK_OK;
}

int slk_ws_connection_read(struct slk_ws_connection *connection, char *buffer, size_t size,
                           struct slk_ws_input *input, struct slk_error *err)
{
    input->data = buffer;
    int status = fill(connection, buffer, size, &input->length, err);
    input->more = status == SLK_OK && input->length == size;
    if (!connection->open && input->length > 0) {
        struct slk_error refused;
        int head_status = read_head(connection, input, &refused);
        if (head_status != SLK_OK) {
            input->length = 0;
            *err = refused;
            return head_status;
        }
    }
    return status;
}

enum slk_ws_result slk_ws_connection_next(struct slk_ws_connection *connection,
                                          struct slk_ws_input *input,
                                          struct slk_ws_message *message)
{
    return slk_ws_parser_next(connection->parser, &input->data, &input->length, message);
}

int slk_ws_connection_append(struct slk_ws_connection *connection, enum slk_ws_opcode opcode,
                             const void *data, size_t length)
{
    return slk_ws_append_frame(&connection->out, &connection->masks, opcode, data, length);
}

int slk_ws_connection_append_close(struct slk_ws_connection *connection, uint16_t code,
                                   const char *reason)
{
    return slk_ws_append_close(&connection->out, &connection->masks, code, reason);
}

static bool next_batch(struct slk_ws_connection *connection)
{
    connection->sending.length = connection->sent = 0;
    slk_buffer_shrink(&connection->sending, KEEP_OUTPUT);
    if (connection->out.length == 0) {
        return false;
    }
    struct slk_buffer empty = connection->sending;
    connection->sending = connection->out;
    connection->out = empty;
    return true;
}

int slk_ws_connection_flush(struct slk_ws_connection *connection, struct slk_error *err)
{
    struct slk_buffer *sending = &connection->sending;
    while (connection->sent < sending->length || next_batch(connection)) {
        size_t sent = 0;
        CURLcode result = curl_easy_send(connection->easy, sending->data + connection->sent,
                                         sending->length - connection->sent, &sent);
        if (result == CURLE_AGAIN) {
            return SLK_OK;
        }
        if (result != CURLE_OK) {
            slk_error_set(err, "connection", "sending to %s failed: %s", connection->host,
                          curl_text(connection, result));
            return SLK_CLOSED;
        }
        connection->sent += sent;
    }
    return SLK_OK;
}

size_t slk_ws_connection_pending(const struct slk_ws_connection *connection)
{
    return connection->sending.length - connection->sent + connection->out.length;
}

/* The parser's other role reads our own frames back. */
static void visit_frames(struct slk_ws_parser *parser, const struct slk_buffer *frames, size_t sent,
                         void (*visit)(void *context, const char *text, size_t length),
                         void *context)
{
    char *data = frames->data;
    size_t length = frames->length;
    struct slk_ws_message message;
    enum slk_ws_result result;
    do {
        size_t start = frames->length - length;
        result = slk_ws_parser_next(parser, &data, &length, &message);
        if (result == SLK_WS_MESSAGE && message.opcode == SLK_WS_TEXT && start >= sent) {
            visit(context, message.data, message.length);
        }
    } while (result == SLK_WS_MESSAGE || result == SLK_WS_CONTROL);
}

void slk_ws_connection_unsent(struct slk_ws_connection *connection,
                              void (*visit)(void *context, const char *text, size_t length),
                              void *context)
{
    struct slk_ws_parser *parser = NULL;
    if (connection->open && slk_ws_connection_pending(connection) > 0) {
        parser = slk_ws_parser_create(SLK_WS_SERVER, MAX_OUTPUT);
    }
    if (parser != NULL) {
        visit_frames(parser, &connection->sending, connection->sent, visit, context);
        visit_frames(parser, &connection->out, 0, visit, context);
        slk_ws_parser_destroy(parser);
    }
}
