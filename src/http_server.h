/* The server thread: libwebsockets serving HTTP/1.1 and WebSockets.
 *
 * HTTP listeners use libwebsockets' raw-skt role (TLS, buffers, timers) under
 * our own request parser; WebSocket listeners use its ws role, a second
 * implementation of RFC 6455 that keeps our codec honest. One context and one
 * thread per process, shared by every server in it and ended with the last.
 *
 * Created, told and destroyed on the Lua thread; everything else happens on
 * the server thread. Nothing here knows Slack: requests and frames go to the
 * mailbox, answers come back by number. */
#ifndef SLK_HTTP_SERVER_H
#define SLK_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "http_gate.h"
#include "http_parser.h"
#include "log.h"
#include "mailbox.h"

struct slk_http_server;

/* What one server puts up with. A limit that is crossed costs the request or
 * connection that crossed it, and is counted. */
struct slk_http_patience {
    int head_timeout;       /* seconds from a request's first byte to the end of its head: 408 */
    int body_timeout;       /* seconds from there to the end of its body: 408 */
    int idle_timeout;       /* seconds between requests, and before the first: closed */
    size_t max_connections; /* beyond: an idle one, or the slowest, makes room */
    size_t max_requests;    /* waiting for Lua's answer, of those the gate let in and of the rest
                             * each; beyond: 503 with Retry-After */
    size_t max_bodies;      /* bytes of requests that nobody has vouched for yet, of all connections
                             * together; beyond: 503 for the large one that has come the longest */
};

struct slk_http_server_settings {
    const char *host;      /* address to listen on, "127.0.0.1" */
    const char *path;      /* of HTTP on a socket of this machine, in place of a port; NULL */
    int port;              /* of HTTP; 0: any free one; -1: no HTTP listener */
    int websocket_port;    /* of WebSocket; 0: any free one; -1: none */
    const char *cert_file; /* PEM; NULL: plain text */
    const char *key_file;
    struct slk_http_limits limits;
    struct slk_http_patience patience;
    bool reuse_port;       /* SO_REUSEPORT: other processes listen on the same port */
    struct slk_gate *gate; /* http_gate.h: sees requests before Lua does; NULL: none; retained */
    size_t max_message;    /* bytes of one inbound WebSocket message */
};

/* Counters since create, and how it is now. */
struct slk_http_server_stats {
    uint64_t connections_accepted;
    uint64_t connections_evicted; /* idle or slow, closed for a new one */
    uint64_t connections_refused; /* new, closed because none was idle */
    uint64_t requests;            /* whole ones that parsed */
    uint64_t refused[6];          /* by the server itself: 400, 408, 413, 431, 503, any other */
    size_t connections, waiting;  /* open now; requests that wait for Lua's answer now */
    size_t owed;                  /* those of them that the gate let in */
    size_t held;                  /* those of them that wait for the gate itself */
    size_t unverified;            /* bytes that count towards max_bodies */
};

/* A request: kind SLK_MESSAGE_REQUEST. All text lies in the one allocation. */
struct slk_request_message {
    struct slk_message message;
    uint64_t request; /* answer with slk_http_server_respond */
    int64_t received;
    struct slk_text method, target, headers, body;
};

enum slk_ws_happening {
    SLK_SERVED_OPEN, /* upgraded; data is the request target */
    SLK_SERVED_TEXT, /* a whole text message in data */
    SLK_SERVED_BINARY,
    SLK_SERVED_PONG,  /* pings are answered by libwebsockets, which tells nobody */
    SLK_SERVED_CLOSED /* gone; close_code is the peer's, 1005: it gave none, 1006: no close came */
};

/* kind SLK_MESSAGE_WEBSOCKET. */
struct slk_served_message {
    struct slk_message message;
    uint64_t websocket;
    enum slk_ws_happening happening;
    int close_code;
    int64_t at; /* slk_clock_now scale, taken on the server thread */
    size_t length;
    const char *data;
};

/* Starts listening before it returns. NULL with err (address in use, bad
 * certificate, ...). References to log and mailbox are kept. */
struct slk_http_server *slk_http_server_create(const struct slk_http_server_settings *settings,
                                               struct slk_log *log, struct slk_mailbox *mailbox,
                                               uint32_t source, struct slk_error *err);

/* The ports that were bound; -1 when there is no such listener. */
int slk_http_server_port(const struct slk_http_server *server);
int slk_http_server_websocket_port(const struct slk_http_server *server);

/* headers: "Name: value\r\n" lines without Content-Length and Connection,
 * which are added here. Everything is copied. A request whose connection has
 * gone is forgotten silently. SLK_OK, SLK_NOMEM, SLK_INVALID (headers). */
int slk_http_server_respond(struct slk_http_server *server, uint64_t request, int status,
                            const char *headers, const void *body, size_t length);

/* Loads cert_file and key_file again, for connections to come; those that are
 * there go on with what they have. SLK_OK, or err and everything stays. */
int slk_http_server_reload_certificate(struct slk_http_server *server, struct slk_error *err);

/* Accepts no more connections and ends each one at its next answer or at once
 * when idle. What was begun is finished. */
void slk_http_server_finish(struct slk_http_server *server);

void slk_http_server_stats(const struct slk_http_server *server,
                           struct slk_http_server_stats *stats);

/* Closes the connection of a request without an answer. */
int slk_http_server_drop(struct slk_http_server *server, uint64_t request);

/* Upgrades are refused with 403 unless their target was admitted, once each,
 * before; more query fields after the admitted ones are fine. status other
 * than 0 refuses all upgrades with it, until 0 is set. */
int slk_http_server_admit(struct slk_http_server *server, const char *target);
int slk_http_server_refuse_upgrades(struct slk_http_server *server, int status);

enum slk_served_act {
    SLK_ACT_TEXT, /* send a message; number is how many fragments it is cut into (0, 1: none) */
    SLK_ACT_BINARY,
    SLK_ACT_PING,
    SLK_ACT_RAW,     /* put these very bytes on the wire, for misbehavior on purpose */
    SLK_ACT_CLOSE,   /* close handshake; number is the code (0: just end TCP), data the reason */
    SLK_ACT_RESET,   /* TCP reset, nothing said */
    SLK_ACT_SILENCE, /* number 1: stop reading, so that nothing is answered; 0: go on */
    SLK_ACT_DROP,    /* TCP reset now: what waits to be sent before it is forgotten */
};

/* Any act for one WebSocket; data is copied. Acts happen in order, but for DROP. */
int slk_http_server_act(struct slk_http_server *server, uint64_t websocket, enum slk_served_act act,
                        const void *data, size_t length, int number);

/* Closes everything at once; joins the thread when it was the last. */
void slk_http_server_destroy(struct slk_http_server *server);

#endif
