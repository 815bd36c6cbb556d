#include "slack_delivery.h"

#include <stdlib.h>
#include <string.h>

static void destroy_delivery(struct slk_message *message)
{
    free(message);
}

static char *copy_text(struct slk_http_text *to, struct slk_http_text from, char *place)
{
    if (from.length > 0) {
        memcpy(place, from.data, from.length);
    }
    *to = (struct slk_http_text){place, from.length};
    return place + from.length;
}

struct slk_delivery_message *slk_slack_delivery_create(enum slk_delivery_kind kind,
                                                       struct slk_http_text text,
                                                       const struct slk_slack_headers *headers,
                                                       const struct slk_gate_request *request,
                                                       uint32_t source)
{
    struct slk_http_text reason = slk_slack_headers_retry_reason(headers);
    size_t size =
        sizeof(struct slk_delivery_message) + text.length + request->headers.length + reason.length;
    struct slk_delivery_message *delivery = malloc(size);
    if (delivery == NULL) {
        return NULL;
    }
    *delivery = (struct slk_delivery_message){
        .message = {.destroy = destroy_delivery,
                    .kind = SLK_MESSAGE_DELIVERY,
                    .source = source,
                    .size = size},
        .kind = kind,
        .received = request->received,
        .retry_number = slk_slack_headers_retry_number(headers),
    };
    char *place = (char *)(delivery + 1);
    place =
        copy_text(kind == SLK_DELIVERY_COMMAND ? &delivery->form : &delivery->json, text, place);
    place = copy_text(&delivery->headers, request->headers, place);
    copy_text(&delivery->retry_reason, reason, place);
    return delivery;
}
