#include "http_headers.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "error.h"

struct slk_http_headers {
    atomic_uint references;
    bool is_complete;
    struct curl_slist *lines;
};

struct slk_http_headers *slk_http_headers_create(void)
{
    struct slk_http_headers *headers = calloc(1, sizeof *headers);
    if (headers != NULL) {
        atomic_init(&headers->references, 1);
    }
    return headers;
}

static bool is_token(const char *text)
{
    static const char characters[] = "!#$%&'*+-.^_`|~0123456789"
                                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *text != '\0' && strspn(text, characters) == strlen(text);
}

static int append(struct slk_http_headers *headers, const char *line)
{
    struct curl_slist *lines = curl_slist_append(headers->lines, line);
    if (lines == NULL) {
        return SLK_NOMEM;
    }
    headers->lines = lines;
    return SLK_OK;
}

int slk_http_headers_add(struct slk_http_headers *headers, const char *name, const char *value)
{
    if (!is_token(name) || strpbrk(value, "\r\n") != NULL) {
        return SLK_INVALID;
    }
    size_t name_length = strlen(name), value_length = strlen(value);
    size_t size = name_length + value_length + 3;
    char *line = malloc(size);
    if (line == NULL) {
        return SLK_NOMEM;
    }
    memcpy(line, name, name_length);
    if (value[strspn(value, " \t")] == '\0') {
        memcpy(line + name_length, ";", 2); /* libcurl's spelling of one without a value */
    } else {
        memcpy(line + name_length, ": ", 2);
        memcpy(line + name_length + 2, value, value_length + 1);
    }
    int status = append(headers, line);
    OPENSSL_cleanse(line, size);
    free(line);
    return status;
}

static bool has(const struct slk_http_headers *headers, const char *name, size_t length)
{
    for (const struct curl_slist *line = headers->lines; line != NULL; line = line->next) {
        if (strncasecmp(line->data, name, length) == 0 &&
            strchr(":;", line->data[length]) != NULL) {
            return true;
        }
    }
    return false;
}

static int append_unless_given(struct slk_http_headers *headers, const char *line)
{
    return has(headers, line, strcspn(line, ":")) ? SLK_OK : append(headers, line);
}

/* What libcurl undoes. It would make the same line, anew for each request. */
static int append_encodings(struct slk_http_headers *headers)
{
    int features = curl_version_info(CURLVERSION_NOW)->features;
    char line[64];
    int length = snprintf(line, sizeof line, "Accept-Encoding: %s%s%s",
                          features & CURL_VERSION_LIBZ ? "deflate, gzip, " : "",
                          features & CURL_VERSION_BROTLI ? "br, " : "",
                          features & CURL_VERSION_ZSTD ? "zstd, " : "");
    line[length - 2] = '\0'; /* of a list that ends so; without one, no such header */
    return append_unless_given(headers, line);
}

/* Waiting for "100 Continue" costs a round trip, and a body is no form unless
 * said so. */
int slk_http_headers_complete(struct slk_http_headers *headers)
{
    static const char *const unwanted[] = {"Expect:", "Content-Type:"};
    if (headers->is_complete) {
        return SLK_OK; /* shared: nothing may be written */
    }
    int status = append_encodings(headers);
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted && status == SLK_OK; i++) {
        status = append_unless_given(headers, unwanted[i]);
    }
    headers->is_complete = status == SLK_OK;
    return status;
}

struct slk_http_headers *slk_http_headers_retain(struct slk_http_headers *headers)
{
    atomic_fetch_add(&headers->references, 1);
    return headers;
}

void slk_http_headers_release(struct slk_http_headers *headers)
{
    if (headers == NULL || atomic_fetch_sub(&headers->references, 1) > 1) {
        return;
    }
    for (struct curl_slist *line = headers->lines; line != NULL; line = line->next) {
        OPENSSL_cleanse(line->data, strlen(line->data));
    }
    curl_slist_free_all(headers->lines);
    free(headers);
}

struct curl_slist *slk_http_headers_lines(const struct slk_http_headers *headers)
{
    return headers->lines;
}
