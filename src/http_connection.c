/* One HTTP/1.1 connection over libwebsockets' raw-skt role: input goes through
 * our parser, one request at a time goes to Lua, its answer is written when the
 * socket is writable. Requests that come in the meantime wait in the parser. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "buffer.h"
#include "clock.h"
#include "server_socket.h"

#define WRITE_SIZE     65536
#define KEEP_OUT       65536 /* bytes of output buffer kept between answers */
#define LINGER_SECONDS 2     /* for a refused client to stop sending */

struct http_connection {
    struct slk_server_socket socket;
    struct slk_http_parser *parser;
    struct slk_buffer out; /* LWS_PRE bytes, then what is to be sent */
    size_t sent;           /* bytes of out, those LWS_PRE included */
    uint64_t request;      /* which Lua is to answer; 0: none */
    size_t unparsed;       /* bytes that the parser holds back, at most */
    bool in_request;       /* its first byte has come, its answer has not gone */
    bool is_head;          /* answered without a body */
    bool keep_alive;
    bool refused;   /* an answer is sent, then nothing more is taken */
    bool lingering; /* that answer has gone: only waits for the client's end */
};

static void destroy(struct slk_server_socket *socket)
{
    struct http_connection *connection = (struct http_connection *)socket;
    slk_slots_remove(&socket->server->slots, connection->request);
    slk_http_parser_destroy(connection->parser);
    slk_buffer_free(&connection->out);
    free(connection);
}

struct slk_server_socket *slk_http_connection_create(struct slk_http_server *server)
{
    struct http_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        return NULL;
    }
    connection->socket = (struct slk_server_socket){.server = server, .destroy = destroy};
    slk_buffer_init(&connection->out, SIZE_MAX / 2);
    connection->parser = slk_http_parser_create(&server->limits);
    if (connection->parser == NULL) {
        destroy(&connection->socket);
        return NULL;
    }
    return &connection->socket;
}

/* One absolute deadline, which no trickle of bytes moves; 0: none. */
static void set_deadline(struct http_connection *connection, int seconds)
{
    lws_set_timeout(connection->socket.wsi,
                    seconds > 0 ? PENDING_TIMEOUT_USER_OK : NO_PENDING_TIMEOUT, seconds);
}

static int append_text(struct http_connection *connection, const char *text)
{
    struct slk_buffer *out = &connection->out;
    static const char room[LWS_PRE];
    if (out->length == 0 && slk_buffer_append(out, room, LWS_PRE) != SLK_OK) {
        return SLK_NOMEM;
    }
    return slk_buffer_append(out, text, strlen(text));
}

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "Status";
}

/* The names are spelled out here because strftime's depend on the locale. */
static void format_date(char *text, size_t size)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    snprintf(text, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday], utc.tm_mday,
             months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

static int append_answer(struct http_connection *connection, int status, const char *headers,
                         const void *body, size_t length)
{
    char date[64], line[128], last[128];
    format_date(date, sizeof date);
    snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, phrase_of(status), date);
    bool bodiless = status == 204 || status == 304;
    int used = 0;
    if (!bodiless) {
        used = snprintf(last, sizeof last, "Content-Length: %zu\r\n", length);
    }
    snprintf(last + used, sizeof last - (size_t)used, "Connection: %s\r\n\r\n",
             connection->keep_alive ? "keep-alive" : "close");
    int failed = append_text(connection, line);
    failed = failed != 0 ? failed : append_text(connection, headers);
    failed = failed != 0 ? failed : append_text(connection, last);
    if (failed == 0 && !bodiless && !connection->is_head) {
        failed = slk_buffer_append(&connection->out, body, length);
    }
    return failed;
}

static size_t copy_text(struct slk_http_text *to, struct slk_http_text from, char *place)
{
    if (from.length > 0) {
        memcpy(place, from.data, from.length);
    }
    *to = (struct slk_http_text){place, from.length};
    return from.length;
}

static void destroy_message(struct slk_message *message)
{
    free(message);
}

static int deliver(struct http_connection *connection)
{
    struct slk_http_server *server = connection->socket.server;
    const struct slk_http_parser *parser = connection->parser;
    struct slk_http_text method = slk_http_parser_method(parser);
    struct slk_http_text target = slk_http_parser_target(parser);
    struct slk_http_text headers = slk_http_parser_headers(parser);
    struct slk_http_text body = slk_http_parser_body(parser);
    size_t size = sizeof(struct slk_request_message) + method.length + target.length +
                  headers.length + body.length;
    struct slk_request_message *request = malloc(size);
    connection->request = request != NULL ? slk_slots_add(&server->slots, &connection->socket) : 0;
    if (connection->request == 0) {
        free(request);
        return SLK_NOMEM;
    }
    *request = (struct slk_request_message){
        .message = {.destroy = destroy_message,
                    .kind = SLK_MESSAGE_REQUEST,
                    .source = server->source,
                    .size = size},
        .request = connection->request,
        .received = slk_clock_now(),
    };
    char *place = (char *)(request + 1);
    place += copy_text(&request->method, method, place);
    place += copy_text(&request->target, target, place);
    place += copy_text(&request->headers, headers, place);
    copy_text(&request->body, body, place);
    connection->is_head = method.length == 4 && memcmp(method.data, "HEAD", 4) == 0;
    connection->keep_alive = slk_http_parser_keep_alive(parser);
    size_t used = size - sizeof *request;
    connection->unparsed -= used < connection->unparsed ? used : connection->unparsed;
    set_deadline(connection, 0); /* the time from here on is Lua's */
    slk_mailbox_push(server->mailbox, &request->message);
    return SLK_OK;
}

static int refuse(struct http_connection *connection)
{
    const char *why = "";
    int status = slk_http_parser_refusal(connection->parser, &why);
    slk_log_write(connection->socket.server->log, SLK_LOG_INFO, "http_server",
                  "refused a request with %d: %s", status, why);
    connection->refused = true;
    connection->keep_alive = false;
    connection->is_head = false;
    return append_answer(connection, status, "Content-Type: text/plain\r\n", why, strlen(why));
}

/* Goes on with what the parser has, up to a request for Lua or a refusal. */
static int advance(struct http_connection *connection)
{
    int status = SLK_OK;
    bool more = false;
    while (!more && status == SLK_OK && connection->request == 0 && !connection->refused) {
        switch (slk_http_parser_next(connection->parser)) {
        case SLK_HTTP_MORE:
            more = true;
            connection->unparsed = 0;
            break;
        case SLK_HTTP_CONTINUE:
            status = append_text(connection, "HTTP/1.1 100 Continue\r\n\r\n");
            break;
        case SLK_HTTP_REQUEST: status = deliver(connection); break;
        case SLK_HTTP_REFUSED: status = refuse(connection); break;
        }
    }
    if (connection->out.length > 0) {
        lws_callback_on_writable(connection->socket.wsi);
    }
    return status;
}

static int on_input(struct http_connection *connection, const void *data, size_t length)
{
    struct slk_http_server *server = connection->socket.server;
    if (connection->refused) {
        return 0;
    }
    if (!connection->in_request) {
        connection->in_request = true;
        set_deadline(connection, server->request_timeout);
    }
    connection->unparsed += length;
    if (slk_http_parser_feed(connection->parser, data, length) != SLK_OK) {
        return -1;
    }
    if (connection->request == 0 && connection->out.length == 0) {
        return advance(connection);
    }
    /* Pipelined requests wait their turn, but not without limit. */
    return connection->unparsed > server->limits.max_head + server->limits.max_body ? -1 : 0;
}

/* Everything has been sent. Closing at once after a refusal would make a TCP
 * reset of the client's unread bytes, which can overtake the answer. */
static int on_sent(struct http_connection *connection)
{
    slk_buffer_free(&connection->out);
    connection->sent = 0;
    if (connection->request != 0) {
        return 0; /* that was a "100 Continue" */
    }
    if (connection->refused) {
        connection->lingering = true;
        shutdown(lws_get_socket_fd(connection->socket.wsi), SHUT_WR);
        set_deadline(connection, LINGER_SECONDS);
        return 0;
    }
    if (!connection->in_request) { /* an answer: the next request may be here already */
        if (!connection->keep_alive) {
            return -1;
        }
        set_deadline(connection, connection->socket.server->request_timeout);
        connection->in_request = connection->unparsed > 0;
    }
    return advance(connection);
}

static int on_writable(struct http_connection *connection)
{
    struct slk_buffer *out = &connection->out;
    if (out->length == 0) {
        return 0;
    }
    if (connection->sent == 0) {
        connection->sent = LWS_PRE;
    }
    size_t length = out->length - connection->sent;
    length = length < WRITE_SIZE ? length : WRITE_SIZE;
    int written = lws_write(connection->socket.wsi, (unsigned char *)out->data + connection->sent,
                            length, LWS_WRITE_RAW);
    if (written < (int)length) {
        return -1;
    }
    connection->sent += length;
    if (connection->sent == out->length) {
        return on_sent(connection);
    }
    lws_callback_on_writable(connection->socket.wsi);
    return 0;
}

void slk_http_connection_respond(struct slk_server_socket *socket, int status, const char *headers,
                                 const void *body, size_t length)
{
    struct http_connection *connection = (struct http_connection *)socket;
    slk_slots_remove(&socket->server->slots, connection->request);
    connection->request = 0;
    connection->in_request = false;
    if (append_answer(connection, status, headers, body, length) != SLK_OK) {
        slk_http_connection_drop(socket);
        return;
    }
    set_deadline(connection, socket->server->request_timeout);
    lws_callback_on_writable(socket->wsi);
}

void slk_http_connection_drop(struct slk_server_socket *socket)
{
    lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

int slk_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t length)
{
    (void)user;
    struct http_connection *connection = (struct http_connection *)slk_server_socket_of(wsi);
    switch ((int)reason) {
    case LWS_CALLBACK_RAW_ADOPT:
        set_deadline(connection, connection->socket.server->request_timeout);
        return 0;
    case LWS_CALLBACK_RAW_RX: return on_input(connection, in, length) != 0 ? -1 : 0;
    case LWS_CALLBACK_RAW_WRITEABLE: return on_writable(connection) != 0 ? -1 : 0;
    case LWS_CALLBACK_WSI_DESTROY: slk_server_socket_destroyed(wsi); return 0;
    default: return 0;
    }
}
