#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define GUARD_MAXIMUM (64u << 10)

struct mapping {
    uint64_t start, end;
    char permissions[5];
    char name[64]; /* the beginning of it */
};

static bool read_header(const char *line, struct mapping *mapping)
{
    unsigned long start, end;
    mapping->name[0] = '\0';
    if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %63s", &start, &end, mapping->permissions,
               mapping->name) < 3) {
        return false;
    }
    mapping->start = start;
    mapping->end = end;
    return true;
}

/* Stacks of threads lie right behind a small mapping that nobody may touch. */
static bool is_guard(const struct mapping *mapping)
{
    return strncmp(mapping->permissions, "---", 3) == 0 &&
           mapping->end - mapping->start <= GUARD_MAXIMUM;
}

static long *cause_of(struct memory *memory, const struct mapping *mapping, bool behind_guard)
{
    if (mapping->name[0] == '/') {
        return &memory->libraries;
    }
    if (strncmp(mapping->name, "[stack", 6) == 0 || behind_guard) {
        return &memory->stacks;
    }
    bool is_own = mapping->name[0] == '\0' || strcmp(mapping->name, "[heap]") == 0 ||
                  strncmp(mapping->name, "[anon", 5) == 0;
    return is_own && mapping->permissions[1] == 'w' ? &memory->heap : &memory->rest;
}

struct memory memory_read(pid_t pid)
{
    struct memory memory = {0};
    struct mapping last = {0}, now = {0};
    char path[64], line[512];
    long size;
    bool behind_guard = false;
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Rss: %ld kB", &size) == 1) {
            *cause_of(&memory, &now, behind_guard) += size;
        } else if (strchr(line, '-') != NULL && read_header(line, &now)) {
            behind_guard = is_guard(&last) && last.end == now.start;
            last = now;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return memory;
}

void memory_print(const struct memory *memory, FILE *file)
{
    fprintf(file, "{\"libraries\":%ld,\"heap\":%ld,\"stacks\":%ld,\"rest\":%ld}", memory->libraries,
            memory->heap, memory->stacks, memory->rest);
}
