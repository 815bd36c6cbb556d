/* Acks that are still owed: each envelope that a handler answers, until it has
 * been acked or its deadline has come. Socket thread only. */
#ifndef SLK_ACK_LEDGER_H
#define SLK_ACK_LEDGER_H

#include <stddef.h>
#include <stdint.h>

struct slk_ack_ledger;

struct slk_owed_ack {
    uint64_t token;      /* names it towards Lua; never reused, never 0 */
    uint64_t connection; /* where the envelope came in */
    int64_t deadline;    /* slk_clock_now scale */
    size_t id_length;
    char id[256]; /* envelope_id, terminated */
};

struct slk_ack_ledger *slk_ack_ledger_create(void);
void slk_ack_ledger_destroy(struct slk_ack_ledger *ledger);

/* Notes an ack owed and returns its token, 0 when memory ran out. All entries
 * have the same time allowed, so deadlines come in the order of adding. */
uint64_t slk_ack_ledger_add(struct slk_ack_ledger *ledger, uint64_t connection, const char *id,
                            size_t id_length, int64_t deadline);

/* Takes the entry out and copies it to *owed; SLK_INVALID when it is not (or
 * no longer) owed. O(1). */
int slk_ack_ledger_settle(struct slk_ack_ledger *ledger, uint64_t token, struct slk_owed_ack *owed);

/* Takes out the oldest entry whose deadline is at or before now; SLK_INVALID
 * when there is none. */
int slk_ack_ledger_expire(struct slk_ack_ledger *ledger, int64_t now, struct slk_owed_ack *owed);

/* SLK_NEVER when nothing is owed. */
int64_t slk_ack_ledger_next_deadline(const struct slk_ack_ledger *ledger);
size_t slk_ack_ledger_count(const struct slk_ack_ledger *ledger);

/* How many are owed to envelopes of that connection. */
size_t slk_ack_ledger_count_of(const struct slk_ack_ledger *ledger, uint64_t connection);

#endif
