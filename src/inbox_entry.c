#include "inbox_entry.h"

#include <inttypes.h>
#include <stdio.h>
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

struct slk_text slk_entry_event_id(const struct slk_entry *entry)
{
    return entry->kind == SLK_ENTRY_EVENT ? id_of(field(entry->body, "event_id")) : NONE;
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

/* Slack's reasons are plain words; of anything else only such characters stay. */
static void copy_words(struct slk_text from, char words[MAX_REASON])
{
    size_t length = 0;
    for (size_t i = 0; i < from.length && length + 1 < MAX_REASON; i++) {
        char c = from.data[i];
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
            words[length++] = c;
        }
    }
    words[length] = '\0';
}

size_t slk_entry_meta(const struct slk_entry *entry, char meta[SLK_ENTRY_META])
{
    static const char *const kinds[] = {"event", "command", "interaction"};
    char retry[MAX_REASON + 40] = "", reason[MAX_REASON];
    if (entry->retry_number > 0) {
        copy_words(entry->retry_reason, reason);
        snprintf(retry, sizeof retry, ",\"retry\":%d,\"reason\":\"%s\"", entry->retry_number,
                 reason);
    }
    int length = snprintf(meta, SLK_ENTRY_META,
                          "{\"kind\":\"%s\"%s,\"via\":\"%s\"%s,\"received\":%" PRId64 "}",
                          kinds[entry->kind], entry->is_form ? ",\"form\":true" : "", entry->via,
                          retry, entry->received);
    return (size_t)length;
}
