/* store/messages.c: messages, keyed by the tool call that took them. */
#include "store/messages.h"

#include "base/utf8.h"
#include "store/store_private.h"

#include <errno.h>
#include <string.h>

enum { MESSAGE_NUMBER_BYTES_MAX = 64 };

static struct db_value cut(const char *text, size_t bytes_max)
{
    return text && *text ? db_str(utf8_cut(str_of(text), bytes_max)) : db_null();
}

const char message_take_sql[] =
    "INSERT INTO call_messages (tenant_id, call_id, tool_call_id, caller_name, company,"
    " callback_number, reason, urgent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT DO NOTHING";

void message_values(const struct message *message, struct db_value out[MESSAGE_VALUES])
{
    const struct db_value values[MESSAGE_VALUES] = {
        db_uuid(message->tenant),
        db_uuid(message->call),
        db_text(message->tool_call_id),
        cut(message->caller_name, MESSAGE_NAME_BYTES_MAX),
        cut(message->company, MESSAGE_NAME_BYTES_MAX),
        cut(message->callback_number, MESSAGE_NUMBER_BYTES_MAX),
        db_str(utf8_cut(str_of(message->reason), MESSAGE_TEXT_BYTES_MAX)),
        db_bool(message->urgent),
    };
    memcpy(out, values, sizeof(values));
}

void messages_take(struct db *db, const struct message *message, db_end_fn *on_end, void *arg,
                   struct op **slot)
{
    struct db_value values[MESSAGE_VALUES];
    message_values(message, values);
    const struct db_statement statement = {message_take_sql, values, countof(values)};
    store_write(db,
                &(struct db_unit){.tenant = message->tenant, .statements = &statement, .count = 1},
                NULL, on_end, arg, slot);
}

struct list_context {
    struct arena *arena;
    struct uuid tenant, call;
    messages_fn *on_messages;
    void *arg;
};

static void on_message_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct list_context *context = arg;
    struct arena *arena = context->arena;
    size_t count = err ? 0 : db_row_count(rows);
    struct message *messages = arena_alloc(arena, count * sizeof(*messages));
    for (size_t i = 0; i < count; i++)
        messages[i] = (struct message){
            .tenant = context->tenant,
            .call = context->call,
            .tool_call_id = db_get_text(rows, i, 0, arena),
            .caller_name = db_get_text(rows, i, 1, arena),
            .company = db_get_text(rows, i, 2, arena),
            .callback_number = db_get_text(rows, i, 3, arena),
            .reason = db_get_text(rows, i, 4, arena),
            .urgent = db_get_bool(rows, i, 5),
        };
    context->on_messages(err, err ? NULL : messages, count, context->arg);
}

void messages_list(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                   messages_fn *on_messages, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT tool_call_id, caller_name, company, callback_number, reason, urgent"
        " FROM call_messages WHERE tenant_id = $1 AND call_id = $2 ORDER BY taken_at, tool_call_id";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct list_context context = {arena, tenant, call, on_messages, arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_message_rows,
           NULL, slot);
}
