/* A client for the test programs: sends the very bytes it is told, in TLS or
 * not, may end one direction alone, and waits for what it expects. */
#ifndef SLK_UNIT_WIRE_CLIENT_H
#define SLK_UNIT_WIRE_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"

#define PATIENCE SLK_SECONDS(60)

struct client {
    int fd;
    SSL *tls; /* NULL: plain text */
    size_t length;
    bool has_ended;
    char received[100000]; /* terminated */
};

static inline int connect_to(int fd, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(fd, (struct sockaddr *)&address, sizeof address);
}

static inline struct client *client_open(int port)
{
    struct client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(client->fd >= 0);
    CHECK(connect_to(client->fd, port) == 0);
    return client;
}

/* The handshake is made at once; context stays the caller's. */
static inline struct client *client_open_tls(int port, SSL_CTX *context)
{
    struct client *client = client_open(port);
    client->tls = SSL_new(context);
    CHECK(client->tls != NULL && SSL_set_fd(client->tls, client->fd) == 1);
    CHECK(SSL_connect(client->tls) == 1);
    return client;
}

static inline void client_close(struct client *client)
{
    SSL_free(client->tls);
    close(client->fd);
    free(client);
}

/* Whether it went; the server may have ended the connection. */
static inline bool client_try_send(struct client *client, const char *text)
{
    size_t length = strlen(text);
    if (client->tls != NULL) {
        return SSL_write(client->tls, text, (int)length) == (int)length;
    }
    return send(client->fd, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static inline void client_send(struct client *client, const char *text)
{
    CHECK(client_try_send(client, text));
}

/* Takes what has come, waiting so long for it; false at the end. */
static inline bool client_pump(struct client *client, int milliseconds)
{
    struct pollfd wanted = {.fd = client->fd, .events = POLLIN};
    bool is_pending = client->tls != NULL && SSL_pending(client->tls) > 0;
    if (client->has_ended || (!is_pending && poll(&wanted, 1, milliseconds) == 0)) {
        return !client->has_ended;
    }
    size_t room = sizeof client->received - 1 - client->length;
    CHECK(room > 0);
    char *place = client->received + client->length;
    ssize_t length = client->tls != NULL ? SSL_read(client->tls, place, (int)room)
                                         : recv(client->fd, place, room, 0);
    if (length > 0) {
        client->length += (size_t)length;
    } else if (client->tls == NULL || SSL_get_error(client->tls, 0) != SSL_ERROR_WANT_READ) {
        client->has_ended = true;
    }
    client->received[client->length] = '\0';
    return !client->has_ended;
}

static inline void client_await(struct client *client, const char *text)
{
    int64_t deadline = slk_clock_now() + PATIENCE;
    while (strstr(client->received, text) == NULL) {
        if (!client_pump(client, 100) || slk_clock_now() > deadline) {
            printf("in vain: %s\nreceived: %s\n", text, client->received);
            CHECK(strstr(client->received, text) != NULL);
        }
    }
}

static inline void client_await_end(struct client *client)
{
    int64_t deadline = slk_clock_now() + PATIENCE;
    while (client_pump(client, 100)) {
        CHECK(slk_clock_now() < deadline);
    }
}

#endif
