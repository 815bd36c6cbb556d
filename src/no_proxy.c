#include "no_proxy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BETWEEN ", \t"

/* Where the port begins in "host:443" or "[::1]:443"; NULL in "host", "::1" and "[::1]". */
static const char *find_port(const char *entry, size_t length)
{
    const char *colon = memchr(entry, ':', length);
    if (*entry == '[') {
        const char *bracket = memchr(entry, ']', length);
        colon = bracket != NULL && bracket + 1 < entry + length && bracket[1] == ':' ? bracket + 1
                                                                                     : NULL;
    }
    if (colon == NULL) {
        return NULL;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    return digits > 0 && colon + 1 + digits == entry + length ? colon + 1 : NULL;
}

static char *append(char *end, bool is_first, const char *entry, size_t length)
{
    if (!is_first) {
        *end++ = ',';
    }
    memcpy(end, entry, length);
    return end + length;
}

void slk_no_proxy_split(const char *text, char *hosts, char *ports)
{
    char *hosts_end = hosts, *ports_end = ports;
    for (text += strspn(text, BETWEEN); *text != '\0'; text += strspn(text, BETWEEN)) {
        size_t length = strcspn(text, BETWEEN);
        size_t skipped = length > 2 && strncmp(text, "*.", 2) == 0 ? 1 : 0;
        if (find_port(text, length) != NULL) {
            ports_end = append(ports_end, ports_end == ports, text + skipped, length - skipped);
        } else {
            hosts_end = append(hosts_end, hosts_end == hosts, text + skipped, length - skipped);
        }
        text += length;
    }
    *hosts_end = *ports_end = '\0';
}

static bool is_within(const char *host, const char *domain, size_t length)
{
    if (*domain == '.') {
        domain++;
        length--;
    }
    size_t whole = strlen(host);
    return length > 0 && whole >= length &&
           strncasecmp(host + whole - length, domain, length) == 0 &&
           (whole == length || host[whole - length - 1] == '.');
}

bool slk_no_proxy_has(const char *ports, const char *host, unsigned port)
{
    for (const char *entry = ports; *entry != '\0';) {
        size_t length = strcspn(entry, ",");
        const char *number = find_port(entry, length);
        if (number != NULL && strtoul(number, NULL, 10) == port &&
            is_within(host, entry, (size_t)(number - 1 - entry))) {
            return true;
        }
        entry += length + (entry[length] == ',' ? 1 : 0);
    }
    return false;
}
