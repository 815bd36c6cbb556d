/* Options of the network, as people and their environment write them: taken, or refused in words;
 * a proxy's name never has its credentials; what goes past it does so with all below it; plain
 * text goes nowhere but to this machine. The input, a line each: proxy, no_proxy, URL. */
#include "net_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <strings.h>

#include "error.h"
#include "fuzz.h"
#include "no_proxy.h"
#include "url_origin.h"

enum { LINES = 3 };

static char *take_line(const char **at, const char *end)
{
    const char *line_end = memchr(*at, '\n', (size_t)(end - *at));
    size_t length = (size_t)((line_end != NULL ? line_end : end) - *at);
    char *line = malloc(length + 1);
    EXPECT(line != NULL);
    memcpy(line, *at, length);
    line[length] = '\0';
    *at = line_end != NULL ? line_end + 1 : end;
    return line;
}

static char *part(CURLU *url, CURLUPart which)
{
    char *text = NULL;
    curl_url_get(url, which, &text, 0);
    return text;
}

/* The name is the host and a port, as libcurl takes the URL apart. */
static void expect_name(const struct slk_net_options *options, const char *proxy)
{
    const char *name = slk_net_options_proxy_name(options);
    EXPECT((name == NULL) == (*proxy == '\0'));
    if (name == NULL) {
        return;
    }
    CURLU *url = curl_url();
    EXPECT(url != NULL &&
           curl_url_set(url, CURLUPART_URL, proxy,
                        CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK);
    char *host = part(url, CURLUPART_HOST);
    size_t length = strlen(host);
    EXPECT(strncmp(name, host, length) == 0 && name[length] == ':');
    EXPECT(name[length + 1 + strspn(name + length + 1, "0123456789")] == '\0');
    curl_free(host);
    curl_url_cleanup(url);
}

static void expect_plain_text_at_home(const struct slk_net_options *options, const char *url)
{
    struct slk_url_origin origin;
    struct slk_error err = {.text = ""};
    if (slk_net_options_check_url(options, url, &err) != SLK_OK) {
        EXPECT(err.text[0] != '\0');
        return;
    }
    EXPECT(slk_url_origin(url, &origin) == SLK_OK);
    if (strcmp(origin.scheme, "http") == 0 || strcmp(origin.scheme, "ws") == 0) {
        struct in_addr address;
        EXPECT(
            strcmp(origin.host, "localhost") == 0 || strcmp(origin.host, "[::1]") == 0 ||
            (inet_pton(AF_INET, origin.host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127));
    } else {
        EXPECT(strcmp(origin.scheme, "https") == 0 || strcmp(origin.scheme, "wss") == 0);
    }
}

static void expect_below(const char *ports, const struct slk_url_origin *origin)
{
    char below[SLK_HOST_SIZE + 8], upper[SLK_HOST_SIZE];
    snprintf(below, sizeof below, "x.%s", origin->host);
    for (size_t i = 0; i < sizeof upper; i++) {
        upper[i] = (char)toupper((unsigned char)origin->host[i]);
    }
    bool is_past = slk_no_proxy_has(ports, origin->host, origin->port);
    EXPECT(!is_past || slk_no_proxy_has(ports, below, origin->port));
    EXPECT(is_past == slk_no_proxy_has(ports, upper, origin->port));
    EXPECT(!is_past || strchr(ports, ':') != NULL);
}

static void split_exceptions(const char *no_proxy, const char *url)
{
    char *hosts = malloc(strlen(no_proxy) + 1), *ports = malloc(strlen(no_proxy) + 1);
    struct slk_url_origin origin;
    EXPECT(hosts != NULL && ports != NULL);
    slk_no_proxy_split(no_proxy, hosts, ports);
    EXPECT(strlen(hosts) + strlen(ports) <= strlen(no_proxy));
    EXPECT(strpbrk(hosts, " \t") == NULL && strpbrk(ports, " \t") == NULL);
    EXPECT(strstr(hosts, ",,") == NULL && strstr(ports, ",,") == NULL);
    if (slk_url_origin(url, &origin) == SLK_OK) {
        expect_below(ports, &origin);
    }
    free(hosts);
    free(ports);
}

static void use(const char *proxy, const char *no_proxy, const char *url)
{
    struct slk_net_settings settings = {.proxy = proxy, .no_proxy = no_proxy};
    struct slk_error err = {.text = ""};
    struct slk_net_options *options = slk_net_options_create(&settings, &err);
    EXPECT((options == NULL) == (err.text[0] != '\0'));
    if (options == NULL) {
        return;
    }
    expect_name(options, proxy);
    expect_plain_text_at_home(options, url);
    CURL *easy = curl_easy_init();
    EXPECT(easy != NULL && slk_net_options_apply(options, easy) == SLK_OK);
    EXPECT(slk_net_options_aim(options, easy, url) == SLK_OK);
    curl_easy_cleanup(easy);
    slk_net_options_release(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = exact_copy(data, size), *lines[LINES];
    const char *at = text;
    for (size_t i = 0; i < LINES; i++) {
        lines[i] = take_line(&at, text + size);
    }
    use(lines[0], lines[1], lines[2]);
    split_exceptions(lines[1], lines[2]);
    for (size_t i = 0; i < LINES; i++) {
        free(lines[i]);
    }
    free(text);
    return 0;
}
