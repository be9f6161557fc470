/* store/contacts.c: people the tenant knows. */
#include "store/contacts.h"

#include "store/inbox_private.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

static const char *const kind_codes[] = {"", "normal", "vip", "blocked"}; /* enum contact_kind */

enum contact_kind contact_kind_of(struct str code)
{
    int kind = store_code(kind_codes, countof(kind_codes), code);
    return kind < 0 ? CONTACT_NONE : (enum contact_kind)kind;
}

/* Of a relation called k. */
#define CONTACT_COLUMNS                                                                            \
    "k.id, k.version, k.phone, k.name, k.company, k.kind, k.notes, k.language,"                    \
    " (SELECT json_time(max(c.started_at)) FROM calls c WHERE c.tenant_id = k.tenant_id"           \
    "  AND c.from_number = k.phone) AS last_call_at,"                                              \
    " json_time(k.created_at) AS created_at, json_time(k.updated_at) AS updated_at"
#define CONTACT_CALLS                                                                              \
    "(SELECT json_build_object('calls', count(*), 'unviewed', count(*) FILTER"                     \
    "  (WHERE c.viewed_at IS NULL), 'filtered', count(*) FILTER (WHERE c.inbox_group = "           \
    "'filtered'))"                                                                                 \
    "  FROM calls c WHERE c.tenant_id = k.tenant_id AND c.from_number = k.phone"                   \
    "  AND c.deleted_at IS NULL) AS counts,"                                                       \
    " (SELECT coalesce(json_agg(item), '[]') FROM (SELECT " INBOX_ROW " FROM (SELECT c.id"         \
    "   FROM calls c WHERE c.tenant_id = k.tenant_id AND c.from_number = k.phone"                  \
    "   AND c.deleted_at IS NULL ORDER BY c.started_at DESC, c.id DESC LIMIT 10) n"                \
    "  JOIN inbox_rows i ON i.tenant_id = k.tenant_id AND i.id = n.id"                             \
    "  ORDER BY i.started_at DESC, i.id DESC) AS item) AS last_calls"
static const char get_sql[] = "SELECT row_to_json(contact) FROM (SELECT " CONTACT_COLUMNS
                              ", " CONTACT_CALLS " FROM contacts k"
                              " WHERE k.tenant_id = $1 AND k.id = $2) AS contact";

/* $2: "<sort_name in hex>.<id>" of where the page before ended; what is none is an error of
 * PostgreSQL's reading it. */
#define FIRST_PAGE ".00000000-0000-0000-0000-000000000000"
#define LISTED(source)                                                                             \
    "WITH page AS MATERIALIZED (SELECT k.* FROM " source " WHERE k.tenant_id = $1"                 \
    "  AND (k.sort_name, k.id) > (convert_from(decode(split_part($2, '.', 1), 'hex'), 'UTF8'),"    \
    "   split_part($2, '.', 2)::uuid) AND ($3::text IS NULL OR k.kind = $3)"                       \
    "  ORDER BY k.sort_name, k.id LIMIT $4 + 1)"                                                   \
    " SELECT json_build_object('items', coalesce((SELECT json_agg(item) FROM"                      \
    "  (SELECT " CONTACT_COLUMNS " FROM (SELECT * FROM page ORDER BY sort_name, id LIMIT $4) k"    \
    "   ORDER BY k.sort_name, k.id) AS item), '[]'), 'next_cursor',"                               \
    "  (SELECT encode(convert_to(sort_name, 'UTF8'), 'hex') || '.' || id FROM page"                \
    "   WHERE (SELECT count(*) FROM page) > $4 ORDER BY sort_name, id OFFSET $4 - 1 LIMIT 1))"

void contacts_list(struct db *db, struct uuid tenant, const struct contacts_filter *filter,
                   db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char all_sql[] = LISTED("contacts k");
    static const char found_sql[] =
        LISTED("(SELECT id FROM tenant_contact_words WHERE words @@ search_query($1, $5, false)) w"
               " CROSS JOIN LATERAL"
               " (SELECT * FROM contacts WHERE tenant_id = $1 AND id = w.id OFFSET 0) k");
    assert(filter->limit > 0 && filter->limit <= CONTACTS_PAGE_MAX);
    const struct db_value values[] = {
        db_uuid(tenant), db_text(filter->cursor ? filter->cursor : FIRST_PAGE),
        db_text(filter->kind), db_int(filter->limit), db_text(filter->words)};
    store_json_query(db, tenant, filter->words ? found_sql : all_sql, values, filter->words ? 5 : 4,
                     on_json, arg, slot);
}

void contacts_get(struct db *db, struct uuid tenant, struct uuid contact, db_json_fn *on_json,
                  void *arg, struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant), db_uuid(contact)};
    store_json_query(db, tenant, get_sql, values, countof(values), on_json, arg, slot);
}

/* A write, and then the contact as it is: a second statement, so that its calls know of it. */
static void write_and_get(struct db *db, struct uuid tenant, struct uuid contact,
                          const struct db_statement *write, db_json_fn *on_json, void *arg,
                          struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant), db_uuid(contact)};
    const struct db_statement statements[] = {*write, {get_sql, values, countof(values)}};
    store_json(db, &(struct db_unit){.tenant = tenant, .statements = statements, .count = 2},
               on_json, arg, slot);
}

/* The audit log says which of it was written, not what. */
void contacts_make(struct db *db, struct uuid tenant, const char *json, const char *actor,
                   db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH made AS (INSERT INTO contacts"
        "  (tenant_id, id, phone, name, company, kind, notes, language)"
        "  SELECT $1::uuid, $2::uuid, coalesce(body->>'phone', c.from_number),"
        "   CASE WHEN body ? 'name' THEN body->>'name' ELSE c.name END,"
        "   CASE WHEN body ? 'company' THEN body->>'company' ELSE c.company END,"
        "   coalesce(body->>'kind', 'normal'), body->>'notes', body->>'language'"
        "  FROM (SELECT $3::jsonb AS body) AS asked LEFT JOIN inbox_rows c ON c.tenant_id = $1"
        "   AND c.id = (body->>'call_id')::uuid"
        "  WHERE CASE WHEN (SELECT count(*) FROM contacts WHERE tenant_id = $1) < $5::bigint"
        "   THEN true ELSE refuse('KFULL') END RETURNING id, kind)"
        " INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        " SELECT $1, $4::text, 'contact.add', id::text,"
        "  jsonb_build_object('kind', jsonb_build_array(NULL, kind)) FROM made";
    struct uuid contact = uuid_new(wall_now_ms());
    const struct db_value values[] = {db_uuid(tenant), db_uuid(contact), db_text(json),
                                      db_text(actor), db_int(CONTACTS_MAX)};
    write_and_get(db, tenant, contact, &(struct db_statement){sql, values, countof(values)},
                  on_json, arg, slot);
}

/* Of the contact $2, when it has the version $3 or any is wanted. */
#define WANTED                                                                                     \
    "k.tenant_id = $1 AND k.id = $2 AND CASE WHEN $3::bigint < 0 OR k.version = $3 THEN true"      \
    " ELSE refuse('KSTAL') END"
#define REPLACED(column)                                                                           \
    column " = CASE WHEN $5::jsonb ? '" column "' THEN $5->>'" column "' ELSE k." column " END"
#define SAID_IN_AUDIT(column)                                                                      \
    "'" column "', CASE WHEN changed." column " IS DISTINCT FROM known." column                    \
    " THEN jsonb_build_array(known." column " IS NOT NULL, changed." column " IS NOT NULL) END"
#define NAME REPLACED("name")
#define COMPANY REPLACED("company")
#define KIND REPLACED("kind")
#define NOTES REPLACED("notes")
#define LANGUAGE REPLACED("language")
#define CHANGES                                                                                    \
    SAID_IN_AUDIT("name")                                                                          \
    ", " SAID_IN_AUDIT("company") ", " SAID_IN_AUDIT("notes") ", " SAID_IN_AUDIT("language")

void contacts_change(struct db *db, const struct contact_change *change, db_json_fn *on_json,
                     void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH known AS MATERIALIZED (SELECT * FROM contacts WHERE tenant_id = $1 AND id = $2"
        "  FOR UPDATE),"
        " changed AS (UPDATE contacts k SET updated_at = now(), " NAME ", " COMPANY ", " KIND
        ", " NOTES ", " LANGUAGE " FROM known WHERE " WANTED " RETURNING k.*)"
        " INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        " SELECT $1, $4::text, 'contact.change', $2::text, jsonb_strip_nulls(jsonb_build_object("
        "  'kind', CASE WHEN changed.kind <> known.kind"
        "   THEN jsonb_build_array(known.kind, changed.kind) END, " CHANGES
        ")) FROM known, changed";
    const struct db_value values[] = {db_uuid(change->tenant), db_uuid(change->contact),
                                      db_int(change->if_version), db_text(change->actor),
                                      db_text(change->json)};
    write_and_get(db, change->tenant, change->contact,
                  &(struct db_statement){sql, values, countof(values)}, on_json, arg, slot);
}

void contacts_remove(struct db *db, const struct contact_change *change, db_end_fn *on_end,
                     void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH gone AS (DELETE FROM contacts k WHERE " WANTED " RETURNING k.id)"
        " INSERT INTO audit_log (tenant_id, actor, action, subject)"
        " SELECT $1::uuid, $4::text, 'contact.remove', id::text FROM gone RETURNING id";
    const struct db_value values[] = {db_uuid(change->tenant), db_uuid(change->contact),
                                      db_int(change->if_version), db_text(change->actor)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db,
                &(struct db_unit){.tenant = change->tenant, .statements = &statement, .count = 1},
                store_any_row, on_end, arg, slot);
}
