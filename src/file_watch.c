#include "file_watch.h"

#ifdef __linux__

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "error.h"

/* Closed after writing, not written to: half a file is of no use to anybody.
 * Of links nothing is told but that they were created. */
#define WATCHED                                                                                    \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF |       \
     IN_MOVE_SELF | IN_ONLYDIR)
#define GONE (IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

struct slk_file_watch {
    int fd;
    size_t at, length; /* of what was read and not yet told */
    _Alignas(struct inotify_event) char events[64 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
};

struct slk_file_watch *slk_file_watch_create(void)
{
    struct slk_file_watch *watch = malloc(sizeof *watch);
    if (watch == NULL) {
        return NULL;
    }
    watch->at = watch->length = 0;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0) {
        free(watch);
        return NULL;
    }
    return watch;
}

void slk_file_watch_destroy(struct slk_file_watch *watch)
{
    if (watch != NULL) {
        close(watch->fd);
        free(watch);
    }
}

int slk_file_watch_fd(const struct slk_file_watch *watch)
{
    return watch->fd;
}

int slk_file_watch_add(struct slk_file_watch *watch, const char *directory)
{
    int number = inotify_add_watch(watch->fd, directory, WATCHED);
    return number >= 0 ? number : SLK_SYSTEM;
}

void slk_file_watch_remove(struct slk_file_watch *watch, int directory)
{
    inotify_rm_watch(watch->fd, directory);
}

/* 1: there is an event; 0: none waits. */
static int read_events(struct slk_file_watch *watch)
{
    ssize_t got;
    do {
        got = read(watch->fd, watch->events, sizeof watch->events);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno == EAGAIN ? 0 : SLK_SYSTEM;
    }
    watch->at = 0;
    watch->length = (size_t)got;
    return got > 0;
}

static bool is_told(const struct inotify_event *event)
{
    /* The watch has ended, which its IN_DELETE_SELF or remove told before. */
    return !(event->mask & IN_IGNORED);
}

int slk_file_watch_next(struct slk_file_watch *watch, struct slk_file_change *change)
{
    for (;;) {
        if (watch->at == watch->length) {
            int status = read_events(watch);
            if (status != 1) {
                return status;
            }
        }
        const struct inotify_event *event =
            (const struct inotify_event *)(const void *)(watch->events + watch->at);
        watch->at += sizeof *event + event->len;
        if (is_told(event)) {
            bool overflow = (event->mask & IN_Q_OVERFLOW) != 0;
            *change = (struct slk_file_change){
                .directory = event->wd,
                .name = overflow         ? NULL
                        : event->len > 0 ? event->name
                                         : "",
                .overflow = overflow,
                .is_directory = (event->mask & (IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF)) != 0,
                .created = (event->mask & (IN_CREATE | IN_ISDIR)) == IN_CREATE,
                .gone = (event->mask & GONE) != 0,
            };
            return 1;
        }
    }
}

#else

struct slk_file_watch *slk_file_watch_create(void)
{
    return NULL; /* the caller compares stamps instead */
}

void slk_file_watch_destroy(struct slk_file_watch *watch)
{
    (void)watch;
}

int slk_file_watch_fd(const struct slk_file_watch *watch)
{
    (void)watch;
    return -1;
}

int slk_file_watch_add(struct slk_file_watch *watch, const char *directory)
{
    (void)watch;
    (void)directory;
    return -1;
}

void slk_file_watch_remove(struct slk_file_watch *watch, int directory)
{
    (void)watch;
    (void)directory;
}

int slk_file_watch_next(struct slk_file_watch *watch, struct slk_file_change *change)
{
    (void)watch;
    (void)change;
    return 0;
}

#endif
