#include <string.h>

#include "redact_rules.h"

#define MAX_STARS  3
#define SHOWN_END  4  /* characters of a token that stay, to tell tokens apart */
#define LONG_TOKEN 12 /* shorter ones show nothing of themselves */

static size_t one_prefix(const struct slk_redaction *pass, size_t at)
{
    if (slk_redaction_has(pass, at, "xapp-") || slk_redaction_has(pass, at, "xwfp-")) {
        return 5;
    }
    char separator = slk_redaction_char(pass, at + 4);
    bool is_xox = slk_redaction_has(pass, at, "xox") &&
                  slk_is_alnum(slk_redaction_char(pass, at + 3)) &&
                  (separator == '-' || separator == '.');
    return is_xox ? 5 : 0;
}

static size_t token_prefix(const struct slk_redaction *pass, size_t at)
{
    size_t length = 0, more;
    while ((more = one_prefix(pass, at + length)) > 0) {
        length += more;
    }
    return length;
}

static size_t token_body(const struct slk_redaction *pass, size_t start, size_t prefix)
{
    /* Cookie tokens (xoxd-) are percent-encoded base64. */
    const char *also = slk_redaction_has(pass, start, "xoxd-") ? "._-%+/" : "._-";
    size_t at = start + prefix;
    while (at < pass->length && (slk_is_alnum(pass->text[at]) ||
                                 (pass->text[at] != '\0' && strchr(also, pass->text[at])))) {
        at++;
    }
    return at - start - prefix;
}

static bool may_be_shown(const struct slk_redaction *pass, size_t at)
{
    char c = slk_redaction_char(pass, at);
    return (slk_is_name_char(c) || c == '.') && token_prefix(pass, at) == 0;
}

/* Bytes of a token that has been masked already: prefix, stars, its end. */
static size_t masked_token(const struct slk_redaction *pass, size_t start, size_t prefix)
{
    size_t stars = 0, shown = 0;
    while (stars < MAX_STARS && slk_redaction_char(pass, start + prefix + stars) == '*') {
        stars++;
    }
    while (shown < SHOWN_END && may_be_shown(pass, start + prefix + stars + shown)) {
        shown++;
    }
    return stars > 0 ? prefix + stars + shown : 0;
}

bool slk_redact_token(struct slk_redaction *pass)
{
    size_t prefix = token_prefix(pass, pass->read);
    if (prefix == 0) {
        return false;
    }
    size_t body = token_body(pass, pass->read, prefix);
    if (body == 0) {
        size_t masked = masked_token(pass, pass->read, prefix);
        slk_redaction_keep(pass, masked > 0 ? masked : prefix);
        return true;
    }
    size_t shown = body >= LONG_TOKEN ? SHOWN_END : 0;
    slk_redaction_keep(pass, prefix);
    slk_redaction_mask(pass, body - shown);
    slk_redaction_keep(pass, shown);
    return true;
}

void slk_redact_within(struct slk_redaction *pass, size_t end)
{
    while (pass->read < end) {
        if (!slk_redact_token(pass)) {
            slk_redaction_keep(pass, 1);
        }
    }
}

void slk_redact_value(struct slk_redaction *pass, size_t length)
{
    size_t prefix = token_prefix(pass, pass->read);
    if (prefix > 0 && (prefix + token_body(pass, pass->read, prefix) == length ||
                       masked_token(pass, pass->read, prefix) == length)) {
        slk_redact_token(pass);
    } else {
        slk_redaction_mask(pass, length);
    }
}
