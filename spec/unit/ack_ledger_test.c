#include "ack_ledger.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "error.h"

static uint64_t add(struct slk_ack_ledger *ledger, uint64_t connection, const char *id,
                    int64_t deadline)
{
    return slk_ack_ledger_add(ledger, connection, id, strlen(id), deadline);
}

static void settles_each_ack_once(void)
{
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_owed_ack owed;
    uint64_t first = add(ledger, 7, "one", 100), second = add(ledger, 8, "two", 200);
    CHECK(first != 0 && second != 0 && first != second);
    CHECK(slk_ack_ledger_count(ledger) == 2);
    CHECK(slk_ack_ledger_settle(ledger, second, &owed) == SLK_OK);
    CHECK(owed.token == second && owed.connection == 8 && owed.deadline == 200);
    CHECK(owed.id_length == 3 && strcmp(owed.id, "two") == 0);
    CHECK(slk_ack_ledger_settle(ledger, second, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_settle(ledger, first, &owed) == SLK_OK);
    CHECK(strcmp(owed.id, "one") == 0);
    CHECK(slk_ack_ledger_count(ledger) == 0);
    CHECK(slk_ack_ledger_settle(ledger, first, &owed) == SLK_INVALID);
    slk_ack_ledger_destroy(ledger);
}

static void knows_only_its_own_tokens(void)
{
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_owed_ack owed;
    CHECK(slk_ack_ledger_settle(ledger, 0, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_settle(ledger, 1, &owed) == SLK_INVALID);
    uint64_t token = add(ledger, 1, "x", 1);
    CHECK(slk_ack_ledger_settle(ledger, 0, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_settle(ledger, token + 1, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_settle(ledger, token + 64, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_settle(ledger, UINT64_MAX, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_count(ledger) == 1);
    slk_ack_ledger_destroy(ledger);
}

static void expires_in_the_order_of_deadlines(void)
{
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_owed_ack owed;
    CHECK(slk_ack_ledger_next_deadline(ledger) == SLK_NEVER);
    CHECK(slk_ack_ledger_expire(ledger, INT64_MAX, &owed) == SLK_INVALID);
    uint64_t a = add(ledger, 1, "a", 10), b = add(ledger, 1, "b", 10);
    uint64_t c = add(ledger, 1, "c", 20), d = add(ledger, 1, "d", 30);
    CHECK(slk_ack_ledger_next_deadline(ledger) == 10);
    CHECK(slk_ack_ledger_expire(ledger, 9, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_expire(ledger, 10, &owed) == SLK_OK && owed.token == a);
    CHECK(slk_ack_ledger_settle(ledger, a, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_settle(ledger, c, &owed) == SLK_OK);
    CHECK(slk_ack_ledger_expire(ledger, 25, &owed) == SLK_OK && owed.token == b);
    CHECK(slk_ack_ledger_expire(ledger, 25, &owed) == SLK_INVALID);
    CHECK(slk_ack_ledger_next_deadline(ledger) == 30);
    CHECK(slk_ack_ledger_expire(ledger, 30, &owed) == SLK_OK && owed.token == d);
    CHECK(slk_ack_ledger_next_deadline(ledger) == SLK_NEVER);
    slk_ack_ledger_destroy(ledger);
}

static void counts_by_connection(void)
{
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_owed_ack owed;
    uint64_t token = add(ledger, 1, "a", 1);
    add(ledger, 2, "b", 1);
    add(ledger, 1, "c", 1);
    CHECK(slk_ack_ledger_count_of(ledger, 1) == 2);
    CHECK(slk_ack_ledger_count_of(ledger, 2) == 1);
    CHECK(slk_ack_ledger_count_of(ledger, 3) == 0);
    CHECK(slk_ack_ledger_settle(ledger, token, &owed) == SLK_OK);
    CHECK(slk_ack_ledger_count_of(ledger, 1) == 1);
    slk_ack_ledger_destroy(ledger);
}

static void holds_ids_of_any_allowed_length(void)
{
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_owed_ack owed;
    char id[257];
    memset(id, 'x', sizeof id);
    uint64_t token = slk_ack_ledger_add(ledger, 1, id, 255, 1);
    CHECK(token != 0);
    CHECK(slk_ack_ledger_settle(ledger, token, &owed) == SLK_OK);
    CHECK(owed.id_length == 255 && strlen(owed.id) == 255 && memcmp(owed.id, id, 255) == 0);
    CHECK(slk_ack_ledger_add(ledger, 1, id, 256, 1) == 0);
    CHECK(slk_ack_ledger_count(ledger) == 0);
    slk_ack_ledger_destroy(ledger);
}

/* Against a plain array, with far more entries than the ring starts with. */
static void stays_right_through_random_use(void)
{
    enum { TOTAL = 20000 };
    static bool is_owed[TOTAL + 1];
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_owed_ack owed;
    size_t count = 0;
    uint64_t last = 0;
    srand(4711);
    for (int64_t now = 1; now <= TOTAL; now++) {
        char id[32];
        snprintf(id, sizeof id, "id-%d", (int)now);
        uint64_t token = add(ledger, 1, id, now + 500);
        CHECK(token > last && token <= TOTAL);
        last = token;
        is_owed[token] = true;
        count++;
        uint64_t other = (uint64_t)rand() % last + 1;
        int status = slk_ack_ledger_settle(ledger, other, &owed);
        CHECK((status == SLK_OK) == is_owed[other]);
        count -= status == SLK_OK;
        is_owed[other] = false;
        while (slk_ack_ledger_expire(ledger, now, &owed) == SLK_OK) {
            CHECK(is_owed[owed.token] && owed.deadline <= now);
            snprintf(id, sizeof id, "id-%d", (int)(owed.deadline - 500));
            CHECK(strcmp(owed.id, id) == 0);
            is_owed[owed.token] = false;
            count--;
        }
        CHECK(slk_ack_ledger_count(ledger) == count);
        CHECK(slk_ack_ledger_next_deadline(ledger) > now);
    }
    slk_ack_ledger_destroy(ledger);
}

/* Bytes that are allocated, where the C library tells. */
static size_t bytes_in_use(void)
{
#ifdef __GLIBC__
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

static void keeps_no_room_for_a_burst(void)
{
    enum { BURST = 100000 };
    struct slk_ack_ledger *ledger = slk_ack_ledger_create();
    struct slk_owed_ack owed;
    size_t before = bytes_in_use();
    uint64_t first = add(ledger, 1, "a", 1);
    for (int i = 1; i < BURST; i++) {
        CHECK(add(ledger, 1, "a", 1) == first + (uint64_t)i);
    }
    for (int i = 0; i < BURST; i++) {
        CHECK(slk_ack_ledger_expire(ledger, 1, &owed) == SLK_OK);
    }
    CHECK(bytes_in_use() < before + 16384);
    uint64_t token = add(ledger, 2, "b", 2);
    CHECK(token == first + BURST);
    CHECK(slk_ack_ledger_settle(ledger, token, &owed) == SLK_OK && owed.connection == 2);
    slk_ack_ledger_destroy(ledger);
}

int main(void)
{
    keeps_no_room_for_a_burst();
    settles_each_ack_once();
    knows_only_its_own_tokens();
    expires_in_the_order_of_deadlines();
    counts_by_connection();
    holds_ids_of_any_allowed_length();
    stays_right_through_random_use();
    slk_ack_ledger_destroy(NULL);
    return 0;
}
