#include "http_answer.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

#define MAX_DIGITS    20  /* of a number of 64 bits */
#define MAX_OWN_LINES 192 /* bytes of status line, date, length and connection */

/* IANA's; RFC 9112 §4 allows none at all for the rest. */
static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {207, "Multi-Status"},
        {208, "Already Reported"},
        {226, "IM Used"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {305, "Use Proxy"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {424, "Failed Dependency"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {506, "Variant Also Negotiates"},
        {507, "Insufficient Storage"},
        {508, "Loop Detected"},
        {511, "Network Authentication Required"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "";
}

/* The names are spelled out here because strftime's depend on the locale. */
static void format_date(struct slk_http_date *date, time_t now)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm utc;
    gmtime_r(&now, &utc);
    snprintf(date->line, sizeof date->line, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
             days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour,
             utc.tm_min, utc.tm_sec);
    date->second = now;
}

static const char *date_line(struct slk_http_date *date)
{
    time_t now = time(NULL);
    if (now != date->second || date->line[0] == '\0') {
        format_date(date, now);
    }
    return date->line;
}

static char *put(char *at, const char *text, size_t length)
{
    if (length > 0) {
        memcpy(at, text, length);
    }
    return at + length;
}

static char *put_text(char *at, const char *text)
{
    return put(at, text, strlen(text));
}

/* By hand: printf takes longer than all the rest of an answer. */
static char *put_number(char *at, size_t number)
{
    char digits[MAX_DIGITS], *first = digits + sizeof digits;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(at, first, (size_t)(digits + sizeof digits - first));
}

int slk_http_answer_append(struct slk_buffer *out, const struct slk_http_answer *answer,
                           struct slk_http_date *date)
{
    bool bodiless = answer->status == 204 || answer->status == 304;
    size_t headers = strlen(answer->headers);
    size_t body = bodiless || answer->is_head ? 0 : answer->body.length;
    int status = slk_buffer_reserve(out, MAX_OWN_LINES + headers + body);
    if (status != SLK_OK) {
        return status;
    }
    char *start = out->data + out->length, *at = put_text(start, "HTTP/1.1 ");
    at = put_number(at, (size_t)answer->status);
    at = put_text(at, " ");
    at = put_text(at, phrase_of(answer->status));
    at = put_text(at, "\r\n");
    at = put_text(at, date_line(date));
    at = put(at, answer->headers, headers);
    if (!bodiless) {
        at = put_text(at, "Content-Length: ");
        at = put_number(at, answer->body.length);
        at = put_text(at, "\r\n");
    }
    at = put_text(at, answer->keep_alive ? "Connection: keep-alive\r\n\r\n"
                                         : "Connection: close\r\n\r\n");
    at = put(at, answer->body.data, body);
    out->length += (size_t)(at - start);
    return SLK_OK;
}
