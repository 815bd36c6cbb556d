/* A Slack that exists to load its client: starts the client under test, lets it
 * connect, does to it what the options say, and prints one line of JSON with
 * what it saw from outside: acks, latencies, CPU, memory, recovery.
 *
 *   load_server [options] -- PROGRAM [ARGUMENT ...]
 *   load_server --mix        prints one envelope of each kind, for other benches
 *
 * In arguments {api} stands for the Web API's URL (ending in "/api/"), {ws} for
 * a WebSocket URL that needs no call before it. */
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../src/clock.h"
#include "child.h"
#include "events.h"
#include "load.h"
#include "memory.h"
#include "peer.h"

#define MILLISECOND INT64_C(1000000)
#define SETTLE      (300 * MILLISECOND) /* between connected and begun */
#define QUIET_CHECK (100 * MILLISECOND) /* the client has finished when it uses next to no CPU */
#define QUIET_SHARE 100                 /* no more than a hundredth */
#define QUIET_LIMIT (20000 * MILLISECOND)
#define MAX_PEERS   256
#define SAMPLES     10 /* of its memory, evenly over the events */

struct bench {
    struct load_settings settings;
    const char *cert_file, *key_file;
    int64_t timeout, quiet_check, settle;
    SSL_CTX *tls;
    int listener, port;
    char api_url[64], ws_url[64];
    struct load *load;
    struct peer *peers;
    struct child child;
    int64_t started, connected, finished;
    int64_t cpu_connected, cpu_begun, cpu_quiet;
    long rss_connected, rss_peak, rss_after, rss_samples[SAMPLES];
    unsigned sampled;
    struct memory memory; /* connected and idle */
    struct child_threads threads;
};

static const struct option OPTIONS[] = {
    {"cert", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},
    {"total", required_argument, NULL, 'n'},
    {"in-flight", required_argument, NULL, 'f'},
    {"rate", required_argument, NULL, 'r'},
    {"connections", required_argument, NULL, 'C'},
    {"ping-ms", required_argument, NULL, 'p'},
    {"refreshes", required_argument, NULL, 'R'},
    {"refresh-ms", required_argument, NULL, 'm'},
    {"resets", required_argument, NULL, 'X'},
    {"silences", required_argument, NULL, 'S'},
    {"break-ms", required_argument, NULL, 'b'},
    {"burn-at", required_argument, NULL, 'B'},
    {"timeout", required_argument, NULL, 't'},
    {"quiet-ms", required_argument, NULL, 'q'},
    {"idle-ms", required_argument, NULL, 'i'},
    {NULL, 0, NULL, 0},
};

static bool set_option(struct bench *bench, int option, const char *value)
{
    struct load_settings *settings = &bench->settings;
    uint64_t number = strtoull(value, NULL, 10);
    switch (option) {
    case 'c': bench->cert_file = value; break;
    case 'k': bench->key_file = value; break;
    case 'n': settings->total = number; break;
    case 'f': settings->in_flight = (unsigned)number; break;
    case 'r': settings->rate = strtod(value, NULL); break;
    case 'C': settings->connections = (unsigned)number; break;
    case 'p': settings->ping_interval = (int64_t)number * MILLISECOND; break;
    case 'R': settings->refreshes = (unsigned)number; break;
    case 'm': settings->refresh_interval = (int64_t)number * MILLISECOND; break;
    case 'X':
        settings->breaks = (unsigned)number;
        settings->break_by_reset = true;
        break;
    case 'S': settings->breaks = (unsigned)number; break;
    case 'b': settings->break_interval = (int64_t)number * MILLISECOND; break;
    case 'B': settings->burn_at = number; break;
    case 't': bench->timeout = (int64_t)number * 1000 * MILLISECOND; break;
    case 'i': bench->settle = (int64_t)number * MILLISECOND; break;
    case 'q': bench->quiet_check = (int64_t)number * MILLISECOND; break;
    default: return false;
    }
    return true;
}

static bool read_options(struct bench *bench, int argc, char *argv[])
{
    int option;
    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (!set_option(bench, option, optarg != NULL ? optarg : "")) {
            return false;
        }
    }
    return optind < argc && bench->settings.total > 0;
}

static bool set_up(struct bench *bench)
{
    if (bench->cert_file != NULL) {
        bench->tls = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(bench->tls, bench->cert_file) != 1 ||
            SSL_CTX_use_PrivateKey_file(bench->tls, bench->key_file, SSL_FILETYPE_PEM) != 1) {
            fprintf(stderr, "load server: certificate or key cannot be read\n");
            return false;
        }
        SSL_CTX_set_mode(bench->tls,
                         SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    bench->listener = link_listen(&bench->port);
    const char *s = bench->tls != NULL ? "s" : "";
    snprintf(bench->api_url, sizeof bench->api_url, "http%s://127.0.0.1:%d/api/", s, bench->port);
    snprintf(bench->ws_url, sizeof bench->ws_url, "ws%s://127.0.0.1:%d/link/?ticket=bench", s,
             bench->port);
    bench->settings.url = bench->ws_url;
    bench->load = load_create(&bench->settings);
    return bench->listener >= 0 && bench->load != NULL;
}

static bool start_client(struct bench *bench, char *arguments[])
{
    for (size_t i = 0; arguments[i] != NULL; i++) {
        if (strcmp(arguments[i], "{api}") == 0) {
            arguments[i] = bench->api_url;
        } else if (strcmp(arguments[i], "{ws}") == 0) {
            arguments[i] = bench->ws_url;
        }
    }
    bench->started = slk_clock_now();
    return child_start(&bench->child, arguments);
}

static void accept_peers(struct bench *bench)
{
    struct link link;
    while (link_accept(&link, bench->listener, bench->tls)) {
        struct peer *peer = peer_create(link);
        if (peer == NULL) {
            link_close(&link, true);
            return;
        }
        peer->next = bench->peers;
        bench->peers = peer;
    }
}

static void sweep(struct bench *bench)
{
    for (struct peer **at = &bench->peers; *at != NULL;) {
        struct peer *peer = *at;
        if (!peer->silent) {
            link_flush(&peer->link);
        }
        if (!peer->link.dead) {
            at = &peer->next;
            continue;
        }
        *at = peer->next;
        load_peer_gone(bench->load, peer);
        peer_destroy(peer);
    }
}

/* Waits, then reads whatever came. */
static void serve(struct bench *bench, int64_t until)
{
    struct pollfd fds[MAX_PEERS + 1] = {{.fd = bench->listener, .events = POLLIN}};
    struct peer *polled[MAX_PEERS + 1];
    nfds_t count = 1;
    for (struct peer *peer = bench->peers; peer != NULL && count <= MAX_PEERS; peer = peer->next) {
        if (!peer->silent) {
            short events = peer->link.out.length > 0 ? POLLIN | POLLOUT : POLLIN;
            polled[count] = peer;
            fds[count++] = (struct pollfd){.fd = peer->link.fd, .events = events};
        }
    }
    int64_t wait = until - slk_clock_now();
    wait = wait > 0 ? wait : 0;
    struct timespec timeout = {.tv_sec = wait / (1000 * MILLISECOND),
                               .tv_nsec = wait % (1000 * MILLISECOND)};
    if (ppoll(fds, count, &timeout, NULL) <= 0) {
        return;
    }
    for (nfds_t i = 1; i < count; i++) {
        if (fds[i].revents != 0) {
            peer_read(polled[i], bench->load);
        }
    }
    if (fds[0].revents != 0) {
        accept_peers(bench);
    }
}

static void run_until(struct bench *bench, int64_t until)
{
    while (slk_clock_now() < until) {
        int64_t next = load_tick(bench->load, bench->peers);
        sweep(bench);
        serve(bench, next < until ? next : until);
    }
}

static bool wait_connected(struct bench *bench, int64_t deadline)
{
    while (!load_is_connected(bench->load, bench->peers)) {
        if (slk_clock_now() > deadline || !child_is_alive(&bench->child)) {
            return false;
        }
        run_until(bench, slk_clock_now() + MILLISECOND / 10);
    }
    bench->connected = slk_clock_now();
    bench->cpu_connected = child_cpu(&bench->child);
    run_until(bench, bench->connected + bench->settle);
    return true;
}

static void sample_memory(struct bench *bench)
{
    uint64_t due = bench->settings.total / SAMPLES * (bench->sampled + 1);
    if (bench->sampled < SAMPLES && load_acknowledged(bench->load) >= due) {
        bench->rss_samples[bench->sampled++] = child_memory(&bench->child, "VmRSS");
    }
}

static void run_load(struct bench *bench, int64_t deadline)
{
    bench->cpu_begun = child_cpu(&bench->child);
    bench->memory = memory_read(bench->child.pid);
    bench->rss_connected = child_memory(&bench->child, "VmRSS");
    child_threads_begin(&bench->child, &bench->threads);
    load_begin(bench->load);
    while (!load_is_done(bench->load) && slk_clock_now() < deadline &&
           child_is_alive(&bench->child)) {
        int64_t next = load_tick(bench->load, bench->peers);
        sweep(bench);
        serve(bench, next);
        sample_memory(bench);
    }
}

/* Handlers may still be running when the last ack has come. */
static void wait_quiet(struct bench *bench)
{
    int64_t limit = slk_clock_now() + QUIET_LIMIT;
    int64_t before, after = child_cpu(&bench->child);
    do {
        before = after;
        run_until(bench, slk_clock_now() + bench->quiet_check);
        after = child_cpu(&bench->child);
    } while (after - before > bench->quiet_check / QUIET_SHARE && slk_clock_now() < limit);
    bench->cpu_quiet = after;
    bench->rss_after = child_memory(&bench->child, "VmRSS");
    bench->rss_peak = child_memory(&bench->child, "VmHWM");
    child_threads_end(&bench->child, &bench->threads);
}

static void report_memory(const struct bench *bench)
{
    printf(",\"rss_connected_kb\":%ld,\"rss_peak_kb\":%ld,\"rss_after_kb\":%ld,\"memory_kb\":",
           bench->rss_connected, bench->rss_peak, bench->rss_after);
    memory_print(&bench->memory, stdout);
    printf(",\"rss_samples_kb\":[");
    for (unsigned i = 0; i < bench->sampled; i++) {
        printf("%s%ld", i > 0 ? "," : "", bench->rss_samples[i]);
    }
    printf("]");
}

static void report(struct bench *bench, bool connected)
{
    printf("{\"connected\":%s,", connected ? "true" : "false");
    load_report(bench->load, stdout);
    printf(",\"connected_ms\":%.3f,\"connect_cpu_s\":%.6f,\"cpu_s\":%.6f,\"stop_cpu_s\":%.6f",
           (double)(bench->connected - bench->started) / 1e6, (double)bench->cpu_connected / 1e9,
           (double)(bench->child.used - bench->cpu_begun) / 1e9,
           (double)(bench->child.used - bench->cpu_quiet) / 1e9);
    report_memory(bench);
    child_print_threads(&bench->threads, stdout);
    printf(",\"client\":%s}\n", child_answer(&bench->child));
}

static void tear_down(struct bench *bench)
{
    while (bench->peers != NULL) {
        struct peer *peer = bench->peers;
        bench->peers = peer->next;
        peer_destroy(peer);
    }
    load_destroy(bench->load);
    SSL_CTX_free(bench->tls);
}

static int print_mix(void)
{
    struct events *events = events_create();
    for (uint64_t i = 0; events != NULL && i < events_kinds(); i++) {
        size_t length;
        const char *text = events_text(events, i, false, 0, &length);
        printf("%.*s\n", (int)length, text);
    }
    events_destroy(events);
    return events != NULL ? 0 : 1;
}

int main(int argc, char *argv[])
{
    static struct bench bench = {
        .settings = {.in_flight = 64, .connections = 1},
        .timeout = 60000 * MILLISECOND,
        .quiet_check = QUIET_CHECK,
        .settle = SETTLE,
    };
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--mix") == 0) {
        return print_mix();
    }
    if (!read_options(&bench, argc, argv)) {
        fprintf(stderr, "usage: load_server --total N [options] -- PROGRAM [ARGUMENT ...]\n");
        return 2;
    }
    if (!set_up(&bench) || !start_client(&bench, argv + optind)) {
        return 1;
    }
    int64_t deadline = slk_clock_now() + bench.timeout;
    bool connected = wait_connected(&bench, deadline);
    if (connected) {
        run_load(&bench, deadline);
        wait_quiet(&bench);
    }
    child_stop(&bench.child);
    report(&bench, connected);
    tear_down(&bench);
    return connected ? 0 : 1;
}
