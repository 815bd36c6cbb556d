/* Which of many needles stand anywhere in a text, byte for byte, in one pass
 * over it however many they are and whatever they have in common: the
 * automaton of Aho and Corasick.
 *
 * Its trie goes no deeper than needles have to be told apart; what is left of
 * one is compared where the trie ends. So 10,000 needles of 40 bytes take one
 * to two megabytes, their bytes included. Any thread, but one at a time. */
#ifndef SLK_TEXT_SEARCH_H
#define SLK_TEXT_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct slk_text_search;

/* Copies the needles; any of them may be empty or equal to another. NULL when
 * memory ran out, or for 4 GB of needles and more. */
struct slk_text_search *slk_text_search_create(const struct slk_text *needles, size_t count);
void slk_text_search_destroy(struct slk_text_search *search);

/* How many needles the text holds. *found: their places in the list that create
 * got, from 0, ascending, each once; valid until the next call. */
size_t slk_text_search_find(struct slk_text_search *search, struct slk_text text,
                            const uint32_t **found);

#endif
