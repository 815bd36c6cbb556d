#include "log_limit.h"

#include "clock.h"

#define INTERVAL SLK_SECONDS(10)

uint64_t slk_log_limit_count(struct slk_log_limit *limit, int64_t now)
{
    return slk_log_limit_add(limit, 1, now);
}

uint64_t slk_log_limit_add(struct slk_log_limit *limit, uint64_t more, int64_t now)
{
    limit->unsaid += more;
    if (limit->next != 0 && now < limit->next) {
        return 0;
    }
    uint64_t count = limit->unsaid;
    *limit = (struct slk_log_limit){.next = now + INTERVAL};
    return count;
}
