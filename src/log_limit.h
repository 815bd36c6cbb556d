/* Keeps what strangers can cause from filling the log: one line of a kind in ten
 * seconds, which tells how many there were. One thread. */
#ifndef SLK_LOG_LIMIT_H
#define SLK_LOG_LIMIT_H

#include <stdint.h>

/* All zero at first. */
struct slk_log_limit {
    int64_t next; /* no line before; slk_clock_now scale */
    uint64_t unsaid;
};

/* Counts one. 0: no line now; else how many the line is about, this one included. */
uint64_t slk_log_limit_count(struct slk_log_limit *limit, int64_t now);

/* The same for several at once. */
uint64_t slk_log_limit_add(struct slk_log_limit *limit, uint64_t more, int64_t now);

#endif
