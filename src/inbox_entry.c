#include "inbox_entry.h"

#include <string.h>

#include "json_field.h"

#define MAX_KEY    255
#define MAX_REASON 64

static const struct slk_text NONE = {NULL, 0};

static bool is_object(struct slk_text value)
{
    return value.length >= 2 && value.data[0] == '{';
}

/* What is between the quotes: ids need no escapes. */
static struct slk_text id_of(struct slk_text value)
{
    bool fits = value.length > 2 && value.length - 2 <= MAX_KEY && value.data[0] == '"';
    return fits ? (struct slk_text){value.data + 1, value.length - 2} : NONE;
}

static struct slk_text field(struct slk_text object, const char *name)
{
    return is_object(object) ? slk_json_field(object.data, object.length, name) : NONE;
}

static struct slk_text form_field(struct slk_text form, const char *name)
{
    struct slk_text found = NONE;
    const char *end = form.data + form.length;
    for (const char *at = form.data; at < end;) {
        const char *value = at + strlen(at) + 1;
        size_t length = strlen(value);
        if (strcmp(at, name) == 0 && length <= MAX_KEY) {
            found = (struct slk_text){value, length};
        }
        at = value + length + 1;
    }
    return found;
}

/* In the order in which payload.lua looks for it. */
static struct slk_text channel_in(struct slk_text object)
{
    static const char *const names[] = {
        "channel", "channel_id", "item", "assistant_thread", "container", "new_channel_id",
    };
    struct slk_text values[sizeof names / sizeof *names];
    if (!is_object(object)) {
        return NONE;
    }
    slk_json_fields(object, names, values, sizeof names / sizeof *names);
    struct slk_text ids[] = {
        id_of(values[0]),
        id_of(field(values[0], "id")),
        id_of(values[1]),
        id_of(field(values[2], "channel")),
        id_of(field(values[3], "channel_id")),
        id_of(field(values[4], "channel_id")),
        id_of(values[5]),
    };
    size_t i = 0;
    while (i + 1 < sizeof ids / sizeof *ids && ids[i].length == 0) {
        i++;
    }
    return ids[i];
}

struct slk_text slk_entry_channel(const struct slk_entry *entry)
{
    if (entry->is_form) {
        return form_field(entry->body, "channel_id");
    }
    if (entry->kind == SLK_ENTRY_EVENT) {
        return channel_in(field(entry->body, "event"));
    }
    return channel_in(entry->body);
}

static char *add_text(char *at, const char *text)
{
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

/* Once per event: several times as fast as printf. */
static char *add_number(char *at, int64_t number)
{
    char digits[20];
    size_t count = 0;
    for (uint64_t rest = number > 0 ? (uint64_t)number : 0; rest > 0 || count == 0; rest /= 10) {
        digits[count++] = (char)('0' + rest % 10);
    }
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

/* Slack's reasons are plain words; of anything else only such characters stay. */
static char *add_words(char *at, struct slk_text words)
{
    size_t left = MAX_REASON;
    for (size_t i = 0; i < words.length && left > 0; i++) {
        char c = words.data[i];
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
            *at++ = c;
            left--;
        }
    }
    return at;
}

size_t slk_entry_meta(const struct slk_entry *entry, char meta[SLK_ENTRY_META])
{
    static const char *const kinds[] = {"event", "command", "interaction"};
    char *at = add_text(meta, "{\"kind\":\"");
    at = add_text(at, kinds[entry->kind]);
    at = add_text(at, entry->is_form ? "\",\"form\":true,\"via\":\"" : "\",\"via\":\"");
    at = add_text(at, entry->via);
    if (entry->retry_number > 0) {
        at = add_text(at, "\",\"retry\":");
        at = add_number(at, entry->retry_number);
        at = add_text(at, ",\"reason\":\"");
        at = add_words(at, entry->retry_reason);
    }
    at = add_text(at, "\",\"received\":");
    at = add_number(at, entry->received);
    at = add_text(at, "}");
    return (size_t)(at - meta);
}
