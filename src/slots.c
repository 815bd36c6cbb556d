#include "slots.h"

#include <stdlib.h>

/* A number is the count of numbers given so far, and below it the index. */
#define INDEX_BITS  20
#define INDEX_OF(n) ((size_t)((n) & ((1U << INDEX_BITS) - 1)))
#define MOST_SLOTS  ((size_t)1 << INDEX_BITS)
#define FIRST_SLOTS 16

struct slk_slot {
    uint64_t number; /* 0: free */
    void *thing;
    size_t next_free; /* index + 1; 0: none */
};

static int grow(struct slk_slots *slots)
{
    size_t capacity = slots->capacity > 0 ? slots->capacity * 2 : FIRST_SLOTS;
    if (capacity > MOST_SLOTS) {
        return -1;
    }
    struct slk_slot *grown = realloc(slots->slots, capacity * sizeof *grown);
    if (grown == NULL) {
        return -1;
    }
    for (size_t i = slots->capacity; i < capacity; i++) {
        grown[i] = (struct slk_slot){.next_free = slots->first_free};
        slots->first_free = i + 1;
    }
    slots->slots = grown;
    slots->capacity = capacity;
    return 0;
}

uint64_t slk_slots_add(struct slk_slots *slots, void *thing)
{
    if (slots->first_free == 0 && grow(slots) != 0) {
        return 0;
    }
    size_t index = slots->first_free - 1;
    struct slk_slot *slot = &slots->slots[index];
    slots->first_free = slot->next_free;
    slots->given++;
    *slot = (struct slk_slot){.number = slots->given << INDEX_BITS | index, .thing = thing};
    return slot->number;
}

static struct slk_slot *find(const struct slk_slots *slots, uint64_t number)
{
    size_t index = INDEX_OF(number);
    if (number == 0 || index >= slots->capacity || slots->slots[index].number != number) {
        return NULL;
    }
    return &slots->slots[index];
}

void *slk_slots_find(const struct slk_slots *slots, uint64_t number)
{
    struct slk_slot *slot = find(slots, number);
    return slot != NULL ? slot->thing : NULL;
}

void slk_slots_remove(struct slk_slots *slots, uint64_t number)
{
    struct slk_slot *slot = find(slots, number);
    if (slot != NULL) {
        *slot = (struct slk_slot){.next_free = slots->first_free};
        slots->first_free = (size_t)(slot - slots->slots) + 1;
    }
}

void slk_slots_free(struct slk_slots *slots)
{
    free(slots->slots);
    *slots = (struct slk_slots){0};
}
