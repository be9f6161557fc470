/* store/turns.c: lines of a call, as JSON in and as rows out. */
#include "store/turns.h"

#include "base/utf8.h"
#include "store/calls.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const speaker_codes[] = {
    [SPEAKER_CALLER] = "caller", [SPEAKER_AGENT] = "agent", [SPEAKER_TOOL] = "tool"};
static const char *const kind_codes[] = {[LINE_SAID] = "said",
                                         [LINE_PHRASE] = "phrase",
                                         [LINE_TOOL] = "tool",
                                         [LINE_DTMF] = "dtmf",
                                         [LINE_BACKCHANNEL] = "backchannel"};

/* By name, so that what is stored outlives a new order of the phrases. */
static const char *phrase_code(enum call_phrase phrase)
{
    switch (phrase) {
    case PHRASE_NONE:
    case PHRASE_COUNT: break;
    case PHRASE_DISCLOSURE: return "disclosure";
    case PHRASE_GREETING: return "greeting";
    case PHRASE_FILLER: return "filler";
    case PHRASE_STILL_THERE: return "still_there";
    case PHRASE_STILL_THERE_2: return "still_there_again";
    case PHRASE_REPEAT: return "repeat";
    case PHRASE_TROUBLE: return "trouble";
    case PHRASE_DEAF: return "deaf";
    case PHRASE_ASK_NAME: return "ask_name";
    case PHRASE_ASK_REASON: return "ask_reason";
    case PHRASE_ASK_NUMBER: return "ask_number";
    case PHRASE_TAKEN: return "taken";
    case PHRASE_GOODBYE: return "goodbye";
    case PHRASE_SILENT_GOODBYE: return "silent_goodbye";
    case PHRASE_TIME_UP: return "time_up";
    case PHRASE_TRANSFER: return "transfer";
    case PHRASE_RESUMED: return "resumed";
    case PHRASE_NOT_REACHED: return "not_reached";
    }
    return NULL;
}

static enum call_phrase phrase_of(struct str code)
{
    for (int phrase = PHRASE_NONE + 1; phrase < PHRASE_COUNT; phrase++)
        if (str_is(code, phrase_code((enum call_phrase)phrase)))
            return (enum call_phrase)phrase;
    return PHRASE_NONE;
}

/* What the schema would refuse is made to fit: the other lines of the batch must not be lost to it.
 */
enum { LINE_BYTES_MAX = 16000 };

static void put_text(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, ",\"%s\":", name);
    store_json_text(out, utf8_cut(text, LINE_BYTES_MAX / 3)); /* a bad byte becomes three */
}

static void put_stage(struct buf *out, const char *name, int64_t at_ms)
{
    if (at_ms)
        buf_printf(out, "%s%" PRId64, name, at_ms);
    else
        buf_printf(out, "%snull", name);
}

static void put_stages(struct buf *out, const struct call_stages *stages)
{
    buf_puts(out, ",\"stages\":");
    put_stage(out, "{\"last_voice_ms\":", stages->last_voice_ms);
    put_stage(out, ",\"committed_ms\":", stages->commit_ms);
    put_stage(out, ",\"asked_ms\":", stages->asked_ms);
    put_stage(out, ",\"model_ms\":", stages->reply_first_ms);
    put_stage(out, ",\"voice_ms\":", stages->clip_first_ms);
    put_stage(out, ",\"sent_ms\":", stages->sent_first_ms);
    put_stage(out, ",\"heard_ms\":", stages->heard_ms);
    buf_putc(out, '}');
}

static void put_line(struct buf *out, const struct call_line *line)
{
    const char *phrase = phrase_code(line->phrase);
    buf_printf(out, "{\"seq\":%" PRIu32 ",\"speaker\":\"%s\",\"kind\":\"%s\"", line->seq,
               speaker_codes[line->speaker], kind_codes[line->kind]);
    if (phrase)
        buf_printf(out, ",\"phrase\":\"%s\"", phrase);
    buf_printf(out, ",\"start_ms\":%" PRId64 ",\"end_ms\":%" PRId64, line->start_ms, line->end_ms);
    buf_printf(out, ",\"interrupted\":%s,\"confidence\":%.4f", line->interrupted ? "true" : "false",
               isfinite(line->confidence) ? (double)line->confidence : 0.0);
    put_text(out, "text", line->text);
    if (line->generated.bytes)
        put_text(out, "generated", line->generated);
    if (line->stages.turn)
        put_stages(out, &line->stages);
    buf_putc(out, '}');
}

/* A call's seq rises, but an amended line comes again; the last one counts, and one INSERT must not
 * meet the same key twice. */
static bool comes_again(const struct call_line *lines, size_t count, size_t at)
{
    for (size_t later = at + 1; later < count; later++)
        if (lines[later].seq == lines[at].seq)
            return true;
    return false;
}

void turns_json(const struct call_line *lines, size_t count, struct buf *out)
{
    bool any = false;
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (comes_again(lines, count, i))
            continue;
        if (any)
            buf_putc(out, ',');
        put_line(out, &lines[i]);
        any = true;
    }
    buf_putc(out, ']');
}

const char turns_save_sql[] = TURNS_SAVE_SQL;

void turns_values_make(struct turns_values *out, struct uuid tenant, struct uuid call,
                       const struct call_line *lines, size_t count,
                       const struct turns_snapshot *snapshot)
{
    *out = (struct turns_values){0};
    turns_json(lines, count, &out->lines);
    usage_json(snapshot->usage, snapshot->usage_count, &out->usage);
    const struct db_value values[TURNS_VALUES] = {
        db_uuid(tenant), db_uuid(call), db_str(buf_str(&out->lines)),
        db_bytes(snapshot->state.at, snapshot->state.bytes), db_str(buf_str(&out->usage))};
    memcpy(out->at, values, sizeof(values));
}

void turns_values_free(struct turns_values *values)
{
    buf_free(&values->lines);
    buf_free(&values->usage);
}

void turns_save(struct db *db, struct uuid tenant, struct uuid call, const struct call_line *lines,
                size_t count, const struct turns_snapshot *snapshot, db_end_fn *on_end, void *arg,
                struct op **slot)
{
    static const char snapshot_sql[] =
        "INSERT INTO call_snapshots AS s (tenant_id, call_id, snapshot, usage)"
        " SELECT $1::uuid, $2::uuid, $3::bytea, $4::jsonb FROM calls"
        " WHERE tenant_id = $1 AND id = $2 AND status = 'in_progress'"
        " ON CONFLICT (tenant_id, call_id) DO UPDATE SET updated_at = now(),"
        " snapshot = CASE WHEN octet_length($3) > 0 THEN $3 ELSE s.snapshot END,"
        " usage = CASE WHEN octet_length($3) > 0 THEN $4 ELSE s.usage END";
    if (snapshot->state.bytes > CALL_SNAPSHOT_BYTES_MAX || count > TURNS_BATCH_MAX) {
        store_refuse(db, EMSGSIZE, on_end, arg, slot);
        return;
    }
    struct turns_values values;
    turns_values_make(&values, tenant, call, lines, count, snapshot);
    const struct db_value *at = values.at;
    const struct db_value snapshot_values[] = {at[0], at[1], at[3], at[4]};
    const struct db_statement statements[] = {{snapshot_sql, snapshot_values, 4},
                                              {turns_save_sql, at, 3}};
    /* Nothing settled, but alive: the snapshot alone. */
    const struct db_unit unit = {
        .tenant = tenant, .statements = statements, .count = count ? 2 : 1};
    store_write(db, &unit, NULL, on_end, arg, slot);
    turns_values_free(&values);
}

static struct str copied(const struct db_rows *rows, size_t row, size_t column, struct arena *arena)
{
    struct str text = db_get_str(rows, row, column);
    return (struct str){arena_strndup(arena, text.at, text.bytes), text.bytes};
}

static struct call_line read_line(const struct db_rows *rows, size_t row, struct arena *arena)
{
    int speaker = store_code(speaker_codes, countof(speaker_codes), db_get_str(rows, row, 1));
    int kind = store_code(kind_codes, countof(kind_codes), db_get_str(rows, row, 2));
    assert(speaker >= 0 && kind >= 0 && "the schema knows no others");
    return (struct call_line){
        .seq = (uint32_t)db_get_int(rows, row, 0),
        .speaker = (enum call_speaker)speaker,
        .kind = (enum call_line_kind)kind,
        .phrase = phrase_of(db_get_str(rows, row, 3)),
        .start_ms = db_get_int(rows, row, 4),
        .end_ms = db_get_int(rows, row, 5),
        .interrupted = db_get_bool(rows, row, 6),
        .confidence = (float)db_get_double(rows, row, 7),
        .text = copied(rows, row, 8, arena),
        .generated = copied(rows, row, 9, arena),
    };
}

struct call_line *turn_rows(const struct db_rows *rows, struct arena *arena)
{
    size_t count = db_row_count(rows);
    struct call_line *lines = arena_alloc(arena, count * sizeof(*lines));
    for (size_t i = 0; i < count; i++)
        lines[i] = read_line(rows, i, arena);
    return lines;
}

struct list_context {
    struct arena *arena;
    turns_fn *on_turns;
    void *arg;
};

static void on_turn_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct list_context *context = arg;
    if (err)
        context->on_turns(err, NULL, 0, context->arg);
    else
        context->on_turns(0, turn_rows(rows, context->arena), db_row_count(rows), context->arg);
}

void turns_list(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                turns_fn *on_turns, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT " TURN_COLUMNS " FROM call_turns"
                              " WHERE tenant_id = $1 AND call_id = $2 ORDER BY seq";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct list_context context = {arena, on_turns, arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_turn_rows,
           NULL, slot);
}
