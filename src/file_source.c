#include "file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct slk_file_source {
    int fd;
    int64_t size, position;
    char path[]; /* for errors */
};

static int fail(const char *path, const char *why, struct slk_error *err)
{
    slk_error_set(err, "file", "cannot read \"%.120s\": %s", path, why);
    return SLK_SYSTEM;
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "it is a directory, not a file"
           : S_ISFIFO(mode) ? "it is a pipe, not a file: send it with a function that reads it"
                            : "it is a device or socket, not a file";
}

struct slk_file_source *slk_file_source_open(const char *path, struct slk_error *err)
{
    size_t length = strlen(path) + 1;
    /* Without O_NONBLOCK a pipe that nobody writes to would hold us here. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        fail(path, slk_errno_text(errno), err);
        goto failed;
    }
    if (!S_ISREG(status.st_mode)) {
        fail(path, kind_of(status.st_mode), err);
        goto failed;
    }
    char byte;
    if (status.st_size == 0 && pread(fd, &byte, 1, 0) != 0) { /* as those of /proc */
        fail(path, "it does not say how long it is: send it with a function that reads it", err);
        goto failed;
    }
    struct slk_file_source *source = malloc(sizeof *source + length);
    if (source == NULL) {
        slk_error_set(err, "memory", "out of memory");
        goto failed;
    }
    source->fd = fd;
    source->size = status.st_size;
    source->position = 0;
    memcpy(source->path, path, length);
    return source;
failed:
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

void slk_file_source_close(struct slk_file_source *source)
{
    if (source != NULL) {
        close(source->fd);
        free(source);
    }
}

int64_t slk_file_source_size(const struct slk_file_source *source)
{
    return source->size;
}

int64_t slk_file_source_read(struct slk_file_source *source, char *bytes, size_t size,
                             struct slk_error *err)
{
    int64_t left = source->size - source->position;
    if (left == 0 || size == 0) {
        return 0;
    }
    size_t wanted = (uint64_t)left < size ? (size_t)left : size;
    ssize_t count;
    do {
        count = pread(source->fd, bytes, wanted, source->position);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return fail(source->path, slk_errno_text(errno), err);
    }
    struct stat status;
    bool is_last = count == left;
    if (count == 0 ||
        (is_last && (fstat(source->fd, &status) != 0 || status.st_size != source->size))) {
        return fail(source->path, "its length has changed while it was sent", err);
    }
    source->position += count;
    return count;
}

void slk_file_source_rewind(struct slk_file_source *source)
{
    source->position = 0;
}
