/* The seam between the HTTP server and who knows what its requests mean: a gate
 * sees each whole request first, on the server thread. It answers at once,
 * takes it over (then Lua owes an answer until a deadline), holds it until it has
 * been kept somewhere, or lets it pass to Lua as a plain request. The server knows
 * nothing else of Slack. */
#ifndef SLK_HTTP_GATE_H
#define SLK_HTTP_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "http_head.h"

struct slk_gate_turn;
struct slk_http_server;

enum slk_gate_verdict {
    SLK_GATE_PASS,      /* not the gate's: to Lua, as SLK_MESSAGE_REQUEST */
    SLK_GATE_ANSWER,    /* answered with *answer, now */
    SLK_GATE_OWED,      /* to Lua by the gate; Lua answers it by number before the deadline */
    SLK_GATE_OWED_LONG, /* the same, before the long deadline */
    SLK_GATE_HELD       /* the gate answers it on a turn of its own before the held deadline */
};

/* What became of an owed request that Lua did not answer, or of a held one. */
enum slk_gate_fate {
    SLK_GATE_DEADLINE,      /* answered with *answer, which the gate fills in */
    SLK_GATE_GONE,          /* the connection ended first */
    SLK_GATE_HELD_DEADLINE, /* the same two of a held one */
    SLK_GATE_HELD_GONE
};

/* All texts are valid during the call only. */
struct slk_gate_request {
    uint64_t number;  /* for slk_http_server_respond; only if it becomes owed */
    int64_t received; /* slk_clock_now scale, when its last byte had come */
    struct slk_text method, target, headers, body;
    size_t waiting, max_waiting; /* owed by Lua at this gate now, and the most there may be */
    size_t held, max_held;       /* held by the gate itself, likewise */
};

/* headers: "Name: value\r\n" lines, terminated; texts live until the next call of the gate. */
struct slk_gate_answer {
    int status;
    const char *headers;
    struct slk_text body;
};

/* Begins whatever implements it. Reference counted by its implementation; every
 * call below but retain and release comes on the server thread. */
struct slk_gate {
    int64_t deadline, long_deadline; /* nanoseconds that Lua has, from received */
    int64_t held_deadline;           /* nanoseconds that it holds a request itself */
    struct slk_gate_turn *turn;      /* for the server; NULL: it holds none */
    enum slk_gate_verdict (*judge)(struct slk_gate *gate, const struct slk_gate_request *request,
                                   struct slk_gate_answer *answer);
    void (*lost)(struct slk_gate *gate, uint64_t number, enum slk_gate_fate fate,
                 struct slk_gate_answer *answer);
    /* An owed request's answer is on its way, Lua's or the one of its deadline, or a held
     * one's of status 200; waited is nanoseconds since received. */
    void (*answered)(struct slk_gate *gate, uint64_t number, int64_t waited);
    /* What was judged since the last call may now go on its way, all at once: the
     * server has nothing more to read for the moment. */
    void (*settle)(struct slk_gate *gate);
    void (*retain)(struct slk_gate *gate);
    void (*release)(struct slk_gate *gate);
};

/* Server thread, on the gate's turn (gate_turn.h): how the server answers a request that the gate
 * holds, with no body. False: that is no more. */
typedef bool slk_gate_answer_held(struct slk_http_server *server, uint64_t number, int status,
                                  const char *headers);

#endif
