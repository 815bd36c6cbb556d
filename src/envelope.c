#include "envelope.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "error.h"
#include "json_field.h"
#include "json_text.h"

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

struct scanner {
    const char *at;
    const char *end;
    const char *why;
    size_t depth;
    uint64_t is_object[SLK_ENVELOPE_MAX_DEPTH / 64]; /* one bit for each open container */
    bool at_event_id;                                /* the payload's member at hand is that */
    struct slk_text event_id;                        /* its value, if it is a string */
};

static bool fail(struct scanner *scanner, const char *why)
{
    scanner->why = why;
    return false;
}

static void skip_space(struct scanner *scanner)
{
    const char *at = scanner->at;
    while (at < scanner->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    scanner->at = at;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* At the backslash. */
static bool skip_escape(struct scanner *scanner)
{
    const char *at = scanner->at + 1;
    if (at == scanner->end) {
        return fail(scanner, "unfinished string");
    }
    switch (*at) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': scanner->at = at + 1; return true;
    case 'u': break;
    default: return fail(scanner, "invalid escape");
    }
    for (int i = 1; i <= 4; i++) {
        if (scanner->end - at <= i || !is_hex(at[i])) {
            return fail(scanner, "invalid escape");
        }
    }
    scanner->at = at + 5;
    return true;
}

/* At the opening quote; ends after the closing one. */
static bool skip_string(struct scanner *scanner)
{
    scanner->at++;
    for (;;) {
        scanner->at = slk_json_skip_plain(scanner->at, scanner->end);
        if (scanner->at == scanner->end) {
            return fail(scanner, "unfinished string");
        }
        if (*scanner->at == '"') {
            scanner->at++;
            return true;
        }
        if (*scanner->at != '\\') {
            return fail(scanner, "control character in a string");
        }
        if (!skip_escape(scanner)) {
            return false;
        }
    }
}

static bool skip_digits(struct scanner *scanner)
{
    const char *start = scanner->at;
    const char *at = start;
    while (at < scanner->end && *at >= '0' && *at <= '9') {
        at++;
    }
    scanner->at = at;
    return at > start;
}

static bool next_is(const struct scanner *scanner, char a, char b)
{
    return scanner->at < scanner->end && (*scanner->at == a || *scanner->at == b);
}

/* Numbers below 10^308, and all that have no exponent and few digits, fit a double. */
#define PLAIN_DIGITS 300
#define MAX_POWER    308

/* The power of ten that what begins at data stays below, without its exponent;
 * *at moves to that. 0 has none: it stays below every one. */
static int64_t power_of_digits(const char **at, const char *end)
{
    int64_t power = 0;
    bool is_fraction = false, is_zero = true;
    for (; *at < end && **at != 'e' && **at != 'E'; (*at)++) {
        if (**at == '.') {
            is_fraction = true;
        } else if (**at != '-') {
            is_zero = is_zero && **at == '0';
            power += !is_fraction && !is_zero;
            power -= is_fraction && is_zero;
        }
    }
    return is_zero ? INT64_MIN / 2 : power;
}

static bool is_in_range(const char *at, const char *end)
{
    int64_t power = power_of_digits(&at, end), exponent = 0;
    bool is_negative = end - at > 1 && at[1] == '-';
    for (; at < end; at++) {
        if (*at >= '0' && *at <= '9' && exponent < INT32_MAX) {
            exponent = exponent * 10 + (*at - '0');
        }
    }
    return power + (is_negative ? -exponent : exponent) <= MAX_POWER;
}

/* Whoever decodes the text must be able to: its doubles are no larger. */
static bool skip_number(struct scanner *scanner)
{
    const char *start = scanner->at;
    bool has_exponent = false;
    if (next_is(scanner, '-', '-')) {
        scanner->at++;
    }
    if (next_is(scanner, '0', '0')) {
        scanner->at++;
    } else if (!skip_digits(scanner)) {
        return fail(scanner, "invalid number");
    }
    if (next_is(scanner, '.', '.')) {
        scanner->at++;
        if (!skip_digits(scanner)) {
            return fail(scanner, "invalid number");
        }
    }
    if (next_is(scanner, 'e', 'E')) {
        has_exponent = true;
        scanner->at++;
        if (next_is(scanner, '+', '-')) {
            scanner->at++;
        }
        if (!skip_digits(scanner)) {
            return fail(scanner, "invalid number");
        }
    }
    if ((has_exponent || scanner->at - start > PLAIN_DIGITS) && !is_in_range(start, scanner->at)) {
        return fail(scanner, "number out of range");
    }
    return true;
}

static bool skip_literal(struct scanner *scanner, const char *literal, size_t length)
{
    if ((size_t)(scanner->end - scanner->at) < length ||
        memcmp(scanner->at, literal, length) != 0) {
        return fail(scanner, "invalid value");
    }
    scanner->at += length;
    return true;
}

/* At the opening bracket of what is nested deeper than is kept track of: of that
 * only the strings are looked at, and that there are as many brackets. */
static bool skip_deep(struct scanner *scanner)
{
    size_t open = 0;
    do {
        if (scanner->at == scanner->end) {
            return fail(scanner, "unfinished text");
        }
        char c = *scanner->at;
        open += c == '{' || c == '[';
        open -= c == '}' || c == ']';
        if (c != '"') {
            scanner->at++;
        } else if (!skip_string(scanner)) {
            return false;
        }
    } while (open > 0);
    return true;
}

/* Goes inside, or past the whole when that is nested too deep. */
static inline bool open_container(struct scanner *scanner, bool is_object)
{
    if (scanner->depth == SLK_ENVELOPE_MAX_DEPTH) {
        return skip_deep(scanner);
    }
    uint64_t bit = (uint64_t)1 << scanner->depth % 64;
    uint64_t *bits = &scanner->is_object[scanner->depth / 64];
    *bits = is_object ? *bits | bit : *bits & ~bit;
    scanner->depth++;
    scanner->at++;
    return true;
}

static bool in_object(const struct scanner *scanner)
{
    size_t inner = scanner->depth - 1;
    return (scanner->is_object[inner / 64] >> inner % 64 & 1) != 0;
}

/* A string, number, literal or very deep container as a whole, or a container's opening. */
static bool skip_value(struct scanner *scanner)
{
    if (scanner->at == scanner->end) {
        return fail(scanner, "unfinished text");
    }
    switch (*scanner->at) {
    case '"': return skip_string(scanner);
    case '{': return open_container(scanner, true);
    case '[': return open_container(scanner, false);
    case 't': return skip_literal(scanner, "true", 4);
    case 'f': return skip_literal(scanner, "false", 5);
    case 'n': return skip_literal(scanner, "null", 4);
    default: return skip_number(scanner);
    }
}

#define FIELD(text, value)                                                                         \
    {                                                                                              \
        text, sizeof(text) - 1, value                                                              \
    }

static enum field plain_field(const char *name, size_t length)
{
    static const struct {
        const char *name;
        size_t length;
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
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].length == length && memcmp(fields[i].name, name, length) == 0) {
            return fields[i].field;
        }
    }
    return OTHER_FIELD;
}

/* name stands between quotes. One that is written with escapes is the same name
 * to whoever decodes the text. */
static enum field field_named(const char *name, size_t length)
{
    char decoded[MAX_NAME];
    if (length > 0 && memchr(name, '\\', length) != NULL) {
        struct slk_text quoted = {name - 1, length + 2};
        return slk_json_string(quoted, decoded, sizeof decoded)
                   ? plain_field(decoded, strlen(decoded))
                   : OTHER_FIELD;
    }
    return plain_field(name, length);
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

/* A member's name and colon; *field says which it is if it is a top-level one. */
static bool scan_name(struct scanner *scanner, enum field *field)
{
    skip_space(scanner);
    if (!next_is(scanner, '"', '"')) {
        return fail(scanner, "name expected");
    }
    const char *start = scanner->at + 1;
    if (!skip_string(scanner)) {
        return false;
    }
    size_t length = (size_t)(scanner->at - start) - 1;
    if (scanner->depth == 1) {
        *field = field_named(start, length);
        if (*field == PAYLOAD) {
            scanner->event_id = (struct slk_text){NULL, 0}; /* of a repeated one */
        }
    } else if (scanner->depth == 2 && *field == PAYLOAD) {
        scanner->at_event_id = field_named(start, length) == EVENT_ID;
    }
    skip_space(scanner);
    if (!next_is(scanner, ':', ':')) {
        return fail(scanner, "colon expected");
    }
    scanner->at++;
    return true;
}

/* The next element or member of the container at hand, up to the end of its
 * value or, when that is a container, to its inside. */
static bool scan_element(struct scanner *scanner, bool is_first, enum field *field,
                         const char **value)
{
    if (!is_first && !next_is(scanner, ',', ',')) {
        return fail(scanner,
                    scanner->at == scanner->end ? "unfinished text" : "comma or bracket expected");
    }
    scanner->at += is_first ? 0 : 1;
    if (in_object(scanner) && !scan_name(scanner, field)) {
        return false;
    }
    skip_space(scanner);
    const char *start = scanner->at;
    if (scanner->depth == 1) {
        *value = start;
    }
    bool at_event_id = scanner->at_event_id;
    scanner->at_event_id = false;
    if (!skip_value(scanner)) {
        return false;
    }
    if (at_event_id) {
        scanner->event_id =
            scanner->depth == 2
                ? string_body((struct slk_text){start, (size_t)(scanner->at - start)})
                : (struct slk_text){NULL, 0};
    }
    return true;
}

static bool scan_object(struct scanner *scanner, struct slk_envelope *envelope)
{
    enum field field = OTHER_FIELD; /* the top-level member at hand */
    const char *value = NULL;       /* and where its value begins */
    bool just_opened = open_container(scanner, true);
    while (scanner->depth > 0) {
        size_t depth = scanner->depth;
        char closing = in_object(scanner) ? '}' : ']';
        skip_space(scanner);
        if (next_is(scanner, closing, closing)) {
            scanner->at++;
            scanner->depth--;
        } else if (!scan_element(scanner, just_opened, &field, &value)) {
            return false;
        }
        just_opened = scanner->depth > depth;
        if (scanner->depth == 1 && field != OTHER_FIELD) {
            store(envelope, field, (struct slk_text){value, (size_t)(scanner->at - value)});
        }
    }
    return true;
}

int slk_envelope_scan(const char *text, size_t length, struct slk_envelope *envelope,
                      const char **why)
{
    struct scanner scanner = {.at = text, .end = text + length};
    *envelope = (struct slk_envelope){0};
    skip_space(&scanner);
    bool valid = next_is(&scanner, '{', '{') ? scan_object(&scanner, envelope)
                                             : fail(&scanner, "not a JSON object");
    if (valid) {
        skip_space(&scanner);
        valid = scanner.at == scanner.end || fail(&scanner, "text after the object");
    }
    if (!valid) {
        *why = scanner.why;
        return SLK_INVALID;
    }
    envelope->payload_event_id = scanner.event_id;
    return SLK_OK;
}
