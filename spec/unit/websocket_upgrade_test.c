#include "websocket_upgrade.h"

#include <stdbool.h>
#include <string.h>

#include "check.h"

/* The example of RFC 6455 §1.3. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define STATUS_LINE "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPTED    "Sec-WebSocket-Accept: " ACCEPT "\r\n"

static void asks_for_an_upgrade(void)
{
    struct slk_buffer out;
    slk_buffer_init(&out, 65536);
    char key[SLK_UPGRADE_KEY_SIZE], other[SLK_UPGRADE_KEY_SIZE];
    CHECK(slk_buffer_append(&out, "before", 6) == SLK_OK);
    CHECK(slk_upgrade_request(&out, "wss.example:443", "/link/?ticket=a&b=c", key) == SLK_OK);
    CHECK(slk_buffer_append(&out, "", 1) == SLK_OK);
    char expected[512];
    snprintf(expected, sizeof expected,
             "before"
             "GET /link/?ticket=a&b=c HTTP/1.1\r\nHost: wss.example:443\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
             "User-Agent: lua-slack\r\n\r\n",
             key);
    CHECK(strcmp(out.data, expected) == 0);
    CHECK(strlen(key) == 24 && strcmp(key + 22, "==") == 0);
    CHECK(slk_upgrade_request(&out, "a", "/", other) == SLK_OK);
    CHECK(strcmp(key, other) != 0);
    slk_buffer_free(&out);
}

static void lets_nothing_into_the_request(void)
{
    static const struct {
        const char *host;
        const char *target;
    } cases[] = {
        {"a\r\nX: y", "/"}, {"a b", "/"},  {"a\n", "/"},     {"", "/"},       {"a\x7f", "/"},
        {"a", "/x\r\ny"},   {"a", "/x y"}, {"a", "/x\ty"},   {"a", ""},       {"a", "x"},
        {"a", "http://x"},  {"a", "/\n"},  {"a", "/x\x01y"}, {"a", "/x\x7f"}, {"a\t", "/"},
    };
    struct slk_buffer out;
    slk_buffer_init(&out, 65536);
    char key[SLK_UPGRADE_KEY_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(slk_upgrade_request(&out, cases[i].host, cases[i].target, key) == SLK_INVALID);
        CHECK(out.length == 0);
    }
    slk_buffer_free(&out);
    slk_buffer_init(&out, 40); /* too small */
    CHECK(slk_upgrade_request(&out, "a", "/", key) == SLK_TOO_LARGE);
    CHECK(out.length == 0);
    slk_buffer_free(&out);
}

/* The result for the whole; every shorter piece must ask for more, unless it
 * shows the failure already. */
static int read_text(const char *text, size_t frames, struct slk_upgrade_response *response,
                     struct slk_error *err)
{
    size_t length = strlen(text);
    int result = slk_upgrade_response(text, length, KEY, response, err);
    for (size_t i = 0; i < length; i++) {
        struct slk_upgrade_response partial;
        struct slk_error partial_err;
        char *copy = malloc(i + 1); /* of the exact size, for sanitizers to see overreads */
        memcpy(copy, text, i);
        int early = slk_upgrade_response(copy, i, KEY, &partial, &partial_err);
        free(copy);
        bool is_whole = result == 1 && i >= length - frames;
        CHECK(early == 0 || early == result);
        CHECK(result != 1 || early == (is_whole ? 1 : 0));
    }
    return result;
}

static void accepts(const char *text, size_t frames)
{
    struct slk_upgrade_response response;
    struct slk_error err = {"", ""};
    int result = read_text(text, frames, &response, &err);
    if (result != 1) {
        printf("%s\n%s\n", text, err.text);
    }
    CHECK(result == 1);
    CHECK(response.status == 101);
    CHECK(response.head_length == strlen(text) - frames);
}

static void refuses(const char *text, int status, const char *code)
{
    struct slk_upgrade_response response;
    struct slk_error err = {"", ""};
    int result = read_text(text, 0, &response, &err);
    if (result != SLK_INVALID || strcmp(err.code, code) != 0 || response.status != status) {
        printf("%s\n%d %d %s: %s\n", text, result, response.status, err.code, err.text);
    }
    CHECK(result == SLK_INVALID);
    CHECK(response.status == status);
    CHECK(strcmp(err.code, code) == 0 && err.text[0] != '\0');
}

static void accepts_what_is_right(void)
{
    accepts(STATUS_LINE UPGRADE ACCEPTED "\r\n", 0);
    accepts(STATUS_LINE UPGRADE ACCEPTED "\r\n\x81\x05hello", 7);
    accepts("HTTP/1.1 101\r\n" UPGRADE ACCEPTED "\r\n", 0);
    accepts("HTTP/1.0 101 x\r\n" UPGRADE ACCEPTED "\r\n", 0);
    /* S220: odd spacing, colons in values, other headers */
    accepts(STATUS_LINE "UPGRADE:\tWebSocket \t\r\nconnection:keep-alive , upgrade\r\n"
                        "sec-websocket-accept:  " ACCEPT " \r\nDate: a: b:c\r\nEmpty:\r\n\r\n",
            0);
    accepts("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" STATUS_LINE UPGRADE ACCEPTED "\r\n", 0);
}

static void refuses_what_is_wrong(void)
{
    refuses(STATUS_LINE UPGRADE "\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n\r\n", 101,
            "upgrade");
    refuses(STATUS_LINE UPGRADE "Sec-WebSocket-Accept: " ACCEPT "=\r\n\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED ACCEPTED "\r\n", 101, "upgrade");
    refuses(STATUS_LINE "Connection: Upgrade\r\n" ACCEPTED "\r\n", 101, "upgrade");
    refuses(STATUS_LINE "Upgrade: websocket\r\n" ACCEPTED "\r\n", 101, "upgrade");
    refuses(STATUS_LINE "Upgrade: websockets\r\nConnection: Upgrade\r\n" ACCEPTED "\r\n", 101,
            "upgrade");
    refuses(STATUS_LINE "Upgrade: websocket\r\nConnection: close\r\n" ACCEPTED "\r\n", 101,
            "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            101, "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED "Sec-WebSocket-Protocol: chat\r\n\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED "no colon\r\n\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED "X: a\nY: b\r\n\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED ": no name\r\n\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED " folded: x\r\n\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE ACCEPTED "X : y\r\n\r\n", 101, "upgrade");
    refuses(STATUS_LINE UPGRADE "X: y\n" ACCEPTED "\r\n", 101, "upgrade");
    refuses("HTTP/1.1 101x\r\n" UPGRADE ACCEPTED "\r\n", 101, "upgrade");
    refuses("HTTP/1.1 200 OK\r\n\r\n", 200, "refused");
    refuses("HTTP/1.1 409 Conflict\r\n\r\n", 409, "refused"); /* S205 */
    refuses("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", 302, "refused");
    refuses("HTTP/2 101\r\n\r\n", 0, "upgrade");
    refuses("HTTP/1.1 1010\r\n\r\n", 101, "upgrade");
    refuses("HTTP/1.1 099 x\r\n\r\n", 0, "upgrade");
    refuses("HTTP/1.1 abc\r\n\r\n", 0, "upgrade");
    refuses("<html>", 0, "upgrade");
    refuses("\x16\x03\x01", 0, "upgrade");
}

static int retry_after(const char *line)
{
    char text[256];
    struct slk_upgrade_response response;
    struct slk_error err;
    snprintf(text, sizeof text, "HTTP/1.1 429 Too Many Requests\r\n%s\r\n", line);
    CHECK(slk_upgrade_response(text, strlen(text), KEY, &response, &err) == SLK_INVALID);
    CHECK(response.status == 429);
    return response.retry_after;
}

static void tells_when_to_come_back(void)
{
    CHECK(retry_after("") == -1);
    CHECK(retry_after("Retry-After: 30\r\n") == 30);
    CHECK(retry_after("retry-after:0\r\n") == 0);
    CHECK(retry_after("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n") == -1);
    CHECK(retry_after("Retry-After: -5\r\n") == -1);
    CHECK(retry_after("Retry-After:\r\n") == -1);
    CHECK(retry_after("Retry-After: 99999999999999999999\r\n") == -1);
}

static void bounds_the_head(void)
{
    static char text[SLK_UPGRADE_MAX_HEAD + 100];
    struct slk_upgrade_response response;
    struct slk_error err;
    size_t start = strlen(STATUS_LINE UPGRADE ACCEPTED "X: ");
    memset(text, 'x', sizeof text);
    memcpy(text, STATUS_LINE UPGRADE ACCEPTED "X: ", start);
    CHECK(slk_upgrade_response(text, SLK_UPGRADE_MAX_HEAD - 1, KEY, &response, &err) == 0);
    CHECK(slk_upgrade_response(text, SLK_UPGRADE_MAX_HEAD, KEY, &response, &err) == SLK_TOO_LARGE);
    CHECK(slk_upgrade_response(text, sizeof text, KEY, &response, &err) == SLK_TOO_LARGE);
    memcpy(text + SLK_UPGRADE_MAX_HEAD - 4, "\r\n\r\n", 4);
    CHECK(slk_upgrade_response(text, sizeof text, KEY, &response, &err) == 1);
    CHECK(response.head_length == SLK_UPGRADE_MAX_HEAD);
}

int main(void)
{
    asks_for_an_upgrade();
    lets_nothing_into_the_request();
    accepts_what_is_right();
    refuses_what_is_wrong();
    tells_when_to_come_back();
    bounds_the_head();
    return 0;
}
