#include "certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define X509_V3 2

/* Everything that is made on the way; freed together. */
struct making {
    EVP_PKEY *authority_key;
    EVP_PKEY *server_key;
    X509 *authority;
    X509 *server;
};

static int set_serial(X509 *certificate)
{
    unsigned char bytes[8];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return 0;
    }
    bytes[0] &= 0x7f; /* positive */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    int done =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static int set_name(X509_NAME *name, const char *text)
{
    return name != NULL && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                      (const unsigned char *)text, -1, -1, 0);
}

static int add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int done = extension != NULL && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return done;
}

static int begin(X509 *certificate, EVP_PKEY *key, const char *name, long starts_in, long ends_in)
{
    return certificate != NULL && X509_set_version(certificate, X509_V3) &&
           set_serial(certificate) && set_name(X509_get_subject_name(certificate), name) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), starts_in) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), ends_in) != NULL &&
           X509_set_pubkey(certificate, key);
}

/* Valid a day longer at both ends than what it signs. */
static int make_authority(struct making *making, const struct slk_certificate_settings *settings)
{
    const long day = 24 * 60 * 60;
    making->authority_key = EVP_EC_gen("P-256");
    making->authority = X509_new();
    X509 *authority = making->authority;
    return making->authority_key != NULL &&
           begin(authority, making->authority_key, "lua-slack local authority",
                 settings->starts_in - day, settings->ends_in + day) &&
           X509_set_issuer_name(authority, X509_get_subject_name(authority)) &&
           add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(authority, authority, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(authority, authority, NID_subject_key_identifier, "hash") &&
           X509_sign(authority, making->authority_key, EVP_sha256()) > 0;
}

static int make_server(struct making *making, const struct slk_certificate_settings *settings)
{
    making->server_key = EVP_EC_gen("P-256");
    making->server = X509_new();
    X509 *server = making->server, *authority = making->authority;
    return making->server_key != NULL &&
           begin(server, making->server_key, "lua-slack local server", settings->starts_in,
                 settings->ends_in) &&
           X509_set_issuer_name(server, X509_get_subject_name(authority)) &&
           add_extension(server, authority, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(server, authority, NID_key_usage, "critical,digitalSignature") &&
           add_extension(server, authority, NID_ext_key_usage, "serverAuth") &&
           add_extension(server, authority, NID_subject_key_identifier, "hash") &&
           add_extension(server, authority, NID_authority_key_identifier, "keyid") &&
           add_extension(server, authority, NID_subject_alt_name, settings->subject_alt_names) &&
           X509_sign(server, making->authority_key, EVP_sha256()) > 0;
}

static int append_certificate(struct slk_buffer *out, X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    int done = bio != NULL && PEM_write_bio_X509(bio, certificate);
    long length = done ? BIO_get_mem_data(bio, &text) : 0;
    done = done && slk_buffer_append(out, text, (size_t)length) == SLK_OK;
    BIO_free(bio);
    return done;
}

static int append_key(struct slk_buffer *out, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text;
    int done = bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    long length = done ? BIO_get_mem_data(bio, &text) : 0;
    done = done && slk_buffer_append(out, text, (size_t)length) == SLK_OK;
    BIO_free(bio);
    return done;
}

int slk_certificate_make(const struct slk_certificate_settings *settings,
                         struct slk_buffer *authority, struct slk_buffer *certificate,
                         struct slk_buffer *key, struct slk_error *err)
{
    struct making making = {0};
    int made = make_authority(&making, settings) && make_server(&making, settings);
    int status = made ? SLK_OK : SLK_SYSTEM;
    if (!made) {
        slk_error_set(err, "certificate", "cannot make a certificate for \"%s\"",
                      settings->subject_alt_names);
    } else if (!append_certificate(authority, making.authority) ||
               !append_certificate(certificate, making.server) ||
               !append_key(key, making.server_key)) {
        slk_error_set(err, "memory", "out of memory");
        status = SLK_NOMEM;
    }
    X509_free(making.authority);
    X509_free(making.server);
    EVP_PKEY_free(making.authority_key);
    EVP_PKEY_free(making.server_key);
    return status;
}
