/* store/voices.c: the voices in use. */
#include "store/voices.h"

#include "base/mem.h"

struct list_context {
    struct arena *arena;
    voices_fn *on_voices;
    void *arg;
};

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct list_context *context = arg;
    size_t count = err ? 0 : db_row_count(rows);
    struct voice_in_use *voices = arena_alloc(context->arena, (count + 1) * sizeof(*voices));
    for (size_t i = 0; i < count; i++)
        voices[i] = (struct voice_in_use){
            .voice_id = db_get_text(rows, i, 0, context->arena),
            .language = db_get_text(rows, i, 1, context->arena),
            .owner_name = db_get_text(rows, i, 2, context->arena),
            .greeting_text = db_get_text(rows, i, 3, context->arena),
        };
    context->on_voices(err, voices, count, context->arg);
}

void voices_list(struct db *db, struct arena *arena, voices_fn *on_voices, void *arg,
                 struct op **slot)
{
    static const char sql[] =
        "SELECT voice_id, language, owner_name, greeting_text FROM voices_in_use($1)";
    const struct db_value values[] = {db_int(VOICES_MAX)};
    const struct db_statement statement = {.sql = sql, .values = values, .count = 1};
    const struct list_context context = {arena, on_voices, arg};
    db_run(db,
           &(struct db_unit){.statements = &statement,
                             .count = 1,
                             .context = &context,
                             .context_bytes = sizeof(context)},
           on_rows, NULL, slot);
}

void voices_listen(struct db *db, db_notify_fn *fn, void *arg)
{
    db_listen(db, "karen_voices", fn, arg);
}
