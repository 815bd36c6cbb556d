#include "posts.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "events.h"

#define TEXT_SIZE     8192
#define SIGNED_PREFIX 64 /* room for "v0:", the time and a colon */

static const char PAYLOAD[] = "\"payload\":";
static const char BEHIND[] = ",\"type\":\"events_api\"";

struct posts {
    struct events *events;
    char path[64];
    char text[TEXT_SIZE];
    char base[TEXT_SIZE];
};

struct posts *posts_create(const char *path)
{
    struct posts *posts = calloc(1, sizeof *posts);
    if (posts == NULL) {
        return NULL;
    }
    snprintf(posts->path, sizeof posts->path, "%s", path);
    posts->events = events_create();
    if (posts->events == NULL) {
        free(posts);
        return NULL;
    }
    return posts;
}

void posts_destroy(struct posts *posts)
{
    if (posts != NULL) {
        events_destroy(posts->events);
        free(posts);
    }
}

/* "v0:TIME:BODY" goes to base; what is written is the signature's hex. */
static void sign(struct posts *posts, long now, const char *body, size_t length, char hex[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int prefix = snprintf(posts->base, SIGNED_PREFIX, "v0:%ld:", now);
    memcpy(posts->base + prefix, body, length);
    HMAC(EVP_sha256(), POSTS_SECRET, sizeof POSTS_SECRET - 1, (unsigned char *)posts->base,
         (size_t)prefix + length, digest, &size);
    for (unsigned i = 0; i < size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

const char *posts_text(struct posts *posts, uint64_t number, size_t *length)
{
    size_t envelope_length;
    const char *envelope = events_text(posts->events, number, false, 0, &envelope_length);
    const char *body = strstr(envelope, PAYLOAD) + sizeof PAYLOAD - 1;
    size_t body_length = (size_t)(strstr(body, BEHIND) - body);
    char hex[65];
    long now = (long)time(NULL);
    sign(posts, now, body, body_length, hex);
    int head = snprintf(posts->text, TEXT_SIZE,
                        "POST %s HTTP/1.1\r\nHost: bot.example\r\n"
                        "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
                        "Accept-Encoding: gzip,deflate\r\nAccept: */*\r\n"
                        "X-Slack-Signature: v0=%s\r\nX-Slack-Request-Timestamp: %ld\r\n"
                        "Content-Length: %zu\r\nContent-Type: application/json\r\n\r\n",
                        posts->path, hex, now, body_length);
    memcpy(posts->text + head, body, body_length);
    *length = (size_t)head + body_length;
    return posts->text;
}
