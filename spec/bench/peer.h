/* One connection of the client under test: HTTP requests of the Web API until
 * one of them upgrades it to a WebSocket. What happens on it goes to the load. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../src/websocket.h"
#include "link.h"

struct load;

struct peer {
    struct peer *next;
    struct link link;
    struct slk_buffer in;         /* of HTTP */
    struct slk_ws_parser *parser; /* NULL until upgraded */
    unsigned number;              /* of this WebSocket, from 1 */
    bool silent;                  /* neither read nor written any more */
    bool told;                    /* a disconnect has been sent */
    bool closing;                 /* a close frame has been sent */
    bool reset;                   /* to be ended by a TCP reset */
    int64_t close_at;             /* of one that has been told */
    int64_t ping_at;              /* when the ping not yet answered was sent; 0: none */
};

struct peer *peer_create(struct link link);
void peer_destroy(struct peer *peer);

/* Reads what there is and acts on it. */
void peer_read(struct peer *peer, struct load *load);

void peer_send(struct peer *peer, enum slk_ws_opcode opcode, const char *data, size_t length);
void peer_send_close(struct peer *peer);

/* May be given events. */
bool peer_takes_events(const struct peer *peer);

#endif
