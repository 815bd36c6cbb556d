#include "file_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".XXXXXX.part"

struct slk_file_sink {
    int fd;          /* -1 after the end */
    bool is_there;   /* the temporary file exists */
    char *path;      /* where it goes to, links followed */
    char *temporary; /* "path.3kd9Qa.part" */
};

static int fail(const char *path, const char *why, struct slk_error *err)
{
    slk_error_set(err, "file", "cannot write \"%.120s\": %s", path, why);
    return SLK_SYSTEM;
}

static const char leads_nowhere[] = "it is a link that leads nowhere";

/* Why no file can be put there, or NULL; what else is wrong, creating it tells. Fills
 * mode with that of the file that is to be replaced. */
static const char *refusal(const char *path, mode_t *mode)
{
    struct stat status;
    size_t length = strlen(path);
    if (length == 0 || path[length - 1] == '/') {
        return "the name of a file expected";
    } else if (stat(path, &status) != 0) {
        return lstat(path, &status) == 0 ? leads_nowhere : NULL;
    } else if (S_ISDIR(status.st_mode)) {
        return "it is a directory, not a file";
    } else if (!S_ISREG(status.st_mode)) {
        return "there is a pipe, device or socket of that name";
    }
    *mode = status.st_mode & 0777;
    return NULL;
}

static int make_names(struct slk_file_sink *sink, const char *path, struct slk_error *err)
{
    struct stat status;
    sink->path = realpath(path, NULL);
    if (sink->path == NULL && lstat(path, &status) == 0) {
        return fail(path, leads_nowhere, err); /* as those of /proc to a file without a name */
    } else if (sink->path == NULL) {
        sink->path = strdup(path);
    }
    size_t size = sink->path != NULL ? strlen(sink->path) + sizeof SUFFIX : 0;
    sink->temporary = malloc(size);
    if (sink->path == NULL || sink->temporary == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    snprintf(sink->temporary, size, "%s" SUFFIX, sink->path);
    return SLK_OK;
}

struct slk_file_sink *slk_file_sink_open(const char *path, struct slk_error *err)
{
    mode_t mode = 0600;
    const char *why = refusal(path, &mode);
    if (why != NULL) {
        fail(path, why, err);
        return NULL;
    }
    struct slk_file_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return NULL;
    }
    sink->fd = -1;
    if (make_names(sink, path, err) != SLK_OK) {
        goto failed;
    }
    sink->fd = mkostemps(sink->temporary, (int)strlen(".part"), O_CLOEXEC);
    sink->is_there = sink->fd >= 0;
    if (!sink->is_there || (mode != 0600 && fchmod(sink->fd, mode) != 0)) {
        fail(path, slk_errno_text(errno), err);
        goto failed;
    }
    return sink;
failed:
    slk_file_sink_close(sink);
    return NULL;
}

int slk_file_sink_write(struct slk_file_sink *sink, const char *bytes, size_t length,
                        struct slk_error *err)
{
    while (length > 0) {
        ssize_t count = write(sink->fd, bytes, length);
        if (count < 0 && errno != EINTR) {
            return fail(sink->path, slk_errno_text(errno), err);
        }
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        }
    }
    return SLK_OK;
}

int slk_file_sink_end(struct slk_file_sink *sink, struct slk_error *err)
{
    int fd = sink->fd;
    sink->fd = -1;
    return close(fd) == 0 ? SLK_OK : fail(sink->path, slk_errno_text(errno), err);
}

int slk_file_sink_commit(struct slk_file_sink *sink, struct slk_error *err)
{
    if (rename(sink->temporary, sink->path) != 0) {
        return fail(sink->path, slk_errno_text(errno), err);
    }
    sink->is_there = false;
    return SLK_OK;
}

void slk_file_sink_close(struct slk_file_sink *sink)
{
    if (sink == NULL) {
        return;
    }
    if (sink->fd >= 0) {
        close(sink->fd);
    }
    if (sink->is_there) {
        unlink(sink->temporary);
    }
    free(sink->path);
    free(sink->temporary);
    free(sink);
}
