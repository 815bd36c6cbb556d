/* Whom we take a URL to speak to is whom libcurl speaks to: whether plain text is allowed
 * is decided by the one and done by the other. */
#include "url_origin.h"

#include <curl/curl.h>
#include <strings.h>

#include "error.h"
#include "fuzz.h"
#include "http_target.h"

static char *part(CURLU *url, CURLUPart which, unsigned flags)
{
    char *text = NULL;
    EXPECT(curl_url_get(url, which, &text, flags) == CURLUE_OK);
    return text;
}

/* Taken apart once for many requests, it is the same. */
static void expect_same_target(const char *text, const struct slk_url_origin *origin)
{
    struct slk_http_target *target = slk_http_target_create(text);
    if (target == NULL) {
        return;
    }
    const struct slk_url_origin *other = slk_http_target_origin(target);
    EXPECT(strcmp(other->scheme, origin->scheme) == 0 && strcmp(other->host, origin->host) == 0);
    EXPECT(other->port == origin->port);
    char *host = part(slk_http_target_url(target), CURLUPART_HOST, 0);
    EXPECT(strcasecmp(host, origin->host) == 0);
    curl_free(host);
    slk_http_target_release(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slk_url_origin origin;
    char *text = exact_copy(data, size);
    text = realloc(text, size + 1);
    EXPECT(text != NULL);
    text[size] = '\0';
    CURLU *url = curl_url();
    EXPECT(url != NULL);
    /* As libcurl takes CURLOPT_URL. */
    CURLUcode code =
        curl_url_set(url, CURLUPART_URL, text, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME);
    if (slk_url_origin(text, &origin) == SLK_OK) {
        EXPECT(code == CURLUE_OK);
        char *scheme = part(url, CURLUPART_SCHEME, 0), *host = part(url, CURLUPART_HOST, 0);
        EXPECT(strncmp(scheme, origin.scheme, sizeof origin.scheme - 1) == 0);
        EXPECT(strcasecmp(host, origin.host) == 0);
        bool is_known = strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0;
        char *port = is_known ? part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT) : NULL;
        EXPECT(port == NULL || strtoul(port, NULL, 10) == origin.port);
        curl_free(scheme);
        curl_free(host);
        curl_free(port);
        expect_same_target(text, &origin);
    }
    curl_url_cleanup(url);
    free(text);
    return 0;
}
