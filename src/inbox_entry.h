/* What is kept of a delivery: its body, the words beside it, and the channel whose order it
 * stands in, found without decoding the body. Pure code; any thread. */
#ifndef SLK_INBOX_ENTRY_H
#define SLK_INBOX_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define SLK_ENTRY_META 256 /* bytes that are enough for any meta */

enum slk_entry_kind { SLK_ENTRY_EVENT, SLK_ENTRY_COMMAND, SLK_ENTRY_INTERACTION };

struct slk_entry {
    enum slk_entry_kind kind;
    const char *via;      /* "socket" or "http" */
    struct slk_text body; /* well-formed JSON; or a form: name, NUL, value, NUL, … */
    bool is_form;
    int retry_number; /* of Slack's redelivery; 0: none */
    struct slk_text retry_reason;
    int64_t received; /* milliseconds of the wall clock */
};

/* The channel that it is of, in the body; length 0 when it is of none. */
struct slk_text slk_entry_channel(const struct slk_entry *entry);

/* Writes the JSON text that is kept beside the body; returns its length. */
size_t slk_entry_meta(const struct slk_entry *entry, char meta[SLK_ENTRY_META]);

#endif
