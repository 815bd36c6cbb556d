/* The yardstick from libwebsockets: a client that does nothing but ack, one
 * lws_write for each ack as the library wants it.
 *
 *   bare_lws WEBSOCKET_URL [CA_FILE] */
#include <libwebsockets.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RX_BUFFER   65536
#define QUEUE       4096 /* acks not yet written; more than the server has in flight */
#define MESSAGE_MAX (1u << 20)
#define ID_MAX      64

struct ack {
    size_t length;
    unsigned char text[LWS_PRE + 128];
};

struct client {
    struct lws *wsi;
    char *message; /* pieces of a message that came in several */
    size_t message_length;
    struct ack *acks;
    size_t first, count;
    bool failed;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void queue_ack(struct client *client, const char *message, size_t length)
{
    static const char KEY[] = "\"envelope_id\":\"";
    const char *id = memmem(message, length, KEY, sizeof KEY - 1);
    if (id == NULL || client->count == QUEUE) {
        return;
    }
    id += sizeof KEY - 1;
    const char *end = memchr(id, '"', (size_t)(message + length - id));
    if (end == NULL || end - id > ID_MAX) {
        return;
    }
    struct ack *ack = &client->acks[(client->first + client->count++) % QUEUE];
    ack->length = (size_t)snprintf((char *)ack->text + LWS_PRE, sizeof ack->text - LWS_PRE,
                                   "{\"envelope_id\":\"%.*s\"}", (int)(end - id), id);
}

static void receive(struct client *client, struct lws *wsi, const char *data, size_t length)
{
    bool whole = lws_is_final_fragment(wsi) != 0 && lws_remaining_packet_payload(wsi) == 0;
    if (whole && client->message_length == 0) {
        queue_ack(client, data, length);
    } else if (client->message_length + length <= MESSAGE_MAX) {
        memcpy(client->message + client->message_length, data, length);
        client->message_length += length;
        if (whole) {
            queue_ack(client, client->message, client->message_length);
            client->message_length = 0;
        }
    }
    if (client->count > 0) {
        lws_callback_on_writable(wsi);
    }
}

static int write_acks(struct client *client, struct lws *wsi)
{
    while (client->count > 0 && !lws_send_pipe_choked(wsi)) {
        struct ack *ack = &client->acks[client->first];
        if (lws_write(wsi, ack->text + LWS_PRE, ack->length, LWS_WRITE_TEXT) < 0) {
            return -1;
        }
        client->first = (client->first + 1) % QUEUE;
        client->count--;
    }
    if (client->count > 0) {
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length)
{
    struct client *client = lws_context_user(lws_get_context(wsi));
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_RECEIVE: receive(client, wsi, in, length); return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE: return write_acks(client, wsi);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED: client->failed = true; return 0;
    default: return 0;
    }
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = "bench", .callback = callback, .rx_buffer_size = RX_BUFFER, .tx_packet_size = 4096},
    {.name = NULL},
};

static struct lws_context *create_context(struct client *client, const char *ca_file)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = PROTOCOLS,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .client_ssl_ca_filepath = ca_file,
        .fd_limit_per_thread = 64,
        .user = client,
    };
    lws_set_log_level(LLL_ERR, NULL);
    return lws_create_context(&info);
}

static bool open_connection(struct lws_context *context, struct client *client, char *url)
{
    const char *scheme, *address, *path;
    char target[512];
    int port;
    if (lws_parse_uri(url, &scheme, &address, &port, &path) != 0) {
        return false;
    }
    snprintf(target, sizeof target, "/%s", path);
    struct lws_client_connect_info info = {
        .context = context,
        .address = address,
        .host = address,
        .port = port,
        .path = target,
        .ssl_connection = strcmp(scheme, "wss") == 0 ? LCCSCF_USE_SSL : 0,
        .local_protocol_name = "bench",
        .pwsi = &client->wsi,
    };
    return lws_client_connect_via_info(&info) != NULL;
}

int main(int argc, char *argv[])
{
    struct client client = {.message = malloc(MESSAGE_MAX),
                            .acks = calloc(QUEUE, sizeof(struct ack))};
    signal(SIGTERM, stop);
    if (argc < 2 || client.message == NULL || client.acks == NULL) {
        return 2;
    }
    struct lws_context *context = create_context(&client, argc > 2 ? argv[2] : NULL);
    if (context == NULL || !open_connection(context, &client, argv[1])) {
        return 1;
    }
    while (!stopped && !client.failed && lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    free(client.message);
    free(client.acks);
    return client.failed ? 1 : 0;
}
