#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include "error.h"

#ifdef __linux__

int slk_wake_init(struct slk_wake *wake)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    wake->read_fd = wake->write_fd = fd;
    return fd < 0 ? SLK_SYSTEM : SLK_OK;
}

#else

int slk_wake_init(struct slk_wake *wake)
{
    int ends[2];
    if (pipe(ends) != 0) {
        wake->read_fd = wake->write_fd = -1;
        return SLK_SYSTEM;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    wake->read_fd = ends[0];
    wake->write_fd = ends[1];
    return SLK_OK;
}

#endif

void slk_wake_signal(const struct slk_wake *wake)
{
    int saved = errno;
    uint64_t one = 1;
    /* A full pipe or counter is readable already, so only EINTR matters. */
    while (write(wake->write_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
    errno = saved;
}

int64_t slk_wake_clear(const struct slk_wake *wake)
{
    uint64_t signals[16]; /* of a pipe each is 1, of an eventfd there is one sum */
    int64_t count = 0;
    ssize_t got;
    do {
        got = read(wake->read_fd, signals, sizeof signals);
        for (ssize_t i = 0; i < got / (ssize_t)sizeof *signals; i++) {
            count += (int64_t)signals[i];
        }
    } while (got == (ssize_t)sizeof signals || (got < 0 && errno == EINTR));
    return count;
}

int slk_wake_fd(const struct slk_wake *wake)
{
    return wake->read_fd;
}

void slk_wake_free(struct slk_wake *wake)
{
    if (wake->read_fd >= 0) {
        close(wake->read_fd);
    }
    if (wake->write_fd >= 0 && wake->write_fd != wake->read_fd) {
        close(wake->write_fd);
    }
    wake->read_fd = wake->write_fd = -1;
}
