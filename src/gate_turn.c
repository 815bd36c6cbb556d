#include "gate_turn.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "server_thread.h"

struct slk_gate_turn {
    struct slk_server_job job; /* first; kept here, because asking must not need memory */
    atomic_uint references;
    slk_gate_turn_run *run;
    void *context;

    pthread_mutex_t lock; /* guards the fields below; held while a job is posted */
    struct slk_http_server *server;
    slk_gate_answer_held *answer;
    struct slk_server_thread *thread;
    bool is_asked;
};

struct slk_gate_turn *slk_gate_turn_create(slk_gate_turn_run *run, void *context)
{
    struct slk_gate_turn *turn = calloc(1, sizeof *turn);
    if (turn != NULL) {
        atomic_init(&turn->references, 1);
        turn->run = run;
        turn->context = context;
        pthread_mutex_init(&turn->lock, NULL);
    }
    return turn;
}

struct slk_gate_turn *slk_gate_turn_retain(struct slk_gate_turn *turn)
{
    atomic_fetch_add(&turn->references, 1);
    return turn;
}

void slk_gate_turn_release(struct slk_gate_turn *turn)
{
    if (turn != NULL && atomic_fetch_sub(&turn->references, 1) == 1) {
        pthread_mutex_destroy(&turn->lock);
        free(turn);
    }
}

/* The server's own end is a job, too, so it stays until this one is over. */
static void run_turn(struct slk_server_job *job)
{
    struct slk_gate_turn *turn = (struct slk_gate_turn *)job;
    pthread_mutex_lock(&turn->lock);
    struct slk_http_server *server = turn->server;
    slk_gate_answer_held *answer = turn->answer;
    turn->is_asked = false;
    pthread_mutex_unlock(&turn->lock);
    if (server != NULL) {
        turn->run(turn->context, server, answer);
    }
    slk_gate_turn_release(turn);
}

void slk_gate_turn_ask(struct slk_gate_turn *turn)
{
    pthread_mutex_lock(&turn->lock);
    if (turn->server != NULL && !turn->is_asked) {
        turn->is_asked = true;
        turn->job.run = run_turn;
        slk_gate_turn_retain(turn);
        slk_server_thread_post(turn->thread, &turn->job);
    }
    pthread_mutex_unlock(&turn->lock);
}

void slk_gate_turn_begin(struct slk_gate_turn *turn, struct slk_http_server *server,
                         slk_gate_answer_held *answer, struct slk_server_thread *thread)
{
    if (turn == NULL) {
        return;
    }
    pthread_mutex_lock(&turn->lock);
    turn->server = server;
    turn->answer = answer;
    turn->thread = thread;
    pthread_mutex_unlock(&turn->lock);
}

void slk_gate_turn_end(struct slk_gate_turn *turn, const struct slk_http_server *server)
{
    if (turn == NULL) {
        return;
    }
    pthread_mutex_lock(&turn->lock);
    if (turn->server == server) {
        turn->server = NULL;
    }
    pthread_mutex_unlock(&turn->lock);
}
