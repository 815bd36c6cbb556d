#include "socket_mode_keeper.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define COMPONENT "socket_mode"

/* A replaced connection is closed when nothing has come on it for so long:
 * what Slack sent just before it heard of the change still arrives. */
#define DRAIN_QUIET SLK_MS(100)

static void lower(int64_t *next, int64_t time)
{
    if (time < *next) {
        *next = time;
    }
}

/* -- What there is ---------------------------------------------------------- */

static int count_ready(const struct slk_keeper *keeper)
{
    int count = 0;
    for (int i = 0; i < keeper->settings.connections; i++) {
        count += slk_sm_connection_is_ready(keeper->slots[i].serving);
        count += slk_sm_connection_is_ready(keeper->slots[i].leaving);
    }
    return count;
}

static int count_open(const struct slk_keeper *keeper)
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

static bool is_draining(const struct slk_sm_connection *connection)
{
    return connection->disconnect != SLK_DISCONNECT_NONE;
}

/* The connection with that number if it can still send, else the best other
 * one: Slack takes an ack on any of them. */
static struct slk_ws_connection *route(void *context, uint64_t number)
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
            if (best == NULL || (is_draining(best) && !is_draining(candidate))) {
                best = candidate;
            }
        }
    }
    return best != NULL ? best->ws : NULL;
}

/* -- What Lua is told ------------------------------------------------------- */

static void destroy_notice(struct slk_message *message)
{
    free(message);
}

/* error may be NULL; connection, too, for what concerns all of them. */
static void tell(struct slk_keeper *keeper, const struct slk_sm_connection *connection,
                 enum slk_connection_state state, const struct slk_error *error, int64_t delay)
{
    struct slk_connection_message *notice = calloc(1, sizeof *notice);
    if (notice == NULL) {
        return; /* the state itself does not depend on it */
    }
    notice->message = (struct slk_message){.destroy = destroy_notice,
                                           .kind = SLK_MESSAGE_CONNECTION,
                                           .source = keeper->source,
                                           .size = sizeof *notice};
    notice->state = state;
    notice->at = slk_clock_now();
    notice->delay = delay;
    notice->ready = count_ready(keeper);
    if (connection != NULL) {
        notice->connection = connection->number;
        notice->num_connections = connection->num_connections;
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
    tell(keeper, connection, state, NULL, 0);
}

/* -- The next attempt ------------------------------------------------------- */

/* error: why there is a wait, may be NULL. */
static void plan(struct slk_keeper *keeper, struct slk_slot *slot, const struct slk_error *error,
                 int64_t delay)
{
    if (keeper->stopping || keeper->fatal || slot->retired) {
        return;
    }
    int64_t now = slk_clock_now();
    if (now + delay < keeper->not_before) {
        delay = keeper->not_before - now;
    }
    slot->next = slk_sm_connection_create(keeper->last_number + 1, now + delay, &keeper->counters);
    if (slot->next == NULL) {
        return; /* the next tick tries again */
    }
    keeper->last_number++;
    keeper->again = true;
    if (delay > 0) {
        tell(keeper, slot->next, SLK_CONNECTION_WAITING, error, delay);
    }
}

static void replan(struct slk_keeper *keeper, struct slk_slot *slot, const struct slk_error *error,
                   int64_t delay)
{
    plan(keeper, slot, error, delay);
    keeper->counters.reconnects += slot->next != NULL;
}

/* Slack asks for patience, of all connections alike. */
static void hold_opens(struct slk_keeper *keeper, int64_t delay)
{
    int64_t until = slk_clock_now() + delay;
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
    }
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
    struct slk_backoff jitter;
    slk_backoff_init(&jitter, maximum, maximum);
    slk_backoff_next(&jitter);
    return maximum + slk_backoff_next(&jitter);
}

/* -- The end of a connection ------------------------------------------------ */

struct rescue {
    struct slk_keeper *keeper;
    uint64_t number;
};

static void resend(void *context, const char *text, size_t length)
{
    const struct rescue *rescue = context;
    struct slk_ws_connection *other = route(rescue->keeper, rescue->number);
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

static void bury(struct slk_keeper *keeper, struct slk_slot *slot,
                 struct slk_sm_connection *connection, const struct slk_error *error)
{
    take_out(slot, connection);
    keeper->again = true;
    if (connection->state == SLK_CONNECTION_OPENING && connection->url == NULL) {
        keeper->cancel(keeper->context, connection->open_request);
    }
    if (connection->ready_at != 0 && !connection->closing) {
        struct rescue rescue = {keeper, connection->number};
        slk_ws_connection_unsent(connection->ws, resend, &rescue);
    }
    if (connection->state != SLK_CONNECTION_WAITING) {
        tell(keeper, connection, SLK_CONNECTION_CLOSED, error, 0);
    }
    slk_sm_connection_destroy(connection);
}

/* A connection has ended, or an attempt has failed. */
static void lose(struct slk_keeper *keeper, struct slk_slot *slot,
                 struct slk_sm_connection *connection, const struct slk_error *error)
{
    bool expected = connection->closing || (connection->ready_at != 0 && is_draining(connection));
    bool needs_replacement =
        connection == slot->next || (connection == slot->serving && slot->next == NULL);
    uint64_t number = connection->number;
    forgive(keeper, slot, connection);
    bury(keeper, slot, connection, expected ? NULL : error);
    if (expected) {
        slk_log_write(keeper->log, SLK_LOG_DEBUG, COMPONENT, "connection %llu is closed",
                      (unsigned long long)number);
    }
    if (!needs_replacement) {
        return;
    }
    int64_t delay = slk_backoff_next(&slot->backoff);
    replan(keeper, slot, error, delay);
    if (slot->next != NULL) {
        delay = slot->next->due - slk_clock_now();
        slk_log_write(keeper->log, SLK_LOG_WARN, COMPONENT,
                      "connection %llu: %s; next attempt in %lld ms", (unsigned long long)number,
                      error->text, (long long)(delay > 0 ? delay / SLK_MS(1) : 0));
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
            bury(keeper, &keeper->slots[i], keeper->slots[i].next, error);
        }
    }
    slk_log_write(keeper->log, SLK_LOG_ERROR, COMPONENT, "%s", error->text);
    tell(keeper, NULL, SLK_CONNECTION_FATAL, error, 0);
}

/* -- From the wish to hello ------------------------------------------------- */

static void begin(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now)
{
    struct slk_sm_connection *next = slot->next;
    enter(keeper, next, SLK_CONNECTION_OPENING);
    if (slot->leaving != NULL && !slot->leaving->closing) {
        slk_sm_connection_close(slot->leaving, now);
    }
    if (keeper->open(keeper->context, next->number, &next->open_request) != SLK_OK) {
        struct slk_error error;
        slk_error_set(&error, "memory", "apps.connections.open cannot be called");
        lose(keeper, slot, next, &error);
    }
}

static void connect_next(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now)
{
    struct slk_sm_connection *next = slot->next;
    struct slk_error error;
    next->ws = slk_ws_connection_create(keeper->multi, keeper->net, next->url,
                                        keeper->settings.max_message, next, &error);
    next->due = now + keeper->settings.open_timeout;
    if (next->ws == NULL) {
        lose(keeper, slot, next, &error);
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

void slk_keeper_opened(struct slk_keeper *keeper, uint64_t connection,
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
    hold_opens(keeper, answer->retry_after);
    lose(keeper, slot, slot->next, &error);
}

void slk_keeper_connected(struct slk_keeper *keeper, CURL *easy, CURLcode result)
{
    struct slk_sm_connection *connection = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &connection);
    struct slk_slot *slot = find_next(keeper, connection, 0);
    struct slk_error error;
    if (slot != NULL && slk_ws_connection_connected(connection->ws, result, &error) != SLK_OK) {
        lose(keeper, slot, connection, &error);
    }
}

static void take_over(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now)
{
    struct slk_sm_connection *connection = slot->next;
    connection->ready_at = connection->last_input = now;
    slot->next = NULL;
    if (slot->serving != NULL) {
        slot->leaving = slot->serving;
        slot->leaving->last_text = now;
        slot->leaving->drain_until = now + keeper->settings.drain_timeout;
    }
    slot->serving = connection;
    enter(keeper, connection, SLK_CONNECTION_READY);
    slk_log_write(keeper->log, SLK_LOG_INFO, COMPONENT,
                  "connection %llu is ready; Slack counts %d of this app",
                  (unsigned long long)connection->number, connection->num_connections);
    slk_acks_retry(&keeper->acks);
}

/* -- Disconnect frames ------------------------------------------------------ */

static void drop_surplus(struct slk_keeper *keeper, struct slk_slot *slot,
                         struct slk_sm_connection *connection, int64_t now)
{
    slot->retired = count_wanted(keeper) > 1;
    slk_log_write(keeper->log, SLK_LOG_WARN, COMPONENT,
                  "Slack says that this app has too many connections; this process keeps %d from "
                  "now on: look for other instances of the app",
                  count_wanted(keeper));
    slk_sm_connection_close(connection, now);
    if (slot->next == connection) {
        slot->next = NULL;
        *(slot->serving == NULL ? &slot->serving : &slot->leaving) = connection;
    } else if (slot->next != NULL && slot->retired) {
        bury(keeper, slot, slot->next, NULL);
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
    lose(keeper, slot, connection, &error);
}

static void replace_disabled(struct slk_keeper *keeper, struct slk_slot *slot,
                             struct slk_sm_connection *connection)
{
    struct slk_error error;
    slk_error_set(&error, "link_disabled",
                  "Socket Mode is switched off for this app: switch it on in the app's settings");
    slk_log_write(keeper->log, SLK_LOG_ERROR, COMPONENT, "%s", error.text);
    if (connection == slot->next) {
        bury(keeper, slot, connection, &error);
    }
    replan(keeper, slot, &error, slow_delay(keeper));
}

/* Slack announces the end of a connection. */
static void obey(struct slk_keeper *keeper, struct slk_slot *slot,
                 struct slk_sm_connection *connection, int64_t now)
{
    static const char *const reasons[] = {"", "it closes soon", "a refresh is wanted",
                                          "Socket Mode is switched off", "too many connections"};
    slk_log_write(keeper->log, SLK_LOG_INFO, COMPONENT, "connection %llu: Slack disconnects (%s)",
                  (unsigned long long)connection->number, reasons[connection->disconnect]);
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
            replan(keeper, slot, NULL, slk_backoff_next(&slot->backoff));
        }
    }
}

/* -- Input ------------------------------------------------------------------ */

static bool may_read(const struct slk_keeper *keeper, const struct slk_sm_connection *connection)
{
    if (keeper->stopping) {
        return connection->closing;
    }
    /* hello has a deadline, and comes before any delivery. */
    bool held_back = keeper->suspended && connection->ready_at != 0;
    return !held_back && slk_sm_connection_takes_output(connection);
}

/* No data may follow our own close frame, so acks go elsewhere then. */
static struct slk_ws_connection *choose_ack_to(struct slk_keeper *keeper,
                                               const struct slk_sm_connection *connection)
{
    if (!connection->closing) {
        return connection->ws;
    }
    return keeper->stopping ? NULL : route(keeper, connection->number);
}

static void read_connection(struct slk_keeper *keeper, struct slk_slot *slot,
                            struct slk_sm_connection *connection)
{
    struct slk_error error = {"", ""};
    int64_t now = keeper->intake.now = slk_clock_now();
    bool was_open = slk_ws_connection_is_open(connection->ws);
    int status = slk_sm_connection_read(connection, &keeper->intake,
                                        choose_ack_to(keeper, connection), keeper->buffer, &error);
    if (!was_open && slk_ws_connection_is_open(connection->ws)) {
        connection->due = now + keeper->settings.hello_timeout;
    }
    if (connection->hello_came) {
        connection->hello_came = false;
        if (connection == slot->next) {
            take_over(keeper, slot, now);
        }
    }
    if (connection->disconnect_came) {
        connection->disconnect_came = false;
        bool before_hello = connection == slot->next;
        obey(keeper, slot, connection, now);
        if (before_hello && connection != slot->serving && connection != slot->leaving) {
            return; /* buried */
        }
    }
    if (status != SLK_OK) {
        int retry_after = slk_ws_connection_retry_after(connection->ws);
        hold_opens(keeper, retry_after > 0 ? SLK_SECONDS(retry_after) : 0);
        lose(keeper, slot, connection, &error);
    }
}

size_t slk_keeper_wait_fds(struct slk_keeper *keeper, struct curl_waitfd **fds)
{
    size_t count = 0;
    for (int i = 0; i < keeper->settings.connections; i++) {
        struct slk_slot *slot = &keeper->slots[i];
        struct slk_sm_connection *connections[] = {slot->leaving, slot->serving, slot->next};
        for (int j = 0; j < 3; j++) {
            struct slk_sm_connection *connection = connections[j];
            if (connection == NULL || connection->ws == NULL ||
                slk_ws_connection_fd(connection->ws) < 0) {
                continue;
            }
            bool output = slk_ws_connection_pending(connection->ws) > 0;
            int events = (may_read(keeper, connection) ? CURL_WAIT_POLLIN : 0) |
                         (output ? CURL_WAIT_POLLOUT : 0);
            /* With no events poll would still report a hang-up, over and over. */
            if (events != 0) {
                keeper->fds[count] = (struct curl_waitfd){
                    .fd = slk_ws_connection_fd(connection->ws), .events = (short)events};
                keeper->watched[count].slot = slot;
                keeper->watched[count].connection = connection;
                count++;
            }
        }
    }
    keeper->watched_count = count;
    *fds = keeper->fds;
    return count;
}

void slk_keeper_ready(struct slk_keeper *keeper)
{
    for (size_t i = 0; i < keeper->watched_count; i++) {
        struct slk_sm_connection *connection = keeper->watched[i].connection;
        bool reads = (keeper->fds[i].events & CURL_WAIT_POLLIN) != 0;
        if (reads && (connection->more || (keeper->fds[i].revents & CURL_WAIT_POLLIN) != 0)) {
            read_connection(keeper, keeper->watched[i].slot, connection);
        }
    }
}

/* -- Time ------------------------------------------------------------------- */

static void check_suspension(struct slk_keeper *keeper, int64_t now)
{
    bool suspended = slk_mailbox_is_over(keeper->events);
    if (suspended == keeper->suspended) {
        return;
    }
    keeper->suspended = suspended;
    slk_log_write(keeper->log, SLK_LOG_DEBUG, COMPONENT,
                  suspended ? "handlers are behind: reading pauses" : "reading goes on");
    for (int i = 0; i < keeper->settings.connections && !suspended; i++) {
        struct slk_slot *slot = &keeper->slots[i];
        if (slot->serving != NULL) {
            slk_sm_connection_resume(slot->serving, now);
        }
        if (slot->leaving != NULL) {
            slk_sm_connection_resume(slot->leaving, now);
        }
    }
}

static void tick_next(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now, int64_t *wake)
{
    struct slk_sm_connection *next = slot->next;
    if (next->state == SLK_CONNECTION_WAITING && next->due < keeper->not_before) {
        next->due = keeper->not_before;
    }
    if (next->state == SLK_CONNECTION_WAITING && next->due <= now) {
        begin(keeper, slot, now);
    } else if (next->state == SLK_CONNECTION_OPENING && next->url != NULL &&
               slot->leaving == NULL) {
        connect_next(keeper, slot, now);
    } else if (next->state == SLK_CONNECTION_CONNECTING && next->due <= now) {
        struct slk_error error;
        slk_error_set(&error, "timeout",
                      slk_ws_connection_is_open(next->ws) ? "Slack says no hello"
                                                          : "connecting takes too long");
        lose(keeper, slot, next, &error);
    } else if (next->state != SLK_CONNECTION_OPENING) {
        lower(wake, next->due);
    }
}

/* A connection that has been replaced, and is not being closed yet. */
static void tick_draining(struct slk_keeper *keeper, struct slk_sm_connection *leaving, int64_t now,
                          int64_t *wake)
{
    /* After a warning Slack closes; before, it may still deliver. */
    bool wait_for_slack = leaving->disconnect == SLK_DISCONNECT_WARNING;
    bool owes = slk_ack_ledger_count_of(keeper->acks.ledger, leaving->number) > 0;
    if (keeper->suspended) {
        owes = true; /* unread deliveries, at the least */
    }
    int64_t quiet_at = leaving->last_text + DRAIN_QUIET;
    if (now >= leaving->drain_until || (!wait_for_slack && !owes && now >= quiet_at)) {
        slk_sm_connection_close(leaving, now);
        lower(wake, leaving->due);
        return;
    }
    lower(wake, leaving->drain_until);
    if (!wait_for_slack && !owes) {
        lower(wake, quiet_at);
    }
}

static void tick_live(struct slk_keeper *keeper, struct slk_slot *slot,
                      struct slk_sm_connection *connection, int64_t now, int64_t *wake)
{
    if (connection->closing) {
        if (connection->due <= now) {
            struct slk_error error;
            slk_error_set(&error, "timeout", "Slack does not answer the close");
            lose(keeper, slot, connection, &error);
        } else {
            lower(wake, connection->due);
        }
        return;
    }
    struct slk_error error;
    bool suspended = keeper->suspended || keeper->stopping;
    if (slk_sm_connection_check_life(connection, &keeper->settings, now, suspended, wake, &error) !=
        SLK_OK) {
        lose(keeper, slot, connection, &error);
    } else if (connection == slot->leaving) {
        tick_draining(keeper, connection, now, wake);
    }
}

static void flush(struct slk_keeper *keeper, struct slk_slot *slot,
                  struct slk_sm_connection *connection, int64_t now, int64_t *wake)
{
    if (connection == NULL || connection->ws == NULL || slk_ws_connection_fd(connection->ws) < 0) {
        return;
    }
    struct slk_error error;
    if (slk_sm_connection_flush(connection, now, &error) != SLK_OK) {
        lose(keeper, slot, connection, &error);
    } else if (connection->more && may_read(keeper, connection)) {
        lower(wake, now);
    }
}

static void tick_slot(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now, int64_t *wake)
{
    if (slot->leaving != NULL) {
        tick_live(keeper, slot, slot->leaving, now, wake);
    }
    if (slot->serving != NULL) {
        tick_live(keeper, slot, slot->serving, now, wake);
    }
    bool needs_next = slot->serving == NULL || is_draining(slot->serving);
    if (slot->next == NULL && needs_next) {
        plan(keeper, slot, NULL, SLK_SECONDS(1)); /* memory had run out */
    }
    if (slot->next != NULL) {
        tick_next(keeper, slot, now, wake);
    }
}

static void tick_stop(struct slk_keeper *keeper, int64_t now, int64_t *wake)
{
    if (!keeper->closing) {
        if (slk_acks_outstanding(&keeper->acks) > 0 && now < keeper->stop_at) {
            lower(wake, keeper->stop_at);
            return;
        }
        keeper->closing = true;
        slk_acks_abandon(&keeper->acks);
        for (int i = 0; i < keeper->settings.connections; i++) {
            struct slk_slot *slot = &keeper->slots[i];
            if (slk_sm_connection_is_ready(slot->serving)) {
                slk_sm_connection_close(slot->serving, now);
            }
            if (slk_sm_connection_is_ready(slot->leaving)) {
                slk_sm_connection_close(slot->leaving, now);
            }
        }
        keeper->again = true;
    }
    if (!keeper->stopped && count_open(keeper) == 0) {
        keeper->stopped = true;
        tell(keeper, NULL, SLK_CONNECTION_STOPPED, NULL, 0);
    }
}

int64_t slk_keeper_tick(struct slk_keeper *keeper, int64_t now)
{
    int64_t wake = SLK_NEVER;
    keeper->again = false;
    check_suspension(keeper, now);
    for (int i = 0; i < keeper->settings.connections; i++) {
        tick_slot(keeper, &keeper->slots[i], now, &wake);
    }
    lower(&wake, slk_acks_tick(&keeper->acks, now));
    lower(&wake, slk_intake_tick(&keeper->intake, now));
    if (keeper->stopping) {
        tick_stop(keeper, now, &wake);
    }
    for (int i = 0; i < keeper->settings.connections; i++) {
        struct slk_slot *slot = &keeper->slots[i];
        flush(keeper, slot, slot->leaving, now, &wake);
        flush(keeper, slot, slot->serving, now, &wake);
        flush(keeper, slot, slot->next, now, &wake);
    }
    keeper->counters.ready = count_ready(keeper);
    keeper->counters.open = count_open(keeper);
    return keeper->again ? now : wake;
}

/* -- Beginning and end ------------------------------------------------------ */

int slk_keeper_init(struct slk_keeper *keeper)
{
    const struct slk_socket_mode_settings *settings = &keeper->settings;
    keeper->buffer = malloc(SLK_READ_BUFFER);
    int status = slk_acks_init(&keeper->acks, keeper->notices, keeper->source, route, keeper,
                               &keeper->counters);
    slk_intake_init(&keeper->intake, keeper->acks.ledger, keeper->events, keeper->log,
                    keeper->source, settings->ack_deadline, &keeper->counters);
    for (int i = 0; i < settings->connections; i++) {
        slk_backoff_init(&keeper->slots[i].backoff, settings->backoff_first,
                         settings->backoff_maximum);
    }
    return keeper->buffer != NULL ? status : SLK_NOMEM;
}

void slk_keeper_begin(struct slk_keeper *keeper, CURLM *multi)
{
    keeper->multi = multi;
    for (int i = 0; i < keeper->settings.connections; i++) {
        plan(keeper, &keeper->slots[i], NULL, i * keeper->settings.stagger);
    }
}

void slk_keeper_stop(struct slk_keeper *keeper, int64_t grace)
{
    if (keeper->stopping) {
        return;
    }
    keeper->stopping = true;
    keeper->stop_at = slk_clock_now() + grace;
    for (int i = 0; i < keeper->settings.connections; i++) {
        if (keeper->slots[i].next != NULL) {
            bury(keeper, &keeper->slots[i], keeper->slots[i].next, NULL);
        }
    }
}

static void leave(struct slk_sm_connection *connection)
{
    struct slk_error ignored;
    if (slk_sm_connection_is_ready(connection)) {
        slk_sm_connection_close(connection, 0);
        slk_ws_connection_flush(connection->ws, &ignored);
    }
    slk_sm_connection_destroy(connection);
}

void slk_keeper_free(struct slk_keeper *keeper)
{
    for (int i = 0; i < keeper->settings.connections; i++) {
        struct slk_slot *slot = &keeper->slots[i];
        if (slot->next != NULL && slot->next->state == SLK_CONNECTION_OPENING) {
            keeper->cancel(keeper->context, slot->next->open_request);
        }
        leave(slot->next);
        leave(slot->serving);
        leave(slot->leaving);
        slot->next = slot->serving = slot->leaving = NULL;
    }
    slk_acks_free(&keeper->acks);
    free(keeper->buffer);
    keeper->buffer = NULL;
}
