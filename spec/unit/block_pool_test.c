#include "block_pool.h"

#include <stdint.h>
#include <string.h>

#include "check.h"

/* Knows the size of each of its blocks, and has no more than its limit. */
struct heap {
    size_t used, limit, calls;
};

static void *heap_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct heap *heap = context;
    size_t *old = block == NULL ? NULL : (size_t *)block - 2;
    heap->calls++;
    CHECK(old == NULL || *old == old_size);
    size_t used = heap->used - (old == NULL ? 0 : old_size);
    if (new_size == 0) {
        heap->used = used;
        free(old);
        return NULL;
    }
    if (used + new_size > heap->limit) {
        return NULL;
    }
    size_t *made = realloc(old, new_size + 2 * sizeof(size_t));
    CHECK(made != NULL);
    *made = new_size;
    heap->used = used + new_size;
    return made + 2;
}

static void free_block(struct slk_block_pool *pool, void *block, size_t size)
{
    CHECK(slk_block_pool_allocate(pool, block, size, 0) == NULL);
}

static void test_taken_again(void)
{
    struct heap heap = {0, SIZE_MAX, 0};
    struct slk_block_pool *pool = slk_block_pool_create(heap_allocate, &heap);
    void *from_before = heap_allocate(&heap, NULL, 0, 57);
    free_block(pool, from_before, 57);
    size_t calls = heap.calls;
    CHECK(slk_block_pool_allocate(pool, NULL, 5, 57) == from_before); /* 5: a type of Lua's */
    CHECK(slk_block_pool_allocate(pool, NULL, 0, 0) == NULL);
    CHECK(heap.calls == calls);
    void *other = slk_block_pool_allocate(pool, NULL, 0, 58);
    CHECK(heap.calls == calls + 1);
    other = slk_block_pool_allocate(pool, other, 58, 500);
    other = slk_block_pool_allocate(pool, other, 500, 5000);
    other = slk_block_pool_allocate(pool, other, 5000, 3);
    free_block(pool, other, 3); /* too small for a list */
    CHECK(slk_block_pool_kept(pool) == 0);
    free_block(pool, from_before, 57);
    CHECK(slk_block_pool_kept(pool) == 57);
    void *large = slk_block_pool_allocate(pool, NULL, 0, SLK_BLOCK_POOL_LARGEST + 1);
    free_block(pool, large, SLK_BLOCK_POOL_LARGEST + 1);
    CHECK(slk_block_pool_kept(pool) == 57);
    slk_block_pool_destroy(pool);
    CHECK(heap.used == 0);
}

static void free_many(struct slk_block_pool *pool, size_t size, size_t bytes)
{
    static void *blocks[3 * SLK_BLOCK_POOL_MOST / 64];
    size_t count = bytes / size;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = slk_block_pool_allocate(pool, NULL, 0, size);
        memset(blocks[i], 0xA5, size);
    }
    for (size_t i = 0; i < count; i++) {
        free_block(pool, blocks[i], size);
    }
}

static void test_bounded(void)
{
    struct heap heap = {0, SIZE_MAX, 0};
    struct slk_block_pool *pool = slk_block_pool_create(heap_allocate, &heap);
    size_t own = heap.used;
    free_many(pool, 64, 3 * SLK_BLOCK_POOL_MOST);
    CHECK(slk_block_pool_kept(pool) <= SLK_BLOCK_POOL_MOST);
    CHECK(heap.used == own + slk_block_pool_kept(pool));
    free_many(pool, 512, SLK_BLOCK_POOL_MOST); /* those of 64 make room */
    CHECK(slk_block_pool_kept(pool) <= SLK_BLOCK_POOL_MOST);
    size_t calls = heap.calls;
    void *block = slk_block_pool_allocate(pool, NULL, 0, 512);
    CHECK(heap.calls == calls);
    slk_block_pool_empty(pool);
    CHECK(heap.used == own + 512);
    free_block(pool, block, 512);
    slk_block_pool_retire(pool);
    CHECK(heap.used == own);
    block = slk_block_pool_allocate(pool, NULL, 0, 64);
    free_block(pool, block, 64);
    CHECK(heap.used == own);
    slk_block_pool_destroy(pool);
    CHECK(heap.used == 0);
}

static void test_no_memory(void)
{
    struct heap heap = {0, 16, 0};
    CHECK(slk_block_pool_create(heap_allocate, &heap) == NULL);
    slk_block_pool_destroy(NULL);
    heap.limit = SIZE_MAX;
    struct slk_block_pool *pool = slk_block_pool_create(heap_allocate, &heap);
    heap.limit = heap.used + 1000;
    free_many(pool, 100, 900);
    CHECK(slk_block_pool_kept(pool) == 900);
    void *block = slk_block_pool_allocate(pool, NULL, 0, 300); /* what is kept makes room */
    CHECK(block != NULL && slk_block_pool_kept(pool) == 0);
    CHECK(slk_block_pool_allocate(pool, NULL, 0, 800) == NULL);
    CHECK(slk_block_pool_allocate(pool, block, 300, 1001) == NULL); /* and stays what it was */
    free_block(pool, block, 300);
    slk_block_pool_destroy(pool);
    CHECK(heap.used == 0);
}

int main(void)
{
    test_taken_again();
    test_bounded();
    test_no_memory();
    return 0;
}
