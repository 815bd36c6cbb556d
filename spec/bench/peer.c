#include "peer.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../src/clock.h"
#include "../../src/error.h"
#include "load.h"

#define READ_SIZE    65536
#define MAX_REQUEST  (1u << 20)
#define MAX_MESSAGE  (1u << 20)
#define ACCEPT_MAGIC "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct peer *peer_create(struct link link)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer != NULL) {
        peer->link = link;
        slk_buffer_init(&peer->in, MAX_REQUEST);
    }
    return peer;
}

void peer_destroy(struct peer *peer)
{
    link_close(&peer->link, peer->reset);
    slk_ws_parser_destroy(peer->parser);
    slk_buffer_free(&peer->in);
    free(peer);
}

bool peer_takes_events(const struct peer *peer)
{
    return peer->parser != NULL && !peer->silent && !peer->closing && !peer->link.dead;
}

void peer_send(struct peer *peer, enum slk_ws_opcode opcode, const char *data, size_t length)
{
    if (slk_ws_append_frame(&peer->link.out, NULL, opcode, data, length) != SLK_OK) {
        peer->link.dead = true;
    }
}

void peer_send_close(struct peer *peer)
{
    if (slk_ws_append_close(&peer->link.out, NULL, 1000, "") != SLK_OK) {
        peer->link.dead = true;
    }
    peer->closing = true;
}

static void send_text(struct peer *peer, const char *text)
{
    if (slk_buffer_append(&peer->link.out, text, strlen(text)) != SLK_OK) {
        peer->link.dead = true;
    }
}

/* The value of a header in the terminated head, copied to value. */
static bool find_header(const char *head, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *at = line + length + 1 + strspn(line + length + 1, " ");
            snprintf(value, size, "%.*s", (int)strcspn(at, "\r"), at);
            return true;
        }
    }
    return false;
}

static void upgrade(struct peer *peer, struct load *load, const char *key)
{
    char joined[256], response[256];
    unsigned char digest[SHA_DIGEST_LENGTH], accept[64];
    snprintf(joined, sizeof joined, "%s" ACCEPT_MAGIC, key);
    SHA1((const unsigned char *)joined, strlen(joined), digest);
    EVP_EncodeBlock(accept, digest, sizeof digest);
    snprintf(response, sizeof response,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             (const char *)accept);
    send_text(peer, response);
    peer->parser = slk_ws_parser_create(SLK_WS_SERVER, MAX_MESSAGE);
    if (peer->parser == NULL) {
        peer->link.dead = true;
        return;
    }
    load_peer_ready(load, peer);
}

/* Enough of the Web API for every client to start. */
static void answer(struct peer *peer, struct load *load, const char *head)
{
    char body[512], response[768];
    if (strstr(head, "apps.connections.open") != NULL) {
        snprintf(body, sizeof body, "{\"ok\":true,\"url\":\"%s\"}", load_url(load));
    } else if (strstr(head, "auth.test") != NULL) {
        snprintf(body, sizeof body,
                 "{\"ok\":true,\"url\":\"https://bench.example/\",\"team\":\"Bench\","
                 "\"user\":\"bot\",\"team_id\":\"T0BENCH4TEAM\",\"user_id\":\"U0BENCH0BOT\","
                 "\"bot_id\":\"B0BENCH0BOT\",\"is_enterprise_install\":false}");
    } else {
        snprintf(body, sizeof body,
                 "{\"ok\":true,\"channel\":\"C0BENCH1OPS\",\"ts\":\"1767612345.000100\"}");
    }
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    send_text(peer, response);
}

/* Takes one request out of in; false when none is complete. */
static bool take_request(struct peer *peer, struct load *load)
{
    char *end = memmem(peer->in.data, peer->in.length, "\r\n\r\n", 4);
    if (end == NULL) {
        return false;
    }
    size_t head_length = (size_t)(end + 4 - peer->in.data);
    char *head = strndup(peer->in.data, head_length);
    char value[128];
    size_t body_length = 0;
    if (find_header(head, "Content-Length", value, sizeof value)) {
        body_length = strtoul(value, NULL, 10);
    }
    bool whole = peer->in.length - head_length >= body_length;
    if (whole) {
        slk_buffer_consume(&peer->in, head_length + body_length);
        if (find_header(head, "Sec-WebSocket-Key", value, sizeof value)) {
            upgrade(peer, load, value);
        } else {
            answer(peer, load, head);
        }
    }
    free(head);
    return whole && peer->parser == NULL;
}

static void on_message(struct peer *peer, struct load *load, const struct slk_ws_message *message)
{
    switch (message->opcode) {
    case SLK_WS_TEXT: load_acked(load, message->data, message->length); break;
    case SLK_WS_PING: peer_send(peer, SLK_WS_PONG, message->data, message->length); break;
    case SLK_WS_PONG: load_ponged(load, peer); break;
    case SLK_WS_CLOSE:
        if (!peer->closing) {
            peer_send_close(peer);
            link_flush(&peer->link);
        }
        peer->link.dead = true;
        break;
    default: break;
    }
}

static void feed(struct peer *peer, struct load *load, char *data, size_t length)
{
    struct slk_ws_message message;
    while (peer->parser != NULL) {
        switch (slk_ws_parser_next(peer->parser, &data, &length, &message)) {
        case SLK_WS_MESSAGE:
        case SLK_WS_CONTROL: on_message(peer, load, &message); break;
        case SLK_WS_FAILED:
            fprintf(stderr, "load server: bad frame: %s\n", message.reason);
            peer->link.dead = true;
            return;
        default: return;
        }
    }
}

void peer_read(struct peer *peer, struct load *load)
{
    static char data[READ_SIZE];
    ssize_t got;
    while ((got = link_read(&peer->link, data, sizeof data)) > 0) {
        load_now(load, slk_clock_now());
        if (peer->parser != NULL) {
            feed(peer, load, data, (size_t)got);
            continue;
        }
        if (slk_buffer_append(&peer->in, data, (size_t)got) != SLK_OK) {
            peer->link.dead = true;
            return;
        }
        while (take_request(peer, load)) {
        }
        if (peer->parser != NULL) {
            feed(peer, load, peer->in.data, peer->in.length);
            slk_buffer_free(&peer->in);
        }
    }
}
