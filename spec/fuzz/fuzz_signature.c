/* One signature alone opens the door: the one that is made with the secret, over this
 * body and a timestamp of digits that is not too old. The input: how far the clocks
 * differ (two bytes), what is done to the signature (one byte), the timestamp, an empty line, the
 * body. */
#include <ctype.h>
#include <stdbool.h>

#include "error.h"
#include "fuzz.h"
#include "signature.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define OTHER  "fedcba9876543210fedcba9876543210"

enum { SETTINGS = 3 };

static struct slk_signature_key *new_key(const char *secret)
{
    struct slk_signature_key *key = slk_signature_key_create(secret, strlen(secret));
    EXPECT(key != NULL);
    return key;
}

static bool is_number(struct slk_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!isdigit((unsigned char)text.data[i])) {
            return false;
        }
    }
    return text.length > 0 && text.length <= 18;
}

/* The number that the text would be, apart from the code. */
static int64_t number_of(struct slk_text text)
{
    char digits[20] = "";
    memcpy(digits, text.data, text.length);
    return (int64_t)strtoull(digits, NULL, 10);
}

/* What would be taken for it is spoilt at one place, or cut, or made longer. */
static struct slk_text spoil(const char *signature, uint8_t how)
{
    size_t length = SLK_SIGNATURE_SIZE - 1;
    char text[SLK_SIGNATURE_SIZE + 1];
    memcpy(text, signature, length);
    text[length] = '0';
    if (how < length) {
        text[how] = (char)(text[how] ^ (1 << how % 7));
    } else if (how < 2 * length) {
        length = how - length;
    } else if (how < 3 * length) {
        text[how - 2 * length] = (char)toupper((unsigned char)text[how - 2 * length]);
    } else {
        length++;
    }
    return (struct slk_text){exact_copy(text, length), length};
}

static enum slk_signature_verdict check(struct slk_signature_key *const *keys, size_t count,
                                        struct slk_text timestamp, struct slk_text signature,
                                        struct slk_text body, int64_t now)
{
    return slk_signature_check(keys, count, timestamp, signature, body, now);
}

static void check_all(struct slk_text timestamp, struct slk_text body, int64_t skew, uint8_t how)
{
    struct slk_signature_key *keys[] = {new_key(OTHER), new_key(SECRET)};
    char made[SLK_SIGNATURE_SIZE];
    EXPECT(slk_signature_make(keys[1], timestamp, body, made) == SLK_OK);
    struct slk_text signature = {made, SLK_SIGNATURE_SIZE - 1};
    bool is_good = is_number(timestamp);
    int64_t now = (is_good ? number_of(timestamp) : 1767610800) + skew;
    bool is_fresh = skew >= -SLK_SIGNATURE_MAX_AGE && skew <= SLK_SIGNATURE_MAX_AGE;
    enum slk_signature_verdict verdict = check(keys, 2, timestamp, signature, body, now);
    EXPECT((verdict == SLK_SIGNATURE_VALID) == (is_good && is_fresh));
    EXPECT((verdict == SLK_SIGNATURE_BAD_TIMESTAMP) == !is_good);
    EXPECT((verdict == SLK_SIGNATURE_STALE) == (is_good && !is_fresh));
    EXPECT(check(keys, 1, timestamp, signature, body, now) != SLK_SIGNATURE_VALID);
    EXPECT(check(keys, 0, timestamp, signature, body, now) != SLK_SIGNATURE_VALID);
    struct slk_text spoilt = spoil(made, how);
    bool is_same = spoilt.length == signature.length &&
                   memcmp(spoilt.data, signature.data, spoilt.length) == 0;
    EXPECT(is_same || check(keys, 2, timestamp, spoilt, body, now) != SLK_SIGNATURE_VALID);
    /* Anything at all in its place. */
    EXPECT(check(keys, 2, timestamp, body, timestamp, now) != SLK_SIGNATURE_VALID);
    free((char *)spoilt.data);
    slk_signature_key_destroy(keys[0]);
    slk_signature_key_destroy(keys[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS) {
        return 0;
    }
    const char *rest = (const char *)data + SETTINGS;
    size_t left = size - SETTINGS;
    const char *end = memmem(rest, left, "\n\n", 2);
    size_t length = end != NULL ? (size_t)(end - rest) : left;
    size_t start = end != NULL ? length + 2 : left;
    struct slk_text timestamp = {exact_copy(rest, length), length};
    struct slk_text body = {exact_copy(rest + start, left - start), left - start};
    check_all(timestamp, body, (int16_t)(data[0] | data[1] << 8) % 1000, data[2]);
    free((char *)timestamp.data);
    free((char *)body.data);
    return 0;
}
