/* store/tenants_json.c: a tenant as the API shows it: what PostgreSQL builds of its row, and behind
 * it what it is entitled to now, which rules/entitlement.h decides. */
#include "store/store_private.h"

#include <errno.h>
#include <inttypes.h>

#define TENANT_JSON                                                                                \
    "json_build_object('id', t.id, 'version', t.version, 'name', t.name,"                          \
    " 'owner_name', t.owner_name, 'owner_spoken', t.owner_spoken, 'formality', t.formality,"       \
    " 'system_prompt', t.system_prompt, 'greeting_text', t.greeting_text, 'voice_id', t.voice_id," \
    " 'language', t.language, 'vip_names', t.vip_names, 'marketing_email', t.marketing_email,"     \
    " 'forward_number', t.forward_number, 'timezone', t.timezone,"                                 \
    " 'call_seconds_max', t.call_seconds_max, 'retention_calls_days', t.retention_calls_days,"     \
    " 'retention_transcripts_days', t.retention_transcripts_days,"                                 \
    " 'retention_recordings_days', t.retention_recordings_days,"                                   \
    " 'retention_audit_days', t.retention_audit_days, 'plan', t.plan, 'status', t.status,"         \
    " 'suspended_reason', t.suspended_reason,"                                                     \
    " 'closed_at', json_time(t.closed_at),"                                                        \
    " 'erase_after', json_time(t.erase_after),"                                                    \
    " 'created_at', json_time(t.created_at),"                                                      \
    " 'updated_at', json_time(t.updated_at))::text"
#define SERVICE_JSON                                                                               \
    "json_build_object('used', u.calls, 'limit', u.calls_max,"                                     \
    " 'members_max', u.members_max, 'numbers_max', u.numbers_max,"                                 \
    " 'call_seconds_max', u.seconds_max,"                                                          \
    " 'period_starts_at', json_time(u.starts_at),"                                                 \
    " 'period_ends_at', json_time(u.ends_at),"                                                     \
    " 'trial_ends_at', CASE WHEN t.plan = 'trial' THEN json_time(t.trial_ends_at) END,"            \
    " 'unpaid_since', json_time(t.unpaid_since))::text"

/* Of the tenant of the transaction, so that whoever has just entered one reads that. */
static const char read_sql[] =
    "SELECT " TENANT_JSON ", " SERVICE_JSON ", live_talks(t.id), " TENANT_COLUMNS ", " USAGE_COLUMNS
    " FROM tenants t CROSS JOIN LATERAL tenant_usage(t.id) u WHERE t.id = karen_tenant()";
enum { JSON_COLUMN, SERVICE_COLUMN, LIVE_COLUMN, TENANT_COLUMN };

struct shown {
    int64_t live_calls_max;
    int (*check)(const struct db_rows *rows); /* of what came before the reading; NULL: nothing */
    db_json_fn *on_json;
    void *arg;
};

/* {... ,"service":{"mode":"full","reason":"active", ...}} */
static void splice(const struct db_rows *rows, int64_t live_calls_max, struct buf *out)
{
    struct arena arena = {0};
    struct tenant tenant;
    struct tenant_usage usage;
    tenant_row(rows, 0, TENANT_COLUMN, &arena, &tenant);
    usage_row(rows, 0, TENANT_COLUMN + TENANT_COLUMN_COUNT, &usage);
    struct entitlement entitled =
        tenant_entitlement(&tenant, &usage, db_get_int(rows, 0, LIVE_COLUMN), live_calls_max);
    struct str whole = db_get_str(rows, 0, JSON_COLUMN);
    struct str service = db_get_str(rows, 0, SERVICE_COLUMN);
    buf_add(out, whole.at, whole.bytes - 1);
    buf_printf(out, ",\"service\":{\"mode\":\"%s\",\"reason\":\"%s\",",
               service_name(entitled.service), entitlement_reason_name(entitled.reason));
    buf_add(out, service.at + 1, service.bytes - 1);
    buf_putc(out, '}');
    arena_free(&arena);
}

static void on_shown(int err, const struct db_rows *rows, void *arg)
{
    const struct shown *shown = arg;
    struct buf json = {0};
    if (!err)
        err = store_any_row(rows);
    if (!err && shown->check)
        err = shown->check(rows);
    if (!err)
        splice(rows, shown->live_calls_max, &json);
    shown->on_json(err, buf_str(&json), shown->arg);
    buf_free(&json);
}

/* A change, and then the tenant as it is. */
static void change_and_show(struct db *db, struct uuid tenant, const struct db_statement *change,
                            const struct shown *shown, struct op **slot)
{
    const struct db_statement statements[] = {*change, {.sql = read_sql}};
    db_run(db, &(struct db_unit){tenant, statements, 2, shown, sizeof(*shown)}, on_shown, NULL,
           slot);
}

void tenants_show(struct db *db, struct uuid tenant, int64_t live_calls_max, db_json_fn *on_json,
                  void *arg, struct op **slot)
{
    const struct shown shown = {live_calls_max, NULL, on_json, arg};
    const struct db_statement statement = {.sql = read_sql};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &shown, sizeof(shown)}, on_shown, NULL,
           slot);
}

/* It is there, but in another version. */
static int changed_or_stale(const struct db_rows *rows)
{
    return db_row_count(db_rows_of(rows, 0)) ? 0 : ESTALE;
}

void tenants_change(struct db *db, struct uuid tenant, const struct tenant_change *change,
                    int64_t live_calls_max, db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct shown shown = {live_calls_max, changed_or_stale, on_json, arg};
    struct buf json = {0};
    unsigned owners;
    if (settings_json(change->settings, change->count, &json, &owners)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
    } else {
        const struct db_value values[] = {
            db_uuid(tenant), db_str(buf_str(&json)), db_text(change->actor), db_text("tenant.set"),
            change->version < 0 ? db_null() : db_int(change->version)};
        const struct db_statement statement = tenant_set_statement(owners, values);
        change_and_show(db, tenant, &statement, &shown, slot);
    }
    buf_free(&json);
}

static int done_or_busy(const struct db_rows *rows)
{
    return db_get_bool(db_rows_of(rows, 0), 0, 0) ? 0 : EBUSY;
}

void tenants_close(struct db *db, struct uuid tenant, const char *actor, int64_t live_calls_max,
                   db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct shown shown = {live_calls_max, done_or_busy, on_json, arg};
    const struct db_value values[] = {db_text(actor)};
    const struct db_statement statement = {"SELECT close_tenant($1)", values, countof(values)};
    change_and_show(db, tenant, &statement, &shown, slot);
}

void tenants_restore(struct db *db, struct uuid tenant, const char *actor, int64_t live_calls_max,
                     db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct shown shown = {live_calls_max, done_or_busy, on_json, arg};
    const struct db_value values[] = {db_text(actor)};
    const struct db_statement statement = {"SELECT restore_tenant($1)", values, countof(values)};
    change_and_show(db, tenant, &statement, &shown, slot);
}

static int made_or_too_many(const struct db_rows *rows)
{
    return db_get_bool(db_rows_of(rows, 0), 0, 0) ? 0 : EDQUOT;
}

void tenants_make(struct db *db, const struct tenant_new *new, int64_t live_calls_max,
                  db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT add_own_tenant($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text,"
        " $7::text, $8::integer)";
    const struct shown shown = {live_calls_max, made_or_too_many, on_json, arg};
    int64_t now_ms = wall_now_ms();
    const struct db_value values[] = {db_uuid(new->person),      db_uuid(uuid_new(now_ms)),
                                      db_uuid(uuid_new(now_ms)), db_text(new->name),
                                      db_text(new->owner_name),  db_text(new->language),
                                      db_text(new->timezone),    db_int(TENANTS_OF_PERSON_MAX)};
    const struct db_statement statement = {sql, values, countof(values)};
    change_and_show(db, new->from, &statement, &shown, slot);
}
