#include "http_client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "curl_loop.h"
#include "http_transfer.h"

/* Connections of HTTP/1.1 to one host at a time, or streams of HTTP/2. More
 * gains little (8 gave 20,000 calls/s on two cores, 32 gave 26,000) and costs
 * the server a TLS handshake each. */
#define HOST_LIMIT       16
#define POOL_CONNECTIONS 64L
#define IDLE_HANDLES     32

struct transfer_list {
    struct slk_http_transfer *first, *last;
};

/* Where requests go: they are counted and queued by scheme, host and port. */
struct slk_http_host {
    struct slk_http_host *next;
    unsigned running_count;
    struct transfer_list running, waiting;
    char key[];
};

enum command_kind { CANCEL, STOP };

struct client_command {
    struct slk_command command; /* destroy tells it from a transfer */
    enum command_kind kind;
    uint64_t id;
};

struct slk_http_client {
    atomic_uint references;
    atomic_bool closed;
    _Atomic uint64_t last_id;
    struct slk_log *log;
    struct slk_curl_loop *loop;
    struct client_command stop; /* kept here, because stopping must not need memory */

    /* Client thread only. */
    struct slk_http_host *hosts;
    int64_t next_expiry; /* of those waiting; may be too early, never too late */
    CURL *idle[IDLE_HANDLES];
    size_t idle_count;
};

static void list_append(struct transfer_list *list, struct slk_http_transfer *transfer)
{
    transfer->next = NULL;
    transfer->previous = list->last;
    *(list->last != NULL ? &list->last->next : &list->first) = transfer;
    list->last = transfer;
}

static void list_remove(struct transfer_list *list, struct slk_http_transfer *transfer)
{
    *(transfer->previous != NULL ? &transfer->previous->next : &list->first) = transfer->next;
    *(transfer->next != NULL ? &transfer->next->previous : &list->last) = transfer->previous;
    transfer->next = transfer->previous = NULL;
}

/* Writes "https://host:port"; false when url is none or memory ran out. */
static bool host_key(const char *url, char *key, size_t size)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    bool ok = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    if (ok) {
        snprintf(key, size, "%s://%s:%s", scheme, host, port);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return ok;
}

static struct slk_http_host *find_host(struct slk_http_client *client, const char *url)
{
    char key[300];
    if (!host_key(url, key, sizeof key)) {
        return NULL;
    }
    for (struct slk_http_host *host = client->hosts; host != NULL; host = host->next) {
        if (strcmp(host->key, key) == 0) {
            return host;
        }
    }
    size_t size = strlen(key) + 1;
    struct slk_http_host *host = calloc(1, sizeof *host + size);
    if (host != NULL) {
        memcpy(host->key, key, size);
        host->next = client->hosts;
        client->hosts = host;
    }
    return host;
}

static void forget_idle_host(struct slk_http_client *client, struct slk_http_host *host)
{
    if (host->running.first != NULL || host->waiting.first != NULL) {
        return;
    }
    struct slk_http_host **link = &client->hosts;
    while (*link != host) {
        link = &(*link)->next;
    }
    *link = host->next;
    free(host);
}

static CURL *take_handle(struct slk_http_client *client)
{
    return client->idle_count > 0 ? client->idle[--client->idle_count] : curl_easy_init();
}

/* A reset handle keeps its TLS sessions for the next request. */
static void give_handle(struct slk_http_client *client, CURL *easy)
{
    if (client->idle_count == IDLE_HANDLES) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    client->idle[client->idle_count++] = easy;
}

static void tell(struct slk_http_client *client, struct slk_http_transfer *transfer)
{
    const struct slk_http_result *result = transfer->result;
    int64_t now = slk_clock_now();
    if (result->error.code[0] != '\0') {
        slk_log_write(client->log, SLK_LOG_DEBUG, "http_client", "%s", result->error.text);
    } else {
        char what[SLK_HTTP_NAME_SIZE];
        slk_http_transfer_name(transfer, what);
        slk_log_write(client->log, SLK_LOG_DEBUG, "http_client", "%s: %ld, %zu bytes, %.3f s", what,
                      result->status, result->body_length,
                      (double)(now - transfer->submitted) / 1e9);
    }
    slk_http_transfer_tell(transfer, now);
}

/* Takes a running transfer out of libcurl's and the host's hands. */
static void detach(struct slk_http_client *client, struct slk_http_transfer *transfer)
{
    curl_multi_remove_handle(slk_curl_loop_multi(client->loop), transfer->easy);
    give_handle(client, transfer->easy);
    transfer->easy = NULL;
    list_remove(&transfer->host->running, transfer);
    if (!transfer->request->urgent) {
        transfer->host->running_count--;
    }
}

/* On failure the transfer ends here. */
static void start(struct slk_http_client *client, struct slk_http_transfer *transfer, int64_t now)
{
    struct slk_http_host *host = transfer->host;
    if (transfer->deadline <= now) {
        slk_http_transfer_fail(transfer, "timeout",
                               "timed out while waiting for earlier requests to the same host");
        tell(client, transfer);
        return;
    }
    CURL *easy = take_handle(client);
    if (easy == NULL || slk_http_transfer_begin(transfer, easy, now) != SLK_OK ||
        curl_multi_add_handle(slk_curl_loop_multi(client->loop), easy) != CURLM_OK) {
        curl_easy_cleanup(easy);
        slk_http_transfer_fail(transfer, "memory", "out of memory");
        tell(client, transfer);
        return;
    }
    list_append(&host->running, transfer);
    if (!transfer->request->urgent) {
        host->running_count++;
    }
}

static void start_waiting(struct slk_http_client *client, struct slk_http_host *host)
{
    int64_t now = slk_clock_now();
    while (host->waiting.first != NULL && host->running_count < HOST_LIMIT) {
        struct slk_http_transfer *transfer = host->waiting.first;
        list_remove(&host->waiting, transfer);
        start(client, transfer, now);
    }
    forget_idle_host(client, host);
}

static void take_submission(struct slk_http_client *client, struct slk_http_transfer *transfer)
{
    if (atomic_load(&client->closed)) {
        slk_http_transfer_fail(transfer, "closed", "the HTTP client has been stopped");
    }
    if (transfer->result->error.code[0] != '\0') { /* a refused URL, for one */
        tell(client, transfer);
        return;
    }
    struct slk_http_host *host = transfer->host = find_host(client, transfer->request->url);
    if (host == NULL) {
        slk_http_transfer_fail(transfer, "memory", "out of memory");
        tell(client, transfer);
    } else if (transfer->request->urgent) {
        start(client, transfer, slk_clock_now());
        forget_idle_host(client, host);
    } else {
        list_append(&host->waiting, transfer);
        if (transfer->deadline < client->next_expiry) {
            client->next_expiry = transfer->deadline;
        }
        start_waiting(client, host);
    }
}

static struct slk_http_transfer *find_in(const struct transfer_list *list, uint64_t id)
{
    struct slk_http_transfer *transfer = list->first;
    while (transfer != NULL && transfer->id != id) {
        transfer = transfer->next;
    }
    return transfer;
}

static void cancel(struct slk_http_client *client, uint64_t id)
{
    for (struct slk_http_host *host = client->hosts; host != NULL; host = host->next) {
        struct slk_http_transfer *transfer = find_in(&host->running, id);
        if (transfer != NULL) {
            detach(client, transfer);
        } else if ((transfer = find_in(&host->waiting, id)) != NULL) {
            list_remove(&host->waiting, transfer);
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
    static const char why[] = "the HTTP client has been stopped";
    struct slk_http_host *host;
    while ((host = client->hosts) != NULL) {
        struct slk_http_transfer *transfer;
        while ((transfer = host->running.first) != NULL) {
            detach(client, transfer);
            slk_http_transfer_fail(transfer, "closed", why);
            tell(client, transfer);
        }
        while ((transfer = host->waiting.first) != NULL) {
            list_remove(&host->waiting, transfer);
            slk_http_transfer_fail(transfer, "closed", why);
            tell(client, transfer);
        }
        forget_idle_host(client, host);
    }
}

static void destroy_command(struct slk_command *command)
{
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
    if (order->kind == CANCEL) {
        cancel(client, order->id);
        free(order);
    } else {
        end_everything(client);
    }
}

static void on_started(void *owner, CURLM *multi)
{
    (void)owner;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, POOL_CONNECTIONS);
}

static void on_done(void *owner, CURL *easy, CURLcode code)
{
    struct slk_http_client *client = owner;
    struct slk_http_transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    struct slk_http_host *host = transfer->host;
    slk_http_transfer_finish(transfer, code);
    detach(client, transfer);
    tell(client, transfer);
    start_waiting(client, host);
}

/* Ends those of a host whose time is over and returns the earliest deadline
 * that is left. */
static int64_t expire(struct slk_http_client *client, struct slk_http_host *host, int64_t now)
{
    int64_t earliest = SLK_NEVER;
    struct slk_http_transfer *next;
    for (struct slk_http_transfer *transfer = host->waiting.first; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->deadline <= now) {
            list_remove(&host->waiting, transfer);
            slk_http_transfer_fail(transfer, "timeout",
                                   "timed out while waiting for earlier requests to the same host");
            tell(client, transfer);
        } else if (transfer->deadline < earliest) {
            earliest = transfer->deadline;
        }
    }
    return earliest;
}

/* Hosts whose transfers wait have running ones too, so none becomes idle here. */
static int64_t on_tick(void *owner, int64_t now)
{
    struct slk_http_client *client = owner;
    if (now < client->next_expiry) {
        return client->next_expiry;
    }
    client->next_expiry = SLK_NEVER;
    for (struct slk_http_host *host = client->hosts; host != NULL; host = host->next) {
        int64_t earliest = expire(client, host, now);
        if (earliest < client->next_expiry) {
            client->next_expiry = earliest;
        }
    }
    return client->next_expiry;
}

static void on_stopped(void *owner)
{
    struct slk_http_client *client = owner;
    end_everything(client);
    while (client->idle_count > 0) {
        curl_easy_cleanup(client->idle[--client->idle_count]);
    }
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

void slk_http_client_cancel(struct slk_http_client *client, uint64_t id)
{
    struct client_command *order = calloc(1, sizeof *order);
    if (order == NULL) {
        return; /* it then ends by its timeout */
    }
    order->command.destroy = destroy_command;
    order->kind = CANCEL;
    order->id = id;
    if (slk_curl_loop_post(client->loop, &order->command) != SLK_OK) {
        free(order);
    }
}

void slk_http_client_stop(struct slk_http_client *client)
{
    if (!atomic_exchange(&client->closed, true)) {
        client->stop.command.destroy = destroy_command;
        client->stop.kind = STOP;
        slk_curl_loop_post(client->loop, &client->stop.command);
    }
}
