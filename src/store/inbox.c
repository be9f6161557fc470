/* store/inbox.c: the inbox as a list: filtered, searched, counted, exported. */
#include "store/inbox.h"

#include "base/mem.h"
#include "store/inbox_private.h"

#include <assert.h>

/* ---- the statements: their values are those of list(), in its order ------------------------- */

/* Of a relation with started_at and the call's id: what the page may hold at all. $2:
 * "<microseconds of the epoch>.<id>" of where the page before ended; what is none is an error of
 * PostgreSQL's reading it. (Under row level security it takes no COALESCE for a bound of an index,
 * so what is not given comes as what bounds nothing.) */
#define FIRST_PAGE "253402300799000000.ffffffff-ffff-ffff-ffff-ffffffffffff" /* the year 9999 */
#define RANGE(alias, id)                                                                           \
    alias ".tenant_id = $1 AND (" alias ".started_at, " alias "." id ") <"                         \
          " (timestamptz 'epoch' + split_part($2, '.', 1)::bigint * interval '1 us',"              \
          "  split_part($2, '.', 2)::uuid)"                                                        \
          " AND " alias ".started_at >= $3::timestamptz AND " alias                                \
          ".started_at < $4::timestamptz"

/* All in the index calls_newest, so that no row is read in vain. */
#define FILTERS                                                                                    \
    " AND ($5::text IS NULL OR c.label = $5) AND ($6::text IS NULL OR c.lead = $6)"                \
    " AND ($7::text IS NULL OR c.urgency = $7) AND ($8::text IS NULL OR c.inbox_group = $8)"       \
    " AND is_in_state($9::text, c.inbox_group, c.viewed_at, c.resolved_at, c.deleted_at)"          \
    " AND ($10::uuid IS NULL OR c.assigned_to = $10)"                                              \
    " AND (NOT $11::boolean OR c.assigned_to IS NULL) AND (NOT $12::boolean OR c.starred)"
#define CALLER                                                                                     \
    "(SELECT coalesce($14::text, (SELECT phone FROM contacts WHERE tenant_id = $1 AND id = $15)))"

#define NEWEST_FIRST " ORDER BY started_at DESC, id DESC"
/* A constant bound tells the planner what it must know: that few are wanted. */
#define AT_MOST " LIMIT 501"

/* keys(id, started_at), newest first, one more than the page has when there is more. */
#define PLAIN_KEYS                                                                                 \
    "keys AS MATERIALIZED (SELECT * FROM (SELECT c.id, c.started_at FROM calls c"                  \
    " WHERE " RANGE("c", "id") FILTERS NEWEST_FIRST AT_MOST ") c LIMIT $13 + 1)"
#define CALLER_KEYS                                                                                \
    "keys AS MATERIALIZED (SELECT * FROM (SELECT c.id, c.started_at FROM calls c"                  \
    " WHERE " RANGE("c", "id") FILTERS " AND c.from_number = " CALLER NEWEST_FIRST AT_MOST         \
                                       ") c LIMIT $13 + 1)"

/* Who searches for a common word, or has typed its first letter only, finds a page among the newest
 * calls; who searches for a rare one finds it by the index. Both are quick for that and slow for
 * the other, so the newest are looked through first. */
#define OF_WORDS(source)                                                                           \
    "(SELECT w.call_id AS id, w.started_at FROM " source " w,"                                     \
    " LATERAL (SELECT * FROM calls WHERE tenant_id = $1 AND id = w.call_id OFFSET 0) c"            \
    " WHERE " RANGE("c", "id") FILTERS                                                             \
        " AND ($14::text IS NULL AND $15::uuid IS NULL OR c.from_number = " CALLER ")"             \
        " ORDER BY w.started_at DESC, w.call_id DESC LIMIT $13 + 1)"
#define NEWEST RANGE("w", "call_id") " ORDER BY started_at DESC, call_id DESC LIMIT 1000"
#define LOOKED_THROUGH                                                                             \
    OF_WORDS("(SELECT * FROM (SELECT * FROM tenant_call_search w WHERE " NEWEST ") w"              \
             " WHERE words @@ (SELECT query FROM wanted))")
#define BY_INDEX OF_WORDS("indexed")
#define WORDS_KEYS                                                                                 \
    "wanted AS MATERIALIZED (SELECT search_query($1, $16, true) AS query),"                        \
    " recent AS MATERIALIZED " LOOKED_THROUGH ","                                                  \
    " indexed AS MATERIALIZED (SELECT call_id, started_at FROM tenant_call_words"                  \
    "  WHERE words @@ (SELECT query FROM wanted) AND (SELECT count(*) FROM recent) <= $13"         \
    "  ORDER BY started_at DESC, call_id DESC),"                                                   \
    " keys AS MATERIALIZED (SELECT * FROM recent WHERE (SELECT count(*) FROM recent) > $13"        \
    "  UNION ALL SELECT * FROM " BY_INDEX " AS older)"

#define PAGE(columns)                                                                              \
    " SELECT json_build_object('items', coalesce((SELECT json_agg(item) FROM (SELECT " columns     \
    "  FROM (SELECT * FROM keys" NEWEST_FIRST " LIMIT $13) p"                                      \
    "  JOIN inbox_rows i ON i.tenant_id = $1 AND i.id = p.id"                                      \
    "  ORDER BY p.started_at DESC, p.id DESC) AS item), '[]'),"                                    \
    " 'next_cursor', (SELECT (extract(epoch FROM started_at) * 1000000)::bigint || '.' || id"      \
    "  FROM keys WHERE (SELECT count(*) FROM keys) > $13" NEWEST_FIRST                             \
    "  OFFSET $13 - 1 LIMIT 1))"

#define EXPORT_COLUMNS                                                                             \
    "i.started_at, i.from_number, i.name, i.company, i.label, i.lead, i.urgency, i.reason,"        \
    " i.summary, i.callback_number, i.duration_seconds, i.state,"                                  \
    " i.assigned_name AS assigned_to, i.starred, i.note, i.id"
const char *const inbox_export_columns[] = {"started_at",
                                            "from_number",
                                            "name",
                                            "company",
                                            "label",
                                            "lead",
                                            "urgency",
                                            "reason",
                                            "summary",
                                            "callback_number",
                                            "duration_seconds",
                                            "state",
                                            "assigned_to",
                                            "starred",
                                            "note",
                                            "id"};
const size_t inbox_export_column_count = countof(inbox_export_columns);

static void list(struct db *db, struct uuid tenant, const struct inbox_filter *filter,
                 const struct inbox_statements *statements, db_json_fn *on_json, void *arg,
                 struct op **slot)
{
    assert(filter->limit > 0 && filter->limit <= INBOX_LIST_MAX);
    const struct db_value values[] = {
        db_uuid(tenant),
        db_text(filter->cursor ? filter->cursor : FIRST_PAGE),
        db_text(filter->from ? filter->from : "-infinity"),
        db_text(filter->to ? filter->to : "infinity"),
        db_text(filter->label),
        db_text(filter->lead),
        db_text(filter->urgency),
        db_text(filter->group),
        db_text(filter->state),
        db_uuid(filter->assigned_to),
        db_bool(filter->unassigned),
        db_bool(filter->starred),
        db_int(filter->limit),
        db_text(filter->number),
        db_uuid(filter->contact),
        db_text(filter->words),
    };
    bool by_caller = filter->number || !uuid_is_nil(filter->contact);
    const char *sql = filter->words ? statements->words
                      : by_caller   ? statements->caller
                                    : statements->plain;
    size_t count = filter->words ? 16 : by_caller ? 15 : 13;
    store_json_query(db, tenant, sql, values, count, on_json, arg, slot);
}

const struct inbox_statements inbox_list_sql = {"WITH " PLAIN_KEYS PAGE(INBOX_ROW),
                                                "WITH " CALLER_KEYS PAGE(INBOX_ROW),
                                                "WITH " WORDS_KEYS PAGE(INBOX_ROW)};

void inbox_list(struct db *db, struct uuid tenant, const struct inbox_filter *filter,
                db_json_fn *on_json, void *arg, struct op **slot)
{
    list(db, tenant, filter, &inbox_list_sql, on_json, arg, slot);
}

const struct inbox_statements inbox_export_sql = {"WITH " PLAIN_KEYS PAGE(EXPORT_COLUMNS),
                                                  "WITH " CALLER_KEYS PAGE(EXPORT_COLUMNS),
                                                  "WITH " WORDS_KEYS PAGE(EXPORT_COLUMNS)};

void inbox_export(struct db *db, struct uuid tenant, const struct inbox_filter *filter,
                  db_json_fn *on_json, void *arg, struct op **slot)
{
    list(db, tenant, filter, &inbox_export_sql, on_json, arg, slot);
}

/* Every code of a column with how many calls have it, those that none has, too. */
#define COUNTS_BY(column, codes)                                                                   \
    "(SELECT json_object_agg(code, json_build_object('calls', coalesce(sums.calls, 0),"            \
    "  'unviewed', coalesce(sums.unviewed, 0))) FROM unnest('{" codes "}'::text[]) AS code"        \
    " LEFT JOIN (SELECT " column " AS code, sum(calls) AS calls, sum(unviewed) AS unviewed"        \
    "  FROM counted GROUP BY " column ") AS sums USING (code))"

const char inbox_counts_sql[] =
    "WITH counted AS (SELECT inbox_group, label, count(*) AS calls,"
    "  count(*) FILTER (WHERE viewed_at IS NULL) AS unviewed FROM calls"
    "  WHERE tenant_id = $1 AND deleted_at IS NULL GROUP BY inbox_group, label)"
    " SELECT json_build_object("
    " 'groups', " COUNTS_BY(
        "inbox_group",
        "now,needs_you,information,filtered") ","
                                              " 'labels', " COUNTS_BY(
                                                  "label",
                                                  "legitimate,marketing,spam,fraud,unknown") ")";

void inbox_counts(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                  struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, inbox_counts_sql, values, countof(values), on_json, arg, slot);
}
