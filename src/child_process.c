#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

extern char **environ;

struct slk_child {
    pid_t pid;
    int output; /* read end */
    int end;    /* pidfd, or -1 */
    bool has_ended;
    struct slk_exit exit;
};

/* Environment ---------------------------------------------------------------- */

static size_t count(char *const *list)
{
    size_t number = 0;
    while (list != NULL && list[number] != NULL) {
        number++;
    }
    return number;
}

static bool is_changed(const char *entry, char *const *changes)
{
    size_t length = strcspn(entry, "=");
    for (size_t i = 0; changes != NULL && changes[i] != NULL; i++) {
        if (strncmp(changes[i], entry, length) == 0 && strcspn(changes[i], "=") == length) {
            return true;
        }
    }
    return false;
}

/* A list of strings that belong to others. */
static char **changed_environment(char *const *changes)
{
    char **list = calloc(count(environ) + count(changes) + 1, sizeof *list);
    if (list == NULL) {
        return NULL;
    }
    size_t last = 0;
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
        if (!is_changed(environ[i], changes)) {
            list[last++] = environ[i];
        }
    }
    for (size_t i = 0; changes != NULL && changes[i] != NULL; i++) {
        if (strchr(changes[i], '=') != NULL) {
            list[last++] = changes[i];
        }
    }
    return list;
}

/* In the child, where only what a signal handler might call may be called ------- */

/* Handlers of this process write to descriptors that both have until the exec. */
static void forget_handlers(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &action, NULL); /* fails for SIGKILL and the like */
    }
}

static void become(const struct slk_child_options *options, char **environment, int output,
                   int failure, pid_t parent)
{
    forget_handlers();
    slk_process_begin(parent);
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 &&
        fcntl(STDIN_FILENO, F_SETFD, 0) == 0 && /* it may be input itself */
        dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0 &&
        (options->directory == NULL || chdir(options->directory) == 0)) {
        environ = environment;
        execvp(options->arguments[0], options->arguments);
    }
    int reason = errno;
    ssize_t ignored = write(failure, &reason, sizeof reason);
    (void)ignored; /* the exit status tells of it, too */
    _exit(127);
}

/* In the parent ---------------------------------------------------------------- */

static void close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Out of the places of the child's streams, which are free when this process has closed its
 * own. */
static int move_up(int *fd)
{
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), reason = errno;
    close(*fd);
    *fd = moved;
    errno = reason;
    return moved >= 0 ? SLK_OK : SLK_SYSTEM;
}

static int make_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        ends[0] = ends[1] = -1;
        return SLK_SYSTEM;
    }
    return move_up(&ends[0]) == SLK_OK && move_up(&ends[1]) == SLK_OK ? SLK_OK : SLK_SYSTEM;
}

/* The errno with which the program could not be run; 0: it runs. */
static int exec_failure(int fd)
{
    int reason = 0;
    ssize_t got;
    do {
        got = read(fd, &reason, sizeof reason);
    } while (got < 0 && errno == EINTR);
    return got == sizeof reason ? reason : 0;
}

static void reap(struct slk_child *child)
{
    int status;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
}

static int end_descriptor(pid_t pid)
{
#if defined(__linux__) && defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself; -1 before Linux 5.3 */
#else
    (void)pid;
    return -1;
#endif
}

static int start(struct slk_child *child, const struct slk_child_options *options,
                 char **environment, int output[2], int failure[2])
{
    if (make_pipe(output) != SLK_OK || make_pipe(failure) != SLK_OK ||
        fcntl(output[0], F_SETFL, O_NONBLOCK) != 0) {
        return errno;
    }
    pid_t parent = getpid();
    child->pid = slk_process_fork();
    if (child->pid == 0) {
        become(options, environment, output[1], failure[1], parent);
    }
    if (child->pid < 0) {
        return errno;
    }
    close_end(&failure[1]);
    int reason = exec_failure(failure[0]);
    if (reason != 0) {
        reap(child);
        return reason;
    }
    child->output = output[0];
    output[0] = -1;
    child->end = end_descriptor(child->pid);
    return 0;
}

struct slk_child *slk_child_start(const struct slk_child_options *options, struct slk_error *err)
{
    int output[2] = {-1, -1}, failure[2] = {-1, -1};
    struct slk_child *child = calloc(1, sizeof *child);
    char **environment = changed_environment(options->environment);
    int reason = child != NULL && environment != NULL
                     ? start(child, options, environment, output, failure)
                     : ENOMEM;
    for (int i = 0; i < 2; i++) {
        close_end(&output[i]);
        close_end(&failure[i]);
    }
    free(environment);
    if (reason != 0) {
        free(child);
        slk_error_set(err, "system", "%s cannot be run: %s", options->arguments[0],
                      slk_errno_text(reason));
        return NULL;
    }
    return child;
}

pid_t slk_child_pid(const struct slk_child *child)
{
    return child->pid;
}

int slk_child_output_fd(const struct slk_child *child)
{
    return child->output;
}

int slk_child_end_fd(const struct slk_child *child)
{
    return child->end;
}

ssize_t slk_child_read(struct slk_child *child, char *bytes, size_t capacity)
{
    ssize_t got;
    do {
        got = read(child->output, bytes, capacity);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        return got;
    }
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : SLK_CLOSED;
}

bool slk_child_ended(struct slk_child *child, struct slk_exit *ended)
{
    child->has_ended = child->has_ended || slk_process_ended(child->pid, &child->exit);
    *ended = child->exit;
    return child->has_ended;
}

bool slk_child_signal(struct slk_child *child, int number)
{
    struct slk_exit ignored;
    return !slk_child_ended(child, &ignored) && kill(child->pid, number) == 0;
}

void slk_child_destroy(struct slk_child *child)
{
    if (child == NULL) {
        return;
    }
    if (slk_child_signal(child, SIGKILL)) {
        reap(child);
    }
    close_end(&child->output);
    close_end(&child->end);
    free(child);
}
