/* Preloaded into a process, refuses memory to the C module: one in so many requests, by chance,
 * as the file MALLOC_ODDS says, 4 bytes, which may change meanwhile; 0: none. In the end it tells
 * how many were refused, and how many blocks that the module has had since are left. Libraries
 * that the module calls get what they ask for. glibc alone. */
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUCKETS 4096
#define CALLER  __builtin_return_address(0)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static const volatile uint32_t *odds;
static uint32_t seed;
static atomic_uint requests, refusals;
static _Atomic uintptr_t module_begin, module_end; /* of its code; 0: not known yet */

__attribute__((constructor)) static void open_odds(void)
{
    const char *path = getenv("MALLOC_ODDS"), *number = getenv("MALLOC_SEED");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof *odds, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (page != MAP_FAILED) {
        odds = page;
    }
    if (fd >= 0) {
        close(fd);
    }
    seed = number != NULL ? (uint32_t)strtoul(number, NULL, 10) : 0;
}

/* Who asks ----------------------------------------------------------------------- */

static int find_module(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size, (void)context;
    bool is_it = strstr(object->dlpi_name, "/slack/core.so") != NULL;
    for (int i = 0; is_it && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            module_end = object->dlpi_addr + part->p_vaddr + part->p_memsz;
            module_begin = object->dlpi_addr + part->p_vaddr;
        }
    }
    return is_it;
}

static bool is_module(const void *caller)
{
    uintptr_t place = (uintptr_t)caller;
    return module_begin != 0 && place >= module_begin && place < module_end;
}

static bool is_refused(const void *caller)
{
    uint32_t one_in = odds != NULL ? *odds : 0;
    if (one_in != 0 && module_begin == 0) {
        dl_iterate_phdr(find_module, NULL);
    }
    if (one_in == 0 || !is_module(caller)) {
        return false;
    }
    uint32_t chance = (atomic_fetch_add(&requests, 1) + seed) * 2654435761u;
    bool refused = ((chance ^ chance >> 15) * 2246822519u >> 8) % one_in == 0;
    refusals += refused;
    return refused;
}

/* What it has ---------------------------------------------------------------------- */

static struct block {
    struct block *next;
    void *address;
} * blocks[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct block **bucket_of(void *address)
{
    return &blocks[(uintptr_t)address / 16 * 2654435761u / 16 % BUCKETS];
}

static void *note(void *address, const void *caller)
{
    if (address == NULL || !is_module(caller)) {
        return address;
    }
    struct block *block = __libc_malloc(sizeof *block), **bucket = bucket_of(address);
    pthread_mutex_lock(&lock);
    *block = (struct block){*bucket, address};
    *bucket = block;
    pthread_mutex_unlock(&lock);
    return address;
}

static void forget(void *address)
{
    if (address == NULL || module_begin == 0) {
        return;
    }
    pthread_mutex_lock(&lock);
    struct block **place = bucket_of(address);
    while (*place != NULL && (*place)->address != address) {
        place = &(*place)->next;
    }
    struct block *block = *place;
    if (block != NULL) {
        *place = block->next;
    }
    pthread_mutex_unlock(&lock);
    __libc_free(block);
}

__attribute__((destructor)) static void tell(void)
{
    int left = 0;
    for (int i = 0; i < BUCKETS; i++) {
        for (const struct block *block = blocks[i]; block != NULL; block = block->next) {
            left++;
        }
    }
    if (module_begin != 0) {
        dprintf(STDERR_FILENO, "refused %u, left %d\n", refusals, left);
    }
}

/* The functions --------------------------------------------------------------------- */

void *malloc(size_t size)
{
    return is_refused(CALLER) ? NULL : note(__libc_malloc(size), CALLER);
}

void *calloc(size_t count, size_t size)
{
    return is_refused(CALLER) ? NULL : note(__libc_calloc(count, size), CALLER);
}

void *realloc(void *block, size_t size)
{
    if (size > 0 && is_refused(CALLER)) {
        return NULL;
    }
    void *moved = __libc_realloc(block, size);
    if (moved != NULL || size == 0) {
        forget(block);
    }
    return note(moved, CALLER);
}

void free(void *block)
{
    forget(block);
    __libc_free(block);
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = is_refused(CALLER) ? NULL : note(__libc_malloc(size), CALLER);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}
