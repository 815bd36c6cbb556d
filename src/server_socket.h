/* What the parts of one server share: its state, and what each of its sockets
 * (listeners, HTTP connections, WebSockets) begins with. Server thread only,
 * except where a field says otherwise. */
#ifndef SLK_SERVER_SOCKET_H
#define SLK_SERVER_SOCKET_H

#include <libwebsockets.h>

#include "deadlines.h"
#include "http_answer.h"
#include "http_gate.h"
#include "http_server.h"
#include "log_limit.h"
#include "server_thread.h"
#include "server_tls.h"
#include "slots.h"

/* Hangs on its wsi as opaque user data and is destroyed with it. */
struct slk_server_socket {
    struct slk_http_server *server;
    struct lws *wsi;
    void (*destroy)(struct slk_server_socket *socket);
    struct slk_server_socket *next;
    struct slk_server_socket **link;
};

struct slk_admission;

/* What an HTTP connection may be waiting for, each no longer than its span. */
enum slk_http_waiting_for {
    SLK_WAIT_IDLE, /* the first byte of a request */
    SLK_WAIT_HEAD,
    SLK_WAIT_BODY,
    SLK_WAIT_OWED, /* Lua's answer to a request that the gate took over */
    SLK_WAIT_OWED_LONG,
    SLK_WAIT_HELD,   /* the gate itself */
    SLK_WAIT_SENT,   /* the client to take its answer */
    SLK_WAIT_LINGER, /* a refused client to stop sending */
    SLK_HTTP_WAITS
};

struct slk_http_wait {
    struct slk_deadlines queue; /* of connections */
    int64_t span;               /* nanoseconds */
};

#define SLK_HTTP_STATUSES 6 /* as in slk_http_server_stats.refused */

struct slk_http_server {
    struct slk_server_habit settling; /* first: lets the gate tell what it has judged */
    struct slk_server_thread *thread; /* these do not change after create */
    struct slk_log *log;
    struct slk_mailbox *mailbox;
    uint32_t source;
    int port;
    int websocket_port;
    struct slk_http_limits limits;
    struct slk_http_patience patience;
    struct slk_gate *gate; /* NULL: none */
    size_t max_message;

    struct slk_server_tls tls;
    struct lws_vhost *http_vhost;
    struct lws_vhost *websocket_vhost;
    struct slk_server_socket *sockets;
    struct slk_server_socket *adopting; /* until lws has told whether it took it */
    struct slk_slots slots;             /* requests that wait, and WebSockets */
    struct slk_admission *admissions;
    int refusal; /* status for every upgrade; 0: none */

    struct slk_http_wait waits[SLK_HTTP_WAITS];
    lws_sorted_usec_list_t timer; /* for the earliest of their deadlines */
    int64_t timer_at;             /* SLK_NEVER: it is not running */
    struct slk_http_date date;
    struct slk_http_server_stats stats;
    struct slk_log_limit refusal_lines[SLK_HTTP_STATUSES];
    struct slk_log_limit evicted_lines;
    struct slk_log_limit refused_lines;
    struct slk_log_limit descriptor_lines;
    bool finishing;
};

/* Makes a wsi of the descriptor, bound to the named protocol (NULL: the role's
 * own choice). Owns socket and, for a network socket, fd, also when it fails. */
int slk_server_adopt(struct slk_http_server *server, struct slk_server_socket *socket,
                     struct lws_vhost *vhost, lws_adoption_type type, int fd, const char *protocol);

/* The socket of a wsi in a callback; NULL before adoption is complete. */
struct slk_server_socket *slk_server_socket_of(struct lws *wsi);

/* For LWS_CALLBACK_WSI_DESTROY. */
void slk_server_socket_destroyed(struct lws *wsi);

/* Listens on fd, which it owns, and adopts each connection as type, bound to
 * protocol, with what create makes. SLK_OK, SLK_NOMEM or SLK_SYSTEM. */
#define SLK_LISTENER_PROTOCOL "slack-listener"
int slk_listener_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                          size_t length);
int slk_server_listen(struct slk_http_server *server, struct lws_vhost *vhost,
                      lws_adoption_type type, int fd, const char *protocol,
                      struct slk_server_socket *(*create)(struct slk_http_server *server));

/* For LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS. */
void slk_server_tls_context_made(SSL_CTX *context, struct lws_vhost *vhost);

/* Takes in what has come already, then closes every listening socket. */
void slk_server_stop_listening(struct slk_http_server *server);

/* What a gate does on its turn (server_orders.c). */
slk_gate_answer_held slk_http_server_answer_held;

/* Raw skt connections under our HTTP parser (http_connection.c). */
#define SLK_HTTP_PROTOCOL "slack-http"
int slk_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t length);
struct slk_server_socket *slk_http_connection_create(struct slk_http_server *server);
/* Answers the request that the connection waits for; headers are lines. */
void slk_http_connection_respond(struct slk_server_socket *socket, int status, const char *headers,
                                 const void *body, size_t length);
void slk_http_connection_drop(struct slk_server_socket *socket);
/* Whether there is nothing at all to do for it, unread bytes included. */
bool slk_http_connection_is_idle(const struct slk_deadline *deadline);
/* Its wait for that was too long. */
void slk_http_connection_expire(struct slk_deadline *deadline, enum slk_http_waiting_for what);

/* The time and room that HTTP connections are given (http_patience.c). */
void slk_http_patience_start(struct slk_http_server *server);
void slk_http_patience_stop(struct slk_http_server *server);
/* A deadline was set. */
void slk_http_patience_watch(struct slk_http_server *server, int64_t at);
/* Whether one more connection may come; an idle or a slow one is closed for it
 * if need be, or just because there are no descriptors left. */
bool slk_http_patience_admit(struct slk_http_server *server);
bool slk_http_patience_evict(struct slk_http_server *server);
/* Closes all that are idle. */
void slk_http_patience_end(struct slk_http_server *server);
/* Counts a request that the server itself refuses, and logs it unless there was
 * such a line a moment ago. why is text of ours. */
void slk_http_server_refused(struct slk_http_server *server, int status, const char *why);

/* WebSockets (websocket_server.c). */
#define SLK_WEBSOCKET_PROTOCOL "slack-websocket"
int slk_websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                           size_t length);
struct slk_server_socket *slk_websocket_create(struct slk_http_server *server);

/* One act that waits for its turn; the data begins LWS_PRE bytes into it. */
struct slk_websocket_act {
    struct slk_websocket_act *next;
    enum slk_served_act kind;
    int number;
    int pieces; /* fragments written so far */
    size_t length;
    size_t done; /* bytes written so far */
    unsigned char data[];
};

/* Owns act. */
void slk_websocket_act(struct slk_server_socket *socket, struct slk_websocket_act *act);

/* A target that may upgrade, once. SLK_OK or SLK_NOMEM. */
int slk_admission_add(struct slk_http_server *server, const char *target);
void slk_admissions_free(struct slk_http_server *server);

#endif
