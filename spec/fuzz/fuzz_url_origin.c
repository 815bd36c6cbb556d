/* Whom we take a URL to speak to is whom libcurl speaks to: whether plain text is allowed
 * is decided by the one and done by the other. */
#include "url_origin.h"

#include <curl/curl.h>
#include <strings.h>

#include "error.h"
#include "fuzz.h"

static char *part(CURLU *url, CURLUPart which, unsigned flags)
{
    char *text = NULL;
    EXPECT(curl_url_get(url, which, &text, flags) == CURLUE_OK);
    return text;
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
    }
    curl_url_cleanup(url);
    free(text);
    return 0;
}
