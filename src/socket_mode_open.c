#include "socket_mode_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "clock.h"
#include "envelope.h"
#include "json_field.h"

#define MAX_ANSWER          ((size_t)64 * 1024)
#define RATELIMITED_SECONDS 30 /* when Slack names no time */
#define LONGEST_SECONDS     3600
#define EXCERPT             80

/* Errors that no repetition cures, whatever the method. */
static const struct slk_open_advice ADVICE[] = {
    {"account_inactive", "the token's app or workspace is no longer active; install it again"},
    {"user_removed_from_team", "the token's owner has left the workspace; make a new token"},
    {"team_disabled", "the workspace is disabled; its owner must bring it back"},
    {"no_permission", "the token's owner may not do this; ask an administrator"},
    {"org_login_required", "the organization requires a login first; ask an administrator"},
    {"ekm_access_denied", "an administrator has suspended access"},
    {"forbidden_team", "this app may not be used in this workspace"},
    {"insecure_request", "use an https api_url"},
    {NULL, NULL},
};

struct slk_http_request *slk_open_request(const struct slk_open_method *method, const char *api_url,
                                          const char *token, int64_t timeout, bool fresh,
                                          struct slk_net_options *net)
{
    char url[1024], authorization[1024];
    int url_length = snprintf(url, sizeof url, "%s%s", api_url, method->name);
    int length = snprintf(authorization, sizeof authorization, "Bearer %s", token);
    if (url_length >= (int)sizeof url || length >= (int)sizeof authorization) {
        OPENSSL_cleanse(authorization, sizeof authorization);
        return NULL;
    }
    struct slk_http_request *request = slk_http_request_create("POST", url, net);
    bool ok =
        request != NULL &&
        slk_http_request_add_header(request, "Authorization", authorization) == SLK_OK &&
        slk_http_request_add_header(request, "Content-Type", "application/x-www-form-urlencoded") ==
            SLK_OK &&
        slk_http_request_set_body(request, method->arguments, strlen(method->arguments)) == SLK_OK;
    OPENSSL_cleanse(authorization, sizeof authorization);
    if (!ok) {
        slk_http_request_free(request);
        return NULL;
    }
    request->timeout_ms = (long)(timeout / SLK_MS(1)) + 1;
    request->max_response = MAX_ANSWER;
    request->urgent = true; /* a backlog of API calls must not delay a reconnect */
    request->fresh = fresh;
    return request;
}

/* Seconds of a Retry-After header, -1 without one. */
static long find_retry_after(const struct slk_http_result *result)
{
    static const char name[] = "retry-after:";
    const char *line = result->headers, *end = line + result->headers_length;
    while (line != NULL && line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((newline != NULL ? newline : end) - line);
        if (length >= sizeof name && strncasecmp(line, name, sizeof name - 1) == 0) {
            char value[16] = "";
            size_t rest = length - (sizeof name - 1);
            memcpy(value, line + sizeof name - 1, rest < 15 ? rest : 15);
            char *stop;
            long seconds = strtol(value, &stop, 10);
            return stop == value || seconds < 0 ? -1 : seconds;
        }
        line = newline != NULL ? newline + 1 : NULL;
    }
    return -1;
}

static void set_retry_after(struct slk_open_answer *answer, const struct slk_http_result *result,
                            bool ratelimited)
{
    long seconds = find_retry_after(result);
    if (seconds < 0) {
        seconds = ratelimited ? RATELIMITED_SECONDS : 0;
    }
    answer->retry_after = SLK_SECONDS(seconds < LONGEST_SECONDS ? seconds : LONGEST_SECONDS);
}

static const char *find_advice(const struct slk_open_advice *advice, const char *code)
{
    while (advice->code != NULL && strcmp(code, advice->code) != 0) {
        advice++;
    }
    return advice->advice;
}

static void set_fatal(const struct slk_open_method *method, struct slk_open_answer *answer,
                      const char *code, const char *advice, const char *needed)
{
    answer->outcome = SLK_OPEN_FATAL;
    slk_error_set(&answer->error, code, "Slack refuses to open %s (%s%s%s): %s", method->purpose,
                  code, needed[0] != '\0' ? ", needed: " : "", needed, advice);
}

static void read_refusal(const struct slk_open_method *method, const struct slk_http_result *result,
                         struct slk_open_answer *answer)
{
    char code[sizeof answer->error.code], needed[128];
    struct slk_text error = slk_json_field(result->body, result->body_length, "error");
    if (!slk_json_string(error, code, sizeof code)) {
        snprintf(code, sizeof code, "malformed");
    }
    if (!slk_json_string(slk_json_field(result->body, result->body_length, "needed"), needed,
                         sizeof needed)) {
        needed[0] = '\0';
    }
    const char *advice = find_advice(method->advice, code);
    if (advice == NULL) {
        advice = find_advice(ADVICE, code);
    }
    if (advice != NULL) {
        set_fatal(method, answer, code, advice, needed);
        return;
    }
    bool ratelimited = result->status == 429 || strcmp(code, "ratelimited") == 0 ||
                       strcmp(code, "rate_limited") == 0;
    set_retry_after(answer, result, ratelimited);
    slk_error_set(&answer->error, code, "%s answered %ld with the error %s", method->name,
                  result->status, code);
}

static void read_success(const struct slk_open_method *method, const struct slk_http_result *result,
                         struct slk_open_answer *answer)
{
    struct slk_text url = slk_json_field(result->body, result->body_length, "url");
    if (slk_json_string(url, answer->url, sizeof answer->url)) {
        answer->outcome = SLK_OPEN_URL;
    } else {
        slk_error_set(&answer->error, "malformed", "%s answered without a URL", method->name);
    }
}

/* An error page, most likely a proxy's: its beginning says whose. */
static void read_page(const struct slk_open_method *method, const struct slk_http_result *result,
                      struct slk_open_answer *answer)
{
    char excerpt[EXCERPT + 1];
    size_t length = result->body_length < EXCERPT ? result->body_length : EXCERPT;
    for (size_t i = 0; i < length; i++) {
        char c = result->body[i];
        excerpt[i] = c >= 0x20 && c < 0x7f ? c : ' ';
    }
    excerpt[length] = '\0';
    set_retry_after(answer, result, result->status == 429);
    slk_error_set(&answer->error, result->status == 429 ? "ratelimited" : "malformed",
                  "%s answered %ld and no JSON: %s", method->name, result->status, excerpt);
}

void slk_open_read(const struct slk_open_method *method, const struct slk_http_result *result,
                   const char *api_url, struct slk_open_answer *answer)
{
    *answer = (struct slk_open_answer){.outcome = SLK_OPEN_RETRY};
    struct slk_envelope scanned;
    const char *why;
    if (result->error != NULL) {
        answer->error = *result->error;
        if (strcmp(result->error->code, "invalid_url") == 0) {
            answer->outcome = SLK_OPEN_FATAL;
        }
    } else if (result->status == 404) {
        answer->outcome = SLK_OPEN_FATAL;
        slk_error_set(&answer->error, "not_found", "there is no %s at %s (HTTP 404): check api_url",
                      method->name, api_url);
    } else if (slk_envelope_scan(result->body, result->body_length, &scanned, &why) != SLK_OK) {
        read_page(method, result, answer);
    } else {
        struct slk_text ok = slk_json_field(result->body, result->body_length, "ok");
        if (slk_text_is(ok, "true")) {
            read_success(method, result, answer);
        } else {
            read_refusal(method, result, answer);
        }
    }
}
