/* What the receiver counts, and the log lines about what it refuses: at most
 * one for each reason in ten seconds, with the number of those in between.
 * Counted on the server thread, read on any. */
#ifndef SLK_RECEIVER_TALLY_H
#define SLK_RECEIVER_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

#include "http_receiver.h"
#include "log.h"
#include "log_limit.h"

enum slk_refusal {
    SLK_REFUSAL_UNSIGNED,
    SLK_REFUSAL_STALE,
    SLK_REFUSAL_MISMATCHED,
    SLK_REFUSAL_MALFORMED,
    SLK_REFUSAL_UNKNOWN,
    SLK_REFUSAL_WRONG_METHOD,
    SLK_REFUSAL_CROWDED,
    SLK_REFUSAL_UNSTORED,
    SLK_REFUSALS
};

/* What is counted besides refusals. */
enum slk_receiver_count {
    SLK_COUNT_EVENTS,
    SLK_COUNT_COMMANDS,
    SLK_COUNT_INTERACTIONS,
    SLK_COUNT_VERIFICATIONS,
    SLK_COUNT_SSL_CHECKS,
    SLK_COUNT_DEADLINES,
    SLK_COUNT_GONE,
    SLK_RECEIVER_COUNTS
};

struct slk_receiver_tally {
    atomic_uint_fast64_t counts[SLK_RECEIVER_COUNTS];
    atomic_uint_fast64_t refusals[SLK_REFUSALS];
    atomic_uint_fast64_t latency_sum;
    atomic_uint_fast64_t latency_buckets[SLK_LATENCY_BUCKETS + 1]; /* the last: above all bounds */
    struct slk_log_limit lines[SLK_REFUSALS];
};

/* All zero is an empty tally. */
void slk_receiver_tally_add(struct slk_receiver_tally *tally, enum slk_receiver_count count);
void slk_receiver_tally_latency(struct slk_receiver_tally *tally, int64_t nanoseconds);

/* detail is static text that says more than the refusal itself, or NULL. */
void slk_receiver_tally_refuse(struct slk_receiver_tally *tally, enum slk_refusal refusal,
                               const char *detail, int64_t now, struct slk_log *log);

/* Only counts it: somebody else says why. */
void slk_receiver_tally_count_refusal(struct slk_receiver_tally *tally, enum slk_refusal refusal);

void slk_receiver_tally_read(const struct slk_receiver_tally *tally,
                             struct slk_http_receiver_stats *stats);

#endif
