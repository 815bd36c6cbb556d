#include "sqlite_entry_lists.h"

#include <stdlib.h>

#include "sqlite_statements.h"

/* A page ends with the entry that brings it there. */
#define PAGE_BYTES ((size_t)4 * 1024 * 1024)

enum { GIVE, LIST, LIST_STATE, OLDEST, STATEMENTS };

#define LISTED                                                                                     \
    "SELECT id, CASE state WHEN 2 THEN 'taken' WHEN 3 THEN 'delayed' WHEN 4 THEN 'dead'"           \
    " ELSE 'waiting' END, meta, body, attempts, error, received,"                                  \
    " CASE state WHEN 3 THEN due ELSE '' END FROM inbox"

/* Of each group of the index no more than the page needs, to be sorted. */
#define SOME(group)                                                                                \
    "SELECT * FROM (SELECT id FROM inbox WHERE " group " AND id > ?3 ORDER BY id LIMIT ?4)"

/* ?1 and ?2 are states. Holders are few, and so is what they have. */
static const char *const texts[STATEMENTS] = {
    [GIVE] = "SELECT id, key, meta, body, attempts, reason, takeovers FROM inbox WHERE id = ?1",
    [LIST] = LISTED " WHERE id > ?3 ORDER BY id LIMIT ?4",
    [LIST_STATE] = LISTED " WHERE id IN (" SOME("state = ?1 AND holder = 0") " UNION ALL " SOME(
        "state = ?1 AND holder > 0") " UNION ALL " SOME("state = ?2 AND holder = 0") ") ORDER BY id"
                                                                                     " LIMIT ?4",
    [OLDEST] = "SELECT received FROM inbox WHERE id = (SELECT min(id) FROM ("
               " SELECT min(id) AS id FROM inbox WHERE state = 0 AND holder = 0 UNION ALL"
               " SELECT min(id) FROM inbox WHERE state = 1 AND holder = 0 UNION ALL"
               " SELECT min(id) FROM inbox WHERE state = 2 UNION ALL"
               " SELECT min(id) FROM inbox WHERE state = 3 AND holder = 0))",
};

struct slk_sqlite_entry_lists {
    sqlite3_stmt *statements[STATEMENTS];
};

int slk_sqlite_entry_lists_prepare(sqlite3 *db, struct slk_sqlite_entry_lists **lists)
{
    *lists = calloc(1, sizeof **lists);
    return *lists != NULL ? slk_sqlite_prepare(db, texts, STATEMENTS, (*lists)->statements)
                          : SQLITE_NOMEM;
}

void slk_sqlite_entry_lists_free(struct slk_sqlite_entry_lists *lists)
{
    if (lists != NULL) {
        slk_sqlite_finalize(lists->statements, STATEMENTS);
        free(lists);
    }
}

static void add_columns(sqlite3_stmt *statement, struct slk_storage_job *job)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        struct slk_text text = slk_sqlite_column_text(statement, i);
        slk_storage_job_add_entry(job, text.data, text.length);
    }
}

static int finish(sqlite3_stmt *statement, const struct slk_storage_job *job)
{
    int result = slk_sqlite_finish(statement);
    return result == SQLITE_OK && job->outcome == SLK_STORED_FAILED ? SQLITE_NOMEM : result;
}

int slk_sqlite_entry_give(struct slk_sqlite_entry_lists *lists, int64_t id,
                          struct slk_storage_job *job)
{
    sqlite3_stmt *statement = lists->statements[GIVE];
    sqlite3_bind_int64(statement, 1, id);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        add_columns(statement, job);
    }
    return finish(statement, job);
}

int slk_sqlite_entry_list(struct slk_sqlite_entry_lists *lists, enum slk_sqlite_entry_state state,
                          int64_t after, struct slk_storage_job *job)
{
    bool is_waiting = state == SLK_SQLITE_READY;
    sqlite3_stmt *statement = lists->statements[state == SLK_SQLITE_STATES ? LIST : LIST_STATE];
    sqlite3_bind_int(statement, 1, (int)state);
    sqlite3_bind_int(statement, 2, is_waiting ? SLK_SQLITE_BEHIND : SLK_SQLITE_STATES);
    sqlite3_bind_int64(statement, 3, after);
    sqlite3_bind_int64(statement, 4, job->request.limit);
    slk_storage_job_begin_list(job);
    while (job->text.length < PAGE_BYTES && sqlite3_step(statement) == SQLITE_ROW) {
        add_columns(statement, job);
    }
    return finish(statement, job);
}

int slk_sqlite_entry_oldest(struct slk_sqlite_entry_lists *lists, int64_t *received)
{
    sqlite3_stmt *statement = lists->statements[OLDEST];
    *received = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    return slk_sqlite_finish(statement);
}
