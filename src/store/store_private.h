/* store/store_private.h: what the nouns of store/ share: writers that only report an error, and
 * rows that are read in more than one place. */
#pragma once
#include "rules/screening.h"
#include "store/calls.h"
#include "store/messages.h"
#include "store/service.h"
#include "store/tenants.h"
#include "store/tokens.h"
#include "store/turns.h"

/* A write; check looks at its rows when it went well (NULL: there is nothing to look at). */
typedef int store_check_fn(const struct db_rows *rows);
void store_write(struct db *db, const struct db_unit *unit, store_check_fn *check,
                 db_end_fn *on_end, void *arg, struct op **slot);
/* What was found wrong before PostgreSQL was asked still comes to the callback later, as all does.
 */
void store_refuse(struct db *db, int err, db_end_fn *on_end, void *arg, struct op **slot);
int store_any_row(const struct db_rows *rows); /* ENOENT when the last statement gave none */

/* Of lists that are newest first: "<microseconds of the epoch>.<id>", where the page before ended;
 * NULL: the end of days. EINVAL: it is none. */
int store_time_cursor(const char *cursor, int64_t *before_us_out, struct uuid *before_out);
/* ... and the condition, of columns at and id, with the two values at these places. */
#define BEFORE_CURSOR(at, id, us, last)                                                            \
    "(" at ", " id ") < (timestamptz 'epoch' + " us "::bigint * interval '1 us', " last "::uuid)"
#define CURSOR_OF(at, id) "(extract(epoch FROM " at ") * 1000000)::bigint || '.' || " id

/* A JSON string that PostgreSQL takes too: without U+0000. */
void store_json_text(struct buf *buf, struct str text);
/* A JSON array of strings that PostgreSQL made, the first max of it, in the arena. */
const char *const *store_text_list(struct str text, size_t max, struct arena *arena,
                                   size_t *count_out);
/* The index of code in the table; -1: it is none of them. */
int store_code(const char *const *codes, size_t count, struct str code);

/* An id as a cursor, nil for none. EINVAL: it is none. */
int store_id_cursor(const char *cursor, struct uuid *id_out);

/* Whose the settings of a change are: which columns may be named. */
enum settings_owner { SETTINGS_TENANTS = 1, SETTINGS_OPERATORS = 2 };
/* All of a change as one JSON object; EINVAL when one is refused. */
int settings_json(const struct tenant_setting *settings, size_t count, struct buf *json,
                  unsigned *owners_out);
/* values: tenant, settings_json(), actor, action, the version it must have or null. Gives a row
 * when there is such a tenant in that version. */
struct db_statement tenant_set_statement(unsigned owners, const struct db_value values[5]);

/* Columns of a tenant, of a relation called t, and how many there are. */
#define TENANT_COLUMNS                                                                             \
    "t.id, t.name, t.owner_name, t.owner_spoken, t.system_prompt, t.greeting_text, t.voice_id, "   \
    "t.language, t.forward_number, t.marketing_email, t.timezone, to_json(t.vip_names), "          \
    "t.call_seconds_max, (SELECT p.call_seconds_max FROM plans p WHERE p.code = t.plan), t.plan, " \
    "t.status, " DB_MS("t.created_at") ", " DB_MS("t.trial_ends_at") ", " DB_MS("t.unpaid_since")
enum { TENANT_COLUMN_COUNT = 19 };
void tenant_row(const struct db_rows *rows, size_t row, size_t column, struct arena *arena,
                struct tenant *tenant_out);

/* Of a tenant's use, of a relation called u, which is tenant_usage(). */
#define USAGE_COLUMNS "u.calls, u.calls_max, " DB_MS("u.starts_at") ", " DB_MS("u.ends_at")
enum { USAGE_COLUMN_COUNT = 4 };
void usage_row(const struct db_rows *rows, size_t row, size_t column, struct tenant_usage *out);

/* Of a call, of a relation called c. */
#define CALL_COLUMNS                                                                               \
    "c.tenant_id, c.id, c.carrier, c.call_sid, c.from_number, c.to_number, c.forwarded_from, "     \
    "c.status, c.ended_reason, " DB_MS("c.started_at") ", " DB_MS(                                 \
        "c.ended_at") ", c.duration_seconds, c.service"
enum { CALL_COLUMN_COUNT = 13 };
void call_row(const struct db_rows *rows, size_t row, size_t column, struct arena *arena,
              struct call_record *record_out);

/* What the schema's book_usage() takes. */
void usage_json(const struct usage_item *usage, size_t count, struct buf *out);

/* The statement that stores lines of a call: values are tenant, call and turns_json(). */
#define TURNS_SAVE_SQL                                                                             \
    "INSERT INTO call_turns (tenant_id, call_id, " TURN_COLUMNS ")"                                \
    " SELECT $1::uuid, $2::uuid, " TURN_COLUMNS " FROM jsonb_to_recordset($3::jsonb) AS line"      \
    " (seq integer, speaker text, kind text, phrase text, start_ms bigint, end_ms bigint,"         \
    "  interrupted boolean, confidence real, text text, generated text, stages jsonb)"             \
    " ON CONFLICT (tenant_id, call_id, seq) DO UPDATE SET speaker = excluded.speaker,"             \
    " kind = excluded.kind, phrase = excluded.phrase, start_ms = excluded.start_ms,"               \
    " end_ms = excluded.end_ms, interrupted = excluded.interrupted,"                               \
    " confidence = excluded.confidence, text = excluded.text, generated = excluded.generated,"     \
    " stages = excluded.stages"
extern const char turns_save_sql[];
void turns_json(const struct call_line *lines, size_t count, struct buf *out);
/* Lines as rows of a relation, and back. */
#define TURN_COLUMNS                                                                               \
    "seq, speaker, kind, phrase, start_ms, end_ms, interrupted, confidence, text, generated, "     \
    "stages"
struct call_line *turn_rows(const struct db_rows *rows, struct arena *arena);

enum contact_kind contact_kind_of(struct str code);

/* Of a screening, of a relation called s. */
#define SCREENING_COLUMNS                                                                          \
    "s.legitimacy, s.lead, s.urgency, s.intent, s.caller_name, s.company, s.callback_number, "     \
    "s.summary, s.needs_follow_up, s.confidence, s.asked_for_person"
enum { SCREENING_COLUMN_COUNT = 11 };
void screening_row(const struct db_rows *rows, size_t row, size_t column, struct screening *out);

/* What a write is made of: each value once, for the database and for the journal. */
enum { TURNS_VALUES = 5, MESSAGE_VALUES = 8, FINISH_VALUES = 9, FINISH_WHY_BYTES_MAX = 40 };
struct turns_values { /* tenant, call, lines, state, usage */
    struct buf lines, usage;
    struct db_value at[TURNS_VALUES];
};
void turns_values_make(struct turns_values *out, struct uuid tenant, struct uuid call,
                       const struct call_line *lines, size_t count,
                       const struct turns_snapshot *snapshot);
void turns_values_free(struct turns_values *values);
void message_values(const struct message *message, struct db_value out[MESSAGE_VALUES]);
extern const char message_take_sql[]; /* of these */
struct finish_values { /* tenant, call, lines, usage, status, why, ended at, counts, waits */
    struct buf lines, usage, counts, waits;
    char why[FINISH_WHY_BYTES_MAX + 1];
    struct db_value at[FINISH_VALUES];
};
void finish_values_make(struct finish_values *out, const struct call_finish *finish);
void finish_values_free(struct finish_values *values);
extern const char finish_usage_sql[]; /* of tenant, call, usage */
extern const char finish_end_sql[];   /* of tenant, call, and what follows the usage */
