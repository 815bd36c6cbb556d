/* Which process this is, told apart from those before and after it with the same
 * number, and from those of other machines. Any thread. */
#ifndef SLK_PROCESS_ID_H
#define SLK_PROCESS_ID_H

#include <stdbool.h>
#include <stdint.h>

struct slk_process_id {
    int64_t number;
    int64_t started; /* in the system's ticks since it was booted */
    char place[96];  /* the boot of the machine, and the namespace of numbers; "": unknown */
};

/* Of this process. */
void slk_process_id_get(struct slk_process_id *id);

/* Whether a process of the same place as this one has ended, or is about to be reaped. False
 * also when that cannot be known from here. */
bool slk_process_has_ended(const struct slk_process_id *id, const struct slk_process_id *self);

#endif
