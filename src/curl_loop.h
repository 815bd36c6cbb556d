/* The loop that the socket thread and the client thread both run: one thread,
 * one libcurl multi handle, one queue of commands from other threads.
 *
 * The owner gives it operations; all of them are called on the loop's thread
 * and must not block. Everything that belongs to the multi handle is touched
 * on that thread only; other threads post commands. */
#ifndef SLK_CURL_LOOP_H
#define SLK_CURL_LOOP_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct slk_curl_loop;

/* A command is a struct that begins with this. */
struct slk_command {
    struct slk_command *next;
    void (*destroy)(struct slk_command *command); /* frees it unexecuted */
};

struct slk_curl_loop_operations {
    /* Once, before anything else: set the multi handle's options. May be NULL. */
    void (*started)(void *owner, CURLM *multi);
    /* A posted command, now owned by the callee. */
    void (*command)(void *owner, struct slk_command *command);
    /* A transfer (or connect) has ended; the handle is still in the multi. */
    void (*done)(void *owner, CURL *easy, CURLcode result);
    /* Do what is due; returns when to be called next at the latest
     * (slk_clock_now scale), SLK_NEVER for no wish. */
    int64_t (*tick)(void *owner, int64_t now);
    /* Descriptors to wait for besides the multi's own; may be NULL. The array
     * stays the owner's and must live until ready was called. */
    size_t (*wait_fds)(void *owner, struct curl_waitfd **fds);
    /* After each wait, the revents of those descriptors set. May be NULL. */
    void (*ready)(void *owner);
    /* Last of all: take every easy handle out of the multi and free it. */
    void (*stopped)(void *owner);
};

/* Creates the multi handle; operations must outlive the loop. NULL when memory
 * ran out. The owner keeps the pointer before it starts the thread, which may
 * use it at once. */
struct slk_curl_loop *slk_curl_loop_create(const struct slk_curl_loop_operations *operations,
                                           void *owner);

/* Starts the thread; name has at most 15 characters. SLK_OK, or SLK_SYSTEM
 * with err filled. */
int slk_curl_loop_start(struct slk_curl_loop *loop, const char *name, struct slk_error *err);

/* Any thread. SLK_OK: the loop owns the command. SLK_CLOSED: the loop has been
 * stopped and the caller still owns it. */
int slk_curl_loop_post(struct slk_curl_loop *loop, struct slk_command *command);

/* Any thread: makes the loop go round once (tick, wait_fds and ready are called). */
void slk_curl_loop_wake(struct slk_curl_loop *loop);

/* Loop thread only. */
CURLM *slk_curl_loop_multi(struct slk_curl_loop *loop);

/* Not the loop's thread. Refuses further commands, executes those queued
 * already, calls stopped, joins the thread. Idempotent, and fine on a loop that
 * was never started. In a process forked from that of the thread nothing happens. */
void slk_curl_loop_stop(struct slk_curl_loop *loop);

/* References: whoever may post after the owner has stopped the loop holds
 * one. The creator has the first, and stops the loop before giving it up. */
struct slk_curl_loop *slk_curl_loop_retain(struct slk_curl_loop *loop);
void slk_curl_loop_release(struct slk_curl_loop *loop);

#endif
