/* What the load server does to its client: delivers events in a closed loop or
 * at a fixed rate, pings, asks for refreshes, goes silent or resets, and keeps
 * the figures of how the client took it. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct peer;
struct load;

struct load_settings {
    const char *url;       /* what apps.connections.open answers */
    uint64_t total;        /* events */
    unsigned in_flight;    /* unacked at a time */
    double rate;           /* events per second; 0: as fast as they are acked */
    unsigned connections;  /* WebSockets that must be ready before it begins */
    int64_t ping_interval; /* nanoseconds; 0: no pings */
    unsigned refreshes;    /* planned ones, each begun refresh_interval after the last */
    int64_t refresh_interval;
    unsigned breaks; /* times that all connections break together */
    int64_t break_interval;
    bool break_by_reset; /* else by silence */
    uint64_t burn_at;    /* number of the event that asks for CPU to be burnt; 0: none */
};

/* settings must outlive the load. NULL when memory ran out. */
struct load *load_create(const struct load_settings *settings);
void load_destroy(struct load *load);

const char *load_url(const struct load *load);
void load_now(struct load *load, int64_t now);

/* From the peers. */
void load_peer_ready(struct load *load, struct peer *peer);
void load_peer_gone(struct load *load, struct peer *peer);
void load_acked(struct load *load, const char *text, size_t length);
void load_ponged(struct load *load, struct peer *peer);

/* All of the connections that must be there are ready. */
bool load_is_connected(const struct load *load, const struct peer *peers);

void load_begin(struct load *load);

/* Does what is due on the list of peers; returns when to be called next. */
int64_t load_tick(struct load *load, struct peer *peers);

bool load_is_done(const struct load *load);

/* Events acked so far. */
uint64_t load_acknowledged(const struct load *load);

/* Members of a JSON object, without braces. */
void load_report(struct load *load, FILE *file);

#endif
