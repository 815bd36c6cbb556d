/* A Lua module that opens states of its own, with an allocator that counts and
 * has a limit, and says what is left of them when they have been closed. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JOBS 16

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
static _Thread_local struct front {
    lua_Alloc behind;
    void *context;
    lua_Integer fails_in; /* so many requests for more; below 0: never */
} front;

static void *pass_on(void *context, void *block, size_t old_size, size_t new_size)
{
    struct front *self = context;
    bool is_more = new_size > (block == NULL ? 0 : old_size);
    if (is_more && self->fails_in >= 0 && --self->fails_in < 1) {
        return NULL; /* twice, as Lua collects its garbage and then asks again */
    }
    return self->behind(self->context, block, old_size, new_size);
}

static int cover(lua_State *L)
{
    front = (struct front){.fails_in = -2};
    front.behind = lua_getallocf(L, &front.context);
    lua_setallocf(L, pass_on, &front);
    return 0;
}

/* Once covered: (n) the n-th request for more memory from now on is refused; -> none was, yet */
static int fail_in(lua_State *L)
{
    lua_Integer count = luaL_optinteger(L, 1, -2);
    lua_pushboolean(L, front.fails_in > 0);
    front.fails_in = count;
    return 1;
}

/* Whether the allocator is the one that the state was opened with. */
static int is_own(lua_State *L)
{
    void *context;
    lua_pushboolean(L, lua_getallocf(L, &context) == allocate);
    return 1;
}

struct job {
    const char *text, *path, *cpath;
    struct heap heap;
    char *said;
    pthread_t thread;
};

static void *run_job(void *argument)
{
    struct job *job = argument;
    size_t limit = job->heap.limit;
    job->heap.limit = SIZE_MAX;
    lua_State *state = lua_newstate(allocate, &job->heap);
    luaL_openlibs(state);
    lua_register(state, "cover", cover);
    lua_register(state, "fail_in", fail_in);
    lua_register(state, "is_own", is_own);
    lua_getglobal(state, "package");
    lua_pushstring(state, job->path);
    lua_setfield(state, -2, "path");
    lua_pushstring(state, job->cpath);
    lua_setfield(state, -2, "cpath");
    job->heap.limit = limit;
    int failed = luaL_dostring(state, job->text);
    (void)failed;
    job->heap.limit = SIZE_MAX;
    job->said = strdup(luaL_tolstring(state, -1, NULL));
    lua_close(state);
    return NULL;
}

static void push_said(lua_State *L, struct job *job)
{
    lua_pushstring(L, job->said);
    free(job->said);
}

/* (text, path, cpath, limit) -> what it returned, or the error; bytes left at the end */
static int run(lua_State *L)
{
    struct job job = {.text = luaL_checkstring(L, 1),
                      .path = luaL_checkstring(L, 2),
                      .cpath = luaL_checkstring(L, 3),
                      .heap.limit = (size_t)luaL_checkinteger(L, 4)};
    run_job(&job);
    push_said(L, &job);
    lua_pushinteger(L, (lua_Integer)job.heap.used);
    return 2;
}

/* (texts, path, cpath) -> what each returned, what each left; in threads of their own */
static int run_together(lua_State *L)
{
    struct job jobs[MOST_JOBS];
    lua_Integer count = luaL_len(L, 1);
    luaL_argcheck(L, count <= MOST_JOBS, 1, "fewer texts expected");
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, 1, i + 1);
        jobs[i] = (struct job){.text = luaL_checkstring(L, -1),
                               .path = luaL_checkstring(L, 2),
                               .cpath = luaL_checkstring(L, 3),
                               .heap.limit = SIZE_MAX};
        pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]);
        lua_pop(L, 1);
    }
    lua_newtable(L);
    lua_newtable(L);
    for (lua_Integer i = 0; i < count; i++) {
        pthread_join(jobs[i].thread, NULL);
        push_said(L, &jobs[i]);
        lua_rawseti(L, -3, i + 1);
        lua_pushinteger(L, (lua_Integer)jobs[i].heap.used);
        lua_rawseti(L, -2, i + 1);
    }
    return 2;
}

int luaopen_states(lua_State *L);

int luaopen_states(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"run", run}, {"run_together", run_together}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
