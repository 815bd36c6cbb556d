#include "slack_delivery.h"

#include <stdlib.h>

struct slk_delivery_message *slk_slack_delivery_create(enum slk_delivery_kind kind,
                                                       const struct slk_slack_body *body,
                                                       const struct slk_slack_headers *headers,
                                                       const struct slk_gate_request *request,
                                                       uint32_t source)
{
    struct slk_text reason = slk_slack_headers_retry_reason(headers), text = body->text;
    size_t size =
        sizeof(struct slk_delivery_message) + text.length + request->headers.length + reason.length;
    struct slk_delivery_message *delivery = malloc(size);
    if (delivery == NULL) {
        return NULL;
    }
    *delivery = (struct slk_delivery_message){
        .message = {.destroy = slk_message_free,
                    .kind = SLK_MESSAGE_DELIVERY,
                    .source = source,
                    .size = size},
        .kind = kind,
        .received = request->received,
        .retry_number = slk_slack_headers_retry_number(headers),
    };
    char *place = (char *)(delivery + 1);
    place = slk_text_copy(kind == SLK_DELIVERY_COMMAND ? &delivery->form : &delivery->json, text,
                          place);
    if (body->event.data != NULL) {
        delivery->event = slk_text_in_copy(body->event, text.data, delivery->json.data);
        delivery->event_id = slk_text_in_copy(body->event_id, text.data, delivery->json.data);
    }
    place = slk_text_copy(&delivery->headers, request->headers, place);
    slk_text_copy(&delivery->retry_reason, reason, place);
    return delivery;
}

enum slk_entry_kind slk_slack_entry_kind(enum slk_delivery_kind kind)
{
    return kind == SLK_DELIVERY_EVENT     ? SLK_ENTRY_EVENT
           : kind == SLK_DELIVERY_COMMAND ? SLK_ENTRY_COMMAND
                                          : SLK_ENTRY_INTERACTION;
}

static void destroy_kept(struct slk_message *message)
{
    free(((struct slk_delivery_message *)message)->entry);
    free(message);
}

int slk_slack_delivery_put(struct slk_delivery_message *delivery, struct slk_text event_id,
                           uint64_t number, struct slk_put_queue *queue)
{
    bool is_form = delivery->kind == SLK_DELIVERY_COMMAND;
    struct slk_put_request request = {
        .entry = {.kind = slk_slack_entry_kind(delivery->kind),
                  .via = "http",
                  .body = is_form ? delivery->form : delivery->json,
                  .is_form = is_form,
                  .retry_number = delivery->retry_number,
                  .retry_reason = delivery->retry_reason},
        .received = delivery->received,
        .event_id = event_id,
        .message = &delivery->message,
        .entry_id = &delivery->entry,
        .place = number,
    };
    delivery->message.destroy = destroy_kept;
    return slk_put_queue_add(queue, &request);
}
