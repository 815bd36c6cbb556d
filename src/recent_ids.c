#include "recent_ids.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"

/* Places hold hashes, or one of these. */
#define FREE    0
#define REMOVED 1

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)

/* Open addressing with linear probing, never more than two thirds full. */
struct slk_recent_ids {
    uint64_t *young, *old;
    size_t mask; /* places - 1; a power of two less one */
    size_t limit, count;
    uint64_t seed;
};

struct slk_recent_ids *slk_recent_ids_create(size_t limit)
{
    struct slk_recent_ids *ids = calloc(1, sizeof *ids);
    if (ids == NULL) {
        return NULL;
    }
    size_t places = 2;
    while (places < limit + limit / 2) {
        places *= 2;
    }
    ids->mask = places - 1;
    ids->limit = limit;
    ids->young = calloc(places, sizeof *ids->young);
    ids->old = calloc(places, sizeof *ids->old);
    if (ids->young == NULL || ids->old == NULL) {
        slk_recent_ids_destroy(ids);
        return NULL;
    }
    if (getrandom(&ids->seed, sizeof ids->seed, 0) != (ssize_t)sizeof ids->seed) {
        ids->seed = (uint64_t)slk_clock_now();
    }
    return ids;
}

void slk_recent_ids_destroy(struct slk_recent_ids *ids)
{
    if (ids != NULL) {
        free(ids->young);
        free(ids->old);
        free(ids);
    }
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * MULTIPLIER;
    return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct slk_recent_ids *ids, const char *id, size_t length)
{
    uint64_t hash = mix(ids->seed, length), word;
    for (; length >= sizeof word; id += sizeof word, length -= sizeof word) {
        memcpy(&word, id, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, id, length);
    hash = mix(mix(hash, word), hash >> 32);
    return hash > REMOVED ? hash : hash + 2;
}

/* The place of the hash, or the free one where the search for it ends. */
static uint64_t *find(const struct slk_recent_ids *ids, uint64_t *places, uint64_t hash)
{
    size_t i = hash & ids->mask;
    while (places[i] != hash && places[i] != FREE) {
        i = (i + 1) & ids->mask;
    }
    return &places[i];
}

bool slk_recent_ids_add(struct slk_recent_ids *ids, const char *id, size_t length)
{
    uint64_t hash = hash_of(ids, id, length);
    if (*find(ids, ids->young, hash) == hash || *find(ids, ids->old, hash) == hash) {
        return false;
    }
    if (ids->count == ids->limit) {
        slk_recent_ids_turn(ids);
    }
    *find(ids, ids->young, hash) = hash;
    ids->count++;
    return true;
}

void slk_recent_ids_remove(struct slk_recent_ids *ids, const char *id, size_t length)
{
    uint64_t hash = hash_of(ids, id, length);
    uint64_t *places[] = {find(ids, ids->young, hash), find(ids, ids->old, hash)};
    for (int i = 0; i < 2; i++) {
        if (*places[i] == hash) {
            *places[i] = REMOVED;
        }
    }
}

void slk_recent_ids_turn(struct slk_recent_ids *ids)
{
    uint64_t *dropped = ids->old;
    ids->old = ids->young;
    ids->young = dropped;
    ids->count = 0;
    memset(dropped, 0, (ids->mask + 1) * sizeof *dropped);
}
