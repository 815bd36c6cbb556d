/* Keeps all others from writing to a SQLite file until it is ended: for specs of what
 * waits for a store. Usage: store_lock_server FILE; writes "locked" when it is. */
#include <sqlite3.h>
#include <unistd.h>

#include "check.h"

int main(int count, char **arguments)
{
    sqlite3 *db;
    CHECK(count == 2);
    CHECK(sqlite3_open(arguments[1], &db) == SQLITE_OK);
    CHECK(sqlite3_busy_timeout(db, 10000) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    puts("locked");
    fflush(stdout);
    for (;;) {
        pause();
    }
}
