/* A store in Redis when the server lies, hangs up and hangs; with a server that answers as
 * a script says, which no real one does on demand. */
#include "storage_redis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "redis_failure.h"

/* In place of a reply: */
static const char hang_up[] = "hang up";
static const char silence[] = "say nothing more";

#define LOGIN "+OK\r\n", "+PONG\r\n", "+OK\r\n", "$6\r\nredis!\r\n" /* SELECT PING CLIENT INFO */
#define NIL   "$-1\r\n"

enum { MAX_REPLIES = 12, MAX_CONNECTIONS = 3 };

/* Of each connection: a reply for each command. Then it is kept until the client closes it. */
struct script {
    const char *replies[MAX_CONNECTIONS][MAX_REPLIES];
};

static struct {
    int fd;
    unsigned port;
    const struct script *script;
    bool in_pieces;                /* replies, byte by byte */
    int commands[MAX_CONNECTIONS]; /* that were read */
    int connections;
    pthread_t thread;
} server;

static bool is_endless; /* the last of MAX_REPLIES is said again and again */

/* The number in the line at *at, which is moved past it; -1: it is not whole. */
static long read_line(const char *text, size_t length, size_t *at)
{
    const char *end = *at < length ? memchr(text + *at, '\n', length - *at) : NULL;
    if (end == NULL) {
        return -1;
    }
    long number = atol(text + *at + 1);
    *at = (size_t)(end - text) + 1;
    return number;
}

/* Bytes of the command at the front, 0 when it is not whole. */
static size_t command_length(const char *text, size_t length)
{
    size_t at = 0;
    long words = read_line(text, length, &at);
    for (long i = 0; i < words; i++) {
        long size = read_line(text, length, &at);
        if (size < 0) {
            return 0;
        }
        at += (size_t)size + 2;
    }
    return words >= 0 && at <= length ? at : 0;
}

static void say(int fd, const char *reply)
{
    size_t piece = server.in_pieces ? 1 : strlen(reply);
    for (size_t at = 0; at < strlen(reply); at += piece) {
        CHECK(send(fd, reply + at, piece, MSG_NOSIGNAL) == (ssize_t)piece);
    }
}

static void serve(int fd, const char *const *replies, int *commands)
{
    char text[40000];
    size_t length = 0, whole;
    ssize_t got;
    bool is_silent = false;
    while ((got = recv(fd, text + length, sizeof text - length, 0)) > 0) {
        length += (size_t)got;
        while ((whole = command_length(text, length)) > 0) {
            length -= whole;
            memmove(text, text + whole, length);
            *commands -= is_endless && *commands == MAX_REPLIES;
            CHECK(*commands < MAX_REPLIES);
            const char *reply = replies[(*commands)++];
            CHECK(reply != NULL || is_silent);
            is_silent = is_silent || reply == silence;
            if (reply == hang_up) {
                return;
            } else if (!is_silent) {
                say(fd, reply);
            }
        }
    }
}

static void *run_server(void *unused)
{
    (void)unused;
    for (int fd; (fd = accept(server.fd, NULL, NULL)) >= 0;) {
        int number = server.connections++;
        CHECK(number < MAX_CONNECTIONS && server.script->replies[number][0] != NULL);
        serve(fd, server.script->replies[number], &server.commands[number]);
        close(fd);
    }
    return NULL;
}

static void start_server_that(const struct script *script, bool in_pieces)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    memset(&server, 0, sizeof server);
    server.script = script;
    server.in_pieces = in_pieces;
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(server.fd >= 0 && bind(server.fd, (struct sockaddr *)&address, size) == 0);
    CHECK(listen(server.fd, 5) == 0);
    CHECK(getsockname(server.fd, (struct sockaddr *)&address, &size) == 0);
    server.port = ntohs(address.sin_port);
    CHECK(pthread_create(&server.thread, NULL, run_server, NULL) == 0);
}

static void start_server(const struct script *script)
{
    start_server_that(script, false);
}

/* The store has been closed, and so have the connections. */
static void stop_server(void)
{
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
}

static const char *password; /* NULL: none */
static const char *owner;    /* of an inbox; NULL: none */

static struct slk_storage_backend *open_store(unsigned port, int64_t timeout)
{
    struct slk_error err;
    struct slk_net_options *net =
        slk_net_options_create(&(struct slk_net_settings){.proxy = ""}, &err);
    CHECK(net != NULL);
    struct slk_redis_settings settings = {
        .address = {.host = "127.0.0.1", .port = port},
        .credentials = {.password = password},
        .prefix = {"x:", 2},
        .timeout = timeout,
        .inbox = {.owner = owner, .lease = SLK_SECONDS(30), .max_entries = 10},
        .net = net,
    };
    struct slk_storage_backend *store = slk_redis_open(&settings, &err);
    CHECK(store != NULL);
    slk_net_options_release(net);
    return store;
}

static struct slk_storage_job *new_job(enum slk_storage_operation operation, int64_t submitted_at)
{
    struct slk_storage_request request = {
        .operation = operation,
        .expires_at = SLK_STORAGE_KEPT,
        .key = {"key", 3},
        .value = {"\"xoxb-secret\"", 13},
        .by = 1,
    };
    struct slk_storage_job *job = slk_storage_job_create(&request, 1, 1);
    CHECK(job != NULL);
    job->submitted_at = submitted_at;
    return job;
}

/* Links jobs of these operations, submitted now. */
static void make_batch(const enum slk_storage_operation *operations, size_t count,
                       struct slk_storage_job **jobs)
{
    for (size_t i = 0; i < count; i++) {
        jobs[i] = new_job(operations[i], slk_clock_now());
        if (i > 0) {
            jobs[i - 1]->message.next = &jobs[i]->message;
        }
    }
}

static void check_failed(struct slk_storage_job *job, const char *code, const char *words)
{
    CHECK(job->outcome == SLK_STORED_FAILED && strcmp(job->code, code) == 0);
    CHECK(memmem(job->text.data, job->text.length, words, strlen(words)) != NULL);
    CHECK(memmem(job->text.data, job->text.length, "xoxb", 4) == NULL);
    slk_storage_job_destroy(job);
}

static void check_outcome(struct slk_storage_job *job, enum slk_storage_outcome outcome)
{
    CHECK(job->outcome == outcome);
    slk_storage_job_destroy(job);
}

static void what_may_have_been_done_is_not_done_again(void)
{
    static const struct script script = {{{LOGIN, NIL, hang_up}, {LOGIN, "$1\r\n5\r\n"}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    struct slk_storage_job *jobs[4];
    make_batch((enum slk_storage_operation[]){SLK_STORAGE_GET, SLK_STORAGE_INCR, SLK_STORAGE_GET,
                                              SLK_STORAGE_SET},
               4, jobs);
    CHECK(store->run(store, jobs[0]) == NULL);
    check_outcome(jobs[0], SLK_STORED_NOTHING);
    check_failed(jobs[1], "unknown_outcome", "whether this was done is not known");
    CHECK(jobs[2]->text.length == 1 && jobs[2]->text.data[0] == '5');
    check_outcome(jobs[2], SLK_STORED_TEXT);
    check_failed(jobs[3], "unknown_outcome", "the connection broke");
    store->close(store);
    stop_server();
    CHECK(server.connections == 2 && server.commands[1] == 4 + 1);
}

static struct slk_storage_job *new_page(int64_t by)
{
    struct slk_storage_job *job = new_job(SLK_STORAGE_SCAN, slk_clock_now());
    job->request.by = by;
    return job;
}

static void check_list(struct slk_storage_job *job, const char *const *expected)
{
    struct slk_text entry;
    size_t offset = 0;
    for (; *expected != NULL; expected++) {
        CHECK(slk_storage_job_read(job, &offset, &entry) && slk_text_is(entry, *expected));
    }
    CHECK(!slk_storage_job_read(job, &offset, &entry));
    check_outcome(job, SLK_STORED_LIST);
}

static void keys_that_are_cut_off_are_asked_for_anew(void)
{
    static const struct script script = {
        {{LOGIN, "*2\r\n$1\r\n7\r\n*0\r\n", hang_up},
         {LOGIN, "*2\r\n$1\r\n7\r\n*0\r\n",
          "*2\r\n$1\r\n0\r\n*3\r\n$3\r\nx:b\r\n$3\r\nx:a\r\n$3\r\nx:b\r\n"}}};
    start_server_that(&script, true);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    struct slk_storage_job *job = new_page(-1);
    CHECK(store->run(store, job) == NULL);
    check_list(job, (const char *const[]){"a", "", "b", "", "", NULL});
    store->close(store);
    stop_server();
}

static void a_list_of_what_was_not_asked_for_is_none(void)
{
    static const struct script script = {
        {{LOGIN, "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nx\r\n",
          "*2\r\n$1\r\n0\r\n*2\r\n$3\r\nx:b\r\n$-1\r\n", "*2\r\n$1\r\n0\r\n*1\r\n$3\r\ny:b\r\n"}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    for (int i = 0; i < 3; i++) {
        struct slk_storage_job *job = new_page(-1);
        CHECK(store->run(store, job) == NULL);
        check_failed(job, "storage", "an answer to SCAN that is none");
    }
    store->close(store);
    stop_server();
}

static void a_page_that_is_cut_off_is_asked_for_anew(void)
{
    static const struct script script = {
        {{LOGIN, "*2\r\n$1\r\n7\r\n*1\r\n$3\r\nx:b\r\n", hang_up},
         {LOGIN, "*2\r\n$1\r\n7\r\n*0\r\n",
          "*2\r\n$2\r\n12\r\n*3\r\n$3\r\nx:b\r\n$3\r\nx:a\r\n$3\r\nx:b\r\n",
          "*2\r\n$1\r\n1\r\n$-1\r\n"}}};
    start_server_that(&script, true);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    struct slk_storage_job *job = new_page(1);
    CHECK(store->run(store, job) == NULL);
    check_list(job, (const char *const[]){"a", "1", "12", NULL}); /* b has gone meanwhile */
    store->close(store);
    stop_server();
}

/* Of one step: INCR. */
static struct slk_storage_job *new_steps(void)
{
    struct slk_storage_job *job = new_job(SLK_STORAGE_BATCH, slk_clock_now());
    static char packed[64];
    int64_t numbers[] = {SLK_STORAGE_KEPT, 1};
    size_t length = 3, none = 0;
    packed[0] = 'i';
    memcpy(packed + 1, numbers, sizeof numbers);
    memcpy(packed + 17, &length, sizeof length);
    memcpy(packed + 25, "key", 3);
    memcpy(packed + 28, &none, sizeof none);
    job->request.value = (struct slk_text){packed, 36};
    return job;
}

static void what_is_no_answer_to_a_batch_fails_it(void)
{
    static const struct script script = {
        {{LOGIN, "*1\r\n:1\r\n", "+OK\r\n", "*0\r\n", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n",
          "*2\r\n:1\r\n$43\r\nERR value is not an integer or out of range\r\n", "*1\r\n$1\r\n5\r\n",
          hang_up}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    for (int i = 0; i < 4; i++) {
        struct slk_storage_job *job = new_steps();
        CHECK(store->run(store, job) == NULL);
        check_failed(job, "storage", "an answer to a batch that is none");
    }
    struct slk_storage_job *job = new_steps();
    CHECK(store->run(store, job) == NULL);
    check_failed(job, "not_an_integer", "step 1 of the batch: what is stored there");
    job = new_steps();
    CHECK(store->run(store, job) == NULL);
    CHECK(job->text.length == sizeof(size_t) + 1 && job->text.data[sizeof(size_t)] == '5');
    check_outcome(job, SLK_STORED_LIST);
    job = new_steps();
    CHECK(store->run(store, job) == NULL);
    check_failed(job, "unknown_outcome", "whether this was done is not known");
    store->close(store);
    stop_server();
}

static void a_server_that_loads_its_data_is_waited_for(void)
{
    static const struct script script = {
        {{"+OK\r\n", "-LOADING Redis is loading the dataset in memory\r\n", "+OK\r\n",
          "$6\r\nredis!\r\n"},
         {"+OK\r\n", "-NOPERM this user has no permissions to run the 'ping' command\r\n",
          "-NOPERM\r\n", "-NOPERM\r\n", "+OK\r\n"}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    struct slk_storage_job *job = new_job(SLK_STORAGE_SET, slk_clock_now());
    CHECK(store->run(store, job) == NULL);
    check_outcome(job, SLK_STORED_TRUE);
    store->close(store);
    stop_server();
}

static void a_password_that_comes_back_is_not_told(void)
{
    static const struct script script = {
        {{"-ERR bad request: AUTH xoxb-1\r\n", "+OK\r\n", "+PONG\r\n", "+OK\r\n", "+OK\r\n"}}};
    password = "xoxb-1";
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    struct slk_storage_job *job = new_job(SLK_STORAGE_GET, slk_clock_now());
    CHECK(store->run(store, job) == NULL);
    check_failed(job, "denied", "does not take the user and password");
    store->close(store);
    stop_server();
    password = NULL;
}

static void a_name_that_led_to_a_replica_is_looked_up_again(void)
{
    static const struct script script = {
        {{LOGIN, "-READONLY You can't write against a read only replica.\r\n"},
         {LOGIN, "+OK\r\n"}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    struct slk_storage_job *job = new_job(SLK_STORAGE_SET, slk_clock_now());
    CHECK(store->run(store, job) == NULL);
    check_failed(job, "read_only", "is a replica that takes no writes");
    job = new_job(SLK_STORAGE_SET, slk_clock_now());
    CHECK(store->run(store, job) == NULL);
    check_outcome(job, SLK_STORED_TRUE);
    store->close(store);
    stop_server();
}

static void what_was_read_for_too_long_is_not_asked_again(void)
{
    static const struct script script = {{{LOGIN, silence}, {LOGIN, silence}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_MS(500));
    for (int i = 0; i < 2; i++) {
        struct slk_storage_job *job =
            new_job(i == 0 ? SLK_STORAGE_GET : SLK_STORAGE_SCAN, slk_clock_now());
        CHECK(store->run(store, job) == NULL);
        check_failed(job, "timeout", "no answer for 0.5 s");
    }
    store->close(store);
    stop_server();
    CHECK(server.connections == 2 && server.commands[1] == 4 + 1);
}

static void an_echo_is_no_redis(void)
{
    static const struct script script = {
        {{"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", "*1\r\n$4\r\nPING\r\n", "*0\r\n", "*0\r\n"},
         {LOGIN, NIL}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    struct slk_storage_job *job = new_job(SLK_STORAGE_GET, slk_clock_now());
    CHECK(store->run(store, job) == NULL);
    check_outcome(job, SLK_STORED_NOTHING);
    store->close(store);
    stop_server();
    CHECK(server.connections == 2);
}

static void what_is_no_redis_is_not_asked_again(void)
{
    static const struct script script = {{{"HTTP/1.1 400 Bad Request\r\n", silence}}};
    start_server(&script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    for (int i = 0; i < 2; i++) {
        struct slk_storage_job *job = new_job(SLK_STORAGE_GET, slk_clock_now());
        CHECK(store->run(store, job) == NULL);
        check_failed(job, "protocol", "is no Redis server");
    }
    store->close(store);
    stop_server();
    CHECK(server.connections == 1);
}

/* A port that nobody listens on. */
static unsigned dead_port(void)
{
    static const struct script script = {{{NULL}}};
    start_server(&script);
    stop_server();
    return server.port;
}

static void each_fails_when_its_own_time_is_over(void)
{
    struct slk_storage_backend *store = open_store(dead_port(), SLK_SECONDS(60));
    struct slk_storage_job *jobs[3];
    make_batch((enum slk_storage_operation[]){SLK_STORAGE_SET, SLK_STORAGE_GET, SLK_STORAGE_SET}, 3,
               jobs);
    jobs[0]->submitted_at -= SLK_SECONDS(60) - SLK_MS(20);
    jobs[1]->submitted_at -= SLK_SECONDS(60) - SLK_MS(20);
    CHECK(store->run(store, jobs[0]) == jobs[2]);
    CHECK(jobs[2]->outcome == SLK_STORED_PENDING);
    check_failed(jobs[0], "connection", "no connection");
    check_failed(jobs[1], "connection", "no connection");
    atomic_store(&store->hurry_at, slk_clock_now());
    CHECK(store->run(store, jobs[2]) == NULL);
    check_failed(jobs[2], "connection", "no connection");
    store->close(store);
}

static void *hurry(void *context)
{
    struct slk_storage_backend *store = context;
    usleep(20000);
    atomic_store(&store->hurry_at, slk_clock_now());
    store->hurry(store);
    return NULL;
}

static void run_hurried(const struct script *script, const char *code)
{
    pthread_t thread;
    start_server(script);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(3600));
    struct slk_storage_job *jobs[2];
    make_batch((enum slk_storage_operation[]){SLK_STORAGE_SET, SLK_STORAGE_GET}, 2, jobs);
    CHECK(pthread_create(&thread, NULL, hurry, store) == 0);
    CHECK(store->run(store, jobs[0]) == NULL);
    pthread_join(thread, NULL);
    check_failed(jobs[0], code, "no answer");
    check_failed(jobs[1], "timeout", "no answer");
    store->close(store);
    stop_server();
}

static void closing_ends_the_wait_for_an_answer(void)
{
    static const struct script login = {{{silence}}}, reply = {{{LOGIN, silence}}};
    run_hurried(&login, "timeout");
    run_hurried(&reply, "unknown_outcome");
}

/* Runs the job by what the server says after the login, and ends both. */
static void run_inbox(const struct script *script, struct slk_storage_job *job, bool in_pieces)
{
    owner = "me";
    start_server_that(script, in_pieces);
    struct slk_storage_backend *store = open_store(server.port, SLK_SECONDS(60));
    CHECK(store->run(store, job) == NULL);
    store->close(store);
    stop_server();
    owner = NULL;
}

static struct slk_storage_job *new_inbox_job(enum slk_storage_operation operation)
{
    struct slk_storage_job *job = new_job(operation, slk_clock_now());
    job->request.limit = 10;
    return job;
}

static void an_inbox_is_refused_by_an_old_server(void)
{
    static const struct script script = {
        {{"+OK\r\n", "+PONG\r\n", "+OK\r\n", "$20\r\nredis_version:6.0.16\r\n"}}};
    struct slk_storage_job *put = new_inbox_job(SLK_INBOX_PUT);
    run_inbox(&script, put, false);
    check_failed(put, "unsupported", "is Redis 6.0: an inbox needs 6.2 or newer");
    struct slk_storage_job *claim = new_inbox_job(SLK_INBOX_CLAIM);
    run_inbox(&script, claim, false);
    check_failed(claim, "unsupported", "is Redis 6.0");
}

static void what_is_put_is_put_again_when_the_answer_is_lost(void)
{
    static const struct script script = {
        {{LOGIN, hang_up}, {LOGIN, "-NOSCRIPT No matching script.\r\n", ":1\r\n"}}};
    struct slk_storage_job *put = new_inbox_job(SLK_INBOX_PUT);
    run_inbox(&script, put, true);
    check_outcome(put, SLK_STORED_TRUE);
    CHECK(server.connections == 2 && server.commands[1] == 4 + 2);
}

#define TENDED "*6\r\n:1000\r\n:-1\r\n:0\r\n*0\r\n:0\r\n"
#define TIME   "*2\r\n$1\r\n2\r\n$1\r\n0\r\n"
#define ENTRY  "$3\r\n1-0\r\n*4\r\n$1\r\nk\r\n$2\r\nk1\r\n$1\r\nb\r\n$4\r\nbody\r\n"

static void check_claimed(struct slk_storage_job *job, size_t count)
{
    static const char *const expected[] = {"1-0", "k1", "", "body", "0", "again", "0"};
    struct slk_text text;
    size_t offset = 0, i = 0;
    CHECK(job->outcome == SLK_STORED_LIST);
    for (; slk_storage_job_read(job, &offset, &text); i++) {
        CHECK(i < 7 && (slk_text_is(text, expected[i]) || i == 5));
    }
    CHECK(i == 7 * count);
    slk_storage_job_destroy(job);
}

static void a_claim_has_what_the_server_found_and_what_is_new(void)
{
    static const struct script new = {
        {{LOGIN, TENDED "*0\r\n", "*1\r\n*2\r\n$13\r\nx:inbox:queue\r\n*1\r\n*2\r\n" ENTRY, TIME}}};
    struct slk_storage_job *job = new_inbox_job(SLK_INBOX_CLAIM);
    run_inbox(&new, job, true);
    check_claimed(job, 1);
    static const struct script found = {
        {{LOGIN, TENDED "*1\r\n*3\r\n" ENTRY "$5\r\nagain\r\n", NIL, TIME}}};
    job = new_inbox_job(SLK_INBOX_CLAIM);
    run_inbox(&found, job, true);
    check_claimed(job, 1);
}

static void a_claim_is_begun_anew_when_an_answer_is_lost(void)
{
    static const struct script script = {
        {{LOGIN, TENDED "*0\r\n", hang_up},
         {LOGIN, TENDED "*1\r\n*3\r\n" ENTRY "$0\r\n\r\n", hang_up}}};
    struct slk_storage_job *job = new_inbox_job(SLK_INBOX_CLAIM);
    run_inbox(&script, job, false);
    check_claimed(job, 1);
    CHECK(server.connections == 2);
}

static void a_claim_that_is_answered_with_something_else_fails(void)
{
    static const struct script odd[] = {
        {{{LOGIN, "+OK\r\n"}}},
        {{{LOGIN, TENDED "*0\r\n", "-NOGROUP No such key\r\n", TIME, TENDED "*0\r\n",
           "-NOGROUP No such key\r\n", TIME}}},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct slk_storage_job *job = new_inbox_job(SLK_INBOX_CLAIM);
        run_inbox(&odd[i], job, false);
        check_failed(job, "storage", i == 0 ? "an answer to a claim that is none" : "NOGROUP");
    }
    static const struct script empty = {
        {{LOGIN, TENDED "*3\r\n+x\r\n*1\r\n:1\r\n*3\r\n:1\r\n*0\r\n$-1\r\n",
          "*2\r\n*1\r\n:1\r\n*2\r\n$1\r\nx\r\n*2\r\n*2\r\n:1\r\n:2\r\n$1\r\nx\r\n", "+x\r\n"}}};
    struct slk_storage_job *job = new_inbox_job(SLK_INBOX_CLAIM);
    run_inbox(&empty, job, false);
    check_claimed(job, 0);
}

static void what_is_no_answer_to_an_inbox_fails_it(void)
{
    static const struct {
        enum slk_storage_operation operation;
        struct script script;
    } odd[] = {
        {SLK_INBOX_PUT, {{{LOGIN, NIL}}}},        {SLK_INBOX_PUT, {{{LOGIN, "+OK\r\n"}}}},
        {SLK_INBOX_PUT, {{{LOGIN, "*0\r\n"}}}},   {SLK_INBOX_PUT, {{{LOGIN, "$1\r\n1\r\n"}}}},
        {SLK_INBOX_DONE, {{{LOGIN, "+OK\r\n"}}}}, {SLK_INBOX_FAIL, {{{LOGIN, ":1\r\n"}}}},
        {SLK_INBOX_STATS, {{{LOGIN, NIL}}}},      {SLK_INBOX_LIST, {{{LOGIN, ":1\r\n"}}}},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct slk_storage_job *job = new_inbox_job(odd[i].operation);
        run_inbox(&odd[i].script, job, false);
        check_failed(job, "storage", "an answer to an inbox that is none");
    }
}

static void a_server_that_never_has_a_script_is_not_asked_for_ever(void)
{
    static const char *const said = "-NOSCRIPT No matching script.\r\n";
    static const enum slk_storage_operation operations[] = {SLK_INBOX_PUT, SLK_INBOX_CLAIM};
    for (int i = 0; i < 2; i++) {
        struct script script = {{{LOGIN}}};
        for (int j = 4; j < MAX_REPLIES; j++) {
            script.replies[0][j] = said;
        }
        is_endless = true;
        struct slk_storage_job *job = new_inbox_job(operations[i]);
        run_inbox(&script, job, false);
        is_endless = false;
        check_failed(job, "storage", "NOSCRIPT");
    }
}

static void errors_have_codes(void)
{
    static const char *const cases[][2] = {
        {"OOM command not allowed when used memory > 'maxmemory'.", "memory_full"},
        {"ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed when "
         "used memory > 'maxmemory'.",
         "memory_full"},
        {"MISCONF Redis is configured to save RDB snapshots, but …", "disk_full"},
        {"BUSY Redis is busy running a script.", "busy"},
        {"MASTERDOWN Link with MASTER is down", "busy"},
        {"NOREPLICAS Not enough good replicas to write.", "busy"},
        {"ERR max number of clients reached", "busy"},
        {"NOAUTH Authentication required.", "denied"},
        {"ERR invalid password", "denied"},
        {"ERR Client sent AUTH, but no password is set", "denied"},
        {"ERR wrong number of arguments for 'auth' command", "denied"},
        {"DENIED Redis is running in protected mode", "denied"},
        {"MOVED 3999 127.0.0.1:6381", "cluster"},
        {"ERR SELECT is not allowed in cluster mode", "cluster"},
        {"ERR DB index is out of range", "database"},
        {"WRONGTYPE Operation against a key", "foreign"},
        {"ERR unknown command 'EVAL', with args beginning with: 'xoxb'", "storage"},
        {"ERR of tomorrow", "storage"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slk_error err;
        CHECK(strcmp(slk_redis_explain("Redis at h:1", cases[i][0], &err), cases[i][1]) == 0);
        CHECK(strcmp(slk_redis_code(&err), cases[i][1]) == 0);
        CHECK(strncmp(err.text, "Redis at h:1 ", 13) == 0 && strstr(err.text, "xoxb") == NULL);
    }
}

int main(void)
{
    what_may_have_been_done_is_not_done_again();
    keys_that_are_cut_off_are_asked_for_anew();
    a_list_of_what_was_not_asked_for_is_none();
    a_page_that_is_cut_off_is_asked_for_anew();
    what_is_no_answer_to_a_batch_fails_it();
    a_server_that_loads_its_data_is_waited_for();
    a_password_that_comes_back_is_not_told();
    a_name_that_led_to_a_replica_is_looked_up_again();
    what_was_read_for_too_long_is_not_asked_again();
    an_echo_is_no_redis();
    what_is_no_redis_is_not_asked_again();
    each_fails_when_its_own_time_is_over();
    closing_ends_the_wait_for_an_answer();
    an_inbox_is_refused_by_an_old_server();
    what_is_put_is_put_again_when_the_answer_is_lost();
    a_claim_has_what_the_server_found_and_what_is_new();
    a_claim_is_begun_anew_when_an_answer_is_lost();
    a_claim_that_is_answered_with_something_else_fails();
    what_is_no_answer_to_an_inbox_fails_it();
    a_server_that_never_has_a_script_is_not_asked_for_ever();
    errors_have_codes();
    return 0;
}
