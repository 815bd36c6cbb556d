#include "sqlite_schema.h"

#include <stdint.h>

#include "sqlite_failure.h"

/* "SLKS": tells our files from those of other programs. */
#define APPLICATION_ID 0x534c4b53

#define TEXT(number)  TEXT_(number)
#define TEXT_(number) #number

/* Each step makes one version of the one before it; older programs that have the file
 * open go on with what they know. */
static const char *const steps[] = {
    "CREATE TABLE entries ("
    " key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, expires_at INTEGER" /* NULL: never */
    ") WITHOUT ROWID;"
    "CREATE INDEX expiring ON entries (expires_at) WHERE expires_at IS NOT NULL;"
    "PRAGMA application_id = " TEXT(APPLICATION_ID) ";",

    /* The inbox; sqlite_entries.h says what the columns mean. */
    "CREATE TABLE inbox ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, holder INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, takeovers INTEGER NOT NULL, received INTEGER NOT NULL,"
    " due INTEGER, remember_until INTEGER NOT NULL, key TEXT NOT NULL, order_key TEXT,"
    " reason TEXT NOT NULL, error TEXT NOT NULL, meta TEXT NOT NULL, body TEXT NOT NULL);"
    "CREATE INDEX inbox_states ON inbox (state, holder, id);"
    "CREATE INDEX inbox_due ON inbox (state, due) WHERE due IS NOT NULL;"
    "CREATE INDEX inbox_orders ON inbox (order_key, state, id) WHERE order_key IS NOT NULL;"
    "CREATE TABLE inbox_keys (key TEXT PRIMARY KEY NOT NULL, expires_at INTEGER) WITHOUT ROWID;"
    "CREATE INDEX inbox_keys_expiring ON inbox_keys (expires_at) WHERE expires_at IS NOT NULL;"
    "CREATE TABLE inbox_owners ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, place TEXT NOT NULL,"
    " process INTEGER NOT NULL, started INTEGER NOT NULL, lease_until INTEGER NOT NULL);"
    "CREATE TABLE inbox_counts ("
    " waiting INTEGER NOT NULL, taken INTEGER NOT NULL, delayed INTEGER NOT NULL,"
    " dead INTEGER NOT NULL);"
    "INSERT INTO inbox_counts VALUES (0, 0, 0, 0);",
};

#define VERSION ((int)(sizeof steps / sizeof *steps))

static int read_number(sqlite3 *db, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (result != SQLITE_OK) {
        return result;
    }
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
    }
    int failure = sqlite3_finalize(statement);
    return result == SQLITE_ROW ? SQLITE_OK : failure;
}

struct header {
    int64_t tables;
    int64_t version;
    int64_t application;
};

static int read_header(sqlite3 *db, struct header *header)
{
    int result = read_number(db, "SELECT count(*) FROM sqlite_master", &header->tables);
    if (result == SQLITE_OK) {
        result = read_number(db, "PRAGMA user_version", &header->version);
    }
    if (result == SQLITE_OK) {
        result = read_number(db, "PRAGMA application_id", &header->application);
    }
    return result;
}

/* Within a transaction, as another process may be making the schema. */
static int check(sqlite3 *db, const char *path, int64_t *version, struct slk_error *err)
{
    struct header header = {0, 0, 0};
    int result = read_header(db, &header);
    if (result != SQLITE_OK) {
        return result;
    }
    char shown[96];
    const char *name = slk_sqlite_show_path(path, shown, sizeof shown);
    bool is_new = header.version == 0 && header.application == 0 && header.tables == 0;
    *version = header.version;
    if (!is_new && (header.application != APPLICATION_ID || header.version < 0)) {
        slk_error_set(err, "foreign", "%s is a database of another program: give another path",
                      name);
    } else if (header.version > VERSION) {
        slk_error_set(err, "newer",
                      "%s was written by a newer lua-slack (its schema is %lld, this one knows "
                      "%d): update, or give another path",
                      name, (long long)header.version, VERSION);
    }
    return SQLITE_OK;
}

static int execute(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int end_transaction(sqlite3 *db, int result)
{
    if (result == SQLITE_OK) {
        result = execute(db, "COMMIT");
    }
    if (!sqlite3_get_autocommit(db)) {
        execute(db, "ROLLBACK");
    }
    return result;
}

int slk_sqlite_schema_check(sqlite3 *db, const char *path, bool *is_old, struct slk_error *err)
{
    int64_t version = VERSION;
    int result = execute(db, "BEGIN");
    if (result == SQLITE_OK) {
        result = check(db, path, &version, err);
    }
    *is_old = version < VERSION;
    return end_transaction(db, result);
}

int slk_sqlite_schema_make(sqlite3 *db, const char *path, struct slk_error *err)
{
    int64_t version = VERSION;
    char mark[48];
    int result = execute(db, "BEGIN IMMEDIATE");
    if (result == SQLITE_OK) {
        result = check(db, path, &version, err);
    }
    for (; result == SQLITE_OK && err->code[0] == '\0' && version < VERSION; version++) {
        result = execute(db, steps[version]);
    }
    if (result == SQLITE_OK && err->code[0] == '\0') {
        sqlite3_snprintf(sizeof mark, mark, "PRAGMA user_version = %d", VERSION);
        result = execute(db, mark);
    }
    return end_transaction(db, result);
}
