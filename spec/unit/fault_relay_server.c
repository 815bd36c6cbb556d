/* A TCP relay that spoils what goes through it, on command, for
 * specs and measurements of what a client does then.
 *
 *   fault_relay_server [LISTEN@]CONTROL ROUTE=HOST:PORT...
 *
 * LISTEN is the address that it listens at, 127.0.0.1 otherwise.
 * Each route has a port of its own, printed as "port ROUTE PORT". CONTROL is a
 * FIFO of commands, one a line; each is answered "obeying command N",
 * N counted from 1, or "refusing command N":
 *
 *   ROUTE old FAULT        of the connections that are there
 *   ROUTE new FAULT        of those to come
 *   ROUTE all FAULT        of both
 *   ROUTE mark             those that are there now
 *   ROUTE marked FAULT     of those
 *   ROUTE at STAGE FAULT   of each to come, when it gets that far
 *   ROUTE next STAGE FAULT the same, of the next one only
 *   ROUTE target HOST:PORT where connections to come are led
 *   ROUTE refuse, accept   the port answers connects with a reset; listens again
 *   quit
 *
 * FAULT, where up is towards the server and down from it:
 *
 *   pass                   none; ends of connections that were held back are told
 *   delay MS JITTER        of each piece, in order
 *   rate BYTES             a second, each way, of all connections of the route together
 *   stall up|down|both     nothing is delivered, no end of a connection is told
 *   cut up|down BYTES FAULT  so many bytes more, then that fault
 *   close                  ends with FIN, both ways
 *   reset                  ends with RST, both ways
 *
 * STAGE: tcp (it has been accepted), connect (a proxy's CONNECT has come), tls
 * (half of the server's first record has gone down), upgrade (the upgrade's
 * head has come), hello (its answer has gone down), frame (half of a message has
 * gone down), close (the head of a close frame has come, from either side).
 * Within TLS: upgrade, and frame, of a record of more than 400 bytes.
 *
 * Tells too, each line after seconds of the monotonic clock: "accepted ROUTE N",
 * "stage ROUTE N STAGE", "ended ROUTE N". */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define MAX_ROUTES 8
#define MAX_QUEUE  ((size_t)256 * 1024) /* of one way, what waits here */
#define PIECE      ((size_t)16 * 1024)
#define MAX_LINE   256
#define LARGE      400 /* bytes of a TLS record that is no ticket */

enum way { UP, DOWN };
enum stage { NONE, TCP, CONNECT, TLS, UPGRADE, HELLO, FRAME, CLOSE };
static const char *const STAGES[] = {"none",    "tcp",   "connect", "tls",
                                     "upgrade", "hello", "frame",   "close"};

/* How a connection is treated. */
struct fault {
    bool stall[2];
    int64_t delay, jitter; /* ns */
    long rate;             /* bytes a second; 0: as they come */
    long cut[2];           /* bytes until then happens; -1: never */
    char then[MAX_LINE];
    char end; /* 'c'lose, 'r'eset or 0 */
};

struct piece {
    struct piece *next;
    int64_t due;
    size_t length, gone;
    char bytes[];
};

/* What is known of the protocol in one way. */
struct reader {
    enum { HEAD, FRAMES, RECORDS } mode;
    char tail[4];          /* HEAD: its last bytes */
    char begin[8];         /* HEAD: its first bytes */
    size_t seen;           /* of the head */
    unsigned char top[14]; /* of a frame or record */
    size_t top_length;
    uint64_t left;        /* of its rest */
    uint64_t half;        /* when left falls to this, half has gone; 0: no matter */
    int handshakes, data; /* records so far */
};

struct stream {
    struct reader reader;
    struct piece *first, **last;
    size_t queued;
    int64_t last_due;
    bool ended, told; /* the source has ended; its target knows */
};

struct connection {
    struct connection *next;
    struct route *route;
    long number;
    int fds[2]; /* the client's, the server's; source of UP, of DOWN */
    bool connecting, tls, upgraded, dead;
    struct stream streams[2];
    struct fault fault;
    enum stage stage; /* at which staged happens */
    char staged[MAX_LINE];
};

struct route {
    char name[32];
    struct sockaddr_in target, own;
    int fd;
    bool refuses;
    struct fault fault;
    enum stage stage;
    bool once;
    char staged[MAX_LINE];
    long mark;          /* the last connection that there was */
    int64_t free_at[2]; /* when the line is free again */
};

static struct route routes[MAX_ROUTES];
static int route_count;
static struct connection *connections;
static long accepted;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%.6f ", (double)slk_clock_now() / 1e9);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    fflush(stdout);
}

/* -- Faults ----------------------------------------------------------------- */

static void clear_fault(struct fault *fault)
{
    *fault = (struct fault){.cut = {-1, -1}};
}

/* False when there is no such fault. */
static bool read_fault(const char *text, struct fault *fault)
{
    char word[16] = "", way[8] = "";
    double a = 0, b = 0;
    int used = 0;
    clear_fault(fault);
    sscanf(text, "%15s", word);
    if (strcmp(word, "pass") == 0) {
        return true;
    } else if (strcmp(word, "close") == 0 || strcmp(word, "reset") == 0) {
        fault->end = word[0];
        return true;
    } else if (sscanf(text, "delay %lf %lf", &a, &b) == 2) {
        fault->delay = (int64_t)(a * 1e6);
        fault->jitter = (int64_t)(b * 1e6);
        return true;
    } else if (sscanf(text, "rate %lf", &a) == 1) {
        fault->rate = (long)a;
        return fault->rate > 0;
    } else if (sscanf(text, "stall %7s", way) == 1) {
        fault->stall[UP] = strcmp(way, "down") != 0;
        fault->stall[DOWN] = strcmp(way, "up") != 0;
        return true;
    } else if (sscanf(text, "cut %7s %lf %n", way, &a, &used) == 2 && used > 0) {
        fault->cut[strcmp(way, "up") == 0 ? UP : DOWN] = (long)a;
        snprintf(fault->then, sizeof fault->then, "%s", text + used);
        struct fault then;
        return read_fault(fault->then, &then);
    }
    return false;
}

static void end_fd(int *fd, bool reset)
{
    if (*fd >= 0) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        if (reset) {
            setsockopt(*fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        }
        close(*fd);
        *fd = -1;
    }
}

static void end_connection(struct connection *connection, bool reset)
{
    end_fd(&connection->fds[0], reset);
    end_fd(&connection->fds[1], reset);
    connection->dead = true;
}

static void strike(struct connection *connection, const char *text)
{
    struct fault fault;
    if (!read_fault(text, &fault)) {
        return;
    }
    connection->fault = fault;
    if (fault.end != 0) {
        end_connection(connection, fault.end == 'r');
    }
}

/* -- What goes through ------------------------------------------------------- */

static void enqueue(struct connection *connection, enum way way, const char *bytes, size_t length)
{
    struct stream *stream = &connection->streams[way];
    struct piece *piece = malloc(sizeof *piece + length);
    if (length == 0 || piece == NULL) {
        free(piece);
        return;
    }
    const struct fault *fault = &connection->fault;
    int64_t now = slk_clock_now(), sent = now;
    if (fault->rate > 0) {
        int64_t *free_at = &connection->route->free_at[way];
        int64_t from = *free_at > now ? *free_at : now;
        sent = *free_at = from + (int64_t)length * SLK_SECONDS(1) / fault->rate;
    }
    int64_t jitter = fault->jitter > 0 ? random() % (2 * fault->jitter) - fault->jitter : 0;
    int64_t due = sent + fault->delay + jitter;
    piece->due = stream->last_due = due > stream->last_due ? due : stream->last_due;
    piece->next = NULL;
    piece->length = length;
    piece->gone = 0;
    memcpy(piece->bytes, bytes, length);
    *stream->last = piece;
    stream->last = &piece->next;
    stream->queued += length;
}

/* Sends what is due. */
static void deliver(struct connection *connection, enum way way, int64_t now)
{
    struct stream *stream = &connection->streams[way];
    int target = connection->fds[way == UP ? 1 : 0];
    while (target >= 0 && stream->first != NULL && stream->first->due <= now &&
           !connection->fault.stall[way]) {
        struct piece *piece = stream->first;
        ssize_t sent = send(target, piece->bytes + piece->gone, piece->length - piece->gone,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                end_connection(connection, errno == ECONNRESET);
            }
            return;
        }
        piece->gone += (size_t)sent;
        if (piece->gone < piece->length) {
            return;
        }
        stream->queued -= piece->length;
        stream->first = piece->next;
        if (stream->first == NULL) {
            stream->last = &stream->first;
        }
        free(piece);
    }
    if (target >= 0 && stream->first == NULL && stream->ended && !stream->told &&
        !connection->fault.stall[way]) {
        shutdown(target, SHUT_WR);
        stream->told = true;
    }
}

/* -- How far it has got -------------------------------------------------------- */

static enum stage end_head(struct connection *connection, enum way way, struct reader *reader)
{
    reader->seen = 0;
    if (way == UP && memcmp(reader->begin, "CONNECT", 7) == 0) {
        return CONNECT;
    } else if (way == UP && memcmp(reader->begin, "GET ", 4) == 0) {
        reader->mode = FRAMES;
        return UPGRADE;
    } else if (way == DOWN && memcmp(reader->begin, "HTTP/1.1 101", 8) == 0 &&
               connection->streams[UP].reader.mode == FRAMES) {
        reader->mode = FRAMES;
        connection->upgraded = true;
        return HELLO;
    }
    return NONE;
}

static enum stage read_head(struct connection *connection, enum way way, struct reader *reader,
                            char byte)
{
    if (reader->seen == 0 && byte == 0x16) {
        connection->tls = true;
        reader->mode = RECORDS;
        return NONE;
    }
    if (reader->seen < sizeof reader->begin) {
        reader->begin[reader->seen] = byte;
    }
    reader->seen++;
    memmove(reader->tail, reader->tail + 1, 3);
    reader->tail[3] = byte;
    return memcmp(reader->tail, "\r\n\r\n", 4) == 0 ? end_head(connection, way, reader) : NONE;
}

static size_t frame_top(const unsigned char *top, size_t length)
{
    if (length < 2) {
        return 2;
    }
    int size = top[1] & 0x7f;
    return 2 + (size == 126 ? 2u : size == 127 ? 8u : 0u) + ((top[1] & 0x80) != 0 ? 4u : 0u);
}

static uint64_t frame_size(const unsigned char *top)
{
    int size = top[1] & 0x7f, extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    uint64_t total = extra == 0 ? (uint64_t)size : 0;
    for (int i = 0; i < extra; i++) {
        total = total << 8 | top[2 + i];
    }
    return total;
}

static enum stage begin_frame(enum way way, struct reader *reader)
{
    reader->left = frame_size(reader->top);
    int opcode = reader->top[0] & 0x0f;
    reader->half = way == DOWN && opcode <= 2 && reader->left > 1 ? reader->left / 2 : 0;
    return opcode == 8 ? CLOSE : NONE;
}

/* With TLS 1.3 the first record of data that a client sends ends the handshake. */
static enum stage begin_record(struct connection *connection, enum way way, struct reader *reader)
{
    int type = reader->top[0];
    reader->left = (uint64_t)reader->top[3] << 8 | reader->top[4];
    reader->half = 0;
    reader->handshakes += type == 0x16;
    reader->data += type == 0x17;
    if (way == DOWN && type == 0x16 && reader->handshakes == 1) {
        reader->half = reader->left / 2; /* TLS */
    } else if (way == DOWN && connection->upgraded && reader->left > LARGE) {
        reader->half = reader->left / 2; /* FRAME */
    } else if (way == UP && type == 0x17 && !connection->upgraded &&
               reader->data == (reader->handshakes > 1 ? 1 : 2)) {
        connection->upgraded = true;
        return UPGRADE;
    }
    return NONE;
}

/* The stage that is reached with this byte. */
static enum stage read_byte(struct connection *connection, enum way way, char byte)
{
    struct reader *reader = &connection->streams[way].reader;
    if (reader->mode == HEAD) {
        enum stage stage = read_head(connection, way, reader, byte);
        if (reader->mode != RECORDS) {
            return stage;
        }
    }
    if (reader->left > 0) {
        reader->left--;
        bool half = reader->half > 0 && reader->left == reader->half;
        return !half ? NONE : reader->mode == FRAMES ? FRAME : reader->top[0] == 0x16 ? TLS : FRAME;
    }
    reader->top[reader->top_length++] = (unsigned char)byte;
    bool frames = reader->mode == FRAMES;
    if (reader->top_length < (frames ? frame_top(reader->top, reader->top_length) : 5)) {
        return NONE;
    }
    reader->top_length = 0;
    return frames ? begin_frame(way, reader) : begin_record(connection, way, reader);
}

/* Takes what has come from one side; what lies behind the place where a fault
 * strikes is dealt with by that fault. */
static void take(struct connection *connection, enum way way, const char *bytes, size_t length)
{
    size_t from = 0;
    for (size_t i = 0; i < length && !connection->dead; i++) {
        enum stage stage = read_byte(connection, way, bytes[i]);
        long *cut = &connection->fault.cut[way];
        if (*cut > 0) {
            --*cut;
        }
        bool strikes = stage != NONE && stage == connection->stage;
        if (stage != NONE && stage != FRAME) {
            say("stage %s %ld %s", connection->route->name, connection->number, STAGES[stage]);
        }
        if (strikes || *cut == 0) {
            char text[MAX_LINE];
            snprintf(text, sizeof text, "%s",
                     strikes ? connection->staged : connection->fault.then);
            *cut = -1;
            enqueue(connection, way, bytes + from, i + 1 - from);
            deliver(connection, way, slk_clock_now());
            from = i + 1;
            connection->stage = NONE;
            say("struck %s %ld %s", connection->route->name, connection->number, text);
            if (!connection->dead) {
                strike(connection, text);
            }
        }
    }
    if (!connection->dead) {
        enqueue(connection, way, bytes + from, length - from);
    }
}

static void take_input(struct connection *connection, enum way way)
{
    char bytes[PIECE];
    ssize_t got = recv(connection->fds[way], bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
        take(connection, way, bytes, (size_t)got);
    } else if (got == 0) {
        connection->streams[way].ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        /* A reset is told as one, unless nothing is told now. */
        connection->streams[way].ended = true;
        if (!connection->fault.stall[way]) {
            end_connection(connection, true);
        } else {
            end_fd(&connection->fds[way], false);
        }
    }
}

/* -- Connections ------------------------------------------------------------- */

static int new_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        die("socket");
    }
    return fd;
}

static void set_nodelay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void accept_connection(struct route *route)
{
    int fd = accept4(route->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct connection *connection = calloc(1, sizeof *connection);
    if (fd < 0 || connection == NULL) {
        free(connection);
        return;
    }
    set_nodelay(fd);
    connection->route = route;
    connection->number = ++accepted;
    connection->fds[0] = fd;
    connection->fds[1] = new_socket();
    set_nodelay(connection->fds[1]);
    connection->fault = route->fault;
    for (int way = 0; way < 2; way++) {
        connection->streams[way].last = &connection->streams[way].first;
    }
    connection->next = connections;
    connections = connection;
    say("accepted %s %ld", route->name, connection->number);
    connection->stage = route->stage;
    memcpy(connection->staged, route->staged, sizeof route->staged);
    if (route->once) {
        route->stage = NONE;
        route->once = false;
    }
    if (connection->stage == TCP) {
        connection->stage = NONE;
        say("struck %s %ld %s", route->name, connection->number, connection->staged);
        strike(connection, connection->staged);
    } else if (route->fault.end != 0) {
        end_connection(connection, route->fault.end == 'r');
    }
    if (!connection->dead &&
        connect(connection->fds[1], (struct sockaddr *)&route->target, sizeof route->target) != 0) {
        connection->connecting = errno == EINPROGRESS;
        if (!connection->connecting) {
            end_connection(connection, true);
        }
    }
}

static bool is_over(const struct connection *connection)
{
    return connection->dead || (connection->streams[UP].told && connection->streams[DOWN].told);
}

static void destroy_connection(struct connection *connection)
{
    say("ended %s %ld", connection->route->name, connection->number);
    end_connection(connection, false);
    for (int way = 0; way < 2; way++) {
        while (connection->streams[way].first != NULL) {
            struct piece *piece = connection->streams[way].first;
            connection->streams[way].first = piece->next;
            free(piece);
        }
    }
    free(connection);
}

static void bury_the_dead(void)
{
    struct connection **place = &connections;
    while (*place != NULL) {
        struct connection *connection = *place;
        if (is_over(connection)) {
            *place = connection->next;
            destroy_connection(connection);
        } else {
            place = &connection->next;
        }
    }
}

/* -- Commands ---------------------------------------------------------------- */

static bool read_address(const char *text, struct sockaddr_in *address)
{
    char host[64];
    int port;
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    if (sscanf(text, "%63[^:]:%d", host, &port) != 2) {
        return false;
    }
    address->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static void strike_old(struct route *route, const char *text, long last)
{
    for (struct connection *c = connections; c != NULL; c = c->next) {
        if (c->route == route && !c->dead && c->number <= last) {
            c->stage = NONE;
            strike(c, text);
            if (!c->dead && (c->fds[0] < 0 || c->fds[1] < 0)) {
                /* An end that had been held back. */
                if (!c->fault.stall[UP] && !c->fault.stall[DOWN]) {
                    end_connection(c, true);
                }
            }
        }
    }
}

static enum stage find_stage(const char *name)
{
    for (int i = TCP; i <= CLOSE; i++) {
        if (strcmp(STAGES[i], name) == 0) {
            return (enum stage)i;
        }
    }
    return NONE;
}

static bool set_stage(struct route *route, const char *rest, bool once)
{
    char name[16] = "";
    int used = 0;
    struct fault fault;
    if (sscanf(rest, "%15s %n", name, &used) < 1 || used == 0 || !read_fault(rest + used, &fault)) {
        return false;
    }
    route->stage = find_stage(name);
    route->once = once;
    snprintf(route->staged, sizeof route->staged, "%s", rest + used);
    return route->stage != NONE;
}

static bool set_refusal(struct route *route, bool refuses)
{
    route->refuses = refuses;
    return refuses ? shutdown(route->fd, SHUT_RDWR) == 0 : listen(route->fd, 128) == 0;
}

static bool set_new(struct route *route, const char *rest)
{
    route->stage = NONE;
    return read_fault(rest, &route->fault);
}

static bool obey(const char *line)
{
    char name[32] = "", verb[16] = "";
    int used = 0;
    if (sscanf(line, "%31s %15s %n", name, verb, &used) < 2) {
        return false;
    }
    const char *rest = line + used;
    for (int i = 0; i < route_count; i++) {
        struct route *route = &routes[i];
        if (strcmp(route->name, name) != 0) {
            continue;
        }
        struct fault fault;
        bool old = strcmp(verb, "old") == 0, new = strcmp(verb, "new") == 0;
        if (old || new || strcmp(verb, "all") == 0) {
            bool ok = read_fault(rest, &fault) && (old || set_new(route, rest));
            if (ok && !new) {
                strike_old(route, rest, accepted);
            }
            return ok;
        } else if (strcmp(verb, "mark") == 0) {
            route->mark = accepted;
            return true;
        } else if (strcmp(verb, "marked") == 0) {
            strike_old(route, rest, route->mark);
            return read_fault(rest, &fault);
        }
        return strcmp(verb, "at") == 0       ? set_stage(route, rest, false)
               : strcmp(verb, "next") == 0   ? set_stage(route, rest, true)
               : strcmp(verb, "target") == 0 ? read_address(rest, &route->target)
               : strcmp(verb, "refuse") == 0 ? set_refusal(route, true)
               : strcmp(verb, "accept") == 0 ? set_refusal(route, false)
                                             : false;
    }
    return false;
}

/* False when it is to end. */
static bool take_commands(int control)
{
    static char line[MAX_LINE];
    static size_t length;
    static long count;
    char byte;
    while (read(control, &byte, 1) == 1) {
        if (byte != '\n') {
            length += length < sizeof line - 1;
            line[length - 1] = byte;
            continue;
        }
        line[length] = '\0';
        length = 0;
        if (strcmp(line, "quit") == 0) {
            return false;
        }
        bool ok = obey(line);
        say("%s command %ld", ok ? "obeying" : "refusing", ++count);
    }
    return true;
}

/* -- The loop ---------------------------------------------------------------- */

/* The port stays bound while it refuses, so that nobody else gets it. */
static void open_route(struct route *route, const char *text, struct in_addr at)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals - text >= (long)sizeof route->name ||
        !read_address(equals + 1, &route->target)) {
        fprintf(stderr, "expected ROUTE=HOST:PORT, got %s\n", text);
        exit(2);
    }
    memcpy(route->name, text, (size_t)(equals - text));
    clear_fault(&route->fault);
    route->own = (struct sockaddr_in){.sin_family = AF_INET};
    route->own.sin_addr = at;
    socklen_t size = sizeof route->own;
    int on = 1, finder = new_socket();
    setsockopt(finder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    route->fd = new_socket();
    setsockopt(route->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(finder, (struct sockaddr *)&route->own, size) != 0 ||
        getsockname(finder, (struct sockaddr *)&route->own, &size) != 0 ||
        bind(route->fd, (struct sockaddr *)&route->own, size) != 0 || listen(route->fd, 128) != 0) {
        die("listen");
    }
    close(finder);
    printf("port %s %d\n", route->name, ntohs(route->own.sin_port));
    fflush(stdout);
}

struct watch {
    struct pollfd *fds;
    struct connection **owners;
    int *sides;
    size_t count, room;
};

static void watch_fd(struct watch *watch, int fd, short events, struct connection *owner, int side)
{
    if (watch->count == watch->room) {
        watch->room = watch->room * 2 + 16;
        watch->fds = realloc(watch->fds, watch->room * sizeof *watch->fds);
        watch->owners = realloc(watch->owners, watch->room * sizeof *watch->owners);
        watch->sides = realloc(watch->sides, watch->room * sizeof *watch->sides);
        if (watch->fds == NULL || watch->owners == NULL || watch->sides == NULL) {
            die("memory");
        }
    }
    watch->fds[watch->count] = (struct pollfd){.fd = fd, .events = events};
    watch->owners[watch->count] = owner;
    watch->sides[watch->count++] = side;
}

/* Side 0 is the client: read for UP, written for DOWN. */
static void watch_connection(struct watch *watch, struct connection *connection, int64_t now,
                             int64_t *wake)
{
    for (int side = 0; side < 2; side++) {
        if (connection->fds[side] < 0) {
            continue;
        }
        const struct stream *in = &connection->streams[side == 0 ? UP : DOWN];
        const struct stream *out = &connection->streams[side == 0 ? DOWN : UP];
        short events = 0;
        if (side == 1 && connection->connecting) {
            events = POLLOUT;
        } else {
            events |= !in->ended && in->queued < MAX_QUEUE ? POLLIN : 0;
            if (out->first != NULL && !connection->fault.stall[side == 0 ? DOWN : UP]) {
                events |= out->first->due <= now ? POLLOUT : 0;
                if (out->first->due > now && out->first->due < *wake) {
                    *wake = out->first->due;
                }
            }
        }
        if (events != 0) {
            watch_fd(watch, connection->fds[side], events, connection, side);
        }
    }
}

static void finish_connect(struct connection *connection)
{
    int failure = 0;
    socklen_t size = sizeof failure;
    getsockopt(connection->fds[1], SOL_SOCKET, SO_ERROR, &failure, &size);
    connection->connecting = false;
    if (failure != 0) {
        end_connection(connection, true);
    }
}

static void serve(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct connection *connection = watch->owners[i];
        short got = watch->fds[i].revents;
        if (got == 0 || connection == NULL || connection->dead) {
            continue;
        }
        int side = watch->sides[i];
        if (side == 1 && connection->connecting) {
            finish_connect(connection);
        } else if ((watch->fds[i].events & POLLIN) != 0 && (got & (POLLIN | POLLERR | POLLHUP))) {
            take_input(connection, side == 0 ? UP : DOWN);
        }
    }
    int64_t now = slk_clock_now();
    for (struct connection *connection = connections; connection != NULL;
         connection = connection->next) {
        for (int way = 0; way < 2 && !connection->dead; way++) {
            if (way == DOWN || !connection->connecting) {
                deliver(connection, (enum way)way, now);
            }
        }
    }
    bury_the_dead();
}

static bool turn(struct watch *watch, int control)
{
    int64_t now = slk_clock_now(), wake = now + SLK_SECONDS(60);
    watch->count = 0;
    watch_fd(watch, control, POLLIN, NULL, 0);
    for (int i = 0; i < route_count; i++) {
        watch_fd(watch, routes[i].refuses ? -1 : routes[i].fd, POLLIN, NULL, i);
    }
    for (struct connection *c = connections; c != NULL; c = c->next) {
        watch_connection(watch, c, now, &wake);
    }
    if (poll(watch->fds, watch->count, slk_clock_wait_ms(now, wake, 60000)) < 0) {
        return errno == EINTR;
    }
    bool goes_on = watch->fds[0].revents == 0 || take_commands(control);
    for (int i = 0; i < route_count; i++) {
        if (watch->fds[1 + i].revents != 0 && !routes[i].refuses) {
            accept_connection(&routes[i]);
        }
    }
    return goes_on;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc - 2 > MAX_ROUTES) {
        fprintf(stderr, "usage: fault_relay_server [LISTEN@]CONTROL ROUTE=HOST:PORT...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct in_addr at = {.s_addr = htonl(INADDR_LOOPBACK)};
    char *path = strchr(argv[1], '@');
    if (path != NULL) {
        *path++ = '\0';
    }
    if (path != NULL && inet_pton(AF_INET, argv[1], &at) != 1) {
        die(argv[1]);
    }
    path = path != NULL ? path : argv[1];
    int control = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (control < 0) {
        die(path);
    }
    for (int i = 2; i < argc; i++) {
        open_route(&routes[route_count++], argv[i], at);
    }
    struct watch watch = {0};
    while (turn(&watch, control)) {
        serve(&watch);
    }
    return 0;
}
