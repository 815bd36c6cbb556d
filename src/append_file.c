#include "append_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct slk_append_file {
    int fd;
    char *path;
};

static int fail(const char *path, const char *why, struct slk_error *err)
{
    slk_error_set(err, "file", "cannot write \"%.120s\": %s", path, why);
    return SLK_SYSTEM;
}

/* Why the open file cannot be added to, or NULL. */
static const char *refusal(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return slk_errno_text(errno);
    } else if (!S_ISREG(status.st_mode)) {
        return "there is a pipe, device or socket of that name";
    } else if ((status.st_mode & 0777) != 0600 && fchmod(fd, 0600) != 0) {
        return slk_errno_text(errno);
    }
    return NULL;
}

struct slk_append_file *slk_append_file_open(const char *path, struct slk_error *err)
{
    struct slk_append_file *file = calloc(1, sizeof *file);
    if (file == NULL || (file->path = strdup(path)) == NULL) {
        free(file);
        slk_error_set(err, "memory", "out of memory");
        return NULL;
    }
    /* O_NONBLOCK: a pipe that nobody reads is refused, not waited for. */
    file->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    const char *why = file->fd < 0 ? slk_errno_text(errno) : refusal(file->fd);
    if (why != NULL) {
        fail(path, why, err);
        slk_append_file_close(file);
        return NULL;
    }
    return file;
}

/* Takes back the part of a text that was written, if it is the end of the file. */
static void take_back(struct slk_append_file *file, size_t written)
{
    off_t end = lseek(file->fd, 0, SEEK_CUR);
    if (written > 0 && end >= (off_t)written && slk_append_file_size(file) == end &&
        ftruncate(file->fd, end - (off_t)written) != 0) {
        return; /* a cut line is left, which readers pass over */
    }
}

static bool is_pending(int number)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, number) == 1;
}

/* Beyond the size that a file may have (ulimit -f) the system does not only say so, it
 * ends the process; the program's own thread has not blocked that signal. */
static ssize_t write_some(int fd, const char *bytes, size_t length)
{
    sigset_t blocked, before;
    int taken;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    ssize_t count = write(fd, bytes, length);
    int reason = errno;
    if (count < 0 && reason == EFBIG && is_pending(SIGXFSZ)) {
        sigwait(&blocked, &taken);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = reason;
    return count;
}

int slk_append_file_add(struct slk_append_file *file, const char *bytes, size_t length,
                        struct slk_error *err)
{
    size_t written = 0;
    while (written < length) {
        ssize_t count = write_some(file->fd, bytes + written, length - written);
        if (count < 0 && errno != EINTR) {
            int status = fail(file->path, slk_errno_text(errno), err);
            take_back(file, written);
            return status;
        }
        written += count > 0 ? (size_t)count : 0;
    }
    return SLK_OK;
}

int64_t slk_append_file_size(const struct slk_append_file *file)
{
    struct stat status;
    return fstat(file->fd, &status) == 0 ? (int64_t)status.st_size : 0;
}

void slk_append_file_close(struct slk_append_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->path);
    free(file);
}
