#include "deadlines.h"

#include <stddef.h>

#include "clock.h"

void slk_deadline_clear(struct slk_deadline *deadline)
{
    struct slk_deadlines *queue = deadline->queue;
    if (queue == NULL) {
        return;
    }
    *(deadline->previous != NULL ? &deadline->previous->next : &queue->first) = deadline->next;
    *(deadline->next != NULL ? &deadline->next->previous : &queue->last) = deadline->previous;
    *deadline = (struct slk_deadline){0};
}

void slk_deadline_set(struct slk_deadline *deadline, struct slk_deadlines *queue, int64_t at)
{
    slk_deadline_clear(deadline);
    /* Seldom more than a step: only what was counted from an earlier moment
     * than its setting is not the last. */
    struct slk_deadline *before = queue->last;
    while (before != NULL && before->at > at) {
        before = before->previous;
    }
    struct slk_deadline *after = before != NULL ? before->next : queue->first;
    *deadline = (struct slk_deadline){.next = after, .previous = before, .queue = queue, .at = at};
    *(before != NULL ? &before->next : &queue->first) = deadline;
    *(after != NULL ? &after->previous : &queue->last) = deadline;
}

int64_t slk_deadlines_next(const struct slk_deadlines *queue)
{
    return queue->first != NULL ? queue->first->at : SLK_NEVER;
}
