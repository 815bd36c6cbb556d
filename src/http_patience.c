/* How long HTTP connections may take, one timer for all of a server's: lws keeps
 * its own in one sorted list, where thousands would cost a walk each. */
#include <inttypes.h>

#include "clock.h"
#include "server_socket.h"

#define LINGER            SLK_SECONDS(2)
#define OTHER_DESCRIPTORS 128

static void expire(struct slk_http_server *server, enum slk_http_waiting_for what, int64_t now)
{
    struct slk_deadlines *queue = &server->waits[what].queue;
    while (slk_deadlines_next(queue) <= now) {
        slk_http_connection_expire(queue->first, what);
    }
}

static void on_timer(lws_sorted_usec_list_t *timer)
{
    struct slk_http_server *server = lws_container_of(timer, struct slk_http_server, timer);
    int64_t now = slk_clock_now(), next = SLK_NEVER;
    server->timer_at = now; /* holds off watch until all have been seen to */
    for (int what = 0; what < SLK_HTTP_WAITS; what++) {
        expire(server, (enum slk_http_waiting_for)what, now);
    }
    for (int what = 0; what < SLK_HTTP_WAITS; what++) {
        int64_t at = slk_deadlines_next(&server->waits[what].queue);
        next = at < next ? at : next;
    }
    server->timer_at = SLK_NEVER;
    if (next != SLK_NEVER) {
        slk_http_patience_watch(server, next);
    }
}

void slk_http_patience_watch(struct slk_http_server *server, int64_t at)
{
    if (at >= server->timer_at) {
        return; /* when it fires it finds the next one */
    }
    int64_t left = at - slk_clock_now();
    server->timer_at = at;
    lws_sul_schedule(slk_server_thread_context(server->thread), 0, &server->timer, on_timer,
                     left > 0 ? left / 1000 + 1 : 1);
}

/* The program needs descriptors for other things too. */
static size_t most_connections(size_t wanted)
{
    size_t most = slk_server_thread_most_sockets();
    size_t rest = most / 4 < OTHER_DESCRIPTORS ? most / 4 : OTHER_DESCRIPTORS;
    return wanted < most - rest ? wanted : most - rest;
}

void slk_http_patience_start(struct slk_http_server *server)
{
    struct slk_http_patience *patience = &server->patience;
    size_t wanted = patience->max_connections;
    patience->max_connections = most_connections(wanted);
    size_t largest = server->limits.max_head + server->limits.max_body;
    patience->max_bodies = patience->max_bodies > largest ? patience->max_bodies : largest;
    if (patience->max_connections < wanted) {
        slk_log_write(server->log, SLK_LOG_INFO, "http_server",
                      "at most %zu connections instead of %zu, for want of file descriptors",
                      patience->max_connections, wanted);
    }
    server->timer_at = SLK_NEVER;
    server->waits[SLK_WAIT_IDLE].span = SLK_SECONDS(patience->idle_timeout);
    server->waits[SLK_WAIT_HEAD].span = SLK_SECONDS(patience->head_timeout);
    server->waits[SLK_WAIT_BODY].span = SLK_SECONDS(patience->body_timeout);
    server->waits[SLK_WAIT_OWED].span = server->gate != NULL ? server->gate->deadline : 0;
    server->waits[SLK_WAIT_OWED_LONG].span = server->gate != NULL ? server->gate->long_deadline : 0;
    server->waits[SLK_WAIT_HELD].span = server->gate != NULL ? server->gate->held_deadline : 0;
    server->waits[SLK_WAIT_SENT].span = SLK_SECONDS(patience->idle_timeout);
    server->waits[SLK_WAIT_LINGER].span = LINGER;
}

void slk_http_patience_stop(struct slk_http_server *server)
{
    lws_sul_schedule(slk_server_thread_context(server->thread), 0, &server->timer, NULL,
                     LWS_SET_TIMER_USEC_CANCEL);
}

/* One line in a while about connections over the limit. */
static void tell_crowded(struct slk_http_server *server, struct slk_log_limit *limit,
                         const char *what)
{
    uint64_t count = slk_log_limit_count(limit, slk_clock_now());
    if (count > 0) {
        slk_log_write(server->log, SLK_LOG_WARN, "http_server",
                      "as many connections as may be are open (%zu): %" PRIu64 " %s",
                      server->stats.connections, count, what);
    }
}

static int64_t since(const struct slk_http_wait *wait)
{
    return wait->queue.first != NULL ? wait->queue.first->at - wait->span : SLK_NEVER;
}

/* Those that have their answer, then those between two requests, then whoever has
 * been sending one, or been taking an answer, the longest: else a few hundred
 * clients that never end would keep everybody out. */
static struct slk_deadline *least_needed(struct slk_http_server *server)
{
    static const enum slk_http_waiting_for slow[] = {SLK_WAIT_HEAD, SLK_WAIT_BODY, SLK_WAIT_SENT};
    struct slk_http_wait *waits = server->waits, *longest = &waits[slow[0]];
    if (waits[SLK_WAIT_LINGER].queue.first != NULL) {
        return waits[SLK_WAIT_LINGER].queue.first;
    }
    if (waits[SLK_WAIT_IDLE].queue.first != NULL) {
        return waits[SLK_WAIT_IDLE].queue.first;
    }
    for (size_t i = 1; i < sizeof slow / sizeof *slow; i++) {
        longest = since(&waits[slow[i]]) < since(longest) ? &waits[slow[i]] : longest;
    }
    return longest->queue.first;
}

bool slk_http_patience_evict(struct slk_http_server *server)
{
    struct slk_deadline *deadline = least_needed(server);
    if (deadline == NULL) {
        return false;
    }
    tell_crowded(server, &server->evicted_lines, "that were idle or slow were closed for new ones");
    server->stats.connections_evicted++;
    slk_http_connection_expire(deadline, SLK_WAIT_IDLE);
    return true;
}

bool slk_http_patience_admit(struct slk_http_server *server)
{
    if (server->stats.connections < server->patience.max_connections ||
        slk_http_patience_evict(server)) {
        return true;
    }
    tell_crowded(server, &server->refused_lines,
                 "new ones were closed, all others wait for answers");
    server->stats.connections_refused++;
    return false;
}

void slk_http_patience_end(struct slk_http_server *server)
{
    struct slk_deadline *next;
    for (struct slk_deadline *idle = server->waits[SLK_WAIT_IDLE].queue.first; idle != NULL;
         idle = next) {
        next = idle->next;
        if (slk_http_connection_is_idle(idle)) {
            slk_http_connection_expire(idle, SLK_WAIT_IDLE);
        }
    }
}
