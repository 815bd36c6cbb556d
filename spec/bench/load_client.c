/* A Slack that exists to load an HTTP receiver: starts the program under test,
 * waits until it answers, posts signed events to it over keep-alive connections,
 * one request at a time on each, and prints one line of JSON with what it saw.
 *
 *   load_client [--total N] [--connections N] [--idle N] -- PROGRAM [ARGUMENT ...]
 *
 * In arguments {port} stands for the port to listen on, {api} for the URL of a
 * Web API that says ok to everything. --idle opens so many more connections that
 * each send one request and then nothing. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../src/clock.h"
#include "child.h"
#include "latencies.h"
#include "link.h"
#include "posts.h"

#define MILLISECOND INT64_C(1000000)
#define START_LIMIT (20000 * MILLISECOND)
#define RUN_LIMIT   (120000 * MILLISECOND)
#define QUIET_CHECK (300 * MILLISECOND)
#define QUIET_CPU   (3 * MILLISECOND)
#define WARM_UP     2000 /* requests before the measurement */
#define EVENTS      256
#define ANSWER_SIZE 4096

struct client {
    struct link link;
    uint64_t number; /* of the request under way */
    int64_t sent_at; /* 0: none is under way */
    char answer[ANSWER_SIZE];
    size_t answer_length;
};

struct bench {
    uint64_t total;
    size_t connections, idle;
    int port, api, api_port;
    char port_text[8], api_url[64];
    struct child child;
    struct posts *posts;
    struct client *clients;
    int epoll;
    uint64_t next, limit, answered, refused;
    int64_t *latencies;
    int64_t started, first_answer, began, ended, cpu_before;
    long rss_started, rss_connected, rss_idle, rss_peak;
    struct child_threads threads;
};

/* The Web API ------------------------------------------------------------------ */

static void answer_api(struct bench *bench)
{
    static const char BODY[] = "{\"ok\":true,\"user\":\"bot\",\"team\":\"bench\",\"user_id\":"
                               "\"U0BENCH0BOT\",\"bot_id\":\"B0BENCH\",\"team_id\":\"T0BENCH\"}";
    struct link link;
    while (link_accept(&link, bench->api, NULL)) {
        char request[4096], answer[512];
        ssize_t got = 0;
        while (!link.dead && got == 0) {
            got = link_read(&link, request, sizeof request);
        }
        int length = snprintf(answer, sizeof answer,
                              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                              "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                              sizeof BODY - 1, BODY);
        slk_buffer_append(&link.out, answer, (size_t)length);
        link_flush(&link);
        link_close(&link, false);
    }
}

/* Connections ------------------------------------------------------------------ */

static bool connect_client(struct bench *bench, struct client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)bench->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *client = (struct client){.link = {.fd = fd}};
    slk_buffer_init(&client->link.out, 1 << 20);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    epoll_ctl(bench->epoll, EPOLL_CTL_ADD, fd, &event);
    return true;
}

static void post(struct bench *bench, struct client *client)
{
    size_t length;
    client->number = bench->next++;
    const char *text = posts_text(bench->posts, client->number, &length);
    slk_buffer_append(&client->link.out, text, length);
    client->sent_at = slk_clock_now();
    link_flush(&client->link);
}

/* Whether the answer is complete: a head, and as many bytes as it says. */
static bool is_answered(const struct client *client)
{
    const char *end = memmem(client->answer, client->answer_length, "\r\n\r\n", 4);
    if (end == NULL) {
        return false;
    }
    size_t head = (size_t)(end - client->answer) + 4;
    const char *field = strcasestr(client->answer, "\r\ncontent-length:");
    size_t body = field != NULL && field < end ? strtoul(field + 17, NULL, 10) : 0;
    return client->answer_length >= head + body;
}

static void take_answer(struct bench *bench, struct client *client)
{
    int64_t now = slk_clock_now();
    if (strncmp(client->answer, "HTTP/1.1 2", 10) != 0) {
        bench->refused++;
    }
    if (bench->latencies != NULL) {
        bench->latencies[bench->answered] = now - client->sent_at;
    }
    bench->answered++;
    bench->ended = now;
    client->sent_at = 0;
    client->answer_length = 0;
    if (bench->next < bench->limit) {
        post(bench, client);
    }
}

static bool read_client(struct bench *bench, struct client *client)
{
    ssize_t got = recv(client->link.fd, client->answer + client->answer_length,
                       ANSWER_SIZE - 1 - client->answer_length, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        return false;
    }
    client->answer_length += got > 0 ? (size_t)got : 0;
    client->answer[client->answer_length] = '\0';
    if (client->sent_at != 0 && is_answered(client)) {
        take_answer(bench, client);
    }
    return true;
}

/* Until so many have been answered. */
static bool run(struct bench *bench, uint64_t wanted, int64_t deadline)
{
    struct epoll_event events[EVENTS];
    while (bench->answered < wanted && slk_clock_now() < deadline) {
        int count = epoll_wait(bench->epoll, events, EVENTS, 100);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL) {
                answer_api(bench);
                continue;
            }
            if (!read_client(bench, events[i].data.ptr)) {
                fprintf(stderr, "load client: a connection was closed\n");
                return false;
            }
        }
    }
    return bench->answered >= wanted;
}

/* The phases ------------------------------------------------------------------- */

static bool set_up(struct bench *bench)
{
    int fd = link_listen(&bench->port); /* a port that is free a moment later */
    close(fd);
    bench->api = link_listen(&bench->api_port);
    bench->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN}; /* no client's: the API's */
    epoll_ctl(bench->epoll, EPOLL_CTL_ADD, bench->api, &event);
    bench->posts = posts_create("/slack/events");
    bench->clients = calloc(bench->connections + bench->idle, sizeof *bench->clients);
    snprintf(bench->port_text, sizeof bench->port_text, "%d", bench->port);
    snprintf(bench->api_url, sizeof bench->api_url, "http://127.0.0.1:%d/api/", bench->api_port);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return bench->api >= 0 && bench->posts != NULL && bench->clients != NULL;
}

static bool start(struct bench *bench, char *arguments[])
{
    for (size_t i = 0; arguments[i] != NULL; i++) {
        if (strcmp(arguments[i], "{port}") == 0) {
            arguments[i] = bench->port_text;
        } else if (strcmp(arguments[i], "{api}") == 0) {
            arguments[i] = bench->api_url;
        }
    }
    bench->started = slk_clock_now();
    return child_start(&bench->child, arguments);
}

/* Until it takes connections and has answered one request. */
static bool wait_ready(struct bench *bench)
{
    int64_t deadline = slk_clock_now() + START_LIMIT;
    struct client *first = &bench->clients[0];
    while (!connect_client(bench, first)) {
        answer_api(bench);
        if (slk_clock_now() > deadline || !child_is_alive(&bench->child)) {
            return false;
        }
        struct timespec pause = {.tv_nsec = MILLISECOND};
        nanosleep(&pause, NULL);
    }
    bench->limit = 1;
    post(bench, first);
    if (!run(bench, 1, deadline)) {
        return false;
    }
    bench->first_answer = slk_clock_now();
    bench->rss_started = child_memory(&bench->child, "VmRSS");
    return true;
}

/* Each connection once, then so many requests that caches and pools are warm. */
static bool connect_all(struct bench *bench)
{
    for (size_t i = 1; i < bench->connections; i++) {
        if (!connect_client(bench, &bench->clients[i])) {
            return false;
        }
    }
    bench->limit = bench->next + WARM_UP;
    for (size_t i = 0; i < bench->connections; i++) {
        post(bench, &bench->clients[i]);
    }
    bool ok = run(bench, bench->limit, slk_clock_now() + RUN_LIMIT);
    bench->rss_connected = child_memory(&bench->child, "VmRSS");
    return ok;
}

static void wait_quiet(struct bench *bench)
{
    struct timespec pause = {.tv_nsec = QUIET_CHECK};
    int64_t before, after = child_cpu(&bench->child);
    do {
        before = after;
        nanosleep(&pause, NULL);
        after = child_cpu(&bench->child);
    } while (after - before > QUIET_CPU);
}

static bool measure(struct bench *bench)
{
    wait_quiet(bench);
    bench->latencies = calloc(bench->total, sizeof *bench->latencies);
    bench->answered = 0;
    bench->refused = 0;
    bench->limit = bench->next + bench->total;
    child_threads_begin(&bench->child, &bench->threads);
    bench->cpu_before = child_cpu(&bench->child);
    bench->began = slk_clock_now();
    for (size_t i = 0; i < bench->connections && bench->next < bench->limit; i++) {
        post(bench, &bench->clients[i]);
    }
    bool ok = run(bench, bench->total, slk_clock_now() + RUN_LIMIT);
    wait_quiet(bench);
    child_threads_end(&bench->child, &bench->threads);
    bench->rss_peak = child_memory(&bench->child, "VmHWM");
    return ok;
}

/* More connections, each with one request behind it. */
static bool open_idle(struct bench *bench)
{
    free(bench->latencies);
    bench->latencies = NULL;
    bench->rss_connected = child_memory(&bench->child, "VmRSS");
    for (size_t i = 0; i < bench->idle; i++) {
        struct client *client = &bench->clients[bench->connections + i];
        if (!connect_client(bench, client)) {
            return false;
        }
        bench->limit = bench->next + 1;
        post(bench, client);
        if (!run(bench, bench->answered + 1, slk_clock_now() + RUN_LIMIT)) {
            return false;
        }
    }
    wait_quiet(bench);
    bench->rss_idle = child_memory(&bench->child, "VmRSS");
    return true;
}

static void report(struct bench *bench, bool ok)
{
    double seconds = (double)(bench->ended - bench->began) / 1e9;
    printf("{\"ok\":%s,\"requests\":%" PRIu64 ",\"refused\":%" PRIu64, ok ? "true" : "false",
           bench->total, bench->refused);
    printf(",\"ready_ms\":%.1f,\"rss_started_kb\":%ld,\"rss_connected_kb\":%ld,\"rss_peak_kb\":%ld",
           (double)(bench->first_answer - bench->started) / 1e6, bench->rss_started,
           bench->rss_connected, bench->rss_peak);
    if (ok && bench->latencies != NULL) {
        printf(",\"per_second\":%.0f,\"cpu_s\":%.6f,\"us\":", (double)bench->total / seconds,
               (double)(bench->child.used - bench->cpu_before) / 1e9);
        latencies_print(bench->latencies, bench->total, stdout);
    }
    if (bench->idle > 0) {
        printf(",\"bytes_per_idle_connection\":%.0f",
               (double)(bench->rss_idle - bench->rss_connected) * 1024 / (double)bench->idle);
    }
    child_print_threads(&bench->threads, stdout);
    printf(",\"client\":%s}\n", child_answer(&bench->child));
}

static bool read_options(struct bench *bench, int argc, char *argv[])
{
    static const struct option OPTIONS[] = {{"total", required_argument, NULL, 'n'},
                                            {"connections", required_argument, NULL, 'c'},
                                            {"idle", required_argument, NULL, 'i'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
        switch (option) {
        case 'n': bench->total = number; break;
        case 'c': bench->connections = (size_t)number; break;
        case 'i': bench->idle = (size_t)number; break;
        default: return false;
        }
    }
    return optind < argc && bench->connections > 0;
}

int main(int argc, char *argv[])
{
    static struct bench bench = {.total = 100000, .connections = 32};
    signal(SIGPIPE, SIG_IGN);
    if (!read_options(&bench, argc, argv)) {
        fprintf(stderr, "usage: load_client [options] -- PROGRAM [ARGUMENT ...]\n");
        return 2;
    }
    if (!set_up(&bench) || !start(&bench, argv + optind)) {
        return 1;
    }
    bool ok = wait_ready(&bench) && connect_all(&bench) &&
              (bench.idle > 0 ? open_idle(&bench) : measure(&bench));
    child_stop(&bench.child);
    report(&bench, ok);
    posts_destroy(bench.posts);
    return ok ? 0 : 1;
}
