#include "envelope.h"

#include <limits.h>
#include <string.h>

#include "error.h"
#include "json_field.h"
#include "json_skip.h"

#define MAX_ID   255
#define MAX_NAME 32 /* longer than that of any field below */

enum field {
    OTHER_FIELD,
    TYPE,
    ENVELOPE_ID,
    PAYLOAD,
    REASON,
    RETRY_REASON,
    RETRY_ATTEMPT,
    NUM_CONNECTIONS,
    DEBUG_INFO,
    EVENT,
    EVENT_ID,
    CHALLENGE,
    ACCEPTS_RESPONSE_PAYLOAD
};

#define FIELD(text, value) [sizeof(text) - 1] = {text, value}

/* No two of these names have the same length. */
static enum field plain_field(const char *name, size_t length)
{
    static const struct {
        const char *name;
        enum field field;
    } fields[] = {
        FIELD("type", TYPE),
        FIELD("envelope_id", ENVELOPE_ID),
        FIELD("payload", PAYLOAD),
        FIELD("reason", REASON),
        FIELD("retry_reason", RETRY_REASON),
        FIELD("retry_attempt", RETRY_ATTEMPT),
        FIELD("num_connections", NUM_CONNECTIONS),
        FIELD("debug_info", DEBUG_INFO),
        FIELD("event", EVENT),
        FIELD("event_id", EVENT_ID),
        FIELD("challenge", CHALLENGE),
        FIELD("accepts_response_payload", ACCEPTS_RESPONSE_PAYLOAD),
    };
    bool is_known = length < sizeof fields / sizeof *fields && fields[length].name != NULL &&
                    memcmp(fields[length].name, name, length) == 0;
    return is_known ? fields[length].field : OTHER_FIELD;
}

/* name stands between quotes. One that is written with escapes is the same name
 * to whoever decodes the text. */
static enum field field_named(struct slk_text name)
{
    enum field field = plain_field(name.data, name.length);
    char decoded[MAX_NAME];
    if (field != OTHER_FIELD || memchr(name.data, '\\', name.length) == NULL) {
        return field;
    }
    struct slk_text quoted = {name.data - 1, name.length + 2};
    return slk_json_string(quoted, decoded, sizeof decoded) ? plain_field(decoded, strlen(decoded))
                                                            : OTHER_FIELD;
}

static struct slk_text string_body(struct slk_text value)
{
    if (*value.data != '"') {
        return (struct slk_text){0};
    }
    return (struct slk_text){value.data + 1, value.length - 2};
}

static struct slk_text unless_null(struct slk_text value)
{
    return *value.data == 'n' ? (struct slk_text){0} : value;
}

/* An id goes back to Slack as it stands, so it must need no escape. */
static struct slk_text id_body(struct slk_text value)
{
    struct slk_text id = string_body(value);
    bool is_plain = id.length >= 1 && id.length <= MAX_ID;
    for (size_t i = 0; is_plain && i < id.length; i++) {
        is_plain = id.data[i] > 0x1F && id.data[i] < 0x7F && id.data[i] != '\\';
    }
    return is_plain ? id : (struct slk_text){0};
}

/* A whole number that is not negative; anything else counts as 0. */
static int small_number(struct slk_text value)
{
    int number = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9' || number > INT_MAX / 10 - 1) {
            return 0;
        }
        number = number * 10 + (value.data[i] - '0');
    }
    return number;
}

static void store(struct slk_envelope *envelope, enum field field, struct slk_text value)
{
    switch (field) {
    case TYPE: envelope->type = string_body(value); break;
    case ENVELOPE_ID: envelope->envelope_id = id_body(value); break;
    case PAYLOAD: envelope->payload = unless_null(value); break;
    case REASON: envelope->reason = string_body(value); break;
    case RETRY_REASON: envelope->retry_reason = string_body(value); break;
    case RETRY_ATTEMPT: envelope->retry_attempt = small_number(value); break;
    case NUM_CONNECTIONS: envelope->num_connections = small_number(value); break;
    case DEBUG_INFO: envelope->debug_info = unless_null(value); break;
    case EVENT: envelope->event = unless_null(value); break;
    case EVENT_ID: envelope->event_id = string_body(value); break;
    case CHALLENGE: envelope->challenge = unless_null(value); break;
    case ACCEPTS_RESPONSE_PAYLOAD: envelope->accepts_response_payload = *value.data == 't'; break;
    case OTHER_FIELD: break;
    }
}

/* A member of a payload that is an object. */
static const char *take_inner(struct slk_json_skip *skip, void *context, struct slk_text name,
                              const char *value)
{
    struct slk_envelope *envelope = context;
    const char *after = slk_json_skip_value(skip, value);
    if (after != NULL) {
        enum field field = field_named(name);
        struct slk_text text = {value, (size_t)(after - value)};
        if (field == EVENT_ID) {
            envelope->payload_event_id = string_body(text);
        } else if (field == EVENT) {
            envelope->payload_event = *value == '{' ? text : (struct slk_text){0};
        }
    }
    return after;
}

static const char *take_outer(struct slk_json_skip *skip, void *context, struct slk_text name,
                              const char *value)
{
    struct slk_envelope *envelope = context;
    enum field field = field_named(name);
    const char *after;
    if (field == PAYLOAD) {
        envelope->payload_event_id = envelope->payload_event = (struct slk_text){0}; /* repeated */
    }
    if (field == PAYLOAD && value < skip->end && *value == '{') {
        after = slk_json_skip_members(skip, value, take_inner, envelope);
    } else {
        after = slk_json_skip_value(skip, value);
    }
    if (after != NULL && field != OTHER_FIELD) {
        store(envelope, field, (struct slk_text){value, (size_t)(after - value)});
    }
    return after;
}

int slk_envelope_scan(const char *text, size_t length, struct slk_envelope *envelope,
                      const char **why)
{
    struct slk_json_skip skip = {.end = text + length};
    *envelope = (struct slk_envelope){0};
    const char *at = slk_json_skip_space(text, skip.end);
    at = at < skip.end && *at == '{' ? slk_json_skip_members(&skip, at, take_outer, envelope)
                                     : slk_json_skip_fail(&skip, "not a JSON object");
    if (at != NULL && slk_json_skip_space(at, skip.end) != skip.end) {
        at = slk_json_skip_fail(&skip, "text after the object");
    }
    if (at == NULL) {
        *why = skip.why;
        return SLK_INVALID;
    }
    envelope->is_deep = skip.is_deep;
    envelope->is_large = length >= SLK_JSON_SURE_LENGTH;
    return SLK_OK;
}

bool slk_envelope_is_separable(const struct slk_envelope *envelope, struct slk_text event_id)
{
    bool is_plain = event_id.data == NULL || memchr(event_id.data, '\\', event_id.length) == NULL;
    return is_plain && !envelope->is_deep && !envelope->is_large;
}
