#include "http_client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"
#include "curl_loop.h"
#include "http_bodies.h"
#include "http_handles.h"
#include "http_host.h"
#include "http_transfer.h"

/* Connections of HTTP/1.1 to one host at a time, or streams of HTTP/2. More
 * gains little (8 gave 20,000 calls/s on two cores, 32 gave 26,000) and costs
 * the server a TLS handshake each. */
#define HOST_LIMIT       16
#define POOL_CONNECTIONS 64 /* kept open for later; more when a host's limit is higher */
#define LENDING_INTERVAL SLK_MS(250)

enum command_kind { CANCEL, FEED, HAND_ON, STOP };

struct client_command {
    struct slk_command command; /* destroy tells it from a transfer */
    enum command_kind kind;
    uint64_t id;
    struct slk_http_piece *piece; /* of FEED */
};

struct slk_http_client {
    atomic_uint references;
    atomic_bool closed;
    _Atomic uint64_t last_id;
    _Atomic uint64_t running, ended, opened, reused, sent, received; /* see the stats */
    _Atomic uint64_t connections;
    struct slk_log *log;
    struct slk_curl_loop *loop;
    struct client_command stop; /* kept here, because stopping must not need memory */

    /* Client thread only. */
    struct slk_http_hosts hosts;
    int64_t next_expiry; /* of those waiting or silent; may be too early, never too late */
    unsigned pool_size;
    struct slk_http_handles handles;
    CURLSH *sessions; /* TLS sessions, which handles otherwise have each for themselves; or NULL */
};

static const char stopped_text[] = "the HTTP client has been stopped";

static void add(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

static void subtract(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_fetch_sub_explicit(counter, count, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct slk_http_client *client = context;
    curl_socket_t fd = slk_net_open_socket(NULL, purpose, address);
    if (fd != CURL_SOCKET_BAD) {
        add(&client->connections, 1);
    }
    return fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
    struct slk_http_client *client = context;
    subtract(&client->connections, 1);
    return close(fd);
}

/* The callbacks are bound to the connection, which may outlive the handle that
 * opened it. */
static void prepare_connections(struct slk_http_client *client, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SHARE, client->sessions);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, client);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, client);
}

static void count_transfer(struct slk_http_client *client, struct slk_http_transfer *transfer)
{
    struct slk_http_traffic traffic;
    slk_http_transfer_traffic(transfer, &traffic);
    add(&client->opened, traffic.opened);
    add(&client->reused, traffic.reused);
    add(&client->sent, traffic.sent);
    add(&client->received, traffic.received);
    subtract(&client->running, 1);
}

static void tell(struct slk_http_client *client, struct slk_http_transfer *transfer)
{
    const struct slk_http_result *result = transfer->result;
    int64_t now = slk_clock_now();
    if (result->error != NULL) {
        slk_log_write(client->log, SLK_LOG_DEBUG, "http_client", "%s", result->error->text);
    } else if (slk_log_takes(client->log, SLK_LOG_DEBUG)) {
        char what[SLK_HTTP_NAME_SIZE];
        slk_http_transfer_name(transfer, what);
        slk_log_write(client->log, SLK_LOG_DEBUG, "http_client", "%s: %ld, %zu bytes, %.3f s", what,
                      result->status, result->body_length,
                      (double)(now - transfer->submitted) / 1e9);
    }
    add(&client->ended, 1);
    slk_http_transfer_tell(transfer, now);
}

/* Whether it takes one of its host's turns. */
static void set_counted(struct slk_http_transfer *transfer, bool counted)
{
    counted = counted && !transfer->request->urgent;
    if (counted && !transfer->counted) {
        transfer->host->running_count++;
    } else if (!counted && transfer->counted) {
        transfer->host->running_count--;
    }
    transfer->counted = counted;
}

/* Takes a running transfer out of libcurl's and the host's hands. */
static void detach(struct slk_http_client *client, struct slk_http_transfer *transfer, bool is_well)
{
    count_transfer(client, transfer);
    curl_multi_remove_handle(slk_curl_loop_multi(client->loop), transfer->easy);
    slk_http_handles_give(&client->handles, transfer->easy, transfer->request, is_well);
    transfer->easy = NULL;
    slk_transfer_list_remove(&transfer->host->running, transfer);
    set_counted(transfer, false);
}

static void wish_tick(struct slk_http_client *client, int64_t when)
{
    if (when < client->next_expiry) {
        client->next_expiry = when;
    }
}

static bool begin(struct slk_http_client *client, struct slk_http_transfer *transfer, CURL *easy,
                  bool is_set_up, int64_t now)
{
    if (slk_http_transfer_begin(transfer, easy, is_set_up, now) != SLK_OK) {
        return false;
    }
    if (!is_set_up) {
        prepare_connections(client, easy);
    }
    return curl_multi_add_handle(slk_curl_loop_multi(client->loop), easy) == CURLM_OK;
}

/* On failure the transfer ends here. */
static void start(struct slk_http_client *client, struct slk_http_transfer *transfer, int64_t now)
{
    struct slk_http_host *host = transfer->host;
    if (transfer->deadline <= now) {
        slk_http_transfer_fail_deadline(transfer);
        tell(client, transfer);
        return;
    }
    bool is_set_up;
    CURL *easy = slk_http_handles_take(&client->handles, transfer->request, &is_set_up);
    if (easy == NULL || !begin(client, transfer, easy, is_set_up, now)) {
        curl_easy_cleanup(easy);
        slk_http_transfer_fail(transfer, "memory", "out of memory");
        tell(client, transfer);
        return;
    }
    add(&client->running, 1);
    slk_transfer_list_append(&host->running, transfer);
    set_counted(transfer, true);
    wish_tick(client, slk_http_transfer_silent_until(transfer, now));
}

static void start_waiting(struct slk_http_client *client, struct slk_http_host *host)
{
    int64_t now = slk_clock_now();
    while (host->waiting.first != NULL && host->running_count < host->limit) {
        struct slk_http_transfer *transfer = host->waiting.first;
        slk_transfer_list_remove(&host->waiting, transfer);
        start(client, transfer, now);
    }
    if (host->waiting.first != NULL) {
        wish_tick(client, now + LENDING_INTERVAL);
    }
    slk_http_hosts_forget(&client->hosts, host);
}

/* A host may be given more than its share of the pool; one that is given more
 * than all of it would open connections only to close them. */
static struct slk_http_host *find_host(struct slk_http_client *client,
                                       const struct slk_http_request *request)
{
    unsigned limit = request->max_requests > 0 ? request->max_requests : HOST_LIMIT;
    if (limit > client->pool_size) {
        client->pool_size = limit;
        curl_multi_setopt(slk_curl_loop_multi(client->loop), CURLMOPT_MAXCONNECTS, (long)limit);
    }
    return slk_http_hosts_find(&client->hosts, request->url, limit);
}

static void take_submission(struct slk_http_client *client, struct slk_http_transfer *transfer)
{
    if (atomic_load(&client->closed)) {
        slk_http_transfer_fail(transfer, "closed", stopped_text);
    }
    if (transfer->result->error != NULL) { /* a refused URL, for one */
        tell(client, transfer);
        return;
    }
    struct slk_http_host *host = transfer->host = find_host(client, transfer->request);
    if (host == NULL) {
        slk_http_transfer_fail(transfer, "memory", "out of memory");
        tell(client, transfer);
    } else if (transfer->request->urgent) {
        start(client, transfer, slk_clock_now());
        slk_http_hosts_forget(&client->hosts, host);
    } else {
        slk_transfer_list_append(&host->waiting, transfer);
        wish_tick(client, transfer->deadline);
        start_waiting(client, host);
    }
}

/* From the end that is nearer: ids ascend, as a rule, and thousands may be
 * cancelled one after the other, from the first or from the last. */
static struct slk_http_transfer *find_in(const struct slk_transfer_list *list, uint64_t id)
{
    struct slk_http_transfer *transfer = list->first;
    bool backwards = transfer != NULL && id > transfer->id / 2 + list->last->id / 2;
    if (backwards) {
        transfer = list->last;
    }
    while (transfer != NULL && transfer->id != id) {
        transfer = backwards ? transfer->previous : transfer->next;
    }
    return transfer;
}

static struct slk_http_transfer *find_running(const struct slk_http_client *client, uint64_t id)
{
    struct slk_http_host *host = NULL;
    struct slk_http_transfer *transfer = NULL;
    while (transfer == NULL && (host = slk_http_hosts_next(&client->hosts, host)) != NULL) {
        transfer = find_in(&host->running, id);
    }
    return transfer;
}

static void cancel(struct slk_http_client *client, uint64_t id)
{
    struct slk_http_host *host = NULL;
    while ((host = slk_http_hosts_next(&client->hosts, host)) != NULL) {
        struct slk_http_transfer *transfer = find_in(&host->running, id);
        if (transfer != NULL) {
            detach(client, transfer, false);
        } else if ((transfer = find_in(&host->waiting, id)) != NULL) {
            slk_transfer_list_remove(&host->waiting, transfer);
        } else {
            continue;
        }
        slk_http_transfer_fail(transfer, "cancelled", "cancelled");
        tell(client, transfer);
        start_waiting(client, host);
        return;
    }
}

static void end_everything(struct slk_http_client *client)
{
    struct slk_http_host *host;
    while ((host = slk_http_hosts_next(&client->hosts, NULL)) != NULL) {
        struct slk_http_transfer *transfer;
        while ((transfer = host->running.first) != NULL) {
            detach(client, transfer, false);
            slk_http_transfer_fail(transfer, "closed", stopped_text);
            tell(client, transfer);
        }
        while ((transfer = host->waiting.first) != NULL) {
            slk_transfer_list_remove(&host->waiting, transfer);
            slk_http_transfer_fail(transfer, "closed", stopped_text);
            tell(client, transfer);
        }
        slk_http_hosts_forget(&client->hosts, host);
    }
}

/* libcurl has ended it, or would have. */
static void end(struct slk_http_client *client, struct slk_http_transfer *transfer, CURLcode code)
{
    struct slk_http_host *host = transfer->host;
    slk_http_transfer_finish(transfer, code);
    detach(client, transfer, code == CURLE_OK);
    tell(client, transfer);
    start_waiting(client, host);
}

/* One that is not running has ended meanwhile; one that does not stream wants nothing. */
static void go_on(struct slk_http_client *client, struct client_command *order)
{
    struct slk_http_transfer *transfer = find_running(client, order->id);
    if (transfer == NULL || transfer->request->stream == NULL) {
        return;
    }
    struct slk_http_piece *piece = order->piece;
    order->piece = NULL;
    set_counted(transfer, true);
    CURLcode code = order->kind == FEED ? slk_http_bodies_feed(transfer, piece)
                                        : slk_http_bodies_hand_on(transfer);
    if (code != CURLE_OK) {
        end(client, transfer, code);
    }
}

static void destroy_command(struct slk_command *command)
{
    slk_http_piece_free(((struct client_command *)command)->piece);
    free(command);
}

static void on_command(void *owner, struct slk_command *command)
{
    struct slk_http_client *client = owner;
    if (command->destroy != destroy_command) {
        take_submission(client, (struct slk_http_transfer *)command);
        return;
    }
    struct client_command *order = (struct client_command *)command;
    if (order->kind == STOP) {
        end_everything(client);
        return;
    } else if (order->kind == CANCEL) {
        cancel(client, order->id);
    } else {
        go_on(client, order);
    }
    destroy_command(command);
}

static void on_started(void *owner, CURLM *multi)
{
    struct slk_http_client *client = owner;
    client->sessions = curl_share_init();
    if (client->sessions != NULL) {
        curl_share_setopt(client->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    }
    client->pool_size = POOL_CONNECTIONS;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)client->pool_size);
}

static void on_done(void *owner, CURL *easy, CURLcode code)
{
    struct slk_http_transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    end(owner, transfer, code);
}

/* Ends those of a host whose deadline has passed before their turn. */
static void expire_waiting(struct slk_http_client *client, struct slk_http_host *host, int64_t now)
{
    struct slk_http_transfer *next;
    for (struct slk_http_transfer *transfer = host->waiting.first; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->deadline > now) {
            wish_tick(client, transfer->deadline);
            continue;
        }
        slk_transfer_list_remove(&host->waiting, transfer);
        slk_http_transfer_fail_deadline(transfer);
        tell(client, transfer);
    }
}

/* Ends those through which nothing has gone for too long. */
static void expire_silent(struct slk_http_client *client, struct slk_http_host *host, int64_t now)
{
    struct slk_http_transfer *next;
    for (struct slk_http_transfer *transfer = host->running.first; transfer; transfer = next) {
        next = transfer->next;
        int64_t until = slk_http_transfer_silent_until(transfer, now);
        if (until > now) {
            wish_tick(client, until);
            continue;
        }
        slk_http_transfer_fail_idle(transfer);
        detach(client, transfer, false);
        tell(client, transfer);
    }
}

/* One that waits for its caller holds up no others: the caller may be waiting for
 * them, as one who reads many answers side by side. */
static void lend_turns(struct slk_http_host *host)
{
    if (host->waiting.first == NULL) {
        return;
    }
    for (struct slk_http_transfer *transfer = host->running.first; transfer;
         transfer = transfer->next) {
        if (slk_http_bodies_wait(transfer)) {
            set_counted(transfer, false);
        }
    }
}

static int64_t on_tick(void *owner, int64_t now)
{
    struct slk_http_client *client = owner;
    if (now < client->next_expiry) {
        return client->next_expiry;
    }
    client->next_expiry = SLK_NEVER;
    struct slk_http_host *next = slk_http_hosts_next(&client->hosts, NULL);
    while (next != NULL) {
        struct slk_http_host *host = next;
        next = slk_http_hosts_next(&client->hosts, host);
        expire_waiting(client, host, now);
        expire_silent(client, host, now);
        lend_turns(host);
        start_waiting(client, host);
    }
    return client->next_expiry;
}

static void on_stopped(void *owner)
{
    struct slk_http_client *client = owner;
    end_everything(client);
    slk_http_handles_free(&client->handles);
    curl_share_cleanup(client->sessions);
}

static const struct slk_curl_loop_operations operations = {
    .started = on_started,
    .command = on_command,
    .done = on_done,
    .tick = on_tick,
    .stopped = on_stopped,
};

struct slk_http_client *slk_http_client_create(struct slk_log *log, struct slk_error *err)
{
    struct slk_http_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return NULL;
    }
    atomic_init(&client->references, 1);
    client->next_expiry = SLK_NEVER;
    client->loop = slk_curl_loop_create(&operations, client);
    if (client->loop == NULL) {
        slk_error_set(err, "memory", "out of memory");
        free(client);
        return NULL;
    }
    client->log = log != NULL ? slk_log_retain(log) : NULL;
    if (slk_curl_loop_start(client->loop, "slack-http", err) != SLK_OK) {
        slk_http_client_release(client);
        return NULL;
    }
    return client;
}

struct slk_http_client *slk_http_client_retain(struct slk_http_client *client)
{
    atomic_fetch_add(&client->references, 1);
    return client;
}

void slk_http_client_release(struct slk_http_client *client)
{
    if (client == NULL || atomic_fetch_sub(&client->references, 1) > 1) {
        return;
    }
    atomic_store(&client->closed, true);
    slk_curl_loop_stop(client->loop);
    slk_curl_loop_release(client->loop);
    if (client->log != NULL) {
        slk_log_release(client->log);
    }
    free(client);
}

int slk_http_client_submit(struct slk_http_client *client, struct slk_http_request *request,
                           slk_http_done *done, void *context, uint64_t *id)
{
    struct slk_http_transfer *transfer = slk_http_transfer_create(request, done, context);
    if (transfer == NULL) {
        return SLK_NOMEM;
    }
    struct slk_error refused;
    if (strncasecmp(request->url, "ws", 2) == 0) {
        slk_http_transfer_fail(transfer, "invalid_url", "expected an https URL, not a WebSocket's");
    } else if (slk_net_options_check_url(request->net, request->url, &refused) != SLK_OK) {
        slk_http_transfer_fail(transfer, refused.code, refused.text);
    }
    transfer->id = atomic_fetch_add(&client->last_id, 1) + 1;
    if (id != NULL) {
        *id = transfer->id;
    }
    if (atomic_load(&client->closed) ||
        slk_curl_loop_post(client->loop, &transfer->command) != SLK_OK) {
        slk_http_transfer_destroy(transfer);
        return SLK_CLOSED;
    }
    return SLK_OK;
}

/* Without memory for the order the request ends by a timeout. */
static void post(struct slk_http_client *client, enum command_kind kind, uint64_t id,
                 struct slk_http_piece *piece)
{
    struct client_command *order = calloc(1, sizeof *order);
    if (order == NULL) {
        slk_http_piece_free(piece);
        return;
    }
    order->command.destroy = destroy_command;
    order->kind = kind;
    order->id = id;
    order->piece = piece;
    if (slk_curl_loop_post(client->loop, &order->command) != SLK_OK) {
        destroy_command(&order->command);
    }
}

void slk_http_client_cancel(struct slk_http_client *client, uint64_t id)
{
    post(client, CANCEL, id, NULL);
}

void slk_http_client_feed(struct slk_http_client *client, uint64_t id, struct slk_http_piece *piece)
{
    post(client, FEED, id, piece);
}

void slk_http_client_hand_on(struct slk_http_client *client, uint64_t id)
{
    post(client, HAND_ON, id, NULL);
}

void slk_http_client_stats(const struct slk_http_client *client,
                           struct slk_http_client_stats *stats)
{
    /* In this order a request that moves on meanwhile is not counted twice. */
    uint64_t ended = get(&client->ended);
    stats->running = get(&client->running);
    stats->waiting = get(&client->last_id) - ended - stats->running;
    stats->connections = get(&client->connections);
    stats->opened = get(&client->opened);
    stats->reused = get(&client->reused);
    stats->sent = get(&client->sent);
    stats->received = get(&client->received);
}

void slk_http_client_stop(struct slk_http_client *client)
{
    if (!atomic_exchange(&client->closed, true)) {
        client->stop.command.destroy = destroy_command;
        client->stop.kind = STOP;
        slk_curl_loop_post(client->loop, &client->stop.command);
    }
}
