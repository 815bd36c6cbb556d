#include "net_failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/x509_vfy.h>

void slk_net_place(const char *url, char *place, size_t size)
{
    CURLU *parts = curl_url();
    char *host = NULL, *path = NULL, *port = NULL;
    snprintf(place, size, "the server");
    if (parts != NULL &&
        curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
        bool has_port = curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK;
        bool is_secret = strncasecmp(host, "hooks.", 6) == 0;
        snprintf(place, size, "%s%s%s%s", host, has_port ? ":" : "", has_port ? port : "",
                 is_secret ? "/..." : path);
    }
    curl_free(host);
    curl_free(path);
    curl_free(port);
    curl_url_cleanup(parts);
}

static double info_time(CURL *easy, CURLINFO info)
{
    double seconds = 0;
    curl_easy_getinfo(easy, info, &seconds);
    return seconds;
}

static long info_long(CURL *easy, CURLINFO info)
{
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

/* Whether any of the request may have left: true in case of doubt. */
static bool may_be_sent(CURL *easy, const struct slk_net_options *net)
{
    /* The size counts the proxy's CONNECT too, so it proves nothing with one. */
    return info_time(easy, CURLINFO_PRETRANSFER_TIME) > 0 ||
           (slk_net_options_proxy_name(net) == NULL && info_long(easy, CURLINFO_REQUEST_SIZE) > 0);
}

const char *slk_net_phase(CURL *easy, const struct slk_net_options *net)
{
    return info_long(easy, CURLINFO_HEADER_SIZE) > 0       ? "while the answer came in"
           : may_be_sent(easy, net)                        ? "while waiting for the answer"
           : info_time(easy, CURLINFO_CONNECT_TIME) > 0    ? "while the connection was being set up"
           : info_time(easy, CURLINFO_NAMELOOKUP_TIME) > 0 ? "while connecting"
                                                           : "while resolving the name";
}

/* What OpenSSL made of a certificate, or X509_V_OK when that says nothing. */
static long verdict_of(CURL *easy, CURLINFO info)
{
    long verdict = info_long(easy, info);
    return verdict != X509_V_ERR_UNSPECIFIED ? verdict : X509_V_OK;
}

static const char *tls_hint(long verdict)
{
    switch (verdict) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "; if it is your network's own authority, give its certificate as ca_file";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "; check this machine's clock and the server's certificate";
    default: return "";
    }
}

/* A connection cut during the handshake is no verdict on the certificate. */
static bool is_cut_handshake(CURL *easy, CURLcode result, const char *detail)
{
    if (result != CURLE_SSL_CONNECT_ERROR) {
        return false;
    }
    long number = info_long(easy, CURLINFO_OS_ERRNO);
    return number == ECONNRESET || number == EPIPE || strstr(detail, "SSL_ERROR_SYSCALL") != NULL ||
           strstr(detail, "eset by peer") != NULL || strstr(detail, "unexpected eof") != NULL;
}

#define NAME_HINT "; the certificate is for other names: check the URL"

/* Within the proxy's TLS libcurl says of no failure what it was. */
#define TLS_PROXY_HINT                                                                             \
    "; check that the proxy is one for https, and that ca_file knows its authority and the "       \
    "server's"

/* libcurl looks at the names itself, so OpenSSL knows of no fault then. */
static void describe_tls(CURL *easy, const char *detail, const char *what,
                         const struct slk_net_options *net, struct slk_error *err)
{
    long verdict = verdict_of(easy, CURLINFO_SSL_VERIFYRESULT);
    bool is_name = verdict == X509_V_OK && strstr(detail, "subject name") != NULL;
    const char *proxy = "";
    if (verdict == X509_V_OK && !is_name) {
        verdict = verdict_of(easy, CURLINFO_PROXY_SSL_VERIFYRESULT);
        proxy = verdict != X509_V_OK ? slk_net_options_proxy_name(net) : "";
    }
    slk_error_set(err, "tls", "%s: the TLS connection%s%.60s was refused: %.110s%s", what,
                  *proxy != '\0' ? " to the proxy " : "", proxy,
                  verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : detail,
                  is_name                                                      ? NAME_HINT
                  : verdict == X509_V_OK && slk_net_options_has_tls_proxy(net) ? TLS_PROXY_HINT
                                                                               : tls_hint(verdict));
}

/* Read when the connection is made, so long after the options were checked. */
static void describe_ca_file(const char *what, const struct slk_net_options *net,
                             struct slk_error *err)
{
    if (*slk_net_options_ca_path(net) == '\0') {
        const char *bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
        slk_error_set(err, "tls",
                      "%s: this system has no certificate authorities (%.80s cannot be read): "
                      "install the package ca-certificates, or give a ca_file",
                      what, bundle != NULL ? bundle : "their file");
        return;
    }
    slk_error_set(err, "tls",
                  "%s: the CA file %.120s cannot be used for the certificate's check: it cannot be "
                  "read, is spoilt, or holds no PEM certificate",
                  what, slk_net_options_ca_path(net));
}

static void describe_proxy(CURL *easy, const char *detail, const char *what,
                           const struct slk_net_options *net, struct slk_error *err)
{
    const char *name = slk_net_options_proxy_name(net);
    long status = info_long(easy, CURLINFO_HTTP_CONNECTCODE);
    if (status == 0) {
        slk_error_set(err, "proxy", "%s: the proxy %.60s failed: %.80s", what,
                      name != NULL ? name : "", detail);
        return;
    }
    bool wants_login = status == 407 || status == 401; /* tinyproxy's word for wrong ones */
    const char *hint = wants_login     ? slk_net_options_login_hint(net)
                       : status == 403 ? "it lets nobody through to there"
                                       : NULL;
    slk_error_set(err, "proxy", "%s: the proxy %.60s answered CONNECT with status %ld%s%s", what,
                  name != NULL ? name : "", status, hint != NULL ? ": " : "",
                  hint != NULL ? hint : "");
}

static bool is_tls_result(CURLcode result)
{
    switch (result) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED: return true;
    default: return false;
    }
}

/* HTTP/0.9 is what libcurl takes an answer without a head for. */
static bool is_garbage(CURLcode result)
{
    return result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_WEIRD_SERVER_REPLY ||
           result == CURLE_BAD_CONTENT_ENCODING;
}

/* Whether libcurl, which names what it could not reach, went past the proxy "host:port". */
static bool went_past(const char *proxy, const char *detail)
{
    static const char failed[] = "Failed to connect to ";
    size_t length = strlen(failed), host = (size_t)(strrchr(proxy, ':') - proxy);
    return strncmp(detail, failed, length) == 0 && strncmp(detail + length, proxy, host) != 0;
}

/* "Couldn't connect to server", which libcurl has at the end, is said already: the system knows
 * why, as "Connection refused". */
static void name_reason(CURL *easy, const char *detail, char *text, size_t size)
{
    long reason = info_long(easy, CURLINFO_OS_ERRNO);
    const char *end = strrchr(detail, ':');
    if (reason == 0 || end == NULL) {
        snprintf(text, size, "%s", detail);
    } else {
        snprintf(text, size, "%.*s: %s", (int)(end - detail), detail, slk_errno_text((int)reason));
    }
}

static void describe_rest(CURL *easy, CURLcode result, const char *detail, const char *what,
                          const struct slk_net_options *net, struct slk_error *err)
{
    char text[CURL_ERROR_SIZE];
    if (may_be_sent(easy, net)) {
        slk_error_set(err, "interrupted", "%s: %s: %s", what,
                      is_garbage(result) ? "the answer is no proper HTTP"
                                         : "the connection broke before the answer was whole",
                      detail);
        return;
    }
    const char *proxy = slk_net_options_proxy_name(net);
    if (proxy != NULL && went_past(proxy, detail)) {
        proxy = NULL;
    }
    if (result == CURLE_COULDNT_CONNECT) {
        name_reason(easy, detail, text, sizeof text);
        detail = text;
    }
    slk_error_set(err, "connection", "%s: no connection%s%.60s: %.120s%s", what,
                  proxy != NULL ? " through the proxy " : "", proxy != NULL ? proxy : "", detail,
                  proxy != NULL && slk_net_options_has_tls_proxy(net) ? TLS_PROXY_HINT : "");
}

/* The errno of opening that many descriptors, all of which are closed again. */
static int try_descriptors(int count)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int reason = count > 1 ? try_descriptors(count - 1) : 0;
    close(fd);
    return reason;
}

/* libcurl does not say why it got no socket or could not read a file. What it
 * had opened is closed by now, so it is asked for as much as it needed. */
static const char *lack_of_descriptors(CURLcode result)
{
    int needed = 0;
    switch (result) {
    case CURLE_COULDNT_CONNECT: needed = 1; break;
    case CURLE_FAILED_INIT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: needed = 2; break;
    default: return NULL;
    }
    int reason = try_descriptors(needed);
    return reason == EMFILE || reason == ENFILE ? slk_errno_text(reason) : NULL;
}

void slk_net_failure(CURL *easy, CURLcode result, const char *detail, const char *what,
                     const struct slk_net_options *net, struct slk_error *err)
{
    if (detail == NULL || *detail == '\0') {
        detail = curl_easy_strerror(result);
    }
    const char *lack = may_be_sent(easy, net) ? NULL : lack_of_descriptors(result);
    if (lack != NULL) {
        slk_error_set(err, "connection", "%s: no connection: %s", what, lack);
    } else if (result == CURLE_OPERATION_TIMEDOUT) {
        slk_error_set(err, "timeout", "%s: timed out after %.1f s %s", what,
                      info_time(easy, CURLINFO_TOTAL_TIME), slk_net_phase(easy, net));
    } else if (result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_RESOLVE_PROXY) {
        slk_error_set(err, "dns", "%s: %s: check the name and this machine's DNS", what, detail);
    } else if (result == CURLE_PROXY || info_long(easy, CURLINFO_HTTP_CONNECTCODE) >= 300) {
        describe_proxy(easy, detail, what, net, err);
    } else if (result == CURLE_SSL_CACERT_BADFILE) {
        describe_ca_file(what, net, err);
    } else if (is_tls_result(result) && !is_cut_handshake(easy, result, detail)) {
        describe_tls(easy, detail, what, net, err);
    } else if (result == CURLE_URL_MALFORMAT ||
               (result == CURLE_UNSUPPORTED_PROTOCOL && !may_be_sent(easy, net))) {
        slk_error_set(err, "invalid_url", "%s: %s", what, detail);
    } else if (result == CURLE_OUT_OF_MEMORY) {
        slk_error_set(err, "memory", "%s: out of memory", what);
    } else {
        describe_rest(easy, result, detail, what, net, err);
    }
}
