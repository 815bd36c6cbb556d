/* Small authorities made up at random, verified with our store and with one that
 * OpenSSL has read the whole file into. CA_FILE_SEED=n makes those of a run again. */
#include "ca_file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "check.h"
#include "error.h"

#define KEYS         5
#define CERTIFICATES 10
#define ROUNDS       50
#define THREADS      4

struct world {
    EVP_PKEY *keys[KEYS];
    X509 *list[CERTIFICATES]; /* the later ones are issued by those before, or themselves */
    EVP_PKEY *key_of[CERTIFICATES];
    char path[64];
};

static unsigned seed;

static unsigned pick(unsigned count)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % count;
}

static bool by_chance(unsigned percent)
{
    return pick(100) < percent;
}

/* Certificates ----------------------------------------------------------------- */

/* The same name may be written in several ways. */
static X509_NAME *make_name(unsigned which)
{
    static const char *const texts[][3] = {
        {"Root of all", "root  OF all", " Root of ALL "},
        {"Middle", "MIDDLE", "middle"},
        {"Other", "other ", "OTHER"},
    };
    static const int types[] = {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING,
                                V_ASN1_BMPSTRING};
    X509_NAME *name = X509_NAME_new();
    const char *text = texts[which][by_chance(60) ? 0 : pick(3)];
    int type = types[by_chance(60) ? 0 : pick(4)];
    unsigned char wide[64];
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        wide[2 * i] = 0;
        wide[2 * i + 1] = (unsigned char)text[i];
    }
    bool is_wide = type == V_ASN1_BMPSTRING;
    CHECK(X509_NAME_add_entry_by_NID(name, NID_organizationName, type,
                                     is_wide ? wide : (const unsigned char *)text,
                                     (int)(is_wide ? 2 * length : length), -1, 0) == 1);
    return name;
}

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension != NULL) { /* an issuer may have no id of its key */
        CHECK(X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
}

static X509 *make_certificate(struct world *world, int at)
{
    X509 *certificate = X509_new();
    int by = at == 0 || by_chance(25) ? at : (int)pick((unsigned)at);
    world->key_of[at] = world->keys[pick(KEYS)];
    X509_NAME *name = make_name(pick(3));
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)(by_chance(10) ? 7 : 100 + at));
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), by_chance(20) ? -3600 : 7200);
    X509_set_subject_name(certificate, name);
    X509 *issuer = by == at ? certificate : world->list[by];
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509_set_pubkey(certificate, world->key_of[at]);
    if (by_chance(85)) {
        const char *may = by_chance(85)   ? "critical,CA:TRUE"
                          : by_chance(50) ? "critical,CA:TRUE,pathlen:0"
                                          : "critical,CA:FALSE";
        extend(certificate, issuer, NID_basic_constraints, may);
    }
    if (by_chance(60)) {
        extend(certificate, issuer, NID_subject_key_identifier, "hash");
        extend(certificate, issuer, NID_authority_key_identifier,
               by_chance(80) ? "keyid" : "keyid,issuer:always");
    }
    CHECK(X509_sign(certificate, world->key_of[by], EVP_sha256()) > 0);
    X509_NAME_free(name);
    return certificate;
}

static void make_world(struct world *world)
{
    for (int i = 0; i < CERTIFICATES; i++) {
        world->list[i] = make_certificate(world, i);
    }
}

static void drop_world(struct world *world)
{
    for (int i = 0; i < CERTIFICATES; i++) {
        X509_free(world->list[i]);
    }
}

/* The file -------------------------------------------------------------------- */

static void write_trusted(BIO *out, X509 *certificate)
{
    X509 *copy = X509_dup(certificate);
    int nid = by_chance(60) ? NID_server_auth : NID_email_protect;
    ASN1_OBJECT *use = OBJ_nid2obj(nid);
    CHECK((by_chance(50) ? X509_add1_trust_object(copy, use)
                         : X509_add1_reject_object(copy, use)) == 1);
    CHECK(PEM_write_bio_X509_AUX(out, copy) == 1);
    X509_free(copy);
}

/* What follows the certificate in a block that is not named trusted counts for nothing. */
static void write_with_tail(BIO *out, X509 *certificate)
{
    X509 *copy = X509_dup(certificate);
    CHECK(X509_add1_reject_object(copy, OBJ_nid2obj(NID_server_auth)) == 1);
    unsigned char *der = NULL;
    int length = i2d_X509_AUX(copy, &der);
    CHECK(length > 0 && PEM_write_bio(out, PEM_STRING_X509, "", der, length) > 0);
    OPENSSL_free(der);
    X509_free(copy);
}

/* The outermost length is left open, as BER allows. */
static void write_indefinite(BIO *out, X509 *certificate)
{
    unsigned char *der = NULL, ber[4096];
    int length = i2d_X509(certificate, &der);
    CHECK(length > 130 && length < 4000 && der[0] == 0x30 && der[1] > 0x80);
    int head = 2 + (der[1] & 0x7F);
    ber[0] = 0x30;
    ber[1] = 0x80;
    memcpy(ber + 2, der + head, (size_t)(length - head));
    memset(ber + 2 + length - head, 0, 2);
    CHECK(PEM_write_bio(out, PEM_STRING_X509, "", ber, length - head + 4) > 0);
    OPENSSL_free(der);
}

static void write_one(BIO *out, X509 *certificate)
{
    unsigned how = pick(20);
    if (how < 3) {
        write_trusted(out, certificate);
    } else if (how == 3) {
        write_with_tail(out, certificate);
    } else if (how == 4) {
        write_indefinite(out, certificate);
    } else {
        CHECK(PEM_write_bio_X509(out, certificate) == 1);
    }
}

static void write_file(const char *path, const char *text, size_t length, bool has_crlf)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    for (size_t i = 0; i < length; i++) {
        if (has_crlf && text[i] == '\n') {
            fputc('\r', file);
        }
        fputc(text[i], file);
    }
    CHECK(fclose(file) == 0);
}

/* Without zero bytes: OpenSSL takes a line that begins with one for the end of the file, and
 * says nothing of what follows; we read on. */
static void spoil(char *text, size_t length)
{
    for (unsigned left = 1 + pick(3); left > 0; left--) {
        text[pick((unsigned)length)] = (char)(1 + pick(127));
    }
}

static void write_some(struct world *world, bool is_spoilt)
{
    BIO *out = BIO_new(BIO_s_mem());
    for (unsigned left = 1 + pick(CERTIFICATES); left > 0; left--) {
        if (by_chance(30)) {
            BIO_printf(out, "An authority\n=%*s\n", (int)pick(300), "");
        }
        if (by_chance(5)) {
            BIO_puts(out, "-----BEGIN OF IT-----\nAAAA\n-----END OF IT-----\n");
        }
        write_one(out, world->list[pick(CERTIFICATES)]);
    }
    char *text;
    long length = BIO_get_mem_data(out, &text);
    if (is_spoilt) {
        spoil(text, (size_t)length);
    }
    write_file(world->path, text, (size_t)length, by_chance(25));
    BIO_free(out);
}

/* Verdicts -------------------------------------------------------------------- */

static int verdict(X509_STORE *store, X509 *leaf, STACK_OF(X509) * sent, unsigned long flags)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    CHECK(context != NULL && X509_STORE_CTX_init(context, store, leaf, sent) == 1);
    CHECK(X509_STORE_CTX_set_default(context, "ssl_server") == 1);
    X509_STORE_CTX_set_flags(context, flags);
    int ok = X509_verify_cert(context);
    int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    return ok == 1 ? X509_V_OK : error;
}

static STACK_OF(X509) * what_is_sent(struct world *world)
{
    STACK_OF(X509) *sent = sk_X509_new_null();
    for (int i = 0; i < CERTIFICATES; i++) {
        if (by_chance(40)) {
            sk_X509_push(sent, world->list[i]);
        }
    }
    return sent;
}

static SSL_CTX *make_context(struct slk_ca_file *file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    CHECK(context != NULL);
    if (slk_ca_file_use(file, context) != SLK_OK) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

/* All but the certificates that cannot be decoded, where OpenSSL takes none at all. */
static void read_what_is_sound(const char *path, X509_STORE *store)
{
    BIO *text = BIO_new_file(path, "rb");
    char *name, *header;
    unsigned char *data;
    long length;
    while (PEM_read_bio(text, &name, &header, &data, &length) == 1) {
        const unsigned char *at = data;
        bool is_trusted = strcmp(name, PEM_STRING_X509_TRUSTED) == 0;
        bool is_plain = strcmp(name, PEM_STRING_X509) == 0;
        X509 *certificate = is_trusted ? d2i_X509_AUX(NULL, &at, length)
                            : is_plain ? d2i_X509(NULL, &at, length)
                                       : NULL;
        CHECK(certificate == NULL || X509_STORE_add_cert(store, certificate) == 1);
        X509_free(certificate);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    BIO_free(text);
}

static unsigned accepted, refused, spoilt_files;

static void compare(struct world *world, struct slk_ca_file *file, unsigned begun)
{
    static const unsigned long flags[] = {X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST, 0,
                                          X509_V_FLAG_PARTIAL_CHAIN};
    X509_STORE *whole = X509_STORE_new();
    bool is_read = X509_STORE_load_file(whole, world->path) == 1;
    SSL_CTX *context = make_context(file);
    spoilt_files += is_read ? 0 : 1;
    CHECK(context != NULL || !is_read);
    if (!is_read) {
        read_what_is_sound(world->path, whole);
    }
    for (int i = 0; context != NULL && i < CERTIFICATES; i++) {
        STACK_OF(X509) *sent = what_is_sent(world);
        unsigned long asked = flags[by_chance(60) ? 0 : pick(3)];
        if (by_chance(30)) {
            SSL_CTX_free(context);
            context = make_context(file);
        }
        int theirs = verdict(whole, world->list[i], sent, asked);
        int ours = verdict(SSL_CTX_get_cert_store(context), world->list[i], sent, asked);
        if (theirs != ours) {
            fprintf(stderr, "CA_FILE_SEED=%u, certificate %d: OpenSSL says %s, we say %s\n", begun,
                    i, X509_verify_cert_error_string(theirs), X509_verify_cert_error_string(ours));
        }
        CHECK(theirs == ours);
        accepted += theirs == X509_V_OK ? 1 : 0;
        refused += theirs == X509_V_OK ? 0 : 1;
        sk_X509_free(sent);
    }
    SSL_CTX_free(context);
    X509_STORE_free(whole);
}

static void judges_as_openssl_does(struct world *world, bool is_spoilt)
{
    struct slk_ca_file *file = slk_ca_file_create(world->path);
    for (int i = 0; i < ROUNDS; i++) {
        unsigned begun = seed;
        make_world(world);
        write_some(world, is_spoilt);
        compare(world, file, begun);
        drop_world(world);
    }
    slk_ca_file_release(file);
}

/* Side by side ---------------------------------------------------------------- */

struct share {
    struct slk_ca_file *file;
    X509 *known, *unknown;
    atomic_bool is_over;
};

static void *verify_again_and_again(void *context)
{
    struct share *share = context;
    while (!atomic_load(&share->is_over)) {
        SSL_CTX *tls = make_context(share->file);
        CHECK(tls != NULL);
        X509_STORE *store = SSL_CTX_get_cert_store(tls);
        unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
        CHECK(verdict(store, share->known, NULL, flags) == X509_V_OK);
        CHECK(verdict(store, share->unknown, NULL, flags) != X509_V_OK);
        SSL_CTX_free(tls);
    }
    return NULL;
}

static void replace(const char *path, X509 *const *list, int count)
{
    char beside[80];
    snprintf(beside, sizeof beside, "%s.new", path);
    BIO *out = BIO_new_file(beside, "w");
    for (int i = 0; i < count; i++) {
        CHECK(PEM_write_bio_X509(out, list[i]) == 1);
    }
    BIO_free(out);
    CHECK(rename(beside, path) == 0);
}

static X509 *make_root(struct world *world, const char *text, int key)
{
    X509 *root = X509_new();
    X509_set_version(root, 2);
    X509_gmtime_adj(X509_getm_notBefore(root), -7200);
    X509_gmtime_adj(X509_getm_notAfter(root), 7200);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(root), "CN", MBSTRING_UTF8,
                               (const unsigned char *)text, -1, -1, 0);
    X509_set_issuer_name(root, X509_get_subject_name(root));
    X509_set_pubkey(root, world->keys[key]);
    extend(root, root, NID_basic_constraints, "critical,CA:TRUE");
    CHECK(X509_sign(root, world->keys[key], EVP_sha256()) > 0);
    return root;
}

static void serves_threads_while_the_file_is_replaced(struct world *world)
{
    X509 *roots[3] = {make_root(world, "known", 0), make_root(world, "known", 1),
                      make_root(world, "another", 2)};
    struct share share = {.file = slk_ca_file_create(world->path), .known = roots[0]};
    share.unknown = make_root(world, "known", 3);
    atomic_init(&share.is_over, false);
    replace(world->path, roots, 1);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, verify_again_and_again, &share) == 0);
    }
    for (int i = 0; i < 60; i++) {
        replace(world->path, roots, 1 + i % 3);
        usleep(500);
    }
    atomic_store(&share.is_over, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    slk_ca_file_release(share.file);
    X509_free(share.unknown);
    for (int i = 0; i < 3; i++) {
        X509_free(roots[i]);
    }
}

static int try_without_descriptors(struct slk_ca_file *file, X509 *leaf)
{
    struct rlimit limit, none;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = limit;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    SSL_CTX *tls = make_context(file);
    int result = tls != NULL ? verdict(SSL_CTX_get_cert_store(tls), leaf, NULL, 0) : -1;
    SSL_CTX_free(tls);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    return result;
}

static void serves_what_it_knows_without_descriptors(struct world *world)
{
    X509 *roots[2] = {make_root(world, "known", 0), make_root(world, "another", 1)};
    struct slk_ca_file *file = slk_ca_file_create(world->path);
    replace(world->path, roots, 1);
    CHECK(try_without_descriptors(file, roots[0]) == -1);
    SSL_CTX *tls = make_context(file);
    CHECK(verdict(SSL_CTX_get_cert_store(tls), roots[0], NULL, 0) == X509_V_OK);
    SSL_CTX_free(tls);
    CHECK(try_without_descriptors(file, roots[0]) == X509_V_OK);
    replace(world->path, roots, 2);
    CHECK(try_without_descriptors(file, roots[0]) == -1);
    slk_ca_file_release(file);
    X509_free(roots[0]);
    X509_free(roots[1]);
}

int main(void)
{
    struct world world = {0};
    snprintf(world.path, sizeof world.path, "/tmp/slk_ca_file_%ld.pem", (long)getpid());
    for (int i = 0; i < KEYS; i++) {
        world.keys[i] = EVP_EC_gen("P-256");
        CHECK(world.keys[i] != NULL);
    }
    const char *given = getenv("CA_FILE_SEED");
    seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("CA_FILE_SEED=%u\n", seed);
    judges_as_openssl_does(&world, false);
    CHECK(accepted > 50 && refused > 50 && spoilt_files == 0);
    judges_as_openssl_does(&world, true);
    serves_threads_while_the_file_is_replaced(&world);
    serves_what_it_knows_without_descriptors(&world);
    unlink(world.path);
    for (int i = 0; i < KEYS; i++) {
        EVP_PKEY_free(world.keys[i]);
    }
    return 0;
}
