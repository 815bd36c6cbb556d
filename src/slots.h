/* Things that another thread names by number. A number is never used twice, so
 * a late message about a thing that has gone finds nothing. One thread. */
#ifndef SLK_SLOTS_H
#define SLK_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slk_slot;

struct slk_slots {
    struct slk_slot *slots;
    size_t capacity;
    size_t first_free; /* index + 1; 0: none */
    uint64_t given;    /* how many numbers so far */
};

/* All zero is an empty set. Returns the thing's number, 0 when there is no
 * memory or a million things are there already. */
uint64_t slk_slots_add(struct slk_slots *slots, void *thing);
void *slk_slots_find(const struct slk_slots *slots, uint64_t number); /* NULL: gone */
void slk_slots_remove(struct slk_slots *slots, uint64_t number);
void slk_slots_free(struct slk_slots *slots);

#endif
