#include "socket_mode_keeper.h"

#include <stdlib.h>

#include "clock.h"
#include "socket_mode_slots.h"

/* A replaced connection is closed when nothing has come on it for so long:
 * what Slack sent just before it heard of the change still arrives. */
#define DRAIN_QUIET SLK_MS(100)

static void lower(int64_t *next, int64_t time)
{
    if (time < *next) {
        *next = time;
    }
}

/* -- Input ------------------------------------------------------------------ */

static bool may_read(const struct slk_keeper *keeper, const struct slk_sm_connection *connection)
{
    if (keeper->stopping) {
        return connection->closing;
    }
    /* hello has a deadline, and comes before any delivery. */
    bool held_back = keeper->suspended && connection->ready_at != 0 &&
                     !slk_sm_connection_wants_input(connection, slk_clock_now());
    return !held_back && slk_sm_connection_takes_output(connection);
}

/* No data may follow our own close frame, so acks go elsewhere then. */
static struct slk_ws_connection *choose_ack_to(struct slk_keeper *keeper,
                                               const struct slk_sm_connection *connection)
{
    if (!connection->closing) {
        return connection->ws;
    }
    return keeper->stopping ? NULL : slk_slots_route(keeper, connection->number);
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
            slk_slots_take_over(keeper, slot, now);
        }
    }
    if (connection->disconnect_came) {
        connection->disconnect_came = false;
        bool before_hello = connection == slot->next;
        slk_slots_obey(keeper, slot, connection, now);
        if (before_hello && connection != slot->serving && connection != slot->leaving) {
            return; /* buried */
        }
    }
    if (status != SLK_OK) {
        int retry_after = slk_ws_connection_retry_after(connection->ws);
        slk_slots_hold(keeper, retry_after > 0 ? SLK_SECONDS(retry_after) : 0);
        slk_slots_lose(keeper, slot, connection, &error);
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
        bool reads = connection != NULL && (keeper->fds[i].events & CURL_WAIT_POLLIN) != 0;
        if (reads && (connection->more || (keeper->fds[i].revents & CURL_WAIT_POLLIN) != 0)) {
            read_connection(keeper, keeper->watched[i].slot, connection);
        }
    }
}

/* -- What has been stored ----------------------------------------------------- */

static void settle(struct slk_keeper *keeper, const struct slk_put *put)
{
    struct slk_sm_connection *connection = slk_slots_connection(keeper, put->place);
    if (connection != NULL) {
        connection->unstored--;
    }
    if (put->fate == SLK_PUT_STORED && put->kind == SLK_ENTRY_EVENT) {
        slk_acks_confirm(&keeper->acks, put->place,
                         (struct slk_text){put->ack_id, put->ack_id_length},
                         put->received + slk_inbox_deadline(keeper->settings.inbox));
    }
}

static void settle_puts(struct slk_keeper *keeper)
{
    struct slk_put *put = slk_put_queue_take(keeper->puts);
    while (put != NULL) {
        struct slk_put *next = put->next;
        settle(keeper, put);
        slk_put_destroy(put);
        put = next;
    }
}

/* -- Time ------------------------------------------------------------------- */

static void check_suspension(struct slk_keeper *keeper, int64_t now)
{
    bool suspended = slk_mailbox_is_over(keeper->events) ||
                     (keeper->puts != NULL && slk_put_queue_is_over(keeper->puts));
    if (suspended == keeper->suspended) {
        return;
    }
    keeper->suspended = suspended;
    slk_log_write(keeper->log, SLK_LOG_DEBUG, keeper->settings.protocol->name,
                  suspended ? "handlers or the store are behind: reading pauses"
                            : "reading goes on");
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

/* Whether what is there leaves room for another connection. */
static bool may_connect(const struct slk_keeper *keeper, const struct slk_slot *slot)
{
    return slot->leaving == NULL && (slot->serving == NULL || keeper->settings.protocol->overlaps);
}

static void tick_next(struct slk_keeper *keeper, struct slk_slot *slot, int64_t now, int64_t *wake)
{
    struct slk_sm_connection *next = slot->next;
    if (next->state == SLK_CONNECTION_WAITING && next->due < keeper->not_before) {
        next->due = keeper->not_before;
    }
    if (next->state == SLK_CONNECTION_WAITING && next->due <= now) {
        slk_slots_begin(keeper, slot, now);
    } else if (next->state == SLK_CONNECTION_OPENING && next->url != NULL &&
               may_connect(keeper, slot)) {
        slk_slots_connect(keeper, slot, now);
    } else if (next->state == SLK_CONNECTION_CONNECTING && next->due <= now) {
        struct slk_error error;
        int64_t patience = slk_ws_connection_is_open(next->ws) ? keeper->settings.hello_timeout
                                                               : keeper->settings.open_timeout;
        slk_ws_connection_late(next->ws, patience / SLK_MS(1), &error);
        slk_slots_lose(keeper, slot, next, &error);
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
    bool owes =
        leaving->unstored > 0 || slk_ack_ledger_count_of(keeper->acks.ledger, leaving->number) > 0;
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
            slk_slots_lose(keeper, slot, connection, &error);
        } else {
            lower(wake, connection->due);
        }
        return;
    }
    struct slk_error error;
    bool suspended = keeper->suspended || keeper->stopping;
    if (slk_sm_connection_check_life(connection, &keeper->settings, now, suspended, wake, &error) !=
        SLK_OK) {
        slk_slots_lose(keeper, slot, connection, &error);
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
        slk_slots_lose(keeper, slot, connection, &error);
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
    bool needs_next = slot->serving == NULL || slk_slots_is_draining(slot->serving);
    if (slot->next == NULL && needs_next) {
        slk_slots_plan(keeper, slot, NULL, SLK_SECONDS(1)); /* memory had run out */
    }
    if (slot->next != NULL) {
        tick_next(keeper, slot, now, wake);
    }
}

static bool owes_acks(const struct slk_keeper *keeper)
{
    return slk_acks_outstanding(&keeper->acks) > 0 ||
           (keeper->puts != NULL && slk_put_queue_outstanding(keeper->puts) > 0);
}

static void tick_stop(struct slk_keeper *keeper, int64_t now, int64_t *wake)
{
    if (!keeper->closing) {
        if (owes_acks(keeper) && now < keeper->stop_at) {
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
    if (!keeper->stopped && slk_slots_open(keeper) == 0) {
        keeper->stopped = true;
        slk_slots_tell(keeper, NULL, SLK_CONNECTION_STOPPED, NULL, 0);
    }
}

int64_t slk_keeper_tick(struct slk_keeper *keeper, int64_t now)
{
    int64_t wake = SLK_NEVER;
    keeper->again = false;
    if (keeper->puts != NULL) {
        settle_puts(keeper);
        lower(&wake, slk_put_queue_watch(keeper->puts, now));
    }
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
    keeper->counters.ready = slk_slots_ready(keeper);
    keeper->counters.open = slk_slots_open(keeper);
    return keeper->again ? now : wake;
}

/* -- Beginning and end ------------------------------------------------------ */

int slk_keeper_init(struct slk_keeper *keeper)
{
    const struct slk_socket_mode_settings *settings = &keeper->settings;
    keeper->buffer = malloc(SLK_READ_BUFFER);
    int status = slk_acks_init(&keeper->acks, keeper->notices, keeper->source, slk_slots_route,
                               keeper, &keeper->counters);
    slk_intake_init(&keeper->intake, keeper->acks.ledger, keeper->notices, keeper->events,
                    keeper->log, settings->protocol->name, keeper->source, settings->ack_deadline,
                    &keeper->counters);
    for (int i = 0; i < settings->connections; i++) {
        slk_backoff_init(&keeper->slots[i].backoff, settings->backoff_first,
                         settings->backoff_maximum);
    }
    return keeper->buffer != NULL ? status : SLK_NOMEM;
}

void slk_keeper_begin(struct slk_keeper *keeper, CURLM *multi)
{
    keeper->multi = multi;
    keeper->intake.puts = keeper->puts;
    for (int i = 0; i < keeper->settings.connections; i++) {
        slk_slots_plan(keeper, &keeper->slots[i], NULL, i * keeper->settings.stagger);
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
            slk_slots_bury(keeper, &keeper->slots[i], keeper->slots[i].next, NULL);
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
