#include "http_target.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "error.h"

struct slk_http_target {
    atomic_uint references;
    CURLU *url;
    struct slk_url_origin origin;
};

struct slk_http_target *slk_http_target_create(const char *url)
{
    struct slk_http_target *target = calloc(1, sizeof *target);
    if (target == NULL) {
        return NULL;
    }
    atomic_init(&target->references, 1);
    target->url = curl_url();
    if (target->url == NULL || slk_url_origin(url, &target->origin) != SLK_OK ||
        curl_url_set(target->url, CURLUPART_URL, url, 0) != CURLUE_OK) {
        slk_http_target_release(target);
        return NULL;
    }
    return target;
}

struct slk_http_target *slk_http_target_retain(struct slk_http_target *target)
{
    if (target != NULL) {
        atomic_fetch_add(&target->references, 1);
    }
    return target;
}

void slk_http_target_release(struct slk_http_target *target)
{
    if (target != NULL && atomic_fetch_sub(&target->references, 1) == 1) {
        curl_url_cleanup(target->url);
        free(target);
    }
}

CURLU *slk_http_target_url(const struct slk_http_target *target)
{
    return target->url;
}

const struct slk_url_origin *slk_http_target_origin(const struct slk_http_target *target)
{
    return &target->origin;
}
