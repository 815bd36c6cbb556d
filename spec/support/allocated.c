/* A Lua module that tells how many bytes the C library has given out in this process and not got
 * back, of all its threads, and how many of these SQLite has. What a process has resident is
 * more: the C library keeps what it gets back in the midst of its heaps. */
#include <dlfcn.h>
#include <lauxlib.h>
#include <lua.h>
#include <malloc.h>
#include <stdint.h>

typedef int64_t bytes_used(void);

/* The library that the process has loaded, if it has. */
static int64_t of_sqlite(void)
{
    void *library = dlopen("libsqlite3.so.0", RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) {
        return 0;
    }
    bytes_used *used = (bytes_used *)dlsym(library, "sqlite3_memory_used");
    int64_t bytes = used != NULL ? used() : 0;
    dlclose(library);
    return bytes;
}

static int allocated(lua_State *L)
{
    struct mallinfo2 all = mallinfo2();
    lua_pushinteger(L, (lua_Integer)(all.uordblks + all.hblkhd));
    lua_pushinteger(L, of_sqlite());
    return 2;
}

int luaopen_allocated(lua_State *L)
{
    lua_pushcfunction(L, allocated);
    return 1;
}
