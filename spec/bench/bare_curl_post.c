/* The yardstick for a Web API client: libcurl's multi interface and nothing
 * else. Posts chat.postMessage so many at a time, each on an easy handle that
 * is set up once and sends the same bytes as lua-slack; collects the answers and
 * looks for "ok":true in them, without a decoder, a second thread, retries or
 * errors that say what to do.
 *
 *   bare_curl_post API_URL CA_FILE CALLS AT_A_TIME */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/buffer.h"

#define ANSWER_MAXIMUM ((size_t)64 << 20)

struct call {
    CURL *easy;
    struct slk_buffer answer;
    char body[256];
};

struct client {
    CURLM *multi;
    struct curl_slist *headers;
    unsigned long made, total, answered, failed;
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct call *call = context;
    return slk_buffer_append(&call->answer, data, size * count) == 0 ? size * count : 0;
}

static void post(struct client *client, struct call *call)
{
    int length = snprintf(call->body, sizeof call->body,
                          "{\"channel\":\"C07BENCH001\",\"text\":\"The build has ended. seq-%lu\"}",
                          client->made++);
    call->answer.length = 0;
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE, (long)length);
    curl_multi_add_handle(client->multi, call->easy);
}

static void set_up(struct client *client, struct call *call, const char *api, const char *ca_file)
{
    char url[256];
    snprintf(url, sizeof url, "%schat.postMessage", api);
    slk_buffer_init(&call->answer, ANSWER_MAXIMUM);
    call->easy = curl_easy_init();
    curl_easy_setopt(call->easy, CURLOPT_URL, url);
    curl_easy_setopt(call->easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(call->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(call->easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
}

static void finish(struct client *client, CURL *easy, CURLcode code)
{
    struct call *call = NULL;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    bool ok = code == CURLE_OK && status == 200 &&
              memmem(call->answer.data, call->answer.length, "\"ok\":true", 9) != NULL;
    client->failed += !ok;
    client->answered++;
    curl_multi_remove_handle(client->multi, easy);
    if (client->made < client->total) {
        post(client, call);
    }
}

static void run(struct client *client)
{
    while (client->answered < client->total) {
        int running, left;
        CURLMsg *message;
        curl_multi_perform(client->multi, &running);
        bool any = false;
        while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
            any = true;
            finish(client, message->easy_handle, message->data.result);
        }
        if (!any) {
            curl_multi_poll(client->multi, NULL, 0, 1000, NULL);
        }
    }
}

int main(int argc, char *argv[])
{
    if (argc < 5) {
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    unsigned long count = strtoul(argv[4], NULL, 10);
    struct client client = {.multi = curl_multi_init(), .total = strtoul(argv[3], NULL, 10)};
    struct call *calls = calloc(count, sizeof *calls);
    client.headers = curl_slist_append(NULL, "Authorization: Bearer xoxb-bench");
    client.headers =
        curl_slist_append(client.headers, "Content-Type: application/json; charset=utf-8");
    client.headers = curl_slist_append(client.headers, "User-Agent: bare_curl_post/1.0 c/11 linux");
    client.headers = curl_slist_append(client.headers, "Expect:");
    curl_multi_setopt(client.multi, CURLMOPT_MAXCONNECTS, (long)count);
    for (unsigned long i = 0; i < count && client.made < client.total; i++) {
        set_up(&client, &calls[i], argv[1], argv[2]);
        post(&client, &calls[i]);
    }
    run(&client);
    printf("{\"answered\":%lu,\"failed\":%lu}\n", client.answered, client.failed);
    fflush(stdout);
    sleep(60); /* until it is ended: its memory is looked at */
    return client.failed > 0;
}
