/* What C threads tell the Lua thread. Each kind is a struct that begins with
 * struct slk_message and is declared in the header of the concept it belongs
 * to; lua_mailbox.c knows how to turn each kind into Lua values. */
#ifndef SLK_MESSAGE_H
#define SLK_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum slk_message_kind {
    SLK_MESSAGE_LOG,        /* log.h: a line for the log */
    SLK_MESSAGE_HTTP,       /* http_client.h: an HTTP exchange has ended */
    SLK_MESSAGE_HTTP_EVENT, /* http_stream.h: something happened within one */
    SLK_MESSAGE_ENVELOPE,   /* socket_mode.h: Slack delivers something */
    SLK_MESSAGE_EVENT,      /* the same, of an event */
    SLK_MESSAGE_CONNECTION, /* socket_mode.h: a connection changed its state */
    SLK_MESSAGE_ACK,        /* socket_mode.h: what became of an ack */
    SLK_MESSAGE_REQUEST,    /* http_server.h: an HTTP request came in */
    SLK_MESSAGE_WEBSOCKET,  /* http_server.h: something happened on a served WebSocket */
    SLK_MESSAGE_DELIVERY,   /* http_receiver.h: Slack delivers something by HTTP */
    SLK_MESSAGE_STORED,     /* storage_job.h: a storage operation has ended */
    SLK_MESSAGE_BACKLOG,    /* inbox.h: deliveries wait in the store */
    SLK_MESSAGE_KINDS
};

struct slk_message {
    struct slk_message *next;
    void (*destroy)(struct slk_message *message); /* frees the whole struct */
    enum slk_message_kind kind;
    uint32_t source; /* which Lua object it is for; chosen by Lua when it made the C object */
    size_t size;     /* bytes held, for the mailbox's bound */
};

/* For destroy, of a message that is one allocation. */
void slk_message_free(struct slk_message *message);

#endif
