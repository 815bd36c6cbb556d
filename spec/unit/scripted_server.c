/* A TCP server on 127.0.0.1 that does what a script says, for specs of how a
 * client takes a server that misbehaves.
 *
 *   scripted_server SCRIPT
 *
 * Prints its port, and a line "request METHOD TARGET" for each request it has
 * read. SCRIPT is a file of steps, one a line. A line "--" ends the steps of the
 * first connection and begins those of the second, and so on; those of the last
 * are done with all that come after it. When the steps end, so does the
 * connection.
 *
 *   read            a request, head and body
 *   head, body      only the one, only the other; after a body comes "body BYTES"
 *   take N          so many bytes of a body
 *   send TEXT       TEXT with \r, \n, \\ and \xHH
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

#define MAX_STEPS 1000
#define MAX_HEAD  65536

static char *steps[MAX_STEPS];
static int step_count;

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

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
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
static bool read_head(int fd, char head[MAX_HEAD])
{
    size_t length = 0;
    while (length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4) != 0) {
        if (length == MAX_HEAD - 1 || recv(fd, head + length, 1, 0) != 1) {
            return false;
        }
        head[++length] = '\0';
    }
    printf("request %.*s\n",
           (int)strcspn(head + strcspn(head, " ") + 1, " ") + (int)strcspn(head, " ") + 1, head);
    return true;
}

static bool take(int fd, size_t left)
{
    char bytes[65536];
    while (left > 0) {
        ssize_t count = recv(fd, bytes, left < sizeof bytes ? left : sizeof bytes, 0);
        if (count <= 0) {
            return false;
        }
        left -= (size_t)count;
    }
    return true;
}

static bool read_chunks(int fd, size_t *total)
{
    size_t size;
    do {
        char line[32] = "";
        size_t length = 0;
        while (length < 2 || line[length - 1] != '\n') {
            if (length == sizeof line - 1 || recv(fd, line + length++, 1, 0) != 1) {
                return false;
            }
        }
        size = strtoul(line, NULL, 16);
        *total += size;
        if (!take(fd, size + 2)) {
            return false;
        }
    } while (size > 0);
    return true;
}

static bool read_body(int fd, const char *head)
{
    size_t total = body_length(head);
    bool ok = strcasestr(head, "\r\nTransfer-Encoding: chunked") != NULL ? read_chunks(fd, &total)
                                                                         : take(fd, total);
    if (ok) {
        printf("body %zu\n", total);
    }
    return ok;
}

static bool send_slowly(int fd, const char *bytes, size_t length, int ms)
{
    for (size_t i = 0; i < length; i++) {
        poll(NULL, 0, ms);
        if (!send_all(fd, bytes + i, 1)) {
            return false;
        }
    }
    return true;
}

static bool hang(int fd)
{
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
    return false;
}

/* head is that of the last request. */
static bool do_step(int fd, const char *step, char head[MAX_HEAD])
{
    char *bytes = malloc(strlen(step) + 1);
    long number = strtol(step + strcspn(step, " "), NULL, 10);
    const char *space = strchr(step, ' ');
    bool has_number = strncmp(step, "repeat", 6) == 0 || strncmp(step, "slow", 4) == 0;
    const char *text = space == NULL ? "" : has_number ? strchr(space + 1, ' ') + 1 : space + 1;
    size_t length = unescape(text, bytes);
    bool ok = true;
    if (strcmp(step, "read") == 0) {
        ok = read_head(fd, head) && take(fd, body_length(head));
    } else if (strcmp(step, "head") == 0) {
        ok = read_head(fd, head);
    } else if (strcmp(step, "body") == 0) {
        ok = read_body(fd, head);
    } else if (strncmp(step, "take ", 5) == 0) {
        ok = take(fd, (size_t)number);
    } else if (strncmp(step, "send ", 5) == 0) {
        ok = send_all(fd, bytes, length);
    } else if (strncmp(step, "repeat ", 7) == 0) {
        for (long i = 0; ok && (i < number || number == 0); i++) {
            ok = send_all(fd, bytes, length);
        }
    } else if (strncmp(step, "slow ", 5) == 0) {
        ok = send_slowly(fd, bytes, length, (int)number);
    } else if (strncmp(step, "pause ", 6) == 0) {
        poll(NULL, 0, (int)number);
    } else if (strcmp(step, "hang") == 0) {
        ok = hang(fd);
    } else if (strcmp(step, "reset") == 0) {
        struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ok = false;
    } else {
        fprintf(stderr, "no step: %s\n", step);
        exit(1);
    }
    free(bytes);
    return ok;
}

struct connection {
    int fd, number;
};

static void *serve(void *argument)
{
    struct connection *connection = argument;
    int i = first_step(connection->number);
    char head[MAX_HEAD] = "";
    while (i < step_count && strcmp(steps[i], "--") != 0 &&
           do_step(connection->fd, steps[i], head)) {
        i++;
    }
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
    if (argc != 2) {
        fprintf(stderr, "scripted_server SCRIPT\n");
        return 1;
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
