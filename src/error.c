#include "error.h"

#include <stdarg.h>
#include <stdio.h>

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
