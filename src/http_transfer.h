/* One HTTP exchange on a libcurl easy handle: how the request is set up, how
 * the response is collected and bounded, how its end is told. Made by any
 * thread; from begin to finish it belongs to the client thread. */
#ifndef SLK_HTTP_TRANSFER_H
#define SLK_HTTP_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "curl_loop.h"
#include "http_client.h"
#include "http_handles.h"

struct slk_http_host;
struct slk_http_counts;

struct slk_http_transfer {
    struct slk_command command; /* its submission */
    uint64_t id;
    struct slk_http_request *request;
    struct slk_http_result *result; /* made beforehand, so that there always is one to tell */
    slk_http_done *done;
    void *context;
    int64_t submitted; /* slk_clock_now scale, like all that follow */
    int64_t deadline;  /* for its end; SLK_NEVER: none */
    int64_t started;   /* when its turn came */
    int64_t heard;     /* when it was last seen that bytes had gone either way */
    curl_off_t bytes;  /* that had gone by then */

    struct slk_http_transfer *next, *previous; /* among its host's running or waiting ones */
    struct slk_http_host *host;
    struct slk_http_counts *counts; /* of the client, once one for public addresses has begun */
    unsigned *changes;              /* of the client, from begin on: counts what libcurl begins */
    CURL *easy;                     /* the client's; NULL while waiting */
    bool counted;                   /* among those that its host has a limit of */
    bool begun;                     /* libcurl may have sent some of it */
    bool met_private;               /* an address that its net does not allow */
    bool has_head;                  /* the last head, of interim responses too, has come whole */
    size_t head_bytes;              /* of the response and interim ones before it */
    struct slk_buffer headers;
    struct slk_buffer body;
    char *detail; /* CURL_ERROR_SIZE bytes from begin on: ten thousand may wait */
};

/* Owns request from now on, also on failure. NULL when memory ran out. */
struct slk_http_transfer *slk_http_transfer_create(struct slk_http_request *request,
                                                   slk_http_done *done, void *context);
void slk_http_transfer_destroy(struct slk_http_transfer *transfer);

/* "POST slack.com/api/chat.postMessage", as every error text begins; holds no
 * secrets. */
#define SLK_HTTP_NAME_SIZE 144
void slk_http_transfer_name(const struct slk_http_transfer *transfer,
                            char name[SLK_HTTP_NAME_SIZE]);

/* Sets the handle up, or changes what is different when it is set up for such a
 * request already; its time begins. SLK_OK or SLK_NOMEM. */
int slk_http_transfer_begin(struct slk_http_transfer *transfer, CURL *easy,
                            enum slk_handle_state state, int64_t now);

/* Fills the result from the handle after its end. */
void slk_http_transfer_finish(struct slk_http_transfer *transfer, CURLcode code);

/* Fills the result of one that libcurl did not end itself. text follows the
 * name of the request. */
void slk_http_transfer_fail(struct slk_http_transfer *transfer, const char *code, const char *text);

/* Fails one whose deadline has passed before its turn. */
void slk_http_transfer_fail_deadline(struct slk_http_transfer *transfer);

/* What a running one has used so far; nothing before it has been sent. */
struct slk_http_traffic {
    uint64_t sent, received; /* bytes of heads and bodies, as they go over the connection */
    uint64_t opened;         /* connections */
    uint64_t reused;         /* 1: none */
};
void slk_http_transfer_traffic(const struct slk_http_transfer *transfer,
                               struct slk_http_traffic *traffic);

/* When the idle timeout will have passed unless bytes go; look again then, or
 * end it with fail_idle when that is not later than now. SLK_NEVER: no such
 * limit. It is found out in steps of a quarter. */
int64_t slk_http_transfer_silent_until(struct slk_http_transfer *transfer, int64_t now);
void slk_http_transfer_fail_idle(struct slk_http_transfer *transfer);

/* Fills in status, version and seconds of a response that has begun. */
void slk_http_transfer_describe(const struct slk_http_transfer *transfer,
                                struct slk_http_result *result);

/* Hands the result to done and destroys the transfer. */
void slk_http_transfer_tell(struct slk_http_transfer *transfer, int64_t now);

#endif
