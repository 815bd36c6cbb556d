/* What Socket Mode and RTM do differently with connections that are kept alike:
 * the call that gives a URL, what frames mean, what a ping is, and whether one
 * connection may take over from another. Constant; any thread. */
#ifndef SLK_SOCKET_PROTOCOL_H
#define SLK_SOCKET_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "socket_mode_intake.h"
#include "socket_mode_open.h"
#include "websocket_connection.h"

/* Why Slack wants a connection to end (slack-protocol: disconnect, goodbye). */
enum slk_disconnect {
    SLK_DISCONNECT_NONE,
    SLK_DISCONNECT_WARNING, /* it will be closed soon */
    SLK_DISCONNECT_REFRESH, /* the same, at once; also for reasons we do not know */
    SLK_DISCONNECT_LINK_DISABLED,
    SLK_DISCONNECT_TOO_MANY,
    SLK_DISCONNECT_EXPIRED /* the URL came too late */
};

/* What a text frame said of its connection. */
struct slk_socket_news {
    int num_connections; /* of SLK_INTAKE_HELLO; 0 when Slack does not tell */
    enum slk_disconnect disconnect;
};

struct slk_socket_protocol {
    const char *name; /* the component in the log */
    const struct slk_open_method *open;
    /* A new connection is ready before the old one is let go. Not where Slack
     * sends each event to all of them. */
    bool overlaps;
    /* Takes a text message; socket thread. Acks, if any, are appended to ack_to,
     * which is NULL when nothing can be sent any more. */
    enum slk_intake_result (*take)(struct slk_intake *intake, uint64_t connection,
                                   struct slk_ws_connection *ack_to, const char *text,
                                   size_t length, struct slk_socket_news *news);
    /* Appends the connection's ping of that number, from 1; socket thread.
     * The result is that of slk_ws_connection_append. */
    int (*ping)(struct slk_ws_connection *ws, uint64_t number);
    bool pongs; /* it is answered by a control frame */
};

const struct slk_socket_protocol *slk_socket_mode_protocol(void);

#endif
