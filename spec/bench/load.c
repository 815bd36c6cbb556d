#include "load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/clock.h"
#include "events.h"
#include "latencies.h"
#include "peer.h"

#define SECOND      INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define LINGER      (30 * MILLISECOND)  /* a replaced connection is used on for so long */
#define IMMINENT    (250 * MILLISECOND) /* one that is not replaced is closed after so long */
#define REFRESH                                                                                    \
    "{\"type\":\"disconnect\",\"reason\":\"refresh_requested\",\"debug_info\":"                    \
    "{\"host\":\"applink-bench\"}}"

struct sent {
    int64_t at;
    unsigned peer;
    unsigned char tries;
    bool acked;
};

struct load {
    const struct load_settings *settings;
    struct events *events;
    struct sent *sent;
    int64_t *latencies; /* of acks, in the order they came */
    uint64_t *again;    /* numbers to be delivered once more */
    size_t again_count;
    int64_t now, began, last_ack;
    uint64_t next, oldest, acked, doubled, redelivered, bytes;
    unsigned in_flight, last_number, ready;
    int64_t empty_since, without_ready, without_ready_maximum;
    uint64_t pings, pongs;
    int64_t pong_maximum, ping_next;
    unsigned refreshed;
    int64_t refresh_next, refresh_began;
    unsigned broken;
    bool is_broken;
    int64_t break_next, broke_at;
    int64_t breaks[256];
    const struct peer *last_given;
};

struct load *load_create(const struct load_settings *settings)
{
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL) {
        return NULL;
    }
    load->settings = settings;
    load->events = events_create();
    load->sent = calloc(settings->total, sizeof *load->sent);
    load->latencies = calloc(settings->total, sizeof *load->latencies);
    load->again = calloc(settings->total, sizeof *load->again);
    if (load->events == NULL || load->sent == NULL || load->latencies == NULL ||
        load->again == NULL) {
        load_destroy(load);
        return NULL;
    }
    return load;
}

void load_destroy(struct load *load)
{
    if (load == NULL) {
        return;
    }
    events_destroy(load->events);
    free(load->sent);
    free(load->latencies);
    free(load->again);
    free(load);
}

const char *load_url(const struct load *load)
{
    return load->settings->url;
}

void load_now(struct load *load, int64_t now)
{
    load->now = now;
}

static unsigned count_ready(const struct peer *peers)
{
    unsigned count = 0;
    for (const struct peer *peer = peers; peer != NULL; peer = peer->next) {
        count += peer_takes_events(peer) ? 1 : 0;
    }
    return count;
}

bool load_is_connected(const struct load *load, const struct peer *peers)
{
    return count_ready(peers) >= load->settings->connections;
}

void load_peer_ready(struct load *load, struct peer *peer)
{
    static const char HELLO[] =
        "{\"type\":\"hello\",\"num_connections\":1,\"connection_info\":{\"app_id\":"
        "\"A0BENCH7APP\"},\"debug_info\":{\"host\":\"applink-bench\",\"build_number\":10,"
        "\"approximate_connection_time\":18060}}";
    peer->number = ++load->last_number;
    peer_send(peer, SLK_WS_TEXT, HELLO, sizeof HELLO - 1);
    if (load->refresh_began != 0) {
        load->refresh_began = 0;
        load->refreshed++;
        load->refresh_next = load->now + load->settings->refresh_interval;
    }
}

/* What was delivered on a connection that is no more goes out again elsewhere. */
void load_peer_gone(struct load *load, struct peer *peer)
{
    if (peer == load->last_given) {
        load->last_given = NULL;
    }
    for (uint64_t number = load->oldest; peer->number != 0 && number < load->next; number++) {
        struct sent *sent = &load->sent[number];
        if (!sent->acked && sent->peer == peer->number) {
            sent->peer = 0;
            load->in_flight--;
            load->again[load->again_count++] = number;
        }
    }
}

void load_acked(struct load *load, const char *text, size_t length)
{
    uint64_t number;
    if (!events_number(text, length, &number) || number >= load->next) {
        return;
    }
    struct sent *sent = &load->sent[number];
    if (sent->acked) {
        load->doubled++;
        return;
    }
    sent->acked = true;
    load->in_flight -= sent->peer != 0 ? 1 : 0;
    load->latencies[load->acked++] = load->now - sent->at;
    load->last_ack = load->now;
    while (load->oldest < load->next && load->sent[load->oldest].acked) {
        load->oldest++;
    }
}

void load_ponged(struct load *load, struct peer *peer)
{
    if (peer->ping_at == 0) {
        return;
    }
    int64_t delay = load->now - peer->ping_at;
    load->pong_maximum = delay > load->pong_maximum ? delay : load->pong_maximum;
    load->pongs++;
    peer->ping_at = 0;
}

void load_begin(struct load *load)
{
    const struct load_settings *settings = load->settings;
    load->now = load->began = slk_clock_now();
    load->ping_next = load->now + settings->ping_interval;
    load->refresh_next = load->now + settings->refresh_interval;
    load->break_next = load->now + settings->break_interval;
}

/* Connections take turns. */
static struct peer *choose_peer(struct load *load, struct peer *peers)
{
    struct peer *start = load->last_given != NULL ? load->last_given->next : NULL;
    for (struct peer *peer = start; peer != NULL; peer = peer->next) {
        if (peer_takes_events(peer)) {
            return peer;
        }
    }
    for (struct peer *peer = peers; peer != NULL; peer = peer->next) {
        if (peer_takes_events(peer)) {
            return peer;
        }
    }
    return NULL;
}

static void give(struct load *load, struct peer *peer, uint64_t number)
{
    struct sent *sent = &load->sent[number];
    bool burn = number != 0 && number == load->settings->burn_at;
    size_t length;
    const char *text = events_text(load->events, number, burn, sent->tries, &length);
    peer_send(peer, SLK_WS_TEXT, text, length);
    sent->at = load->now;
    sent->peer = peer->number;
    sent->tries++;
    load->bytes += length;
    load->in_flight++;
    load->last_given = peer;
}

/* Nothing new is delivered any more. */
static bool is_over(const struct load *load)
{
    const struct load_settings *settings = load->settings;
    if (settings->refreshes > 0) {
        return load->refreshed >= settings->refreshes;
    }
    if (settings->breaks > 0) {
        return load->broken >= settings->breaks;
    }
    return load->next >= settings->total;
}

static bool take_number(struct load *load, uint64_t *number)
{
    while (load->again_count > 0) {
        *number = load->again[--load->again_count];
        if (!load->sent[*number].acked) {
            load->redelivered++;
            return true;
        }
    }
    if (load->next >= load->settings->total || is_over(load)) {
        return false;
    }
    *number = load->next++;
    return true;
}

/* How many events are due beyond those begun, under the fixed rate. */
static uint64_t allowance(const struct load *load)
{
    if (load->settings->rate <= 0) {
        return UINT64_MAX;
    }
    double due = (double)(load->now - load->began) / 1e9 * load->settings->rate;
    return (uint64_t)due > load->next ? (uint64_t)due - load->next : 0;
}

static void deliver(struct load *load, struct peer *peers)
{
    uint64_t number, allowed = allowance(load);
    while (load->in_flight < load->settings->in_flight && (allowed > 0 || load->again_count > 0)) {
        struct peer *peer = choose_peer(load, peers);
        if (peer == NULL || !take_number(load, &number)) {
            return;
        }
        allowed -= allowed > 0 ? 1 : 0;
        give(load, peer, number);
    }
}

static void ping(struct load *load, struct peer *peers)
{
    if (load->settings->ping_interval == 0 || load->now < load->ping_next) {
        return;
    }
    load->ping_next = load->now + load->settings->ping_interval;
    for (struct peer *peer = peers; peer != NULL; peer = peer->next) {
        if (peer_takes_events(peer) && peer->ping_at == 0) {
            static const char PAYLOAD[] = "Ping from applink-bench";
            peer_send(peer, SLK_WS_PING, PAYLOAD, sizeof PAYLOAD - 1);
            peer->ping_at = load->now;
            load->pings++;
        }
    }
}

static void refresh(struct load *load, struct peer *peers)
{
    for (struct peer *peer = peers; peer != NULL; peer = peer->next) {
        bool is_replaced = peer->told && load->refresh_began == 0;
        if (is_replaced && peer->close_at > load->now + LINGER) {
            peer->close_at = load->now + LINGER;
        }
        if (peer->told && load->now >= peer->close_at && peer_takes_events(peer)) {
            peer_send_close(peer);
        }
    }
    if (load->refreshed >= load->settings->refreshes || load->refresh_began != 0 ||
        load->now < load->refresh_next) {
        return;
    }
    for (struct peer *peer = peers; peer != NULL; peer = peer->next) {
        if (peer_takes_events(peer) && !peer->told) {
            peer_send(peer, SLK_WS_TEXT, REFRESH, sizeof REFRESH - 1);
            peer->told = true;
            peer->close_at = load->now + IMMINENT;
            load->refresh_began = load->now;
            return;
        }
    }
}

static void mend(struct load *load)
{
    if (load->is_broken && load->ready >= load->settings->connections) {
        load->is_broken = false;
        if (load->broken < sizeof load->breaks / sizeof *load->breaks) {
            load->breaks[load->broken++] = load->now - load->broke_at;
        }
        load->break_next = load->now + load->settings->break_interval;
    }
}

static void break_all(struct load *load, struct peer *peers)
{
    if (load->broken >= load->settings->breaks || load->is_broken || load->now < load->break_next) {
        return;
    }
    load->is_broken = true;
    load->broke_at = load->now;
    for (struct peer *peer = peers; peer != NULL; peer = peer->next) {
        if (!peer_takes_events(peer)) {
            continue;
        }
        load_peer_gone(load, peer);
        peer->silent = !load->settings->break_by_reset;
        peer->reset = peer->link.dead = load->settings->break_by_reset;
    }
}

static void watch_ready(struct load *load, const struct peer *peers)
{
    load->ready = count_ready(peers);
    if (load->ready == 0 && load->empty_since == 0) {
        load->empty_since = load->now;
    } else if (load->ready > 0 && load->empty_since != 0) {
        int64_t empty = load->now - load->empty_since;
        load->without_ready += empty;
        load->without_ready_maximum =
            empty > load->without_ready_maximum ? empty : load->without_ready_maximum;
        load->empty_since = 0;
    }
}

int64_t load_tick(struct load *load, struct peer *peers)
{
    load->now = slk_clock_now();
    if (load->began == 0) {
        return load->now + SECOND;
    }
    watch_ready(load, peers);
    mend(load);
    refresh(load, peers);
    break_all(load, peers);
    deliver(load, peers);
    ping(load, peers);
    const struct load_settings *settings = load->settings;
    bool is_timed = settings->rate > 0 || settings->refreshes > 0 || settings->breaks > 0;
    return load->now + (is_timed ? MILLISECOND : 100 * MILLISECOND);
}

bool load_is_done(const struct load *load)
{
    return is_over(load) && load->acked == load->next;
}

uint64_t load_acknowledged(const struct load *load)
{
    return load->acked;
}

void load_report(struct load *load, FILE *file)
{
    double seconds = (double)(load->last_ack - load->began) / 1e9;
    fprintf(file, "\"sent\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"lost\":%" PRIu64, load->next,
            load->acked, load->next - load->acked);
    fprintf(file, ",\"acked_twice\":%" PRIu64 ",\"redelivered\":%" PRIu64, load->doubled,
            load->redelivered);
    fprintf(file, ",\"seconds\":%.6f,\"acks_per_second\":%.0f,\"bytes_per_event\":%.0f", seconds,
            seconds > 0 ? (double)load->acked / seconds : 0,
            load->next > 0 ? (double)load->bytes / (double)(load->next + load->redelivered) : 0);
    fprintf(file, ",\"ack_us\":");
    latencies_print(load->latencies, load->acked, file);
    fprintf(file, ",\"pings\":%" PRIu64 ",\"pongs\":%" PRIu64 ",\"pong_ms_max\":%.3f", load->pings,
            load->pongs, (double)load->pong_maximum / 1e6);
    fprintf(file, ",\"refreshes\":%u,\"without_ready_ms\":%.3f,\"without_ready_ms_max\":%.3f",
            load->refreshed, (double)load->without_ready / 1e6,
            (double)load->without_ready_maximum / 1e6);
    fprintf(file, ",\"breaks_ms\":[");
    for (unsigned i = 0; i < load->broken; i++) {
        fprintf(file, "%s%.3f", i > 0 ? "," : "", (double)load->breaks[i] / 1e6);
    }
    fprintf(file, "]");
}
