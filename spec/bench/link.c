#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_MAXIMUM (64u << 20)

int link_listen(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

bool link_accept(struct link *link, int listener, SSL_CTX *tls)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *link = (struct link){.fd = fd};
    slk_buffer_init(&link->out, OUT_MAXIMUM);
    if (tls != NULL) {
        link->ssl = SSL_new(tls);
        SSL_set_fd(link->ssl, fd);
        SSL_set_accept_state(link->ssl);
    }
    return true;
}

static ssize_t tls_result(struct link *link, int result)
{
    if (result > 0) {
        return result;
    }
    int why = SSL_get_error(link->ssl, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        return 0;
    }
    return -1;
}

static ssize_t plain_result(ssize_t result)
{
    if (result > 0) {
        return result;
    }
    return result < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ssize_t link_read(struct link *link, char *data, size_t size)
{
    if (link->dead) {
        return -1;
    }
    ssize_t got;
    if (link->ssl != NULL) {
        ERR_clear_error();
        got = tls_result(link, SSL_read(link->ssl, data, (int)size));
    } else {
        ssize_t result = recv(link->fd, data, size, 0);
        got = result == 0 ? -1 : plain_result(result);
    }
    link->dead = got < 0;
    return got;
}

void link_flush(struct link *link)
{
    while (link->out.length > 0 && !link->dead) {
        ssize_t sent;
        if (link->ssl != NULL) {
            ERR_clear_error();
            sent = tls_result(link, SSL_write(link->ssl, link->out.data, (int)link->out.length));
        } else {
            sent = plain_result(send(link->fd, link->out.data, link->out.length, MSG_NOSIGNAL));
        }
        if (sent <= 0) {
            link->dead = sent < 0;
            return;
        }
        slk_buffer_consume(&link->out, (size_t)sent);
    }
}

void link_close(struct link *link, bool reset)
{
    if (reset) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    } else if (link->ssl != NULL && !link->dead) {
        SSL_shutdown(link->ssl);
    }
    SSL_free(link->ssl);
    close(link->fd);
    slk_buffer_free(&link->out);
}
