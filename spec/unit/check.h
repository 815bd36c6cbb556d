/* What the test programs of this directory have in common. Each is run by
 * spec/unit_spec.lua and exits with 0 when all its checks hold. */
#ifndef SLK_UNIT_CHECK_H
#define SLK_UNIT_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

static inline void check(int holds, const char *condition, const char *file, int line)
{
    if (!holds) {
        printf("%s:%d: does not hold: %s\n", file, line, condition);
        exit(1);
    }
}

#endif
