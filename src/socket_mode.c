#include "socket_mode.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "clock.h"
#include "curl_loop.h"
#include "socket_mode_keeper.h"
#include "socket_mode_open.h"
#include "socket_mode_slots.h"

/* What other threads ask of the socket thread. */
struct command {
    struct slk_command command;
    void (*run)(struct slk_socket_mode *socket_mode, struct command *command);
};

struct stop_command {
    struct command command;
    int64_t grace;
};

struct slk_socket_mode {
    struct slk_curl_loop *loop;
    struct slk_http_client *client;
    struct slk_net_options *net;
    struct slk_log *log;
    struct slk_mailbox *notices, *events;
    struct slk_put_queue *puts; /* NULL: without an inbox */
    char *api_url, *token;
    struct slk_keeper keeper; /* socket thread only, once it runs */
    atomic_bool stopped;      /* set by the socket thread, after the last notice */
    atomic_bool told_to_stop;
    struct stop_command stop; /* kept here, because stopping must not need memory */

    pthread_mutex_t stats_lock; /* guards the fields below */
    struct slk_socket_mode_stats stats;
    clockid_t thread_clock;
    bool running;
};

/* -- Commands --------------------------------------------------------------- */

struct ack_command {
    struct command command;
    uint64_t token;
    bool has_payload;
    size_t length;
    char payload[];
};

struct send_command {
    struct command command;
    uint64_t connection;
    bool wants_reply;
    size_t length;
    char text[];
};

struct opened_command {
    struct command command;
    struct slk_curl_loop *loop; /* held until the answer has been posted */
    uint64_t connection;
    struct slk_http_result *result;
};

static void destroy_command(struct slk_command *command)
{
    free(command);
}

static int post(struct slk_socket_mode *socket_mode, struct command *command)
{
    int status = slk_curl_loop_post(socket_mode->loop, &command->command);
    if (status != SLK_OK) {
        command->command.destroy(&command->command);
    }
    return status;
}

static void run_ack(struct slk_socket_mode *socket_mode, struct command *command)
{
    struct ack_command *ack = (struct ack_command *)command;
    slk_acks_answer(&socket_mode->keeper.acks, ack->token, ack->has_payload ? ack->payload : NULL,
                    ack->length);
}

int slk_socket_mode_ack(struct slk_socket_mode *socket_mode, uint64_t token, const char *payload,
                        size_t length)
{
    if (payload != NULL && length >= SLK_ACK_MAX_PAYLOAD) {
        return SLK_TOO_LARGE;
    }
    if (atomic_load(&socket_mode->stopped)) {
        return SLK_CLOSED;
    }
    size_t copied = payload != NULL ? length : 0;
    struct ack_command *ack = malloc(sizeof *ack + copied);
    if (ack == NULL) {
        return SLK_NOMEM;
    }
    ack->command.command.destroy = destroy_command;
    ack->command.run = run_ack;
    ack->token = token;
    ack->has_payload = payload != NULL;
    ack->length = copied;
    if (copied > 0) {
        memcpy(ack->payload, payload, copied);
    }
    return post(socket_mode, &ack->command);
}

static void run_forget(struct slk_socket_mode *socket_mode, struct command *command)
{
    slk_acks_forget(&socket_mode->keeper.acks, ((struct ack_command *)command)->token);
}

void slk_socket_mode_forget(struct slk_socket_mode *socket_mode, uint64_t token)
{
    struct ack_command *forget = calloc(1, sizeof *forget);
    if (forget != NULL) {
        forget->command.command.destroy = destroy_command;
        forget->command.run = run_forget;
        forget->token = token;
        post(socket_mode, &forget->command);
    }
}

static void run_send(struct slk_socket_mode *socket_mode, struct command *command)
{
    const struct send_command *send = (const struct send_command *)command;
    slk_slots_send(&socket_mode->keeper, send->connection, send->text, send->length,
                   send->wants_reply);
}

int slk_socket_mode_send(struct slk_socket_mode *socket_mode, uint64_t connection, const char *text,
                         size_t length, bool wants_reply)
{
    if (atomic_load(&socket_mode->stopped)) {
        return SLK_CLOSED;
    }
    struct send_command *send = malloc(sizeof *send + length);
    if (send == NULL) {
        return SLK_NOMEM;
    }
    send->command.command.destroy = destroy_command;
    send->command.run = run_send;
    send->connection = connection;
    send->wants_reply = wants_reply;
    send->length = length;
    memcpy(send->text, text, length);
    return post(socket_mode, &send->command);
}

static void run_stop(struct slk_socket_mode *socket_mode, struct command *command)
{
    slk_keeper_stop(&socket_mode->keeper, ((struct stop_command *)command)->grace);
}

static void keep_command(struct slk_command *command)
{
    (void)command;
}

void slk_socket_mode_stop(struct slk_socket_mode *socket_mode, int64_t grace)
{
    if (!atomic_exchange(&socket_mode->told_to_stop, true)) {
        socket_mode->stop = (struct stop_command){
            .command = {.command = {.destroy = keep_command}, .run = run_stop}, .grace = grace};
        post(socket_mode, &socket_mode->stop.command);
    }
}

/* -- The URL ---------------------------------------------------------------- */

static void destroy_opened(struct slk_command *command)
{
    struct opened_command *opened = (struct opened_command *)command;
    OPENSSL_cleanse(opened->result->body, opened->result->body_length); /* holds the ticket */
    slk_http_result_free(opened->result);
    free(opened);
}

static void run_opened(struct slk_socket_mode *socket_mode, struct command *command)
{
    struct opened_command *opened = (struct opened_command *)command;
    struct slk_open_answer answer;
    slk_open_read(socket_mode->keeper.settings.protocol->open, opened->result, socket_mode->api_url,
                  &answer);
    slk_slots_opened(&socket_mode->keeper, opened->connection, &answer);
    OPENSSL_cleanse(answer.url, sizeof answer.url);
}

/* Client thread: the result goes on to the socket thread, which may be gone. */
static void open_done(void *context, struct slk_http_result *result)
{
    struct opened_command *opened = context;
    struct slk_curl_loop *loop = opened->loop;
    opened->result = result;
    if (slk_curl_loop_post(loop, &opened->command.command) != SLK_OK) {
        destroy_opened(&opened->command.command);
    }
    slk_curl_loop_release(loop);
}

static int open_url(void *context, uint64_t connection, bool fresh, uint64_t *request_id)
{
    struct slk_socket_mode *socket_mode = context;
    struct slk_http_request *request = slk_open_request(
        socket_mode->keeper.settings.protocol->open, socket_mode->api_url, socket_mode->token,
        socket_mode->keeper.settings.open_timeout, fresh, socket_mode->net);
    struct opened_command *opened = calloc(1, sizeof *opened);
    if (request == NULL || opened == NULL) {
        slk_http_request_free(request);
        free(opened);
        return SLK_NOMEM;
    }
    opened->command.command.destroy = destroy_opened;
    opened->command.run = run_opened;
    opened->connection = connection;
    opened->loop = slk_curl_loop_retain(socket_mode->loop);
    int status =
        slk_http_client_submit(socket_mode->client, request, open_done, opened, request_id);
    if (status != SLK_OK) {
        slk_curl_loop_release(opened->loop);
        free(opened);
    }
    return status;
}

static void cancel_open(void *context, uint64_t request_id)
{
    struct slk_socket_mode *socket_mode = context;
    slk_http_client_cancel(socket_mode->client, request_id);
}

/* -- The socket thread ------------------------------------------------------ */

static void loop_started(void *owner, CURLM *multi)
{
    struct slk_socket_mode *socket_mode = owner;
    pthread_mutex_lock(&socket_mode->stats_lock);
    socket_mode->running = pthread_getcpuclockid(pthread_self(), &socket_mode->thread_clock) == 0;
    pthread_mutex_unlock(&socket_mode->stats_lock);
    slk_keeper_begin(&socket_mode->keeper, multi);
}

static void loop_command(void *owner, struct slk_command *posted)
{
    struct command *command = (struct command *)posted;
    command->run(owner, command);
    command->command.destroy(&command->command);
}

static void loop_done(void *owner, CURL *easy, CURLcode result)
{
    struct slk_socket_mode *socket_mode = owner;
    slk_slots_connected(&socket_mode->keeper, easy, result);
}

static int64_t loop_tick(void *owner, int64_t now)
{
    struct slk_socket_mode *socket_mode = owner;
    int64_t next = slk_keeper_tick(&socket_mode->keeper, now);
    pthread_mutex_lock(&socket_mode->stats_lock);
    socket_mode->stats = socket_mode->keeper.counters;
    pthread_mutex_unlock(&socket_mode->stats_lock);
    if (socket_mode->keeper.stopped) {
        atomic_store(&socket_mode->stopped, true);
    }
    return next;
}

static size_t loop_wait_fds(void *owner, struct curl_waitfd **fds)
{
    struct slk_socket_mode *socket_mode = owner;
    return slk_keeper_wait_fds(&socket_mode->keeper, fds);
}

static void loop_ready(void *owner)
{
    struct slk_socket_mode *socket_mode = owner;
    slk_keeper_ready(&socket_mode->keeper);
}

static void loop_stopped(void *owner)
{
    struct slk_socket_mode *socket_mode = owner;
    slk_keeper_free(&socket_mode->keeper);
    pthread_mutex_lock(&socket_mode->stats_lock);
    socket_mode->running = false;
    pthread_mutex_unlock(&socket_mode->stats_lock);
}

static const struct slk_curl_loop_operations OPERATIONS = {
    .started = loop_started,
    .command = loop_command,
    .done = loop_done,
    .tick = loop_tick,
    .wait_fds = loop_wait_fds,
    .ready = loop_ready,
    .stopped = loop_stopped,
};

/* -- Life ------------------------------------------------------------------- */

static void wake_loop(void *context)
{
    slk_curl_loop_wake(context);
}

static void release_loop(void *context)
{
    slk_curl_loop_release(context);
}

static int check_settings(const struct slk_socket_mode_settings *settings, struct slk_error *err)
{
    if (settings->connections < 1 || settings->connections > SLK_MAX_CONNECTIONS) {
        slk_error_set(err, "invalid", "connections must be 1 to %d", SLK_MAX_CONNECTIONS);
        return SLK_INVALID;
    }
    for (const char *c = settings->token; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            slk_error_set(err, "invalid", "the token holds a character no token has");
            return SLK_INVALID;
        }
    }
    return SLK_OK;
}

static void free_all(struct slk_socket_mode *socket_mode)
{
    slk_put_queue_end(socket_mode->puts);
    slk_curl_loop_release(socket_mode->loop);
    if (socket_mode->token != NULL) {
        OPENSSL_cleanse(socket_mode->token, strlen(socket_mode->token));
    }
    free(socket_mode->token);
    free(socket_mode->api_url);
    slk_mailbox_release(socket_mode->notices);
    slk_mailbox_release(socket_mode->events);
    slk_log_release(socket_mode->log);
    slk_net_options_release(socket_mode->net);
    slk_http_client_release(socket_mode->client);
    pthread_mutex_destroy(&socket_mode->stats_lock);
    free(socket_mode);
}

/* SLK_OK, also without an inbox. */
static int open_inbox(struct slk_socket_mode *socket_mode)
{
    struct slk_keeper *keeper = &socket_mode->keeper;
    struct slk_inbox *inbox = keeper->settings.inbox;
    if (inbox == NULL) {
        return SLK_OK;
    }
    struct slk_put_wake wake = {wake_loop, release_loop, slk_curl_loop_retain(socket_mode->loop)};
    keeper->puts = socket_mode->puts = slk_put_queue_create(inbox, socket_mode->events, &wake);
    if (keeper->puts == NULL) {
        slk_curl_loop_release(socket_mode->loop);
        return SLK_NOMEM;
    }
    return SLK_OK;
}

static int start(struct slk_socket_mode *socket_mode, struct slk_error *err)
{
    struct slk_keeper *keeper = &socket_mode->keeper;
    int status = slk_keeper_init(keeper);
    socket_mode->loop = slk_curl_loop_create(&OPERATIONS, socket_mode);
    if (status != SLK_OK || socket_mode->loop == NULL || socket_mode->api_url == NULL ||
        socket_mode->token == NULL || open_inbox(socket_mode) != SLK_OK) {
        slk_error_set(err, "memory", "out of memory for Socket Mode");
        return SLK_NOMEM;
    }
    slk_mailbox_on_drained(socket_mode->events, wake_loop, socket_mode->loop);
    return slk_curl_loop_start(socket_mode->loop, "slack-socket", err);
}

struct slk_socket_mode *slk_socket_mode_create(const struct slk_socket_mode_settings *settings,
                                               struct slk_http_client *client,
                                               struct slk_net_options *net, struct slk_log *log,
                                               struct slk_mailbox *notices,
                                               struct slk_mailbox *events, uint32_t source,
                                               struct slk_error *err)
{
    if (check_settings(settings, err) != SLK_OK) {
        return NULL;
    }
    struct slk_socket_mode *socket_mode = calloc(1, sizeof *socket_mode);
    if (socket_mode == NULL) {
        slk_error_set(err, "memory", "out of memory for Socket Mode");
        return NULL;
    }
    atomic_init(&socket_mode->stopped, false);
    atomic_init(&socket_mode->told_to_stop, false);
    pthread_mutex_init(&socket_mode->stats_lock, NULL);
    socket_mode->client = slk_http_client_retain(client);
    socket_mode->net = slk_net_options_retain(net);
    socket_mode->log = slk_log_retain(log);
    socket_mode->notices = slk_mailbox_retain(notices);
    socket_mode->events = slk_mailbox_retain(events);
    socket_mode->api_url = strdup(settings->api_url);
    socket_mode->token = strdup(settings->token);
    struct slk_keeper *keeper = &socket_mode->keeper;
    keeper->settings = *settings;
    keeper->settings.api_url = keeper->settings.token = NULL; /* not kept alive by anybody */
    keeper->net = net;
    keeper->log = log;
    keeper->notices = notices;
    keeper->events = events;
    keeper->source = source;
    keeper->open = open_url;
    keeper->cancel = cancel_open;
    keeper->context = socket_mode;
    if (start(socket_mode, err) != SLK_OK) {
        slk_mailbox_on_drained(events, NULL, NULL);
        slk_keeper_free(keeper);
        free_all(socket_mode);
        return NULL;
    }
    return socket_mode;
}

struct slk_socket_mode_stats slk_socket_mode_stats(struct slk_socket_mode *socket_mode)
{
    pthread_mutex_lock(&socket_mode->stats_lock);
    struct slk_socket_mode_stats stats = socket_mode->stats;
    struct timespec used;
    if (socket_mode->running && clock_gettime(socket_mode->thread_clock, &used) == 0) {
        stats.thread_cpu = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
    }
    pthread_mutex_unlock(&socket_mode->stats_lock);
    return stats;
}

void slk_socket_mode_destroy(struct slk_socket_mode *socket_mode)
{
    if (socket_mode == NULL) {
        return;
    }
    slk_mailbox_on_drained(socket_mode->events, NULL, NULL);
    slk_curl_loop_stop(socket_mode->loop);
    free_all(socket_mode);
}
