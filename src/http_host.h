/* The hosts that the client thread has requests for, each with those under way
 * and those that wait for their turn, in order. Requests are told apart by
 * scheme, host, port and limit, so that a caller who wants few requests at a
 * time does not make others wait. Client thread only. */
#ifndef SLK_HTTP_HOST_H
#define SLK_HTTP_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "http_transfer.h"
#include "url_origin.h"

#define SLK_HOST_BUCKETS 64

struct slk_transfer_list {
    struct slk_http_transfer *first, *last;
};

struct slk_http_host {
    struct slk_http_host *next;
    uint32_t hash;
    unsigned limit; /* of requests under way, urgent ones not counted */
    unsigned running_count;
    struct slk_transfer_list running, waiting;
    struct slk_url_origin origin;
};

/* Zeros are an empty table. */
struct slk_http_hosts {
    struct slk_http_host *buckets[SLK_HOST_BUCKETS];
};

/* The host of an origin, made if need be; NULL when memory ran out. */
struct slk_http_host *slk_http_hosts_find(struct slk_http_hosts *hosts,
                                          const struct slk_url_origin *origin, unsigned limit);

/* Frees the host unless it has transfers. */
void slk_http_hosts_forget(struct slk_http_hosts *hosts, struct slk_http_host *host);

/* The first host (after NULL) or the next one; NULL when there is no more. */
struct slk_http_host *slk_http_hosts_next(const struct slk_http_hosts *hosts,
                                          const struct slk_http_host *host);

void slk_transfer_list_append(struct slk_transfer_list *list, struct slk_http_transfer *transfer);
void slk_transfer_list_remove(struct slk_transfer_list *list, struct slk_http_transfer *transfer);

#endif
