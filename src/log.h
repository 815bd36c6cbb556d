/* Log lines from C threads, on their way to the app's log in Lua.
 * Each line is redacted here, in one place, before it leaves the thread. */
#ifndef SLK_LOG_H
#define SLK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailbox.h"

enum slk_log_level { SLK_LOG_DEBUG, SLK_LOG_INFO, SLK_LOG_WARN, SLK_LOG_ERROR, SLK_LOG_OFF };

struct slk_log;

struct slk_log_message {
    struct slk_message message;
    struct slk_log *log; /* counts what waits; a reference */
    enum slk_log_level level;
    const char *component; /* static text: "socket_mode", "http_client", ... */
    size_t length;
    char text[]; /* redacted, one line */
};

/* Reference counted; NULL when memory ran out. Keeps a reference to mailbox.
 * At most a few hundred lines wait at a time; what is over is dropped and
 * counted in the next line that fits. */
struct slk_log *slk_log_create(struct slk_mailbox *mailbox, uint32_t source,
                               enum slk_log_level level);
struct slk_log *slk_log_retain(struct slk_log *log);
void slk_log_release(struct slk_log *log);

/* Any thread. */
void slk_log_set_level(struct slk_log *log, enum slk_log_level level);

/* Any thread. Whether lines of that level are wanted: for what is costly to put
 * into words. log may be NULL. */
bool slk_log_takes(struct slk_log *log, enum slk_log_level level);

/* Any thread. log may be NULL (nothing happens). Nothing is formatted when the
 * level is below the log's. */
void slk_log_write(struct slk_log *log, enum slk_log_level level, const char *component,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
