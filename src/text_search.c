#include "text_search.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOT UINT32_C(0)

/* Nodes of lone needles that are no deeper would have too much compared that
 * only begins alike. */
#define LEAST_DEPTH 4

/* So few labels are looked through faster than memchr is called. */
#define FEW_LABELS 8

struct needle {
    const char *bytes;
    uint32_t length;
    uint32_t depth; /* where its path in the trie ends; the rest is its tail */
    uint32_t place; /* in the list that create got */
};

/* In the order of their depth, so that the children of one stand together. */
struct node {
    uint32_t children; /* the first of them */
    uint32_t child_count;
    uint32_t fail;    /* of the longest proper end of its path that is another's path */
    uint32_t hit;     /* itself or the next on the way of fail whose needles end; or ROOT */
    uint32_t needles; /* the first of those whose path ends here */
    uint32_t needle_count;
};

struct slk_text_search {
    struct needle *needles; /* sorted by their bytes */
    char *bytes;            /* of all needles */
    struct node *nodes;
    unsigned char *labels; /* the byte that leads to each node */
    uint32_t starts[256];  /* children of the root, or ROOT */
    uint32_t *found;
    bool *is_found; /* by place; all false between two searches */
    size_t needle_count, node_count, found_count;
};

/* Building ----------------------------------------------------------------- */

static int compare_needles(const void *one, const void *other)
{
    const struct needle *a = one, *b = other;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, shorter);
    if (order == 0) {
        order = (a->length > b->length) - (a->length < b->length);
    }
    return order;
}

static void copy_needles(struct slk_text_search *search, const struct slk_text *needles)
{
    char *place = search->bytes;
    for (size_t i = 0; i < search->needle_count; i++) {
        struct slk_text copy;
        place = slk_text_copy(&copy, needles[i], place);
        search->needles[i] = (struct needle){
            .bytes = copy.data, .length = (uint32_t)copy.length, .place = (uint32_t)i};
    }
    if (search->needle_count > 1) {
        qsort(search->needles, search->needle_count, sizeof *search->needles, compare_needles);
    }
}

static uint32_t common_length(const struct needle *a, const struct needle *b)
{
    uint32_t length = 0;
    while (length < a->length && length < b->length && a->bytes[length] == b->bytes[length]) {
        length++;
    }
    return length;
}

/* How deep the needles' paths go, and how many nodes that makes. */
static size_t measure_paths(struct slk_text_search *search)
{
    size_t nodes = 1;
    uint32_t shared = 0; /* with the needle before */
    for (size_t i = 0; i < search->needle_count; i++) {
        struct needle *needle = &search->needles[i];
        bool is_last = i + 1 == search->needle_count;
        uint32_t next = is_last ? 0 : common_length(needle, needle + 1);
        uint32_t depth = (shared > next ? shared : next) + 1;
        depth = depth > LEAST_DEPTH ? depth : LEAST_DEPTH;
        needle->depth = depth < needle->length ? depth : needle->length;
        nodes += needle->depth - shared;
        shared = next;
    }
    return nodes;
}

/* A node under construction has for its needles all whose path leads through
 * it. Those whose path ends are the first of them, as they are shorter than the
 * others or alone. The rest are shared out to the children. */
static void add_children(struct slk_text_search *search, struct node *node, uint32_t depth)
{
    const struct needle *needles = search->needles;
    uint32_t i = node->needles, end = i + node->needle_count;
    while (i < end && needles[i].depth == depth) {
        i++;
    }
    node->needle_count = i - node->needles;
    node->children = (uint32_t)search->node_count;
    while (i < end) {
        unsigned char label = (unsigned char)needles[i].bytes[depth];
        uint32_t first = i++;
        while (i < end && (unsigned char)needles[i].bytes[depth] == label) {
            i++;
        }
        search->labels[search->node_count] = label;
        search->nodes[search->node_count++] =
            (struct node){.needles = first, .needle_count = i - first};
        node->child_count++;
    }
}

static void build_trie(struct slk_text_search *search)
{
    search->nodes[ROOT] = (struct node){.needle_count = (uint32_t)search->needle_count};
    search->node_count = 1;
    size_t level = 0; /* where the nodes of this depth begin */
    for (uint32_t depth = 0; level < search->node_count; depth++) {
        size_t end = search->node_count;
        for (; level < end; level++) {
            add_children(search, &search->nodes[level], depth);
        }
    }
    const struct node *root = &search->nodes[ROOT];
    for (uint32_t i = root->children; i < root->children + root->child_count; i++) {
        search->starts[search->labels[i]] = i;
    }
}

/* The child to which the byte leads, or ROOT. */
static uint32_t child_of(const struct slk_text_search *search, uint32_t from, unsigned char byte)
{
    if (from == ROOT) {
        return search->starts[byte];
    }
    const struct node *node = &search->nodes[from];
    const unsigned char *labels = search->labels + node->children;
    if (node->child_count > FEW_LABELS) {
        const unsigned char *label = memchr(labels, byte, node->child_count);
        return label != NULL ? (uint32_t)(label - search->labels) : ROOT;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (labels[i] == byte) {
            return node->children + i;
        }
    }
    return ROOT;
}

static uint32_t step(const struct slk_text_search *search, uint32_t from, unsigned char byte)
{
    uint32_t to = child_of(search, from, byte);
    while (to == ROOT && from != ROOT) {
        from = search->nodes[from].fail;
        to = child_of(search, from, byte);
    }
    return to;
}

/* From the root on: a node's way of fail is made of nodes less deep. */
static void link_nodes(struct slk_text_search *search)
{
    for (uint32_t i = ROOT; i < search->node_count; i++) {
        struct node *node = &search->nodes[i];
        node->hit = i != ROOT && node->needle_count > 0 ? i : search->nodes[node->fail].hit;
        for (uint32_t child = node->children; child < node->children + node->child_count; child++) {
            search->nodes[child].fail =
                i == ROOT ? ROOT : step(search, node->fail, search->labels[child]);
        }
    }
}

static bool allocate_needles(struct slk_text_search *search, size_t bytes)
{
    size_t count = search->needle_count + 1; /* as none is no failure */
    search->needles = calloc(count, sizeof *search->needles);
    search->found = calloc(count, sizeof *search->found);
    search->is_found = calloc(count, sizeof *search->is_found);
    search->bytes = malloc(bytes + 1);
    return search->needles != NULL && search->found != NULL && search->is_found != NULL &&
           search->bytes != NULL;
}

static bool allocate_nodes(struct slk_text_search *search, size_t count)
{
    search->nodes = calloc(count, sizeof *search->nodes);
    search->labels = calloc(count, sizeof *search->labels);
    return search->nodes != NULL && search->labels != NULL;
}

/* False when nodes and needles could not be numbered. */
static bool total_length(const struct slk_text *needles, size_t count, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        if (needles[i].length >= UINT32_MAX - *total) {
            return false;
        }
        *total += needles[i].length;
    }
    return count < UINT32_MAX;
}

struct slk_text_search *slk_text_search_create(const struct slk_text *needles, size_t count)
{
    size_t bytes;
    struct slk_text_search *search = calloc(1, sizeof *search);
    if (search == NULL || !total_length(needles, count, &bytes)) {
        goto fail;
    }
    search->needle_count = count;
    if (!allocate_needles(search, bytes)) {
        goto fail;
    }
    copy_needles(search, needles);
    if (!allocate_nodes(search, measure_paths(search))) {
        goto fail;
    }
    build_trie(search);
    link_nodes(search);
    return search;
fail:
    slk_text_search_destroy(search);
    return NULL;
}

void slk_text_search_destroy(struct slk_text_search *search)
{
    if (search != NULL) {
        free(search->needles);
        free(search->bytes);
        free(search->nodes);
        free(search->labels);
        free(search->found);
        free(search->is_found);
        free(search);
    }
}

/* Searching ---------------------------------------------------------------- */

/* Takes the needles of a node whose tails go on at rest. */
static void take(struct slk_text_search *search, const struct node *node, struct slk_text rest)
{
    const struct needle *needle = &search->needles[node->needles];
    for (uint32_t i = 0; i < node->needle_count; i++, needle++) {
        size_t tail = needle->length - needle->depth;
        if (!search->is_found[needle->place] && tail <= rest.length &&
            (tail == 0 || memcmp(needle->bytes + needle->depth, rest.data, tail) == 0)) {
            search->is_found[needle->place] = true;
            search->found[search->found_count++] = needle->place;
        }
    }
}

static int compare_places(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static void sort_found(struct slk_text_search *search)
{
    if (search->found_count > 1) {
        qsort(search->found, search->found_count, sizeof *search->found, compare_places);
    }
    for (size_t i = 0; i < search->found_count; i++) {
        search->is_found[search->found[i]] = false;
    }
}

/* The first place from i on whose byte begins a needle: most begin none. */
static size_t find_start(const struct slk_text_search *search, struct slk_text text, size_t i)
{
    while (i < text.length && search->starts[(unsigned char)text.data[i]] == ROOT) {
        i++;
    }
    return i;
}

size_t slk_text_search_find(struct slk_text_search *search, struct slk_text text,
                            const uint32_t **found)
{
    search->found_count = 0;
    take(search, &search->nodes[ROOT], text); /* the empty ones */
    uint32_t at = ROOT;
    for (size_t i = find_start(search, text, 0); i < text.length;
         i = at == ROOT ? find_start(search, text, i + 1) : i + 1) {
        at = step(search, at, (unsigned char)text.data[i]);
        uint32_t hit = search->nodes[at].hit;
        while (hit != ROOT) {
            const struct node *node = &search->nodes[hit];
            take(search, node, (struct slk_text){text.data + i + 1, text.length - i - 1});
            hit = search->nodes[node->fail].hit;
        }
    }
    sort_found(search);
    *found = search->found;
    return search->found_count;
}
