#include "http_answer.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

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

static void append_text(struct slk_buffer *out, const char *text, size_t length)
{
    slk_buffer_append(out, text, length); /* cannot fail: the room was reserved */
}

int slk_http_answer_append(struct slk_buffer *out, const struct slk_http_answer *answer,
                           struct slk_http_date *date)
{
    char line[64], counted[48];
    const char *last =
        answer->keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    bool bodiless = answer->status == 204 || answer->status == 304;
    int first = snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", answer->status,
                         phrase_of(answer->status));
    int used = bodiless ? 0
                        : snprintf(counted, sizeof counted, "Content-Length: %zu\r\n",
                                   answer->body.length);
    const char *dated = date_line(date);
    size_t headers = strlen(answer->headers);
    size_t body = bodiless || answer->is_head ? 0 : answer->body.length;
    int status = slk_buffer_reserve(out, (size_t)first + strlen(dated) + headers + (size_t)used +
                                             strlen(last) + body);
    if (status != SLK_OK) {
        return status;
    }
    append_text(out, line, (size_t)first);
    append_text(out, dated, strlen(dated));
    append_text(out, answer->headers, headers);
    append_text(out, counted, (size_t)used);
    append_text(out, last, strlen(last));
    append_text(out, answer->body.data, body);
    return SLK_OK;
}
