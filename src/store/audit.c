/* store/audit.c: the audit log, read. */
#include "store/audit.h"

#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

#define IS_BEFORE BEFORE_CURSOR("a.at", "a.id", "$2", "$3")
#define CURSOR CURSOR_OF("at", "id")

void audit_list_json(struct db *db, struct uuid tenant, const struct audit_filter *filter,
                     db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH page AS (SELECT a.* FROM audit_log a WHERE a.tenant_id = $1 AND " IS_BEFORE
        "  AND a.at >= coalesce($4::timestamptz, '-infinity')"
        "  AND a.at < coalesce($5::timestamptz, 'infinity')"
        "  AND ($6::text IS NULL OR a.action = $6 OR starts_with(a.action, $6 || '.'))"
        "  AND ($7::text IS NULL OR a.actor = $7) AND ($8::text IS NULL OR a.subject = $8)"
        "  ORDER BY a.at DESC, a.id DESC LIMIT $9::bigint + 1),"
        " shown AS (SELECT * FROM page ORDER BY at DESC, id DESC LIMIT $9)"
        " SELECT json_build_object('items', coalesce((SELECT json_agg(json_build_object("
        "  'id', a.id, 'at', json_time(a.at), 'actor', a.actor,"
        "  'actor_name', (SELECT u.name FROM users u"
        "   WHERE u.tenant_id = a.tenant_id AND 'user:' || u.id = a.actor),"
        "  'action', a.action, 'subject', a.subject, 'change', a.change)"
        "  ORDER BY a.at DESC, a.id DESC) FROM shown a), '[]'),"
        " 'next_cursor', (SELECT " CURSOR " FROM shown"
        "  WHERE (SELECT count(*) FROM page) > $9 ORDER BY at, id LIMIT 1))";
    struct uuid before;
    int64_t before_us;
    assert(filter->limit > 0 && filter->limit <= AUDIT_LIST_MAX);
    if (store_time_cursor(filter->cursor, &before_us, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {
        db_uuid(tenant),        db_int(before_us),        db_uuid(before),
        db_text(filter->from),  db_text(filter->to),      db_text(filter->action),
        db_text(filter->actor), db_text(filter->subject), db_int(filter->limit),
    };
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}
