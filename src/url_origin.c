#include "url_origin.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"

static const struct {
    const char *prefix;
    size_t length;
    unsigned port;
} schemes[] = {{"https://", 8, 443}, {"http://", 7, 80}, {"wss://", 6, 443}, {"ws://", 5, 80}};

#define SCHEMES (sizeof schemes / sizeof *schemes)

/* Characters that mean the same to everybody; anything else is libcurl's. */
static size_t plain_host(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");
    return length < SLK_HOST_SIZE ? length : 0;
}

/* After the host: a port, then a path, a query, or nothing. Where it ends, or NULL. */
static const char *plain_port(const char *rest, unsigned *port)
{
    if (*rest == ':') {
        size_t digits = strspn(++rest, "0123456789");
        unsigned long number = digits > 0 && digits <= 5 ? strtoul(rest, NULL, 10) : 0;
        if (number == 0 || number > 65535) {
            return NULL;
        }
        *port = (unsigned)number;
        rest += digits;
    }
    return *rest == '/' || *rest == '?' || *rest == '\0' ? rest : NULL;
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= 0x20 || *text >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_address(const char *host, struct in_addr *address)
{
    return inet_pton(AF_INET, host, address) == 1;
}

/* 127.1, 0x7f000001 and 2130706433 are addresses to libcurl. */
static bool may_be_number(const char *host)
{
    struct in_addr address;
    return *host >= '0' && *host <= '9' && !is_address(host, &address);
}

static bool read_plain(const char *url, struct slk_url_origin *origin)
{
    for (size_t i = 0; i < SCHEMES; i++) {
        if (strncmp(url, schemes[i].prefix, schemes[i].length) != 0) {
            continue;
        }
        const char *host = url + schemes[i].length;
        size_t length = plain_host(host);
        origin->port = schemes[i].port;
        const char *rest = length > 0 ? plain_port(host + length, &origin->port) : NULL;
        if (rest == NULL || !is_printable(rest)) {
            return false;
        }
        snprintf(origin->scheme, sizeof origin->scheme, "%.*s", (int)schemes[i].length - 3, url);
        memcpy(origin->host, host, length);
        origin->host[length] = '\0';
        return !may_be_number(origin->host);
    }
    return false;
}

static unsigned port_of(const char *scheme, const char *port)
{
    if (port != NULL) {
        return (unsigned)strtoul(port, NULL, 10);
    }
    return strcmp(scheme, "https") == 0 || strcmp(scheme, "wss") == 0 ? 443 : 80;
}

static int take_parts(const char *scheme, const char *host, const char *port,
                      struct slk_url_origin *origin)
{
    size_t length = strlen(host);
    if (length == 0 || length >= SLK_HOST_SIZE) {
        return SLK_INVALID;
    }
    snprintf(origin->scheme, sizeof origin->scheme, "%s", scheme);
    for (size_t i = 0; i <= length; i++) {
        origin->host[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] + 32 : host[i]);
    }
    origin->port = port_of(scheme, port);
    return SLK_OK;
}

static int read_any(const char *text, struct slk_url_origin *origin)
{
    CURLU *url = curl_url();
    if (url == NULL) {
        return SLK_NOMEM;
    }
    char *scheme = NULL, *host = NULL, *port = NULL;
    int status = SLK_INVALID;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK &&
        (code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0)) == CURLUE_OK &&
        (code = curl_url_get(url, CURLUPART_HOST, &host, 0)) == CURLUE_OK) {
        curl_url_get(url, CURLUPART_PORT, &port, 0);
        status = take_parts(scheme, host, port, origin);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return code == CURLUE_OUT_OF_MEMORY ? SLK_NOMEM : status;
}

int slk_url_origin(const char *url, struct slk_url_origin *origin)
{
    return read_plain(url, origin) ? SLK_OK : read_any(url, origin);
}

bool slk_is_loopback(const char *host)
{
    struct in_addr address;
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (is_address(host, &address) && ntohl(address.s_addr) >> 24 == 127);
}
