/* Keeps the wanted number of connections ready: when to begin one, what the
 * end of one means, how one takes over from another. It has no thread and no
 * loop of its own; socket_mode.c runs it on the socket thread.
 *
 * A slot stands for one wanted connection. In it, next is being prepared
 * (WAITING, OPENING, CONNECTING), serving is past hello, and leaving has been
 * replaced and drains:
 *
 *   next --hello--> serving --replacement's hello--> leaving --drained--> gone
 *
 * next may connect only when leaving has gone, so that a slot has at most two
 * sockets at any time. Where the protocol forbids an overlap, serving is closed
 * instead, and next waits until it has gone. */
#ifndef SLK_SOCKET_MODE_KEEPER_H
#define SLK_SOCKET_MODE_KEEPER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"
#include "socket_mode.h"
#include "socket_mode_acks.h"
#include "socket_mode_connection.h"
#include "socket_mode_intake.h"
#include "socket_mode_open.h"
#include "put_queue.h"

#define SLK_MAX_CONNECTIONS 10
#define SLK_MAX_SOCKETS     (2 * SLK_MAX_CONNECTIONS)

#define SLK_TOLD_KINDS 8

struct slk_slot {
    struct slk_backoff backoff;
    struct slk_sm_connection *next, *serving, *leaving;
    int refreshes; /* planned ones since a connection lived long */
    bool suspects; /* that of what is known of the way to Slack nothing holds any more */
    bool retired;  /* Slack wants fewer connections */
    /* A failure that goes on: since when, and the kinds that the log was told of, when last. */
    int64_t failing_since;
    struct {
        char code[sizeof((struct slk_error *)NULL)->code];
        int64_t at;
    } told[SLK_TOLD_KINDS];
};

struct slk_keeper {
    /* Set by the creator; none of it is owned. */
    struct slk_socket_mode_settings settings;
    struct slk_net_options *net;
    struct slk_log *log;
    struct slk_mailbox *notices, *events;
    struct slk_put_queue *puts; /* NULL: without an inbox; set before begin */
    uint32_t source;
    /* Asks for a URL, with fresh over a new connection; the answer comes by
     * slk_slots_opened. cancel forgets it. */
    int (*open)(void *context, uint64_t connection, bool fresh, uint64_t *request);
    void (*cancel)(void *context, uint64_t request);
    void *context;

    CURLM *multi;
    struct slk_slot slots[SLK_MAX_CONNECTIONS];
    struct slk_acks acks;
    struct slk_intake intake;
    struct slk_socket_mode_stats counters;
    uint64_t last_number;
    int64_t not_before;     /* Slack's Retry-After: no URL is asked for earlier */
    int64_t disabled_until; /* the next attempt after Socket Mode was said to be off */
    bool suspended;         /* Lua is behind: nothing is read */
    bool fatal, stopping, closing, stopped;
    int64_t stop_at;
    bool again; /* something became due within this round */

    char *buffer; /* SLK_READ_BUFFER bytes */
    struct curl_waitfd fds[SLK_MAX_SOCKETS];
    size_t watched_count;
    struct {
        struct slk_slot *slot;
        struct slk_sm_connection *connection;
    } watched[SLK_MAX_SOCKETS]; /* those of fds; connection is NULL when it has gone since */
};

/* SLK_OK or SLK_NOMEM; free is fine after either. */
int slk_keeper_init(struct slk_keeper *keeper);

/* Says goodbye without waiting, and frees what the keeper owns. */
void slk_keeper_free(struct slk_keeper *keeper);

/* Plans the first connections. */
void slk_keeper_begin(struct slk_keeper *keeper, CURLM *multi);

/* The operations of the loop (curl_loop.h). */
int64_t slk_keeper_tick(struct slk_keeper *keeper, int64_t now);
size_t slk_keeper_wait_fds(struct slk_keeper *keeper, struct curl_waitfd **fds);
void slk_keeper_ready(struct slk_keeper *keeper);

void slk_keeper_stop(struct slk_keeper *keeper, int64_t grace);

#endif
