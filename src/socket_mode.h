/* Socket Mode, or RTM (rtm.h): the socket thread and the WebSocket connections
 * it keeps.
 *
 * It keeps a number of connections ready, whatever happens to any of them: a
 * connection that Slack is about to close is replaced before it is let go, one
 * that has died is replaced at once, and failures are repeated with jittered
 * backoff under a real ceiling. Events are acked here, before Lua sees them or,
 * with an inbox, when they have been stored; what a handler must answer is acked
 * when Lua says so or, empty, when its deadline comes.
 *
 * Created, told and destroyed on the Lua thread; everything else happens on
 * the socket thread. */
#ifndef SLK_SOCKET_MODE_H
#define SLK_SOCKET_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "http_client.h"
#include "log.h"
#include "mailbox.h"
#include "net_options.h"
#include "text.h"

struct slk_inbox;
struct slk_socket_mode;
struct slk_socket_protocol;

#define SLK_ACK_MAX_PAYLOAD 20480 /* bytes; from here on acks vanish at Slack */

/* Seconds of ping_interval and pong_timeout where nobody says otherwise: a silent peer is
 * replaced within five. */
#define SLK_PING_INTERVAL 1
#define SLK_PONG_TIMEOUT  3

struct slk_socket_mode_settings {
    const struct slk_socket_protocol *protocol;
    const char *api_url;  /* with trailing slash: "https://slack.com/api/" */
    const char *token;    /* app-level, or of a classic app; copied, wiped on destroy */
    int connections;      /* 1..10 kept ready */
    size_t max_message;   /* bytes of one inbound message */
    int64_t ack_deadline; /* all times in nanoseconds */
    int64_t open_timeout; /* the call that gives a URL, and TCP + TLS + upgrade */
    int64_t hello_timeout;
    int64_t ping_interval; /* silence after which a ping is sent */
    int64_t pong_timeout;  /* silence after that ping which means death */
    int64_t backoff_first;
    int64_t backoff_maximum;
    int64_t stable_after;    /* life after hello that forgives earlier failures */
    int64_t drain_timeout;   /* how long a connection being replaced may live on */
    int64_t stagger;         /* between the first opens of several connections */
    struct slk_inbox *inbox; /* events are acked when they are in it; NULL: at once; retained */
};

/* An envelope for Lua, in the events mailbox: kind SLK_MESSAGE_EVENT when its payload is an
 * event that can be decoded apart from the rest of it, else SLK_MESSAGE_ENVELOPE. All text
 * lies in the one allocation, behind the struct. */
struct slk_envelope_message {
    struct slk_message message;
    uint64_t ack_token; /* 0: acked already */
    int64_t received;   /* slk_clock_now scale */
    int retry_attempt;
    bool accepts_response_payload;
    const char *type, *envelope_id, *retry_reason, *payload;
    size_t type_length, envelope_id_length, retry_reason_length, payload_length;
    struct slk_text event, event_id; /* of SLK_MESSAGE_EVENT: within the payload */
    char *entry;                     /* its id in the inbox, owned; NULL: none */
};

enum slk_connection_state {
    SLK_CONNECTION_OPENING,    /* a URL has been asked for */
    SLK_CONNECTION_CONNECTING, /* TCP, proxy, TLS, upgrade */
    SLK_CONNECTION_READY,      /* hello has come */
    SLK_CONNECTION_DRAINING,   /* being replaced, still read and acked on */
    SLK_CONNECTION_CLOSED,     /* gone; reason says why */
    SLK_CONNECTION_WAITING,    /* next attempt in delay nanoseconds */
    SLK_CONNECTION_FATAL,      /* given up for good: error says why and what to do */
    SLK_CONNECTION_STOPPED     /* all connections are closed after a stop */
};

/* A change of state: kind SLK_MESSAGE_CONNECTION, in the notices mailbox. */
struct slk_connection_message {
    struct slk_message message;
    uint64_t connection; /* number of the attempt, from 1; 0 for FATAL and STOPPED */
    enum slk_connection_state state;
    struct slk_error error; /* of CLOSED, WAITING and FATAL; code "" when expected */
    int64_t at;             /* slk_clock_now scale */
    int64_t last_input;     /* of CLOSED: when the last bytes came; 0: it was never ready */
    int64_t delay;          /* of WAITING */
    int num_connections;    /* of READY: what Slack counts */
    int ready;              /* connections that are ready after this change */
};

/* What became of an ack that a handler owed: kind SLK_MESSAGE_ACK, in the
 * notices mailbox. Sent only for what is not the plain case. */
enum slk_ack_fate {
    SLK_ACK_DEADLINE, /* acked empty here because the handler had not answered in time */
    SLK_ACK_LATE,     /* the handler's answer came after that and was dropped */
    SLK_ACK_UNSENT,   /* no connection was left to send it on */
    SLK_ACK_GONE      /* HTTP: Slack hung up before the answer */
};

struct slk_ack_message {
    struct slk_message message;
    uint64_t ack_token;
    enum slk_ack_fate fate;
};

struct slk_socket_mode_stats {
    uint64_t envelopes, acks, deadline_acks, pings_sent, pongs_sent, reconnects, bad_frames;
    int ready, open;     /* connections past hello; sockets, whatever their state */
    int64_t last_frame;  /* slk_clock_now scale; 0: none yet */
    uint64_t thread_cpu; /* nanoseconds the socket thread has used */
};

/* Starts the thread and begins to connect. References to client, log, net and
 * the mailboxes are kept. source goes into every message. NULL with err. */
struct slk_socket_mode *slk_socket_mode_create(const struct slk_socket_mode_settings *settings,
                                               struct slk_http_client *client,
                                               struct slk_net_options *net, struct slk_log *log,
                                               struct slk_mailbox *notices,
                                               struct slk_mailbox *events, uint32_t source,
                                               struct slk_error *err);

/* Answers an envelope; payload is JSON, NULL for none. The bytes are copied.
 * SLK_OK: on its way. SLK_TOO_LARGE: SLK_ACK_MAX_PAYLOAD or more, still owed.
 * SLK_CLOSED: stopped already. SLK_NOMEM. */
int slk_socket_mode_ack(struct slk_socket_mode *socket_mode, uint64_t token, const char *payload,
                        size_t length);

/* Never answers an envelope, so that the person sees Slack's own error (a form
 * stays open, for instance): what a handler that failed wants. Nothing happens
 * when it is not owed any more. */
void slk_socket_mode_forget(struct slk_socket_mode *socket_mode, uint64_t token);

/* Sends a text frame on the connection with that number, as it is, if it is
 * ready; else the frame goes nowhere, and that connection's end has been told
 * of or will be. The bytes are copied. wants_reply: it is of a protocol that
 * replies, and a handler waits for that, so reading must go on. SLK_OK: on its
 * way. SLK_CLOSED: stopped already. SLK_NOMEM. */
int slk_socket_mode_send(struct slk_socket_mode *socket_mode, uint64_t connection, const char *text,
                         size_t length, bool wants_reply);

/* Graceful end: no new deliveries are read and no new connections made, but
 * acks still owed, or due when something is stored, go out for up to grace
 * nanoseconds; then close frames and
 * SLK_CONNECTION_STOPPED. Returns at once. */
void slk_socket_mode_stop(struct slk_socket_mode *socket_mode, int64_t grace);

/* Lua thread. A snapshot of counters. */
struct slk_socket_mode_stats slk_socket_mode_stats(struct slk_socket_mode *socket_mode);

/* Stops at once, joins the thread, frees everything. NULL is fine. */
void slk_socket_mode_destroy(struct slk_socket_mode *socket_mode);

#endif
