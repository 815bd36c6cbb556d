#include "http_server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "gate_turn.h"
#include "listener.h"
#include "server_socket.h"

#define FIRST_VHOST "slack"
#define RX_BUFFER   65536

/* Protocol 0 of a vhost hears of every wsi's end, so it is the connections'. */
static const struct lws_protocols http_protocols[] = {
    {.name = SLK_HTTP_PROTOCOL, .callback = slk_http_callback, .rx_buffer_size = RX_BUFFER},
    {.name = SLK_LISTENER_PROTOCOL, .callback = slk_listener_callback},
    {0},
};
static const struct lws_protocols websocket_protocols[] = {
    {.name = SLK_WEBSOCKET_PROTOCOL,
     .callback = slk_websocket_callback,
     .rx_buffer_size = RX_BUFFER},
    {.name = SLK_LISTENER_PROTOCOL, .callback = slk_listener_callback},
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

void slk_server_tls_context_made(SSL_CTX *context, struct lws_vhost *vhost)
{
    struct slk_http_server *server = lws_get_vhost_user(vhost);
    server->tls.log = server->log;
    slk_server_tls_use(&server->tls, context);
}

static struct lws_vhost *create_vhost(struct creation *creation, bool is_http)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .vhost_name = is_http ? "http" : "websocket",
        .protocols = is_http ? http_protocols : websocket_protocols,
        .alpn = "http/1.1",
        .options = LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .retry_and_idle_policy = &no_pings,
        .user = creation->server,
    };
    if (is_http) {
        info.options |= LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG;
        info.listen_accept_role = "raw-skt";
        info.listen_accept_protocol = SLK_HTTP_PROTOCOL;
    }
    const struct slk_server_tls *tls = &creation->server->tls;
    if (tls->cert_file != NULL) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = tls->cert_file;
        info.ssl_private_key_filepath = tls->key_file;
    }
    struct lws_vhost *vhost =
        lws_create_vhost(slk_server_thread_context(creation->server->thread), &info);
    if (vhost == NULL) {
        slk_error_set(creation->err, "server", "cannot serve%s",
                      tls->cert_file != NULL ? " with this certificate" : "");
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
    int status = is_http ? slk_server_listen(creation->server, *vhost, type, listening,
                                             SLK_HTTP_PROTOCOL, slk_http_connection_create)
                         : slk_server_listen(creation->server, *vhost, type | LWS_ADOPT_HTTP,
                                             listening, NULL, slk_websocket_create);
    if (status != SLK_OK) {
        slk_error_set(creation->err, "server", "cannot listen: out of memory or connections");
    }
    return status;
}

static void settle(struct slk_server_habit *habit)
{
    struct slk_gate *gate = ((struct slk_http_server *)habit)->gate;
    gate->settle(gate);
}

static void create_on_thread(void *argument)
{
    struct creation *creation = argument;
    struct slk_http_server *server = creation->server;
    slk_http_patience_start(server);
    if (server->gate != NULL) {
        server->settling.run = settle;
        slk_server_thread_add_habit(server->thread, &server->settling);
    }
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
    slk_server_thread_remove_habit(server->thread, &server->settling);
    if (server->gate != NULL) {
        server->gate->settle(server->gate);
    }
    slk_http_patience_stop(server);
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
    return port < 0 ? -1 : slk_listen(settings->host, port, settings->reuse_port, bound, err);
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
        server->patience = settings->patience;
        server->gate = settings->gate;
        if (server->gate != NULL) {
            server->gate->retain(server->gate);
        }
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
    if (settings->path != NULL) {
        server->port = -1;
        creation->http_fd = slk_listen_at_path(settings->path, creation->err);
    } else {
        creation->http_fd = listen_on(settings, settings->port, &server->port, creation->err);
    }
    if ((settings->path != NULL || settings->port >= 0) && creation->http_fd < 0) {
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
    if (settings->cert_file != NULL) {
        creation.status =
            slk_server_tls_init(&server->tls, settings->cert_file, settings->key_file, err);
    }
    if (creation.status == SLK_OK) {
        creation.status = open_listeners(&creation);
    }
    if (creation.status == SLK_OK) {
        server->thread = slk_server_thread_acquire(log, err);
        creation.status = server->thread != NULL ? SLK_OK : SLK_SYSTEM;
    }
    if (creation.status == SLK_OK) {
        if (server->gate != NULL) {
            slk_gate_turn_begin(server->gate->turn, server, slk_http_server_answer_held,
                                server->thread);
        }
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
        if (server->gate != NULL) {
            slk_gate_turn_end(server->gate->turn, server);
        }
        slk_server_thread_call(server->thread, destroy_on_thread, server);
        slk_server_thread_release(server->thread, server->log);
    }
    if (server->gate != NULL) {
        server->gate->release(server->gate);
    }
    slk_server_tls_free(&server->tls);
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

struct reload {
    struct slk_http_server *server;
    struct slk_error *err;
    int status;
};

static void reload_on_thread(void *argument)
{
    struct reload *reload = argument;
    reload->status = slk_server_tls_reload(&reload->server->tls, reload->err);
}

int slk_http_server_reload_certificate(struct slk_http_server *server, struct slk_error *err)
{
    if (server->tls.cert_file == NULL) {
        slk_error_set(err, "certificate", "the server has no certificate");
        return SLK_INVALID;
    }
    struct reload reload = {server, err, SLK_OK};
    slk_server_thread_call(server->thread, reload_on_thread, &reload);
    return reload.status;
}

static void finish_on_thread(void *argument)
{
    struct slk_http_server *server = argument;
    slk_server_stop_listening(server);
    server->finishing = true;
    slk_http_patience_end(server);
}

void slk_http_server_finish(struct slk_http_server *server)
{
    slk_server_thread_call(server->thread, finish_on_thread, server);
}

struct reading {
    const struct slk_http_server *server;
    struct slk_http_server_stats *stats;
};

static void read_on_thread(void *argument)
{
    const struct reading *reading = argument;
    *reading->stats = reading->server->stats;
}

void slk_http_server_stats(const struct slk_http_server *server,
                           struct slk_http_server_stats *stats)
{
    struct reading reading = {server, stats};
    slk_server_thread_call(server->thread, read_on_thread, &reading);
}

static size_t place_of(int status)
{
    static const int statuses[SLK_HTTP_STATUSES - 1] = {400, 408, 413, 431, 503};
    size_t place = 0;
    while (place < SLK_HTTP_STATUSES - 1 && statuses[place] != status) {
        place++;
    }
    return place;
}

void slk_http_server_refused(struct slk_http_server *server, int status, const char *why)
{
    size_t place = place_of(status);
    server->stats.refused[place]++;
    uint64_t count = slk_log_limit_count(&server->refusal_lines[place], slk_clock_now());
    if (count == 1) {
        slk_log_write(server->log, SLK_LOG_INFO, "http_server", "refused a request with %d: %s",
                      status, why);
    } else if (count > 1) {
        slk_log_write(server->log, SLK_LOG_INFO, "http_server",
                      "refused %" PRIu64 " requests with %d since the last such line, now: %s",
                      count, status, why);
    }
}
