#include "api_answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_SIZE 2048

static const char HEADERS[] =
    "date: Fri, 20 Nov 2026 12:00:00 GMT\r\nserver: Apache\r\n"
    "vary: Accept-Encoding\r\nx-slack-req-id: 1f3870be274f6c49b3e31a0c6728957f\r\n"
    "x-content-type-options: nosniff\r\nx-xss-protection: 0\r\npragma: no-cache\r\n"
    "cache-control: private, no-cache, no-store, must-revalidate\r\n"
    "expires: Sat, 26 Jul 1997 05:00:00 GMT\r\ncontent-type: application/json; charset=utf-8\r\n"
    "x-accepted-oauth-scopes: chat:write\r\n"
    "x-oauth-scopes: app_mentions:read,channels:history,chat:write,commands,users:read\r\n"
    "access-control-expose-headers: x-slack-req-id, retry-after\r\n"
    "access-control-allow-headers: slack-route, x-slack-version-ts, x-b3-traceid\r\n"
    "strict-transport-security: max-age=31536000; includeSubDomains; preload\r\n"
    "referrer-policy: no-referrer\r\nx-slack-unique-id: Zx1\r\n"
    "x-slack-backend: r\r\naccess-control-allow-origin: *\r\n"
    "via: envoy-www-iad-abcdefgh, envoy-edge-fra-abcdefgh\r\n";

static const char POSTED[] =
    "{\"ok\":true,\"channel\":\"C07BENCH001\",\"ts\":\"1700000000.%06" PRIu64
    "\",\"message\":{\"user\":\"U05BOTUSR01\",\"type\":\"message\",\"ts\":\"1700000000.%06" PRIu64
    "\",\"bot_id\":\"B05BENCHBOT\",\"app_id\":\"A0123456789\",\"text\":\"The build has ended.\","
    "\"team\":\"T02MOON4XYZ\",\"bot_profile\":{\"id\":\"B05BENCHBOT\",\"app_id\":\"A0123456789\","
    "\"user_id\":\"U05BOTUSR01\",\"name\":\"bench\",\"icons\":{\"image_36\":"
    "\"https:\\/\\/a.slack-edge.com\\/80588\\/img\\/plugins\\/app\\/bot_36.png\",\"image_48\":"
    "\"https:\\/\\/a.slack-edge.com\\/80588\\/img\\/plugins\\/app\\/bot_48.png\"},"
    "\"deleted\":false,\"updated\":1700000000,\"team_id\":\"T02MOON4XYZ\"},\"blocks\":[{\"type\":"
    "\"rich_text\",\"block_id\":\"xYz1\",\"elements\":[{\"type\":\"rich_text_section\","
    "\"elements\":[{\"type\":\"text\",\"text\":\"The build has ended.\"}]}]}]}}";

/* The value of a header whose name is given with its colon, in lower case. */
static const char *find_header(const char *head, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    const char *end = head + length;
    const char *line = memchr(head, '\n', length);
    while (line != NULL && (size_t)(end - ++line) > name_length) {
        if (strncasecmp(line, name, name_length) == 0) {
            return line + name_length;
        }
        line = memchr(line, '\n', (size_t)(end - line));
    }
    return NULL;
}

static bool read_path(const char *data, size_t length, struct api_request *request)
{
    static const char API[] = "POST /api/", UPLOAD[] = "POST /upload";
    request->is_upload = length > sizeof UPLOAD && memcmp(data, UPLOAD, sizeof UPLOAD - 1) == 0;
    if (request->is_upload || length <= sizeof API || memcmp(data, API, sizeof API - 1) != 0) {
        return request->is_upload;
    }
    data += sizeof API - 1;
    size_t used = strcspn(data, " ?\r");
    if (used >= sizeof request->method) {
        return false;
    }
    memcpy(request->method, data, used);
    request->method[used] = '\0';
    return true;
}

int api_read_head(const char *data, size_t length, struct api_request *request)
{
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    *request = (struct api_request){.head_length = (size_t)(end - data) + 4};
    const char *body = find_header(data, request->head_length, "content-length:");
    request->body_length = body != NULL ? strtoull(body, NULL, 10) : 0;
    return body != NULL && read_path(data, request->head_length, request) ? 1 : -1;
}

void api_read_number(const char *data, struct api_request *request)
{
    if (request->is_upload) {
        return;
    }
    const char *body = data + request->head_length;
    const char *end = body + request->body_length;
    const char *found = memmem(body, request->body_length, "seq-", 4);
    request->has_number = found != NULL;
    for (const char *at = found + 4; found && at < end && *at >= '0' && *at <= '9'; at++) {
        request->number = request->number * 10 + (uint64_t)(*at - '0');
    }
}

static int write_body(char body[ANSWER_SIZE], const struct api_request *request, int port)
{
    if (request->is_upload) {
        return snprintf(body, ANSWER_SIZE, "OK - 1");
    }
    if (strcmp(request->method, "chat.postMessage") == 0) {
        return snprintf(body, ANSWER_SIZE, POSTED, request->number, request->number);
    }
    if (strcmp(request->method, "files.getUploadURLExternal") == 0) {
        return snprintf(body, ANSWER_SIZE,
                        "{\"ok\":true,\"upload_url\":\"https:\\/\\/127.0.0.1:%d\\/upload\\/1\","
                        "\"file_id\":\"F05BENCH001\"}",
                        port);
    }
    return snprintf(body, ANSWER_SIZE,
                    "{\"ok\":true,\"files\":[{\"id\":\"F05BENCH001\",\"title\":\"bench\"}]}");
}

void api_answer(struct slk_buffer *out, const struct api_request *request, int port)
{
    char body[ANSWER_SIZE], head[ANSWER_SIZE];
    int body_length = write_body(body, request, port);
    int head_length = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n",
                               HEADERS, body_length);
    slk_buffer_append(out, head, (size_t)head_length);
    slk_buffer_append(out, body, (size_t)body_length);
}
