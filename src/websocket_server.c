/* WebSockets served by libwebsockets' ws role. What is to be done to one waits
 * in a queue and is done when the socket is writable, so that acts happen in
 * order and a slow reader slows down nobody else. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "buffer.h"
#include "clock.h"
#include "server_socket.h"

#define MAX_TARGET      4096
#define NO_CLOSE_CODE   1005
#define NO_CLOSE        1006
#define MESSAGE_TOO_BIG 1009

struct slk_admission {
    struct slk_admission *next;
    char target[];
};

struct websocket {
    struct slk_server_socket socket;
    uint64_t number; /* 0: not open */
    char *target;    /* between the request for an upgrade and the upgrade */
    struct slk_buffer message;
    struct slk_websocket_act *first;
    struct slk_websocket_act **last;
    int close_code;
    bool too_big; /* closing because a message was */
};

int slk_admission_add(struct slk_http_server *server, const char *target)
{
    size_t size = strlen(target) + 1;
    struct slk_admission *admission = malloc(sizeof *admission + size);
    if (admission == NULL) {
        return SLK_NOMEM;
    }
    memcpy(admission->target, target, size);
    admission->next = server->admissions;
    server->admissions = admission;
    return SLK_OK;
}

void slk_admissions_free(struct slk_http_server *server)
{
    while (server->admissions != NULL) {
        struct slk_admission *admission = server->admissions;
        server->admissions = admission->next;
        free(admission);
    }
}

/* Clients may append query fields, as "&debug_reconnects=true" is for Slack. */
static bool matches(const char *admitted, const char *target)
{
    size_t length = strlen(admitted);
    return strncmp(admitted, target, length) == 0 &&
           (target[length] == '\0' || target[length] == '&' || target[length] == '?');
}

static bool take_admission(struct slk_http_server *server, const char *target)
{
    for (struct slk_admission **place = &server->admissions; *place != NULL;
         place = &(*place)->next) {
        struct slk_admission *admission = *place;
        if (matches(admission->target, target)) {
            *place = admission->next;
            free(admission);
            return true;
        }
    }
    return false;
}

static void free_acts(struct websocket *websocket)
{
    while (websocket->first != NULL) {
        struct slk_websocket_act *act = websocket->first;
        websocket->first = act->next;
        free(act);
    }
    websocket->last = &websocket->first;
}

/* Data that does not fit into memory is told without its bytes. */
static void tell(struct websocket *websocket, enum slk_ws_happening happening, const void *data,
                 size_t length)
{
    struct slk_http_server *server = websocket->socket.server;
    struct slk_served_message *message = malloc(sizeof *message + length);
    if (message == NULL) {
        length = 0;
        message = malloc(sizeof *message);
    }
    if (message == NULL) {
        return;
    }
    *message = (struct slk_served_message){
        .message = {.destroy = slk_message_free,
                    .kind = SLK_MESSAGE_WEBSOCKET,
                    .source = server->source,
                    .size = sizeof *message + length},
        .websocket = websocket->number,
        .happening = happening,
        .close_code = websocket->close_code,
        .at = slk_clock_now(),
        .length = length,
        .data = (const char *)(message + 1),
    };
    if (length > 0) {
        memcpy(message + 1, data, length);
    }
    slk_mailbox_push(server->mailbox, &message->message);
}

static void tell_closed(struct websocket *websocket)
{
    if (websocket->number != 0) {
        tell(websocket, SLK_SERVED_CLOSED, NULL, 0);
        slk_slots_remove(&websocket->socket.server->slots, websocket->number);
        websocket->number = 0;
    }
}

static void destroy(struct slk_server_socket *socket)
{
    struct websocket *websocket = (struct websocket *)socket;
    tell_closed(websocket);
    free_acts(websocket);
    slk_buffer_free(&websocket->message);
    free(websocket->target);
    free(websocket);
}

struct slk_server_socket *slk_websocket_create(struct slk_http_server *server)
{
    struct websocket *websocket = calloc(1, sizeof *websocket);
    if (websocket == NULL) {
        return NULL;
    }
    websocket->socket = (struct slk_server_socket){.server = server, .destroy = destroy};
    websocket->last = &websocket->first;
    websocket->close_code = NO_CLOSE;
    slk_buffer_init(&websocket->message, server->max_message);
    return &websocket->socket;
}

/* lws cuts the query at each '&'. Returns the length, -1 when there is no room. */
static int copy_query(struct lws *wsi, char *text, int size)
{
    int used = 0;
    for (int i = 0; used < size; i++) {
        int length = lws_hdr_copy_fragment(wsi, text + used + 1, size - used - 1,
                                           WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length < 0) {
            return used;
        }
        text[used] = i == 0 ? '?' : '&';
        used += length + 1;
    }
    return -1;
}

/* Path and query, percent-decoded by lws. NULL: too long, or no memory. */
static char *copy_target(struct lws *wsi)
{
    char *target = malloc(MAX_TARGET);
    int path = target != NULL ? lws_hdr_copy(wsi, target, MAX_TARGET, WSI_TOKEN_GET_URI) : -1;
    int query = path > 0 ? copy_query(wsi, target + path, MAX_TARGET - path - 1) : -1;
    if (query < 0) {
        free(target);
        return NULL;
    }
    target[path + query] = '\0';
    return target;
}

/* The answer goes out at once because the connection ends with this callback. */
static int refuse(struct lws *wsi, int status, const char *headers)
{
    char answer[LWS_PRE + 256];
    int length = snprintf(answer + LWS_PRE, sizeof answer - LWS_PRE,
                          "HTTP/1.1 %d %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n",
                          status, status == 426 ? "Upgrade Required" : "Refused", headers);
    lws_write(wsi, (unsigned char *)answer + LWS_PRE, (size_t)length, LWS_WRITE_HTTP);
    return -1;
}

static int on_upgrade(struct websocket *websocket, const char *protocol)
{
    struct slk_http_server *server = websocket->socket.server;
    struct lws *wsi = websocket->socket.wsi;
    if (strcasecmp(protocol, "websocket") != 0) {
        return refuse(wsi, 426, "Upgrade: websocket\r\n");
    }
    if (server->refusal != 0) {
        return refuse(wsi, server->refusal, "");
    }
    websocket->target = copy_target(wsi);
    if (websocket->target == NULL || !take_admission(server, websocket->target)) {
        return refuse(wsi, 403, "");
    }
    return 0;
}

/* A WebSocket says itself when it ends. lws 4.1 spins for its timeout when TLS cannot
 * say so too, because the peer has gone (EPIPE), and tells of no end meanwhile. */
static void end_quietly(struct lws *wsi)
{
    SSL *tls = lws_get_ssl(wsi);
    if (tls != NULL) {
        SSL_set_quiet_shutdown(tls, 1);
    }
}

static int on_open(struct websocket *websocket)
{
    end_quietly(websocket->socket.wsi);
    websocket->number = slk_slots_add(&websocket->socket.server->slots, &websocket->socket);
    if (websocket->number == 0) {
        return -1;
    }
    tell(websocket, SLK_SERVED_OPEN, websocket->target, strlen(websocket->target));
    free(websocket->target);
    websocket->target = NULL;
    return 0;
}

static int on_input(struct websocket *websocket, const void *data, size_t length)
{
    struct lws *wsi = websocket->socket.wsi;
    if (websocket->too_big) {
        return 0;
    }
    if (slk_buffer_append(&websocket->message, data, length) != SLK_OK) {
        /* Closed from the writable callback: lws_close_reason here crashes in
         * versions before 4.3.6. */
        websocket->too_big = true;
        lws_callback_on_writable(wsi);
        return 0;
    }
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
        tell(websocket, lws_frame_is_binary(wsi) ? SLK_SERVED_BINARY : SLK_SERVED_TEXT,
             websocket->message.data, websocket->message.length);
        websocket->message.length = 0;
        slk_buffer_shrink(&websocket->message, 65536);
    }
    return 0;
}

static void on_peer_close(struct websocket *websocket, const unsigned char *data, size_t length)
{
    websocket->close_code = length >= 2 ? data[0] << 8 | data[1] : NO_CLOSE_CODE;
}

/* Writes the next fragment of a message; true when it was the last. */
static bool write_message(struct websocket *websocket, struct slk_websocket_act *act)
{
    int pieces = act->number > 1 ? act->number : 1;
    size_t length = act->length / (size_t)pieces;
    bool is_first = act->pieces == 0, is_last = act->pieces == pieces - 1;
    if (is_last) {
        length = act->length - act->done;
    }
    int flags = act->kind == SLK_ACT_TEXT ? LWS_WRITE_TEXT : LWS_WRITE_BINARY;
    flags = lws_write_ws_flags(flags, is_first, is_last);
    lws_write(websocket->socket.wsi, act->data + LWS_PRE + act->done, length,
              (enum lws_write_protocol)flags);
    act->done += length;
    act->pieces++;
    return is_last;
}

/* Linux sends a reset at once when a connected socket is dissolved; elsewhere
 * the close does it. */
static void reset(struct lws *wsi)
{
    int fd = lws_get_socket_fd(wsi);
    struct linger linger = {.l_onoff = 1};
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    if (connect(fd, &nobody, sizeof nobody) != 0) {
        shutdown(fd, SHUT_RD);
    }
}

enum outcome { AGAIN, DONE, END };

static enum outcome perform(struct websocket *websocket, struct slk_websocket_act *act)
{
    struct lws *wsi = websocket->socket.wsi;
    unsigned char *data = act->data + LWS_PRE;
    switch (act->kind) {
    case SLK_ACT_TEXT:
    case SLK_ACT_BINARY: return write_message(websocket, act) ? DONE : AGAIN;
    case SLK_ACT_PING: lws_write(wsi, data, act->length, LWS_WRITE_PING); return DONE;
    /* With this flag lws sends the bytes as they are, also in the ws role. */
    case SLK_ACT_RAW: lws_write(wsi, data, act->length, LWS_WRITE_HTTP); return DONE;
    case SLK_ACT_SILENCE: lws_rx_flow_control(wsi, act->number == 0); return DONE;
    case SLK_ACT_CLOSE:
        if (act->number != 0) {
            lws_close_reason(wsi, (enum lws_close_status)act->number, data, act->length);
        }
        return END;
    case SLK_ACT_RESET: reset(wsi); return END;
    case SLK_ACT_DROP: break; /* never waits */
    }
    return DONE;
}

/* Non-zero ends the connection. */
static int on_writable(struct websocket *websocket)
{
    struct lws *wsi = websocket->socket.wsi;
    if (websocket->too_big) {
        lws_close_reason(wsi, (enum lws_close_status)MESSAGE_TOO_BIG, NULL, 0);
        return -1;
    }
    while (websocket->first != NULL && !lws_send_pipe_choked(wsi)) {
        struct slk_websocket_act *act = websocket->first;
        enum outcome outcome = perform(websocket, act);
        if (outcome == AGAIN) {
            continue;
        }
        websocket->first = act->next;
        if (websocket->first == NULL) {
            websocket->last = &websocket->first;
        }
        free(act);
        if (outcome == END) {
            return -1;
        }
    }
    if (websocket->first != NULL) {
        lws_callback_on_writable(wsi);
    }
    return 0;
}

void slk_websocket_act(struct slk_server_socket *socket, struct slk_websocket_act *act)
{
    struct websocket *websocket = (struct websocket *)socket;
    if (act->kind == SLK_ACT_DROP) { /* no turn would come to a peer that reads nothing */
        free(act);
        reset(socket->wsi);
        lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
        return;
    }
    act->next = NULL;
    *websocket->last = act;
    websocket->last = &act->next;
    lws_callback_on_writable(socket->wsi);
}

int slk_websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                           size_t length)
{
    struct websocket *websocket = (struct websocket *)slk_server_socket_of(wsi);
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return on_upgrade(websocket, in);
    case LWS_CALLBACK_FILTER_HTTP_CONNECTION: return refuse(wsi, 426, "Upgrade: websocket\r\n");
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: return websocket->target == NULL;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX: return -1; /* what a CONNECT request turns into */
    case LWS_CALLBACK_ESTABLISHED: return on_open(websocket);
    case LWS_CALLBACK_RECEIVE: return on_input(websocket, in, length);
    case LWS_CALLBACK_RECEIVE_PONG: tell(websocket, SLK_SERVED_PONG, in, length); return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: on_peer_close(websocket, in, length); return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: return on_writable(websocket);
    case LWS_CALLBACK_CLOSED: tell_closed(websocket); return 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        slk_server_tls_context_made(user, in);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY: slk_server_socket_destroyed(wsi); return 0;
    default: return 0;
    }
}
