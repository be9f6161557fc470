/* test/made_calls.c: calls, their words and their screenings, by SQL. */
#include "test/made_calls.h"

#include "base/buf.h"
#include "net/loop.h"
#include "test/postgres.h"

#include <string.h>

static void put(struct buf *sql, const char *text)
{
    if (!text) {
        buf_puts(sql, ", NULL");
        return;
    }
    buf_puts(sql, ", '");
    for (; *text; text++)
        buf_printf(sql, *text == '\'' ? "''" : "%c", *text);
    buf_putc(sql, '\'');
}

static void put_call(struct buf *sql, const char *ids, const struct made_call *made)
{
    static int made_count;
    const char *status = made->status ? made->status : "completed";
    bool over = strcmp(status, "in_progress") != 0;
    buf_printf(sql,
               "INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, ended_at,"
               " duration_seconds, status, from_number) VALUES (%s, 'twilio', 'CA%d',"
               " now() - interval '%d minutes', %s, %s, '%s'",
               ids, ++made_count, made->minutes_ago, over ? "now()" : "NULL", over ? "60" : "NULL",
               status);
    put(sql, made->from ? made->from : "+420602345678");
    buf_puts(sql, ");");
}

static void put_words(struct buf *sql, const char *ids, const char *said)
{
    buf_printf(sql,
               "INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms,"
               " text) VALUES (%s, 1, 'caller', 'said', 0, 900",
               ids);
    put(sql, said);
    buf_printf(sql, "); SELECT index_call(%s);", ids); /* in truth they come before the end */
}

static void put_screening(struct buf *sql, const char *ids, const struct made_call *made)
{
    buf_printf(sql,
               "INSERT INTO call_screenings (tenant_id, call_id, needs_follow_up, confidence,"
               " model, legitimacy, lead, urgency, intent, caller_name)"
               " VALUES (%s, %s, 0.9, 'test'",
               ids, made->follow_up ? "true" : "false");
    put(sql, made->label);
    put(sql, made->lead ? made->lead : "none");
    put(sql, made->urgency ? made->urgency : "normal");
    put(sql, made->intent);
    put(sql, made->name);
    buf_puts(sql, ");");
}

struct uuid made_call(struct uuid tenant, struct made_call made)
{
    struct uuid call = uuid_new(wall_now_ms());
    char id[UUID_TEXT_BYTES], of[UUID_TEXT_BYTES];
    struct buf sql = {0}, ids = {0};
    uuid_print(call, id);
    uuid_print(tenant, of);
    buf_printf(&ids, "'%s', '%s'", of, id);
    put_call(&sql, buf_text(&ids), &made);
    if (made.said)
        put_words(&sql, buf_text(&ids), made.said);
    if (made.label)
        put_screening(&sql, buf_text(&ids), &made);
    postgres_run(buf_text(&sql));
    buf_free(&sql);
    buf_free(&ids);
    return call;
}
