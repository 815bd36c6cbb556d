/* Free blocks kept by size in front of an allocator of Lua's kind. The collector
 * frees hundreds of blocks of a few sizes at a time, of which the C library
 * keeps few at hand; from here the next ones of that size are taken. Each block
 * was allocated by the allocator behind it in exactly its size, so blocks come
 * and go as if there was no pool: also those from before it, and after it. The
 * sizes that are kept longest without use go back when there are too many. One
 * thread. */
#ifndef SLK_BLOCK_POOL_H
#define SLK_BLOCK_POOL_H

#include <stddef.h>

#define SLK_BLOCK_POOL_LARGEST 512       /* bytes of a block; larger ones are passed on */
#define SLK_BLOCK_POOL_MOST    (2 << 20) /* bytes of all that are kept */

/* As lua_Alloc: old_size is no size when block is NULL; new_size 0 frees. */
typedef void *slk_allocator(void *context, void *block, size_t old_size, size_t new_size);

struct slk_block_pool;

/* The pool is a block of that allocator itself; NULL when it gives none. */
struct slk_block_pool *slk_block_pool_create(slk_allocator *allocate, void *context);

/* The allocator that the pool is, with the pool as its context. NULL when the one behind it
 * gives none; a block that shrinks is left to that one too. */
void *slk_block_pool_allocate(void *pool, void *block, size_t old_size, size_t new_size);

/* The allocator behind it, and its context. */
slk_allocator *slk_block_pool_behind(const struct slk_block_pool *pool, void **context);

size_t slk_block_pool_kept(const struct slk_block_pool *pool); /* bytes */

/* Frees what is kept. */
void slk_block_pool_empty(struct slk_block_pool *pool);

/* Frees what is kept, and from then on passes everything on. */
void slk_block_pool_retire(struct slk_block_pool *pool);

/* Blocks that are in use stay what they are: blocks of the allocator behind. */
void slk_block_pool_destroy(struct slk_block_pool *pool);

#endif
