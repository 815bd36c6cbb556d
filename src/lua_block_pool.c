#include "lua_core.h"

#include "block_pool.h"

#define CLASS_BLOCK_POOL "slack.core.block_pool"

/* What looks for errors of the heap must see each block come and go. */
#ifdef __has_feature
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer) || HAS_FEATURE(memory_sanitizer)
#define IS_HEAP_CHECKED 1
#else
#define IS_HEAP_CHECKED 0
#endif

static const char registered = 0; /* the address is where the registry has the state's pool */

static bool is_in_front(lua_State *L, const struct slk_block_pool *pool)
{
    void *context;
    return lua_getallocf(L, &context) == slk_block_pool_allocate && context == pool;
}

/* Where an allocator was put in front of the pool since, that one calls the pool until the
 * state's end, and after it nobody is left to free the pool itself. */
static int close_pool(lua_State *L)
{
    struct slk_block_pool **object = luaL_checkudata(L, 1, CLASS_BLOCK_POOL);
    struct slk_block_pool *pool = *object;
    *object = NULL;
    if (pool != NULL && is_in_front(L, pool)) {
        void *context;
        slk_allocator *behind = slk_block_pool_behind(pool, &context);
        lua_setallocf(L, behind, context);
        slk_block_pool_destroy(pool);
    } else if (pool != NULL) {
        slk_block_pool_retire(pool);
    }
    return 0;
}

/* The state's pool; NULL before it has one, and while it ends. */
static struct slk_block_pool *get_pool(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &registered);
    struct slk_block_pool **object = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return object != NULL ? *object : NULL;
}

static void install(lua_State *L)
{
    struct slk_block_pool **object = (struct slk_block_pool **)slk_new_object(L, CLASS_BLOCK_POOL);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &registered);
    void *context;
    slk_allocator *behind = lua_getallocf(L, &context);
    *object = slk_block_pool_create(behind, context);
    if (*object != NULL) { /* else the program goes on without one */
        lua_setallocf(L, slk_block_pool_allocate, *object);
    }
}

static int pool_blocks(lua_State *L)
{
    bool is_first = lua_rawgetp(L, LUA_REGISTRYINDEX, &registered) == LUA_TNIL;
    lua_pop(L, 1);
    if (is_first && !IS_HEAP_CHECKED) {
        install(L);
    }
    const struct slk_block_pool *pool = get_pool(L);
    if (pool == NULL) {
        return 0;
    }
    lua_pushinteger(L, (lua_Integer)slk_block_pool_kept(pool));
    return 1;
}

void slk_empty_block_pool(lua_State *L)
{
    struct slk_block_pool *pool = get_pool(L);
    if (pool != NULL) {
        slk_block_pool_empty(pool);
    }
}

void slk_open_block_pool(lua_State *L)
{
    static const luaL_Reg methods[] = {{NULL, NULL}};
    slk_class(L, CLASS_BLOCK_POOL, methods, close_pool);
    lua_pushcfunction(L, pool_blocks);
    lua_setfield(L, -2, "pool_blocks");
}
