#include "server_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* OpenSSL would ask for the passphrase of a key on the terminal, and wait. */
static int no_passphrase(char *buffer, int size, int writing, void *argument)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(bool *)argument = true;
    return -1;
}

/* OpenSSL's own words for what happens most tell only its developers something. */
static const char *reason_of(unsigned long number)
{
    int reason = ERR_GET_REASON(number);
    if (ERR_SYSTEM_ERROR(number)) {
        return slk_errno_text(reason);
    }
    if ((ERR_GET_LIB(number) == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
        reason == ERR_R_UNSUPPORTED) {
        return "there is none in it, a PEM file is needed";
    }
    if (ERR_GET_LIB(number) == ERR_LIB_X509 && reason == X509_R_KEY_VALUES_MISMATCH) {
        return "it is not that of the certificate";
    }
    const char *text = ERR_reason_error_string(number);
    return text != NULL ? text : "it is not usable";
}

static int fail(struct slk_error *err, const char *what, const char *file, bool is_locked)
{
    slk_error_set(err, "certificate", "cannot serve with %s %s: %s", what, file,
                  is_locked ? "it has a passphrase, one without is needed"
                            : reason_of(ERR_peek_error()));
    ERR_clear_error();
    return SLK_INVALID;
}

static int load_files(SSL_CTX *pair, const struct slk_server_tls *tls, struct slk_error *err)
{
    bool is_locked = false;
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(pair, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(pair, &is_locked);
    if (SSL_CTX_use_certificate_chain_file(pair, tls->cert_file) != 1) {
        return fail(err, "certificate", tls->cert_file, is_locked);
    }
    if (SSL_CTX_use_PrivateKey_file(pair, tls->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(pair) != 1) {
        return fail(err, "key", tls->key_file, is_locked);
    }
    return SLK_OK;
}

int slk_server_tls_reload(struct slk_server_tls *tls, struct slk_error *err)
{
    SSL_CTX *pair = SSL_CTX_new(TLS_server_method());
    if (pair == NULL) {
        ERR_clear_error();
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    int status = load_files(pair, tls, err);
    if (status != SLK_OK) {
        SSL_CTX_free(pair);
        return status;
    }
    SSL_CTX_free(tls->pair);
    tls->pair = pair;
    tls->generation++;
    return SLK_OK;
}

int slk_server_tls_init(struct slk_server_tls *tls, const char *cert_file, const char *key_file,
                        struct slk_error *err)
{
    tls->cert_file = strdup(cert_file);
    tls->key_file = strdup(key_file);
    if (tls->cert_file == NULL || tls->key_file == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    return slk_server_tls_reload(tls, err);
}

/* In each handshake. What is there is cleared first: a certificate of another
 * kind of key would otherwise stay beside the new one. */
static int choose_pair(SSL *connection, void *argument)
{
    const struct slk_server_tls *tls = argument;
    STACK_OF(X509) *chain = NULL;
    SSL_certs_clear(connection);
    SSL_CTX_get0_chain_certs(tls->pair, &chain);
    return SSL_use_cert_and_key(connection, SSL_CTX_get0_certificate(tls->pair),
                                SSL_CTX_get0_privatekey(tls->pair), chain, 1);
}

/* Before a client's ticket is looked at: with one from before a reload it would
 * never see the new certificate. */
static int mark_session(SSL *connection, int *alert, void *argument)
{
    const struct slk_server_tls *tls = argument;
    (void)alert;
    return SSL_set_session_id_context(connection, (const unsigned char *)&tls->generation,
                                      sizeof tls->generation);
}

/* NULL: nothing to speak of. Who connects and goes says nothing, as the checks
 * of load balancers do. */
static const char *handshake_failure(unsigned long number)
{
    int reason = ERR_GET_REASON(number);
    if (number == 0 || ERR_SYSTEM_ERROR(number) || ERR_GET_LIB(number) != ERR_LIB_SSL ||
        reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return NULL;
    }
    switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return "plain HTTP on the TLS port?";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return "the client does not accept the certificate";
    default: return ERR_reason_error_string(number);
    }
}

/* libwebsockets closes such a connection without a word. */
static void watch_handshake(const SSL *connection, int where, int result)
{
    struct slk_server_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
    const char *why = (where & SSL_CB_ACCEPT_EXIT) == SSL_CB_ACCEPT_EXIT && result <= 0
                          ? handshake_failure(ERR_peek_error())
                          : NULL;
    uint64_t count = why != NULL ? slk_log_limit_count(&tls->failure_lines, slk_clock_now()) : 0;
    if (count == 1) {
        slk_log_write(tls->log, SLK_LOG_WARN, "http_server", "a TLS handshake failed: %s", why);
    } else if (count > 1) {
        slk_log_write(tls->log, SLK_LOG_WARN, "http_server",
                      "%" PRIu64 " TLS handshakes failed, the last: %s", count, why);
    }
}

void slk_server_tls_use(struct slk_server_tls *tls, SSL_CTX *context)
{
    SSL_CTX_set_app_data(context, tls);
    SSL_CTX_set_info_callback(context, watch_handshake);
    SSL_CTX_set_client_hello_cb(context, mark_session, tls);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* clients keep theirs: tickets */
    SSL_CTX_set_cert_cb(context, choose_pair, tls);
}

void slk_server_tls_free(struct slk_server_tls *tls)
{
    SSL_CTX_free(tls->pair);
    free(tls->cert_file);
    free(tls->key_file);
    *tls = (struct slk_server_tls){0};
}
