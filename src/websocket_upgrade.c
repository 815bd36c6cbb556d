#include "websocket_upgrade.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define ACCEPT_SIZE 29 /* base64 of a SHA-1, terminated */
#define STATUS_SIZE 12 /* "HTTP/1.1 101" */

static bool has_blank_or_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7F) {
            return true;
        }
    }
    return false;
}

int slk_upgrade_request(struct slk_buffer *out, const char *host, const char *target,
                        char key[SLK_UPGRADE_KEY_SIZE])
{
    if (*host == '\0' || *target != '/' || has_blank_or_control(host) ||
        has_blank_or_control(target)) {
        return SLK_INVALID;
    }
    unsigned char nonce[16];
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) {
        return SLK_SYSTEM;
    }
    EVP_EncodeBlock((unsigned char *)key, nonce, sizeof nonce);
    const char *const pieces[] = {
        "GET ",
        target,
        " HTTP/1.1\r\nHost: ",
        host,
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ",
        key,
        "\r\nSec-WebSocket-Version: 13\r\nUser-Agent: lua-slack\r\n\r\n",
    };
    size_t start = out->length;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        int status = slk_buffer_append(out, pieces[i], strlen(pieces[i]));
        if (status != SLK_OK) {
            out->length = start;
            return status;
        }
    }
    return SLK_OK;
}

struct text {
    const char *data;
    size_t length;
};

static struct text trim(const char *data, size_t length)
{
    while (length > 0 && (*data == ' ' || *data == '\t')) {
        data++;
        length--;
    }
    while (length > 0 && (data[length - 1] == ' ' || data[length - 1] == '\t')) {
        length--;
    }
    return (struct text){data, length};
}

static bool equals(struct text text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.data, word, text.length) == 0;
}

/* Whether a comma-separated list holds the word. */
static bool lists(struct text list, const char *word)
{
    while (list.length > 0) {
        const char *comma = memchr(list.data, ',', list.length);
        size_t length = comma != NULL ? (size_t)(comma - list.data) : list.length;
        if (equals(trim(list.data, length), word)) {
            return true;
        }
        size_t used = comma != NULL ? length + 1 : length;
        list.data += used;
        list.length -= used;
    }
    return false;
}

static int parse_seconds(struct text value)
{
    int seconds = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9' || seconds > 100000000) {
            return -1; /* a date, or nonsense: the caller's own delay is as good */
        }
        seconds = seconds * 10 + (value.data[i] - '0');
    }
    return value.length > 0 ? seconds : -1;
}

/* What the header lines of a response say about the upgrade. */
struct verdict {
    bool upgrade;
    bool connection;
    bool accept;
    bool unasked; /* an extension or subprotocol that was not offered */
    int accepts;
    int retry_after;
};

static void read_header(struct text name, struct text value, const char *expected,
                        struct verdict *verdict)
{
    if (equals(name, "Upgrade")) {
        verdict->upgrade = verdict->upgrade || lists(value, "websocket");
    } else if (equals(name, "Connection")) {
        verdict->connection = verdict->connection || lists(value, "upgrade");
    } else if (equals(name, "Sec-WebSocket-Accept")) {
        verdict->accepts++;
        verdict->accept =
            value.length == strlen(expected) && memcmp(value.data, expected, value.length) == 0;
    } else if (equals(name, "Sec-WebSocket-Extensions") || equals(name, "Sec-WebSocket-Protocol")) {
        verdict->unasked = true;
    } else if (equals(name, "Retry-After")) {
        verdict->retry_after = parse_seconds(value);
    }
}

/* lines: header lines, each ended by CRLF. False when one of them is none. */
static bool read_headers(struct text lines, const char *expected, struct verdict *verdict)
{
    while (lines.length > 0) {
        const char *end = memmem(lines.data, lines.length, "\r\n", 2);
        size_t length = (size_t)(end - lines.data);
        const char *colon = memchr(lines.data, ':', length);
        if (colon == NULL || colon == lines.data || memchr(lines.data, '\n', length) != NULL) {
            return false;
        }
        struct text name = {lines.data, (size_t)(colon - lines.data)};
        if (memchr(name.data, ' ', name.length) != NULL ||
            memchr(name.data, '\t', name.length) != NULL) {
            return false;
        }
        read_header(name, trim(colon + 1, length - name.length - 1), expected, verdict);
        lines.data += length + 2;
        lines.length -= length + 2;
    }
    return true;
}

static int make_accept(const char *key, char accept[ACCEPT_SIZE])
{
    char input[SLK_UPGRADE_KEY_SIZE + sizeof ACCEPT_GUID];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_length = 0;
    int length = snprintf(input, sizeof input, "%s%s", key, ACCEPT_GUID);
    if (EVP_Digest(input, (size_t)length, digest, &digest_length, EVP_sha1(), NULL) != 1) {
        return SLK_SYSTEM;
    }
    EVP_EncodeBlock((unsigned char *)accept, digest, (int)digest_length);
    return SLK_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 0 when the bytes there cannot begin an HTTP/1 response, -1 while too few. */
static int parse_status(const char *data, size_t length)
{
    static const char shape[] = "HTTP/1.d ddd";
    for (size_t i = 0; i < STATUS_SIZE && i < length; i++) {
        if (shape[i] == 'd' ? !is_digit(data[i]) : data[i] != shape[i]) {
            return 0;
        }
    }
    if (length < STATUS_SIZE) {
        return -1;
    }
    int status = (data[9] - '0') * 100 + (data[10] - '0') * 10 + (data[11] - '0');
    return status >= 100 ? status : 0;
}

static int refuse(struct slk_error *err, const char *what)
{
    slk_error_set(err, "upgrade", "the server's answer to the WebSocket upgrade is wrong: %s",
                  what);
    return SLK_INVALID;
}

static int judge(const struct verdict *verdict, int status, struct slk_error *err)
{
    if (status != 101) {
        slk_error_set(err, "refused", "the WebSocket upgrade was refused with HTTP status %d",
                      status);
        return SLK_INVALID;
    }
    if (!verdict->upgrade || !verdict->connection) {
        return refuse(err, "no \"Upgrade: websocket\" with \"Connection: Upgrade\"");
    }
    if (!verdict->accept || verdict->accepts != 1) {
        return refuse(err, "Sec-WebSocket-Accept does not match the key");
    }
    if (verdict->unasked) {
        return refuse(err, "it names an extension or subprotocol that was not asked for");
    }
    return 1;
}

/* One head at the start of data, of so many bytes at most; result as slk_upgrade_response. */
static int read_response(const char *data, size_t length, size_t most, const char *expected,
                         struct slk_upgrade_response *response, struct slk_error *err)
{
    int status = parse_status(data, length);
    if (status == 0) {
        return refuse(err, "not an HTTP/1 response");
    }
    const char *end = memmem(data, length < most ? length : most, "\r\n\r\n", 4);
    if (end == NULL) {
        if (length < most) {
            return 0;
        }
        slk_error_set(err, "upgrade",
                      "the answer to the WebSocket upgrade has a head over %d bytes",
                      SLK_UPGRADE_MAX_HEAD);
        return SLK_TOO_LARGE;
    }
    response->status = status;
    response->head_length = (size_t)(end - data) + 4;
    const char *line_end = memmem(data, response->head_length, "\r\n", 2);
    size_t line_length = (size_t)(line_end - data);
    if ((line_length > STATUS_SIZE && data[STATUS_SIZE] != ' ') ||
        memchr(data, '\n', line_length) != NULL) {
        return refuse(err, "malformed status line");
    }
    struct verdict verdict = {.retry_after = -1};
    struct text lines = {line_end + 2, response->head_length - line_length - 4};
    if (!read_headers(lines, expected, &verdict)) {
        return refuse(err, "malformed header line");
    }
    response->retry_after = verdict.retry_after;
    return judge(&verdict, status, err);
}

int slk_upgrade_response(const char *data, size_t length, const char *key,
                         struct slk_upgrade_response *response, struct slk_error *err)
{
    *response = (struct slk_upgrade_response){.retry_after = -1};
    char expected[ACCEPT_SIZE];
    if (strlen(key) >= SLK_UPGRADE_KEY_SIZE || make_accept(key, expected) != SLK_OK) {
        return refuse(err, "there is no key to check it against");
    }
    size_t skipped = 0;
    for (;;) {
        size_t most = skipped < SLK_UPGRADE_MAX_HEAD ? SLK_UPGRADE_MAX_HEAD - skipped : 0;
        int result = read_response(data + skipped, length - skipped, most, expected, response, err);
        bool interim = result == SLK_INVALID && response->head_length > 0 &&
                       response->status < 200 && response->status != 101;
        if (!interim) {
            response->head_length += response->head_length > 0 ? skipped : 0;
            return result;
        }
        /* Hints such as 103 may come before the answer (RFC 9110 §15.2). */
        skipped += response->head_length;
        *response = (struct slk_upgrade_response){.retry_after = -1};
    }
}
