/* Whether the peer of a connection is alive, in made-up time: a WebSocket of this program with
 * itself, whose other end does what the test says. Real time is in
 * spec/socket_mode_connection_spec.lua. */
#include "socket_mode_connection.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "wire_client.h"

#define START    SLK_SECONDS(1000)
#define INTERVAL SLK_SECONDS(SLK_PING_INTERVAL)
#define TIMEOUT  SLK_SECONDS(SLK_PONG_TIMEOUT)

static const struct slk_socket_mode_settings SETTINGS = {.ping_interval = INTERVAL,
                                                         .pong_timeout = TIMEOUT};

static struct fixture {
    struct slk_mailbox *notices, *events;
    struct slk_intake intake;
    struct slk_socket_mode_stats counters;
    struct slk_net_options *net;
    struct slk_socket_protocol protocol;
    struct slk_sm_connection *connection;
    CURLM *multi;
    int peer;
    int64_t now, next;
    struct slk_error err;
    char buffer[SLK_READ_BUFFER];
} it;

static enum slk_intake_result take_nothing(struct slk_intake *intake, uint64_t connection,
                                           struct slk_ws_connection *ack_to, const char *text,
                                           size_t length, struct slk_socket_news *news)
{
    (void)intake, (void)connection, (void)ack_to, (void)text, (void)length, (void)news;
    return SLK_INTAKE_IGNORED;
}

/* -- The other end ------------------------------------------------------------ */

/* One that takes little before it is full. */
static int listen_somewhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), room = 4096;
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0);
    CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void say(const void *bytes, size_t length)
{
    CHECK(send(it.peer, bytes, length, MSG_NOSIGNAL) == (ssize_t)length);
}

static void accept_upgrade(void)
{
    char request[2048], text[128], answer[256];
    unsigned char digest[EVP_MAX_MD_SIZE], accept[64];
    size_t length = 0;
    do {
        ssize_t got = recv(it.peer, request + length, sizeof request - 1 - length, 0);
        CHECK(got > 0);
        length += (size_t)got;
        request[length] = '\0';
    } while (strstr(request, "\r\n\r\n") == NULL);
    const char *key = strstr(request, "Sec-WebSocket-Key: ");
    CHECK(key != NULL);
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
    CHECK(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL) == 1);
    EVP_EncodeBlock(accept, digest, 20);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             accept);
    say(answer, strlen(answer));
}

static void send_text(void)
{
    say("\x81\x02{}", 4);
}

static void send_pong(void)
{
    say("\x8A\x00", 2);
}

static void take_all(void)
{
    static char bytes[65536];
    while (recv(it.peer, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
    }
}

/* -- This end ----------------------------------------------------------------- */

static void await_connected(void)
{
    for (;;) {
        int running, left;
        CHECK(curl_multi_perform(it.multi, &running) == CURLM_OK);
        CURLMsg *message = curl_multi_info_read(it.multi, &left);
        if (message != NULL) {
            CHECK(message->msg == CURLMSG_DONE && message->data.result == CURLE_OK);
            CHECK(slk_ws_connection_connected(it.connection->ws, CURLE_OK, &it.err) == SLK_OK);
            return;
        }
        curl_multi_poll(it.multi, NULL, 0, 10, NULL);
    }
}

/* What the peer has sent is there before, as both ends are of this machine. */
static void read_at(int64_t now)
{
    struct pollfd wanted = {.fd = slk_ws_connection_fd(it.connection->ws), .events = POLLIN};
    CHECK(poll(&wanted, 1, 60000) == 1);
    it.intake.now = it.now = now;
    CHECK(slk_sm_connection_read(it.connection, &it.intake, it.connection->ws, it.buffer,
                                 &it.err) == SLK_OK);
}

/* As the keeper's tick: then what there is to send goes. */
static int live_at(int64_t now)
{
    it.next = SLK_NEVER;
    it.now = now;
    int status =
        slk_sm_connection_check_life(it.connection, &SETTINGS, now, false, &it.next, &it.err);
    CHECK(status != SLK_OK || it.next >= now);
    CHECK(slk_sm_connection_flush(it.connection, now, &it.err) == SLK_OK);
    return status;
}

static bool is_dead(const char *why)
{
    return strcmp(it.err.code, "timeout") == 0 && strstr(it.err.text, why) != NULL;
}

static void set_up(void)
{
    static const struct slk_net_settings direct = {.proxy = ""};
    int port, listener = listen_somewhere(&port);
    char url[64];
    memset(&it, 0, sizeof it);
    snprintf(url, sizeof url, "ws://127.0.0.1:%d/link/", port);
    it.notices = slk_mailbox_create(0, 0);
    it.events = slk_mailbox_create(0, 0);
    it.net = slk_net_options_create(&direct, &it.err);
    it.multi = curl_multi_init();
    slk_intake_init(&it.intake, NULL, it.notices, it.events, NULL, "socket_mode", 1, 0,
                    &it.counters);
    it.protocol = *slk_socket_mode_protocol();
    it.protocol.take = take_nothing;
    it.connection = slk_sm_connection_create(&it.protocol, 1, 0, &it.counters);
    it.connection->ws =
        slk_ws_connection_create(it.multi, it.net, url, 1 << 20, false, it.connection, &it.err);
    CHECK(it.connection->ws != NULL);
    await_connected();
    int room = 4096;
    CHECK(setsockopt(slk_ws_connection_fd(it.connection->ws), SOL_SOCKET, SO_SNDBUF, &room,
                     sizeof room) == 0);
    it.peer = accept(listener, NULL, NULL);
    CHECK(it.peer >= 0);
    close(listener);
    accept_upgrade();
    read_at(START);
    CHECK(slk_ws_connection_is_open(it.connection->ws));
    it.connection->state = SLK_CONNECTION_READY;
    it.connection->ready_at = it.connection->last_input = START;
}

static void tear_down(void)
{
    slk_sm_connection_destroy(it.connection);
    close(it.peer);
    curl_multi_cleanup(it.multi);
    slk_net_options_release(it.net);
    slk_mailbox_close(it.notices);
    slk_mailbox_close(it.events);
    slk_mailbox_release(it.notices);
    slk_mailbox_release(it.events);
}

static bool is_writable(int milliseconds)
{
    struct pollfd wanted = {.fd = slk_ws_connection_fd(it.connection->ws), .events = POLLOUT};
    return poll(&wanted, 1, milliseconds) == 1;
}

/* Until the line takes no more: what the kernel has on its way makes room for a little yet. */
static void fill_at(int64_t now)
{
    static const char text[60000];
    size_t before = 0, pending = 0;
    for (int calm = 0; calm < 5; calm = pending == before ? calm + 1 : 0) {
        before = pending;
        if (pending < sizeof text) {
            CHECK(slk_sm_connection_send(it.connection, text, sizeof text, false, now) == SLK_OK);
        }
        is_writable(10);
        CHECK(slk_sm_connection_flush(it.connection, now, &it.err) == SLK_OK);
        pending = slk_ws_connection_pending(it.connection->ws);
    }
    CHECK(it.connection->stalled_since == now);
}

/* The peer takes what it gets, until no more than so much waits here. */
static void drain_at(int64_t now, size_t most)
{
    for (int tries = 0; slk_ws_connection_pending(it.connection->ws) > most; tries++) {
        CHECK(tries < 10000);
        take_all();
        is_writable(100);
        CHECK(slk_sm_connection_flush(it.connection, now, &it.err) == SLK_OK);
    }
}

/* -- What the line takes -------------------------------------------------------- */

static void gives_up_who_takes_nothing_though_he_sends(void)
{
    set_up();
    fill_at(START);
    for (int64_t at = START; at < START + INTERVAL + TIMEOUT; at += SLK_MS(500)) {
        send_text();
        read_at(at);
        CHECK(live_at(at) == SLK_OK);
        CHECK(it.next == START + INTERVAL + TIMEOUT);
    }
    CHECK(live_at(START + INTERVAL + TIMEOUT - 1) == SLK_OK);
    CHECK(live_at(START + INTERVAL + TIMEOUT) == SLK_CLOSED);
    CHECK(is_dead("Slack has read nothing for 4000 ms"));
    CHECK(it.counters.pings_sent == 0);
    tear_down();
}

static void waits_anew_where_the_line_has_moved(void)
{
    set_up();
    fill_at(START);
    int64_t at = START;
    for (int i = 0; i < 3; i++) { /* longer than either time, in all */
        at += INTERVAL + TIMEOUT - 1;
        CHECK(live_at(at) == SLK_OK);
        drain_at(at, slk_ws_connection_pending(it.connection->ws) - 1);
        fill_at(at);
        CHECK(it.connection->stalled_since == at);
    }
    CHECK(live_at(at + INTERVAL + TIMEOUT) == SLK_CLOSED);
    tear_down();
}

static void counts_the_time_of_a_ping_from_when_it_has_left(void)
{
    set_up();
    fill_at(START);
    it.connection->last_ping = START; /* it waits with the rest */
    drain_at(START + SLK_SECONDS(3), 0);
    CHECK(live_at(START + SLK_SECONDS(5)) == SLK_OK);
    CHECK(it.next == START + SLK_SECONDS(3) + TIMEOUT);
    tear_down();
}

/* -- Silence ------------------------------------------------------------------ */

static void gives_up_who_falls_silent_after_a_ping(void)
{
    set_up();
    CHECK(live_at(START + INTERVAL - 1) == SLK_OK);
    CHECK(it.counters.pings_sent == 0 && it.next == START + INTERVAL);
    CHECK(live_at(START + INTERVAL) == SLK_OK);
    CHECK(it.counters.pings_sent == 1 && it.next <= START + INTERVAL + TIMEOUT);
    CHECK(live_at(START + INTERVAL + TIMEOUT - 1) == SLK_OK);
    CHECK(it.counters.pings_sent == 1 && it.next == START + INTERVAL + TIMEOUT);
    CHECK(live_at(START + INTERVAL + TIMEOUT) == SLK_OK); /* one more look */
    CHECK(it.connection->more && it.next == it.now);
    CHECK(live_at(START + INTERVAL + TIMEOUT) == SLK_CLOSED);
    CHECK(is_dead("Slack has been silent for 4000 ms and answers no ping"));
    CHECK(INTERVAL + TIMEOUT < SLK_SECONDS(5));
    tear_down();
}

static void takes_an_answer_that_was_there_all_the_time(void)
{
    set_up();
    CHECK(live_at(START + INTERVAL) == SLK_OK);
    send_pong();
    CHECK(live_at(START + SLK_SECONDS(600)) == SLK_OK); /* it has slept */
    read_at(START + SLK_SECONDS(600));
    CHECK(live_at(START + SLK_SECONDS(600)) == SLK_OK);
    CHECK(it.next == START + SLK_SECONDS(600) + INTERVAL);
    tear_down();
}

/* -- Answers ------------------------------------------------------------------ */

/* Something comes ten times a second, so that silence is none. 0, or when it is given up. */
static int64_t live_with_texts(int64_t from, int64_t until, bool answers)
{
    for (int64_t at = from; at <= until; at += SLK_MS(100)) {
        send_text();
        if (answers && it.connection->unanswered_ping != 0) {
            send_pong();
        }
        read_at(at);
        if (live_at(at) != SLK_OK) {
            return at;
        }
    }
    return 0;
}

static void asks_who_sends_now_and_then_and_stays_with_who_answers(void)
{
    set_up();
    CHECK(live_with_texts(START, START + SLK_SECONDS(60), true) == 0);
    uint64_t pings = it.counters.pings_sent;
    CHECK(pings >= 20 && pings <= 31); /* two intervals after each answer */
    tear_down();
}

static void gives_up_who_has_answered_and_answers_no_more(void)
{
    set_up();
    CHECK(live_with_texts(START, START + SLK_SECONDS(10), true) == 0);
    int64_t pong = it.connection->last_pong, before = it.counters.last_frame;
    int64_t end = live_with_texts(before + SLK_MS(500), START + SLK_SECONDS(60), false);
    CHECK(is_dead("Slack sends, but has answered no ping for"));
    CHECK(end >= pong + 2 * INTERVAL + TIMEOUT);
    CHECK(end <= pong + SLK_SECONDS(6));
    tear_down();
}

/* He may be slow to begin with: no answer tells yet how long one takes. */
static void gives_who_has_never_answered_ten_times_as_long(void)
{
    set_up();
    int64_t end = live_with_texts(START, START + SLK_SECONDS(60), false);
    CHECK(is_dead("Slack sends, but has answered no ping for"));
    CHECK(end >= START + 2 * INTERVAL + 10 * TIMEOUT);
    CHECK(end <= START + 2 * INTERVAL + 10 * TIMEOUT + SLK_SECONDS(1));
    tear_down();
}

/* On a line that is full answers come later and later, and come. */
static void waits_as_long_as_the_last_answer_took_twice_over(void)
{
    set_up();
    CHECK(live_with_texts(START, START + 2 * INTERVAL, false) == 0);
    CHECK(it.connection->unanswered_ping == START + 2 * INTERVAL);
    int64_t at = START + 2 * INTERVAL + SLK_SECONDS(2);
    send_pong();
    read_at(at);
    CHECK(it.connection->round_trip == SLK_SECONDS(2));
    CHECK(live_with_texts(at, at + 2 * INTERVAL, false) == 0);
    int64_t ping = it.connection->unanswered_ping;
    CHECK(ping == at + 2 * INTERVAL);
    int64_t end = live_with_texts(ping + SLK_MS(500), ping + SLK_SECONDS(60), false);
    CHECK(end == ping + TIMEOUT + SLK_SECONDS(4));
    tear_down();
}

static void passes_no_verdict_before_all_that_came_is_read(void)
{
    set_up();
    CHECK(live_with_texts(START, START + SLK_SECONDS(4), true) == 0);
    int64_t ping = it.connection->unanswered_ping;
    if (ping == 0) {
        CHECK(live_with_texts(START + SLK_MS(4500), START + SLK_MS(6500), false) == 0);
        ping = it.connection->unanswered_ping;
    }
    CHECK(ping != 0);
    send_text();
    send_pong();
    int64_t at = ping + SLK_SECONDS(30);
    it.connection->last_input = at; /* as of a buffer that was full */
    it.connection->last_ping = 0;
    CHECK(live_at(at) == SLK_OK && it.connection->more && it.next == at);
    read_at(at);
    CHECK(it.connection->unanswered_ping == 0 && live_at(at) == SLK_OK);
    tear_down();
}

static void judges_nobody_by_the_time_in_which_it_did_not_read(void)
{
    set_up();
    CHECK(live_with_texts(START, START + SLK_SECONDS(4), true) == 0);
    int64_t at = START + SLK_SECONDS(100);
    it.connection->unanswered_ping = it.connection->last_ping = START + SLK_SECONDS(5);
    slk_sm_connection_resume(it.connection, at);
    CHECK(live_at(at) == SLK_OK);
    CHECK(it.connection->more && it.connection->last_input == at);
    CHECK(live_at(at + INTERVAL - 1) == SLK_OK);
    tear_down();
}

int main(void)
{
    slk_net_global_init();
    gives_up_who_takes_nothing_though_he_sends();
    waits_anew_where_the_line_has_moved();
    counts_the_time_of_a_ping_from_when_it_has_left();
    gives_up_who_falls_silent_after_a_ping();
    takes_an_answer_that_was_there_all_the_time();
    asks_who_sends_now_and_then_and_stays_with_who_answers();
    gives_up_who_has_answered_and_answers_no_more();
    gives_who_has_never_answered_ten_times_as_long();
    waits_as_long_as_the_last_answer_took_twice_over();
    passes_no_verdict_before_all_that_came_is_read();
    judges_nobody_by_the_time_in_which_it_did_not_read();
    return 0;
}
