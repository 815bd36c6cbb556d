#include "http_turns.h"

#include <unistd.h>

#include "clock.h"
#include "http_bodies.h"
#include "net_address.h"

/* Connections of HTTP/1.1 to one host at a time, or streams of HTTP/2. More
 * gains little (8 gave 20,000 calls/s on two cores, 32 gave 26,000) and costs
 * the server a TLS handshake each. */
#define HOST_LIMIT       16
#define POOL_CONNECTIONS 64 /* kept open for later; more when a host's limit is higher */
#define LENDING_INTERVAL SLK_MS(250)

static const char stopped_text[] = "the HTTP client has been stopped";

/* Connections ---------------------------------------------------------------- */

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct slk_http_counts *counts = context;
    curl_socket_t fd = slk_net_open_socket(NULL, purpose, address);
    if (fd != CURL_SOCKET_BAD) {
        atomic_fetch_add(&counts->connections, 1);
    }
    return fd;
}

/* Where a name leads is known here only, and what was asked for a moment ago may be
 * otherwise by now. */
static curl_socket_t open_public_socket(void *context, curlsocktype purpose,
                                        struct curl_sockaddr *address)
{
    struct slk_http_transfer *transfer = context;
    if (!slk_net_is_public(&address->addr)) {
        transfer->met_private = true;
        return CURL_SOCKET_BAD;
    }
    return open_socket(transfer->counts, purpose, address);
}

static int close_socket(void *context, curl_socket_t fd)
{
    struct slk_http_counts *counts = context;
    atomic_fetch_sub(&counts->connections, 1);
    return close(fd);
}

/* The callbacks are bound to the connection, which may outlive the handle that
 * opened it. */
static void prepare_connections(struct slk_http_turns *turns, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SHARE, turns->sessions);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &turns->counts);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &turns->counts);
}

void slk_http_turns_open(struct slk_http_turns *turns, CURLM *multi, struct slk_log *log)
{
    turns->multi = multi;
    turns->log = log;
    turns->next_expiry = SLK_NEVER;
    turns->sessions = curl_share_init();
    if (turns->sessions != NULL) {
        curl_share_setopt(turns->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    }
    turns->pool_size = POOL_CONNECTIONS;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)turns->pool_size);
}

/* One transfer --------------------------------------------------------------- */

static void count_transfer(struct slk_http_turns *turns, struct slk_http_transfer *transfer)
{
    struct slk_http_traffic traffic;
    slk_http_transfer_traffic(transfer, &traffic);
    atomic_fetch_add(&turns->counts.opened, traffic.opened);
    atomic_fetch_add(&turns->counts.reused, traffic.reused);
    atomic_fetch_add(&turns->counts.sent, traffic.sent);
    atomic_fetch_add(&turns->counts.received, traffic.received);
    atomic_fetch_sub(&turns->counts.running, 1);
}

static void tell(struct slk_http_turns *turns, struct slk_http_transfer *transfer)
{
    const struct slk_http_result *result = transfer->result;
    int64_t now = slk_clock_now();
    if (result->error != NULL) {
        slk_log_write(turns->log, SLK_LOG_DEBUG, "http_client", "%s", result->error->text);
    } else if (slk_log_takes(turns->log, SLK_LOG_DEBUG)) {
        char what[SLK_HTTP_NAME_SIZE];
        slk_http_transfer_name(transfer, what);
        slk_log_write(turns->log, SLK_LOG_DEBUG, "http_client", "%s: %ld, %zu bytes, %.3f s", what,
                      result->status, result->body_length,
                      (double)(now - transfer->submitted) / 1e9);
    }
    atomic_fetch_add(&turns->counts.ended, 1);
    slk_http_transfer_tell(transfer, now);
}

/* Whether it takes one of its host's turns. */
static void set_counted(struct slk_http_transfer *transfer, bool counted)
{
    counted = counted && !transfer->request->urgent;
    if (counted && !transfer->counted) {
        transfer->host->running_count++;
    } else if (!counted && transfer->counted) {
        transfer->host->running_count--;
    }
    transfer->counted = counted;
}

/* Takes a running transfer out of libcurl's and the host's hands. */
static void detach(struct slk_http_turns *turns, struct slk_http_transfer *transfer, bool is_well)
{
    count_transfer(turns, transfer);
    turns->changes++;
    turns->http2_count -= transfer->request->http2;
    curl_multi_remove_handle(turns->multi, transfer->easy);
    slk_http_handles_give(&turns->handles, transfer->easy, transfer->request,
                          is_well && !transfer->request->fresh);
    transfer->easy = NULL;
    slk_transfer_list_remove(&transfer->host->running, transfer);
    set_counted(transfer, false);
}

static void wish_tick(struct slk_http_turns *turns, int64_t when)
{
    if (when < turns->next_expiry) {
        turns->next_expiry = when;
    }
}

static bool begin(struct slk_http_turns *turns, struct slk_http_transfer *transfer, CURL *easy,
                  enum slk_handle_state state, int64_t now)
{
    transfer->changes = &turns->changes;
    if (slk_http_transfer_begin(transfer, easy, state, now) != SLK_OK) {
        return false;
    }
    if (state == SLK_HANDLE_RESET) {
        prepare_connections(turns, easy);
    }
    if (slk_net_options_is_public(transfer->request->net)) {
        transfer->counts = &turns->counts;
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_public_socket);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    }
    return curl_multi_add_handle(turns->multi, easy) == CURLM_OK;
}

/* On failure the transfer ends here. */
static void start(struct slk_http_turns *turns, struct slk_http_transfer *transfer, int64_t now)
{
    struct slk_http_host *host = transfer->host;
    if (transfer->deadline <= now) {
        slk_http_transfer_fail_deadline(transfer);
        tell(turns, transfer);
        return;
    }
    enum slk_handle_state state;
    CURL *easy = slk_http_handles_take(&turns->handles, transfer->request, &state);
    if (easy == NULL || !begin(turns, transfer, easy, state, now)) {
        curl_easy_cleanup(easy);
        slk_http_transfer_fail(transfer, "memory", "out of memory");
        tell(turns, transfer);
        return;
    }
    atomic_fetch_add(&turns->counts.running, 1);
    turns->changes++;
    turns->http2_count += transfer->request->http2;
    slk_transfer_list_append(&host->running, transfer);
    set_counted(transfer, true);
    wish_tick(turns, slk_http_transfer_silent_until(transfer, now));
}

static void start_waiting(struct slk_http_turns *turns, struct slk_http_host *host)
{
    int64_t now = slk_clock_now();
    while (host->waiting.first != NULL && host->running_count < host->limit) {
        struct slk_http_transfer *transfer = host->waiting.first;
        slk_transfer_list_remove(&host->waiting, transfer);
        start(turns, transfer, now);
    }
    if (host->waiting.first != NULL) {
        wish_tick(turns, now + LENDING_INTERVAL);
    }
    slk_http_hosts_forget(&turns->hosts, host);
}

/* A host may be given more than its share of the pool; one that is given more
 * than all of it would open connections only to close them. */
static struct slk_http_host *find_host(struct slk_http_turns *turns,
                                       const struct slk_http_request *request)
{
    unsigned limit = request->max_requests > 0 ? request->max_requests : HOST_LIMIT;
    if (limit > turns->pool_size) {
        turns->pool_size = limit;
        curl_multi_setopt(turns->multi, CURLMOPT_MAXCONNECTS, (long)limit);
    }
    struct slk_url_origin origin;
    const struct slk_url_origin *known = &origin;
    if (request->target != NULL) {
        known = slk_http_target_origin(request->target);
    } else if (slk_url_origin(request->url, &origin) != SLK_OK) {
        return NULL;
    }
    return slk_http_hosts_find(&turns->hosts, known, limit);
}

void slk_http_turns_take(struct slk_http_turns *turns, struct slk_http_transfer *transfer)
{
    if (turns->is_stopped) {
        slk_http_transfer_fail(transfer, "closed", stopped_text);
    }
    if (transfer->result->error != NULL) { /* a refused URL, for one */
        tell(turns, transfer);
        return;
    }
    struct slk_http_host *host = transfer->host = find_host(turns, transfer->request);
    if (host == NULL) {
        slk_http_transfer_fail(transfer, "memory", "out of memory");
        tell(turns, transfer);
    } else if (transfer->request->urgent) {
        start(turns, transfer, slk_clock_now());
        slk_http_hosts_forget(&turns->hosts, host);
    } else {
        slk_transfer_list_append(&host->waiting, transfer);
        wish_tick(turns, transfer->deadline);
        start_waiting(turns, host);
    }
}

/* Orders and ends ------------------------------------------------------------ */

/* From the end that is nearer: ids ascend, as a rule, and thousands may be
 * cancelled one after the other, from the first or from the last. */
static struct slk_http_transfer *find_in(const struct slk_transfer_list *list, uint64_t id)
{
    struct slk_http_transfer *transfer = list->first;
    bool backwards = transfer != NULL && id > transfer->id / 2 + list->last->id / 2;
    if (backwards) {
        transfer = list->last;
    }
    while (transfer != NULL && transfer->id != id) {
        transfer = backwards ? transfer->previous : transfer->next;
    }
    return transfer;
}

static struct slk_http_transfer *find_running(const struct slk_http_turns *turns, uint64_t id)
{
    struct slk_http_host *host = NULL;
    struct slk_http_transfer *transfer = NULL;
    while (transfer == NULL && (host = slk_http_hosts_next(&turns->hosts, host)) != NULL) {
        transfer = find_in(&host->running, id);
    }
    return transfer;
}

/* libcurl has ended it, or would have. */
static void end(struct slk_http_turns *turns, struct slk_http_transfer *transfer, CURLcode code)
{
    struct slk_http_host *host = transfer->host;
    slk_http_transfer_finish(transfer, code);
    detach(turns, transfer, code == CURLE_OK);
    tell(turns, transfer);
    start_waiting(turns, host);
}

void slk_http_turns_done(struct slk_http_turns *turns, CURL *easy, CURLcode code)
{
    struct slk_http_transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    end(turns, transfer, code);
}

void slk_http_turns_cancel(struct slk_http_turns *turns, uint64_t id)
{
    struct slk_http_host *host = NULL;
    while ((host = slk_http_hosts_next(&turns->hosts, host)) != NULL) {
        struct slk_http_transfer *transfer = find_in(&host->running, id);
        if (transfer != NULL) {
            detach(turns, transfer, false);
        } else if ((transfer = find_in(&host->waiting, id)) != NULL) {
            slk_transfer_list_remove(&host->waiting, transfer);
        } else {
            continue;
        }
        slk_http_transfer_fail(transfer, "cancelled", "cancelled");
        tell(turns, transfer);
        start_waiting(turns, host);
        return;
    }
}

/* One that is not running has ended; one that does not stream wants nothing. */
static struct slk_http_transfer *find_streaming(const struct slk_http_turns *turns, uint64_t id)
{
    struct slk_http_transfer *transfer = find_running(turns, id);
    return transfer != NULL && transfer->request->stream != NULL ? transfer : NULL;
}

/* Waits for its caller no more, and so takes a turn again. */
static void go_on(struct slk_http_turns *turns, struct slk_http_transfer *transfer, CURLcode code)
{
    set_counted(transfer, true);
    if (code != CURLE_OK) {
        end(turns, transfer, code);
    }
}

void slk_http_turns_feed(struct slk_http_turns *turns, uint64_t id, struct slk_http_piece *piece)
{
    struct slk_http_transfer *transfer = find_streaming(turns, id);
    if (transfer == NULL) {
        slk_http_piece_free(piece);
        return;
    }
    go_on(turns, transfer, slk_http_bodies_feed(transfer, piece));
}

void slk_http_turns_hand_on(struct slk_http_turns *turns, uint64_t id)
{
    struct slk_http_transfer *transfer = find_streaming(turns, id);
    if (transfer != NULL) {
        go_on(turns, transfer, slk_http_bodies_hand_on(transfer));
    }
}

void slk_http_turns_end_all(struct slk_http_turns *turns)
{
    turns->is_stopped = true;
    struct slk_http_host *host;
    while ((host = slk_http_hosts_next(&turns->hosts, NULL)) != NULL) {
        struct slk_http_transfer *transfer;
        while ((transfer = host->running.first) != NULL) {
            detach(turns, transfer, false);
            slk_http_transfer_fail(transfer, "closed", stopped_text);
            tell(turns, transfer);
        }
        while ((transfer = host->waiting.first) != NULL) {
            slk_transfer_list_remove(&host->waiting, transfer);
            slk_http_transfer_fail(transfer, "closed", stopped_text);
            tell(turns, transfer);
        }
        slk_http_hosts_forget(&turns->hosts, host);
    }
}

/* What time brings ----------------------------------------------------------- */

/* Ends those of a host whose deadline has passed before their turn. */
static void expire_waiting(struct slk_http_turns *turns, struct slk_http_host *host, int64_t now)
{
    struct slk_http_transfer *next;
    for (struct slk_http_transfer *transfer = host->waiting.first; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->deadline > now) {
            wish_tick(turns, transfer->deadline);
            continue;
        }
        slk_transfer_list_remove(&host->waiting, transfer);
        slk_http_transfer_fail_deadline(transfer);
        tell(turns, transfer);
    }
}

/* Ends those through which nothing has gone for too long. */
static void expire_silent(struct slk_http_turns *turns, struct slk_http_host *host, int64_t now)
{
    struct slk_http_transfer *next;
    for (struct slk_http_transfer *transfer = host->running.first; transfer; transfer = next) {
        next = transfer->next;
        int64_t until = slk_http_transfer_silent_until(transfer, now);
        if (until > now) {
            wish_tick(turns, until);
            continue;
        }
        slk_http_transfer_fail_idle(transfer);
        detach(turns, transfer, false);
        tell(turns, transfer);
    }
}

/* One that waits for its caller holds up no others: the caller may be waiting for
 * them, as one who reads many answers side by side. */
static void lend_turns(struct slk_http_host *host)
{
    if (host->waiting.first == NULL) {
        return;
    }
    for (struct slk_http_transfer *transfer = host->running.first; transfer;
         transfer = transfer->next) {
        if (slk_http_bodies_wait(transfer)) {
            set_counted(transfer, false);
        }
    }
}

/* Of the timers that libcurl has set for itself in one curl_multi_perform it drops, from 7.73 to
 * 8.17, those older than the last transfer begun in it, as though they had been seen to. A
 * timer is all that tells of a stream of HTTP/2 whose answer has been read along with that of
 * another, so the loop does not wait before it has gone round without a transfer to begin.
 * It is twice, as one that has ended may let another begin in the round after. */
static bool must_go_round(struct slk_http_turns *turns)
{
    if (turns->changes != turns->known_changes) {
        turns->known_changes = turns->changes;
        turns->rounds = turns->http2_count > 0 ? 2 : 0;
    }
    if (turns->rounds == 0) {
        return false;
    }
    turns->rounds--;
    return true;
}

static void expire(struct slk_http_turns *turns, int64_t now)
{
    turns->next_expiry = SLK_NEVER;
    struct slk_http_host *next = slk_http_hosts_next(&turns->hosts, NULL);
    while (next != NULL) {
        struct slk_http_host *host = next;
        next = slk_http_hosts_next(&turns->hosts, host);
        expire_waiting(turns, host, now);
        expire_silent(turns, host, now);
        lend_turns(host);
        start_waiting(turns, host);
    }
}

int64_t slk_http_turns_tick(struct slk_http_turns *turns, int64_t now)
{
    if (now >= turns->next_expiry) {
        expire(turns, now);
    }
    return must_go_round(turns) ? now : turns->next_expiry;
}

void slk_http_turns_close(struct slk_http_turns *turns)
{
    slk_http_turns_end_all(turns);
    slk_http_handles_free(&turns->handles);
    curl_share_cleanup(turns->sessions);
}
