/* The yardstick for the socket thread: libcurl for the connection, our codec
 * for frames and envelopes, and nothing but acks: no second thread, no other
 * connection, no deadlines.
 *
 *   bare_curl WEBSOCKET_URL [CA_FILE] */
#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/buffer.h"
#include "../../src/envelope.h"
#include "../../src/error.h"
#include "../../src/websocket.h"
#include "../../src/websocket_upgrade.h"

#define READ_SIZE   65536
#define OUT_MAXIMUM (1u << 20)
#define MESSAGE_MAX (16u << 20)

struct client {
    CURL *easy;
    curl_socket_t fd;
    struct slk_ws_parser *parser;
    struct slk_ws_masks masks;
    struct slk_buffer out;
    char data[READ_SIZE];
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* "wss://host/path" becomes "https://host/path", "ws" "http". */
static bool connect_to(struct client *client, const char *url, const char *ca_file)
{
    char http_url[512];
    snprintf(http_url, sizeof http_url, "http%s", url + 2);
    client->easy = curl_easy_init();
    curl_easy_setopt(client->easy, CURLOPT_URL, http_url);
    curl_easy_setopt(client->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(client->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    if (ca_file != NULL) {
        curl_easy_setopt(client->easy, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(client->easy, CURLOPT_CAINFO, ca_file);
    }
    return curl_easy_perform(client->easy) == CURLE_OK &&
           curl_easy_getinfo(client->easy, CURLINFO_ACTIVESOCKET, &client->fd) == CURLE_OK;
}

static bool wait_for(struct client *client, short events)
{
    struct pollfd fd = {.fd = client->fd, .events = events};
    return poll(&fd, 1, -1) >= 0 && !stopped;
}

static bool flush(struct client *client)
{
    while (client->out.length > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(client->easy, client->out.data, client->out.length, &sent);
        if (code == CURLE_AGAIN) {
            if (!wait_for(client, POLLOUT)) {
                return false;
            }
        } else if (code != CURLE_OK) {
            return false;
        }
        slk_buffer_consume(&client->out, sent);
    }
    return true;
}

static void ack(struct client *client, const struct slk_ws_message *message)
{
    struct slk_envelope envelope;
    const char *why;
    char text[320];
    if (slk_envelope_scan(message->data, message->length, &envelope, &why) != SLK_OK ||
        envelope.envelope_id.data == NULL) {
        return;
    }
    int length = snprintf(text, sizeof text, "{\"envelope_id\":\"%.*s\"}",
                          (int)envelope.envelope_id.length, envelope.envelope_id.data);
    slk_ws_append_frame(&client->out, &client->masks, SLK_WS_TEXT, text, (size_t)length);
}

static bool on_frames(struct client *client, char *data, size_t length)
{
    struct slk_ws_message message;
    for (;;) {
        switch (slk_ws_parser_next(client->parser, &data, &length, &message)) {
        case SLK_WS_MESSAGE: ack(client, &message); break;
        case SLK_WS_CONTROL:
            if (message.opcode == SLK_WS_CLOSE) {
                return false;
            }
            if (message.opcode == SLK_WS_PING) {
                slk_ws_append_frame(&client->out, &client->masks, SLK_WS_PONG, message.data,
                                    message.length);
            }
            break;
        case SLK_WS_MORE: return true;
        default: return false;
        }
    }
}

/* Everything that waits is read before the acks of it go out in one piece. */
static bool serve(struct client *client)
{
    for (;;) {
        size_t got = 0;
        CURLcode code = curl_easy_recv(client->easy, client->data, READ_SIZE, &got);
        if (code == CURLE_AGAIN) {
            return flush(client);
        }
        if (code != CURLE_OK || got == 0 || !on_frames(client, client->data, got)) {
            return false;
        }
    }
}

static bool upgrade(struct client *client, const char *url)
{
    char key[SLK_UPGRADE_KEY_SIZE], host[256];
    struct slk_upgrade_response response;
    struct slk_error err;
    const char *authority = strstr(url, "://") + 3;
    const char *path = strchr(authority, '/');
    size_t length = 0;
    snprintf(host, sizeof host, "%.*s", (int)(path - authority), authority);
    if (slk_upgrade_request(&client->out, host, path, key) != SLK_OK || !flush(client)) {
        return false;
    }
    for (;;) {
        size_t got = 0;
        CURLcode code =
            curl_easy_recv(client->easy, client->data + length, READ_SIZE - length, &got);
        if (code == CURLE_AGAIN && wait_for(client, POLLIN)) {
            continue;
        }
        length += got;
        if (code != CURLE_OK || got == 0) {
            return false;
        }
        int status = slk_upgrade_response(client->data, length, key, &response, &err);
        if (status != 0) {
            return status == 1 && on_frames(client, client->data + response.head_length,
                                            length - response.head_length);
        }
    }
}

int main(int argc, char *argv[])
{
    static struct client client;
    signal(SIGTERM, stop);
    slk_buffer_init(&client.out, OUT_MAXIMUM);
    client.parser = slk_ws_parser_create(SLK_WS_CLIENT, MESSAGE_MAX);
    if (argc < 2 || client.parser == NULL) {
        return 2;
    }
    bool up = connect_to(&client, argv[1], argc > 2 ? argv[2] : NULL) && upgrade(&client, argv[1]);
    while (up && wait_for(&client, POLLIN) && serve(&client)) {
    }
    slk_ws_parser_destroy(client.parser);
    slk_buffer_free(&client.out);
    curl_easy_cleanup(client.easy);
    return stopped ? 0 : 1;
}
