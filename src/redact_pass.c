#include <string.h>
#include <strings.h>

#include "redact_rules.h"

#define STARS 3 /* what a secret becomes */

void slk_redaction_keep(struct slk_redaction *pass, size_t count)
{
    if (count > 0) {
        pass->previous = pass->text[pass->read + count - 1];
        memmove(pass->text + pass->written, pass->text + pass->read, count);
        pass->read += count;
        pass->written += count;
    }
}

void slk_redaction_mask(struct slk_redaction *pass, size_t count)
{
    size_t stars = count < STARS ? count : STARS;
    if (count == 0) {
        return;
    }
    if (count != stars || memcmp(pass->text + pass->read, "***", stars) != 0) {
        pass->changed = true;
    }
    memset(pass->text + pass->written, '*', stars);
    pass->written += stars;
    pass->read += count;
    pass->previous = '*';
}

char slk_redaction_char(const struct slk_redaction *pass, size_t at)
{
    return at < pass->length ? pass->text[at] : '\0';
}

bool slk_redaction_has(const struct slk_redaction *pass, size_t at, const char *word)
{
    size_t length = strlen(word);
    return at <= pass->length && pass->length - at >= length &&
           strncasecmp(pass->text + at, word, length) == 0;
}

bool slk_redaction_is(const struct slk_redaction *pass, size_t at, size_t length, const char *word)
{
    return length == strlen(word) && slk_redaction_has(pass, at, word);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

size_t slk_redaction_skip_blanks(const struct slk_redaction *pass, size_t at)
{
    while (is_blank(slk_redaction_char(pass, at))) {
        at++;
    }
    return at;
}

size_t slk_slash_at(const struct slk_redaction *pass, size_t at)
{
    char c = slk_redaction_char(pass, at);
    return c == '/'                                               ? 1
           : c == '\\' && slk_redaction_char(pass, at + 1) == '/' ? 2
           : slk_redaction_has(pass, at, "%2f")                   ? 3
                                                                  : 0;
}
