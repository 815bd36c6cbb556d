/* Results of C functions, and errors in words.
 * Functions return SLK_OK or one of the negative values; the layer that knows
 * why also fills a struct slk_error. Any thread. */
#ifndef SLK_ERROR_H
#define SLK_ERROR_H

enum slk_status {
    SLK_OK = 0,
    SLK_NOMEM = -1,     /* an allocation failed */
    SLK_FULL = -2,      /* a bound was reached */
    SLK_CLOSED = -3,    /* the other side has gone */
    SLK_INVALID = -4,   /* the input is not what it must be */
    SLK_TOO_LARGE = -5, /* the input is over its stated limit */
    SLK_SYSTEM = -6     /* a system call or library failed */
};

/* code is a short stable word ("timeout", "connection", ...); text is one
 * sentence for a human: what failed, where, what to do. Never holds secrets. */
struct slk_error {
    char code[48];
    char text[256];
};

/* err may be NULL. Longer results are cut. */
void slk_error_set(struct slk_error *err, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The words for an errno: strerror's, and what to do when descriptors ran out. */
const char *slk_errno_text(int number);

#endif
