/* The events of events.h as Slack posts them: signed HTTP requests. */
#ifndef BENCH_POSTS_H
#define BENCH_POSTS_H

#include <stddef.h>
#include <stdint.h>

#define POSTS_SECRET "0123456789abcdef0123456789abcdef"

struct posts;

/* path: of the requests, "/slack/events". NULL when memory ran out. */
struct posts *posts_create(const char *path);
void posts_destroy(struct posts *posts);

/* The bytes of request number, valid until the next call. */
const char *posts_text(struct posts *posts, uint64_t number, size_t *length);

#endif
