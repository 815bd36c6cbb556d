#include "net_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The registries of special-purpose addresses (RFC 6890 and what IANA has added). */
static const struct {
    uint32_t network;
    int bits;
} special_v4[] = {
    {0x00000000, 8},  /* 0.0.0.0: this host */
    {0x0A000000, 8},  /* 10.0.0.0 */
    {0x64400000, 10}, /* 100.64.0.0: carriers */
    {0x7F000000, 8},  /* 127.0.0.0 */
    {0xA9FE0000, 16}, /* 169.254.0.0: link-local, and what clouds tell their machines */
    {0xAC100000, 12}, /* 172.16.0.0 */
    {0xC0000000, 24}, /* 192.0.0.0 */
    {0xC0000200, 24}, /* 192.0.2.0: documentation */
    {0xC0586300, 24}, /* 192.88.99.0 */
    {0xC0A80000, 16}, /* 192.168.0.0 */
    {0xC6120000, 15}, /* 198.18.0.0: trials */
    {0xC6336400, 24}, /* 198.51.100.0: documentation */
    {0xCB007100, 24}, /* 203.0.113.0: documentation */
    {0xE0000000, 3},  /* multicast, reserved, broadcast */
};

/* Within 2000::/3, outside of which nothing is public but what holds an IPv4 address. */
static const struct {
    unsigned char network[4];
    int bits;
} special_v6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* Teredo, ORCHID and other protocols' */
    {{0x20, 0x01, 0x0D, 0xB8}, 32}, /* documentation */
    {{0x3F, 0xFF, 0x00, 0x00}, 20}, /* documentation */
};

static bool is_public_v4(uint32_t address)
{
    for (size_t i = 0; i < sizeof special_v4 / sizeof *special_v4; i++) {
        int rest = 32 - special_v4[i].bits;
        if (address >> rest == special_v4[i].network >> rest) {
            return false;
        }
    }
    return true;
}

static uint32_t read_32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_public_v6(const unsigned char *bytes)
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    static const unsigned char translated[12] = {0x00, 0x64, 0xFF, 0x9B};
    if (memcmp(bytes, mapped, sizeof mapped) == 0 ||
        memcmp(bytes, translated, sizeof translated) == 0) {
        return is_public_v4(read_32(bytes + 12));
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) { /* 6to4 */
        return is_public_v4(read_32(bytes + 2));
    }
    for (size_t i = 0; i < sizeof special_v6 / sizeof *special_v6; i++) {
        int rest = 32 - special_v6[i].bits;
        if (read_32(bytes) >> rest == read_32(special_v6[i].network) >> rest) {
            return false;
        }
    }
    return bytes[0] >> 5 == 1;
}

bool slk_net_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        return is_public_v4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
    }
    return address->sa_family == AF_INET6 &&
           is_public_v6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
}
