/* A store in Redis whose TLS connection breaks while much is being sent. */
#include "storage_redis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "certificate.h"
#include "check.h"
#include "clock.h"

#define LOGIN "+OK\r\n+PONG\r\n+OK\r\n$6\r\nredis!\r\n" /* SELECT PING CLIENT INFO */

/* More than the kernel takes at once. */
#define LARGE ((size_t)32 << 20)

/* Logs the client in, reads that many bytes, and hangs up, with more to be read. */
static struct {
    int fd;
    size_t reads;
    const char *answer;
    SSL_CTX *tls;
    pthread_t thread;
} server;

static void *run_server(void *unused)
{
    (void)unused;
    for (int fd; (fd = accept(server.fd, NULL, NULL)) >= 0;) {
        char bytes[4096];
        SSL *ssl = SSL_new(server.tls);
        CHECK(ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1);
        CHECK(SSL_write(ssl, server.answer, (int)strlen(server.answer)) > 0);
        int got = 1;
        for (size_t total = 0; total < server.reads && got > 0; total += (size_t)got) {
            got = SSL_read(ssl, bytes, sizeof bytes);
        }
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static void use_certificate(char *authority_path)
{
    struct slk_buffer authority, certificate, key;
    struct slk_error err;
    slk_buffer_init(&authority, 65536);
    slk_buffer_init(&certificate, 65536);
    slk_buffer_init(&key, 65536);
    CHECK(slk_certificate_make(
              &(struct slk_certificate_settings){
                  .subject_alt_names = "IP:127.0.0.1", .starts_in = -60, .ends_in = 600},
              &authority, &certificate, &key, &err) == SLK_OK);
    int fd = mkstemp(authority_path);
    CHECK(fd >= 0 && write(fd, authority.data, authority.length) == (ssize_t)authority.length);
    close(fd);
    BIO *text = BIO_new_mem_buf(certificate.data, (int)certificate.length);
    BIO *key_text = BIO_new_mem_buf(key.data, (int)key.length);
    X509 *own = PEM_read_bio_X509(text, NULL, NULL, NULL);
    EVP_PKEY *own_key = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);
    server.tls = SSL_CTX_new(TLS_server_method());
    CHECK(SSL_CTX_use_certificate(server.tls, own) == 1);
    CHECK(SSL_CTX_use_PrivateKey(server.tls, own_key) == 1);
    X509_free(own);
    EVP_PKEY_free(own_key);
    BIO_free(text);
    BIO_free(key_text);
    slk_buffer_free(&authority);
    slk_buffer_free(&certificate);
    slk_buffer_free(&key);
}

static unsigned start_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int room = 16384;
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(setsockopt(server.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0);
    CHECK(bind(server.fd, (struct sockaddr *)&address, size) == 0 && listen(server.fd, 5) == 0);
    CHECK(getsockname(server.fd, (struct sockaddr *)&address, &size) == 0);
    CHECK(pthread_create(&server.thread, NULL, run_server, NULL) == 0);
    return ntohs(address.sin_port);
}

static void stop_server(void)
{
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    SSL_CTX_free(server.tls);
}

static struct slk_storage_backend *open_store(unsigned port, const char *ca_file)
{
    struct slk_error err;
    struct slk_net_options *net =
        slk_net_options_create(&(struct slk_net_settings){.proxy = "", .ca_file = ca_file}, &err);
    CHECK(net != NULL);
    struct slk_storage_backend *store = slk_redis_open(
        &(struct slk_redis_settings){
            .address = {.host = "127.0.0.1", .port = port, .is_encrypted = true},
            .timeout = SLK_SECONDS(60),
            .net = net,
        },
        &err);
    CHECK(store != NULL);
    slk_net_options_release(net);
    return store;
}

static struct slk_storage_job *new_job(enum slk_storage_operation operation, const char *value,
                                       size_t length)
{
    struct slk_storage_request request = {
        .operation = operation,
        .expires_at = SLK_STORAGE_KEPT,
        .key = {"key", 3},
        .value = {value, length},
        .by = 1,
    };
    struct slk_storage_job *job = slk_storage_job_create(&request, 1, 1);
    CHECK(job != NULL);
    job->submitted_at = slk_clock_now();
    return job;
}

static void what_came_before_something_large_is_not_done_again(void)
{
    char path[] = "/tmp/lua-slack-redis-XXXXXX";
    char *large = calloc(1, LARGE);
    server.reads = 40000;
    server.answer = LOGIN;
    use_certificate(path);
    struct slk_storage_backend *store = open_store(start_server(), path);
    struct slk_storage_job *count = new_job(SLK_STORAGE_INCR, NULL, 0);
    struct slk_storage_job *set = new_job(SLK_STORAGE_SET, large, LARGE);
    count->message.next = &set->message;
    CHECK(store->run(store, count) == NULL);
    CHECK(count->outcome == SLK_STORED_FAILED && strcmp(count->code, "unknown_outcome") == 0);
    CHECK(set->outcome == SLK_STORED_FAILED && strcmp(set->code, "unknown_outcome") == 0);
    slk_storage_job_destroy(count);
    slk_storage_job_destroy(set);
    store->close(store);
    stop_server();
    unlink(path);
    free(large);
}

int main(void)
{
    what_came_before_something_large_is_not_done_again();
    return 0;
}
