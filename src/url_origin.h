/* Whom a URL speaks to: scheme, host and port. Plain data; any thread. */
#ifndef SLK_URL_ORIGIN_H
#define SLK_URL_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#define SLK_HOST_SIZE 256

struct slk_url_origin {
    char scheme[24];          /* in lower case, cut if need be */
    char host[SLK_HOST_SIZE]; /* in lower case; IPv4 in four numbers, IPv6 in brackets */
    unsigned port;
};

/* SLK_OK, SLK_INVALID when url is no absolute URL with a host, or SLK_NOMEM.
 * Usual URLs are read without an allocation; about the others libcurl's parser
 * decides, which makes a dozen of them. */
int slk_url_origin(const char *url, struct slk_url_origin *origin);

/* Whether the host of an origin is this machine by its very name. */
bool slk_is_loopback(const char *host);

#endif
