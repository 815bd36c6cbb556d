/* The server thread: the process's one libwebsockets context and the thread
 * that it lives on. Two contexts in one process overwrite each other's OpenSSL
 * indexes, so every server shares this one; it starts with the first and ends
 * with the last.
 *
 * All of libwebsockets is used on this thread only; other threads post jobs. */
#ifndef SLK_SERVER_THREAD_H
#define SLK_SERVER_THREAD_H

#include <libwebsockets.h>

#include "error.h"
#include "log.h"

struct slk_server_thread;

/* A job is a struct that begins with this. run is called once on the server
 * thread and frees the job. Jobs run in the order of posting. */
struct slk_server_job {
    struct slk_server_job *next;
    void (*run)(struct slk_server_job *job);
};

/* Not the server thread. Takes a reference, starting the thread if it is the
 * first. What libwebsockets has to say is written to log (which may be NULL)
 * until release with the same log. NULL with err. */
struct slk_server_thread *slk_server_thread_acquire(struct slk_log *log, struct slk_error *err);

/* Not the server thread. The last release runs what is still queued and joins
 * the thread. */
void slk_server_thread_release(struct slk_server_thread *thread, struct slk_log *log);

/* Any thread that holds a reference. */
void slk_server_thread_post(struct slk_server_thread *thread, struct slk_server_job *job);

/* Not the server thread: calls run(argument) there and waits until it returns. */
void slk_server_thread_call(struct slk_server_thread *thread, void (*run)(void *argument),
                            void *argument);

/* Any thread: how many descriptors the thread can serve. */
size_t slk_server_thread_most_sockets(void);

/* What is done each time before the thread waits for more, so that it is done
 * once for all that came in at once. A struct that begins with this; it stays
 * where it is until it is removed. */
struct slk_server_habit {
    struct slk_server_habit *next;
    void (*run)(struct slk_server_habit *habit);
};

/* Server thread only, but not by a habit. Removing what was not added is fine. */
void slk_server_thread_add_habit(struct slk_server_thread *thread, struct slk_server_habit *habit);
void slk_server_thread_remove_habit(struct slk_server_thread *thread,
                                    const struct slk_server_habit *habit);

/* Server thread only. */
struct lws_context *slk_server_thread_context(struct slk_server_thread *thread);

#endif
