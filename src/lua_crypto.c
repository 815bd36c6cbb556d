#include "lua_core.h"

#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

/* More random bytes than any key needs are a mistake of the caller. */
#define MAX_RANDOM 4096

static int random_bytes(lua_State *L)
{
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, count > 0 && count <= MAX_RANDOM, 1, "from 1 to 4096 expected");
    luaL_Buffer buffer;
    unsigned char *bytes = (unsigned char *)luaL_buffinitsize(L, &buffer, (size_t)count);
    if (RAND_bytes(bytes, (int)count) != 1) {
        return luaL_error(L, "the system gives no random bytes");
    }
    luaL_pushresultsize(&buffer, (size_t)count);
    return 1;
}

static int sha256(lua_State *L)
{
    size_t length;
    const char *data = luaL_checklstring(L, 1, &length);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size;
    if (EVP_Digest(data, length, digest, &size, EVP_sha256(), NULL) != 1) {
        return luaL_error(L, "SHA-256 is not available");
    }
    lua_pushlstring(L, (const char *)digest, size);
    return 1;
}

static int hmac_sha256(lua_State *L)
{
    size_t key_length, length;
    const char *key = luaL_checklstring(L, 1, &key_length);
    const char *data = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, key_length > 0 && key_length <= INT_MAX, 1, "a key expected");
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size;
    if (HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)data, length, digest,
             &size) == NULL) {
        return luaL_error(L, "HMAC-SHA256 is not available");
    }
    lua_pushlstring(L, (const char *)digest, size);
    return 1;
}

/* How long it takes tells the lengths at most, never where two texts differ. */
static int is_equal(lua_State *L)
{
    size_t a_length, b_length;
    const char *a = luaL_checklstring(L, 1, &a_length);
    const char *b = luaL_checklstring(L, 2, &b_length);
    lua_pushboolean(L, a_length == b_length && CRYPTO_memcmp(a, b, a_length) == 0);
    return 1;
}

void slk_open_crypto(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"random", random_bytes}, {"sha256", sha256}, {"hmac_sha256", hmac_sha256},
        {"is_equal", is_equal},   {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
