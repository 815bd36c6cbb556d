#include "signature.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "error.h"

#define DIGEST_SIZE      32
#define PREFIX           "v0="
#define MAX_TIMESTAMP    18 /* digits: what fits an int64_t with room to spare */
#define SIGNATURE_LENGTH (SLK_SIGNATURE_SIZE - 1)

static bool feed(EVP_MAC_CTX *context, const void *data, size_t length)
{
    return length == 0 || EVP_MAC_update(context, data, length) == 1;
}

static bool compute(EVP_MAC_CTX *context, const char *secret, size_t secret_length,
                    const char *timestamp, size_t timestamp_length, const void *body,
                    size_t body_length, unsigned char digest[DIGEST_SIZE])
{
    char name[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t length = 0;
    return EVP_MAC_init(context, (const unsigned char *)secret, secret_length, parameters) == 1 &&
           feed(context, "v0:", 3) && feed(context, timestamp, timestamp_length) &&
           feed(context, ":", 1) && feed(context, body, body_length) &&
           EVP_MAC_final(context, digest, &length, DIGEST_SIZE) == 1 && length == DIGEST_SIZE;
}

static void write_hex(const unsigned char digest[DIGEST_SIZE], char signature[SLK_SIGNATURE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(signature, PREFIX, 3);
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        signature[3 + 2 * i] = digits[digest[i] >> 4];
        signature[4 + 2 * i] = digits[digest[i] & 15];
    }
    signature[SIGNATURE_LENGTH] = '\0';
}

int slk_signature_make(const char *secret, size_t secret_length, const char *timestamp,
                       size_t timestamp_length, const void *body, size_t body_length,
                       char signature[SLK_SIGNATURE_SIZE])
{
    if (secret_length == 0) {
        return SLK_INVALID;
    }
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    unsigned char digest[DIGEST_SIZE];
    bool done = context != NULL && compute(context, secret, secret_length, timestamp,
                                           timestamp_length, body, body_length, digest);
    if (done) {
        write_hex(digest, signature);
    }
    OPENSSL_cleanse(digest, sizeof digest);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return done ? SLK_OK : SLK_SYSTEM;
}

/* -1 when it is no plain decimal number. */
static int64_t parse_timestamp(const char *timestamp, size_t length)
{
    if (length == 0 || length > MAX_TIMESTAMP) {
        return -1;
    }
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (timestamp[i] < '0' || timestamp[i] > '9') {
            return -1;
        }
        value = value * 10 + (timestamp[i] - '0');
    }
    return value;
}

static bool is_well_formed(const char *signature, size_t length)
{
    if (length != SIGNATURE_LENGTH || memcmp(signature, PREFIX, 3) != 0) {
        return false;
    }
    for (size_t i = 3; i < length; i++) {
        char c = signature[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

enum slk_signature_verdict slk_signature_check(const char *secret, size_t secret_length,
                                               const char *timestamp, size_t timestamp_length,
                                               const char *signature, size_t signature_length,
                                               const void *body, size_t body_length, int64_t now)
{
    int64_t made = parse_timestamp(timestamp, timestamp_length);
    if (made < 0) {
        return SLK_SIGNATURE_BAD_TIMESTAMP;
    }
    if (made < now - SLK_SIGNATURE_MAX_AGE || made > now + SLK_SIGNATURE_MAX_AGE) {
        return SLK_SIGNATURE_STALE;
    }
    if (!is_well_formed(signature, signature_length)) {
        return SLK_SIGNATURE_BAD_FORMAT;
    }
    char expected[SLK_SIGNATURE_SIZE];
    int status = slk_signature_make(secret, secret_length, timestamp, timestamp_length, body,
                                    body_length, expected);
    bool matches = status == SLK_OK && CRYPTO_memcmp(expected, signature, SIGNATURE_LENGTH) == 0;
    OPENSSL_cleanse(expected, sizeof expected);
    return matches ? SLK_SIGNATURE_VALID : SLK_SIGNATURE_MISMATCH;
}
