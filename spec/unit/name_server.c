/* A DNS server that answers as it is told, for specs and measurements of what
 * a client does when names change or cannot be resolved.
 *
 *   name_server CONTROL ADDRESS PORT
 *
 * Prints "listening". CONTROL is a FIFO of commands, one a line, each answered
 * "obeying command N", N counted from 1: "answer A.B.C.D" is what every name leads to from now
 * on (no other kind of address is known), "nxdomain" that none is known, "servfail"
 * that nothing can be said, "hang" says nothing. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PACKET 512
#define HEAD       12
#define SERVFAIL   2
#define NXDOMAIN   3

static struct in_addr address;
static int failure; /* what is answered in place of it; 0: the address */
static bool hangs;

static bool obey(const char *line)
{
    char text[32] = "";
    hangs = strcmp(line, "hang") == 0;
    failure = strcmp(line, "nxdomain") == 0   ? NXDOMAIN
              : strcmp(line, "servfail") == 0 ? SERVFAIL
                                              : 0;
    return hangs || failure != 0 ||
           (sscanf(line, "answer %31s", text) == 1 && inet_pton(AF_INET, text, &address) == 1);
}

static void take_commands(int control)
{
    static char line[64];
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
        printf("%s command %ld\n", obey(line) ? "obeying" : "refusing", ++count);
        fflush(stdout);
    }
}

/* The end of the one question that follows the head; 0: there is none. */
static size_t end_of_question(const unsigned char *packet, size_t length)
{
    size_t at = HEAD;
    while (at < length && packet[at] != 0) {
        at += (size_t)packet[at] + 1;
    }
    return at + 5 <= length ? at + 5 : 0;
}

/* Makes the answer of the question, in its place. */
static size_t answer(unsigned char *packet, size_t length)
{
    size_t end = end_of_question(packet, length);
    if (end == 0) {
        return 0;
    }
    bool wants_address = packet[end - 4] == 0 && packet[end - 3] == 1;
    bool has_answer = failure == 0 && wants_address;
    memset(packet + 6, 0, 6); /* no records but the answer; of the question none is taken over */
    packet[2] = 0x84 | (packet[2] & 1);
    packet[3] = (unsigned char)(0x80 | failure);
    packet[7] = has_answer;
    if (has_answer) {
        static const unsigned char record[] = {0xc0, HEAD, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4};
        memcpy(packet + end, record, sizeof record);
        memcpy(packet + end + sizeof record, &address, 4);
        end += sizeof record + 4;
    }
    return end;
}

static void serve(int server)
{
    unsigned char packet[MAX_PACKET + 32];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    ssize_t got = recvfrom(server, packet, MAX_PACKET, 0, (struct sockaddr *)&peer, &size);
    size_t length = got > HEAD && !hangs ? answer(packet, (size_t)got) : 0;
    if (length > 0) {
        sendto(server, packet, length, 0, (struct sockaddr *)&peer, size);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    if (argc != 4 || inet_pton(AF_INET, argv[2], &own.sin_addr) != 1) {
        fprintf(stderr, "usage: name_server CONTROL ADDRESS PORT\n");
        return 2;
    }
    own.sin_port = htons((uint16_t)atoi(argv[3]));
    int control = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
    int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0 || server < 0 || bind(server, (struct sockaddr *)&own, sizeof own) != 0) {
        perror("name_server");
        return 1;
    }
    hangs = true; /* until it is told an address */
    printf("listening\n");
    fflush(stdout);
    struct pollfd fds[] = {{.fd = control, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (poll(fds, 2, -1) > 0) {
        if (fds[0].revents != 0) {
            take_commands(control);
        }
        if (fds[1].revents != 0) {
            serve(server);
        }
    }
    return 0;
}
