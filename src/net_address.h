/* Which addresses are those of the Internet, and which lead to this machine, to
 * private networks or nowhere. Pure code; any thread. */
#ifndef SLK_NET_ADDRESS_H
#define SLK_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Whether everybody would reach the same host there: false for loopback, private and
 * link-local networks, those of carriers, documentation and trials, multicast, and what
 * is reserved; also where such an IPv4 address stands in one of IPv6. */
bool slk_net_is_public(const struct sockaddr *address);

#endif
