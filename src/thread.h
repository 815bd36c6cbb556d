/* Threads as this library starts them: named, joinable, and with every signal
 * blocked, so that the program's own handlers run on the program's threads and
 * a write to a closed socket is an error, not a SIGPIPE. And conditions that they
 * wait for. */
#ifndef SLK_THREAD_H
#define SLK_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* Starts run(argument) on a new thread. name has at most 15 characters.
 * SLK_OK or SLK_SYSTEM. Join it with pthread_join. */
int slk_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument);

/* A condition on the clock that slk_clock_now reads. */
void slk_condition_init(pthread_cond_t *condition);

/* Under the lock: waits until then at most; SLK_NEVER: as long as it takes. */
void slk_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t end);

#endif
