#include "block_pool.h"

#include <string.h>

struct free_block {
    struct free_block *next;
};

struct slk_block_pool {
    slk_allocator *allocate;
    void *context;
    size_t kept, most;                                   /* bytes */
    size_t hand;                                         /* the size that goes back next */
    struct free_block *free[SLK_BLOCK_POOL_LARGEST + 1]; /* by size */
};

struct slk_block_pool *slk_block_pool_create(slk_allocator *allocate, void *context)
{
    struct slk_block_pool *pool = allocate(context, NULL, 0, sizeof *pool);
    if (pool != NULL) {
        memset(pool, 0, sizeof *pool);
        pool->allocate = allocate;
        pool->context = context;
        pool->most = SLK_BLOCK_POOL_MOST;
    }
    return pool;
}

static struct free_block *take(struct slk_block_pool *pool, size_t size)
{
    struct free_block *block = pool->free[size];
    if (block != NULL) {
        pool->free[size] = block->next;
        pool->kept -= size;
        /* The next one has left the caches since it was freed, and is asked for soon. */
        __builtin_prefetch(block->next, 1);
    }
    return block;
}

/* The hand goes round the sizes, so those that are no longer asked for do not keep the room. */
static void give_one_back(struct slk_block_pool *pool)
{
    while (pool->free[pool->hand] == NULL) {
        pool->hand = (pool->hand + 1) % (SLK_BLOCK_POOL_LARGEST + 1);
    }
    pool->allocate(pool->context, take(pool, pool->hand), pool->hand, 0);
}

static void keep(struct slk_block_pool *pool, struct free_block *block, size_t size)
{
    while (pool->kept + size > pool->most) {
        give_one_back(pool);
    }
    block->next = pool->free[size];
    pool->free[size] = block;
    pool->kept += size;
}

void *slk_block_pool_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct slk_block_pool *pool = context;
    if (block == NULL && new_size <= SLK_BLOCK_POOL_LARGEST) {
        struct free_block *kept = take(pool, new_size);
        if (kept != NULL || new_size == 0) {
            return kept;
        }
    } else if (new_size == 0 && old_size <= SLK_BLOCK_POOL_LARGEST &&
               old_size >= sizeof(struct free_block) && pool->most > 0) {
        keep(pool, block, old_size);
        return NULL;
    }
    void *result = pool->allocate(pool->context, block, old_size, new_size);
    if (result == NULL && new_size > 0 && pool->kept > 0) { /* what is kept may be in its way */
        slk_block_pool_empty(pool);
        result = pool->allocate(pool->context, block, old_size, new_size);
    }
    return result;
}

slk_allocator *slk_block_pool_behind(const struct slk_block_pool *pool, void **context)
{
    *context = pool->context;
    return pool->allocate;
}

size_t slk_block_pool_kept(const struct slk_block_pool *pool)
{
    return pool->kept;
}

void slk_block_pool_empty(struct slk_block_pool *pool)
{
    while (pool->kept > 0) {
        give_one_back(pool);
    }
}

void slk_block_pool_retire(struct slk_block_pool *pool)
{
    slk_block_pool_empty(pool);
    pool->most = 0;
}

void slk_block_pool_destroy(struct slk_block_pool *pool)
{
    if (pool != NULL) {
        slk_block_pool_empty(pool);
        pool->allocate(pool->context, pool, sizeof *pool, 0);
    }
}
