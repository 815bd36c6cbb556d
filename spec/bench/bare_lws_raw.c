/* The limit for what we are made of: libwebsockets' raw-skt role, as our receiver uses
 * it, answers 200 to each request when the body of its Content-Length has come. It
 * looks for nothing else and verifies nothing.
 *
 *   bare_lws_raw PORT */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "serve.h"

#define READ_BUFFER 32768 /* as much as the receiver's */
#define MAX_HEAD    4096

/* Of a connection. */
struct request {
    size_t head_length; /* of a head that has come in part */
    size_t body_left;
    char head[MAX_HEAD];
};

static int answer(struct lws *wsi)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    unsigned char buffer[LWS_PRE + sizeof text];
    memcpy(buffer + LWS_PRE, text, sizeof text);
    int length = (int)sizeof text - 1;
    return lws_write(wsi, buffer + LWS_PRE, (size_t)length, LWS_WRITE_RAW) < length ? -1 : 0;
}

/* How long the head is, 0 when it is not whole; says how long the body will be. */
static size_t read_head(const char *data, size_t length, size_t *body)
{
    static const char field[] = "\r\nContent-Length:";
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    const char *value = memmem(data, (size_t)(end - data) + 2, field, sizeof field - 1);
    *body = value != NULL ? strtoul(value + sizeof field - 1, NULL, 10) : 0;
    return (size_t)(end - data) + 4;
}

/* Keeps what has come of a head; -1: it is too long. */
static int keep(struct request *request, const char *data, size_t length)
{
    if (length > MAX_HEAD - request->head_length) {
        return -1;
    }
    memcpy(request->head + request->head_length, data, length);
    request->head_length += length;
    return 0;
}

static int take(struct lws *wsi, struct request *request, const char *data, size_t length)
{
    while (length > 0 || request->head_length > 0) {
        size_t kept = request->head_length, piece = MAX_HEAD - kept;
        piece = length < piece ? length : piece;
        if (request->body_left == 0) {
            if (kept > 0 && keep(request, data, piece) != 0) {
                return -1;
            }
            size_t head = kept > 0 ? read_head(request->head, kept + piece, &request->body_left)
                                   : read_head(data, length, &request->body_left);
            if (head == 0) {
                return kept > 0 ? 0 : keep(request, data, length);
            }
            data += head - kept;
            length -= head - kept;
            request->head_length = 0;
        }
        size_t body = length < request->body_left ? length : request->body_left;
        data += body;
        length -= body;
        request->body_left -= body;
        if (request->body_left > 0) {
            return 0;
        }
        if (answer(wsi) != 0) {
            return -1;
        }
    }
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length)
{
    return reason == LWS_CALLBACK_RAW_RX ? take(wsi, user, in, length) : 0;
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = "raw",
     .callback = callback,
     .per_session_data_size = sizeof(struct request),
     .rx_buffer_size = 65536},
    {.name = NULL},
};

int main(int argc, char *argv[])
{
    struct lws_context_creation_info info = {
        .protocols = PROTOCOLS,
        .options = LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG,
        .listen_accept_role = "raw-skt",
        .listen_accept_protocol = "raw",
        .pt_serv_buf_size = READ_BUFFER,
    };
    return serve(&info, argc, argv);
}
