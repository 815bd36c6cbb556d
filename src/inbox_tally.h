/* What the inbox counts, and what it says in the log of a store that fails, is slow, or says
 * nothing: one line in ten seconds for each, and one when storing works again. Any thread. */
#ifndef SLK_INBOX_TALLY_H
#define SLK_INBOX_TALLY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"
#include "log_limit.h"
#include "storage_job.h"
#include "text.h"

#define SLK_OUTCOME_WORDS 192

struct slk_inbox_stats {
    uint64_t puts;      /* all that receivers gave */
    uint64_t stored;    /* became entries */
    uint64_t taken;     /* those of them that went on to Lua in the same step */
    uint64_t known;     /* had been stored before: redeliveries */
    uint64_t failed;    /* could not be stored */
    uint64_t late;      /* were stored too late to be acknowledged; also counted above */
    size_t outstanding; /* under way now */
    size_t outstanding_bytes;
    uint64_t latency_count, latency_sum; /* nanoseconds from receipt until stored */
    int64_t latency_max;
    int64_t failing_since; /* slk_clock_now scale; 0: storing works, as far as was seen lately */
    bool is_behind;        /* entries wait in the store for Lua to claim them */
};

/* What became of puts that ended together; all zero but now at first. */
struct slk_inbox_outcomes {
    int64_t now;
    uint64_t stored, taken, known, failed, late, latency_sum;
    int64_t latency_max, latest; /* from receipt until stored; the longest of those too late */
    char why[SLK_OUTCOME_WORDS]; /* the first failure */
};

/* Of one thread. outcome is that of a job that has not failed; latency: since receipt. */
void slk_inbox_outcomes_add(struct slk_inbox_outcomes *outcomes, enum slk_storage_outcome outcome,
                            int64_t latency, bool is_late);
void slk_inbox_outcomes_add_failure(struct slk_inbox_outcomes *outcomes, struct slk_text words);

struct slk_inbox_tally {
    pthread_mutex_t lock; /* guards the fields below */
    struct slk_inbox_stats stats;
    uint64_t unacknowledged; /* since storing began to fail */
    uint64_t under_way;
    int64_t waiting_since; /* when puts last ended, or the first of those under way was put */
    int64_t failed_at;     /* the latest time */
    bool is_failure_told;  /* in the log, and not yet that it is over */
    struct slk_log_limit failure_lines, late_lines, silence_lines;
};

void slk_inbox_tally_init(struct slk_inbox_tally *tally);
void slk_inbox_tally_free(struct slk_inbox_tally *tally);

void slk_inbox_tally_put(struct slk_inbox_tally *tally, size_t count);
void slk_inbox_tally_note(struct slk_inbox_tally *tally, const struct slk_inbox_outcomes *outcomes,
                          struct slk_log *log);

/* Storing fails, too, when nothing has ended for longer than patience nanoseconds although puts
 * are under way: fills in what is counted here; says so in the log, and gives whether it is so.
 * *next: when to ask again, or SLK_NEVER. */
void slk_inbox_tally_read(struct slk_inbox_tally *tally, int64_t patience,
                          struct slk_inbox_stats *stats);
bool slk_inbox_tally_watch(struct slk_inbox_tally *tally, int64_t patience, int64_t now,
                           struct slk_log *log, int64_t *next);

#endif
