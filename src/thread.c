#include "thread.h"

#include <signal.h>

#include "error.h"

int slk_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the new thread inherits the mask */
    int failed = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        return SLK_SYSTEM;
    }
#ifdef __linux__
    pthread_setname_np(*thread, name);
#else
    (void)name;
#endif
    return SLK_OK;
}
