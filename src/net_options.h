/* How this app reaches the network: proxy, certificate authorities, and
 * whether plain text is allowed. Decided once, from options and environment,
 * and the same for the Web API and the WebSocket. Immutable and reference
 * counted; any thread. */
#ifndef SLK_NET_OPTIONS_H
#define SLK_NET_OPTIONS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "error.h"

struct slk_net_options;
struct slk_url_origin;

struct slk_net_settings {
    const char *proxy;    /* URL; NULL: HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy; "": none */
    const char *no_proxy; /* NULL: NO_PROXY, no_proxy */
    const char *ca_file;  /* PEM; NULL: SSL_CERT_FILE, else the system's */
    const char *socket;   /* path of a socket of this machine, where all hosts are; NULL */
    bool insecure;        /* allow http and ws to other hosts than loopback */
    bool is_public;       /* see slk_net_options_is_public; not together with a proxy */
};

/* NULL with err filled: memory, a proxy that is no http(s) URL, a CA file that
 * cannot be read. A proxy from the environment is not used for loopback. */
struct slk_net_options *slk_net_options_create(const struct slk_net_settings *settings,
                                               struct slk_error *err);
struct slk_net_options *slk_net_options_retain(struct slk_net_options *options);
void slk_net_options_release(struct slk_net_options *options);

/* SLK_OK when the URL is well formed, its scheme is one of http, https, ws,
 * wss, and it is encrypted, on loopback, or plain text is allowed; else
 * SLK_INVALID with err saying what to do. */
int slk_net_options_check_url(const struct slk_net_options *options, const char *url,
                              struct slk_error *err);

/* Sets proxy, CA, protocols, no signals and close-on-exec on an easy handle.
 * options must live as long as the handle uses them. SLK_OK, or SLK_NOMEM:
 * the handle must not be used then, it may lack its proxy or CA. */
int slk_net_options_apply(const struct slk_net_options *options, CURL *easy);

/* For who sets CURLOPT_SSL_CTX_FUNCTION itself after slk_net_options_apply: what that has to
 * return, of the context that it is given. */
CURLcode slk_net_options_trust(const struct slk_net_options *options, void *context);

/* Sets what an easy handle to which the options were applied asks for next, and whether that
 * goes past the proxy. SLK_OK or SLK_NOMEM. */
int slk_net_options_aim(const struct slk_net_options *options, CURL *easy, const char *url);

/* The same for a URL that has been taken apart, which the handle uses from then on: it must live
 * until the handle is aimed elsewhere, which begins with slk_net_unaim. */
int slk_net_options_aim_at(const struct slk_net_options *options, CURL *easy, CURLU *url,
                           const struct slk_url_origin *origin);
void slk_net_unaim(CURL *easy);

/* Whether only what slk_net_is_public takes may be connected to, each time anew. Who opens
 * sockets sees to it. */
bool slk_net_options_is_public(const struct slk_net_options *options);

/* For CURLOPT_OPENSOCKETFUNCTION, as slk_net_options_apply sets it: a socket
 * that does not leak into programs that the process starts. */
curl_socket_t slk_net_open_socket(void *context, curlsocktype purpose,
                                  struct curl_sockaddr *address);

/* A multi handle that leaks nothing there either, as far as nobody else opens files meanwhile.
 * NULL when memory ran out. */
CURLM *slk_net_create_multi(void);

/* Why it can never be woken, in words; NULL: it can. libcurl makes a handle also where it finds
 * no descriptors to wake it by. */
const char *slk_net_multi_problem(CURLM *multi);

/* "host:port" of the proxy, without credentials; NULL when there is none. */
const char *slk_net_options_proxy_name(const struct slk_net_options *options);

/* Whether the proxy itself is spoken to over TLS. */
bool slk_net_options_has_tls_proxy(const struct slk_net_options *options);

/* The file of certificate authorities; "": as libcurl finds it. */
const char *slk_net_options_ca_path(const struct slk_net_options *options);

/* What to do about a proxy that wants credentials. */
const char *slk_net_options_login_hint(const struct slk_net_options *options);

/* Initializes libcurl once for the process; called by everything that starts
 * to use it. Never undone: other modules may use libcurl too. */
void slk_net_global_init(void);

/* Whether libcurl has the OpenSSL that we have: what it makes of that is ours to change. */
bool slk_net_shares_openssl(void);

#endif
