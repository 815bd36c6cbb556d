#include "ack_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"

#define FIRST_CAPACITY 64
#define KEPT_CAPACITY  1024 /* of a ring that has become empty */

struct entry {
    uint64_t connection;
    int64_t deadline;
    size_t id_length;
    char id[];
};

/* Tokens are given out in order and deadlines come in the same order, so a
 * ring in which the place follows from the token is index and queue in one.
 * The entry of a settled ack is NULL until the ring's start passes it. */
struct slk_ack_ledger {
    struct entry **ring;
    size_t capacity; /* a power of two, or 0 */
    uint64_t first;  /* the oldest token in the ring; its entry is not NULL unless first == next */
    uint64_t next;   /* the next to be given out */
    size_t count;
};

struct slk_ack_ledger *slk_ack_ledger_create(void)
{
    struct slk_ack_ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger != NULL) {
        ledger->first = ledger->next = 1;
    }
    return ledger;
}

static struct entry **place(const struct slk_ack_ledger *ledger, uint64_t token)
{
    return &ledger->ring[token & (ledger->capacity - 1)];
}

void slk_ack_ledger_destroy(struct slk_ack_ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    for (uint64_t token = ledger->first; token < ledger->next; token++) {
        free(*place(ledger, token));
    }
    free(ledger->ring);
    free(ledger);
}

static int grow(struct slk_ack_ledger *ledger)
{
    size_t capacity = ledger->capacity > 0 ? ledger->capacity * 2 : FIRST_CAPACITY;
    struct entry **ring = calloc(capacity, sizeof *ring);
    if (ring == NULL) {
        return SLK_NOMEM;
    }
    for (uint64_t token = ledger->first; token < ledger->next; token++) {
        ring[token & (capacity - 1)] = *place(ledger, token);
    }
    free(ledger->ring);
    ledger->ring = ring;
    ledger->capacity = capacity;
    return SLK_OK;
}

uint64_t slk_ack_ledger_add(struct slk_ack_ledger *ledger, uint64_t connection, const char *id,
                            size_t id_length, int64_t deadline)
{
    if (id_length >= sizeof((struct slk_owed_ack *)0)->id) {
        return 0;
    }
    if (ledger->next - ledger->first == ledger->capacity && grow(ledger) != SLK_OK) {
        return 0;
    }
    struct entry *entry = malloc(sizeof *entry + id_length);
    if (entry == NULL) {
        return 0;
    }
    entry->connection = connection;
    entry->deadline = deadline;
    entry->id_length = id_length;
    memcpy(entry->id, id, id_length);
    *place(ledger, ledger->next) = entry;
    ledger->count++;
    return ledger->next++;
}

static void take_out(struct slk_ack_ledger *ledger, uint64_t token, struct slk_owed_ack *owed)
{
    struct entry *entry = *place(ledger, token);
    owed->token = token;
    owed->connection = entry->connection;
    owed->deadline = entry->deadline;
    owed->id_length = entry->id_length;
    memcpy(owed->id, entry->id, entry->id_length);
    owed->id[entry->id_length] = '\0';
    free(entry);
    *place(ledger, token) = NULL;
    ledger->count--;
    while (ledger->first < ledger->next && *place(ledger, ledger->first) == NULL) {
        ledger->first++;
    }
    if (ledger->count == 0 && ledger->capacity > KEPT_CAPACITY) {
        free(ledger->ring);
        ledger->ring = NULL;
        ledger->capacity = 0;
    }
}

int slk_ack_ledger_settle(struct slk_ack_ledger *ledger, uint64_t token, struct slk_owed_ack *owed)
{
    if (token < ledger->first || token >= ledger->next || *place(ledger, token) == NULL) {
        return SLK_INVALID;
    }
    take_out(ledger, token, owed);
    return SLK_OK;
}

int slk_ack_ledger_expire(struct slk_ack_ledger *ledger, int64_t now, struct slk_owed_ack *owed)
{
    if (ledger->count == 0 || (*place(ledger, ledger->first))->deadline > now) {
        return SLK_INVALID;
    }
    take_out(ledger, ledger->first, owed);
    return SLK_OK;
}

int64_t slk_ack_ledger_next_deadline(const struct slk_ack_ledger *ledger)
{
    return ledger->count > 0 ? (*place(ledger, ledger->first))->deadline : SLK_NEVER;
}

size_t slk_ack_ledger_count(const struct slk_ack_ledger *ledger)
{
    return ledger->count;
}

size_t slk_ack_ledger_count_of(const struct slk_ack_ledger *ledger, uint64_t connection)
{
    size_t count = 0;
    for (uint64_t token = ledger->first; token < ledger->next; token++) {
        const struct entry *entry = *place(ledger, token);
        count += entry != NULL && entry->connection == connection;
    }
    return count;
}
