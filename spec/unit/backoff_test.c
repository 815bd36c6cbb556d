#include "backoff.h"

#include "check.h"
#include "clock.h"

static void begins_at_once_then_waits_in_proportion_to_the_waits_before(void)
{
    for (int round = 0; round < 2000; round++) {
        struct slk_backoff backoff;
        slk_backoff_init(&backoff, SLK_MS(500), SLK_SECONDS(60));
        CHECK(slk_backoff_next(&backoff) == 0);
        int64_t waited = 0;
        for (int failure = 2; failure < 30; failure++) {
            int64_t wait = slk_backoff_next(&backoff);
            int64_t limit = SLK_MS(500) + waited;
            limit = limit < SLK_SECONDS(60) ? limit : SLK_SECONDS(60);
            CHECK(wait >= limit / 2 && wait <= limit);
            waited += wait;
        }
    }
}

/* A busy Slack is not asked more often than every doubling would. */
static void is_slow_after_few_attempts(void)
{
    for (int round = 0; round < 2000; round++) {
        struct slk_backoff backoff;
        slk_backoff_init(&backoff, SLK_MS(500), SLK_SECONDS(60));
        for (int i = 0; i < 14; i++) {
            slk_backoff_next(&backoff);
        }
        CHECK(slk_backoff_next(&backoff) >= SLK_SECONDS(30));
    }
}

static void spreads_over_the_whole_range(void)
{
    enum { PARTS = 8, ROUNDS = 8000 };
    int counts[PARTS] = {0};
    struct slk_backoff backoff;
    slk_backoff_init(&backoff, SLK_SECONDS(16), SLK_SECONDS(16));
    slk_backoff_next(&backoff);
    for (int i = 0; i < ROUNDS; i++) {
        counts[(slk_backoff_next(&backoff) - 1 - SLK_SECONDS(8)) / SLK_SECONDS(1)]++;
    }
    for (int i = 0; i < PARTS; i++) {
        CHECK(counts[i] > ROUNDS / PARTS / 2 && counts[i] < ROUNDS / PARTS * 2);
    }
}

static void stays_at_the_ceiling_for_ever(void)
{
    struct slk_backoff backoff;
    slk_backoff_init(&backoff, SLK_SECONDS(1), SLK_SECONDS(60));
    for (int i = 0; i < 20; i++) {
        slk_backoff_next(&backoff);
    }
    for (int i = 0; i < 20000; i++) {
        int64_t wait = slk_backoff_next(&backoff);
        CHECK(wait >= SLK_SECONDS(30) && wait <= SLK_SECONDS(60));
    }
}

static void begins_anew_after_a_success(void)
{
    struct slk_backoff backoff;
    slk_backoff_init(&backoff, SLK_MS(1), SLK_SECONDS(60));
    for (int i = 0; i < 30; i++) {
        slk_backoff_next(&backoff);
    }
    slk_backoff_reset(&backoff);
    CHECK(slk_backoff_next(&backoff) == 0);
    CHECK(slk_backoff_next(&backoff) <= SLK_MS(1));
}

static void bears_odd_settings(void)
{
    struct slk_backoff backoff;
    slk_backoff_init(&backoff, SLK_SECONDS(5), SLK_SECONDS(1)); /* first over the maximum */
    for (int i = 0; i < 10; i++) {
        CHECK(slk_backoff_next(&backoff) <= SLK_SECONDS(1));
    }
    slk_backoff_init(&backoff, 0, 0);
    for (int i = 0; i < 10; i++) {
        CHECK(slk_backoff_next(&backoff) == 0);
    }
    slk_backoff_init(&backoff, 1, INT64_MAX);
    for (int i = 0; i < 200; i++) {
        CHECK(slk_backoff_next(&backoff) >= 0);
    }
}

int main(void)
{
    begins_at_once_then_waits_in_proportion_to_the_waits_before();
    is_slow_after_few_attempts();
    spreads_over_the_whole_range();
    stays_at_the_ceiling_for_ever();
    begins_anew_after_a_success();
    bears_odd_settings();
    return 0;
}
