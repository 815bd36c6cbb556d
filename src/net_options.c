#include "net_options.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "ca_file.h"
#include "no_proxy.h"
#include "url_origin.h"

struct slk_net_options {
    atomic_uint references;
    char *proxy;      /* URL with credentials; "" for none */
    char *proxy_name; /* NULL when there is no proxy */
    bool has_tls_proxy;
    bool has_credentials;        /* for the proxy */
    char *no_proxy;              /* as libcurl takes it */
    char *no_proxy_ports;        /* what goes past the proxy on one port */
    char *ca_path;               /* given, else of the system's bundle; NULL: as libcurl finds it */
    struct slk_ca_file *ca_file; /* that file; NULL: libcurl reads it */
    char *socket;                /* of this machine; NULL: the network */
    bool insecure;
    bool is_public;
};

/* The loopback hosts that a proxy from the environment is not used for. */
#define LOOPBACK_HOSTS "localhost,127.0.0.1,127.0.0.0/8,::1"

static const char *first_variable(const char *const *names, const char **found)
{
    for (; *names != NULL; names++) {
        const char *value = getenv(*names);
        if (value != NULL && *value != '\0') {
            *found = *names;
            return value;
        }
    }
    return NULL;
}

static void wipe(char *text)
{
    if (text != NULL) {
        OPENSSL_cleanse(text, strlen(text));
        free(text);
    }
}

static void destroy(struct slk_net_options *options)
{
    wipe(options->proxy);
    free(options->proxy_name);
    free(options->no_proxy);
    free(options->no_proxy_ports);
    free(options->ca_path);
    slk_ca_file_release(options->ca_file);
    free(options->socket);
    free(options);
}

/* 1080 is what libcurl takes when no port is given. */
static int name_proxy(struct slk_net_options *options, CURLU *url, const char *host,
                      struct slk_error *err)
{
    char *port = NULL;
    bool has_port = curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK;
    int length = asprintf(&options->proxy_name, "%s:%s", host,
                          has_port                 ? port
                          : options->has_tls_proxy ? "443"
                                                   : "1080");
    curl_free(port);
    if (length < 0) {
        options->proxy_name = NULL;
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    return SLK_OK;
}

/* libcurl's own words never quote the URL, so they are safe to pass on. */
static int read_proxy(struct slk_net_options *options, const char *origin, struct slk_error *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    int status = SLK_INVALID;
    if (url == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    if (curl_url_set(url, CURLUPART_URL, options->proxy,
                     CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK || *host == '\0') {
        slk_error_set(err, "proxy", "%s is no URL: expected http://host:port", origin);
        goto out;
    }
    /* A proxy named without a scheme is http, whatever libcurl guesses from the host's name. */
    if (strstr(options->proxy, "://") != NULL && strcmp(scheme, "http") != 0 &&
        strcmp(scheme, "https") != 0) {
        slk_error_set(err, "proxy", "%s has the scheme %.20s: only http and https proxies work",
                      origin, scheme);
        goto out;
    }
    options->has_tls_proxy = strcmp(scheme, "https") == 0;
    options->has_credentials = curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK;
    status = name_proxy(options, url, host, err);
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    return status;
}

static int set_proxy(struct slk_net_options *options, const struct slk_net_settings *settings,
                     struct slk_error *err)
{
    static const char *const proxies[] = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy",
                                          NULL};
    static const char *const exceptions[] = {"NO_PROXY", "no_proxy", NULL};
    const char *origin = "option \"proxy\"", *ignored;
    const char *proxy = settings->proxy;
    const char *no_proxy = settings->no_proxy;
    bool from_environment = proxy == NULL;
    if (from_environment) {
        proxy = first_variable(proxies, &origin);
    }
    if (no_proxy == NULL) {
        no_proxy = first_variable(exceptions, &ignored);
    }
    if (no_proxy == NULL) {
        no_proxy = "";
    }
    bool add_loopback = from_environment && strcmp(no_proxy, "*") != 0;
    size_t size = strlen(no_proxy) + sizeof LOOPBACK_HOSTS + 1;
    options->proxy = strdup(proxy != NULL ? proxy : "");
    options->no_proxy = malloc(size);
    options->no_proxy_ports = malloc(size);
    if (options->proxy == NULL || options->no_proxy == NULL || options->no_proxy_ports == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    slk_no_proxy_split(no_proxy, options->no_proxy, options->no_proxy_ports);
    if (add_loopback) {
        size_t length = strlen(options->no_proxy);
        snprintf(options->no_proxy + length, size - length, "%s%s", length > 0 ? "," : "",
                 LOOPBACK_HOSTS);
    }
    if (*options->proxy != '\0' && options->is_public) {
        slk_error_set(err, "proxy",
                      "public = true cannot be kept over the proxy of %s, which looks names up "
                      "itself: let it refuse private addresses, or give proxy = \"\"",
                      origin);
        return SLK_INVALID;
    }
    return *options->proxy == '\0' ? SLK_OK : read_proxy(options, origin, err);
}

static int check_ca_file(const char *path, const char *origin, struct slk_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        slk_error_set(err, "tls", "%s: the CA file %.120s cannot be read: %s", origin, path,
                      slk_errno_text(errno));
        return SLK_INVALID;
    }
    X509 *certificate = PEM_read_X509_AUX(file, NULL, NULL, NULL);
    bool is_pem = certificate != NULL;
    X509_free(certificate);
    ERR_clear_error();
    fclose(file);
    if (!is_pem) {
        slk_error_set(err, "tls", "%s: the CA file %.120s holds no PEM certificate", origin, path);
        return SLK_INVALID;
    }
    return SLK_OK;
}

bool slk_net_shares_openssl(void)
{
    const char *theirs = curl_version_info(CURLVERSION_NOW)->ssl_version;
    const char *ours = OpenSSL_version(OPENSSL_VERSION); /* "OpenSSL 3.0.2 15 Mar 2022" */
    size_t name = strlen("OpenSSL "), length;
    if (theirs == NULL || strncmp(theirs, "OpenSSL/", name) != 0 ||
        strncmp(ours, "OpenSSL ", name) != 0) {
        return false;
    }
    length = strcspn(ours + name, " ");
    return strlen(theirs + name) == length && strncmp(ours + name, theirs + name, length) == 0;
}

static const char *system_bundle(void)
{
    const char *bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
    return bundle != NULL && access(bundle, R_OK) == 0 ? bundle : NULL;
}

static int set_ca(struct slk_net_options *options, const struct slk_net_settings *settings,
                  struct slk_error *err)
{
    static const char *const variables[] = {"SSL_CERT_FILE", NULL};
    const char *origin = "option \"ca_file\"";
    const char *given = settings->ca_file;
    if (given == NULL) {
        given = first_variable(variables, &origin);
    }
    const char *path = given != NULL ? given : system_bundle();
    if (path == NULL) {
        return SLK_OK;
    }
    /* In the name of a directory, as which libcurl gets ours, OpenSSL parts the names of
     * several at colons: those would be trusted. */
    bool is_ours = slk_net_shares_openssl() && strchr(path, ':') == NULL;
    options->ca_path = strdup(path);
    options->ca_file = is_ours ? slk_ca_file_create(path) : NULL;
    if (options->ca_path == NULL || (is_ours && options->ca_file == NULL)) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    return given != NULL ? check_ca_file(given, origin, err) : SLK_OK;
}

static int set_socket(struct slk_net_options *options, const struct slk_net_settings *settings,
                      struct slk_error *err)
{
    options->socket = settings->socket != NULL ? strdup(settings->socket) : NULL;
    if (settings->socket != NULL && options->socket == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    return SLK_OK;
}

struct slk_net_options *slk_net_options_create(const struct slk_net_settings *settings,
                                               struct slk_error *err)
{
    slk_net_global_init();
    struct slk_net_options *options = calloc(1, sizeof *options);
    if (options == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return NULL;
    }
    atomic_init(&options->references, 1);
    options->insecure = settings->insecure;
    options->is_public = settings->is_public;
    if (set_proxy(options, settings, err) != SLK_OK || set_ca(options, settings, err) != SLK_OK ||
        set_socket(options, settings, err) != SLK_OK) {
        destroy(options);
        return NULL;
    }
    return options;
}

struct slk_net_options *slk_net_options_retain(struct slk_net_options *options)
{
    atomic_fetch_add(&options->references, 1);
    return options;
}

void slk_net_options_release(struct slk_net_options *options)
{
    if (options != NULL && atomic_fetch_sub(&options->references, 1) == 1) {
        destroy(options);
    }
}

static int check_parts(const struct slk_net_options *options, const char *scheme, const char *host,
                       struct slk_error *err)
{
    bool is_encrypted = strcmp(scheme, "https") == 0 || strcmp(scheme, "wss") == 0;
    bool is_plain = strcmp(scheme, "http") == 0 || strcmp(scheme, "ws") == 0;
    if (!is_encrypted && !is_plain) {
        slk_error_set(err, "invalid_url", "the URL's scheme is %.20s: expected https", scheme);
        return SLK_INVALID;
    }
    if (is_plain && !options->insecure && !slk_is_loopback(host)) {
        slk_error_set(err, "invalid_url",
                      "refusing to speak unencrypted %s to %.80s: use %ss, or set insecure = true "
                      "if this network is trusted",
                      scheme, host, scheme);
        return SLK_INVALID;
    }
    return SLK_OK;
}

int slk_net_options_check_url(const struct slk_net_options *options, const char *url,
                              struct slk_error *err)
{
    struct slk_url_origin origin;
    int status = slk_url_origin(url, &origin);
    if (status == SLK_OK) {
        return check_parts(options, origin.scheme, origin.host, err);
    } else if (status == SLK_NOMEM) {
        slk_error_set(err, "memory", "out of memory");
    } else {
        slk_error_set(err, "invalid_url", "not a URL: expected https://host/path");
    }
    return status;
}

curl_socket_t slk_net_open_socket(void *context, curlsocktype purpose,
                                  struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
#ifdef SOCK_CLOEXEC
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    int fd = socket(address->family, address->socktype, address->protocol);
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return fd;
#endif
}

/* libcurl (7.88) leaves the two sockets by which the handle is woken to all programs. It tells
 * nobody which they are, but gets the lowest descriptors that are free, unless another thread
 * was first: then a socket of that one is marked, as it would be anyway. */
CURLM *slk_net_create_multi(void)
{
    int free_fds[2];
    struct stat status;
    for (int i = 0; i < 2; i++) {
        free_fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    for (int i = 0; i < 2; i++) {
        if (free_fds[i] >= 0) {
            close(free_fds[i]);
        }
    }
    CURLM *multi = curl_multi_init();
    for (int i = 0; i < 2 && multi != NULL; i++) {
        if (fstat(free_fds[i], &status) == 0 && S_ISSOCK(status.st_mode)) {
            fcntl(free_fds[i], F_SETFD, FD_CLOEXEC);
        }
    }
    return multi;
}

const char *slk_net_multi_problem(CURLM *multi)
{
    return curl_multi_wakeup(multi) == CURLM_OK ? NULL : slk_errno_text(EMFILE);
}

CURLcode slk_net_options_trust(const struct slk_net_options *options, void *context)
{
    int status = options->ca_file != NULL ? slk_ca_file_use(options->ca_file, context) : SLK_OK;
    return status == SLK_OK      ? CURLE_OK
           : status == SLK_NOMEM ? CURLE_OUT_OF_MEMORY
                                 : CURLE_SSL_CACERT_BADFILE;
}

static CURLcode begin_tls(CURL *easy, void *context, void *options)
{
    (void)easy;
    return slk_net_options_trust(options, context);
}

/* libcurl is given the file's path as a directory's, in which it finds nothing:
 * so that it takes no connection for this file that was made for another. */
static CURLcode read_authorities_ourselves(const struct slk_net_options *options, CURL *easy)
{
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
    failed |= curl_easy_setopt(easy, CURLOPT_CAPATH, options->ca_path);
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, options->ca_path);
    failed |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, begin_tls);
    failed |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, options);
    return failed;
}

/* With a CA directory set, libcurl would parse the file anew for every TLS
 * connection (40 to 75 ms of CPU each) instead of once for each of our threads. */
static CURLcode let_read_authorities(const struct slk_net_options *options, CURL *easy)
{
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_path);
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, options->ca_path);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    return failed;
}

int slk_net_options_apply(const struct slk_net_options *options, CURL *easy)
{
    CURLcode failed = CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Or giving up a transfer blocks the thread until the resolver is done. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, slk_net_open_socket);
    failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy);
    failed |= curl_easy_setopt(easy, CURLOPT_NOPROXY, options->no_proxy);
    failed |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options->socket);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->is_public) { /* a connection that is there may lead anywhere */
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    }
    if (options->ca_file != NULL) {
        failed |= read_authorities_ourselves(options, easy);
    } else if (options->ca_path != NULL) {
        failed |= let_read_authorities(options, easy);
    }
    return failed == CURLE_OK ? SLK_OK : SLK_NOMEM;
}

/* origin may be NULL: not known. */
static CURLcode choose_proxy(const struct slk_net_options *options, CURL *easy,
                             const struct slk_url_origin *origin)
{
    bool is_past =
        origin != NULL && slk_no_proxy_has(options->no_proxy_ports, origin->host, origin->port);
    return curl_easy_setopt(easy, CURLOPT_PROXY, is_past ? "" : options->proxy);
}

int slk_net_options_aim(const struct slk_net_options *options, CURL *easy, const char *url)
{
    struct slk_url_origin origin;
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_URL, url);
    if (*options->no_proxy_ports != '\0') {
        bool is_known = slk_url_origin(url, &origin) == SLK_OK;
        failed |= choose_proxy(options, easy, is_known ? &origin : NULL);
    }
    return failed == CURLE_OK ? SLK_OK : SLK_NOMEM;
}

int slk_net_options_aim_at(const struct slk_net_options *options, CURL *easy, CURLU *url,
                           const struct slk_url_origin *origin)
{
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_CURLU, url);
    if (*options->no_proxy_ports != '\0') {
        failed |= choose_proxy(options, easy, origin);
    }
    return failed == CURLE_OK ? SLK_OK : SLK_NOMEM;
}

/* libcurl (7.88) makes the text of the URL anew only where it has none. */
void slk_net_unaim(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_CURLU, NULL);
    curl_easy_setopt(easy, CURLOPT_URL, NULL);
}

bool slk_net_options_is_public(const struct slk_net_options *options)
{
    return options->is_public;
}

const char *slk_net_options_proxy_name(const struct slk_net_options *options)
{
    return options->proxy_name;
}

bool slk_net_options_has_tls_proxy(const struct slk_net_options *options)
{
    return options->has_tls_proxy;
}

const char *slk_net_options_ca_path(const struct slk_net_options *options)
{
    return options->ca_path != NULL ? options->ca_path : "";
}

const char *slk_net_options_login_hint(const struct slk_net_options *options)
{
    return options->has_credentials
               ? "it takes others than the user and password of its URL"
               : "it wants credentials, give them as http://user:password@host";
}

static void initialize(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void slk_net_global_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize);
}
