#include "sqlite_entries.h"

#include <stdlib.h>
#include <string.h>

#include "sqlite_statements.h"

/* Keys that one sweep forgets. */
#define SWEPT_AT_ONCE 256

enum {
    NOTE_KEY,
    KNOW_KEY,
    EXPIRE_KEY,
    SWEEP_KEYS,
    ADD,
    FIND,
    MOVE,
    CHANGE,
    REMOVE,
    FIRST,
    NEXT_DUE,
    LAST_DUE,
    NEXT_HOLDER,
    FIRST_OF_ORDER,
    PARK,
    READ_COUNTS,
    WRITE_COUNTS,
    STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [NOTE_KEY] = "INSERT INTO inbox_keys (key) VALUES (?1)"
                 " ON CONFLICT (key) DO UPDATE SET expires_at = NULL WHERE expires_at <= ?2",
    [KNOW_KEY] = "SELECT 1 FROM inbox_keys"
                 " WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
    [EXPIRE_KEY] = "UPDATE inbox_keys SET expires_at = ?2 WHERE key = ?1",
    [SWEEP_KEYS] = "DELETE FROM inbox_keys WHERE key IN"
                   " (SELECT key FROM inbox_keys WHERE expires_at <= ?1 LIMIT ?2)",
    [ADD] = "INSERT INTO inbox (state, holder, attempts, takeovers, received, remember_until,"
            " key, order_key, reason, error, meta, body)"
            " VALUES (?1, ?2, 0, 0, ?3, ?4, ?5, ?6, '', '', ?7, ?8)",
    [FIND] = "SELECT state, holder, takeovers, received, remember_until, key, order_key"
             " FROM inbox WHERE id = ?1",
    [MOVE] = "UPDATE inbox SET state = ?2, holder = ?3, due = NULL WHERE id = ?1",
    [CHANGE] = "UPDATE inbox SET state = ?2, holder = 0, due = ?3,"
               " attempts = CASE WHEN ?4 < 0 THEN 0 ELSE attempts + ?4 END, takeovers = ?5,"
               " reason = coalesce(?6, reason), error = coalesce(?7, error) WHERE id = ?1",
    [REMOVE] = "DELETE FROM inbox WHERE id = ?1",
    [FIRST] = "SELECT id FROM inbox WHERE state = ?1 AND holder = ?2 ORDER BY id LIMIT 1",
    [NEXT_DUE] = "SELECT id FROM inbox WHERE state = ?1 AND due <= ?2 ORDER BY due LIMIT 1",
    [LAST_DUE] = "SELECT id FROM inbox WHERE state = ?1 AND due > ?2 ORDER BY due DESC LIMIT 1",
    [NEXT_HOLDER] = "SELECT holder FROM inbox WHERE state = 2 AND holder > ?1"
                    " ORDER BY holder LIMIT 1",
    [FIRST_OF_ORDER] = "SELECT id, holder FROM inbox WHERE order_key = ?1 AND state = ?2"
                       " ORDER BY id LIMIT 1",
    [PARK] = "UPDATE inbox SET order_key = NULL WHERE id = ?1",
    [READ_COUNTS] = "SELECT waiting, taken, delayed, dead FROM inbox_counts",
    [WRITE_COUNTS] = "UPDATE inbox_counts SET waiting = ?1, taken = ?2, delayed = ?3, dead = ?4",
};

struct slk_sqlite_entries {
    sqlite3 *db;
    bool has_counts, has_changed; /* in this transaction */
    int64_t counts[SLK_SQLITE_STATES];
    sqlite3_stmt *statements[STATEMENTS];
};

int slk_sqlite_entries_prepare(sqlite3 *db, struct slk_sqlite_entries **entries)
{
    struct slk_sqlite_entries *self = *entries = calloc(1, sizeof *self);
    if (self == NULL) {
        return SQLITE_NOMEM;
    }
    self->db = db;
    return slk_sqlite_prepare(db, texts, STATEMENTS, self->statements);
}

void slk_sqlite_entries_free(struct slk_sqlite_entries *entries)
{
    if (entries != NULL) {
        slk_sqlite_finalize(entries->statements, STATEMENTS);
        free(entries);
    }
}

/* The statement with its first numbers bound. */
static sqlite3_stmt *bind(struct slk_sqlite_entries *entries, int number, int64_t first,
                          int64_t second)
{
    sqlite3_stmt *statement = entries->statements[number];
    sqlite3_bind_int64(statement, 1, first);
    if (sqlite3_bind_parameter_count(statement) > 1) {
        sqlite3_bind_int64(statement, 2, second);
    }
    return statement;
}

/* A row's first column, or 0. */
static int read_number(sqlite3_stmt *statement, int64_t *number)
{
    *number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    return slk_sqlite_finish(statement);
}

/* Counts --------------------------------------------------------------------- */

/* Those behind are counted with the ready. */
static int load_counts(struct slk_sqlite_entries *entries)
{
    static const enum slk_sqlite_entry_state columns[] = {SLK_SQLITE_READY, SLK_SQLITE_TAKEN,
                                                          SLK_SQLITE_DELAYED, SLK_SQLITE_DEAD};
    if (entries->has_counts) {
        return SQLITE_OK;
    }
    sqlite3_stmt *statement = entries->statements[READ_COUNTS];
    entries->has_counts = sqlite3_step(statement) == SQLITE_ROW;
    for (int i = 0; i < 4; i++) {
        entries->counts[columns[i]] = sqlite3_column_int64(statement, i);
    }
    int result = slk_sqlite_finish(statement);
    return result == SQLITE_OK && !entries->has_counts ? SQLITE_CORRUPT : result;
}

static int64_t *count_of(struct slk_sqlite_entries *entries, enum slk_sqlite_entry_state state)
{
    return &entries->counts[state == SLK_SQLITE_BEHIND ? SLK_SQLITE_READY : state];
}

/* SLK_SQLITE_STATES: it comes from nowhere, or goes there. */
static int count_move(struct slk_sqlite_entries *entries, enum slk_sqlite_entry_state from,
                      enum slk_sqlite_entry_state to)
{
    int result = load_counts(entries);
    if (from != SLK_SQLITE_STATES) {
        --*count_of(entries, from);
    }
    if (to != SLK_SQLITE_STATES) {
        ++*count_of(entries, to);
    }
    entries->has_changed = true;
    return result;
}

int slk_sqlite_entries_count(struct slk_sqlite_entries *entries,
                             struct slk_sqlite_entry_counts *counts)
{
    int result = load_counts(entries);
    *counts = (struct slk_sqlite_entry_counts){.waiting = entries->counts[SLK_SQLITE_READY],
                                               .taken = entries->counts[SLK_SQLITE_TAKEN],
                                               .delayed = entries->counts[SLK_SQLITE_DELAYED],
                                               .dead = entries->counts[SLK_SQLITE_DEAD]};
    return result;
}

int slk_sqlite_entries_flush(struct slk_sqlite_entries *entries)
{
    if (!entries->has_changed) {
        return SQLITE_OK;
    }
    sqlite3_stmt *statement = bind(entries, WRITE_COUNTS, entries->counts[SLK_SQLITE_READY],
                                   entries->counts[SLK_SQLITE_TAKEN]);
    sqlite3_bind_int64(statement, 3, entries->counts[SLK_SQLITE_DELAYED]);
    sqlite3_bind_int64(statement, 4, entries->counts[SLK_SQLITE_DEAD]);
    return slk_sqlite_do(statement);
}

void slk_sqlite_entries_ended(struct slk_sqlite_entries *entries)
{
    entries->has_counts = entries->has_changed = false;
}

/* Keys ----------------------------------------------------------------------- */

static sqlite3_stmt *bind_key(struct slk_sqlite_entries *entries, int number, struct slk_text key,
                              int64_t time)
{
    sqlite3_stmt *statement = entries->statements[number];
    slk_sqlite_bind_text(statement, 1, key);
    sqlite3_bind_int64(statement, 2, time);
    return statement;
}

int slk_sqlite_entries_note_key(struct slk_sqlite_entries *entries,
                                const struct slk_storage_request *request, bool *is_known)
{
    sqlite3_stmt *statement = bind_key(entries, NOTE_KEY, request->key, request->now);
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    *is_known = done && sqlite3_changes(entries->db) == 0;
    return slk_sqlite_finish(statement);
}

int slk_sqlite_entries_know_key(struct slk_sqlite_entries *entries,
                                const struct slk_storage_request *request, bool *is_known)
{
    int64_t found;
    int result = read_number(bind_key(entries, KNOW_KEY, request->key, request->now), &found);
    *is_known = found != 0;
    return result;
}

int slk_sqlite_entries_sweep(struct slk_sqlite_entries *entries, int64_t now, bool *more)
{
    sqlite3_stmt *statement = bind(entries, SWEEP_KEYS, now, SWEPT_AT_ONCE);
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    *more = done && sqlite3_changes(entries->db) >= SWEPT_AT_ONCE;
    return slk_sqlite_finish(statement);
}

/* Orders --------------------------------------------------------------------- */

static int find_first(struct slk_sqlite_entries *entries, struct slk_text order,
                      enum slk_sqlite_entry_state state, int64_t *id)
{
    sqlite3_stmt *statement = entries->statements[FIRST_OF_ORDER];
    slk_sqlite_bind_text(statement, 1, order);
    sqlite3_bind_int64(statement, 2, state);
    return read_number(statement, id);
}

/* The first ones; 0: there is none. */
struct order {
    int64_t ready, behind, taken;
};

static int read_order(struct slk_sqlite_entries *entries, struct slk_text text, struct order *order)
{
    int result = find_first(entries, text, SLK_SQLITE_READY, &order->ready);
    if (result == SQLITE_OK) {
        result = find_first(entries, text, SLK_SQLITE_BEHIND, &order->behind);
    }
    return result == SQLITE_OK ? find_first(entries, text, SLK_SQLITE_TAKEN, &order->taken)
                               : result;
}

static int move(struct slk_sqlite_entries *entries, int64_t id, enum slk_sqlite_entry_state state,
                int64_t holder)
{
    sqlite3_stmt *statement = bind(entries, MOVE, id, state);
    sqlite3_bind_int64(statement, 3, holder);
    return slk_sqlite_do(statement);
}

static bool comes_before(int64_t one, int64_t other)
{
    return one != 0 && (other == 0 || one < other);
}

/* Makes the one ready whose turn it is, after one of them has moved. */
static int settle(struct slk_sqlite_entries *entries, struct slk_text text)
{
    struct order order;
    int result = text.data != NULL ? read_order(entries, text, &order) : SQLITE_DONE;
    if (result != SQLITE_OK) {
        return result == SQLITE_DONE ? SQLITE_OK : result;
    }
    int64_t first = comes_before(order.behind, order.ready) ? order.behind : order.ready;
    if (order.taken != 0) {
        first = 0;
    }
    if (order.ready != 0 && order.ready != first) {
        result = move(entries, order.ready, SLK_SQLITE_BEHIND, 0);
    }
    if (result == SQLITE_OK && first != 0 && first != order.ready) {
        result = move(entries, first, SLK_SQLITE_READY, 0);
    }
    return result;
}

/* Entries -------------------------------------------------------------------- */

/* Whether there is one of that order that a new one has to wait for. */
static int has_any(struct slk_sqlite_entries *entries, struct slk_text text, bool *has_some)
{
    struct order order = {0, 0, 0};
    int result = text.length > 0 ? read_order(entries, text, &order) : SQLITE_OK;
    *has_some = (order.ready | order.behind | order.taken) != 0;
    return result;
}

static struct slk_text or_empty(struct slk_text text)
{
    return text.data != NULL ? text : (struct slk_text){"", 0};
}

int slk_sqlite_entries_add(struct slk_sqlite_entries *entries,
                           const struct slk_storage_request *request, int64_t holder, int64_t *id)
{
    bool is_behind;
    int result = has_any(entries, request->order, &is_behind);
    if (result != SQLITE_OK) {
        return result;
    }
    enum slk_sqlite_entry_state state = is_behind     ? SLK_SQLITE_BEHIND
                                        : holder != 0 ? SLK_SQLITE_TAKEN
                                                      : SLK_SQLITE_READY;
    sqlite3_stmt *statement = bind(entries, ADD, state, is_behind ? 0 : holder);
    sqlite3_bind_int64(statement, 3, request->now);
    sqlite3_bind_int64(statement, 4, request->expires_at);
    slk_sqlite_bind_text(statement, 5, request->key);
    if (request->order.length > 0) {
        slk_sqlite_bind_text(statement, 6, request->order);
    }
    slk_sqlite_bind_text(statement, 7, or_empty(request->meta));
    slk_sqlite_bind_text(statement, 8, or_empty(request->value));
    result = slk_sqlite_do(statement);
    *id = state == SLK_SQLITE_TAKEN ? sqlite3_last_insert_rowid(entries->db) : 0;
    return result == SQLITE_OK ? count_move(entries, SLK_SQLITE_STATES, state) : result;
}

/* Of a file that was tampered with, too, no more is copied than there is room for. */
static struct slk_text copy_column(sqlite3_stmt *statement, int column, char *place, size_t size)
{
    struct slk_text text = slk_sqlite_column_text(statement, column);
    if (text.data == NULL) {
        return text;
    }
    size_t length = text.length < size ? text.length : size;
    memcpy(place, text.data, length);
    return (struct slk_text){place, length};
}

int slk_sqlite_entries_find(struct slk_sqlite_entries *entries, int64_t id,
                            struct slk_sqlite_entry *entry, bool *is_there)
{
    sqlite3_stmt *statement = bind(entries, FIND, id, 0);
    *is_there = sqlite3_step(statement) == SQLITE_ROW;
    if (*is_there) {
        entry->id = id;
        entry->state = (enum slk_sqlite_entry_state)sqlite3_column_int(statement, 0);
        entry->holder = sqlite3_column_int64(statement, 1);
        entry->takeovers = sqlite3_column_int64(statement, 2);
        entry->remember_until = sqlite3_column_int64(statement, 4);
        entry->remember_for = entry->remember_until - sqlite3_column_int64(statement, 3);
        entry->key = copy_column(statement, 5, entry->texts, SLK_SQLITE_MAX_KEY);
        entry->order =
            copy_column(statement, 6, entry->texts + SLK_SQLITE_MAX_KEY, SLK_SQLITE_MAX_ORDER);
        *is_there = (unsigned)entry->state < SLK_SQLITE_STATES;
    }
    return slk_sqlite_finish(statement);
}

/* After the row has been changed. */
static int conclude(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                    enum slk_sqlite_entry_state state, int result)
{
    if (result == SQLITE_OK) {
        result = count_move(entries, entry->state, state);
    }
    entry->state = state;
    return result == SQLITE_OK ? settle(entries, entry->order) : result;
}

int slk_sqlite_entries_take(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                            int64_t holder)
{
    int result = move(entries, entry->id, SLK_SQLITE_TAKEN, holder);
    return conclude(entries, entry, SLK_SQLITE_TAKEN, result);
}

int slk_sqlite_entries_remove(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                              int64_t now)
{
    int result = slk_sqlite_do(bind(entries, REMOVE, entry->id, 0));
    if (result == SQLITE_OK) {
        int64_t until = now + entry->remember_for;
        int64_t latest = until > entry->remember_until ? until : entry->remember_until;
        result = slk_sqlite_do(bind_key(entries, EXPIRE_KEY, entry->key, latest));
    }
    return conclude(entries, entry, SLK_SQLITE_STATES, result);
}

/* attempts: how many more, negative: none any more. due 0: none. */
static int change(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                  enum slk_sqlite_entry_state state, int64_t due, int attempts,
                  struct slk_text reason, struct slk_text error)
{
    sqlite3_stmt *statement = bind(entries, CHANGE, entry->id, state);
    if (due != 0) {
        sqlite3_bind_int64(statement, 3, due);
    }
    sqlite3_bind_int(statement, 4, attempts);
    sqlite3_bind_int64(statement, 5, entry->takeovers);
    slk_sqlite_bind_text(statement, 6, reason);
    slk_sqlite_bind_text(statement, 7, error);
    return conclude(entries, entry, state, slk_sqlite_do(statement));
}

static const struct slk_text none = {NULL, 0};
static const struct slk_text failed = {"failed", 6};
static const struct slk_text interrupted = {"interrupted", 11};

/* One of an order is behind until it turns out to be the first. */
static enum slk_sqlite_entry_state waiting_state(const struct slk_sqlite_entry *entry)
{
    return entry->order.data != NULL ? SLK_SQLITE_BEHIND : SLK_SQLITE_READY;
}

int slk_sqlite_entries_delay(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                             int64_t due, bool is_tried, struct slk_text error)
{
    return change(entries, entry, SLK_SQLITE_DELAYED, due, is_tried, is_tried ? failed : none,
                  error);
}

int slk_sqlite_entries_bury(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                            int64_t now, bool is_tried, struct slk_text error)
{
    return change(entries, entry, SLK_SQLITE_DEAD, now, is_tried, none, error);
}

int slk_sqlite_entries_release(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry,
                               struct slk_text reason)
{
    return change(entries, entry, waiting_state(entry), 0, 0, reason, none);
}

int slk_sqlite_entries_take_back(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry)
{
    entry->takeovers++;
    return change(entries, entry, waiting_state(entry), 0, 0, interrupted, none);
}

int slk_sqlite_entries_revive(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry)
{
    entry->takeovers = 0;
    return change(entries, entry, waiting_state(entry), 0, -1, failed, none);
}

int slk_sqlite_entries_park(struct slk_sqlite_entries *entries, struct slk_sqlite_entry *entry)
{
    struct slk_text order = entry->order;
    entry->order = none;
    int result = slk_sqlite_do(bind(entries, PARK, entry->id, 0));
    return result == SQLITE_OK ? settle(entries, order) : result;
}

/* Looking -------------------------------------------------------------------- */

int slk_sqlite_entries_ready(struct slk_sqlite_entries *entries, int64_t *id)
{
    return read_number(bind(entries, FIRST, SLK_SQLITE_READY, 0), id);
}

int slk_sqlite_entries_due(struct slk_sqlite_entries *entries, int64_t now, int64_t *id)
{
    int result = read_number(bind(entries, NEXT_DUE, SLK_SQLITE_DELAYED, now), id);
    if (result == SQLITE_OK && *id == 0) {
        int64_t beyond = now + SLK_SQLITE_LONGEST_DELAY;
        result = read_number(bind(entries, LAST_DUE, SLK_SQLITE_DELAYED, beyond), id);
    }
    return result;
}

int slk_sqlite_entries_died(struct slk_sqlite_entries *entries, int64_t by, int64_t *id)
{
    return read_number(bind(entries, NEXT_DUE, SLK_SQLITE_DEAD, by), id);
}

int slk_sqlite_entries_taken(struct slk_sqlite_entries *entries, int64_t holder, int64_t *id)
{
    return read_number(bind(entries, FIRST, SLK_SQLITE_TAKEN, holder), id);
}

int slk_sqlite_entries_holder(struct slk_sqlite_entries *entries, int64_t above, int64_t *holder)
{
    return read_number(bind(entries, NEXT_HOLDER, above, 0), holder);
}
