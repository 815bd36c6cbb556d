/* The envelopes that the load server delivers: messages, mentions and
 * reactions of about 1.3 KB, each with its own ids and time stamps. */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct events;

struct events *events_create(void);
void events_destroy(struct events *events);

/* How many kinds take turns: number modulo this says which one it is. */
uint64_t events_kinds(void);

/* The text of envelope number, valid until the next call. burn: a message that
 * asks the handler to burn CPU. */
const char *events_text(struct events *events, uint64_t number, bool burn, int attempt,
                        size_t *length);

/* The number in the envelope_id of an ack; false when there is none. */
bool events_number(const char *ack, size_t length, uint64_t *number);

#endif
