#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fixed-width places in a template that are filled in for each envelope. */
#define HEX     "@@@@@@@@@@@@"
#define DECIMAL "######"
#define ATTEMPT "!"

#define HEX_WIDTH     (sizeof HEX - 1)
#define DECIMAL_WIDTH (sizeof DECIMAL - 1)
#define TEXT_SIZE     4096
#define SPOTS         12

#define ENVELOPE(event)                                                                            \
    "{\"envelope_id\":\"5d1c07e2-93ab-4c1f-8e60-" HEX "\",\"payload\":{\"token\":\"bench\","       \
    "\"team_id\":\"T0BENCH4TEAM\",\"context_team_id\":\"T0BENCH4TEAM\","                           \
    "\"context_enterprise_id\":null,\"api_app_id\":\"A0BENCH7APP\",\"event\":" event               \
    ",\"type\":\"event_callback\",\"event_id\":\"Ev" HEX "\",\"event_time\":1767612345,"           \
    "\"authorizations\":[{\"enterprise_id\":null,\"team_id\":\"T0BENCH4TEAM\","                    \
    "\"user_id\":\"U0BENCH0BOT\",\"is_bot\":true,\"is_enterprise_install\":false}],"               \
    "\"is_ext_shared_channel\":false,\"event_context\":"                                           \
    "\"4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMEJFTkNINFRFQU0iLCJhaWQiOiJBMEJFTkNIN0FQUCIsImNpZCI6"     \
    "IkMwQkVOQ0hDSEFOIn0\"},\"type\":\"events_api\",\"accepts_response_payload\":false,"           \
    "\"retry_attempt\":" ATTEMPT ",\"retry_reason\":\"\"}"

#define MESSAGE(type, channel_type, text, elements)                                                \
    "{\"type\":\"" type "\",\"user\":\"U0BENCH3ADA\",\"ts\":\"1767612345." DECIMAL "\","           \
    "\"client_msg_id\":\"0c7be1a4-5f2d-4b7e-9d31-" HEX "\",\"text\":\"" text                       \
    "\",\"team\":\"T0BENCH4TEAM\",\"blocks\":[{\"type\":\"rich_text\",\"block_id\":\"kQ7xZ\","     \
    "\"elements\":[{\"type\":\"rich_text_section\",\"elements\":[" elements                        \
    "]}]}],\"channel\":\"C0BENCH1OPS\",\"event_ts\":\"1767612345." DECIMAL "\"" channel_type "}"

#define CHANNEL ",\"channel_type\":\"channel\""
#define PLAIN   "{\"type\":\"text\",\"text\":\""

#define RELEASE                                                                                    \
    "The release candidate went out to the first ring at noon; error rates look flat so far, but " \
    "the queue in Frankfurt is a little longer than yesterday. Could somebody who knows the "      \
    "importer have a look at the retry numbers before we go on to the second ring?"
#define LUNCH                                                                                      \
    "Gr\\u00fc\\u00dfe aus der K\\u00fcche \\ud83c\\udf72 today there is lentil soup, and there "  \
    "is bread from the bakery on the corner \\u2013 first come, first served. Please bring your "  \
    "own bowl, the dishwasher has given up again and nobody has called the service yet."
#define LINKS                                                                                      \
    "Notes of the incident review are in <https://wiki.example/reviews/2026-01-05|the wiki>: "     \
    "root cause, time line, and the three things we do next. \\\"Who owns the pager rota?\\\" is " \
    "still open & will be settled on <#C0BENCH1OPS|ops> tomorrow at ten."
#define MENTION                                                                                    \
    "<@U0BENCH0BOT> please remind everybody in this channel that the quarterly numbers are due "   \
    "on Friday evening, and that the template has moved to the shared drive since the last time."
#define THREAD                                                                                     \
    "Thanks, that fixed it. For the record: the proxy kept a stale address for the registry, and " \
    "a restart of the resolver was enough.\\nI have added a check so that we notice next time."

static const char *const SOURCES[] = {
    ENVELOPE(MESSAGE("message", CHANNEL, RELEASE, PLAIN RELEASE "\"}")),
    ENVELOPE(MESSAGE("message", CHANNEL, LUNCH, PLAIN LUNCH "\"}")),
    ENVELOPE(MESSAGE("app_mention", "", MENTION,
                     "{\"type\":\"user\",\"user_id\":\"U0BENCH0BOT\"}," PLAIN MENTION "\"}")),
    ENVELOPE(MESSAGE("message", CHANNEL, LINKS,
                     PLAIN LINKS "\"},{\"type\":\"link\",\"url\":"
                                 "\"https://wiki.example/reviews/2026-01-05\","
                                 "\"text\":\"the wiki\"}")),
    ENVELOPE(MESSAGE("message",
                     CHANNEL ",\"thread_ts\":\"1767610001.000200\","
                             "\"parent_user_id\":\"U0BENCH5BOB\"",
                     THREAD, PLAIN THREAD "\"}")),
    ENVELOPE("{\"type\":\"reaction_added\",\"user\":\"U0BENCH3ADA\",\"reaction\":\"white_check_"
             "mark\",\"item\":{\"type\":\"message\",\"channel\":\"C0BENCH1OPS\",\"ts\":"
             "\"1767612001.000100\"},\"item_user\":\"U0BENCH5BOB\",\"event_ts\":"
             "\"1767612345." DECIMAL "\"}"),
    ENVELOPE(MESSAGE("message", CHANNEL, "Deployed, thanks.", PLAIN "Deployed, thanks.\"}")),
    /* Last: not part of the mix. */
    ENVELOPE(MESSAGE("message", CHANNEL, "burn", PLAIN "burn\"}")),
};

#define TEMPLATES (sizeof SOURCES / sizeof *SOURCES)
#define MIX       (TEMPLATES - 1)

struct spot {
    size_t offset;
    char kind;
};

struct template
{
    char text[TEXT_SIZE];
    size_t length;
    struct spot spots[SPOTS];
    size_t spot_count;
};

struct events {
    struct template templates[TEMPLATES];
};

static void find_spots(struct template *template, const char *mark)
{
    for (char *at = template->text; (at = strstr(at, mark)) != NULL; at += strlen(mark)) {
        template->spots[template->spot_count++] =
            (struct spot){.offset = (size_t)(at - template->text), .kind = *mark};
    }
}

struct events *events_create(void)
{
    struct events *events = calloc(1, sizeof *events);
    for (size_t i = 0; events != NULL && i < TEMPLATES; i++) {
        struct template *template = &events->templates[i];
        template->length = (size_t)snprintf(template->text, TEXT_SIZE, "%s", SOURCES[i]);
        find_spots(template, HEX);
        find_spots(template, DECIMAL);
        find_spots(template, ATTEMPT);
    }
    return events;
}

void events_destroy(struct events *events)
{
    free(events);
}

uint64_t events_kinds(void)
{
    return MIX;
}

static void put_digits(char *at, size_t width, uint64_t value, unsigned base)
{
    while (width-- > 0) {
        at[width] = "0123456789abcdef"[value % base];
        value /= base;
    }
}

const char *events_text(struct events *events, uint64_t number, bool burn, int attempt,
                        size_t *length)
{
    struct template *template = &events->templates[burn ? TEMPLATES - 1 : number % MIX];
    for (size_t i = 0; i < template->spot_count; i++) {
        char *at = template->text + template->spots[i].offset;
        switch (template->spots[i].kind) {
        case '@': put_digits(at, HEX_WIDTH, number, 16); break;
        case '#': put_digits(at, DECIMAL_WIDTH, number, 10); break;
        default: *at = (char)('0' + attempt); break;
        }
    }
    *length = template->length;
    return template->text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool events_number(const char *ack, size_t length, uint64_t *number)
{
    static const char PREFIX[] = "5d1c07e2-93ab-4c1f-8e60-";
    const char *at = memmem(ack, length, PREFIX, sizeof PREFIX - 1);
    if (at == NULL || (size_t)(ack + length - at) < sizeof PREFIX - 1 + HEX_WIDTH) {
        return false;
    }
    at += sizeof PREFIX - 1;
    *number = 0;
    for (size_t i = 0; i < HEX_WIDTH; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) {
            return false;
        }
        *number = *number << 4 | (uint64_t)digit;
    }
    return true;
}
