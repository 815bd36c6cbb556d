#include <string.h>

#include "redact_rules.h"

#define MAX_HOST 64 /* bytes looked through for the end of "hooks.slack.com" */

static size_t segment_length(const struct slk_redaction *pass, size_t start)
{
    size_t at = start;
    while (at < pass->length && (unsigned char)pass->text[at] > ' ' &&
           strchr("&?#\"'<>\\`|", pass->text[at]) == NULL && slk_slash_at(pass, at) == 0 &&
           !slk_redaction_has(pass, at, "%3f") && !slk_redaction_has(pass, at, "%26")) {
        at++;
    }
    return at - start;
}

static size_t path_length(const struct slk_redaction *pass, size_t start)
{
    size_t at = start, more;
    while ((more = segment_length(pass, at)) > 0 || (more = slk_slash_at(pass, at)) > 0) {
        at += more;
    }
    return at - start;
}

/* Bytes of a team's id and the slash after it. */
static size_t team_segment(const struct slk_redaction *pass, size_t start)
{
    size_t length = segment_length(pass, start);
    size_t slash = slk_slash_at(pass, start + length);
    char first = slk_redaction_char(pass, start);
    bool is_team = length >= 2 && slash > 0 && (first == 'T' || first == 'E');
    for (size_t i = 1; is_team && i < length; i++) {
        char c = pass->text[start + i];
        is_team = slk_is_digit(c) || (c >= 'A' && c <= 'Z');
    }
    return is_team ? length + slash : 0;
}

/* hooks.slack.com/KIND/...: whoever has the rest may post. */
bool slk_redact_hooks(struct slk_redaction *pass, size_t name_length)
{
    size_t at = pass->read + name_length;
    if (!slk_redaction_has(pass, at, ".slack")) {
        return false;
    }
    size_t end = at + MAX_HOST;
    while (at < end && (slk_is_name_char(slk_redaction_char(pass, at)) ||
                        slk_redaction_char(pass, at) == '.')) {
        at++;
    }
    size_t slash = slk_slash_at(pass, at);
    size_t kind = slash > 0 ? segment_length(pass, at + slash) : 0;
    size_t second = kind > 0 ? slk_slash_at(pass, at + slash + kind) : 0;
    if (second == 0) {
        return false;
    }
    at += slash + kind + second;
    slk_redact_within(pass, at + team_segment(pass, at));
    slk_redaction_mask(pass, path_length(pass, pass->read));
    return true;
}

/* Bytes of "upload/v1/", behind which stands where somebody's file is taken once. */
static size_t upload_segments(const struct slk_redaction *pass, size_t start)
{
    size_t length = segment_length(pass, start);
    size_t slash = slk_slash_at(pass, start + length);
    size_t version = start + length + slash;
    size_t second = slk_slash_at(pass, version + 2);
    bool is_upload = slash > 0 && slk_redaction_is(pass, start, length, "upload") && second > 0 &&
                     slk_redaction_is(pass, version, 2, "v1") &&
                     path_length(pass, version + 2 + second) > 0;
    return is_upload ? length + slash + 2 + second : 0;
}

/* Bytes of "commands/T0123/" and its like. */
static size_t hook_segments(const struct slk_redaction *pass, size_t start)
{
    static const char *const kinds[] = {"services", "commands", "actions", "workflows", "triggers"};
    size_t length = segment_length(pass, start);
    size_t slash = slk_slash_at(pass, start + length);
    bool is_kind = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        is_kind = is_kind || slk_redaction_is(pass, start, length, kinds[i]);
    }
    size_t team = is_kind && slash > 0 ? team_segment(pass, start + length + slash) : 0;
    return team > 0 ? length + slash + team : 0;
}

/* The same paths on other hosts: response URLs behind a proxy or of a local Slack; and the
 * URLs that take a file. */
bool slk_redact_path(struct slk_redaction *pass)
{
    size_t at = pass->read + slk_slash_at(pass, pass->read);
    size_t known = hook_segments(pass, at);
    if (known == 0) {
        known = upload_segments(pass, at);
    }
    if (known == 0) {
        return false;
    }
    slk_redact_within(pass, at + known);
    slk_redaction_mask(pass, path_length(pass, pass->read));
    return true;
}

/* Bytes of that character at that place, also as an encoded URL has it. */
static size_t sign_at(const struct slk_redaction *pass, size_t at, char sign, const char *encoded)
{
    return slk_redaction_char(pass, at) == sign ? 1 : slk_redaction_has(pass, at, encoded) ? 3 : 0;
}

static bool is_userinfo_char(const struct slk_redaction *pass, size_t at, bool is_encoded)
{
    if (is_encoded && slk_slash_at(pass, at) > 0) {
        return false;
    }
    return at < pass->length && (unsigned char)pass->text[at] > ' ' &&
           strchr("?#\"'<>\\`|/", pass->text[at]) == NULL;
}

/* scheme://user:password@host, or scheme://token@host */
bool slk_redact_userinfo(struct slk_redaction *pass)
{
    size_t colon = sign_at(pass, pass->read, ':', "%3a");
    size_t first = slk_slash_at(pass, pass->read + colon);
    bool is_encoded = first == 3;
    size_t second = first > 0 ? slk_slash_at(pass, pass->read + colon + first) : 0;
    if (colon == 0 || second == 0) {
        return false;
    }
    size_t start = pass->read + colon + first + second;
    size_t secret = start, end = 0;
    for (size_t at = start; is_userinfo_char(pass, at, is_encoded); at++) {
        size_t sign = sign_at(pass, at, ':', is_encoded ? "%3a" : ":");
        if (sign > 0 && secret == start && end == 0) {
            secret = at + sign;
        } else if (sign_at(pass, at, '@', is_encoded ? "%40" : "@") > 0) {
            end = at;
        }
    }
    if (end == 0) {
        return false;
    }
    slk_redact_within(pass, secret);
    slk_redaction_mask(pass, end > pass->read ? end - pass->read : 0);
    return true;
}
