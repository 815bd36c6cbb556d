#include "http_client.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "curl_loop.h"
#include "http_stream.h"
#include "http_turns.h"

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
    struct slk_log *log;
    struct slk_curl_loop *loop;
    struct client_command stop; /* kept here, because stopping must not need memory */

    struct slk_http_turns turns; /* client thread only, but for the counts */
};

static void destroy_command(struct slk_command *command)
{
    slk_http_piece_free(((struct client_command *)command)->piece);
    free(command);
}

static void obey(struct slk_http_turns *turns, struct client_command *order)
{
    switch (order->kind) {
    case CANCEL: slk_http_turns_cancel(turns, order->id); break;
    case FEED:
        slk_http_turns_feed(turns, order->id, order->piece);
        order->piece = NULL;
        break;
    case HAND_ON: slk_http_turns_hand_on(turns, order->id); break;
    case STOP: slk_http_turns_end_all(turns); break;
    }
}

static void on_command(void *owner, struct slk_command *command)
{
    struct slk_http_client *client = owner;
    if (command->destroy != destroy_command) {
        slk_http_turns_take(&client->turns, (struct slk_http_transfer *)command);
        return;
    }
    struct client_command *order = (struct client_command *)command;
    obey(&client->turns, order);
    if (order != &client->stop) {
        destroy_command(command);
    }
}

static void on_started(void *owner, CURLM *multi)
{
    struct slk_http_client *client = owner;
    slk_http_turns_open(&client->turns, multi, client->log);
}

static void on_done(void *owner, CURL *easy, CURLcode code)
{
    slk_http_turns_done(&((struct slk_http_client *)owner)->turns, easy, code);
}

static int64_t on_tick(void *owner, int64_t now)
{
    return slk_http_turns_tick(&((struct slk_http_client *)owner)->turns, now);
}

static void on_stopped(void *owner)
{
    slk_http_turns_close(&((struct slk_http_client *)owner)->turns);
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
    if (!request->is_checked && slk_http_request_check_url(request, &refused) != SLK_OK) {
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
    const struct slk_http_counts *counts = &client->turns.counts;
    /* In this order a request that moves on meanwhile is not counted twice. */
    uint64_t ended = atomic_load(&counts->ended);
    stats->running = atomic_load(&counts->running);
    stats->waiting = atomic_load(&client->last_id) - ended - stats->running;
    stats->connections = atomic_load(&counts->connections);
    stats->opened = atomic_load(&counts->opened);
    stats->reused = atomic_load(&counts->reused);
    stats->sent = atomic_load(&counts->sent);
    stats->received = atomic_load(&counts->received);
}

void slk_http_client_stop(struct slk_http_client *client)
{
    if (!atomic_exchange(&client->closed, true)) {
        client->stop.command.destroy = destroy_command;
        client->stop.kind = STOP;
        slk_curl_loop_post(client->loop, &client->stop.command);
    }
}
