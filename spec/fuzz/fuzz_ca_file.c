/* Any bytes as a file of authorities: what OpenSSL takes is taken, and each authority that it has
 * of them is found by its name. */
#include "ca_file.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "error.h"
#include "fuzz.h"
#include "net_options.h"

static int new_file(const uint8_t *data, size_t size, char path[32])
{
    int fd = memfd_create("authorities", MFD_CLOEXEC);
    EXPECT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static bool finds(X509_STORE *store, X509 *certificate)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_OBJECT *object = X509_OBJECT_new();
    EXPECT(context != NULL && object != NULL);
    EXPECT(X509_STORE_CTX_init(context, store, certificate, NULL) == 1);
    int found = X509_STORE_CTX_get_by_subject(context, X509_LU_X509,
                                              X509_get_subject_name(certificate), object);
    X509_OBJECT_free(object);
    X509_STORE_CTX_free(context);
    return found == 1;
}

static void expect_all(X509_STORE *ours, X509_STORE *theirs)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(theirs);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        EXPECT(certificate == NULL || finds(ours, certificate));
    }
}

/* As the option: said in words, or taken. */
static void give_as_option(const char *path)
{
    struct slk_net_settings settings = {.proxy = "", .no_proxy = "", .ca_file = path};
    struct slk_error err = {.text = ""};
    struct slk_net_options *options = slk_net_options_create(&settings, &err);
    EXPECT((options == NULL) == (err.text[0] != '\0'));
    slk_net_options_release(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = new_file(data, size, path);
    X509_STORE *theirs = X509_STORE_new();
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    struct slk_ca_file *file = slk_ca_file_create(path);
    EXPECT(theirs != NULL && context != NULL && file != NULL);
    bool is_text = memchr(data, '\0', size) == NULL;
    bool is_good = X509_STORE_load_file(theirs, path) == 1 && is_text;
    ERR_clear_error();
    int status = slk_ca_file_use(file, context);
    EXPECT(ERR_peek_error() == 0); /* nothing is left for who comes next */
    EXPECT(status == SLK_OK || (status == SLK_INVALID && !is_good));
    if (is_good) {
        expect_all(SSL_CTX_get_cert_store(context), theirs);
    }
    give_as_option(path);
    SSL_CTX_free(context);
    slk_ca_file_release(file);
    X509_STORE_free(theirs);
    close(fd);
    return 0;
}
