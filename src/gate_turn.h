/* How a gate gets its turn on the server thread, for what it has heard on another one: it
 * asks, and its turn is called soon, once for all that was asked meanwhile. */
#ifndef SLK_GATE_TURN_H
#define SLK_GATE_TURN_H

#include "http_gate.h"

struct slk_gate_turn;
struct slk_server_thread;

typedef void slk_gate_turn_run(void *context, struct slk_http_server *server,
                               slk_gate_answer_held *answer);

/* Any thread, as are retain and release. run is called on the server thread, while a server
 * is there. NULL when memory ran out. */
struct slk_gate_turn *slk_gate_turn_create(slk_gate_turn_run *run, void *context);
struct slk_gate_turn *slk_gate_turn_retain(struct slk_gate_turn *turn);
void slk_gate_turn_release(struct slk_gate_turn *turn);

/* Lua thread. The server that has the gate; begin when its thread runs, end before its
 * thread is left. Nothing is run after end but what runs already. NULL is no turn. */
void slk_gate_turn_begin(struct slk_gate_turn *turn, struct slk_http_server *server,
                         slk_gate_answer_held *answer, struct slk_server_thread *thread);
void slk_gate_turn_end(struct slk_gate_turn *turn, const struct slk_http_server *server);

/* Any thread. Without a server nothing happens. */
void slk_gate_turn_ask(struct slk_gate_turn *turn);

#endif
