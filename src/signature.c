#include "signature.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "error.h"

#define DIGEST_SIZE      32
#define BLOCK_SIZE       64 /* of SHA-256 */
#define PREFIX           "v0="
#define MAX_TIMESTAMP    18 /* digits: what fits an int64_t with room to spare */
#define SIGNATURE_LENGTH (SLK_SIGNATURE_SIZE - 1)

/* HMAC (RFC 2104) from its two hashes, each begun with the padded secret.
 * Copying them costs half of what EVP_MAC_CTX_dup does, and EVP_MAC_init
 * without a key, which would do, does not begin anew in every OpenSSL 3.0. */
struct slk_signature_key {
    EVP_MD_CTX *inner, *outer;
    EVP_MD_CTX *work;
};

/* Begins a hash with the secret under padding. */
static EVP_MD_CTX *begin(const EVP_MD *sha256, const unsigned char secret[BLOCK_SIZE],
                         unsigned char padding)
{
    unsigned char block[BLOCK_SIZE];
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = secret[i] ^ padding;
    }
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool begun = hash != NULL && EVP_DigestInit_ex2(hash, sha256, NULL) == 1 &&
                 EVP_DigestUpdate(hash, block, sizeof block) == 1;
    OPENSSL_cleanse(block, sizeof block);
    if (!begun) {
        EVP_MD_CTX_free(hash);
        return NULL;
    }
    return hash;
}

static bool pad_secret(const EVP_MD *sha256, const char *secret, size_t length,
                       unsigned char block[BLOCK_SIZE])
{
    memset(block, 0, BLOCK_SIZE);
    if (length > BLOCK_SIZE) {
        return EVP_Digest(secret, length, block, NULL, sha256, NULL) == 1;
    }
    memcpy(block, secret, length);
    return true;
}

struct slk_signature_key *slk_signature_key_create(const char *secret, size_t length)
{
    struct slk_signature_key *key = length > 0 ? calloc(1, sizeof *key) : NULL;
    EVP_MD *sha256 = key != NULL ? EVP_MD_fetch(NULL, "SHA256", NULL) : NULL;
    unsigned char block[BLOCK_SIZE];
    if (sha256 != NULL && pad_secret(sha256, secret, length, block)) {
        key->inner = begin(sha256, block, 0x36);
        key->outer = begin(sha256, block, 0x5C);
        key->work = EVP_MD_CTX_new();
    }
    OPENSSL_cleanse(block, sizeof block);
    EVP_MD_free(sha256);
    if (key != NULL && (key->inner == NULL || key->outer == NULL || key->work == NULL)) {
        slk_signature_key_destroy(key);
        return NULL;
    }
    return key;
}

void slk_signature_key_destroy(struct slk_signature_key *key)
{
    if (key != NULL) {
        EVP_MD_CTX_free(key->inner); /* which wipes its state */
        EVP_MD_CTX_free(key->outer);
        EVP_MD_CTX_free(key->work);
        free(key);
    }
}

static bool feed(EVP_MD_CTX *hash, const void *data, size_t length)
{
    return length == 0 || EVP_DigestUpdate(hash, data, length) == 1;
}

static bool compute(struct slk_signature_key *key, struct slk_text timestamp, struct slk_text body,
                    unsigned char digest[DIGEST_SIZE])
{
    EVP_MD_CTX *work = key->work;
    return EVP_MD_CTX_copy_ex(work, key->inner) == 1 && feed(work, "v0:", 3) &&
           feed(work, timestamp.data, timestamp.length) && feed(work, ":", 1) &&
           feed(work, body.data, body.length) && EVP_DigestFinal_ex(work, digest, NULL) == 1 &&
           EVP_MD_CTX_copy_ex(work, key->outer) == 1 && feed(work, digest, DIGEST_SIZE) &&
           EVP_DigestFinal_ex(work, digest, NULL) == 1;
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

int slk_signature_make(struct slk_signature_key *key, struct slk_text timestamp,
                       struct slk_text body, char signature[SLK_SIGNATURE_SIZE])
{
    unsigned char digest[DIGEST_SIZE];
    bool done = compute(key, timestamp, body, digest);
    if (done) {
        write_hex(digest, signature);
    }
    OPENSSL_cleanse(digest, sizeof digest);
    return done ? SLK_OK : SLK_SYSTEM;
}

/* -1 when it is no plain decimal number. */
static int64_t parse_timestamp(struct slk_text timestamp)
{
    if (timestamp.length == 0 || timestamp.length > MAX_TIMESTAMP) {
        return -1;
    }
    int64_t value = 0;
    for (size_t i = 0; i < timestamp.length; i++) {
        if (timestamp.data[i] < '0' || timestamp.data[i] > '9') {
            return -1;
        }
        value = value * 10 + (timestamp.data[i] - '0');
    }
    return value;
}

/* Lower case only, as Slack writes it; -1 for anything else. A table, because nobody
 * can guess which of two branches the next digit takes. */
static int hex_value(char c)
{
    static const unsigned char one_more[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    };
    return one_more[(unsigned char)c] - 1;
}

static bool read_signature(struct slk_text signature, unsigned char digest[DIGEST_SIZE])
{
    if (signature.length != SIGNATURE_LENGTH || memcmp(signature.data, PREFIX, 3) != 0) {
        return false;
    }
    int all = 0;
    const char *digits = signature.data + 3;
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        int byte = hex_value(digits[2 * i]) * 16 | hex_value(digits[2 * i + 1]);
        digest[i] = (unsigned char)byte;
        all |= byte;
    }
    return all >= 0;
}

static bool matches(struct slk_signature_key *key, struct slk_text timestamp,
                    const unsigned char given[DIGEST_SIZE], struct slk_text body)
{
    unsigned char expected[DIGEST_SIZE];
    bool same =
        compute(key, timestamp, body, expected) && CRYPTO_memcmp(expected, given, DIGEST_SIZE) == 0;
    OPENSSL_cleanse(expected, sizeof expected);
    return same;
}

enum slk_signature_verdict slk_signature_check(struct slk_signature_key *const *keys, size_t count,
                                               struct slk_text timestamp, struct slk_text signature,
                                               struct slk_text body, int64_t now)
{
    int64_t made = parse_timestamp(timestamp);
    if (made < 0) {
        return SLK_SIGNATURE_BAD_TIMESTAMP;
    }
    if (made < now - SLK_SIGNATURE_MAX_AGE || made > now + SLK_SIGNATURE_MAX_AGE) {
        return SLK_SIGNATURE_STALE;
    }
    unsigned char given[DIGEST_SIZE];
    if (!read_signature(signature, given)) {
        return SLK_SIGNATURE_BAD_FORMAT;
    }
    for (size_t i = 0; i < count; i++) {
        if (matches(keys[i], timestamp, given, body)) {
            return SLK_SIGNATURE_VALID;
        }
    }
    return SLK_SIGNATURE_MISMATCH;
}
