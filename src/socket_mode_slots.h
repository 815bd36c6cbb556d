/* What the keeper decides about its slots: when an attempt begins, what its
 * end means, what Slack's disconnect frames ask for, and what Lua is told of it
 * all. Part of the keeper (socket_mode_keeper.h); socket thread only. */
#ifndef SLK_SOCKET_MODE_SLOTS_H
#define SLK_SOCKET_MODE_SLOTS_H

#include "socket_mode_keeper.h"

/* Connections past hello that are not being closed; sockets. */
int slk_slots_ready(const struct slk_keeper *keeper);
int slk_slots_open(const struct slk_keeper *keeper);

/* Slack has announced the end of this connection. */
bool slk_slots_is_draining(const struct slk_sm_connection *connection);

/* The connection with that number; NULL: it has gone. */
struct slk_sm_connection *slk_slots_connection(const struct slk_keeper *keeper, uint64_t number);

/* Where to send the ack of an envelope that came in on the connection with
 * that number: there if it can still send, else on the best other one, which
 * Slack takes as well; NULL when there is none. context is the keeper. */
struct slk_ws_connection *slk_slots_route(void *context, uint64_t number);

/* Appends a frame of Lua's to the connection with that number, if it is ready. */
void slk_slots_send(struct slk_keeper *keeper, uint64_t number, const char *text, size_t length,
                    bool wants_reply);

/* Posts a notice. connection is NULL for what concerns all of them; error may
 * be NULL. */
void slk_slots_tell(struct slk_keeper *keeper, const struct slk_sm_connection *connection,
                    enum slk_connection_state state, const struct slk_error *error, int64_t delay);

/* Plans an attempt. error says why it has to wait; may be NULL. */
void slk_slots_plan(struct slk_keeper *keeper, struct slk_slot *slot, const struct slk_error *error,
                    int64_t delay);

/* Slack asks for patience: no URL is asked for before delay has passed. */
void slk_slots_hold(struct slk_keeper *keeper, int64_t delay);

/* An attempt, in the order of its life: asks for a URL; the answer; connects
 * to it; libcurl has connected; hello. */
void slk_slots_begin(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now);
void slk_slots_opened(struct slk_keeper *keeper, uint64_t connection,
                      const struct slk_open_answer *answer);
void slk_slots_connect(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now);
void slk_slots_connected(struct slk_keeper *keeper, CURL *easy, CURLcode result);
void slk_slots_take_over(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now);

/* A disconnect frame has come. The connection may be gone afterwards. */
void slk_slots_obey(struct slk_keeper *keeper, struct slk_slot *slot,
                    struct slk_sm_connection *connection, int64_t now);

/* A connection has ended or an attempt has failed: it is freed, and replaced
 * if need be. */
void slk_slots_lose(struct slk_keeper *keeper, struct slk_slot *slot,
                    struct slk_sm_connection *connection, const struct slk_error *error);

/* Frees a connection that is not to be replaced; error may be NULL. */
void slk_slots_bury(struct slk_keeper *keeper, struct slk_slot *slot,
                    struct slk_sm_connection *connection, const struct slk_error *error);

#endif
