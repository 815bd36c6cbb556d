/* What the body of a request of Slack's holds, seen without decoding its JSON
 * (Slack: "Events API", "Handling user interaction", "Slash commands"). Pure
 * code; any thread. */
#ifndef SLK_SLACK_BODY_H
#define SLK_SLACK_BODY_H

#include "buffer.h"
#include "envelope.h"
#include "http_form.h"

enum slk_body_kind {
    SLK_BODY_MALFORMED,
    SLK_BODY_UNKNOWN,      /* an object, but none that Slack sends */
    SLK_BODY_VERIFICATION, /* url_verification, whatever else is in it */
    SLK_BODY_EVENT,        /* of the Events API, or the notice that it limits the rate */
    SLK_BODY_COMMAND,
    SLK_BODY_INTERACTION,
    SLK_BODY_NO_MEMORY
};

struct slk_slack_body {
    enum slk_body_kind kind;
    struct slk_text text; /* JSON; of a command the decoded fields: name, NUL, value, NUL, … */
    struct slk_text event_id;  /* of an event, in text; data NULL when missing */
    struct slk_text event;     /* its object, in text; data NULL: not to be decoded by itself */
    struct slk_text challenge; /* of a verification: the JSON value, data NULL when missing */
    const char *why;           /* of a malformed one: static text */
};

/* text is in json. */
struct slk_slack_body slk_slack_body_read_json(struct slk_text json);

/* text is in decoded, whose content is replaced. A form with a field payload is
 * an interaction, one without it a command. Of a repeated field the last
 * counts, as it does in JSON; only payload must be there once. */
struct slk_slack_body slk_slack_body_read_form(struct slk_text form, struct slk_buffer *decoded);

/* Whether a field ssl_check has the value 1, written just so. */
bool slk_slack_body_is_ssl_check(struct slk_text form);

#endif
