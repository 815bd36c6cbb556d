#include "receiver_paths.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

int slk_receiver_paths_copy(struct slk_receiver_paths *paths, const struct slk_receiver_path *from,
                            size_t count)
{
    paths->paths = calloc(count, sizeof *paths->paths);
    for (size_t i = 0; paths->paths != NULL && i < count; i++) {
        char *path = strdup(from[i].path);
        if (path == NULL) {
            return SLK_NOMEM;
        }
        paths->paths[i] = (struct slk_receiver_path){path, from[i].kinds};
        paths->count++;
    }
    return paths->paths != NULL ? SLK_OK : SLK_NOMEM;
}

void slk_receiver_paths_free(struct slk_receiver_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free((char *)paths->paths[i].path);
    }
    free(paths->paths);
    *paths = (struct slk_receiver_paths){0};
}

/* What follows the first separator, empty when there is none; text ends before it. */
static struct slk_http_text split(struct slk_http_text *text, char separator)
{
    const char *at = text->length > 0 ? memchr(text->data, separator, text->length) : NULL;
    if (at == NULL) {
        return (struct slk_http_text){text->data, 0};
    }
    size_t length = (size_t)(at - text->data);
    struct slk_http_text rest = {at + 1, text->length - length - 1};
    text->length = length;
    return rest;
}

/* Behind the scheme and authority of an absolute form, which RFC 9112 §3.2.2
 * has servers accept. */
static struct slk_http_text without_origin(struct slk_http_text target)
{
    const char *start = memmem(target.data, target.length, "://", 3);
    size_t skipped = start != NULL ? (size_t)(start - target.data) + 3 : target.length;
    target = (struct slk_http_text){target.data + skipped, target.length - skipped};
    const char *slash = target.length > 0 ? memchr(target.data, '/', target.length) : NULL;
    skipped = slash != NULL ? (size_t)(slash - target.data) : target.length;
    return (struct slk_http_text){target.data + skipped, target.length - skipped};
}

const struct slk_receiver_path *slk_receiver_paths_find(const struct slk_receiver_paths *paths,
                                                        struct slk_http_text target,
                                                        struct slk_http_text *query)
{
    *query = split(&target, '?');
    if (target.length > 0 && *target.data != '/') {
        target = without_origin(target);
    }
    for (size_t i = 0; i < paths->count; i++) {
        const struct slk_receiver_path *known = &paths->paths[i];
        if (strlen(known->path) == target.length &&
            memcmp(known->path, target.data, target.length) == 0) {
            return known;
        }
    }
    return NULL;
}
