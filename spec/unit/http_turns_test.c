/* When the client thread waits, and when it must not: libcurl 7.73 to 8.17 drops timers of
 * streams of HTTP/2 in the round in which another transfer begins. */
#include "http_turns.h"

#include "check.h"
#include "clock.h"

static struct slk_http_turns turns;
static int told;

static void on_done(void *context, struct slk_http_result *result)
{
    (void)context;
    told++;
    slk_http_result_free(result);
}

static struct slk_http_transfer *take(bool http2)
{
    struct slk_error err;
    struct slk_net_options *net =
        slk_net_options_create(&(struct slk_net_settings){.proxy = ""}, &err);
    CHECK(net != NULL);
    struct slk_http_request *request = slk_http_request_create("GET", "https://127.0.0.1:1/", net);
    slk_net_options_release(net);
    request->http2 = http2;
    struct slk_http_transfer *transfer = slk_http_transfer_create(request, on_done, NULL);
    CHECK(transfer != NULL);
    slk_http_turns_take(&turns, transfer);
    return transfer;
}

/* How often the loop is to go round at once before it may wait. */
static int rounds_before_a_wait(void)
{
    int rounds = 0;
    int64_t now = slk_clock_now();
    while (slk_http_turns_tick(&turns, now) <= now) {
        rounds++;
        CHECK(rounds < 10);
    }
    return rounds;
}

static void open_turns(void)
{
    turns = (struct slk_http_turns){0};
    told = 0;
    slk_http_turns_open(&turns, curl_multi_init(), NULL);
}

static void close_turns(void)
{
    CURLM *multi = turns.multi;
    slk_http_turns_close(&turns);
    curl_multi_cleanup(multi);
}

static void waits_with_http1_as_soon_as_nothing_is_due(void)
{
    open_turns();
    take(false);
    CHECK(rounds_before_a_wait() == 0);
    close_turns();
    CHECK(told == 1);
}

static void goes_round_without_a_wait_after_a_change_while_http2_runs(void)
{
    open_turns();
    struct slk_http_transfer *transfer = take(true);
    CHECK(rounds_before_a_wait() == 2);
    CHECK(rounds_before_a_wait() == 0);
    ++*transfer->changes; /* libcurl has begun one that it had put off */
    CHECK(rounds_before_a_wait() == 2);
    take(false);
    CHECK(rounds_before_a_wait() == 2);
    slk_http_turns_done(&turns, transfer->easy, CURLE_OK);
    CHECK(told == 1);
    CHECK(rounds_before_a_wait() == 0); /* only one of HTTP/1.1 is left */
    close_turns();
    CHECK(told == 2);
}

int main(void)
{
    slk_net_global_init();
    waits_with_http1_as_soon_as_nothing_is_due();
    goes_round_without_a_wait_after_a_change_while_http2_runs();
    return 0;
}
