#include "receiver_tally.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"

/* Slack waits three seconds. */
const int64_t slk_latency_bounds[SLK_LATENCY_BUCKETS] = {
    SLK_MS(1),   SLK_MS(2),   SLK_MS(5),   SLK_MS(10),   SLK_MS(25),   SLK_MS(50),
    SLK_MS(100), SLK_MS(250), SLK_MS(500), SLK_MS(1000), SLK_MS(2000), SLK_MS(3000),
};

static const char *const reasons[SLK_REFUSALS] = {
    [SLK_REFUSAL_UNSIGNED] = "401: it is not signed as Slack signs",
    [SLK_REFUSAL_STALE] = "401: its timestamp is over 300 s off; is this machine's clock right?",
    [SLK_REFUSAL_MISMATCHED] = "401: its signature is wrong; is the signing secret right?",
    [SLK_REFUSAL_MALFORMED] = "400",
    [SLK_REFUSAL_UNKNOWN] = "404",
    [SLK_REFUSAL_WRONG_METHOD] = "405: Slack sends POST",
    [SLK_REFUSAL_CROWDED] = "503: too much waits for the handlers",
    [SLK_REFUSAL_UNSTORED] = "503: it is not stored",
};

static void add(atomic_uint_fast64_t *count, uint64_t number)
{
    atomic_fetch_add_explicit(count, number, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void slk_receiver_tally_add(struct slk_receiver_tally *tally, enum slk_receiver_count count)
{
    add(&tally->counts[count], 1);
}

void slk_receiver_tally_latency(struct slk_receiver_tally *tally, int64_t nanoseconds)
{
    size_t bucket = 0;
    while (bucket < SLK_LATENCY_BUCKETS && nanoseconds > slk_latency_bounds[bucket]) {
        bucket++;
    }
    add(&tally->latency_buckets[bucket], 1);
    add(&tally->latency_sum, nanoseconds > 0 ? (uint64_t)nanoseconds : 0);
}

void slk_receiver_tally_count_refusal(struct slk_receiver_tally *tally, enum slk_refusal refusal)
{
    add(&tally->refusals[refusal], 1);
}

void slk_receiver_tally_refuse(struct slk_receiver_tally *tally, enum slk_refusal refusal,
                               const char *detail, int64_t now, struct slk_log *log)
{
    add(&tally->refusals[refusal], 1);
    uint64_t count = slk_log_limit_count(&tally->lines[refusal], now);
    if (count == 0) {
        return;
    }
    char times[48] = "a request";
    if (count > 1) {
        snprintf(times, sizeof times, "%" PRIu64 " requests, the last", count);
    }
    slk_log_write(log, SLK_LOG_WARN, "http_receiver", "refused %s with %s%s%s", times,
                  reasons[refusal], detail != NULL ? ": " : "", detail != NULL ? detail : "");
}

static void read_latency(const struct slk_receiver_tally *tally, struct slk_latency *latency)
{
    uint64_t count = 0;
    for (size_t i = 0; i < SLK_LATENCY_BUCKETS; i++) {
        count += get(&tally->latency_buckets[i]);
        latency->buckets[i] = count;
    }
    latency->count = count + get(&tally->latency_buckets[SLK_LATENCY_BUCKETS]);
    latency->sum = get(&tally->latency_sum);
}

void slk_receiver_tally_read(const struct slk_receiver_tally *tally,
                             struct slk_http_receiver_stats *stats)
{
    *stats = (struct slk_http_receiver_stats){
        .accepted = {get(&tally->counts[SLK_COUNT_EVENTS]), get(&tally->counts[SLK_COUNT_COMMANDS]),
                     get(&tally->counts[SLK_COUNT_INTERACTIONS])},
        .verifications = get(&tally->counts[SLK_COUNT_VERIFICATIONS]),
        .ssl_checks = get(&tally->counts[SLK_COUNT_SSL_CHECKS]),
        .unsigned_ = get(&tally->refusals[SLK_REFUSAL_UNSIGNED]),
        .stale = get(&tally->refusals[SLK_REFUSAL_STALE]),
        .mismatched = get(&tally->refusals[SLK_REFUSAL_MISMATCHED]),
        .malformed = get(&tally->refusals[SLK_REFUSAL_MALFORMED]),
        .unknown = get(&tally->refusals[SLK_REFUSAL_UNKNOWN]),
        .wrong_method = get(&tally->refusals[SLK_REFUSAL_WRONG_METHOD]),
        .crowded = get(&tally->refusals[SLK_REFUSAL_CROWDED]),
        .unstored = get(&tally->refusals[SLK_REFUSAL_UNSTORED]),
        .deadlines = get(&tally->counts[SLK_COUNT_DEADLINES]),
        .gone = get(&tally->counts[SLK_COUNT_GONE]),
    };
    read_latency(tally, &stats->ack_latency);
}
