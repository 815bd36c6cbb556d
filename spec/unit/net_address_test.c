#include "net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "check.h"

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (strchr(text, ':') == NULL) {
        CHECK(inet_pton(AF_INET, text, &v4.sin_addr) == 1);
        return slk_net_is_public((struct sockaddr *)&v4);
    }
    CHECK(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
    return slk_net_is_public((struct sockaddr *)&v6);
}

static void knows_what_is_not_public(void)
{
    static const char *const addresses[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:a00:1::",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "::7f00:1",
        "4000::1",
    };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        CHECK(!is_public(addresses[i]));
    }
}

static void knows_what_is_public(void)
{
    static const char *const addresses[] = {
        "1.1.1.1",         "9.255.255.255", "11.0.0.0",     "100.63.255.255", "100.128.0.0",
        "126.0.0.1",       "128.0.0.1",     "169.253.0.1",  "172.15.255.255", "172.32.0.0",
        "192.167.0.1",     "192.169.0.1",   "198.17.0.1",   "198.20.0.0",     "223.255.255.255",
        "2600::1",         "2001:200::1",   "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101",
        "2002:101:101::1", "3ffe::1",
    };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        CHECK(is_public(addresses[i]));
    }
}

static void knows_no_other_kind(void)
{
    struct sockaddr other = {.sa_family = AF_UNIX};
    CHECK(!slk_net_is_public(&other));
}

int main(void)
{
    knows_what_is_not_public();
    knows_what_is_public();
    knows_no_other_kind();
    return 0;
}
