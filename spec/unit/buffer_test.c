#include "buffer.h"

#include <stdint.h>
#include <string.h>

#include "check.h"
#include "error.h"

static void appends_and_consumes(void)
{
    struct slk_buffer buffer;
    slk_buffer_init(&buffer, 1000);
    CHECK(buffer.capacity == 0 && buffer.data == NULL);
    CHECK(slk_buffer_append(&buffer, "", 0) == SLK_OK);
    CHECK(slk_buffer_append(&buffer, "hello ", 6) == SLK_OK);
    CHECK(slk_buffer_append(&buffer, "world", 5) == SLK_OK);
    CHECK(buffer.length == 11 && memcmp(buffer.data, "hello world", 11) == 0);
    slk_buffer_consume(&buffer, 0);
    slk_buffer_consume(&buffer, 6);
    CHECK(buffer.length == 5 && memcmp(buffer.data, "world", 5) == 0);
    slk_buffer_consume(&buffer, 100);
    CHECK(buffer.length == 0);
    slk_buffer_free(&buffer);
    CHECK(slk_buffer_append(&buffer, "again", 5) == SLK_OK);
    CHECK(buffer.maximum == 1000);
    slk_buffer_free(&buffer);
    slk_buffer_free(&buffer);
}

static void keeps_to_its_maximum(void)
{
    struct slk_buffer buffer;
    slk_buffer_init(&buffer, 1000);
    char data[1001] = {0};
    CHECK(slk_buffer_append(&buffer, data, 1001) == SLK_TOO_LARGE);
    CHECK(buffer.length == 0 && buffer.capacity == 0);
    for (int i = 0; i < 100; i++) {
        CHECK(slk_buffer_append(&buffer, data, 10) == SLK_OK);
    }
    CHECK(buffer.length == 1000 && buffer.capacity == 1000);
    CHECK(slk_buffer_append(&buffer, data, 1) == SLK_TOO_LARGE);
    CHECK(slk_buffer_reserve(&buffer, SIZE_MAX) == SLK_TOO_LARGE);
    CHECK(buffer.length == 1000);
    slk_buffer_free(&buffer);
    slk_buffer_init(&buffer, 0);
    CHECK(slk_buffer_append(&buffer, data, 1) == SLK_TOO_LARGE);
    CHECK(slk_buffer_append(&buffer, data, 0) == SLK_OK);
    slk_buffer_free(&buffer);
}

static void gives_memory_back(void)
{
    struct slk_buffer buffer;
    slk_buffer_init(&buffer, 100000);
    CHECK(slk_buffer_reserve(&buffer, 50000) == SLK_OK);
    CHECK(slk_buffer_append(&buffer, "kept", 4) == SLK_OK);
    slk_buffer_shrink(&buffer, 1000);
    CHECK(buffer.capacity == 1000 && memcmp(buffer.data, "kept", 4) == 0);
    slk_buffer_shrink(&buffer, 2);
    CHECK(buffer.capacity == 4 && memcmp(buffer.data, "kept", 4) == 0);
    slk_buffer_shrink(&buffer, 8);
    CHECK(buffer.capacity == 4);
    slk_buffer_consume(&buffer, 4);
    slk_buffer_shrink(&buffer, 0);
    CHECK(buffer.capacity == 0 && buffer.data == NULL);
    slk_buffer_free(&buffer);
}

int main(void)
{
    appends_and_consumes();
    keeps_to_its_maximum();
    gives_memory_back();
    return 0;
}
