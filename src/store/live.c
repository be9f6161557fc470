/* store/live.c: events in, what they are about out. */
#include "store/live.h"

#include "base/mem.h"
#include "store/inbox_private.h"
#include "store/orders_private.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* Of one call in a snapshot: what was said last, as much as a screen can show. */
#define SNAPSHOT_CALLS "50"
#define SNAPSHOT_LINES "200"
#define SNAPSHOT_BYTES "16000"

static const char *const kinds[] = {
    [LIVE_STARTED] = "started",   [LIVE_ENDED] = "ended", [LIVE_CHANGED] = "changed",
    [LIVE_SCREENED] = "screened", [LIVE_LINE] = "line",   [LIVE_AMENDED] = "amended",
    [LIVE_ORDER] = "order",       [LIVE_OVER] = "over"};

static bool is_of_order(enum live_kind kind)
{
    return kind == LIVE_ORDER || kind == LIVE_OVER;
}

static bool is_of_line(enum live_kind kind)
{
    return kind == LIVE_LINE || kind == LIVE_AMENDED;
}

static int parse_seq(struct str text, uint32_t *seq_out)
{
    uint32_t seq = 0;
    if (!text.bytes || text.bytes > 9)
        return EINVAL;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return EINVAL;
        seq = seq * 10 + (uint32_t)(text.at[i] - '0');
    }
    *seq_out = seq;
    return 0;
}

int live_parse(struct str payload, struct live_event *event_out)
{
    struct live_event event = {0};
    int err = uuid_parse(str_cut(&payload, ' '), &event.id);
    int kind = store_code(kinds, countof(kinds), str_cut(&payload, ' '));
    if (err || kind < 0 || uuid_parse(str_cut(&payload, ' '), &event.tenant) ||
        uuid_parse(str_cut(&payload, ' '), &event.call))
        return EINVAL;
    event.kind = (enum live_kind)kind;
    if (is_of_line(event.kind))
        err = parse_seq(payload, &event.seq);
    else if (is_of_order(event.kind))
        err = uuid_parse(payload, &event.order);
    else
        err = str_is(payload, "-") ? 0 : EINVAL;
    if (!err)
        *event_out = event;
    return err;
}

void live_listen(struct db *db, db_notify_fn *fn, void *arg)
{
    db_listen(db, "karen_live", fn, arg);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void put_event(struct buf *out, const struct live_event *event, size_t place)
{
    char call[UUID_TEXT_BYTES], order[UUID_TEXT_BYTES];
    uuid_print(event->call, call);
    uuid_print(event->order, order);
    buf_printf(out, "%s{\"place\":%zu,\"kind\":\"%s\",\"call\":\"%s\",\"seq\":%u,\"order\":\"%s\"}",
               place ? "," : "[", place, kinds[event->kind], call, (unsigned)event->seq, order);
}

struct read_context {
    live_read_fn *on_read;
    void *arg;
    size_t count;
};

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct read_context *context = arg;
    struct str texts[LIVE_READ_MAX];
    assert(err || db_row_count(rows) == context->count);
    for (size_t i = 0; !err && i < context->count; i++)
        texts[i] = db_get_str(rows, i, 0);
    context->on_read(err, texts, err ? 0 : context->count, context->arg);
}

void live_read(struct db *db, struct uuid tenant, const struct live_event *events, size_t count,
               live_read_fn *on_read, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT CASE WHEN e.kind IN ('line', 'amended') THEN"
        "  (SELECT json_build_object('call_id', e.call, 'amended', e.kind = 'amended',"
        "   'line', row_to_json(l)) FROM (SELECT " TURN_COLUMNS " FROM call_turns"
        "   WHERE tenant_id = $1 AND call_id = e.call AND seq = e.seq) AS l)"
        " WHEN e.kind IN ('order', 'over') THEN"
        "  (SELECT json_build_object('order', row_to_json(o)) FROM (SELECT " ORDER_COLUMNS
        "   FROM call_orders o WHERE o.tenant_id = $1 AND o.id = e.order) AS o)"
        " ELSE (SELECT json_build_object('call', row_to_json(r)) FROM (SELECT " INBOX_ROW
        "   FROM inbox_rows i WHERE i.tenant_id = $1 AND i.id = e.call) AS r) END::text"
        " FROM jsonb_to_recordset($2::jsonb)"
        "  AS e (place integer, kind text, call uuid, seq integer, \"order\" uuid)"
        " ORDER BY e.place";
    struct buf json = {0};
    assert(count > 0 && count <= LIVE_READ_MAX);
    for (size_t i = 0; i < count; i++)
        put_event(&json, &events[i], i);
    buf_putc(&json, ']');
    const struct db_value values[] = {db_uuid(tenant), db_str(buf_str(&json))};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct read_context context = {on_read, arg, count};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_rows, NULL,
           slot);
    buf_free(&json);
}

void live_snapshot(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                   struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('calls', coalesce(json_agg(json_build_object("
        "  'call', (SELECT row_to_json(r) FROM (SELECT " INBOX_ROW " FROM inbox_rows i"
        "   WHERE i.tenant_id = $1 AND i.id = c.id) AS r),"
        "  'lines', (SELECT coalesce(json_agg(row_to_json(l) ORDER BY l.seq), '[]')"
        "   FROM (SELECT " TURN_COLUMNS " FROM call_turns WHERE tenant_id = $1"
        "    AND call_id = c.id AND seq >= kept.first_seq) AS l),"
        "  'lines_left_out', (SELECT count(*) FROM call_turns WHERE tenant_id = $1"
        "   AND call_id = c.id AND seq < kept.first_seq),"
        "  'orders', (SELECT coalesce(json_agg(row_to_json(o) ORDER BY o.created_at), '[]')"
        "   FROM (SELECT " ORDER_COLUMNS " FROM call_orders o WHERE o.tenant_id = $1"
        "    AND o.call_id = c.id ORDER BY o.created_at DESC LIMIT 20) AS o))"
        "  ORDER BY c.started_at DESC), '[]'))"
        " FROM (SELECT id, started_at FROM calls WHERE tenant_id = $1"
        "  AND status = 'in_progress' ORDER BY started_at DESC LIMIT " SNAPSHOT_CALLS ") AS c"
        " CROSS JOIN LATERAL (SELECT coalesce(min(seq), 0) AS first_seq FROM"
        "  (SELECT seq, sum(octet_length(text) + coalesce(octet_length(generated), 0))"
        "    OVER (ORDER BY seq DESC) AS bytes, row_number() OVER (ORDER BY seq DESC) AS place"
        "   FROM call_turns WHERE tenant_id = $1 AND call_id = c.id) AS sized"
        "  WHERE place = 1 OR (place <= " SNAPSHOT_LINES " AND bytes <= " SNAPSHOT_BYTES
        ")) AS kept";
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}
