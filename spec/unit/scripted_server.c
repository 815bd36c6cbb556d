/* A TCP server on 127.0.0.1 that does what a script says, for specs of how a
 * client takes a server that misbehaves. With a certificate it speaks TLS, and
 * HTTP/2 when there is a third argument.
 *
 *   scripted_server SCRIPT [CERTIFICATE KEY [h2]]
 *
 * Prints its port, a line "request METHOD TARGET" for each request it has read,
 * and "resumed" for a TLS handshake with an earlier session. SCRIPT is a file of steps, one a line. A line "--" ends the steps of the
 * first connection and begins those of the second, and so on; those of the last
 * are done with all that come after it. When the steps end, so does the
 * connection.
 *
 *   read            a request, head and body
 *   head, body      only the one, only the other; after a body comes "body BYTES"
 *   show            prints the head of the last request as it came
 *   take N          so many bytes of a body
 *   frame TYPE      frames of HTTP/2, until one of that type has come
 *   send TEXT       TEXT with \r, \n, \\ and \xHH
 *   accept TEXT     an answer that accepts the last request's WebSocket, with TEXT for more lines
 *   repeat N TEXT   the same N times, for ever when N is 0
 *   slow MS TEXT    byte by byte, that long between them
 *   pause MS
 *   hang            until the client ends the connection
 *   reset           ends it with a reset */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 */

#define MAX_STEPS 1000
#define MAX_HEAD  65536

static char *steps[MAX_STEPS];
static int step_count;
static SSL_CTX *tls;

struct connection {
    int fd, number;
    SSL *ssl;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void read_script(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        die(path);
    }
    char *line = NULL;
    size_t size = 0;
    while (step_count < MAX_STEPS && getline(&line, &size, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        steps[step_count++] = strdup(line);
    }
    free(line);
    fclose(file);
}

/* The first step of that connection, or of the last one there is. */
static int first_step(int connection)
{
    int first = 0;
    for (int i = 0; i < step_count && connection > 0; i++) {
        if (strcmp(steps[i], "--") == 0) {
            first = i + 1;
            connection--;
        }
    }
    return first;
}

static size_t unescape(const char *text, char *out)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        char byte = *text;
        if (byte == '\\') {
            byte = *++text;
            if (byte == 'x') {
                char digits[3] = {text[1], text[2], '\0'};
                byte = (char)strtol(digits, NULL, 16);
                text += 2;
            } else {
                byte = byte == 'r' ? '\r' : byte == 'n' ? '\n' : byte;
            }
        }
        out[length++] = byte;
    }
    return length;
}

static ssize_t receive(struct connection *connection, void *bytes, size_t size)
{
    return connection->ssl != NULL ? SSL_read(connection->ssl, bytes, (int)size)
                                   : recv(connection->fd, bytes, size, 0);
}

static bool send_all(struct connection *connection, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = connection->ssl != NULL ? SSL_write(connection->ssl, bytes, (int)length)
                                               : send(connection->fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static size_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field != NULL ? strtoul(field + 17, NULL, 10) : 0;
}

/* Byte by byte, so that nothing of what follows is taken. */
static bool read_head(struct connection *connection, char head[MAX_HEAD])
{
    size_t length = 0;
    while (length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4) != 0) {
        if (length == MAX_HEAD - 1 || receive(connection, head + length, 1) != 1) {
            return false;
        }
        head[++length] = '\0';
    }
    printf("request %.*s\n",
           (int)strcspn(head + strcspn(head, " ") + 1, " ") + (int)strcspn(head, " ") + 1, head);
    return true;
}

static bool take(struct connection *connection, size_t left)
{
    char bytes[65536];
    while (left > 0) {
        ssize_t count = receive(connection, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (count <= 0) {
            return false;
        }
        left -= (size_t)count;
    }
    return true;
}

static bool read_chunks(struct connection *connection, size_t *total)
{
    size_t size;
    do {
        char line[32] = "";
        size_t length = 0;
        while (length < 2 || line[length - 1] != '\n') {
            if (length == sizeof line - 1 || receive(connection, line + length++, 1) != 1) {
                return false;
            }
        }
        size = strtoul(line, NULL, 16);
        *total += size;
        if (!take(connection, size + 2)) {
            return false;
        }
    } while (size > 0);
    return true;
}

static bool read_body(struct connection *connection, const char *head)
{
    size_t total = body_length(head);
    bool ok = strcasestr(head, "\r\nTransfer-Encoding: chunked") != NULL
                  ? read_chunks(connection, &total)
                  : take(connection, total);
    if (ok) {
        printf("body %zu\n", total);
    }
    return ok;
}

static bool send_slowly(struct connection *connection, const char *bytes, size_t length, int ms)
{
    for (size_t i = 0; i < length; i++) {
        poll(NULL, 0, ms);
        if (!send_all(connection, bytes + i, 1)) {
            return false;
        }
    }
    return true;
}

static bool hang(struct connection *connection)
{
    char bytes[4096];
    while (receive(connection, bytes, sizeof bytes) > 0) {
    }
    return false;
}

static bool receive_all(struct connection *connection, char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t got = receive(connection, bytes, length);
        if (got <= 0) {
            return false;
        }
        bytes += got;
        length -= (size_t)got;
    }
    return true;
}

/* A frame: three bytes of length, type, flags, four bytes of stream, content. */
static bool read_frames(struct connection *connection, int type)
{
    char head[9], content[MAX_HEAD];
    do {
        if (!receive_all(connection, head, sizeof head)) {
            return false;
        }
        if (memcmp(head, "PRI * HTT", sizeof head) == 0) { /* what a client begins with */
            if (!receive_all(connection, content, 24 - sizeof head)) {
                return false;
            }
            continue;
        }
        size_t length = (size_t)((unsigned char)head[1] << 8 | (unsigned char)head[2]);
        if (head[0] != 0 || !receive_all(connection, content, length)) {
            return false;
        }
        if (head[3] == 1) {
            printf("request\n");
        }
    } while (head[3] != type);
    return true;
}

static bool accept_websocket(struct connection *connection, const char *head, const char *lines,
                             size_t length)
{
    const char *field = strcasestr(head, "\r\nSec-WebSocket-Key: ");
    char input[128], answer[256];
    unsigned char digest[EVP_MAX_MD_SIZE], accept[64];
    unsigned digest_length = 0;
    if (field == NULL) {
        return false;
    }
    snprintf(input, sizeof input, "%.24s%s", field + strlen("\r\nSec-WebSocket-Key: "),
             ACCEPT_GUID);
    EVP_Digest(input, strlen(input), digest, &digest_length, EVP_sha1(), NULL);
    EVP_EncodeBlock(accept, digest, (int)digest_length);
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                        accept);
    return send_all(connection, answer, (size_t)size) && send_all(connection, lines, length) &&
           send_all(connection, "\r\n", 2);
}

/* head is that of the last request. */
static bool do_step(struct connection *connection, const char *step, char head[MAX_HEAD])
{
    char *bytes = malloc(strlen(step) + 1);
    long number = strtol(step + strcspn(step, " "), NULL, 10);
    const char *space = strchr(step, ' ');
    bool has_number = strncmp(step, "repeat", 6) == 0 || strncmp(step, "slow", 4) == 0;
    const char *text = space == NULL ? "" : has_number ? strchr(space + 1, ' ') + 1 : space + 1;
    size_t length = unescape(text, bytes);
    bool ok = true;
    if (strcmp(step, "read") == 0) {
        ok = read_head(connection, head) && take(connection, body_length(head));
    } else if (strcmp(step, "head") == 0) {
        ok = read_head(connection, head);
    } else if (strcmp(step, "body") == 0) {
        ok = read_body(connection, head);
    } else if (strcmp(step, "show") == 0) {
        printf("%s", head);
    } else if (strncmp(step, "take ", 5) == 0) {
        ok = take(connection, (size_t)number);
    } else if (strncmp(step, "frame ", 6) == 0) {
        ok = read_frames(connection, (int)number);
    } else if (strncmp(step, "send ", 5) == 0) {
        ok = send_all(connection, bytes, length);
    } else if (strncmp(step, "accept", 6) == 0) {
        ok = accept_websocket(connection, head, bytes, length);
    } else if (strncmp(step, "repeat ", 7) == 0) {
        for (long i = 0; ok && (i < number || number == 0); i++) {
            ok = send_all(connection, bytes, length);
        }
    } else if (strncmp(step, "slow ", 5) == 0) {
        ok = send_slowly(connection, bytes, length, (int)number);
    } else if (strncmp(step, "pause ", 6) == 0) {
        poll(NULL, 0, (int)number);
    } else if (strcmp(step, "hang") == 0) {
        ok = hang(connection);
    } else if (strcmp(step, "reset") == 0) {
        struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ok = false;
    } else {
        fprintf(stderr, "no step: %s\n", step);
        exit(1);
    }
    free(bytes);
    return ok;
}

static bool begin_tls(struct connection *connection)
{
    connection->ssl = SSL_new(tls);
    bool ok = connection->ssl != NULL && SSL_set_fd(connection->ssl, connection->fd) == 1 &&
              SSL_accept(connection->ssl) == 1;
    if (ok && SSL_session_reused(connection->ssl)) {
        printf("resumed\n");
    }
    return ok;
}

static int choose_http2(SSL *ssl, const unsigned char **out, unsigned char *length,
                        const unsigned char *offered, unsigned offered_length, void *context)
{
    static const unsigned char http2[] = "\x02h2";
    (void)ssl, (void)context;
    return SSL_select_next_proto((unsigned char **)out, length, http2, 3, offered,
                                 offered_length) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

static void prepare_tls(const char *certificate, const char *key, bool is_http2)
{
    tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "no certificate: %s, %s\n", certificate, key);
        exit(1);
    }
    if (is_http2) {
        SSL_CTX_set_alpn_select_cb(tls, choose_http2, NULL);
    }
}

static void *serve(void *argument)
{
    struct connection *connection = argument;
    int i = first_step(connection->number);
    char head[MAX_HEAD] = "";
    bool ok = tls == NULL || begin_tls(connection);
    while (ok && i < step_count && strcmp(steps[i], "--") != 0 &&
           do_step(connection, steps[i], head)) {
        i++;
    }
    SSL_free(connection->ssl);
    close(connection->fd);
    free(connection);
    return NULL;
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        die("listen");
    }
    printf("%d\n", ntohs(address.sin_port));
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc < 4) {
        fprintf(stderr, "scripted_server SCRIPT [CERTIFICATE KEY [h2]]\n");
        return 1;
    }
    if (argc >= 4) {
        prepare_tls(argv[2], argv[3], argc > 4);
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    read_script(argv[1]);
    int listener = listen_anywhere();
    for (int number = 0;; number++) {
        struct connection *connection = malloc(sizeof *connection);
        pthread_t thread;
        *connection = (struct connection){.fd = accept(listener, NULL, NULL), .number = number};
        if (connection->fd < 0 || pthread_create(&thread, NULL, serve, connection) != 0) {
            die("accept");
        }
        pthread_detach(thread);
    }
}
