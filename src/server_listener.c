/* How connections come into being: a listening socket that libwebsockets polls
 * as a plain descriptor, accepted here, adopted with our own state hung on each
 * wsi, so that every socket of a server can be found and closed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "server_socket.h"

#define MOST_AT_ONCE 64

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

struct listener {
    struct slk_server_socket socket;
    struct lws_vhost *vhost;
    lws_adoption_type type;
    const char *protocol;
    bool is_http;
    struct slk_server_socket *(*create)(struct slk_http_server *server);
    int reserve; /* a descriptor to give up when there are no others */
};

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

static void tell_exhausted(struct slk_http_server *server)
{
    uint64_t count = slk_log_limit_count(&server->descriptor_lines, slk_clock_now());
    if (count > 0) {
        slk_log_write(server->log, SLK_LOG_ERROR, "http_server",
                      "out of file descriptors: %" PRIu64 " connections were turned away", count);
    }
}

/* Out of descriptors, and no connection is idle: turns one client away, or the
 * listener would stay readable and this thread would spin. */
static void turn_away(struct listener *listener, int fd)
{
    listener->socket.server->stats.connections_refused++;
    tell_exhausted(listener->socket.server);
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

static void take_in(struct listener *listener, int client)
{
    struct slk_http_server *server = listener->socket.server;
    bool may_come = !listener->is_http || slk_http_patience_admit(server);
    struct slk_server_socket *socket = may_come ? listener->create(server) : NULL;
    if (socket == NULL) {
        close(client);
        return;
    }
    send_without_delay(client);
    slk_server_adopt(server, socket, listener->vhost, listener->type, client, listener->protocol);
}

static bool somebody_waits(int fd)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    return poll(&waiting, 1, 0) > 0;
}

/* Whether to go on accepting. Linux says that there are no descriptors before
 * it looks whether one is needed. */
static bool on_refused_accept(struct listener *listener, int fd, int reason)
{
    bool is_exhausted = (reason == EMFILE || reason == ENFILE) && somebody_waits(fd);
    if (is_exhausted && slk_http_patience_evict(listener->socket.server)) {
        return true;
    }
    if (is_exhausted && listener->reserve >= 0) {
        turn_away(listener, fd);
    }
    return reason == EINTR || reason == ECONNABORTED;
}

/* Not all at once: those who have connected want to be served too. */
static void accept_some(struct listener *listener, int fd)
{
    bool goes_on = true;
    for (int i = 0; i < MOST_AT_ONCE && goes_on; i++) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            take_in(listener, client);
        } else {
            goes_on = on_refused_accept(listener, fd, errno);
        }
    }
}

int slk_listener_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                          size_t length)
{
    (void)user;
    (void)in;
    (void)length;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        struct listener *listener = (struct listener *)slk_server_socket_of(wsi);
        accept_some(listener, lws_get_socket_fd(wsi));
    }
    return 0;
}

int slk_server_listen(struct slk_http_server *server, struct lws_vhost *vhost,
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
        .is_http = create == slk_http_connection_create,
        .reserve = open_reserve(),
    };
    int status = slk_server_adopt(server, &listener->socket, vhost, LWS_ADOPT_RAW_FILE_DESC, fd,
                                  SLK_LISTENER_PROTOCOL);
    if (status != SLK_OK) {
        close(fd);
    }
    return status;
}

void slk_server_stop_listening(struct slk_http_server *server)
{
    struct slk_server_socket *next;
    for (struct slk_server_socket *socket = server->sockets; socket != NULL; socket = next) {
        bool is_listener = socket->destroy == destroy_listener;
        if (is_listener) {
            /* Who is in the queue has connected, and would be reset. */
            accept_some((struct listener *)socket, lws_get_socket_fd(socket->wsi));
        }
        next = socket->next; /* only now: a connection may have been closed for another */
        if (is_listener) {
            lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
        }
    }
}
