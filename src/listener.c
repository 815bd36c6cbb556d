#include "listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG SOMAXCONN

struct wish {
    bool is_shared;
    bool listens;
};

static int open_at(const struct addrinfo *address, struct wish wish)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (wish.is_shared) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
        (!wish.listens || listen(fd, BACKLOG) == 0)) {
        return fd;
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        return -1;
    }
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static int open_on(const char *host, int port, struct wish wish, int *bound, struct slk_error *err)
{
    char service[12];
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int failed = getaddrinfo(host, service, &hints, &addresses);
    if (failed != 0) {
        slk_error_set(err, "address", "cannot listen on %s: %s", host, gai_strerror(failed));
        return SLK_SYSTEM;
    }
    int fd = -1;
    for (struct addrinfo *address = addresses; address != NULL && fd < 0;
         address = address->ai_next) {
        fd = open_at(address, wish);
    }
    int reason = errno;
    freeaddrinfo(addresses);
    if (fd < 0) {
        slk_error_set(err, reason == EADDRINUSE ? "address_in_use" : "listen",
                      "cannot listen on %s port %d: %s", host, port, slk_errno_text(reason));
        return SLK_SYSTEM;
    }
    *bound = port_of(fd);
    return fd;
}

int slk_listen(const char *host, int port, bool is_shared, int *bound, struct slk_error *err)
{
    return open_on(host, port, (struct wish){.is_shared = is_shared, .listens = true}, bound, err);
}

/* Nobody can connect before it listens, so the mode holds for all who do. */
static int bind_at_path(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) == 0) {
        if (chmod(address->sun_path, S_IRUSR | S_IWUSR) == 0 && listen(fd, BACKLOG) == 0) {
            return fd;
        }
        int reason = errno;
        unlink(address->sun_path);
        errno = reason;
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

int slk_listen_at_path(const char *path, struct slk_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address.sun_path) {
        slk_error_set(err, "address", "cannot listen at %.80s: a path of 1 to %d bytes expected",
                      path, (int)sizeof address.sun_path - 1);
        return SLK_SYSTEM;
    }
    memcpy(address.sun_path, path, length);
    int fd = bind_at_path(&address);
    if (fd < 0) {
        slk_error_set(err, errno == EADDRINUSE ? "address_in_use" : "listen",
                      "cannot listen at %.120s: %s", path, slk_errno_text(errno));
        return SLK_SYSTEM;
    }
    return fd;
}

int slk_reserve_port(const char *host, int port, int *bound, struct slk_error *err)
{
    int probe = port != 0 ? open_on(host, port, (struct wish){.is_shared = false}, bound, err) : 0;
    if (probe < 0) {
        return probe;
    }
    if (port != 0) {
        close(probe);
    }
    return open_on(host, port, (struct wish){.is_shared = true}, bound, err);
}
