#include "ca_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#define MAX_SIZE       (64 << 20)
#define NO_DESCRIPTORS (-2) /* in place of one, when they have run out */

#ifdef __APPLE__
#define CHANGED_NS(info) ((info).st_mtimespec.tv_nsec)
#else
#define CHANGED_NS(info) ((info).st_mtim.tv_nsec)
#endif

/* Where one stands in the file, and what is known of it. */
struct authority {
    unsigned long name_hash;
    off_t start;
    size_t length;
    X509 *certificate; /* NULL until it was wanted */
};

struct slk_ca_file {
    atomic_uint references;
    char *path;
    X509_LOOKUP_METHOD *method;

    pthread_mutex_t lock; /* guards the fields below, also while a changed file is read */
    struct stat seen;     /* what the index was made of; all zeros: nothing */
    struct authority *list;
    size_t count;
};

/* The index ----------------------------------------------------------------- */

static void forget(struct slk_ca_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        X509_free(file->list[i].certificate);
    }
    free(file->list);
    file->list = NULL;
    file->count = 0;
    memset(&file->seen, 0, sizeof file->seen);
}

/* From the head of an element into what it holds. False for one that is spoilt, and
 * for one of indefinite length. */
static bool enter(const unsigned char **at, const unsigned char **end)
{
    long length;
    int tag, class;
    if (ASN1_get_object(at, &length, &tag, &class, *end - *at) & 0x81) {
        return false;
    }
    *end = *at + length;
    return true;
}

static bool skip(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *inner_end = end;
    bool ok = enter(at, &inner_end);
    *at = inner_end;
    return ok;
}

/* Without the rest of the certificate, whose key takes most of the time. NULL for
 * one that is no plain DER. */
static X509_NAME *quick_subject_of(const unsigned char *der, size_t length)
{
    const unsigned char *at = der, *end = der + length;
    if (!enter(&at, &end) || !enter(&at, &end)) {
        return NULL;
    }
    bool has_version = at < end && *at == 0xa0;
    /* serial number, algorithm, issuer, validity */
    for (int left = has_version ? 5 : 4; left > 0; left--) {
        if (!skip(&at, end)) {
            return NULL;
        }
    }
    return d2i_X509_NAME(NULL, &at, end - at);
}

static X509_NAME *subject_of(const unsigned char *der, size_t length)
{
    X509_NAME *subject = quick_subject_of(der, length);
    if (subject == NULL) {
        X509 *certificate = d2i_X509(NULL, &der, (long)length);
        subject = certificate != NULL ? X509_NAME_dup(X509_get_subject_name(certificate)) : NULL;
        X509_free(certificate);
    }
    return subject;
}

static bool is_certificate(const char *name)
{
    return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0 ||
           strcmp(name, PEM_STRING_X509_TRUSTED) == 0;
}

static int add(struct slk_ca_file *file, const struct authority *authority)
{
    if ((file->count & (file->count - 1)) == 0) {
        size_t room = file->count == 0 ? 1 : 2 * file->count;
        struct authority *list = realloc(file->list, room * sizeof *list);
        if (list == NULL) {
            return SLK_NOMEM;
        }
        file->list = list;
    }
    file->list[file->count++] = *authority;
    return SLK_OK;
}

static int add_block(struct slk_ca_file *file, const unsigned char *der, size_t length,
                     struct authority *authority)
{
    X509_NAME *subject = subject_of(der, length);
    if (subject == NULL) {
        return SLK_INVALID;
    }
    authority->name_hash = X509_NAME_hash(subject);
    X509_NAME_free(subject);
    return add(file, authority);
}

/* What lies before a certificate, as comments do, counts as its part. A file of
 * which a part is spoilt is none, as to OpenSSL. */
static int read_index(struct slk_ca_file *file, BIO *text, size_t size)
{
    char *name, *header;
    unsigned char *der;
    long length;
    size_t start = 0;
    int status = SLK_OK;
    while (status == SLK_OK && PEM_read_bio(text, &name, &header, &der, &length) == 1) {
        size_t end = size - BIO_pending(text);
        struct authority authority = {.start = (off_t)start, .length = end - start};
        if (is_certificate(name)) {
            status = add_block(file, der, (size_t)length, &authority);
        }
        start = end;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    bool is_whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return status != SLK_OK ? status : is_whole && file->count > 0 ? SLK_OK : SLK_INVALID;
}

static bool read_at(int fd, char *to, size_t length, off_t at)
{
    while (length > 0) {
        ssize_t count = pread(fd, to, length, at);
        if (count <= 0) {
            return false;
        }
        to += count;
        at += count;
        length -= (size_t)count;
    }
    return true;
}

static int index_file(struct slk_ca_file *file, int fd, const struct stat *info)
{
    if (info->st_size <= 0 || info->st_size > MAX_SIZE) {
        return SLK_INVALID;
    }
    size_t size = (size_t)info->st_size;
    char *bytes = malloc(size);
    BIO *text = bytes != NULL ? BIO_new_mem_buf(bytes, (int)size) : NULL;
    int status = SLK_NOMEM;
    if (text != NULL) {
        status = read_at(fd, bytes, size, 0) ? read_index(file, text, size) : SLK_INVALID;
    }
    BIO_free(text);
    free(bytes);
    if (status == SLK_OK) {
        file->seen = *info;
    } else {
        forget(file);
    }
    return status;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtime == b->st_mtime && CHANGED_NS(*a) == CHANGED_NS(*b);
}

/* Makes the index anew when the file is another one; lock held. When descriptors
 * have run out, what is known of a file that is the same serves. */
static int refresh(struct slk_ca_file *file, int fd)
{
    struct stat info;
    if ((fd == NO_DESCRIPTORS ? stat(file->path, &info) : fstat(fd, &info)) != 0) {
        return SLK_INVALID;
    } else if (file->count > 0 && is_same(&info, &file->seen)) {
        return SLK_OK;
    } else if (fd == NO_DESCRIPTORS) {
        return SLK_INVALID;
    }
    forget(file);
    return index_file(file, fd, &info);
}

static int open_file(const struct slk_ca_file *file)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    return fd < 0 && (errno == EMFILE || errno == ENFILE) ? NO_DESCRIPTORS : fd;
}

static void close_file(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static int review(struct slk_ca_file *file)
{
    int fd = open_file(file);
    ERR_set_mark(); /* the end of the file is an error to the parser */
    pthread_mutex_lock(&file->lock);
    int status = refresh(file, fd);
    pthread_mutex_unlock(&file->lock);
    ERR_pop_to_mark();
    close_file(fd);
    return status;
}

/* Finding ---------------------------------------------------------------------- */

/* As OpenSSL reads a whole file: what makes a certificate trusted, or not, is heeded
 * in a block of that name alone, and no password is asked for. */
static X509 *read_certificate(BIO *text)
{
    STACK_OF(X509_INFO) *infos = PEM_X509_INFO_read_bio(text, NULL, NULL, "");
    X509 *certificate = NULL;
    if (sk_X509_INFO_num(infos) > 0) {
        X509_INFO *info = sk_X509_INFO_value(infos, 0);
        certificate = info->x509;
        info->x509 = NULL;
    }
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
    return certificate;
}

static X509 *parse(int fd, const struct authority *authority)
{
    X509 *certificate = NULL;
    char *bytes = malloc(authority->length);
    BIO *text = bytes != NULL ? BIO_new_mem_buf(bytes, (int)authority->length) : NULL;
    if (text != NULL && read_at(fd, bytes, authority->length, authority->start)) {
        certificate = read_certificate(text);
    }
    BIO_free(text);
    free(bytes);
    return certificate;
}

/* The list gets those of that name, of which there may be several: one whose
 * key was replaced. Lock held. */
static void collect(struct slk_ca_file *file, int fd, const X509_NAME *name, STACK_OF(X509) * found)
{
    unsigned long hash = X509_NAME_hash(name);
    bool is_current = refresh(file, fd) == SLK_OK;
    for (size_t i = 0; is_current && i < file->count; i++) {
        struct authority *authority = &file->list[i];
        if (authority->name_hash != hash) {
            continue;
        } else if (authority->certificate == NULL) {
            authority->certificate = parse(fd, authority);
        }
        X509 *certificate = authority->certificate;
        if (certificate != NULL && X509_NAME_cmp(X509_get_subject_name(certificate), name) == 0 &&
            X509_up_ref(certificate) == 1 && sk_X509_push(found, certificate) == 0) {
            X509_free(certificate);
        }
    }
}

/* The store has its own references then; the result carries none of its own. */
static bool hand_over(X509_LOOKUP *lookup, STACK_OF(X509) * found, X509_OBJECT *result)
{
    bool is_found = false;
    for (int i = 0; i < sk_X509_num(found); i++) {
        X509 *certificate = sk_X509_value(found, i);
        bool is_added = X509_STORE_add_cert(X509_LOOKUP_get_store(lookup), certificate) == 1;
        if (is_added && !is_found && X509_OBJECT_set1_X509(result, certificate) == 1) {
            X509_free(certificate);
            is_found = true;
        }
    }
    return is_found;
}

static int get_by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                          X509_OBJECT *result)
{
    struct slk_ca_file *file = X509_LOOKUP_get_method_data(lookup);
    if (type != X509_LU_X509) {
        return 0;
    }
    int fd = open_file(file);
    STACK_OF(X509) *found = sk_X509_new_null();
    ERR_set_mark();
    if (found != NULL) {
        pthread_mutex_lock(&file->lock);
        collect(file, fd, name, found);
        pthread_mutex_unlock(&file->lock);
    }
    bool is_found = hand_over(lookup, found, result);
    ERR_pop_to_mark();
    sk_X509_pop_free(found, X509_free);
    close_file(fd);
    return is_found;
}

static void end_lookup(X509_LOOKUP *lookup)
{
    slk_ca_file_release(X509_LOOKUP_get_method_data(lookup));
}

/* Life ---------------------------------------------------------------------------- */

struct slk_ca_file *slk_ca_file_create(const char *path)
{
    struct slk_ca_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return NULL;
    }
    atomic_init(&file->references, 1);
    pthread_mutex_init(&file->lock, NULL);
    file->path = strdup(path);
    file->method = X509_LOOKUP_meth_new("authorities when they are wanted");
    if (file->path == NULL || file->method == NULL) {
        slk_ca_file_release(file);
        return NULL;
    }
    X509_LOOKUP_meth_set_get_by_subject(file->method, get_by_subject);
    X509_LOOKUP_meth_set_free(file->method, end_lookup);
    return file;
}

struct slk_ca_file *slk_ca_file_retain(struct slk_ca_file *file)
{
    atomic_fetch_add(&file->references, 1);
    return file;
}

void slk_ca_file_release(struct slk_ca_file *file)
{
    if (file == NULL || atomic_fetch_sub(&file->references, 1) > 1) {
        return;
    }
    forget(file);
    X509_LOOKUP_meth_free(file->method);
    pthread_mutex_destroy(&file->lock);
    free(file->path);
    free(file);
}

int slk_ca_file_use(struct slk_ca_file *file, SSL_CTX *context)
{
    int status = review(file);
    if (status != SLK_OK) {
        return status;
    }
    X509_LOOKUP *lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(context), file->method);
    if (lookup == NULL) {
        return SLK_NOMEM;
    } else if (X509_LOOKUP_get_method_data(lookup) == NULL) {
        X509_LOOKUP_set_method_data(lookup, slk_ca_file_retain(file));
    }
    return SLK_OK;
}
