/* The paths at which Slack's requests come in, and what each is for. Written
 * before the server thread reads it. */
#ifndef SLK_RECEIVER_PATHS_H
#define SLK_RECEIVER_PATHS_H

#include <stddef.h>

#include "http_receiver.h"

struct slk_receiver_paths {
    struct slk_receiver_path *paths; /* copies */
    size_t count;
};

/* All zero is an empty list. SLK_OK or SLK_NOMEM; free it either way. */
int slk_receiver_paths_copy(struct slk_receiver_paths *paths, const struct slk_receiver_path *from,
                            size_t count);
void slk_receiver_paths_free(struct slk_receiver_paths *paths);

/* The path of a request's target, byte for byte: NULL when it is none of them.
 * query is what follows the question mark, empty when there is none. */
const struct slk_receiver_path *slk_receiver_paths_find(const struct slk_receiver_paths *paths,
                                                        struct slk_text target,
                                                        struct slk_text *query);

#endif
