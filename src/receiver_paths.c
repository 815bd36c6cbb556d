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

/* Behind the scheme and authority of an absolute form, which RFC 9112 §3.2.2
 * has servers accept. */
static struct slk_text without_origin(struct slk_text target)
{
    const char *start = memmem(target.data, target.length, "://", 3);
    size_t skipped = start != NULL ? (size_t)(start - target.data) + 3 : target.length;
    target = (struct slk_text){target.data + skipped, target.length - skipped};
    const char *slash = target.length > 0 ? memchr(target.data, '/', target.length) : NULL;
    skipped = slash != NULL ? (size_t)(slash - target.data) : target.length;
    return (struct slk_text){target.data + skipped, target.length - skipped};
}

const struct slk_receiver_path *slk_receiver_paths_find(const struct slk_receiver_paths *paths,
                                                        struct slk_text target,
                                                        struct slk_text *query)
{
    *query = target;
    target = slk_text_cut(query, '?');
    if (target.length > 0 && *target.data != '/') {
        target = without_origin(target);
    }
    for (size_t i = 0; i < paths->count; i++) {
        const struct slk_receiver_path *known = &paths->paths[i];
        if (slk_text_is(target, known->path)) {
            return known;
        }
    }
    return NULL;
}
