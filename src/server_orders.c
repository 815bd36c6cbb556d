/* What the Lua thread tells a server: each is copied into a job for the server
 * thread, which looks up by number what it is about. */
#include <stdlib.h>
#include <string.h>

#include "server_socket.h"

#define MAX_CONTROL 125

/* An order is a job with its text behind it. */
struct order {
    struct slk_server_job job;
    struct slk_http_server *server;
    uint64_t number;
    int status;
    size_t headers; /* bytes of text, terminator included */
    size_t length;  /* of the body behind the headers */
    char text[];
};

static struct order *create_order(struct slk_http_server *server, uint64_t number, int status,
                                  const char *headers, const void *body, size_t length)
{
    size_t headers_size = strlen(headers) + 1;
    struct order *order = malloc(sizeof *order + headers_size + length);
    if (order == NULL) {
        return NULL;
    }
    *order = (struct order){.server = server,
                            .number = number,
                            .status = status,
                            .headers = headers_size,
                            .length = length};
    memcpy(order->text, headers, headers_size);
    if (length > 0) {
        memcpy(order->text + headers_size, body, length);
    }
    return order;
}

static int post_order(struct order *order, void (*run)(struct slk_server_job *job))
{
    if (order == NULL) {
        return SLK_NOMEM;
    }
    order->job.run = run;
    slk_server_thread_post(order->server->thread, &order->job);
    return SLK_OK;
}

static void run_respond(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    struct slk_server_socket *socket = slk_slots_find(&order->server->slots, order->number);
    if (socket != NULL) {
        slk_http_connection_respond(socket, order->status, order->text,
                                    order->text + order->headers, order->length);
    }
    free(order);
}

bool slk_http_server_answer_held(struct slk_http_server *server, uint64_t number, int status,
                                 const char *headers)
{
    struct slk_server_socket *socket = slk_slots_find(&server->slots, number);
    if (socket != NULL) {
        slk_http_connection_respond(socket, status, headers, NULL, 0);
    }
    return socket != NULL;
}

/* Whole "Name: value\r\n" lines and nothing else. */
static bool are_header_lines(const char *headers)
{
    while (*headers != '\0') {
        size_t name = strcspn(headers, ":\r\n ");
        size_t line = strcspn(headers, "\r\n");
        if (name == 0 || headers[name] != ':' || strncmp(headers + line, "\r\n", 2) != 0) {
            return false;
        }
        headers += line + 2;
    }
    return true;
}

int slk_http_server_respond(struct slk_http_server *server, uint64_t request, int status,
                            const char *headers, const void *body, size_t length)
{
    if (!are_header_lines(headers) || status < 200 || status > 599) {
        return SLK_INVALID;
    }
    return post_order(create_order(server, request, status, headers, body, length), run_respond);
}

static void run_drop(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    struct slk_server_socket *socket = slk_slots_find(&order->server->slots, order->number);
    if (socket != NULL) {
        slk_http_connection_drop(socket);
    }
    free(order);
}

int slk_http_server_drop(struct slk_http_server *server, uint64_t request)
{
    return post_order(create_order(server, request, 0, "", NULL, 0), run_drop);
}

static void run_admit(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    if (slk_admission_add(order->server, order->text) != SLK_OK) {
        slk_log_write(order->server->log, SLK_LOG_ERROR, "http_server", "out of memory");
    }
    free(order);
}

int slk_http_server_admit(struct slk_http_server *server, const char *target)
{
    return post_order(create_order(server, 0, 0, target, NULL, 0), run_admit);
}

static void run_refuse(struct slk_server_job *job)
{
    struct order *order = (struct order *)job;
    order->server->refusal = order->status;
    free(order);
}

int slk_http_server_refuse_upgrades(struct slk_http_server *server, int status)
{
    return post_order(create_order(server, 0, status, "", NULL, 0), run_refuse);
}

struct act_job {
    struct slk_server_job job;
    struct slk_http_server *server;
    uint64_t websocket;
    struct slk_websocket_act *act;
};

static void run_act(struct slk_server_job *job)
{
    struct act_job *order = (struct act_job *)job;
    struct slk_server_socket *socket = slk_slots_find(&order->server->slots, order->websocket);
    if (socket != NULL) {
        slk_websocket_act(socket, order->act);
    } else {
        free(order->act);
    }
    free(order);
}

int slk_http_server_act(struct slk_http_server *server, uint64_t websocket, enum slk_served_act act,
                        const void *data, size_t length, int number)
{
    size_t most = act == SLK_ACT_PING    ? MAX_CONTROL
                  : act == SLK_ACT_CLOSE ? MAX_CONTROL - 2
                                         : SIZE_MAX;
    if (length > most) {
        return SLK_TOO_LARGE;
    }
    struct act_job *order = malloc(sizeof *order);
    struct slk_websocket_act *waiting = malloc(sizeof *waiting + LWS_PRE + length);
    if (order == NULL || waiting == NULL) {
        free(order);
        free(waiting);
        return SLK_NOMEM;
    }
    *waiting = (struct slk_websocket_act){.kind = act, .number = number, .length = length};
    if (length > 0) {
        memcpy(waiting->data + LWS_PRE, data, length);
    }
    *order = (struct act_job){{NULL, run_act}, server, websocket, waiting};
    slk_server_thread_post(server->thread, &order->job);
    return SLK_OK;
}
