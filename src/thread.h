/* Threads as this library starts them: named, joinable, and with every signal
 * blocked, so that the program's own handlers run on the program's threads and
 * a write to a closed socket is an error, not a SIGPIPE. */
#ifndef SLK_THREAD_H
#define SLK_THREAD_H

#include <pthread.h>

/* Starts run(argument) on a new thread. name has at most 15 characters.
 * SLK_OK or SLK_SYSTEM. Join it with pthread_join. */
int slk_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument);

#endif
