#include "rtm.h"

#include <string.h>

#include "check.h"

struct fixture {
    struct slk_mailbox *notices, *events, *lines;
    struct slk_log *log;
    struct slk_intake intake;
    struct slk_socket_mode_stats counters;
};

static void set_up(struct fixture *fixture)
{
    *fixture = (struct fixture){.notices = slk_mailbox_create(0, 0),
                                .events = slk_mailbox_create(0, 0),
                                .lines = slk_mailbox_create(0, 0)};
    fixture->log = slk_log_create(fixture->lines, 0, SLK_LOG_ERROR);
    slk_intake_init(&fixture->intake, NULL, fixture->notices, fixture->events, fixture->log, "rtm",
                    1, 0, &fixture->counters);
}

static void tear_down(struct fixture *fixture)
{
    slk_log_release(fixture->log);
    slk_mailbox_close(fixture->notices);
    slk_mailbox_close(fixture->events);
    slk_mailbox_close(fixture->lines);
    slk_mailbox_release(fixture->notices);
    slk_mailbox_release(fixture->events);
    slk_mailbox_release(fixture->lines);
}

/* From memory of its exact size, so that a sanitizer sees a read too far. */
static enum slk_intake_result take(struct fixture *fixture, const char *text, size_t length,
                                   struct slk_socket_news *news)
{
    char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, text, length);
    *news = (struct slk_socket_news){0};
    enum slk_intake_result result =
        slk_rtm_protocol()->take(&fixture->intake, 1, NULL, exact, length, news);
    free(exact);
    return result;
}

static void knows_each_frame(void)
{
    static const struct {
        const char *text;
        enum slk_intake_result result;
        enum slk_disconnect disconnect;
    } CASES[] = {
        {"{\"type\":\"hello\"}", SLK_INTAKE_HELLO, SLK_DISCONNECT_NONE},
        {"{\"type\":\"message\"}", SLK_INTAKE_ENVELOPE, SLK_DISCONNECT_NONE},
        {"{\"type\":\"\"}", SLK_INTAKE_ENVELOPE, SLK_DISCONNECT_NONE},
        {"{\"type\":\"pong\",\"reply_to\":1}", SLK_INTAKE_IGNORED, SLK_DISCONNECT_NONE},
        {"{\"type\":\"reconnect_url\"}", SLK_INTAKE_IGNORED, SLK_DISCONNECT_NONE},
        {"{\"reply_to\":1,\"ok\":true}", SLK_INTAKE_REPLY, SLK_DISCONNECT_NONE},
        {"{\"ok\":true}", SLK_INTAKE_IGNORED, SLK_DISCONNECT_NONE},
        {"{\"type\":\"goodbye\"}", SLK_INTAKE_DISCONNECT, SLK_DISCONNECT_REFRESH},
        {"{\"type\":\"team_migration_started\"}", SLK_INTAKE_DISCONNECT, SLK_DISCONNECT_REFRESH},
        {"{\"type\":\"error\",\"error\":{\"code\":1}}", SLK_INTAKE_DISCONNECT,
         SLK_DISCONNECT_EXPIRED},
        {"{\"type\":\"error\",\"error\":{\"code\":11}}", SLK_INTAKE_ENVELOPE, SLK_DISCONNECT_NONE},
        {"{\"type\":\"error\",\"error\":{}}", SLK_INTAKE_ENVELOPE, SLK_DISCONNECT_NONE},
        {"{\"type\":\"error\",\"error\":[1]}", SLK_INTAKE_ENVELOPE, SLK_DISCONNECT_NONE},
        {"{\"type\":\"error\"}", SLK_INTAKE_ENVELOPE, SLK_DISCONNECT_NONE},
        {"{\"type\":\"error\",\"error\":null}", SLK_INTAKE_ENVELOPE, SLK_DISCONNECT_NONE},
        {"", SLK_INTAKE_IGNORED, SLK_DISCONNECT_NONE},
        {"[]", SLK_INTAKE_IGNORED, SLK_DISCONNECT_NONE},
    };
    struct fixture fixture;
    set_up(&fixture);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct slk_socket_news news;
        CHECK(take(&fixture, CASES[i].text, strlen(CASES[i].text), &news) == CASES[i].result);
        CHECK(news.disconnect == CASES[i].disconnect);
    }
    slk_intake_push(&fixture.intake);
    CHECK(slk_mailbox_load(fixture.events).count == fixture.counters.envelopes);
    CHECK(slk_mailbox_load(fixture.notices).count == 1);
    tear_down(&fixture);
}

static void gives_the_whole_frame(void)
{
    static const char text[] = " {\"user\":\"U1\", \"type\":\"presence_change\"} ";
    struct fixture fixture;
    struct slk_socket_news news;
    set_up(&fixture);
    CHECK(take(&fixture, text, sizeof text - 1, &news) == SLK_INTAKE_ENVELOPE);
    slk_intake_push(&fixture.intake);
    struct slk_message *message = slk_mailbox_take(fixture.events);
    const struct slk_envelope_message *envelope = (const struct slk_envelope_message *)message;
    CHECK(strcmp(envelope->type, "presence_change") == 0);
    CHECK(strcmp(envelope->payload, text) == 0);
    CHECK(envelope->ack_token == 0 && envelope->envelope_id_length == 0);
    message->destroy(message);
    tear_down(&fixture);
}

static void survives_a_frame_cut_anywhere(void)
{
    static const char text[] = "{\"type\":\"error\",\"error\":{\"code\":1,\"msg\":\"\\u00fc\"}}";
    struct fixture fixture;
    struct slk_socket_news news;
    set_up(&fixture);
    for (size_t length = 0; length < sizeof text - 1; length++) {
        CHECK(take(&fixture, text, length, &news) == SLK_INTAKE_IGNORED);
    }
    CHECK(take(&fixture, text, sizeof text - 1, &news) == SLK_INTAKE_DISCONNECT);
    tear_down(&fixture);
}

int main(void)
{
    knows_each_frame();
    gives_the_whole_frame();
    survives_a_frame_cut_anywhere();
    return 0;
}
