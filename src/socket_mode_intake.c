#include "socket_mode_intake.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "socket_mode_acks.h"

#define COMPLAINTS_A_SECOND 5

void slk_intake_init(struct slk_intake *intake, struct slk_ack_ledger *ledger,
                     struct slk_mailbox *notices, struct slk_mailbox *events, struct slk_log *log,
                     const char *component, uint32_t source, int64_t ack_deadline,
                     struct slk_socket_mode_stats *counters)
{
    *intake = (struct slk_intake){.ledger = ledger,
                                  .notices = notices,
                                  .events = events,
                                  .log = log,
                                  .component = component,
                                  .source = source,
                                  .ack_deadline = ack_deadline,
                                  .counters = counters};
    intake->last = &intake->first;
}

int64_t slk_intake_tick(struct slk_intake *intake, int64_t now)
{
    if (intake->unlogged == 0) {
        return SLK_NEVER;
    }
    int64_t due = intake->complaints_since + SLK_SECONDS(1);
    if (now < due) {
        return due;
    }
    slk_log_write(intake->log, SLK_LOG_WARN, intake->component,
                  "%u more unusable frames were ignored", intake->unlogged);
    intake->unlogged = 0;
    return SLK_NEVER;
}

void slk_intake_complain(struct slk_intake *intake, uint64_t connection, const char *what,
                         const char *why)
{
    intake->counters->bad_frames++;
    if (intake->now - intake->complaints_since >= SLK_SECONDS(1)) {
        slk_intake_tick(intake, intake->now);
        intake->complaints_since = intake->now;
        intake->complaints = 0;
    }
    if (intake->complaints >= COMPLAINTS_A_SECOND) {
        intake->unlogged++;
        return;
    }
    intake->complaints++;
    slk_log_write(intake->log, SLK_LOG_WARN, intake->component, "connection %llu: ignored %s (%s)",
                  (unsigned long long)connection, what, why);
}

static bool ack_now(struct slk_intake *intake, struct slk_ws_connection *ack_to, struct slk_text id)
{
    bool is_sent = slk_acks_append(ack_to, id) == SLK_OK;
    intake->counters->acks += is_sent;
    return is_sent;
}

/* Copies the text behind the struct, terminated, and moves *space past it. */
static const char *place(char **space, struct slk_text slice)
{
    char *text = *space;
    if (slice.length > 0) {
        memcpy(text, slice.data, slice.length);
    }
    text[slice.length] = '\0';
    *space += slice.length + 1;
    return text;
}

static void set_event(struct slk_envelope_message *message, const struct slk_envelope *envelope)
{
    if (envelope->payload_event.data == NULL || !slk_text_is(envelope->type, "events_api") ||
        !slk_envelope_is_separable(envelope, envelope->payload_event_id)) {
        return;
    }
    const char *text = envelope->payload.data, *copy = message->payload;
    message->message.kind = SLK_MESSAGE_EVENT;
    message->event = slk_text_in_copy(envelope->payload_event, text, copy);
    message->event_id = slk_text_in_copy(envelope->payload_event_id, text, copy);
}

static struct slk_envelope_message *make_message(const struct slk_intake *intake,
                                                 const struct slk_envelope *envelope)
{
    struct slk_text payload = envelope->payload;
    if (payload.data == NULL) {
        payload = (struct slk_text){"{}", 2};
    }
    size_t size = sizeof(struct slk_envelope_message) + envelope->type.length +
                  envelope->envelope_id.length + envelope->retry_reason.length + payload.length + 4;
    struct slk_envelope_message *message = malloc(size);
    if (message == NULL) {
        return NULL;
    }
    *message = (struct slk_envelope_message){
        .message = {.destroy = slk_message_free,
                    .kind = SLK_MESSAGE_ENVELOPE,
                    .source = intake->source,
                    .size = size},
        .received = intake->now,
        .retry_attempt = envelope->retry_attempt,
        .accepts_response_payload = envelope->accepts_response_payload,
        .type_length = envelope->type.length,
        .envelope_id_length = envelope->envelope_id.length,
        .retry_reason_length = envelope->retry_reason.length,
        .payload_length = payload.length,
    };
    char *space = (char *)(message + 1);
    message->type = place(&space, envelope->type);
    message->envelope_id = place(&space, envelope->envelope_id);
    message->retry_reason = place(&space, envelope->retry_reason);
    message->payload = place(&space, payload);
    set_event(message, envelope);
    return message;
}

/* Only a handler can answer these; events never wait for one, whatever they say. */
static bool is_answered_by_handler(const struct slk_envelope *envelope)
{
    if (slk_text_is(envelope->type, "events_api")) {
        return false;
    }
    return envelope->accepts_response_payload || slk_text_is(envelope->type, "interactive") ||
           slk_text_is(envelope->type, "slash_commands");
}

/* What Lua never hears of is not acked at its deadline either. */
static enum slk_intake_result give_up(struct slk_intake *intake, uint64_t connection,
                                      struct slk_envelope_message *message, const char *why)
{
    struct slk_owed_ack forgotten;
    if (message != NULL && message->ack_token != 0) {
        slk_ack_ledger_settle(intake->ledger, message->ack_token, &forgotten);
    }
    free(message);
    slk_intake_complain(intake, connection, "an envelope", why);
    return SLK_INTAKE_IGNORED;
}

static enum slk_intake_result batch(struct slk_intake *intake, struct slk_envelope_message *message)
{
    intake->counters->envelopes++;
    *intake->last = &message->message;
    intake->last = &message->message.next;
    return SLK_INTAKE_ENVELOPE;
}

enum slk_intake_result slk_intake_add(struct slk_intake *intake, uint64_t connection,
                                      const struct slk_envelope *envelope)
{
    struct slk_envelope_message *message = make_message(intake, envelope);
    return message != NULL ? batch(intake, message)
                           : give_up(intake, connection, NULL, "out of memory");
}

enum slk_intake_result slk_intake_tell(struct slk_intake *intake, uint64_t connection,
                                       const struct slk_envelope *envelope)
{
    struct slk_envelope_message *message = make_message(intake, envelope);
    if (message == NULL) {
        return give_up(intake, connection, NULL, "out of memory");
    }
    slk_mailbox_push(intake->notices, &message->message);
    return SLK_INTAKE_REPLY;
}

static bool kind_of(struct slk_text type, enum slk_entry_kind *kind)
{
    if (slk_text_is(type, "events_api")) {
        *kind = SLK_ENTRY_EVENT;
    } else if (slk_text_is(type, "slash_commands")) {
        *kind = SLK_ENTRY_COMMAND;
    } else if (slk_text_is(type, "interactive")) {
        *kind = SLK_ENTRY_INTERACTION;
    } else {
        return false; /* handled, or not, as it comes */
    }
    return true;
}

static bool is_kept(const struct slk_intake *intake, const struct slk_envelope *envelope)
{
    enum slk_entry_kind kind;
    return intake->puts != NULL && kind_of(envelope->type, &kind) &&
           slk_put_queue_keeps(intake->puts, kind);
}

static void destroy_kept(struct slk_message *message)
{
    free(((struct slk_envelope_message *)message)->entry);
    free(message);
}

/* Goes to the store before anything else. */
static enum slk_intake_result keep(struct slk_intake *intake, uint64_t connection,
                                   const struct slk_envelope *envelope,
                                   struct slk_envelope_message *message)
{
    struct slk_put_request request = {
        .entry = {.via = "socket",
                  .body = {message->payload, message->payload_length},
                  .retry_number = message->retry_attempt,
                  .retry_reason = {message->retry_reason, message->retry_reason_length}},
        .received = message->received,
        .event_id = envelope->payload_event_id,
        .message = &message->message,
        .entry_id = &message->entry,
        .place = connection,
        .ack_id = {message->envelope_id, message->envelope_id_length},
    };
    kind_of(envelope->type, &request.entry.kind);
    message->message.destroy = destroy_kept;
    if (slk_put_queue_add(intake->puts, &request) != SLK_OK) {
        return give_up(intake, connection, message, "out of memory");
    }
    intake->counters->envelopes++;
    return SLK_INTAKE_ENVELOPE;
}

/* Without an ack Slack delivers again, so giving up here loses nothing. */
static enum slk_intake_result deliver(struct slk_intake *intake, uint64_t connection,
                                      struct slk_ws_connection *ack_to,
                                      const struct slk_envelope *envelope)
{
    struct slk_envelope_message *message = make_message(intake, envelope);
    bool accepted = message != NULL;
    bool keeps = is_kept(intake, envelope);
    if (accepted && is_answered_by_handler(envelope)) {
        struct slk_text id = envelope->envelope_id;
        message->ack_token = slk_ack_ledger_add(intake->ledger, connection, id.data, id.length,
                                                intake->now + intake->ack_deadline);
        accepted = message->ack_token != 0;
    } else if (accepted && !keeps) {
        accepted = ack_now(intake, ack_to, envelope->envelope_id);
    }
    if (accepted && keeps) {
        return keep(intake, connection, envelope, message);
    }
    return accepted ? batch(intake, message)
                    : give_up(intake, connection, message, "out of memory, or Slack reads no acks");
}

enum slk_intake_result slk_intake_text(struct slk_intake *intake, uint64_t connection,
                                       struct slk_ws_connection *ack_to, const char *text,
                                       size_t length, struct slk_envelope *envelope)
{
    const char *why = NULL;
    if (slk_envelope_scan(text, length, envelope, &why) != SLK_OK) {
        slk_intake_complain(intake, connection, "a text frame that is no JSON object", why);
        return SLK_INTAKE_IGNORED;
    }
    if (slk_text_is(envelope->type, "hello")) {
        return SLK_INTAKE_HELLO;
    }
    if (slk_text_is(envelope->type, "disconnect")) {
        return SLK_INTAKE_DISCONNECT;
    }
    if (envelope->envelope_id.data != NULL && envelope->type.data != NULL) {
        return deliver(intake, connection, ack_to, envelope);
    }
    slk_intake_complain(intake, connection, "a frame",
                        envelope->type.data == NULL ? "it has no type"
                                                    : "it has no usable envelope_id");
    return SLK_INTAKE_IGNORED;
}

size_t slk_intake_push(struct slk_intake *intake)
{
    if (intake->first != NULL) {
        slk_mailbox_push(intake->events, intake->first);
        intake->first = NULL;
        intake->last = &intake->first;
    }
    return intake->puts != NULL ? slk_put_queue_send(intake->puts) : 0;
}
