/* store/screenings.c: a call's facts for the question, and the answer stored. */
#include "store/screenings.h"

#include "store/store_private.h"

#include <errno.h>
#include <stdio.h>

struct input_context {
    struct arena *arena;
    screening_input_fn *on_input;
    void *arg;
};

/* Only what people said to each other: no keys pressed, no tools, no "mhm". */
static bool is_talk(const struct call_line *line)
{
    return line->speaker != SPEAKER_TOOL && line->kind != LINE_DTMF &&
           line->kind != LINE_BACKCHANNEL && line->text.bytes;
}

static struct screening_input read_input(const struct db_rows *rows, struct arena *arena)
{
    const struct db_rows *call = db_rows_of(rows, 0);
    const struct call_line *turns = turn_rows(rows, arena);
    size_t turn_count = db_row_count(rows), count = 0;
    struct screening_line *lines = arena_alloc(arena, turn_count * sizeof(*lines));
    for (size_t i = 0; i < turn_count; i++)
        if (is_talk(&turns[i]))
            lines[count++] = (struct screening_line){
                turns[i].speaker == SPEAKER_CALLER ? SCREENING_CALLER : SCREENING_KAREN,
                turns[i].text};
    return (struct screening_input){
        .language = db_get_text(call, 0, 0, arena),
        .owner = db_get_text(call, 0, 1, arena),
        .caller_number = db_get_text(call, 0, 2, arena),
        .lines = lines,
        .line_count = count,
    };
}

static void on_input_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct input_context *context = arg;
    struct screening_input input;
    if (!err)
        err = store_any_row(db_rows_of(rows, 0));
    if (!err)
        input = read_input(rows, context->arena);
    context->on_input(err, err ? NULL : &input, context->arg);
}

void screenings_input(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                      screening_input_fn *on_input, void *arg, struct op **slot)
{
    static const char call_sql[] =
        "SELECT t.language, t.owner_name, c.from_number"
        " FROM calls c JOIN tenants t ON t.id = c.tenant_id WHERE c.tenant_id = $1 AND c.id = $2";
    static const char turns_sql[] = "SELECT " TURN_COLUMNS " FROM call_turns"
                                    " WHERE tenant_id = $1 AND call_id = $2 ORDER BY seq";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call)};
    const struct db_statement statements[] = {{call_sql, values, 2}, {turns_sql, values, 2}};
    const struct input_context context = {arena, on_input, arg};
    db_run(db, &(struct db_unit){tenant, statements, 2, &context, sizeof(context)}, on_input_rows,
           NULL, slot);
}

static struct db_value text_or_null(const char *text)
{
    return *text ? db_text(text) : db_null();
}

/* The job is ended by the same statement, so that an answer is stored by the one whose job it still
 * is, and only once. $14, $15: the job and its lease, null without one. */
static const char put_sql[] =
    "WITH mine AS (UPDATE outbox SET status = 'done', ended_at = now(), lease = NULL,"
    "   last_error = NULL"
    "  WHERE tenant_id = $1 AND id = $14 AND lease = $15 RETURNING id)"
    " INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency, intent,"
    "  caller_name, company, callback_number, summary, needs_follow_up, confidence, model,"
    "  asked_for_person)"
    " SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text,"
    "  $9::text, $10::text, $11::boolean, $12::real, $13::text, $16::boolean"
    " WHERE $14::uuid IS NULL OR EXISTS (SELECT FROM mine)"
    " ON CONFLICT (tenant_id, call_id) DO UPDATE SET legitimacy = excluded.legitimacy,"
    "  lead = excluded.lead, urgency = excluded.urgency, intent = excluded.intent,"
    "  caller_name = excluded.caller_name, company = excluded.company,"
    "  callback_number = excluded.callback_number, summary = excluded.summary,"
    "  needs_follow_up = excluded.needs_follow_up, confidence = excluded.confidence,"
    "  model = excluded.model, asked_for_person = excluded.asked_for_person, screened_at = now()"
    " RETURNING call_id";

static int stored_or_stale(const struct db_rows *rows)
{
    return db_row_count(rows) ? 0 : ESTALE;
}

void screenings_put(struct db *db, const struct screening_record *record,
                    const struct outbox_job *job, db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct screening *screening = &record->screening;
    const struct db_value values[] = {
        db_uuid(record->tenant),
        db_uuid(record->call),
        db_text(screening_label_code(screening->legitimacy)),
        db_text(screening_lead_code(screening->lead)),
        db_text(screening_urgency_code(screening->urgency)),
        text_or_null(screening->intent),
        text_or_null(screening->caller_name),
        text_or_null(screening->company),
        text_or_null(screening->callback_number),
        text_or_null(screening->summary),
        db_bool(screening->needs_follow_up),
        db_double(screening->confidence),
        db_text(record->model),
        job ? db_uuid(job->id) : db_null(),
        job ? db_uuid(job->lease) : db_null(),
        db_bool(screening->asked_for_person),
    };
    const struct db_statement statement = {put_sql, values, countof(values)};
    store_write(db,
                &(struct db_unit){.tenant = record->tenant, .statements = &statement, .count = 1},
                stored_or_stale, on_end, arg, slot);
}

struct get_context {
    struct uuid tenant, call;
    struct arena *arena;
    screening_fn *on_screening;
    void *arg;
};

static void copy_text(const struct db_rows *rows, size_t row, size_t column, char *out, size_t room)
{
    struct str text = db_get_str(rows, row, column);
    snprintf(out, room, "%.*s", (int)text.bytes, text.at);
}

/* The code's number among those a function gives; 0, "not known", when it is none. */
static int code_index(const char *(*code_of)(int), int count, struct str code)
{
    for (int i = 0; i < count; i++)
        if (str_is(code, code_of(i)))
            return i;
    return 0;
}

static const char *label_code(int label)
{
    return screening_label_code((enum screening_label)label);
}

static const char *lead_code(int lead)
{
    return screening_lead_code((enum screening_lead)lead);
}

static const char *urgency_code(int urgency)
{
    return screening_urgency_code((enum screening_urgency)urgency);
}

void screening_row(const struct db_rows *rows, size_t row, size_t column, struct screening *out)
{
    struct str label = db_get_str(rows, row, column), lead = db_get_str(rows, row, column + 1),
               urgency = db_get_str(rows, row, column + 2);
    out->legitimacy = (enum screening_label)code_index(label_code, LABEL_COUNT, label);
    out->lead = (enum screening_lead)code_index(lead_code, LEAD_COUNT, lead);
    out->urgency = (enum screening_urgency)code_index(urgency_code, URGENCY_COUNT, urgency);
    copy_text(rows, row, column + 3, out->intent, sizeof(out->intent));
    copy_text(rows, row, column + 4, out->caller_name, sizeof(out->caller_name));
    copy_text(rows, row, column + 5, out->company, sizeof(out->company));
    copy_text(rows, row, column + 6, out->callback_number, sizeof(out->callback_number));
    copy_text(rows, row, column + 7, out->summary, sizeof(out->summary));
    out->needs_follow_up = db_get_bool(rows, row, column + 8);
    out->confidence = db_get_double(rows, row, column + 9);
    out->asked_for_person = db_get_bool(rows, row, column + 10);
}

static void on_screening_row(int err, const struct db_rows *rows, void *arg)
{
    const struct get_context *context = arg;
    struct screening_record record = {.tenant = context->tenant, .call = context->call};
    if (!err)
        err = store_any_row(rows);
    if (!err) {
        screening_row(rows, 0, 0, &record.screening);
        record.model = db_get_text(rows, 0, SCREENING_COLUMN_COUNT, context->arena);
    }
    context->on_screening(err, err ? NULL : &record, context->arg);
}

void screenings_get(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                    screening_fn *on_screening, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT " SCREENING_COLUMNS ", s.model FROM call_screenings s"
                              " WHERE s.tenant_id = $1 AND s.call_id = $2";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct get_context context = {tenant, call, arena, on_screening, arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)},
           on_screening_row, NULL, slot);
}
