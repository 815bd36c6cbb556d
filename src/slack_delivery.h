/* The message that takes a request of Slack's to Lua. */
#ifndef SLK_SLACK_DELIVERY_H
#define SLK_SLACK_DELIVERY_H

#include "http_receiver.h"
#include "put_queue.h"
#include "slack_body.h"
#include "slack_headers.h"

/* Any thread. Everything is copied; its request number is 0 until the caller says.
 * NULL when memory ran out. */
struct slk_delivery_message *slk_slack_delivery_create(enum slk_delivery_kind kind,
                                                       const struct slk_slack_body *body,
                                                       const struct slk_slack_headers *headers,
                                                       const struct slk_gate_request *request,
                                                       uint32_t source);

enum slk_entry_kind slk_slack_entry_kind(enum slk_delivery_kind kind);

/* Server thread. Adds it to what is put next, as what came by the request of that number; event_id
 * is that of its body. SLK_OK: the queue has it. SLK_NOMEM. */
int slk_slack_delivery_put(struct slk_delivery_message *delivery, struct slk_text event_id,
                           uint64_t number, struct slk_put_queue *queue);

#endif
