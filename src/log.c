#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "redact.h"

#define MAX_WAITING 256  /* lines not yet taken by Lua */
#define MAX_LENGTH  4096 /* bytes of a line; longer ones are cut */

struct slk_log {
    atomic_uint references;
    atomic_int level;
    atomic_uint waiting;
    atomic_uint dropped; /* since the last line that fitted */
    struct slk_mailbox *mailbox;
    uint32_t source;
};

struct slk_log *slk_log_create(struct slk_mailbox *mailbox, uint32_t source,
                               enum slk_log_level level)
{
    struct slk_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return NULL;
    }
    atomic_init(&log->references, 1);
    atomic_init(&log->level, (int)level);
    log->mailbox = slk_mailbox_retain(mailbox);
    log->source = source;
    return log;
}

struct slk_log *slk_log_retain(struct slk_log *log)
{
    if (log != NULL) {
        atomic_fetch_add(&log->references, 1);
    }
    return log;
}

void slk_log_release(struct slk_log *log)
{
    if (log != NULL && atomic_fetch_sub(&log->references, 1) == 1) {
        slk_mailbox_release(log->mailbox);
        free(log);
    }
}

void slk_log_set_level(struct slk_log *log, enum slk_log_level level)
{
    atomic_store(&log->level, (int)level);
}

static void destroy_line(struct slk_message *message)
{
    struct slk_log_message *line = (struct slk_log_message *)message;
    struct slk_log *log = line->log;
    free(line);
    atomic_fetch_sub(&log->waiting, 1);
    slk_log_release(log);
}

/* What comes from the network must not be able to forge a line of its own. */
static void keep_to_one_line(struct slk_log_message *line)
{
    for (size_t i = 0; i < line->length; i++) {
        unsigned char byte = (unsigned char)line->text[i];
        if (byte < 0x20 || byte == 0x7f) {
            line->text[i] = ' ';
        }
    }
}

static struct slk_log_message *format_line(const char *format, va_list args, unsigned dropped)
{
    va_list measured;
    va_copy(measured, args);
    int wanted = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (wanted < 0) {
        return NULL;
    }
    size_t length = wanted < MAX_LENGTH ? (size_t)wanted : MAX_LENGTH;
    size_t room = length + 64; /* for the note on dropped lines */
    struct slk_log_message *line = malloc(sizeof *line + room);
    if (line == NULL) {
        return NULL;
    }
    vsnprintf(line->text, length + 1, format, args);
    length = slk_redact(line->text, length);
    if (dropped > 0) {
        length += (size_t)snprintf(line->text + length, room - length,
                                   " (%u lines before this one were dropped)", dropped);
    }
    line->length = length;
    line->message.size = sizeof *line + room;
    keep_to_one_line(line);
    line->text[line->length] = '\0';
    return line;
}

bool slk_log_takes(struct slk_log *log, enum slk_log_level level)
{
    return log != NULL && (int)level >= atomic_load_explicit(&log->level, memory_order_relaxed);
}

void slk_log_write(struct slk_log *log, enum slk_log_level level, const char *component,
                   const char *format, ...)
{
    if (!slk_log_takes(log, level)) {
        return;
    }
    if (atomic_fetch_add(&log->waiting, 1) >= MAX_WAITING) {
        atomic_fetch_sub(&log->waiting, 1);
        atomic_fetch_add(&log->dropped, 1);
        return;
    }
    unsigned dropped = atomic_exchange(&log->dropped, 0);
    va_list args;
    va_start(args, format);
    struct slk_log_message *line = format_line(format, args, dropped);
    va_end(args);
    if (line == NULL) {
        atomic_fetch_sub(&log->waiting, 1);
        atomic_fetch_add(&log->dropped, dropped + 1);
        return;
    }
    line->message.next = NULL;
    line->message.destroy = destroy_line;
    line->message.kind = SLK_MESSAGE_LOG;
    line->message.source = log->source;
    line->log = slk_log_retain(log);
    line->level = level;
    line->component = component;
    slk_mailbox_push(log->mailbox, &line->message);
}
