/* Deadlines that are all set the same time ahead, so that they expire in the
 * order of setting: a queue, where setting and clearing cost the same however
 * many there are. One thread; holds no memory of its own. */
#ifndef SLK_DEADLINES_H
#define SLK_DEADLINES_H

#include <stdint.h>

/* A part of what has the deadline; all zero: none is set. */
struct slk_deadline {
    struct slk_deadline *next, *previous;
    struct slk_deadlines *queue; /* NULL: none is set */
    int64_t at;                  /* slk_clock_now scale */
};

/* All zero is an empty queue. */
struct slk_deadlines {
    struct slk_deadline *first, *last;
};

/* Takes the place of what was set before, in any queue. */
void slk_deadline_set(struct slk_deadline *deadline, struct slk_deadlines *queue, int64_t at);
void slk_deadline_clear(struct slk_deadline *deadline);

/* When the first one expires; SLK_NEVER: the queue is empty. */
int64_t slk_deadlines_next(const struct slk_deadlines *queue);

#endif
