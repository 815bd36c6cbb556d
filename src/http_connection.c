/* One HTTP/1.1 connection over libwebsockets' raw-skt role: input goes through
 * our parser, one request at a time goes to the gate and to Lua; those that come
 * in the meantime wait in the parser. At any time there is at most one deadline,
 * the one of what the connection waits for. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "buffer.h"
#include "clock.h"
#include "server_socket.h"

#define WRITE_SIZE     65536 /* at once, so that others have their turn */
#define SPARE_REQUESTS 16
#define FREE_BYTES     65536 /* of a request that is never refused for what others send */
#define HELD_SHARE     2 /* of the connections one in so many may be held, so that others get in */

struct http_connection {
    struct slk_server_socket socket;
    struct slk_deadline deadline;
    struct slk_http_parser *parser;
    struct slk_buffer out; /* LWS_PRE bytes, then what is to be sent */
    size_t sent;           /* bytes of out, those LWS_PRE included */
    uint64_t request;      /* which Lua is to answer; 0: none */
    int64_t asked;         /* when its last byte had come */
    int64_t received;      /* when the latest bytes came */
    int64_t now;           /* as of the latest that happened: the clock is read once for it */
    size_t unparsed;       /* bytes that the parser holds back, at most */
    size_t unverified;     /* its part of what the server counts so */
    bool is_owed;          /* the gate took that request over for Lua */
    bool is_held;          /* the gate holds it itself */
    bool is_head;          /* answered without a body */
    bool keep_alive;
    bool is_paused; /* not read from while it is written to */
    bool answering; /* out ends with an answer, not with a "100 Continue" */
    bool refused;   /* an answer is sent, then nothing more is taken */
};

static void await(struct http_connection *connection, enum slk_http_waiting_for what, int64_t from)
{
    struct slk_http_server *server = connection->socket.server;
    struct slk_http_wait *wait = &server->waits[what];
    slk_deadline_set(&connection->deadline, &wait->queue, from + wait->span);
    slk_http_patience_watch(server, connection->deadline.at);
}

/* The request that Lua was to answer is no more. */
static void settle(struct http_connection *connection)
{
    struct slk_http_server *server = connection->socket.server;
    slk_slots_remove(&server->slots, connection->request);
    connection->request = 0;
    server->stats.owed -= connection->is_owed;
    server->stats.held -= connection->is_held;
    connection->is_owed = connection->is_held = false;
    server->stats.waiting--;
}

/* The bytes of somebody of whom nobody knows who it is: all, until the gate takes the
 * request over; from then on what waits behind it. */
static void count_unverified(struct http_connection *connection)
{
    bool is_known = connection->is_owed || connection->is_held;
    size_t bytes = is_known ? connection->unparsed : slk_http_parser_held(connection->parser);
    connection->socket.server->stats.unverified += bytes - connection->unverified;
    connection->unverified = bytes;
}

static void destroy(struct slk_server_socket *socket)
{
    struct http_connection *connection = (struct http_connection *)socket;
    struct slk_http_server *server = socket->server;
    if (connection->is_owed || connection->is_held) {
        struct slk_gate_answer ignored = {0};
        server->gate->lost(server->gate, connection->request,
                           connection->is_owed ? SLK_GATE_GONE : SLK_GATE_HELD_GONE, &ignored);
    }
    if (connection->request != 0) {
        settle(connection);
    }
    server->stats.connections--;
    server->stats.unverified -= connection->unverified;
    slk_deadline_clear(&connection->deadline);
    slk_http_parser_destroy(connection->parser);
    slk_buffer_free(&connection->out);
    free(connection);
}

struct slk_server_socket *slk_http_connection_create(struct slk_http_server *server)
{
    struct http_connection *connection = calloc(1, sizeof *connection);
    struct slk_http_parser *parser = slk_http_parser_create(&server->limits);
    if (connection == NULL || parser == NULL) {
        free(connection);
        slk_http_parser_destroy(parser);
        return NULL;
    }
    connection->socket = (struct slk_server_socket){.server = server, .destroy = destroy};
    connection->parser = parser;
    slk_buffer_init(&connection->out, SIZE_MAX / 2);
    server->stats.connections++;
    server->stats.connections_accepted++;
    await(connection, SLK_WAIT_IDLE, slk_clock_now()); /* a TLS handshake counts as idle */
    return &connection->socket;
}

/* Bytes for lws_write, which wants room before them. */
static int make_room(struct http_connection *connection)
{
    static const char room[LWS_PRE];
    struct slk_buffer *out = &connection->out;
    return out->length > 0 ? SLK_OK : slk_buffer_append(out, room, LWS_PRE);
}

static int answer(struct http_connection *connection, int status, const char *headers,
                  struct slk_text body)
{
    struct slk_http_server *server = connection->socket.server;
    connection->keep_alive = connection->keep_alive && !server->finishing;
    const struct slk_http_answer answer = {.status = status,
                                           .headers = headers,
                                           .body = body,
                                           .is_head = connection->is_head,
                                           .keep_alive = connection->keep_alive};
    connection->answering = true;
    slk_deadline_clear(&connection->deadline);
    int failed = make_room(connection);
    if (failed == SLK_OK) {
        failed = slk_http_answer_append(&connection->out, &answer, &server->date);
    }
    return failed;
}

static int send_continue(struct http_connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    int failed = make_room(connection);
    if (failed == SLK_OK) {
        failed = slk_buffer_append(&connection->out, text, sizeof text - 1);
    }
    return failed;
}

static int refuse(struct http_connection *connection, int status, const char *why)
{
    slk_http_server_refused(connection->socket.server, status, why);
    connection->refused = true;
    connection->keep_alive = false;
    connection->is_head = false;
    slk_http_parser_forget(connection->parser);
    count_unverified(connection);
    return answer(connection, status, "Content-Type: text/plain\r\n",
                  (struct slk_text){why, strlen(why)});
}

static int pass_to_lua(struct slk_http_server *server, const struct slk_gate_request *from)
{
    size_t size = sizeof(struct slk_request_message) + from->method.length + from->target.length +
                  from->headers.length + from->body.length;
    struct slk_request_message *request = malloc(size);
    if (request == NULL) {
        return SLK_NOMEM;
    }
    *request = (struct slk_request_message){
        .message = {.destroy = slk_message_free,
                    .kind = SLK_MESSAGE_REQUEST,
                    .source = server->source,
                    .size = size},
        .request = from->number,
        .received = from->received,
    };
    char *place = (char *)(request + 1);
    place = slk_text_copy(&request->method, from->method, place);
    place = slk_text_copy(&request->target, from->target, place);
    place = slk_text_copy(&request->headers, from->headers, place);
    slk_text_copy(&request->body, from->body, place);
    slk_mailbox_push(server->mailbox, &request->message);
    return SLK_OK;
}

static int take_gate_answer(struct http_connection *connection, const struct slk_gate_answer *from)
{
    return answer(connection, from->status, from->headers != NULL ? from->headers : "", from->body);
}

/* Lua has all the time it wants, but not for any number of requests. What the gate
 * lets in has room of its own: strangers cannot take it, nor it that of others. A few
 * more get through, for Lua answers health checks also when it takes no others. */
static int pass(struct http_connection *connection, const struct slk_gate_request *request)
{
    struct slk_http_server *server = connection->socket.server;
    size_t passed = server->stats.waiting - server->stats.owed - server->stats.held;
    if (passed > server->patience.max_requests + SPARE_REQUESTS) {
        static const char why[] = "too many requests are waiting";
        settle(connection);
        slk_http_server_refused(server, 503, why);
        return answer(connection, 503, "Content-Type: text/plain\r\nRetry-After: 1\r\n",
                      (struct slk_text){why, sizeof why - 1});
    }
    slk_deadline_clear(&connection->deadline);
    return pass_to_lua(server, request);
}

static int judge(struct http_connection *connection, const struct slk_gate_request *request)
{
    struct slk_http_server *server = connection->socket.server;
    struct slk_gate_answer given = {0};
    enum slk_gate_verdict verdict =
        server->gate == NULL ? SLK_GATE_PASS : server->gate->judge(server->gate, request, &given);
    switch (verdict) {
    case SLK_GATE_PASS: return pass(connection, request);
    case SLK_GATE_ANSWER: settle(connection); return take_gate_answer(connection, &given);
    case SLK_GATE_OWED:
    case SLK_GATE_OWED_LONG:
        connection->is_owed = true;
        server->stats.owed++;
        await(connection, verdict == SLK_GATE_OWED ? SLK_WAIT_OWED : SLK_WAIT_OWED_LONG,
              request->received);
        return SLK_OK;
    case SLK_GATE_HELD:
        connection->is_held = true;
        server->stats.held++;
        await(connection, SLK_WAIT_HELD, request->received);
        return SLK_OK;
    }
    return SLK_INVALID;
}

static int deliver(struct http_connection *connection)
{
    struct slk_http_server *server = connection->socket.server;
    const struct slk_http_parser *parser = connection->parser;
    const struct slk_gate_request request = {
        .number = slk_slots_add(&server->slots, &connection->socket),
        .received = connection->received,
        .method = slk_http_parser_method(parser),
        .target = slk_http_parser_target(parser),
        .headers = slk_http_parser_headers(parser),
        .body = slk_http_parser_body(parser),
        .waiting = server->stats.owed,
        .max_waiting = server->patience.max_requests,
        .held = server->stats.held,
        .max_held = server->patience.max_connections / HELD_SHARE,
    };
    if (request.number == 0) {
        return SLK_NOMEM;
    }
    connection->request = request.number;
    connection->asked = request.received;
    connection->keep_alive = slk_http_parser_keep_alive(parser);
    connection->is_head = request.method.length == 4 && memcmp(request.method.data, "HEAD", 4) == 0;
    server->stats.waiting++;
    server->stats.requests++;
    size_t used = request.method.length + request.target.length + request.headers.length +
                  request.body.length;
    connection->unparsed -= used < connection->unparsed ? used : connection->unparsed;
    return judge(connection, &request);
}

/* The parser has taken all there is: how long may the rest take? */
static int await_more(struct http_connection *connection)
{
    struct slk_http_server *server = connection->socket.server;
    enum slk_http_waiting_for what = SLK_WAIT_IDLE;
    switch (slk_http_parser_stage(connection->parser)) {
    case SLK_HTTP_BETWEEN: what = SLK_WAIT_IDLE; break;
    case SLK_HTTP_IN_HEAD: what = SLK_WAIT_HEAD; break;
    case SLK_HTTP_IN_BODY: what = SLK_WAIT_BODY; break;
    }
    connection->unparsed = 0;
    if (what == SLK_WAIT_IDLE && server->finishing) {
        return SLK_CLOSED;
    }
    if (connection->deadline.queue != &server->waits[what].queue) {
        await(connection, what, connection->now);
    }
    return SLK_OK;
}

/* Goes on with what the parser has, up to a request that waits or a refusal. */
static int advance(struct http_connection *connection)
{
    const char *why = "";
    while (connection->request == 0 && !connection->answering) {
        int status = SLK_OK;
        switch (slk_http_parser_next(connection->parser)) {
        case SLK_HTTP_MORE: return await_more(connection);
        case SLK_HTTP_CONTINUE: status = send_continue(connection); break;
        case SLK_HTTP_REQUEST: status = deliver(connection); break;
        case SLK_HTTP_REFUSED:
            status = slk_http_parser_refusal(connection->parser, &why);
            status = refuse(connection, status, why);
            break;
        }
        if (status != SLK_OK) {
            return status;
        }
    }
    return SLK_OK;
}

/* lws closes a raw connection without telling TLS. */
static void say_goodbye(struct http_connection *connection)
{
    SSL *tls = lws_get_ssl(connection->socket.wsi);
    if (tls != NULL) {
        SSL_shutdown(tls);
        ERR_clear_error();
    }
}

/* Closing at once would make a TCP reset of what the client still sends, which
 * can overtake the answer. */
static void linger(struct http_connection *connection)
{
    say_goodbye(connection);
    shutdown(lws_get_socket_fd(connection->socket.wsi), SHUT_WR);
    await(connection, SLK_WAIT_LINGER, connection->now);
}

static int on_sent(struct http_connection *connection)
{
    struct slk_http_server *server = connection->socket.server;
    bool was_answer = connection->answering;
    slk_buffer_free(&connection->out);
    connection->sent = 0;
    connection->answering = false;
    if (connection->is_paused) {
        connection->is_paused = false;
        lws_rx_flow_control(connection->socket.wsi, 1);
    }
    if (!was_answer) {
        return SLK_OK; /* a "100 Continue": what follows it has its deadline */
    }
    if (connection->keep_alive) {
        int status = advance(connection);
        count_unverified(connection);
        return status;
    }
    if (connection->refused || connection->unparsed > 0 || server->finishing) {
        connection->refused = true;
        linger(connection);
        return SLK_OK;
    }
    say_goodbye(connection);
    return SLK_CLOSED;
}

/* Nothing is read meanwhile: lws would close at once when it came to an end
 * that the client has sent already, and a half-closed client wants its answer.
 * For that it has so long from the first try on. */
static void flush_later(struct http_connection *connection)
{
    if (connection->answering && connection->deadline.queue == NULL) {
        await(connection, SLK_WAIT_SENT, connection->now);
    }
    lws_rx_flow_control(connection->socket.wsi, 0);
    lws_callback_on_writable(connection->socket.wsi);
    connection->is_paused = true;
}

/* Sends a piece of what there is to send; the rest and what comes behind it
 * waits until the socket is writable. */
static int flush(struct http_connection *connection)
{
    struct slk_buffer *out = &connection->out;
    struct lws *wsi = connection->socket.wsi;
    int status = SLK_OK;
    if (out->length == 0) {
        return SLK_OK;
    }
    connection->sent = connection->sent > 0 ? connection->sent : LWS_PRE;
    size_t length = out->length - connection->sent;
    length = length < WRITE_SIZE ? length : WRITE_SIZE;
    if (length > 0 && lws_write(wsi, (unsigned char *)out->data + connection->sent, length,
                                LWS_WRITE_RAW) < (int)length) {
        return SLK_CLOSED;
    }
    connection->sent += length;
    /* lws may hold a part of what it took, and would lose it at a close. */
    if (connection->sent == out->length && !lws_partial_buffered(wsi)) {
        status = on_sent(connection);
    }
    if (status == SLK_OK && out->length > 0) {
        flush_later(connection);
    }
    return status;
}

static int on_writable(struct http_connection *connection)
{
    connection->now = slk_clock_now();
    return flush(connection);
}

/* At once, as there is nothing else to wait for but a slow client. */
static void send_answer(struct http_connection *connection, int answered)
{
    if (answered != SLK_OK || flush(connection) != SLK_OK) {
        slk_http_connection_drop(&connection->socket);
    }
}

/* An answer that Lua or the gate owed, by itself or at the gate's deadline. */
static void pay(struct http_connection *connection, int status, const char *headers,
                struct slk_text body)
{
    struct slk_http_server *server = connection->socket.server;
    connection->now = slk_clock_now();
    if (connection->is_owed || (connection->is_held && status == 200)) {
        server->gate->answered(server->gate, connection->request,
                               connection->now - connection->asked);
    }
    settle(connection);
    send_answer(connection, answer(connection, status, headers, body));
}

void slk_http_connection_respond(struct slk_server_socket *socket, int status, const char *headers,
                                 const void *body, size_t length)
{
    pay((struct http_connection *)socket, status, headers, (struct slk_text){body, length});
}

void slk_http_connection_drop(struct slk_server_socket *socket)
{
    lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static void on_deadline(struct http_connection *connection)
{
    struct slk_gate *gate = connection->socket.server->gate;
    struct slk_gate_answer given = {.status = 200};
    gate->lost(gate, connection->request,
               connection->is_held ? SLK_GATE_HELD_DEADLINE : SLK_GATE_DEADLINE, &given);
    pay(connection, given.status, given.headers != NULL ? given.headers : "", given.body);
}

static void turn_away(struct http_connection *connection, int status, const char *why)
{
    connection->now = slk_clock_now();
    send_answer(connection, refuse(connection, status, why));
}

static struct http_connection *connection_of(const struct slk_deadline *deadline)
{
    return (struct http_connection *)((char *)deadline -
                                      offsetof(struct http_connection, deadline));
}

static bool is_full(const struct slk_http_server *server)
{
    return server->stats.unverified > server->patience.max_bodies;
}

/* What has been coming the longest goes first: Slack sends its bodies in one go, who
 * wants to fill this process ends none of his. */
static int keep_room(struct http_connection *connection)
{
    static const char why[] = "too many bytes of requests are on their way (http.max_bodies)";
    struct slk_http_server *server = connection->socket.server;
    count_unverified(connection);
    if (connection->unverified <= FREE_BYTES) {
        return SLK_OK;
    }
    struct slk_deadline *next = server->waits[SLK_WAIT_BODY].queue.first;
    while (next != NULL && is_full(server)) {
        struct http_connection *oldest = connection_of(next);
        next = next->next;
        if (oldest == connection) {
            return refuse(connection, 503, why);
        } else if (oldest->unverified > FREE_BYTES) {
            turn_away(oldest, 503, why);
        }
    }
    return is_full(server) ? SLK_TOO_LARGE : SLK_OK;
}

/* From the end of a TLS handshake lws gives a client 10 s to send a request, and sees none in
 * a raw connection: it would close it in the midst of whatever it does then. */
static void stop_lws_clock(struct http_connection *connection)
{
    lws_set_timeout(connection->socket.wsi, NO_PENDING_TIMEOUT, 0);
}

static int on_input(struct http_connection *connection, const void *data, size_t length)
{
    const struct slk_http_limits *limits = &connection->socket.server->limits;
    if (connection->refused) {
        return SLK_OK;
    }
    if (connection->received == 0) {
        stop_lws_clock(connection);
    }
    connection->received = connection->now = slk_clock_now();
    connection->unparsed += length;
    if (slk_http_parser_feed(connection->parser, data, length) != SLK_OK) {
        return SLK_NOMEM;
    }
    if (connection->request == 0 && !connection->answering) {
        int status = advance(connection);
        status = status == SLK_OK ? keep_room(connection) : status;
        return status == SLK_OK ? flush(connection) : status;
    }
    /* Pipelined requests wait their turn, but not without limit. */
    bool is_much = connection->unparsed > limits->max_head + limits->max_body;
    return is_much ? SLK_TOO_LARGE : keep_room(connection);
}

bool slk_http_connection_is_idle(const struct slk_deadline *deadline)
{
    char byte;
    int fd = lws_get_socket_fd(connection_of(deadline)->socket.wsi);
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void slk_http_connection_expire(struct slk_deadline *deadline, enum slk_http_waiting_for what)
{
    struct http_connection *connection = connection_of(deadline);
    slk_deadline_clear(deadline);
    switch (what) {
    case SLK_WAIT_HEAD: turn_away(connection, 408, "the head of the request took too long"); break;
    case SLK_WAIT_BODY: turn_away(connection, 408, "the body of the request took too long"); break;
    case SLK_WAIT_OWED:
    case SLK_WAIT_OWED_LONG:
    case SLK_WAIT_HELD: on_deadline(connection); break;
    default: slk_http_connection_drop(&connection->socket); break;
    }
}

int slk_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t length)
{
    struct http_connection *connection = (struct http_connection *)slk_server_socket_of(wsi);
    switch ((int)reason) {
    case LWS_CALLBACK_RAW_RX: return on_input(connection, in, length) != SLK_OK ? -1 : 0;
    case LWS_CALLBACK_RAW_WRITEABLE: return on_writable(connection) != SLK_OK ? -1 : 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        slk_server_tls_context_made(user, in);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY: slk_server_socket_destroyed(wsi); return 0;
    default: return 0;
    }
}
