#include "inbox_tally.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"

#define COMPONENT "inbox"

/* Whoever asks whether all is well may send deliveries only if so: without any, nothing would
 * show that storing works again. */
#define STALE SLK_SECONDS(30)

void slk_inbox_tally_init(struct slk_inbox_tally *tally)
{
    *tally = (struct slk_inbox_tally){.stats = {0}};
    pthread_mutex_init(&tally->lock, NULL);
}

void slk_inbox_tally_free(struct slk_inbox_tally *tally)
{
    pthread_mutex_destroy(&tally->lock);
}

void slk_inbox_outcomes_add(struct slk_inbox_outcomes *outcomes, enum slk_storage_outcome outcome,
                            int64_t latency, bool is_late)
{
    outcomes->known += outcome == SLK_STORED_FALSE;
    outcomes->stored += outcome != SLK_STORED_FALSE;
    outcomes->taken += outcome == SLK_STORED_TEXT;
    outcomes->late += is_late;
    outcomes->latency_sum += latency > 0 ? (uint64_t)latency : 0;
    if (latency > outcomes->latency_max) {
        outcomes->latency_max = latency;
    }
    if (is_late && latency > outcomes->latest) {
        outcomes->latest = latency;
    }
}

void slk_inbox_outcomes_add_failure(struct slk_inbox_outcomes *outcomes, struct slk_text words)
{
    if (outcomes->failed++ == 0) {
        snprintf(outcomes->why, sizeof outcomes->why, "%.*s", (int)words.length,
                 words.data != NULL ? words.data : "");
    }
}

void slk_inbox_tally_put(struct slk_inbox_tally *tally, size_t count)
{
    pthread_mutex_lock(&tally->lock);
    tally->stats.puts += count;
    if (tally->under_way == 0) {
        tally->waiting_since = slk_clock_now();
    }
    tally->under_way += count;
    pthread_mutex_unlock(&tally->lock);
}

static const char *plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

static void log_failures(struct slk_log *log, const struct slk_inbox_outcomes *outcomes,
                         uint64_t count)
{
    slk_log_write(log, SLK_LOG_ERROR, COMPONENT,
                  "%" PRIu64 " %s could not be stored: %s; events are not acked then, so that "
                  "Slack delivers them again",
                  count, plural(count, "delivery", "deliveries"), outcomes->why);
}

static void log_late(struct slk_log *log, const struct slk_inbox_outcomes *outcomes, uint64_t count)
{
    slk_log_write(log, SLK_LOG_WARN, COMPONENT,
                  "%" PRIu64 " %s stored too late to be acked, after up to %.1f s: the store is "
                  "slow",
                  count, plural(count, "event was", "events were"), (double)outcomes->latest / 1e9);
}

static void log_silence(struct slk_log *log, int64_t time, uint64_t count)
{
    slk_log_write(log, SLK_LOG_ERROR, COMPONENT,
                  "the store has not answered for %.1f s, and %" PRIu64
                  " %s for it: events are not acked meanwhile, so that Slack delivers them again",
                  (double)time / 1e9, count, plural(count, "delivery waits", "deliveries wait"));
}

static void log_recovery(struct slk_log *log, int64_t time, uint64_t count)
{
    slk_log_write(log, SLK_LOG_WARN, COMPONENT,
                  "storing works again after %.1f s; %" PRIu64 " %s not acked", (double)time / 1e9,
                  count, plural(count, "delivery was", "deliveries were"));
}

/* Under the lock. */
static void count_ended(struct slk_inbox_stats *stats, const struct slk_inbox_outcomes *outcomes)
{
    uint64_t successes = outcomes->stored + outcomes->known;
    stats->stored += outcomes->stored;
    stats->taken += outcomes->taken;
    stats->known += outcomes->known;
    stats->failed += outcomes->failed;
    stats->late += outcomes->late;
    stats->latency_count += successes;
    stats->latency_sum += outcomes->latency_sum;
    if (outcomes->latency_max > stats->latency_max) {
        stats->latency_max = outcomes->latency_max;
    }
}

/* What there is to say in the log, counts of 0: nothing. */
struct lines {
    uint64_t failures, late;
    int64_t failed_for; /* nanoseconds; 0: storing does not work just since now */
    uint64_t unacknowledged;
};

/* Under the lock. That a redelivery is known does not say that storing works. */
static void note_recovery(struct slk_inbox_tally *tally, int64_t now, struct lines *lines)
{
    int64_t failed_for = now - tally->stats.failing_since;
    tally->stats.failing_since = 0;
    if (tally->is_failure_told) {
        tally->is_failure_told = false;
        lines->failed_for = failed_for > 0 ? failed_for : 1;
        lines->unacknowledged = tally->unacknowledged;
        tally->unacknowledged = 0;
    }
}

/* Under the lock. */
static void note_failures(struct slk_inbox_tally *tally, const struct slk_inbox_outcomes *outcomes,
                          struct lines *lines)
{
    if (tally->stats.failing_since == 0) {
        tally->stats.failing_since = outcomes->now;
    }
    tally->failed_at = outcomes->now;
    lines->failures = slk_log_limit_add(&tally->failure_lines, outcomes->failed, outcomes->now);
    tally->is_failure_told = tally->is_failure_told || lines->failures > 0;
}

void slk_inbox_tally_note(struct slk_inbox_tally *tally, const struct slk_inbox_outcomes *outcomes,
                          struct slk_log *log)
{
    struct lines lines = {0};
    pthread_mutex_lock(&tally->lock);
    count_ended(&tally->stats, outcomes);
    tally->waiting_since = outcomes->now;
    tally->under_way -= outcomes->stored + outcomes->known + outcomes->failed;
    tally->unacknowledged += outcomes->failed + outcomes->late;
    if (outcomes->failed > 0) {
        note_failures(tally, outcomes, &lines);
    } else if (outcomes->stored > 0 && tally->stats.failing_since != 0) {
        note_recovery(tally, outcomes->now, &lines);
    }
    if (outcomes->late > 0) {
        lines.late = slk_log_limit_add(&tally->late_lines, outcomes->late, outcomes->now);
    }
    if (tally->stats.failing_since == 0 && !tally->is_failure_told) {
        tally->unacknowledged = 0;
    }
    pthread_mutex_unlock(&tally->lock);
    if (lines.failures > 0) {
        log_failures(log, outcomes, lines.failures);
    }
    if (lines.late > 0) {
        log_late(log, outcomes, lines.late);
    }
    if (lines.failed_for > 0) {
        log_recovery(log, lines.failed_for, lines.unacknowledged);
    }
}

/* Under the lock. */
static bool is_silent(const struct slk_inbox_tally *tally, int64_t patience, int64_t now)
{
    return tally->under_way > 0 && now - tally->waiting_since > patience;
}

void slk_inbox_tally_read(struct slk_inbox_tally *tally, int64_t patience,
                          struct slk_inbox_stats *stats)
{
    int64_t now = slk_clock_now();
    pthread_mutex_lock(&tally->lock);
    *stats = tally->stats;
    bool silent = is_silent(tally, patience, now);
    if (silent && stats->failing_since == 0) {
        stats->failing_since = tally->waiting_since;
    } else if (!silent && now - tally->failed_at > STALE) {
        stats->failing_since = 0;
    }
    pthread_mutex_unlock(&tally->lock);
}

bool slk_inbox_tally_watch(struct slk_inbox_tally *tally, int64_t patience, int64_t now,
                           struct slk_log *log, int64_t *next)
{
    pthread_mutex_lock(&tally->lock);
    bool silent = is_silent(tally, patience, now);
    uint64_t under_way = tally->under_way;
    int64_t since = tally->waiting_since;
    bool says = silent && slk_log_limit_count(&tally->silence_lines, now) > 0;
    if (silent) {
        tally->failed_at = now;
        tally->stats.failing_since =
            tally->stats.failing_since != 0 ? tally->stats.failing_since : since;
    }
    tally->is_failure_told = tally->is_failure_told || says;
    pthread_mutex_unlock(&tally->lock);
    *next = silent ? now + SLK_SECONDS(1) : under_way > 0 ? since + patience + 1 : SLK_NEVER;
    if (says) {
        log_silence(log, now - since, under_way);
    }
    return silent;
}
