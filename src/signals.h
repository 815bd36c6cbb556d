/* Turns signals into readability of a descriptor, so that they are handled
 * where everything else is: in the loop. One at a time per process, since
 * handlers are the process's. INT and TERM that come within 0.2 s of one are that
 * one; another that finds it not yet taken ends the process with status 128 + its
 * number, so that a Lua that is caught in a loop can be ended. Meanwhile a write to
 * a pipe that nobody reads, or to a file that may not grow, ends nothing. Lua thread
 * only, the handler excepted. */
#ifndef SLK_SIGNALS_H
#define SLK_SIGNALS_H

#include <stddef.h>

struct slk_signals;

/* Takes over count signals. NULL with errno set; EBUSY: another one exists. */
struct slk_signals *slk_signals_create(const int *numbers, size_t count);

/* Puts back what each signal did before. NULL is fine. */
void slk_signals_destroy(struct slk_signals *signals);

/* Readable while signals wait. */
int slk_signals_fd(const struct slk_signals *signals);

/* The number of the next signal that came, in their order; 0: none waits. */
int slk_signals_take(struct slk_signals *signals);

#endif
