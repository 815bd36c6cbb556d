#include "sqlite_statements.h"

int slk_sqlite_prepare(sqlite3 *db, const char *const *texts, size_t count,
                       sqlite3_stmt **statements)
{
    int result = SQLITE_OK;
    for (size_t i = 0; i < count && result == SQLITE_OK; i++) {
        result =
            sqlite3_prepare_v3(db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &statements[i], NULL);
    }
    return result;
}

void slk_sqlite_finalize(sqlite3_stmt **statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sqlite3_finalize(statements[i]);
    }
}

int slk_sqlite_finish(sqlite3_stmt *statement)
{
    int result = sqlite3_reset(statement);
    sqlite3_clear_bindings(statement); /* they point into a job */
    return result;
}

int slk_sqlite_do(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return slk_sqlite_finish(statement);
}

void slk_sqlite_bind_text(sqlite3_stmt *statement, int index, struct slk_text text)
{
    sqlite3_bind_text64(statement, index, text.data, text.length, SQLITE_STATIC, SQLITE_UTF8);
}

struct slk_text slk_sqlite_column_text(sqlite3_stmt *statement, int index)
{
    const char *data = (const char *)sqlite3_column_text(statement, index);
    return (struct slk_text){data, (size_t)sqlite3_column_bytes(statement, index)};
}
