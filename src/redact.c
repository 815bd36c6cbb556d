#include "redact.h"

#include <string.h>

#include "redact_rules.h"

/* Passes over a text of any length, and bytes that are looked over besides: enough for one of
 * 2,000 bytes that is nested as deep as can be. */
#define PASSES 16
#define ENOUGH ((size_t)512 * 1024)

static bool redact_private_key(struct slk_redaction *pass)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ";
    if (!slk_redaction_has(pass, pass->read, begin)) {
        return false;
    }
    size_t at = pass->read + strlen(begin);
    while (slk_is_alnum(slk_redaction_char(pass, at)) || slk_redaction_char(pass, at) == ' ') {
        at++;
    }
    if (!slk_redaction_has(pass, at - 11, "PRIVATE KEY-----")) {
        return false;
    }
    slk_redact_within(pass, at + 5);
    const char *rest = pass->text + pass->read;
    const char *stop = memmem(rest, pass->length - pass->read, end, strlen(end));
    slk_redaction_mask(pass, stop != NULL ? (size_t)(stop - rest) : pass->length - pass->read);
    return true;
}

/* Dashes before a name do not belong to it: --token=... */
static bool skip_dash(struct slk_redaction *pass)
{
    bool is_leading = !slk_is_name_char(pass->previous);
    slk_redaction_keep(pass, 1);
    pass->previous = is_leading ? ' ' : '-';
    return true;
}

/* How far no rule can begin: within names, and at signs that mean nothing. */
static size_t plain_length(const struct slk_redaction *pass)
{
    char previous = pass->previous;
    size_t at = pass->read;
    for (; at < pass->length; at++) {
        char c = pass->text[at];
        bool is_name = slk_is_name_char(c);
        bool begins = is_name ? c == '-' || c == 'x' || c == 'X' || !slk_is_name_char(previous)
                              : c == ':' || c == '/' || c == '\\' || c == '%';
        if (begins) {
            break;
        }
        previous = c;
    }
    return at - pass->read;
}

static bool redact_here(struct slk_redaction *pass)
{
    char c = pass->text[pass->read];
    if ((c == 'x' || c == 'X') && slk_redact_token(pass)) {
        return true;
    }
    if (slk_is_name_char(c) && c != '-') {
        return !slk_is_name_char(pass->previous) && slk_redact_name(pass);
    }
    switch (c) {
    case '-': return redact_private_key(pass) || skip_dash(pass);
    case ':': return slk_redact_userinfo(pass);
    case '/':
    case '\\': return slk_slash_at(pass, pass->read) > 0 && slk_redact_path(pass);
    case '%':
        return slk_redact_userinfo(pass) ||
               (slk_slash_at(pass, pass->read) > 0 && slk_redact_path(pass));
    default: return false;
    }
}

/* Masking may leave text that now reads like something else, so the rules are
 * applied until they find nothing: what has been redacted stays as it is when
 * it is redacted again. */
size_t slk_redact(char *text, size_t length)
{
    struct slk_redaction pass = {.changed = true};
    for (size_t left = PASSES * length + ENOUGH; pass.changed && left >= length; left -= length) {
        pass = (struct slk_redaction){.text = text, .length = length};
        slk_redaction_keep(&pass, plain_length(&pass));
        while (pass.read < pass.length) {
            if (!redact_here(&pass)) {
                slk_redaction_keep(&pass, 1);
            }
            slk_redaction_keep(&pass, plain_length(&pass));
        }
        length = pass.written;
    }
    return length;
}
