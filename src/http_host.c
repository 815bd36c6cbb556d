#include "http_host.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static uint32_t hash_of(const struct slk_url_origin *origin, unsigned limit)
{
    uint32_t hash = 2166136261u;
    for (const char *at = origin->host; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    }
    return ((hash ^ origin->port) * 16777619u ^ limit) * 16777619u;
}

static bool is_same(const struct slk_http_host *host, uint32_t hash,
                    const struct slk_url_origin *origin, unsigned limit)
{
    return host->hash == hash && host->limit == limit && host->origin.port == origin->port &&
           strcmp(host->origin.scheme, origin->scheme) == 0 &&
           strcmp(host->origin.host, origin->host) == 0;
}

struct slk_http_host *slk_http_hosts_find(struct slk_http_hosts *hosts,
                                          const struct slk_url_origin *origin, unsigned limit)
{
    uint32_t hash = hash_of(origin, limit);
    struct slk_http_host **bucket = &hosts->buckets[hash % SLK_HOST_BUCKETS];
    for (struct slk_http_host *host = *bucket; host != NULL; host = host->next) {
        if (is_same(host, hash, origin, limit)) {
            return host;
        }
    }
    struct slk_http_host *host = calloc(1, sizeof *host);
    if (host != NULL) {
        host->hash = hash;
        host->limit = limit;
        host->origin = *origin;
        host->next = *bucket;
        *bucket = host;
    }
    return host;
}

void slk_http_hosts_forget(struct slk_http_hosts *hosts, struct slk_http_host *host)
{
    if (host->running.first != NULL || host->waiting.first != NULL) {
        return;
    }
    struct slk_http_host **link = &hosts->buckets[host->hash % SLK_HOST_BUCKETS];
    while (*link != host) {
        link = &(*link)->next;
    }
    *link = host->next;
    free(host);
}

struct slk_http_host *slk_http_hosts_next(const struct slk_http_hosts *hosts,
                                          const struct slk_http_host *host)
{
    if (host != NULL && host->next != NULL) {
        return host->next;
    }
    for (size_t i = host != NULL ? host->hash % SLK_HOST_BUCKETS + 1 : 0; i < SLK_HOST_BUCKETS;
         i++) {
        if (hosts->buckets[i] != NULL) {
            return hosts->buckets[i];
        }
    }
    return NULL;
}

void slk_transfer_list_append(struct slk_transfer_list *list, struct slk_http_transfer *transfer)
{
    transfer->next = NULL;
    transfer->previous = list->last;
    *(list->last != NULL ? &list->last->next : &list->first) = transfer;
    list->last = transfer;
}

void slk_transfer_list_remove(struct slk_transfer_list *list, struct slk_http_transfer *transfer)
{
    *(transfer->previous != NULL ? &transfer->previous->next : &list->first) = transfer->next;
    *(transfer->next != NULL ? &transfer->next->previous : &list->last) = transfer->previous;
    transfer->next = transfer->previous = NULL;
}
