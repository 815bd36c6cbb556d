/* What becomes of an envelope when memory runs out on its way to the store. */
#include "put_queue.h"

static int no_memory(struct slk_put_queue *queue, const struct slk_put_request *request)
{
    (void)queue;
    (void)request;
    return SLK_NOMEM;
}

static bool keeps_all(const struct slk_put_queue *queue, enum slk_entry_kind kind)
{
    (void)queue;
    (void)kind;
    return true;
}

#define slk_put_queue_add   no_memory
#define slk_put_queue_keeps keeps_all

/* The library that this is linked with has them too. */
#define slk_intake_init     tried_init
#define slk_intake_tick     tried_tick
#define slk_intake_complain tried_complain
#define slk_intake_add      tried_add
#define slk_intake_tell     tried_tell
#define slk_intake_text     tried_text
#define slk_intake_push     tried_push

#include "socket_mode_intake.c"

#include "check.h"

static void owes_no_ack_for_what_lua_never_sees(void)
{
    static const char text[] = "{\"envelope_id\":\"e1\",\"type\":\"slash_commands\","
                               "\"accepts_response_payload\":true,\"payload\":{}}";
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_mailbox *mailbox = slk_mailbox_create(0, 0);
    struct slk_socket_mode_stats counters = {0};
    struct slk_envelope envelope;
    struct slk_intake intake;
    slk_intake_init(&intake, ledger, mailbox, mailbox, NULL, "socket_mode", 1, SLK_SECONDS(1),
                    &counters);
    intake.puts = (struct slk_put_queue *)&intake; /* the functions above do not look into it */
    CHECK(slk_intake_text(&intake, 1, NULL, text, sizeof text - 1, &envelope) ==
          SLK_INTAKE_IGNORED);
    CHECK(counters.envelopes == 0 && counters.bad_frames == 1);
    CHECK(slk_ack_ledger_count(ledger) == 0);
    slk_mailbox_release(mailbox);
    slk_ack_ledger_destroy(ledger);
}

int main(void)
{
    owes_no_ack_for_what_lua_never_sees();
    return 0;
}
