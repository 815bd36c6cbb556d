/* Ids seen lately, for telling a redelivery from a new event. Of each id only
 * a 64-bit hash is kept, so that tens of thousands take half a megabyte and
 * cost the Lua collector nothing: as strings in Lua tables they made up a
 * quarter of what handling an event costs.
 *
 * Two generations: turn makes the young one old and drops the old one. Lua
 * thread only. */
#ifndef SLK_RECENT_IDS_H
#define SLK_RECENT_IDS_H

#include <stdbool.h>
#include <stddef.h>

struct slk_recent_ids;

/* limit: ids of one generation, 1 to 1 << 24; a full one turns by itself.
 * NULL when memory ran out. */
struct slk_recent_ids *slk_recent_ids_create(size_t limit);
void slk_recent_ids_destroy(struct slk_recent_ids *ids);

/* Notes the id; false when it is known already. */
bool slk_recent_ids_add(struct slk_recent_ids *ids, const char *id, size_t length);

/* Forgets the id. */
void slk_recent_ids_remove(struct slk_recent_ids *ids, const char *id, size_t length);

void slk_recent_ids_turn(struct slk_recent_ids *ids);

#endif
