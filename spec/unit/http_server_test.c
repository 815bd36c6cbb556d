/* The server in C with a gate of the test's own, and what no client in Lua can
 * do to it: half-closed connections, many thousands, no descriptors left. */
#include "http_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "certificate.h"
#include "wire_client.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

/* Judges by the target, and notes what it was told. Its fields are read once
 * the client has seen what they led to, or the server has gone. */
struct test_gate {
    struct slk_gate gate;
    uint64_t owed; /* the latest */
    char body[64]; /* of the latest request */
    size_t waiting, max_waiting;
    int deadlines, gone, answered, references;
    bool unsettled; /* judged, and settle was not called since */
    int64_t waited;
};

static struct fixture {
    struct slk_mailbox *mailbox, *lines;
    struct slk_log *log;
    struct test_gate gate;
    struct slk_http_server *server;
    int port;
} it;

static struct slk_text text_of(const char *text)
{
    return (struct slk_text){text, strlen(text)};
}

static bool is(struct slk_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.data, expected, text.length) == 0;
}

static enum slk_gate_verdict judge(struct slk_gate *gate, const struct slk_gate_request *request,
                                   struct slk_gate_answer *answer)
{
    struct test_gate *test = (struct test_gate *)gate;
    snprintf(test->body, sizeof test->body, "%.*s", (int)request->body.length,
             request->body.data != NULL ? request->body.data : "");
    __atomic_store_n(&test->unsettled, true, __ATOMIC_RELEASE);
    test->waiting = request->waiting;
    test->max_waiting = request->max_waiting;
    if (is(request->target, "/now")) {
        *answer = (struct slk_gate_answer){202, "X-By: gate\r\n", text_of("at once")};
        return SLK_GATE_ANSWER;
    }
    if (is(request->target, "/owed")) {
        __atomic_store_n(&test->owed, request->number, __ATOMIC_RELEASE);
        return SLK_GATE_OWED;
    }
    return SLK_GATE_PASS;
}

static void lost(struct slk_gate *gate, uint64_t number, enum slk_gate_fate fate,
                 struct slk_gate_answer *answer)
{
    struct test_gate *test = (struct test_gate *)gate;
    CHECK(number == test->owed);
    if (fate == SLK_GATE_DEADLINE) {
        test->deadlines++;
        *answer = (struct slk_gate_answer){200, "", text_of("too late")};
    } else {
        test->gone++;
    }
}

static void answered(struct slk_gate *gate, uint64_t number, int64_t waited)
{
    struct test_gate *test = (struct test_gate *)gate;
    CHECK(number == test->owed);
    test->answered++;
    test->waited = waited;
}

static void settle(struct slk_gate *gate)
{
    __atomic_store_n(&((struct test_gate *)gate)->unsettled, false, __ATOMIC_RELEASE);
}

static void retain(struct slk_gate *gate)
{
    ((struct test_gate *)gate)->references++;
}

static void release(struct slk_gate *gate)
{
    ((struct test_gate *)gate)->references--;
}

static struct slk_http_server_settings patient(void)
{
    return (struct slk_http_server_settings){
        .host = "127.0.0.1",
        .websocket_port = -1,
        .limits = {.max_head = 1000, .max_body = 1000},
        .patience = {.head_timeout = 60,
                     .body_timeout = 60,
                     .idle_timeout = 60,
                     .max_connections = 100,
                     .max_requests = 2},
        .gate = &it.gate.gate,
        .max_message = 1000,
    };
}

static void start(struct slk_http_server_settings settings)
{
    struct slk_error err;
    it.mailbox = slk_mailbox_create(0, 0);
    it.lines = slk_mailbox_create(0, 0);
    it.log = slk_log_create(it.lines, 1, SLK_LOG_INFO);
    int64_t deadline = it.gate.gate.deadline > 0 ? it.gate.gate.deadline : PATIENCE;
    it.gate = (struct test_gate){
        .gate = {.deadline = deadline,
                 .judge = judge,
                 .lost = lost,
                 .answered = answered,
                 .settle = settle,
                 .retain = retain,
                 .release = release},
    };
    it.server = slk_http_server_create(&settings, it.log, it.mailbox, 2, &err);
    CHECK(it.server != NULL);
    it.port = slk_http_server_port(it.server);
}

static void stop(void)
{
    slk_http_server_destroy(it.server);
    CHECK(it.gate.references == 0 && !it.gate.unsettled);
    slk_log_release(it.log);
    slk_mailbox_close(it.lines); /* lines that wait hold the log, which holds the mailbox */
    slk_mailbox_release(it.lines);
    slk_mailbox_release(it.mailbox);
    it = (struct fixture){0};
}

static struct slk_http_server_stats stats(void)
{
    struct slk_http_server_stats stats;
    slk_http_server_stats(it.server, &stats);
    return stats;
}

static size_t count_lines(void)
{
    return slk_mailbox_load(it.lines).count;
}

static uint64_t owed(void)
{
    int64_t deadline = slk_clock_now() + PATIENCE;
    uint64_t number;
    while ((number = __atomic_load_n(&it.gate.owed, __ATOMIC_ACQUIRE)) == 0) {
        CHECK(slk_clock_now() < deadline);
        poll(NULL, 0, 1);
    }
    return number;
}

static uint64_t passed(void)
{
    struct pollfd wanted = {.fd = slk_mailbox_fd(it.mailbox), .events = POLLIN};
    CHECK(poll(&wanted, 1, 60000) == 1);
    struct slk_message *message = slk_mailbox_take(it.mailbox);
    CHECK(message != NULL && message->kind == SLK_MESSAGE_REQUEST);
    uint64_t number = ((struct slk_request_message *)message)->request;
    message->destroy(message);
    return number;
}

static void respond(uint64_t request, const char *body)
{
    CHECK(slk_http_server_respond(it.server, request, 200, "", body, strlen(body)) == SLK_OK);
}

/* The gate is told that nothing more is to be read for the moment. */
static void await_settled(void)
{
    int64_t deadline = slk_clock_now() + PATIENCE;
    while (__atomic_load_n(&it.gate.unsettled, __ATOMIC_ACQUIRE)) {
        CHECK(slk_clock_now() < deadline);
        poll(NULL, 0, 1);
    }
}

static void await_connections(size_t count)
{
    while (stats().connections != count) {
        poll(NULL, 0, 1);
    }
}

static void test_verdicts(void)
{
    start(patient());
    struct client *client = client_open(it.port);
    client_send(client, "POST /now HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: z\r\n\r\n");
    client_await(client, "at once");
    CHECK(strstr(client->received, "HTTP/1.1 202 ") != NULL);
    CHECK(strstr(client->received, "\r\nX-By: gate\r\n") != NULL);
    CHECK(strcmp(it.gate.body, "abcde") == 0);
    CHECK(it.gate.waiting == 0 && it.gate.max_waiting == 2);
    await_settled();
    client_send(client, GET("/owed"));
    respond(owed(), "from Lua");
    client_await(client, "from Lua");
    CHECK(it.gate.answered == 1 && it.gate.waited > 0);
    client_send(client, GET("/lua"));
    respond(passed(), "passed on");
    client_await(client, "passed on");
    CHECK(it.gate.answered == 1 && stats().requests == 3 && stats().waiting == 0);
    client_close(client);
    stop();
}

/* What waits for Lua has room, and what the gate let in has room of its own. */
static void test_requests(void)
{
    enum { MOST = 2, SPARE = 16 };
    start(patient());
    struct client *passing[MOST + SPARE];
    for (int i = 0; i < MOST + SPARE; i++) {
        passing[i] = client_open(it.port);
        client_send(passing[i], GET("/lua"));
        passed();
    }
    struct client *client = client_open(it.port);
    client_send(client, GET("/lua"));
    client_await(client, "too many requests are waiting");
    CHECK(strstr(client->received, "HTTP/1.1 503 ") != NULL);
    CHECK(strstr(client->received, "\r\nRetry-After: 1\r\n") != NULL);
    struct client *owing = client_open(it.port);
    client_send(owing, GET("/owed"));
    uint64_t number = owed();
    CHECK(it.gate.waiting == 0 && it.gate.max_waiting == MOST);
    CHECK(stats().waiting == MOST + SPARE + 1 && stats().owed == 1);
    client_close(passing[0]);
    respond(number, "from Lua");
    client_await(owing, "from Lua");
    while (stats().waiting > MOST + SPARE - 1) {
        poll(NULL, 0, 1);
    }
    CHECK(stats().owed == 0 && stats().refused[4] == 1);
    client_send(client, GET("/lua"));
    passed();
    client_close(client);
    client_close(owing);
    for (int i = 1; i < MOST + SPARE; i++) {
        client_close(passing[i]);
    }
    stop();
}

static void test_deadline(void)
{
    it.gate.gate.deadline = SLK_MS(50);
    start(patient());
    struct client *client = client_open(it.port);
    client_send(client, GET("/owed") GET("/now"));
    client_await(client, "at once");
    CHECK(strstr(client->received, "too late") < strstr(client->received, "at once"));
    CHECK(it.gate.deadlines == 1 && it.gate.answered == 1 && it.gate.waited >= SLK_MS(50));
    respond(owed(), "later still");
    client_send(client, GET("/lua"));
    respond(passed(), "passed on");
    client_await(client, "passed on");
    CHECK(strstr(client->received, "later still") == NULL);
    client_close(client);
    stop();
}

static void test_client_gone(void)
{
    start(patient());
    struct client *client = client_open(it.port);
    client_send(client, GET("/owed"));
    uint64_t number = owed();
    client_close(client);
    await_connections(0);
    CHECK(it.gate.gone == 1 && it.gate.answered == 0 && stats().waiting == 0);
    respond(number, "nobody hears it");
    client = client_open(it.port);
    client_send(client, GET("/owed"));
    while (stats().waiting == 0) {
        poll(NULL, 0, 1);
    }
    slk_http_server_destroy(it.server); /* which is an end too */
    it.server = NULL;
    CHECK(it.gate.gone == 2);
    client_close(client);
    stop();
}

/* Requests behind one that waits are neither lost nor answered before it. */
static void test_pipelining(void)
{
    start(patient());
    struct client *client = client_open(it.port);
    client_send(client, GET("/now") GET("/owed") GET("/now") GET("/lua") GET("/now"));
    uint64_t number = owed();
    client_await(client, "at once");
    respond(number, "(second)");
    respond(passed(), "(fourth)");
    client_await(client, "(fourth)");
    char *second = strstr(client->received, "(second)");
    char *third = strstr(second, "at once");
    CHECK(third != NULL && strstr(third, "(fourth)") != NULL);
    client_close(client);
    client = client_open(it.port); /* more than is held back for its turn */
    client_send(client, GET("/owed"));
    for (int i = 0; i < 200 && client_try_send(client, GET("/now")); i++) {
    }
    client_await_end(client);
    await_connections(0);
    CHECK(strstr(client->received, "HTTP") == NULL && it.gate.gone == 1);
    client_close(client);
    stop();
}

static void test_half_closed(void)
{
    start(patient());
    struct client *client = client_open(it.port);
    client_send(client, GET("/now"));
    shutdown(client->fd, SHUT_WR);
    client_await(client, "at once");
    client_await_end(client);
    client_close(client);
    static const char body[] = "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234";
    static const char *const halves[] = {"", "GET / HT", "POST / HTTP/1.1\r\nContent-Length: 9\r\n",
                                         body};
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        client = client_open(it.port);
        client_send(client, halves[i]);
        shutdown(client->fd, SHUT_WR);
        client_await_end(client);
        CHECK(client->length == 0);
        client_close(client);
    }
    stop();
}

/* As on a slow network; what is accepted inherits it. */
static void narrow_listeners(void)
{
    for (int fd = 3; fd < 100; fd++) {
        int listens = 0;
        socklen_t size = sizeof listens;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens) {
            CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){32768}, sizeof(int)) == 0);
        }
    }
}

/* A client that takes its time gets all of an answer, also the last one. */
static void test_large_answer(void)
{
    enum { LENGTH = 1040000 }; /* the second piece that is written does not fit */
    start(patient());
    narrow_listeners();
    struct client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
    CHECK(connect_to(client->fd, it.port) == 0);
    client_send(client, "GET /lua HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    char *body = calloc(1, LENGTH);
    CHECK(body != NULL);
    CHECK(slk_http_server_respond(it.server, passed(), 200, "", body, LENGTH) == SLK_OK);
    size_t length = 0;
    for (ssize_t got = 1; got > 0; length += (size_t)got) {
        got = recv(client->fd, client->received, sizeof client->received, 0);
        CHECK(got >= 0);
    }
    CHECK(length > LENGTH);
    free(body);
    client_close(client);
    stop();
}

/* Connections that are opened and left: the newest ones stay, and new ones get in. */
static void test_crowd(void)
{
    enum { MOST = 50, OPEN_AT_ONCE = 150, ALL = 10000 };
    struct slk_http_server_settings settings = patient();
    settings.patience.max_connections = MOST;
    int64_t began = slk_clock_now();
    start(settings);
    int fds[OPEN_AT_ONCE];
    for (int i = 0; i < ALL; i++) {
        if (i >= OPEN_AT_ONCE) {
            close(fds[i % OPEN_AT_ONCE]);
        }
        fds[i % OPEN_AT_ONCE] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(connect_to(fds[i % OPEN_AT_ONCE], it.port) == 0);
    }
    struct client *client = client_open(it.port);
    client_send(client, GET("/now"));
    client_await(client, "at once");
    struct slk_http_server_stats now = stats();
    CHECK(now.connections_accepted == ALL + 1 && now.connections_refused == 0);
    CHECK(now.connections <= MOST && now.connections_evicted > 0);
    /* Of two kinds, each once in ten seconds, which may pass on a busy machine. */
    CHECK((int64_t)count_lines() <= 3 + 2 * ((slk_clock_now() - began) / SLK_SECONDS(10)));
    client_close(client);
    for (int i = 0; i < OPEN_AT_ONCE; i++) {
        close(fds[i]);
    }
    stop();
}

/* So do those that begin a request and never end it: who came last is served. */
static void test_slow_crowd(void)
{
    static const char head[] = "POST /now HTTP/1.1\r\nHost: x\r\n";
    static const char body[] = "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc";
    enum { MOST = 20, ALL = 200 };
    struct slk_http_server_settings settings = patient();
    settings.patience.max_connections = MOST;
    start(settings);
    struct client *slow[ALL];
    for (int i = 0; i < ALL; i++) {
        slow[i] = client_open(it.port);
        client_send(slow[i], i % 2 == 0 ? head : body);
    }
    struct client *client = client_open(it.port);
    client_send(client, GET("/now"));
    client_await(client, "at once");
    client_await_end(slow[0]);
    client_await_end(slow[1]);
    struct slk_http_server_stats now = stats();
    CHECK(now.connections_refused == 0 && now.connections_evicted > ALL - MOST);
    client_close(client);
    for (int i = 0; i < ALL; i++) {
        client_close(slow[i]);
    }
    stop();
}

/* All wait for answers: the new one is closed, and the old ones are served. */
static void test_full(void)
{
    struct slk_http_server_settings settings = patient();
    settings.patience.max_connections = 2;
    start(settings);
    struct client *one = client_open(it.port), *two = client_open(it.port);
    client_send(one, GET("/lua"));
    uint64_t first = passed();
    client_send(two, GET("/owed"));
    uint64_t number = owed();
    struct client *three = client_open(it.port);
    client_await_end(three);
    CHECK(three->length == 0 && stats().connections_refused == 1);
    respond(first, "at once");
    client_await(one, "at once");
    struct client *four = client_open(it.port); /* in place of one, which is idle now */
    client_send(four, GET("/now"));
    client_await(four, "at once");
    client_await_end(one);
    respond(number, "from Lua");
    client_await(two, "from Lua");
    client_close(one);
    client_close(two);
    client_close(three);
    client_close(four);
    stop();
}

static int spend_descriptors(int *fds, int most)
{
    int count = 0;
    while (count < most && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
        count++;
    }
    CHECK(count < most);
    return count;
}

/* Out of descriptors an idle connection makes room, or the new one is closed. */
static void test_no_descriptors(void)
{
    enum { LIMIT = 96 };
    int fds[LIMIT];
    struct rlimit before, low;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    start(patient());
    struct client *idle = client_open(it.port), *busy = client_open(it.port);
    client_send(idle, GET("/now"));
    client_await(idle, "at once");
    client_send(busy, GET("/lua"));
    uint64_t number = passed();
    await_connections(2);
    int second = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int third = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    low = (struct rlimit){LIMIT, before.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
    int count = spend_descriptors(fds, LIMIT);
    CHECK(connect_to(second, it.port) == 0);
    client_await_end(idle);
    CHECK(send(second, GET("/owed"), sizeof GET("/owed") - 1, MSG_NOSIGNAL) > 0);
    owed(); /* so it is not idle */
    CHECK(connect_to(third, it.port) == 0);
    char byte;
    CHECK(recv(third, &byte, 1, 0) == 0);
    CHECK(stats().connections_evicted == 1 && stats().connections_refused == 1);
    respond(number, "at once");
    client_await(busy, "at once");
    while (count > 0) {
        close(fds[--count]);
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    close(second);
    close(third);
    client_close(idle);
    client_close(busy);
    stop();
}

/* Begun requests are finished, idle connections are not waited for, and nobody
 * comes any more. */
static void test_finish(void)
{
    start(patient());
    struct client *idle = client_open(it.port), *waiting = client_open(it.port);
    struct client *half = client_open(it.port);
    client_send(idle, GET("/now"));
    client_await(idle, "at once");
    client_send(half, GET("/now") "GET /now HTTP/1.1\r\nHo");
    client_await(half, "at once"); /* so the half is there too, which came with it */
    client_send(waiting, GET("/owed") GET("/now"));
    uint64_t number = owed();
    await_connections(3);
    slk_http_server_finish(it.server);
    client_await_end(idle);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect_to(fd, it.port) != 0 && errno == ECONNREFUSED);
    close(fd);
    respond(number, "the last");
    client_await_end(waiting);
    CHECK(strstr(waiting->received, "Connection: close\r\n\r\nthe last") != NULL);
    client_send(half, "st: x\r\n\r\n");
    client_await_end(half);
    CHECK(strstr(half->received, "Connection: close\r\n\r\nat once") != NULL);
    slk_http_server_finish(it.server); /* once more does no harm */
    client_close(idle);
    client_close(waiting);
    client_close(half);
    stop();
}

static void write_file(const char *path, const struct slk_buffer *text)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fwrite(text->data, 1, text->length, file) == text->length);
    CHECK(fclose(file) == 0);
}

struct pair {
    char certificate[32], key[32];
};

static struct pair make_pair(void)
{
    struct slk_certificate_settings settings = {"IP:127.0.0.1", -60, 3600};
    struct slk_buffer authority, certificate, key;
    struct pair pair = {"/tmp/slack-cert-XXXXXX", "/tmp/slack-key-XXXXXX"};
    slk_buffer_init(&authority, 100000);
    slk_buffer_init(&certificate, 100000);
    slk_buffer_init(&key, 100000);
    CHECK(slk_certificate_make(&settings, &authority, &certificate, &key, NULL) == SLK_OK);
    close(mkstemp(pair.certificate));
    close(mkstemp(pair.key));
    write_file(pair.certificate, &certificate);
    write_file(pair.key, &key);
    slk_buffer_free(&authority);
    slk_buffer_free(&certificate);
    slk_buffer_free(&key);
    return pair;
}

/* Every limit of time, all at once, plain and in TLS. None is moved by bytes
 * that come now and then. */
static void test_slow_clients(bool secure)
{
    static const struct {
        const char *first, *more, *answer;
    } cases[] = {
        {"", NULL, ""},
        {"GET /now HTTP/1.1\r\n", "X-Y: z\r\n", "HTTP/1.1 408 "},
        {"POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", "x", "HTTP/1.1 408 "},
        {"POST /now HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n",
         "HTTP/1.1 408 "},
        {GET("/now"), NULL, "HTTP/1.1 202 "},
    };
    enum { COUNT = sizeof cases / sizeof *cases };
    struct slk_http_server_settings settings = patient();
    settings.patience.head_timeout = settings.patience.body_timeout = 1;
    settings.patience.idle_timeout = 1;
    struct pair pair = {0};
    if (secure) {
        pair = make_pair();
        settings.cert_file = pair.certificate;
        settings.key_file = pair.key;
    }
    start(settings);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct client *clients[COUNT], *mute = client_open(it.port);
    for (int i = 0; i < COUNT; i++) {
        clients[i] = secure ? client_open_tls(it.port, context) : client_open(it.port);
        if (cases[i].first[0] != '\0') {
            client_send(clients[i], cases[i].first);
        }
    }
    bool all_ended = false;
    for (int round = 0; round < 600 && !all_ended; round++) {
        all_ended = true;
        for (int i = 0; i < COUNT; i++) {
            bool goes_on = client_pump(clients[i], 10) && clients[i]->length == 0;
            if (goes_on && cases[i].more != NULL && round % 5 == 0) {
                client_try_send(clients[i], cases[i].more);
            }
            all_ended = all_ended && clients[i]->has_ended;
        }
    }
    CHECK(all_ended);
    for (int i = 0; i < COUNT; i++) {
        CHECK(strncmp(clients[i]->received, cases[i].answer, strlen(cases[i].answer)) == 0);
        CHECK(cases[i].answer[0] != '\0' || clients[i]->length == 0);
        client_close(clients[i]);
    }
    client_await_end(mute); /* in TLS: without a handshake */
    client_close(mute);
    CHECK(stats().refused[1] == 3 && stats().requests == 1);
    CHECK(count_lines() <= 2);
    stop();
    if (secure) {
        unlink(pair.certificate);
        unlink(pair.key);
    }
    SSL_CTX_free(context);
}

static void test_old_tls(void)
{
    struct pair pair = make_pair();
    struct slk_http_server_settings settings = patient();
    settings.cert_file = pair.certificate;
    settings.key_file = pair.key;
    start(settings);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    for (int version = TLS1_VERSION; version <= TLS1_3_VERSION; version++) {
        CHECK(SSL_CTX_set_min_proto_version(context, version) == 1);
        CHECK(SSL_CTX_set_max_proto_version(context, version) == 1);
        struct client *client = client_open(it.port);
        client->tls = SSL_new(context);
        SSL_set_fd(client->tls, client->fd);
        CHECK((SSL_connect(client->tls) == 1) == (version >= TLS1_2_VERSION));
        client_close(client);
    }
    stop();
    unlink(pair.certificate);
    unlink(pair.key);
    SSL_CTX_free(context);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    test_verdicts();
    test_requests();
    test_deadline();
    test_client_gone();
    test_pipelining();
    test_half_closed();
    test_large_answer();
    test_crowd();
    test_slow_crowd();
    test_full();
    test_no_descriptors();
    test_finish();
    test_slow_clients(false);
    test_slow_clients(true);
    test_old_tls();
    return 0;
}
