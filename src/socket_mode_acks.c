#include "socket_mode_acks.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "clock.h"

struct slk_held_ack {
    struct slk_held_ack *next;
    struct slk_owed_ack owed;
    size_t length;
    char payload[];
};

static const char ACK_BEGIN[] = "{\"envelope_id\":\"";
static const char ACK_END[] = "\"}";

#define ACK_MAX_ID 255

int slk_acks_init(struct slk_acks *acks, struct slk_mailbox *notices, uint32_t source,
                  struct slk_ws_connection *(*route)(void *context, uint64_t connection),
                  void *context, struct slk_socket_mode_stats *counters)
{
    *acks = (struct slk_acks){.notices = notices,
                              .source = source,
                              .route = route,
                              .context = context,
                              .counters = counters};
    acks->ledger = slk_ack_ledger_create();
    return acks->ledger != NULL ? SLK_OK : SLK_NOMEM;
}

void slk_acks_free(struct slk_acks *acks)
{
    while (acks->held != NULL) {
        struct slk_held_ack *next = acks->held->next;
        free(acks->held);
        acks->held = next;
    }
    slk_ack_ledger_destroy(acks->ledger);
    acks->ledger = NULL;
}

/* Nobody in Lua knows of those without a token. */
static void tell(struct slk_acks *acks, uint64_t token, enum slk_ack_fate fate)
{
    if (token == 0) {
        return;
    }
    struct slk_ack_message *notice = malloc(sizeof *notice);
    if (notice == NULL) {
        return; /* a warning less */
    }
    *notice = (struct slk_ack_message){.message = {.destroy = slk_message_free,
                                                   .kind = SLK_MESSAGE_ACK,
                                                   .source = acks->source,
                                                   .size = sizeof *notice},
                                       .ack_token = token,
                                       .fate = fate};
    slk_mailbox_push(acks->notices, &notice->message);
}

/* {"envelope_id":"...","payload":...}: an id needs no escapes. */
static int write_ack(struct slk_buffer *text, const struct slk_owed_ack *owed, const char *payload,
                     size_t length)
{
    int status = slk_buffer_append(text, ACK_BEGIN, sizeof ACK_BEGIN - 1);
    if (status == SLK_OK) {
        status = slk_buffer_append(text, owed->id, owed->id_length);
    }
    if (status == SLK_OK && length > 0) {
        status = slk_buffer_append(text, "\",\"payload\":", 12);
        if (status == SLK_OK) {
            status = slk_buffer_append(text, payload, length);
        }
        return status == SLK_OK ? slk_buffer_append(text, "}", 1) : status;
    }
    return status == SLK_OK ? slk_buffer_append(text, ACK_END, sizeof ACK_END - 1) : status;
}

static bool send_ack(struct slk_acks *acks, const struct slk_owed_ack *owed, const char *payload,
                     size_t length)
{
    struct slk_ws_connection *connection = acks->route(acks->context, owed->connection);
    if (connection == NULL) {
        return false;
    }
    struct slk_buffer text;
    slk_buffer_init(&text, SLK_ACK_MAX_PAYLOAD + 512);
    bool sent = write_ack(&text, owed, payload, length) == SLK_OK &&
                slk_ws_connection_append(connection, SLK_WS_TEXT, text.data, text.length) == SLK_OK;
    slk_buffer_free(&text);
    acks->counters->acks += sent;
    return sent;
}

static void hold(struct slk_acks *acks, const struct slk_owed_ack *owed, const char *payload,
                 size_t length)
{
    struct slk_held_ack *held = malloc(sizeof *held + length);
    if (held == NULL) {
        tell(acks, owed->token, SLK_ACK_UNSENT);
        return;
    }
    held->owed = *owed;
    held->length = length;
    if (length > 0) {
        memcpy(held->payload, payload, length);
    }
    held->next = acks->held;
    acks->held = held;
}

int slk_acks_append(struct slk_ws_connection *connection, struct slk_text id)
{
    char text[sizeof ACK_BEGIN + ACK_MAX_ID + sizeof ACK_END];
    if (id.length > ACK_MAX_ID) {
        return SLK_TOO_LARGE;
    }
    size_t length = sizeof ACK_BEGIN - 1;
    memcpy(text, ACK_BEGIN, length);
    memcpy(text + length, id.data, id.length);
    length += id.length;
    memcpy(text + length, ACK_END, sizeof ACK_END - 1);
    length += sizeof ACK_END - 1;
    return slk_ws_connection_append(connection, SLK_WS_TEXT, text, length);
}

void slk_acks_confirm(struct slk_acks *acks, uint64_t connection, struct slk_text id,
                      int64_t deadline)
{
    struct slk_ws_connection *to = acks->route(acks->context, connection);
    if (to != NULL && slk_acks_append(to, id) == SLK_OK) {
        acks->counters->acks++;
        return;
    }
    struct slk_owed_ack owed = {.connection = connection, .deadline = deadline};
    owed.id_length = id.length < sizeof owed.id ? id.length : 0;
    memcpy(owed.id, id.data, owed.id_length);
    hold(acks, &owed, NULL, 0);
}

void slk_acks_answer(struct slk_acks *acks, uint64_t token, const char *payload, size_t length)
{
    struct slk_owed_ack owed;
    if (slk_ack_ledger_settle(acks->ledger, token, &owed) != SLK_OK) {
        tell(acks, token, SLK_ACK_LATE);
    } else if (!send_ack(acks, &owed, payload, payload != NULL ? length : 0)) {
        hold(acks, &owed, payload, payload != NULL ? length : 0);
    }
}

void slk_acks_forget(struct slk_acks *acks, uint64_t token)
{
    struct slk_owed_ack owed;
    slk_ack_ledger_settle(acks->ledger, token, &owed);
}

void slk_acks_retry(struct slk_acks *acks)
{
    struct slk_held_ack **link = &acks->held;
    while (*link != NULL) {
        struct slk_held_ack *held = *link;
        if (send_ack(acks, &held->owed, held->payload, held->length)) {
            *link = held->next;
            free(held);
        } else {
            link = &held->next;
        }
    }
}

static void expire_owed(struct slk_acks *acks, int64_t now)
{
    struct slk_owed_ack owed;
    while (slk_ack_ledger_expire(acks->ledger, now, &owed) == SLK_OK) {
        bool sent = send_ack(acks, &owed, NULL, 0);
        acks->counters->deadline_acks += sent;
        tell(acks, owed.token, sent ? SLK_ACK_DEADLINE : SLK_ACK_UNSENT);
    }
}

/* Drops what is due at or before now; returns when the next one is. */
static int64_t expire_held(struct slk_acks *acks, int64_t now)
{
    int64_t next = SLK_NEVER;
    struct slk_held_ack **link = &acks->held;
    while (*link != NULL) {
        struct slk_held_ack *held = *link;
        if (held->owed.deadline <= now) {
            tell(acks, held->owed.token, SLK_ACK_UNSENT);
            *link = held->next;
            free(held);
        } else {
            next = held->owed.deadline < next ? held->owed.deadline : next;
            link = &held->next;
        }
    }
    return next;
}

int64_t slk_acks_tick(struct slk_acks *acks, int64_t now)
{
    expire_owed(acks, now);
    int64_t held = expire_held(acks, now);
    int64_t owed = slk_ack_ledger_next_deadline(acks->ledger);
    return held < owed ? held : owed;
}

size_t slk_acks_outstanding(const struct slk_acks *acks)
{
    size_t count = slk_ack_ledger_count(acks->ledger);
    for (const struct slk_held_ack *held = acks->held; held != NULL; held = held->next) {
        count++;
    }
    return count;
}

void slk_acks_abandon(struct slk_acks *acks)
{
    expire_held(acks, SLK_NEVER);
}
