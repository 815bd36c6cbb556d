#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "clock.h"

#define MAX_SIGNALS 8
/* Of what cannot be written: whoever reads the log has gone, its file may not grow. */
static const int UNWRITTEN[] = {SIGPIPE, SIGXFSZ};
enum { UNWRITTEN_COUNT = sizeof UNWRITTEN / sizeof *UNWRITTEN };

/* Who ends a group of processes, and a parent that passes it on, mean one end. */
#define SAME_END SLK_MS(200)

struct slk_signals {
    int read_fd, write_fd;
    size_t count;
    int numbers[MAX_SIGNALS];
    struct sigaction before[MAX_SIGNALS];
    bool is_held_off[UNWRITTEN_COUNT];
};

/* A handler gets no context but its number, so what it needs is here. */
static atomic_int handler_fd = -1;
static atomic_int handler_pid;
static _Atomic int64_t end_asked; /* when an INT or TERM came that asked for an end; 0: never */
static atomic_bool end_untaken;   /* Lua has not looked at it */

static bool is_end(int number)
{
    return number == SIGINT || number == SIGTERM;
}

/* For a Lua that never comes back: only this handler still runs then. */
static void end_process(int number)
{
    static const char line[] = "slack: told to end again while Lua is still busy with something "
                               "else: ending without it\n";
    struct pollfd output = {.fd = STDERR_FILENO, .events = POLLOUT};
    /* It may be the output that Lua is busy with: a pipe that is full. */
    if (poll(&output, 1, 0) == 1) {
        ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
        (void)written;
    }
    _exit(128 + number);
}

/* By when it comes, as Lua may look at it much later. */
static bool is_same_end(void)
{
    int64_t before = atomic_load(&end_asked), now = slk_clock_now();
    bool is_same = before != 0 && now - before < SAME_END;
    return is_same || !atomic_compare_exchange_strong(&end_asked, &before, now);
}

static void on_signal(int number)
{
    int saved = errno;
    /* A fork shares the pipe but not the signal, which does there what it does to others. */
    if (atomic_load(&handler_pid) != (int)getpid()) {
        signal(number, SIG_DFL);
        raise(number);
    } else if (!is_end(number) || !is_same_end()) {
        if (is_end(number) && atomic_exchange(&end_untaken, true)) {
            end_process(number);
        }
        unsigned char byte = (unsigned char)number;
        ssize_t written = write(atomic_load(&handler_fd), &byte, 1);
        (void)written; /* a full pipe has signals enough */
    }
    errno = saved;
}

static void on_unwritten(int number)
{
    (void)number;
}

/* What has been acknowledged is to be handled all the same: the write fails. A handler,
 * as programs that are run would inherit that the signal is ignored. */
static bool hold_off(int number)
{
    struct sigaction before, action = {.sa_handler = on_unwritten, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_DFL &&
           sigaction(number, &action, NULL) == 0;
}

static int open_pipe(struct slk_signals *signals)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    signals->read_fd = ends[0];
    signals->write_fd = ends[1];
    return 0;
}

/* SA_RESTART, so that reads and writes of the program are not cut short;
 * waiting in the poller ends all the same. */
static int install(struct slk_signals *signals, int number)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(number, &action, &signals->before[signals->count]) != 0) {
        return -1;
    }
    signals->numbers[signals->count++] = number;
    return 0;
}

struct slk_signals *slk_signals_create(const int *numbers, size_t count)
{
    if (count > MAX_SIGNALS) {
        errno = EINVAL;
        return NULL;
    }
    struct slk_signals *signals = calloc(1, sizeof *signals);
    if (signals == NULL || open_pipe(signals) != 0) {
        free(signals);
        return NULL;
    }
    int none = -1;
    if (!atomic_compare_exchange_strong(&handler_fd, &none, signals->write_fd)) {
        close(signals->read_fd);
        close(signals->write_fd);
        free(signals);
        errno = EBUSY;
        return NULL;
    }
    atomic_store(&handler_pid, (int)getpid());
    atomic_store(&end_asked, 0);
    atomic_store(&end_untaken, false);
    for (size_t i = 0; i < count; i++) {
        if (install(signals, numbers[i]) != 0) {
            int saved = errno;
            slk_signals_destroy(signals);
            errno = saved;
            return NULL;
        }
    }
    for (int i = 0; i < UNWRITTEN_COUNT; i++) {
        signals->is_held_off[i] = hold_off(UNWRITTEN[i]);
    }
    return signals;
}

void slk_signals_destroy(struct slk_signals *signals)
{
    if (signals == NULL) {
        return;
    }
    while (signals->count > 0) {
        signals->count--;
        sigaction(signals->numbers[signals->count], &signals->before[signals->count], NULL);
    }
    for (int i = 0; i < UNWRITTEN_COUNT; i++) {
        if (signals->is_held_off[i]) {
            signal(UNWRITTEN[i], SIG_DFL);
        }
    }
    atomic_store(&handler_fd, -1);
    close(signals->read_fd);
    close(signals->write_fd);
    free(signals);
}

int slk_signals_fd(const struct slk_signals *signals)
{
    return signals->read_fd;
}

int slk_signals_take(struct slk_signals *signals)
{
    unsigned char byte;
    ssize_t got;
    do {
        got = read(signals->read_fd, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1 && is_end(byte)) {
        atomic_store(&end_untaken, false);
    }
    return got == 1 ? byte : 0;
}
