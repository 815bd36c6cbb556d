#include "socket_mode_slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Connections of a short life that Slack may ask to replace, one after the
 * other, before it meets backoff. */
#define PROMPT_REFRESHES 5

/* Longest wait where Slack was not reached at all: trying burdens nobody there,
 * and the network may be back at any moment. */
#define UNREACHED_MAXIMUM SLK_SECONDS(10)

/* A failure that goes on gets one line in the log so often. */
#define TELL_EVERY SLK_SECONDS(30)

/* Whatever an answer says, a proxy's included. */
#define LONGEST_HOLD SLK_SECONDS(3600)

/* -- What there is ---------------------------------------------------------- */

int slk_slots_ready(const struct slk_keeper *keeper)
{
    int count = 0;
    for (int i = 0; i < keeper->settings.connections; i++) {
        count += slk_sm_connection_is_ready(keeper->slots[i].serving);
        count += slk_sm_connection_is_ready(keeper->slots[i].leaving);
    }
    return count;
}

int slk_slots_open(const struct slk_keeper *keeper)
{
    int count = 0;
    for (int i = 0; i < keeper->settings.connections; i++) {
        const struct slk_slot *slot = &keeper->slots[i];
        count += slot->next != NULL && slot->next->ws != NULL;
        count += slot->serving != NULL;
        count += slot->leaving != NULL;
    }
    return count;
}

static int count_wanted(const struct slk_keeper *keeper)
{
    int count = 0;
    for (int i = 0; i < keeper->settings.connections; i++) {
        count += !keeper->slots[i].retired;
    }
    return count;
}

bool slk_slots_is_draining(const struct slk_sm_connection *connection)
{
    return connection->disconnect != SLK_DISCONNECT_NONE;
}

struct slk_sm_connection *slk_slots_connection(const struct slk_keeper *keeper, uint64_t number)
{
    for (int i = 0; i < keeper->settings.connections; i++) {
        const struct slk_slot *slot = &keeper->slots[i];
        struct slk_sm_connection *connections[] = {slot->next, slot->serving, slot->leaving};
        for (int j = 0; j < 3; j++) {
            if (connections[j] != NULL && connections[j]->number == number) {
                return connections[j];
            }
        }
    }
    return NULL;
}

/* The connection with that number if it can still send, else the best other
 * one: Slack takes an ack on any of them. */
struct slk_ws_connection *slk_slots_route(void *context, uint64_t number)
{
    struct slk_keeper *keeper = context;
    struct slk_sm_connection *best = NULL;
    for (int i = 0; i < keeper->settings.connections; i++) {
        struct slk_sm_connection *candidates[] = {keeper->slots[i].serving,
                                                  keeper->slots[i].leaving};
        for (int j = 0; j < 2; j++) {
            struct slk_sm_connection *candidate = candidates[j];
            if (!slk_sm_connection_is_ready(candidate)) {
                continue;
            }
            if (candidate->number == number) {
                return candidate->ws;
            }
            if (best == NULL ||
                (slk_slots_is_draining(best) && !slk_slots_is_draining(candidate))) {
                best = candidate;
            }
        }
    }
    return best != NULL ? best->ws : NULL;
}

/* Lua hears of the end of a connection that cannot take it. */
void slk_slots_send(struct slk_keeper *keeper, uint64_t number, const char *text, size_t length,
                    bool wants_reply)
{
    for (int i = 0; i < keeper->settings.connections; i++) {
        struct slk_sm_connection *serving = keeper->slots[i].serving;
        if (slk_sm_connection_is_ready(serving) && serving->number == number) {
            slk_sm_connection_send(serving, text, length, wants_reply, slk_clock_now());
        }
    }
}

/* -- What Lua is told ------------------------------------------------------- */

/* error may be NULL; connection, too, for what concerns all of them. */
void slk_slots_tell(struct slk_keeper *keeper, const struct slk_sm_connection *connection,
                    enum slk_connection_state state, const struct slk_error *error, int64_t delay)
{
    struct slk_connection_message *notice = calloc(1, sizeof *notice);
    if (notice == NULL) {
        return; /* the state itself does not depend on it */
    }
    notice->message = (struct slk_message){.destroy = slk_message_free,
                                           .kind = SLK_MESSAGE_CONNECTION,
                                           .source = keeper->source,
                                           .size = sizeof *notice};
    notice->state = state;
    notice->at = slk_clock_now();
    notice->delay = delay;
    notice->ready = slk_slots_ready(keeper);
    if (connection != NULL) {
        notice->connection = connection->number;
        notice->num_connections = connection->num_connections;
        notice->last_input = connection->ready_at != 0 ? connection->last_input : 0;
    }
    if (error != NULL) {
        notice->error = *error;
    }
    slk_mailbox_push(keeper->notices, &notice->message);
}

static void enter(struct slk_keeper *keeper, struct slk_sm_connection *connection,
                  enum slk_connection_state state)
{
    connection->state = state;
    slk_slots_tell(keeper, connection, state, NULL, 0);
}

/* -- The next attempt ------------------------------------------------------- */

/* error: why there is a wait, may be NULL. */
void slk_slots_plan(struct slk_keeper *keeper, struct slk_slot *slot, const struct slk_error *error,
                    int64_t delay)
{
    if (keeper->stopping || keeper->fatal || slot->retired) {
        return;
    }
    int64_t now = slk_clock_now();
    if (now + delay < keeper->not_before) {
        delay = keeper->not_before - now;
    }
    slot->next = slk_sm_connection_create(keeper->settings.protocol, keeper->last_number + 1,
                                          now + delay, &keeper->counters);
    if (slot->next == NULL) {
        return; /* the next tick tries again */
    }
    keeper->last_number++;
    keeper->again = true;
    if (delay > 0) {
        slk_slots_tell(keeper, slot->next, SLK_CONNECTION_WAITING, error, delay);
    }
}

static void replan(struct slk_keeper *keeper, struct slk_slot *slot, const struct slk_error *error,
                   int64_t delay)
{
    slk_slots_plan(keeper, slot, error, delay);
    keeper->counters.reconnects += slot->next != NULL;
}

/* Slack asks for patience, of all connections alike. */
void slk_slots_hold(struct slk_keeper *keeper, int64_t delay)
{
    int64_t until = slk_clock_now() + (delay < LONGEST_HOLD ? delay : LONGEST_HOLD);
    if (delay > 0 && until > keeper->not_before) {
        keeper->not_before = until;
    }
}

/* A connection that lived long enough is no reason for patience. */
static void forgive(struct slk_keeper *keeper, struct slk_slot *slot,
                    const struct slk_sm_connection *connection)
{
    if (connection->ready_at != 0 &&
        slk_clock_now() - connection->ready_at >= keeper->settings.stable_after) {
        slk_backoff_reset(&slot->backoff);
        slot->refreshes = 0;
    }
}

/* Slack closes soon after it has asked, so waiting would leave a gap. Only when
 * one short life follows the other, it is no plan any more but a failure. */
static int64_t refresh_delay(struct slk_slot *slot)
{
    if (slot->refreshes < PROMPT_REFRESHES) {
        slot->refreshes++;
        return 0;
    }
    return slk_backoff_next(&slot->backoff);
}

static bool is_unreached(const struct slk_error *error)
{
    static const char *const codes[] = {"connection", "dns", "proxy", "timeout", "tls"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(error->code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A random time in the upper half of limit. */
static int64_t jitter(int64_t limit)
{
    struct slk_backoff backoff;
    slk_backoff_init(&backoff, limit, limit);
    slk_backoff_next(&backoff);
    return slk_backoff_next(&backoff);
}

static int64_t failure_delay(struct slk_slot *slot, const struct slk_error *error)
{
    int64_t delay = slk_backoff_next(&slot->backoff);
    bool too_long = delay > UNREACHED_MAXIMUM && is_unreached(error);
    return too_long ? jitter(UNREACHED_MAXIMUM) : delay;
}

/* Never immediate. */
static int64_t jittered_delay(struct slk_slot *slot)
{
    int64_t delay = slk_backoff_next(&slot->backoff);
    return delay > 0 ? delay : slk_backoff_next(&slot->backoff);
}

/* At least the longest delay: it will fail until somebody has changed a setting. */
static int64_t slow_delay(const struct slk_keeper *keeper)
{
    int64_t maximum = keeper->settings.backoff_maximum;
    return maximum + jitter(maximum);
}

/* -- The end of a connection ------------------------------------------------ */

struct rescue {
    struct slk_keeper *keeper;
    uint64_t number;
};

static void resend(void *context, const char *text, size_t length)
{
    const struct rescue *rescue = context;
    struct slk_ws_connection *other = slk_slots_route(rescue->keeper, rescue->number);
    if (other != NULL) {
        slk_ws_connection_append(other, SLK_WS_TEXT, text, length);
    }
}

static void take_out(struct slk_slot *slot, const struct slk_sm_connection *connection)
{
    if (slot->next == connection) {
        slot->next = NULL;
    } else if (slot->serving == connection) {
        slot->serving = NULL;
    } else {
        slot->leaving = NULL;
    }
}

/* What one connection has to say can end another whose turn to be read comes
 * later in the same round. */
static void unwatch(struct slk_keeper *keeper, const struct slk_sm_connection *connection)
{
    for (size_t i = 0; i < keeper->watched_count; i++) {
        if (keeper->watched[i].connection == connection) {
            keeper->watched[i].connection = NULL;
        }
    }
}

void slk_slots_bury(struct slk_keeper *keeper, struct slk_slot *slot,
                    struct slk_sm_connection *connection, const struct slk_error *error)
{
    take_out(slot, connection);
    unwatch(keeper, connection);
    keeper->again = true;
    if (connection->state == SLK_CONNECTION_OPENING && connection->url == NULL) {
        keeper->cancel(keeper->context, connection->open_request);
    }
    if (connection->ready_at != 0 && !connection->closing) {
        struct rescue rescue = {keeper, connection->number};
        slk_ws_connection_unsent(connection->ws, resend, &rescue);
    }
    if (connection->state != SLK_CONNECTION_WAITING) {
        slk_slots_tell(keeper, connection, SLK_CONNECTION_CLOSED, error, 0);
    }
    slk_sm_connection_destroy(connection);
}

/* Each kind of failure is a warning, and one that goes on is one again now and then, also
 * where it takes turns with others. */
static bool is_news(struct slk_slot *slot, const char *code, int64_t now)
{
    size_t oldest = 0;
    for (size_t i = 0; i < SLK_TOLD_KINDS; i++) {
        if (strcmp(slot->told[i].code, code) == 0) {
            bool is_due = now - slot->told[i].at >= TELL_EVERY;
            slot->told[i].at = is_due ? now : slot->told[i].at;
            return is_due;
        }
        oldest = slot->told[i].at < slot->told[oldest].at ? i : oldest;
    }
    snprintf(slot->told[oldest].code, sizeof slot->told[oldest].code, "%s", code);
    slot->told[oldest].at = now;
    return true;
}

static void tell_failure(struct slk_keeper *keeper, struct slk_slot *slot, uint64_t number,
                         const struct slk_error *error)
{
    int64_t now = slk_clock_now(), delay = slot->next->due - now;
    bool was_up = slot->failing_since == 0;
    if (was_up) { /* why the next attempt fails is news, whatever it is */
        slot->failing_since = now;
        memset(slot->told, 0, sizeof slot->told);
    }
    bool warns = was_up || is_news(slot, error->code, now);
    char since[48] = "";
    if (now - slot->failing_since >= SLK_SECONDS(1)) {
        snprintf(since, sizeof since, " (no connection for %lld s)",
                 (long long)((now - slot->failing_since) / SLK_SECONDS(1)));
    }
    slk_log_write(keeper->log, warns ? SLK_LOG_WARN : SLK_LOG_DEBUG,
                  keeper->settings.protocol->name, "connection %llu: %s%s; next attempt in %lld ms",
                  (unsigned long long)number, error->text, since,
                  (long long)(delay > 0 ? delay / SLK_MS(1) : 0));
}

/* A connection has ended, or an attempt has failed. */
void slk_slots_lose(struct slk_keeper *keeper, struct slk_slot *slot,
                    struct slk_sm_connection *connection, const struct slk_error *error)
{
    bool expected =
        connection->closing || (connection->ready_at != 0 && slk_slots_is_draining(connection));
    bool needs_replacement =
        connection == slot->next || (connection == slot->serving && slot->next == NULL);
    uint64_t number = connection->number;
    bool was_ready = connection->ready_at != 0;
    forgive(keeper, slot, connection);
    slk_slots_bury(keeper, slot, connection, expected ? NULL : error);
    if (expected) {
        slk_log_write(keeper->log, SLK_LOG_DEBUG, keeper->settings.protocol->name,
                      "connection %llu is closed", (unsigned long long)number);
    }
    if (!needs_replacement) {
        return;
    }
    /* Silence ends pooled connections as well, and an address that cannot be
     * reached may be an old one. */
    slot->suspects = strcmp(error->code, "timeout") == 0 || (!was_ready && is_unreached(error));
    replan(keeper, slot, error, failure_delay(slot, error));
    if (slot->next != NULL) {
        tell_failure(keeper, slot, number, error);
    }
}

static void give_up(struct slk_keeper *keeper, const struct slk_error *error)
{
    if (keeper->fatal) {
        return;
    }
    keeper->fatal = true;
    for (int i = 0; i < keeper->settings.connections; i++) {
        if (keeper->slots[i].next != NULL) {
            slk_slots_bury(keeper, &keeper->slots[i], keeper->slots[i].next, error);
        }
    }
    slk_log_write(keeper->log, SLK_LOG_DEBUG, keeper->settings.protocol->name, "%s",
                  error->text); /* the app tells */
    slk_slots_tell(keeper, NULL, SLK_CONNECTION_FATAL, error, 0);
}

/* -- From the wish to hello ------------------------------------------------- */

void slk_slots_begin(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now)
{
    struct slk_sm_connection *next = slot->next;
    enter(keeper, next, SLK_CONNECTION_OPENING);
    if (slot->leaving != NULL && !slot->leaving->closing) {
        slk_sm_connection_close(slot->leaving, now);
    }
    if (keeper->open(keeper->context, next->number, slot->suspects, &next->open_request) !=
        SLK_OK) {
        struct slk_error error;
        slk_error_set(&error, "memory", "%s cannot be called",
                      keeper->settings.protocol->open->name);
        slk_slots_lose(keeper, slot, next, &error);
    }
}

void slk_slots_connect(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now)
{
    struct slk_sm_connection *next = slot->next;
    struct slk_error error;
    next->ws = slk_ws_connection_create(keeper->multi, keeper->net, next->url,
                                        keeper->settings.max_message, slot->suspects, next, &error);
    next->due = now + keeper->settings.open_timeout;
    if (next->ws == NULL) {
        slk_slots_lose(keeper, slot, next, &error);
        return;
    }
    keeper->again = true; /* libcurl begins in its next turn */
    enter(keeper, next, SLK_CONNECTION_CONNECTING);
}

static struct slk_slot *find_next(struct slk_keeper *keeper, const struct slk_sm_connection *next,
                                  uint64_t number)
{
    for (int i = 0; i < keeper->settings.connections; i++) {
        struct slk_slot *slot = &keeper->slots[i];
        if (slot->next != NULL && (slot->next == next || slot->next->number == number)) {
            return slot;
        }
    }
    return NULL;
}

void slk_slots_opened(struct slk_keeper *keeper, uint64_t connection,
                      const struct slk_open_answer *answer)
{
    struct slk_slot *slot = find_next(keeper, NULL, connection);
    if (slot == NULL) {
        return; /* not waited for any more */
    }
    struct slk_error error = answer->error;
    if (answer->outcome == SLK_OPEN_FATAL) {
        give_up(keeper, &error);
        return;
    }
    if (answer->outcome == SLK_OPEN_URL) {
        slot->next->url = strdup(answer->url);
        if (slot->next->url != NULL) {
            return; /* the tick connects */
        }
        slk_error_set(&error, "memory", "out of memory for a connection");
    }
    slk_slots_hold(keeper, answer->retry_after);
    slk_slots_lose(keeper, slot, slot->next, &error);
}

void slk_slots_connected(struct slk_keeper *keeper, CURL *easy, CURLcode result)
{
    struct slk_sm_connection *connection = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &connection);
    struct slk_slot *slot = find_next(keeper, connection, 0);
    struct slk_error error;
    if (slot != NULL && slk_ws_connection_connected(connection->ws, result, &error) != SLK_OK) {
        slk_slots_lose(keeper, slot, connection, &error);
    }
}

void slk_slots_take_over(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now)
{
    struct slk_sm_connection *connection = slot->next;
    connection->ready_at = connection->last_input = now;
    slot->next = NULL;
    slot->suspects = false;
    if (slot->serving != NULL) {
        slot->leaving = slot->serving;
        slot->leaving->last_text = now;
        slot->leaving->drain_until = now + keeper->settings.drain_timeout;
    }
    slot->serving = connection;
    enter(keeper, connection, SLK_CONNECTION_READY);
    char counted[48] = "", since[48] = "";
    if (slot->failing_since != 0 && now - slot->failing_since >= SLK_SECONDS(1)) {
        snprintf(since, sizeof since, " after %lld s without one",
                 (long long)((now - slot->failing_since) / SLK_SECONDS(1)));
    }
    slot->failing_since = 0;
    if (connection->num_connections > 0) {
        snprintf(counted, sizeof counted, "; Slack counts %d of this app",
                 connection->num_connections);
    }
    slk_log_write(keeper->log, SLK_LOG_INFO, keeper->settings.protocol->name,
                  "connection %llu is ready%s%s", (unsigned long long)connection->number, since,
                  counted);
    slk_acks_retry(&keeper->acks);
}

/* -- Disconnect frames ------------------------------------------------------ */

static void drop_surplus(struct slk_keeper *keeper, struct slk_slot *slot,
                         struct slk_sm_connection *connection, int64_t now)
{
    slot->retired = count_wanted(keeper) > 1;
    slk_log_write(keeper->log, SLK_LOG_WARN, keeper->settings.protocol->name,
                  "Slack says that this app has too many connections; this process keeps %d from "
                  "now on: look for other instances of the app",
                  count_wanted(keeper));
    slk_sm_connection_close(connection, now);
    if (slot->next == connection) {
        slot->next = NULL;
        *(slot->serving == NULL ? &slot->serving : &slot->leaving) = connection;
    } else if (slot->next != NULL && slot->retired) {
        slk_slots_bury(keeper, slot, slot->next, NULL);
    }
    if (slot->next == NULL) {
        replan(keeper, slot, NULL, jittered_delay(slot));
    }
}

static void refuse_before_hello(struct slk_keeper *keeper, struct slk_slot *slot,
                                struct slk_sm_connection *connection)
{
    struct slk_error error;
    slk_error_set(&error, "disconnect", "Slack ended the connection before its hello");
    slk_slots_lose(keeper, slot, connection, &error);
}

/* All connections are told at about the same time: the operator is, once for
 * the time until the first of them tries again. */
static void tell_disabled(struct slk_keeper *keeper, const struct slk_slot *slot, const char *why)
{
    int64_t now = slk_clock_now();
    if (now < keeper->disabled_until || slot->next == NULL) {
        return;
    }
    keeper->disabled_until = slot->next->due;
    slk_log_write(keeper->log, SLK_LOG_ERROR, keeper->settings.protocol->name,
                  "%s; next attempt in %.1f s", why, (double)(slot->next->due - now) / 1e9);
}

static void replace_disabled(struct slk_keeper *keeper, struct slk_slot *slot,
                             struct slk_sm_connection *connection)
{
    struct slk_error error;
    slk_error_set(&error, "link_disabled",
                  "Socket Mode is switched off for this app: switch it on in the app's settings");
    if (connection == slot->next) {
        slk_slots_bury(keeper, slot, connection, &error);
    }
    replan(keeper, slot, &error, slow_delay(keeper));
    tell_disabled(keeper, slot, error.text);
}

/* A peer may say it time and again: each reason is told once. */
static void tell_disconnect(struct slk_keeper *keeper, struct slk_sm_connection *connection)
{
    static const char *const reasons[] = {"",
                                          "it closes soon",
                                          "a refresh is wanted",
                                          "Socket Mode is switched off",
                                          "too many connections",
                                          "the URL has expired"};
    unsigned bit = 1U << connection->disconnect;
    if ((connection->told & bit) == 0) {
        connection->told |= bit;
        slk_log_write(keeper->log, SLK_LOG_INFO, keeper->settings.protocol->name,
                      "connection %llu: Slack disconnects (%s)",
                      (unsigned long long)connection->number, reasons[connection->disconnect]);
    }
}

/* Slack announces the end of a connection. */
void slk_slots_obey(struct slk_keeper *keeper, struct slk_slot *slot,
                    struct slk_sm_connection *connection, int64_t now)
{
    tell_disconnect(keeper, connection);
    bool first = connection->state == SLK_CONNECTION_READY;
    if (first) {
        forgive(keeper, slot, connection);
        enter(keeper, connection, SLK_CONNECTION_DRAINING);
    }
    if (connection->closing || connection == slot->leaving) {
        return;
    }
    bool before_hello = connection == slot->next;
    switch (connection->disconnect) {
    case SLK_DISCONNECT_TOO_MANY: drop_surplus(keeper, slot, connection, now); break;
    case SLK_DISCONNECT_LINK_DISABLED:
        if (first || before_hello) {
            replace_disabled(keeper, slot, connection);
        }
        break;
    default:
        if (before_hello) {
            refuse_before_hello(keeper, slot, connection);
        } else if (first) {
            replan(keeper, slot, NULL, refresh_delay(slot));
            if (!keeper->settings.protocol->overlaps) {
                slk_sm_connection_close(connection, now);
            }
        }
    }
}
