#include "processes.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

pid_t slk_process_fork(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t child = fork();
    if (child != 0) {
        int saved = errno;
        sigprocmask(SIG_SETMASK, &before, NULL);
        errno = saved;
    }
    return child;
}

void slk_process_begin(pid_t parent)
{
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() != parent) {
        _exit(0); /* it died before it could be said that this matters */
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

bool slk_process_ended(pid_t child, struct slk_exit *ended)
{
    int status = 0;
    pid_t reaped;
    do {
        reaped = waitpid(child, &status, WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == 0) {
        return false;
    }
    /* reaped < 0: the program has SIGCHLD ignored, so nobody knows how it ended. */
    ended->by_signal = reaped > 0 && WIFSIGNALED(status);
    ended->code = ended->by_signal ? WTERMSIG(status) : reaped > 0 ? WEXITSTATUS(status) : 0;
    return true;
}
