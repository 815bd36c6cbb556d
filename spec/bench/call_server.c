/* A Web API that exists to be called: starts the client under test, answers its
 * calls over keep-alive connections with TLS, and prints one line of JSON with
 * what it saw from outside: calls per second, CPU, memory, order.
 *
 *   call_server --cert FILE --key FILE [--warm-up N] [--total N] -- PROGRAM [ARGUMENT ...]
 *
 * In arguments {api} stands for the Web API's URL. Each request counts; what is
 * measured begins with the first one after the warm-up. Bodies may hold
 * "seq-NUMBER", counted by the client from 0 on, which tells the order in which
 * calls come. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "../../src/clock.h"
#include "api_answers.h"
#include "child.h"
#include "link.h"

#define MILLISECOND INT64_C(1000000)
#define QUIET_CHECK (100 * MILLISECOND)
#define QUIET_CPU   MILLISECOND
#define EVENTS      64
#define READ_SIZE   65536

struct peer {
    struct peer *next;
    struct link link;
    struct slk_buffer in;
    struct api_request request; /* its head has come when left_known */
    bool left_known;
    size_t left; /* of a body that is thrown away */
};

struct bench {
    const char *cert_file, *key_file;
    uint64_t warm_up, total, answered, farthest; /* most places that a call was out of order */
    uint64_t connections, bytes;
    int64_t timeout, began, ended, cpu_before;
    long rss_connected, rss_peak;
    SSL_CTX *tls;
    int listener, port, epoll;
    char api_url[64];
    struct peer *peers;
    struct child child;
    struct child_threads threads;
};

/* Calls ------------------------------------------------------------------------- */

static void begin(struct bench *bench)
{
    bench->rss_connected = child_memory(&bench->child, "VmRSS");
    child_threads_begin(&bench->child, &bench->threads);
    bench->cpu_before = child_cpu(&bench->child);
    bench->began = slk_clock_now();
}

static void answer(struct bench *bench, struct peer *peer)
{
    const struct api_request *request = &peer->request;
    if (bench->answered == bench->warm_up) {
        begin(bench);
    }
    if (request->has_number) {
        uint64_t at = bench->answered, number = request->number;
        uint64_t away = at > number ? at - number : number - at;
        bench->farthest = away > bench->farthest ? away : bench->farthest;
    }
    api_answer(&peer->link.out, request, bench->port);
    link_flush(&peer->link);
    bench->answered++;
    bench->ended = slk_clock_now();
}

/* Takes one request off the input; false when more of it must come first. */
static bool take_request(struct bench *bench, struct peer *peer)
{
    struct api_request *request = &peer->request;
    if (!peer->left_known) {
        int status = api_read_head(peer->in.data, peer->in.length, request);
        if (status <= 0) {
            peer->link.dead = status < 0;
            return false;
        }
        if (!request->is_upload && peer->in.length < request->head_length + request->body_length) {
            return false;
        }
        api_read_number(peer->in.data, request);
        peer->left_known = true;
        peer->left = request->body_length;
        slk_buffer_consume(&peer->in, request->head_length);
    }
    size_t taken = peer->left < peer->in.length ? peer->left : peer->in.length;
    slk_buffer_consume(&peer->in, taken);
    peer->left -= taken;
    bench->bytes += taken;
    if (peer->left > 0) {
        return false;
    }
    answer(bench, peer);
    peer->left_known = false;
    return peer->in.length > 0;
}

static void read_peer(struct bench *bench, struct peer *peer)
{
    static char data[READ_SIZE];
    do {
        ssize_t got = link_read(&peer->link, data, sizeof data);
        if (got <= 0) {
            return;
        }
        if (slk_buffer_append(&peer->in, data, (size_t)got) != 0) {
            peer->link.dead = true;
            return;
        }
        while (take_request(bench, peer)) {
        }
    } while (SSL_has_pending(peer->link.ssl));
}

/* Connections -------------------------------------------------------------------- */

static void accept_peers(struct bench *bench)
{
    struct link link;
    while (link_accept(&link, bench->listener, bench->tls)) {
        struct peer *peer = calloc(1, sizeof *peer);
        if (peer == NULL) {
            link_close(&link, true);
            return;
        }
        peer->link = link;
        slk_buffer_init(&peer->in, 1 << 20);
        peer->next = bench->peers;
        bench->peers = peer;
        bench->connections++;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
        epoll_ctl(bench->epoll, EPOLL_CTL_ADD, link.fd, &event);
    }
}

static void close_peer(struct bench *bench, struct peer *peer)
{
    struct peer **at = &bench->peers;
    while (*at != peer) {
        at = &(*at)->next;
    }
    *at = peer->next;
    link_close(&peer->link, false);
    slk_buffer_free(&peer->in);
    free(peer);
}

static void serve(struct bench *bench, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(bench->epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        struct peer *peer = events[i].data.ptr;
        if (peer == NULL) {
            accept_peers(bench);
            continue;
        }
        read_peer(bench, peer);
        if (peer->link.dead) {
            close_peer(bench, peer);
        }
    }
}

/* The phases ---------------------------------------------------------------------- */

static bool set_up(struct bench *bench)
{
    bench->tls = SSL_CTX_new(TLS_server_method());
    if (bench->cert_file == NULL || bench->key_file == NULL ||
        SSL_CTX_use_certificate_chain_file(bench->tls, bench->cert_file) != 1 ||
        SSL_CTX_use_PrivateKey_file(bench->tls, bench->key_file, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "call server: certificate or key cannot be read\n");
        return false;
    }
    SSL_CTX_set_mode(bench->tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(bench->tls, 1);
    bench->listener = link_listen(&bench->port);
    bench->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN}; /* no peer's: the listener's */
    epoll_ctl(bench->epoll, EPOLL_CTL_ADD, bench->listener, &event);
    snprintf(bench->api_url, sizeof bench->api_url, "https://127.0.0.1:%d/api/", bench->port);
    return bench->listener >= 0;
}

static bool start(struct bench *bench, char *arguments[])
{
    for (size_t i = 0; arguments[i] != NULL; i++) {
        if (strcmp(arguments[i], "{api}") == 0) {
            arguments[i] = bench->api_url;
        }
    }
    return child_start(&bench->child, arguments);
}

/* The client's tasks may still be running when the last answer has gone. */
static void wait_quiet(struct bench *bench)
{
    int64_t before, after = child_cpu(&bench->child);
    do {
        before = after;
        for (int64_t end = slk_clock_now() + QUIET_CHECK; slk_clock_now() < end;) {
            serve(bench, 10);
        }
        after = child_cpu(&bench->child);
    } while (after - before > QUIET_CPU);
}

static bool run(struct bench *bench)
{
    int64_t deadline = slk_clock_now() + bench->timeout;
    uint64_t wanted = bench->warm_up + bench->total;
    int64_t looked = 0;
    while (bench->answered < wanted) {
        int64_t now = slk_clock_now();
        if (now > deadline) {
            return false;
        }
        if (now - looked > 100 * MILLISECOND) {
            looked = now;
            if (!child_is_alive(&bench->child)) {
                return false;
            }
        }
        serve(bench, 100);
    }
    wait_quiet(bench);
    child_threads_end(&bench->child, &bench->threads);
    bench->rss_peak = child_memory(&bench->child, "VmHWM");
    return true;
}

static void report(struct bench *bench, bool ok)
{
    double seconds = (double)(bench->ended - bench->began) / 1e9;
    uint64_t calls = bench->answered > bench->warm_up ? bench->answered - bench->warm_up : 0;
    printf("{\"ok\":%s,\"calls\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"bytes\":%" PRIu64,
           ok ? "true" : "false", calls, bench->connections, bench->bytes);
    printf(",\"farthest\":%" PRIu64 ",\"seconds\":%.6f,\"cpu_s\":%.6f", bench->farthest, seconds,
           (double)(bench->child.used - bench->cpu_before) / 1e9);
    printf(",\"rss_connected_kb\":%ld,\"rss_peak_kb\":%ld", bench->rss_connected, bench->rss_peak);
    child_print_threads(&bench->threads, stdout);
    printf(",\"client\":%s}\n", child_answer(&bench->child));
}

static bool read_options(struct bench *bench, int argc, char *argv[])
{
    static const struct option OPTIONS[] = {
        {"cert", required_argument, NULL, 'c'},    {"key", required_argument, NULL, 'k'},
        {"warm-up", required_argument, NULL, 'w'}, {"total", required_argument, NULL, 'n'},
        {"timeout", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'c': bench->cert_file = optarg; break;
        case 'k': bench->key_file = optarg; break;
        case 'w': bench->warm_up = strtoull(optarg, NULL, 10); break;
        case 'n': bench->total = strtoull(optarg, NULL, 10); break;
        case 't': bench->timeout = strtoll(optarg, NULL, 10) * 1000 * MILLISECOND; break;
        default: return false;
        }
    }
    return optind < argc && bench->total > 0;
}

int main(int argc, char *argv[])
{
    static struct bench bench = {.warm_up = 2000, .total = 20000, .timeout = 120000 * MILLISECOND};
    signal(SIGPIPE, SIG_IGN);
    if (!read_options(&bench, argc, argv)) {
        fprintf(stderr, "usage: call_server --cert FILE --key FILE [options] -- PROGRAM "
                        "[ARGUMENT ...]\n");
        return 2;
    }
    if (!set_up(&bench) || !start(&bench, argv + optind)) {
        return 1;
    }
    bool ok = run(&bench);
    child_stop(&bench.child);
    report(&bench, ok);
    while (bench.peers != NULL) {
        close_peer(&bench, bench.peers);
    }
    SSL_CTX_free(bench.tls);
    return ok ? 0 : 1;
}
