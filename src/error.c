#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void slk_error_set(struct slk_error *err, const char *code, const char *format, ...)
{
    if (err == NULL) {
        return;
    }
    snprintf(err->code, sizeof err->code, "%s", code);
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
}

const char *slk_errno_text(int number)
{
    switch (number) {
    case EMFILE: return "too many open files: raise ulimit -n";
    case ENFILE: return "too many open files in the whole system";
    default: return strerror(number);
    }
}
