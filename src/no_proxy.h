/* The hosts that go past a proxy, as NO_PROXY lists them: what libcurl knows how to read, and
 * apart from that the entries for one port, which it does not. Any thread. */
#ifndef SLK_NO_PROXY_H
#define SLK_NO_PROXY_H

#include <stdbool.h>

/* Splits the list at commas and blanks. hosts gets what libcurl takes, ports the entries like
 * "host:443"; each with commas between, and has room for as much as the text. "*.host" is
 * ".host": that and all below it. */
void slk_no_proxy_split(const char *text, char *hosts, char *ports);

/* Whether one of the entries in ports is about that host (in lower case, an IPv6 address with
 * its brackets), or a domain that it is in, and port. */
bool slk_no_proxy_has(const char *ports, const char *host, unsigned port);

#endif
