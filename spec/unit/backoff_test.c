#include "backoff.h"

#include "check.h"
#include "clock.h"

static void begins_at_once_then_stays_under_a_doubling_ceiling(void)
{
    for (int round = 0; round < 2000; round++) {
        struct slk_backoff backoff;
        slk_backoff_init(&backoff, SLK_MS(500), SLK_SECONDS(60));
        CHECK(slk_backoff_next(&backoff) == 0);
        int64_t ceiling = SLK_MS(500);
        for (int failure = 2; failure < 20; failure++) {
            int64_t wait = slk_backoff_next(&backoff);
            CHECK(wait > 0 && wait <= ceiling);
            ceiling = ceiling * 2 < SLK_SECONDS(60) ? ceiling * 2 : SLK_SECONDS(60);
        }
    }
}

static void spreads_over_the_whole_range(void)
{
    enum { PARTS = 8, ROUNDS = 8000 };
    int counts[PARTS] = {0};
    struct slk_backoff backoff;
    slk_backoff_init(&backoff, SLK_SECONDS(1), SLK_SECONDS(8));
    for (int i = 0; i < 10; i++) {
        slk_backoff_next(&backoff);
    }
    for (int i = 0; i < ROUNDS; i++) {
        counts[(slk_backoff_next(&backoff) - 1) / SLK_SECONDS(1)]++;
    }
    for (int i = 0; i < PARTS; i++) {
        CHECK(counts[i] > ROUNDS / PARTS / 2 && counts[i] < ROUNDS / PARTS * 2);
    }
}

static void stays_at_the_ceiling_for_ever(void)
{
    struct slk_backoff backoff;
    slk_backoff_init(&backoff, SLK_SECONDS(1), SLK_SECONDS(60));
    int64_t longest = 0;
    for (int i = 0; i < 20000; i++) {
        int64_t wait = slk_backoff_next(&backoff);
        CHECK(wait >= 0 && wait <= SLK_SECONDS(60));
        longest = wait > longest ? wait : longest;
    }
    CHECK(longest > SLK_SECONDS(50));
    backoff.failures = UINT32_MAX;
    CHECK(slk_backoff_next(&backoff) > 0);
    CHECK(backoff.failures == UINT32_MAX);
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
    begins_at_once_then_stays_under_a_doubling_ceiling();
    spreads_over_the_whole_range();
    stays_at_the_ceiling_for_ever();
    begins_anew_after_a_success();
    bears_odd_settings();
    return 0;
}
