#include "poller.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "error.h"

/* SLK_POLL_ONLY chooses the other half on Linux, to try it there. */
#if defined(__linux__) && !defined(SLK_POLL_ONLY)
#include <sys/epoll.h>

struct slk_poller {
    int epoll_fd;
};

struct slk_poller *slk_poller_create(void)
{
    struct slk_poller *poller = calloc(1, sizeof *poller);
    if (poller == NULL) {
        return NULL;
    }
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poller->epoll_fd < 0) {
        free(poller);
        return NULL;
    }
    return poller;
}

void slk_poller_destroy(struct slk_poller *poller)
{
    if (poller != NULL) {
        close(poller->epoll_fd);
        free(poller);
    }
}

int slk_poller_fd(const struct slk_poller *poller)
{
    return poller->epoll_fd;
}

int slk_poller_add(struct slk_poller *poller, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EEXIST) {
        return SLK_SYSTEM;
    }
    return SLK_OK;
}

int slk_poller_remove(struct slk_poller *poller, int fd)
{
    struct epoll_event unused = {0};
    return epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, fd, &unused) == 0 ? SLK_OK : SLK_SYSTEM;
}

int slk_poller_wait(struct slk_poller *poller, int timeout_ms, int *fds, size_t capacity)
{
    struct epoll_event events[64];
    int room = capacity < 64 ? (int)capacity : 64;
    int count = epoll_wait(poller->epoll_fd, events, room, timeout_ms);
    if (count < 0) {
        return errno == EINTR ? 0 : SLK_SYSTEM;
    }
    for (int i = 0; i < count; i++) {
        fds[i] = events[i].data.fd;
    }
    return count;
}

#else
#include <fcntl.h>
#include <poll.h>

struct slk_poller {
    struct pollfd *entries;
    size_t count, capacity;
    size_t first; /* where the next report begins, so that no descriptor starves the others */
};

struct slk_poller *slk_poller_create(void)
{
    return calloc(1, sizeof(struct slk_poller));
}

void slk_poller_destroy(struct slk_poller *poller)
{
    if (poller != NULL) {
        free(poller->entries);
        free(poller);
    }
}

int slk_poller_fd(const struct slk_poller *poller)
{
    (void)poller;
    return -1;
}

static size_t find(const struct slk_poller *poller, int fd)
{
    size_t i = 0;
    while (i < poller->count && poller->entries[i].fd != fd) {
        i++;
    }
    return i;
}

int slk_poller_add(struct slk_poller *poller, int fd)
{
    if (fcntl(fd, F_GETFD) < 0) {
        return SLK_SYSTEM; /* as epoll does; poll would tell in each wait */
    }
    if (find(poller, fd) < poller->count) {
        return SLK_OK;
    }
    if (poller->count == poller->capacity) {
        size_t capacity = poller->capacity > 0 ? 2 * poller->capacity : 8;
        struct pollfd *entries = realloc(poller->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            return SLK_SYSTEM;
        }
        poller->entries = entries;
        poller->capacity = capacity;
    }
    poller->entries[poller->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return SLK_OK;
}

int slk_poller_remove(struct slk_poller *poller, int fd)
{
    size_t i = find(poller, fd);
    if (i == poller->count) {
        errno = ENOENT;
        return SLK_SYSTEM;
    }
    poller->entries[i] = poller->entries[--poller->count];
    return SLK_OK;
}

int slk_poller_wait(struct slk_poller *poller, int timeout_ms, int *fds, size_t capacity)
{
    int ready = poll(poller->entries, (nfds_t)poller->count, timeout_ms);
    if (ready <= 0) {
        return ready == 0 || errno == EINTR ? 0 : SLK_SYSTEM;
    }
    size_t found = 0, seen = 0;
    for (; seen < poller->count && found < capacity; seen++) {
        const struct pollfd *entry = &poller->entries[(poller->first + seen) % poller->count];
        if (entry->revents != 0) {
            fds[found++] = entry->fd;
        }
    }
    poller->first = poller->count > 0 ? (poller->first + seen) % poller->count : 0;
    return (int)found;
}

#endif
