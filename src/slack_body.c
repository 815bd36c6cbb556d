#include "slack_body.h"

#include <string.h>

#include "error.h"
#include "json_field.h"
#include "utf8.h"

#define MAX_TYPE 64

static struct slk_slack_body malformed(const char *why)
{
    return (struct slk_slack_body){.kind = SLK_BODY_MALFORMED, .why = why};
}

static bool is_utf8(struct slk_text text)
{
    struct slk_utf8 state = {0};
    return slk_utf8_feed(&state, text.data, text.length) && slk_utf8_is_whole(&state);
}

/* However it is written: Lua sees what it means. */
static bool has_type(const struct slk_envelope *outer, const char *word)
{
    char type[MAX_TYPE];
    if (outer->type.data == NULL) {
        return false;
    }
    struct slk_text quoted = {outer->type.data - 1, outer->type.length + 2};
    return slk_json_string(quoted, type, sizeof type) && strcmp(type, word) == 0;
}

struct slk_slack_body slk_slack_body_read_json(struct slk_text json)
{
    struct slk_envelope outer;
    const char *why = "";
    if (slk_envelope_scan(json.data, json.length, &outer, &why) != SLK_OK) {
        return malformed(why);
    }
    if (!is_utf8(json)) {
        return malformed("not UTF-8");
    }
    struct slk_slack_body body = {.kind = SLK_BODY_EVENT, .text = json, .event_id = outer.event_id};
    if (has_type(&outer, "url_verification")) {
        body.kind = SLK_BODY_VERIFICATION;
        body.challenge = outer.challenge;
    } else if (outer.event.data != NULL && *outer.event.data != '{') {
        return malformed("its event is no object");
    } else if (outer.event.data == NULL && !has_type(&outer, "app_rate_limited")) {
        body.kind = SLK_BODY_UNKNOWN;
    } else if (slk_envelope_is_separable(&outer, outer.event_id)) {
        body.event = outer.event;
    }
    return body;
}

static int append_decoded(struct slk_buffer *decoded, struct slk_text text)
{
    int status = slk_http_form_decode(text, decoded);
    return status == SLK_OK ? slk_buffer_append(decoded, "", 1) : status;
}

static int decode_fields(struct slk_text form, struct slk_buffer *decoded)
{
    struct slk_text name, value;
    int status = SLK_OK;
    decoded->length = 0;
    for (size_t at = 0; status == SLK_OK && slk_http_form_next(form, &at, &name, &value) != 0;) {
        status = append_decoded(decoded, name);
        status = status == SLK_OK ? append_decoded(decoded, value) : status;
    }
    return status;
}

static struct slk_text take_decoded(struct slk_text *rest)
{
    struct slk_text text = {rest->data, strlen(rest->data)};
    rest->data += text.length + 1;
    rest->length -= text.length + 1;
    return text;
}

struct fields {
    struct slk_text payload, command;
    unsigned payloads;
};

static struct fields find_fields(struct slk_text decoded)
{
    struct fields found = {.payloads = 0};
    while (decoded.length > 0) {
        struct slk_text name = take_decoded(&decoded);
        struct slk_text value = take_decoded(&decoded);
        if (slk_text_is(name, "payload")) {
            found.payload = value;
            found.payloads++;
        } else if (slk_text_is(name, "command")) {
            found.command = value;
        }
    }
    return found;
}

static struct slk_slack_body read_payload(struct slk_text payload)
{
    struct slk_envelope outer;
    const char *why = "";
    if (slk_envelope_scan(payload.data, payload.length, &outer, &why) != SLK_OK) {
        return malformed(why);
    }
    return (struct slk_slack_body){.kind = SLK_BODY_INTERACTION, .text = payload};
}

struct slk_slack_body slk_slack_body_read_form(struct slk_text form, struct slk_buffer *decoded)
{
    int status = decode_fields(form, decoded);
    if (status != SLK_OK) {
        return status == SLK_INVALID ? malformed("a field is no encoded UTF-8")
                                     : (struct slk_slack_body){.kind = SLK_BODY_NO_MEMORY};
    }
    struct slk_text text = {decoded->data, decoded->length};
    struct fields fields = find_fields(text);
    if (fields.payloads > 1) {
        return malformed("several payloads");
    }
    if (fields.payloads == 1) {
        return read_payload(fields.payload);
    }
    if (fields.command.length == 0) {
        return malformed("a form with neither payload nor command");
    }
    return (struct slk_slack_body){.kind = SLK_BODY_COMMAND, .text = text};
}

bool slk_slack_body_is_ssl_check(struct slk_text form)
{
    struct slk_text name, value;
    for (size_t at = 0; slk_http_form_next(form, &at, &name, &value) != 0;) {
        if (slk_text_is(name, "ssl_check") && slk_text_is(value, "1")) {
            return true;
        }
    }
    return false;
}
