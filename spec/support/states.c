/* A Lua module that opens states of its own, with an allocator that counts and
 * has a limit, and says what is left of them when they have been closed. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdlib.h>

struct heap {
    size_t used, limit;
};

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct heap *heap = context;
    size_t used = heap->used - (block == NULL ? 0 : old_size);
    if (new_size == 0) {
        free(block);
    } else if (used + new_size > heap->limit) {
        return NULL;
    } else {
        block = realloc(block, new_size);
    }
    heap->used = used + new_size;
    return new_size == 0 ? NULL : block;
}

/* Another allocator, put in front of the one that is there. */
static struct front {
    lua_Alloc behind;
    void *context;
} front;

static void *pass_on(void *context, void *block, size_t old_size, size_t new_size)
{
    struct front *self = context;
    return self->behind(self->context, block, old_size, new_size);
}

static int cover(lua_State *L)
{
    front.behind = lua_getallocf(L, &front.context);
    lua_setallocf(L, pass_on, &front);
    return 0;
}

/* Whether the allocator is the one that the state was opened with. */
static int is_own(lua_State *L)
{
    void *context;
    lua_pushboolean(L, lua_getallocf(L, &context) == allocate);
    return 1;
}

/* (text, path, cpath, limit) -> what it returned, or the error; bytes left at the end */
static int run(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);
    struct heap heap = {0, SIZE_MAX};
    lua_State *state = lua_newstate(allocate, &heap);
    luaL_openlibs(state);
    lua_register(state, "cover", cover);
    lua_register(state, "is_own", is_own);
    lua_getglobal(state, "package");
    lua_pushstring(state, luaL_checkstring(L, 2));
    lua_setfield(state, -2, "path");
    lua_pushstring(state, luaL_checkstring(L, 3));
    lua_setfield(state, -2, "cpath");
    heap.limit = (size_t)luaL_checkinteger(L, 4);
    int failed = luaL_dostring(state, text);
    (void)failed;
    lua_pushstring(L, luaL_tolstring(state, -1, NULL));
    heap.limit = SIZE_MAX;
    lua_close(state);
    lua_pushinteger(L, (lua_Integer)heap.used);
    return 2;
}

int luaopen_states(lua_State *L);

int luaopen_states(lua_State *L)
{
    lua_pushcfunction(L, run);
    return 1;
}
