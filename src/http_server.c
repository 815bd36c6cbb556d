#include "http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener.h"
#include "server_socket.h"

#define LISTENER_PROTOCOL "slack-listener"
#define FIRST_VHOST       "slack"
#define RX_BUFFER         65536
#define MAX_PING          125

struct listener {
    struct slk_server_socket socket;
    struct lws_vhost *vhost;
    lws_adoption_type type;
    const char *protocol;
    struct slk_server_socket *(*create)(struct slk_http_server *server);
    int reserve; /* a descriptor to give up when there are no others */
};

/* ---- sockets ---- */

int slk_server_adopt(struct slk_http_server *server, struct slk_server_socket *socket,
                     struct lws_vhost *vhost, lws_adoption_type type, int fd, const char *protocol)
{
    lws_sock_file_fd_type descriptor = {.filefd = fd};
    lws_adopt_desc_t info = {
        .vh = vhost, .type = type, .fd = descriptor, .vh_prot_name = protocol, .opaque = socket};
    socket->next = server->sockets;
    socket->link = &server->sockets;
    if (socket->next != NULL) {
        socket->next->link = &socket->next;
    }
    server->sockets = socket;
    server->adopting = socket;
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&info);
    bool is_left = server->adopting == socket; /* no wsi was destroyed with it */
    server->adopting = NULL;
    if (wsi != NULL) {
        socket->wsi = wsi;
        return SLK_OK;
    }
    if (is_left) {
        *socket->link = socket->next;
        if (socket->next != NULL) {
            socket->next->link = socket->link;
        }
        socket->destroy(socket);
    }
    return SLK_SYSTEM;
}

struct slk_server_socket *slk_server_socket_of(struct lws *wsi)
{
    struct slk_server_socket *socket = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;
    if (socket != NULL) {
        socket->wsi = wsi;
    }
    return socket;
}

void slk_server_socket_destroyed(struct lws *wsi)
{
    struct slk_server_socket *socket = lws_get_opaque_user_data(wsi);
    if (socket == NULL) {
        return;
    }
    lws_set_opaque_user_data(wsi, NULL);
    if (socket->server->adopting == socket) {
        socket->server->adopting = NULL;
    }
    *socket->link = socket->next;
    if (socket->next != NULL) {
        socket->next->link = socket->link;
    }
    socket->destroy(socket);
}

/* ---- listeners ---- */

static void destroy_listener(struct slk_server_socket *socket)
{
    struct listener *listener = (struct listener *)socket;
    if (listener->reserve >= 0) {
        close(listener->reserve);
    }
    free(listener);
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Out of descriptors: turns one client away, or the listener would stay
 * readable and this thread would spin. */
static void turn_away(struct listener *listener, int fd)
{
    slk_log_write(listener->socket.server->log, SLK_LOG_ERROR, "http_server",
                  "out of file descriptors: a connection was turned away");
    close(listener->reserve);
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (client >= 0) {
        close(client);
    }
    listener->reserve = open_reserve();
}

/* What is written here is whole already; held back for the peer's delayed
 * acknowledgement it would come 40 ms late. */
static void send_without_delay(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void accept_all(struct listener *listener, int fd)
{
    for (;;) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) {
            if ((errno == EMFILE || errno == ENFILE) && listener->reserve >= 0) {
                turn_away(listener, fd);
            }
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            return;
        }
        send_without_delay(client);
        struct slk_http_server *server = listener->socket.server;
        struct slk_server_socket *socket = listener->create(server);
        if (socket == NULL) {
            close(client);
            continue;
        }
        slk_server_adopt(server, socket, listener->vhost, listener->type, client,
                         listener->protocol);
    }
}

static int listener_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                             void *in, size_t length)
{
    (void)user;
    (void)in;
    (void)length;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        struct listener *listener = (struct listener *)slk_server_socket_of(wsi);
        accept_all(listener, lws_get_socket_fd(wsi));
    }
    return 0;
}

/* Owns fd. */
static int add_listener(struct slk_http_server *server, struct lws_vhost *vhost,
                        lws_adoption_type type, int fd, const char *protocol,
                        struct slk_server_socket *(*create)(struct slk_http_server *server))
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        close(fd);
        return SLK_NOMEM;
    }
    *listener = (struct listener){
        .socket = {.server = server, .destroy = destroy_listener},
        .vhost = vhost,
        .type = type,
        .protocol = protocol,
        .create = create,
        .reserve = open_reserve(),
    };
    int status = slk_server_adopt(server, &listener->socket, vhost, LWS_ADOPT_RAW_FILE_DESC, fd,
                                  LISTENER_PROTOCOL);
    if (status != SLK_OK) {
        close(fd);
    }
    return status;
}

/* ---- create and destroy ---- */

/* Protocol 0 of a vhost hears of every wsi's end, so it is the connections'. */
static const struct lws_protocols http_protocols[] = {
    {.name = SLK_HTTP_PROTOCOL, .callback = slk_http_callback, .rx_buffer_size = RX_BUFFER},
    {.name = LISTENER_PROTOCOL, .callback = listener_callback},
    {0},
};
static const struct lws_protocols websocket_protocols[] = {
    {.name = SLK_WEBSOCKET_PROTOCOL,
     .callback = slk_websocket_callback,
     .rx_buffer_size = RX_BUFFER},
    {.name = LISTENER_PROTOCOL, .callback = listener_callback},
    {0},
};

/* lws' own keep-alive cannot be switched off, only put far away: whoever wants
 * pings sends them. */
static const lws_retry_bo_t no_pings = {.secs_since_valid_ping = UINT16_MAX - 1,
                                        .secs_since_valid_hangup = UINT16_MAX};

struct creation {
    struct slk_http_server *server;
    const struct slk_http_server_settings *settings;
    int http_fd; /* -1: none, or taken over */
    int websocket_fd;
    int status;
    struct slk_error *err;
};

static struct lws_vhost *create_vhost(struct creation *creation, bool is_http)
{
    const struct slk_http_server_settings *settings = creation->settings;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .vhost_name = is_http ? "http" : "websocket",
        .protocols = is_http ? http_protocols : websocket_protocols,
        .alpn = "http/1.1",
        .options = LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .retry_and_idle_policy = &no_pings,
    };
    if (is_http) {
        info.options |= LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG;
        info.listen_accept_role = "raw-skt";
        info.listen_accept_protocol = SLK_HTTP_PROTOCOL;
    }
    if (settings->cert_file != NULL) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = settings->cert_file;
        info.ssl_private_key_filepath = settings->key_file;
    }
    struct lws_vhost *vhost =
        lws_create_vhost(slk_server_thread_context(creation->server->thread), &info);
    if (vhost == NULL) {
        slk_error_set(creation->err, "certificate", "cannot serve with certificate %s and key %s",
                      settings->cert_file != NULL ? settings->cert_file : "(none)",
                      settings->key_file != NULL ? settings->key_file : "(none)");
    }
    return vhost;
}

/* lws moves a connection to the first vhost with its port number as soon as a
 * Host header or a TLS server name is seen, and a vhost that does not listen by
 * itself has the number -2, like every other of ours. So the first one belongs
 * to no server, has no certificate (then a connection keeps its own) and lives
 * as long as the context. */
static int create_first_vhost(struct creation *creation)
{
    struct lws_context *context = slk_server_thread_context(creation->server->thread);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .vhost_name = FIRST_VHOST,
        .protocols = websocket_protocols,
        .retry_and_idle_policy = &no_pings,
    };
    if (lws_get_vhost_by_name(context, FIRST_VHOST) == NULL &&
        lws_create_vhost(context, &info) == NULL) {
        slk_error_set(creation->err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    return SLK_OK;
}

/* Takes over *fd. */
static int serve(struct creation *creation, bool is_http, int *fd, struct lws_vhost **vhost)
{
    if (*fd < 0) {
        return SLK_OK;
    }
    *vhost = create_vhost(creation, is_http);
    if (*vhost == NULL) {
        return SLK_SYSTEM;
    }
    int listening = *fd;
    *fd = -1;
    lws_adoption_type type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL;
    int status = is_http ? add_listener(creation->server, *vhost, type, listening,
                                        SLK_HTTP_PROTOCOL, slk_http_connection_create)
                         : add_listener(creation->server, *vhost, type | LWS_ADOPT_HTTP, listening,
                                        NULL, slk_websocket_create);
    if (status != SLK_OK) {
        slk_error_set(creation->err, "server", "cannot listen: out of memory or connections");
    }
    return status;
}

static void create_on_thread(void *argument)
{
    struct creation *creation = argument;
    struct slk_http_server *server = creation->server;
    creation->status = create_first_vhost(creation);
    if (creation->status == SLK_OK) {
        creation->status = serve(creation, true, &creation->http_fd, &server->http_vhost);
    }
    if (creation->status == SLK_OK) {
        creation->status =
            serve(creation, false, &creation->websocket_fd, &server->websocket_vhost);
    }
}

static void destroy_on_thread(void *argument)
{
    struct slk_http_server *server = argument;
    while (server->sockets != NULL) {
        /* The first call may begin a polite close, the next ends it. */
        lws_set_timeout(server->sockets->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
    }
    /* With no sockets left these take effect at once. */
    if (server->http_vhost != NULL) {
        lws_vhost_destroy(server->http_vhost);
    }
    if (server->websocket_vhost != NULL) {
        lws_vhost_destroy(server->websocket_vhost);
    }
    slk_admissions_free(server);
    slk_slots_free(&server->slots);
}

static int listen_on(const struct slk_http_server_settings *settings, int port, int *bound,
                     struct slk_error *err)
{
    *bound = -1;
    return port < 0 ? -1 : slk_listen(settings->host, port, bound, err);
}

static struct slk_http_server *allocate(const struct slk_http_server_settings *settings,
                                        struct slk_log *log, struct slk_mailbox *mailbox,
                                        uint32_t source)
{
    struct slk_http_server *server = calloc(1, sizeof *server);
    if (server != NULL) {
        server->log = slk_log_retain(log);
        server->mailbox = slk_mailbox_retain(mailbox);
        server->source = source;
        server->limits = settings->limits;
        server->request_timeout = settings->request_timeout;
        server->max_message = settings->max_message;
    }
    return server;
}

/* Both ports are bound here, on the caller's thread, so that a port in use is
 * told in the system's own words. */
static int open_listeners(struct creation *creation)
{
    struct slk_http_server *server = creation->server;
    const struct slk_http_server_settings *settings = creation->settings;
    creation->http_fd = listen_on(settings, settings->port, &server->port, creation->err);
    if (settings->port >= 0 && creation->http_fd < 0) {
        return SLK_SYSTEM;
    }
    creation->websocket_fd =
        listen_on(settings, settings->websocket_port, &server->websocket_port, creation->err);
    return settings->websocket_port >= 0 && creation->websocket_fd < 0 ? SLK_SYSTEM : SLK_OK;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

struct slk_http_server *slk_http_server_create(const struct slk_http_server_settings *settings,
                                               struct slk_log *log, struct slk_mailbox *mailbox,
                                               uint32_t source, struct slk_error *err)
{
    struct slk_http_server *server = allocate(settings, log, mailbox, source);
    if (server == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return NULL;
    }
    struct creation creation = {
        .server = server, .settings = settings, .http_fd = -1, .websocket_fd = -1, .err = err};
    creation.status = open_listeners(&creation);
    if (creation.status == SLK_OK) {
        server->thread = slk_server_thread_acquire(log, err);
        creation.status = server->thread != NULL ? SLK_OK : SLK_SYSTEM;
    }
    if (creation.status == SLK_OK) {
        slk_server_thread_call(server->thread, create_on_thread, &creation);
    }
    close_if_open(creation.http_fd);
    close_if_open(creation.websocket_fd);
    if (creation.status != SLK_OK) {
        slk_http_server_destroy(server);
        return NULL;
    }
    return server;
}

void slk_http_server_destroy(struct slk_http_server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->thread != NULL) {
        slk_server_thread_call(server->thread, destroy_on_thread, server);
        slk_server_thread_release(server->thread, server->log);
    }
    slk_mailbox_release(server->mailbox);
    slk_log_release(server->log);
    free(server);
}

int slk_http_server_port(const struct slk_http_server *server)
{
    return server->port;
}

int slk_http_server_websocket_port(const struct slk_http_server *server)
{
    return server->websocket_port;
}

/* ---- what Lua tells ---- */

/* An order is a job with its text behind it. */
struct order {
    struct slk_server_job job;
    struct slk_http_server *server;
    uint64_t number;
    int status;
    size_t headers; /* bytes of text, terminator included */
    size_t length;  /* of the body behind the headers */
    char text[];
};

static struct order *create_order(struct slk_http_server *server, uint64_t number, int status,
                                  const char *headers, const void *body, size_t length)
{
    size_t headers_size = strlen(headers) + 1;
    struct order *order = malloc(sizeof *order + headers_size + length);
    if (order == NULL) {
        return NULL;
    }
    *order = (struct order){.server = server,
                            .number = number,
                            .status = status,
                            .headers = headers_size,
                            .length = length};
    memcpy(order->text, headers, headers_size);
    if (length > 0) {
        memcpy(order->text + headers_size, body, length);
    }
    return order;
}

static int post_order(struct order *order, void (*run)(struct slk_server_job *job))
{
    if (order == NULL) {
        return SLK_NOMEM;
    }
    order->job.run = run;
    slk_server_thread_post(order->server->thread, &order->job);
    return SLK_OK;
}

static void run_respond(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    struct slk_server_socket *socket = slk_slots_find(&order->server->slots, order->number);
    if (socket != NULL) {
        slk_http_connection_respond(socket, order->status, order->text,
                                    order->text + order->headers, order->length);
    }
    free(order);
}

/* Whole "Name: value\r\n" lines and nothing else. */
static bool are_header_lines(const char *headers)
{
    while (*headers != '\0') {
        size_t name = strcspn(headers, ":\r\n ");
        size_t line = strcspn(headers, "\r\n");
        if (name == 0 || headers[name] != ':' || strncmp(headers + line, "\r\n", 2) != 0) {
            return false;
        }
        headers += line + 2;
    }
    return true;
}

int slk_http_server_respond(struct slk_http_server *server, uint64_t request, int status,
                            const char *headers, const void *body, size_t length)
{
    if (!are_header_lines(headers) || status < 200 || status > 599) {
        return SLK_INVALID;
    }
    return post_order(create_order(server, request, status, headers, body, length), run_respond);
}

static void run_drop(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    struct slk_server_socket *socket = slk_slots_find(&order->server->slots, order->number);
    if (socket != NULL) {
        slk_http_connection_drop(socket);
    }
    free(order);
}

int slk_http_server_drop(struct slk_http_server *server, uint64_t request)
{
    return post_order(create_order(server, request, 0, "", NULL, 0), run_drop);
}

static void run_admit(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    if (slk_admission_add(order->server, order->text) != SLK_OK) {
        slk_log_write(order->server->log, SLK_LOG_ERROR, "http_server", "out of memory");
    }
    free(order);
}

int slk_http_server_admit(struct slk_http_server *server, const char *target)
{
    return post_order(create_order(server, 0, 0, target, NULL, 0), run_admit);
}

static void run_refuse(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    order->server->refusal = order->status;
    free(order);
}

int slk_http_server_refuse_upgrades(struct slk_http_server *server, int status)
{
    return post_order(create_order(server, 0, status, "", NULL, 0), run_refuse);
}

struct act_job {
    struct slk_server_job job;
    struct slk_http_server *server;
    uint64_t websocket;
    struct slk_websocket_act *act;
};

static void run_act(struct slk_server_job *job)
{
    struct act_job *order = (struct act_job *)job;
    struct slk_server_socket *socket = slk_slots_find(&order->server->slots, order->websocket);
    if (socket != NULL) {
        slk_websocket_act(socket, order->act);
    } else {
        free(order->act);
    }
    free(order);
}

int slk_http_server_act(struct slk_http_server *server, uint64_t websocket, enum slk_served_act act,
                        const void *data, size_t length, int number)
{
    size_t most = act == SLK_ACT_PING ? MAX_PING : act == SLK_ACT_CLOSE ? MAX_PING - 2 : SIZE_MAX;
    if (length > most) {
        return SLK_TOO_LARGE;
    }
    struct act_job *order = malloc(sizeof *order);
    struct slk_websocket_act *waiting = malloc(sizeof *waiting + LWS_PRE + length);
    if (order == NULL || waiting == NULL) {
        free(order);
        free(waiting);
        return SLK_NOMEM;
    }
    *waiting = (struct slk_websocket_act){.kind = act, .number = number, .length = length};
    if (length > 0) {
        memcpy(waiting->data + LWS_PRE, data, length);
    }
    *order = (struct act_job){{NULL, run_act}, server, websocket, waiting};
    slk_server_thread_post(server->thread, &order->job);
    return SLK_OK;
}
