#include "process_id.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The beginning of a file; false when there is none. */
static bool read_start(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Its state and its 22nd field, when it was started. The second field, its name, may
 * hold anything, and ends with the last parenthesis. */
static bool read_status(int64_t number, char *state, int64_t *started)
{
    char path[48], text[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)number);
    const char *at = read_start(path, text, sizeof text) ? strrchr(text, ')') : NULL;
    if (at == NULL || at[1] != ' ') {
        return false;
    }
    *state = at[2];
    for (int field = 2; field < 22; field++) {
        at = strchr(at + 1, ' ');
        if (at == NULL) {
            return false;
        }
    }
    *started = strtoll(at + 1, NULL, 10);
    return true;
}

void slk_process_id_get(struct slk_process_id *id)
{
    char boot[40], state;
    char space[48];
    *id = (struct slk_process_id){.number = getpid()};
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    if (length > 0 && read_start("/proc/sys/kernel/random/boot_id", boot, sizeof boot) &&
        read_status(id->number, &state, &id->started)) {
        space[length] = '\0';
        boot[strcspn(boot, "\n")] = '\0';
        snprintf(id->place, sizeof id->place, "%s %s", boot, space);
    }
}

bool slk_process_has_ended(const struct slk_process_id *id, const struct slk_process_id *self)
{
    if (self->place[0] == '\0' || strcmp(id->place, self->place) != 0) {
        return false;
    }
    char state;
    int64_t started;
    if (!read_status(id->number, &state, &started)) {
        return kill((pid_t)id->number, 0) != 0 && errno == ESRCH;
    }
    return started != id->started || state == 'Z' || state == 'X';
}
