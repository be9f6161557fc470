/* store/tenants.c: tenants as rows: read, added, changed. What a setting may be is settings.c's. */
#include "store/tenants.h"

#include "base/json.h"
#include "store/store_private.h"
#include "store/tenants_private.h"

#include <assert.h>
#include <errno.h>

static const char *const plan_codes[PLAN_COUNT] = {"trial", "basic", "pro"};
static const char *const status_codes[TENANT_STATUS_COUNT] = {"active", "suspended", "cancelled"};

const char *tenant_plan_code(enum tenant_plan plan)
{
    assert(plan < PLAN_COUNT);
    return plan_codes[plan];
}

const char *tenant_status_code(enum tenant_status status)
{
    assert(status < TENANT_STATUS_COUNT);
    return status_codes[status];
}

enum tenant_plan tenant_plan_of(struct str code)
{
    int plan = store_code(plan_codes, PLAN_COUNT, code);
    return plan < 0 ? PLAN_COUNT : (enum tenant_plan)plan;
}

enum tenant_status tenant_status_of(struct str code)
{
    int status = store_code(status_codes, TENANT_STATUS_COUNT, code);
    return status < 0 ? TENANT_STATUS_COUNT : (enum tenant_status)status;
}

const char *const *store_text_list(struct str text, size_t max, struct arena *arena,
                                   size_t *count_out)
{
    char **names = arena_alloc(arena, max * sizeof(*names));
    struct json json = json_of(text);
    struct buf name = {0};
    struct str raw;
    size_t count = 0;
    for (bool in = json_array(&json); in && count < max && json_element(&json);) {
        if (!json_string(&json, &raw))
            continue;
        buf_clear(&name);
        json_unescape(&name, raw);
        names[count++] = arena_strndup(arena, buf_text(&name), name.bytes);
    }
    buf_free(&name);
    *count_out = count;
    return (const char *const *)names;
}

void tenant_row(const struct db_rows *rows, size_t row, size_t column, struct arena *arena,
                struct tenant *tenant_out)
{
    const char **const texts[] = {
        &tenant_out->name,          &tenant_out->owner_name,     &tenant_out->owner_spoken,
        &tenant_out->system_prompt, &tenant_out->greeting_text,  &tenant_out->voice_id,
        &tenant_out->language,      &tenant_out->forward_number, &tenant_out->marketing_email,
        &tenant_out->timezone,
    };
    tenant_out->id = db_get_uuid(rows, row, column++);
    for (size_t i = 0; i < countof(texts); i++)
        *texts[i] = db_get_text(rows, row, column++, arena);
    tenant_out->vip_names = store_text_list(db_get_str(rows, row, column++), TENANT_VIPS_MAX, arena,
                                            &tenant_out->vip_count);
    tenant_out->call_seconds_max = db_get_int(rows, row, column++);
    tenant_out->plan_call_seconds_max = db_get_int(rows, row, column++);
    tenant_out->plan = tenant_plan_of(db_get_str(rows, row, column++));
    tenant_out->status = tenant_status_of(db_get_str(rows, row, column++));
    tenant_out->created_at_ms = db_get_int(rows, row, column++);
    tenant_out->trial_ends_ms = db_get_int(rows, row, column++);
    tenant_out->unpaid_since_ms = db_get_int(rows, row, column);
}

struct read_context {
    struct arena *arena;
    tenant_fn *on_tenant;
    tenant_list_fn *on_tenants;
    void *arg;
};

static void on_tenant_row(int err, const struct db_rows *rows, void *arg)
{
    const struct read_context *context = arg;
    struct tenant tenant;
    if (!err && db_row_count(rows) == 0)
        err = ENOENT;
    if (!err)
        tenant_row(rows, 0, 0, context->arena, &tenant);
    context->on_tenant(err, err ? NULL : &tenant, context->arg);
}

const char *tenant_spoken(const struct tenant *tenant)
{
    return tenant->owner_spoken ? tenant->owner_spoken : tenant->owner_name;
}

void tenants_get(struct db *db, struct uuid tenant, struct arena *arena, tenant_fn *on_tenant,
                 void *arg, struct op **slot)
{
    static const char sql[] = "SELECT " TENANT_COLUMNS " FROM tenants t WHERE t.id = $1";
    const struct db_value values[] = {db_uuid(tenant)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct read_context context = {.arena = arena, .on_tenant = on_tenant, .arg = arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_tenant_row,
           NULL, slot);
}

static void on_tenant_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct read_context *context = arg;
    size_t count = err ? 0 : db_row_count(rows);
    struct tenant *tenants = arena_alloc(context->arena, count * sizeof(*tenants));
    for (size_t i = 0; i < count; i++)
        tenant_row(rows, i, 0, context->arena, &tenants[i]);
    context->on_tenants(err, err ? NULL : tenants, count, context->arg);
}

void tenants_list(struct db *db, struct arena *arena, tenant_list_fn *on_tenants, void *arg,
                  struct op **slot)
{
    static const char sql[] = "SELECT " TENANT_COLUMNS " FROM tenants t ORDER BY t.name, t.id";
    const struct db_statement statement = {.sql = sql};
    const struct read_context context = {.arena = arena, .on_tenants = on_tenants, .arg = arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_tenant_rows,
           NULL, slot);
}

/* Beside the values of tenants_private.h: $3 who, $4 what happened, $5 the version it must have
 * (null: any). One statement, since the log wants the old values beside the new. */
/* clang-format off */
#define TENANTS_COLUMNS                                                                            \
    KEPT_OR_TEXT("name") ", "                                                                      \
    KEPT_OR_TEXT("owner_name") ", "                                                                \
    KEPT_OR_TEXT("owner_spoken") ", "                                                              \
    KEPT_OR_TEXT("formality") ", "                                                                 \
    KEPT_OR_TEXT("system_prompt") ", "                                                             \
    KEPT_OR_TEXT("greeting_text") ", "                                                             \
    KEPT_OR_TEXT("voice_id") ", "                                                                  \
    KEPT_OR_TEXT("language") ", "                                                                  \
    KEPT_OR_TEXT("forward_number") ", "                                                            \
    KEPT_OR_TEXT("marketing_email") ", "                                                           \
    KEPT_OR_TEXT("timezone") ", "                                                                  \
    KEPT_OR("vip_names", "ARRAY(SELECT jsonb_array_elements_text($2::jsonb -> 'vip_names'))") ", " \
    KEPT_OR_CAST("call_seconds_max", "integer") ", "                                               \
    KEPT_OR_CAST("retention_calls_days", "integer") ", "                                           \
    KEPT_OR_CAST("retention_transcripts_days", "integer") ", "                                     \
    KEPT_OR_CAST("retention_recordings_days", "integer") ", "                                      \
    KEPT_OR_CAST("retention_audit_days", "integer")
#define SET_SQL(columns, old, old_as_json)                                                         \
    "WITH old AS (SELECT " old " FROM tenants"                                                     \
    " WHERE id = $1 AND ($5::bigint IS NULL OR version = $5) FOR UPDATE),"                         \
    " logged AS (INSERT INTO audit_log (tenant_id, actor, action, change)"                         \
    " SELECT $1::uuid, $3::text, $4::text, (SELECT coalesce(jsonb_object_agg(key,"                 \
    "  jsonb_build_array(" old_as_json " -> key, value)), '{}') FROM jsonb_each($2::jsonb))"       \
    " FROM old) "                                                                                  \
    "UPDATE tenants t SET " columns " FROM old WHERE t.id = old.id RETURNING t.id"
/* clang-format on */

/* Workers have no right to the operator's columns and operators none to the tenant's, so that each
 * is only named where it is changed. */
static const char *set_sql_of(unsigned owners)
{
    static const char tenants_sql[] = SET_SQL(TENANTS_COLUMNS, "*", "to_jsonb(old)");
    static const char operators_sql[] = SET_SQL(OPERATORS_COLUMNS, OPERATORS_NAMES, OPERATORS_OLD);
    static const char both_sql[] =
        SET_SQL(TENANTS_COLUMNS ", " OPERATORS_COLUMNS, "*", "to_jsonb(old)");
    switch (owners) {
    case SETTINGS_OPERATORS: return operators_sql;
    case SETTINGS_OPERATORS | SETTINGS_TENANTS: return both_sql;
    default: return tenants_sql;
    }
}

struct db_statement tenant_set_statement(unsigned owners, const struct db_value values[5])
{
    return (struct db_statement){set_sql_of(owners), values, 5};
}

void tenants_set(struct db *db, struct uuid tenant, const struct tenant_setting *settings,
                 size_t count, const char *actor, db_end_fn *on_end, void *arg, struct op **slot)
{
    struct buf json = {0};
    unsigned owners;
    if (settings_json(settings, count, &json, &owners)) {
        store_refuse(db, EINVAL, on_end, arg, slot);
    } else {
        const struct db_value values[] = {db_uuid(tenant), db_str(buf_str(&json)), db_text(actor),
                                          db_text("tenant.set"), db_null()};
        const struct db_statement statement = tenant_set_statement(owners, values);
        store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                    store_any_row, on_end, arg, slot);
    }
    buf_free(&json);
}

void tenants_add(struct db *db, struct uuid tenant, const struct tenant_setting *settings,
                 size_t count, const char *actor, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char add_sql[] = "INSERT INTO tenants (id, name, owner_name, language)"
                                  " SELECT $1::uuid, $2::jsonb ->> 'name', $2::jsonb ->> "
                                  "'owner_name', $2::jsonb ->> 'language'";
    struct buf json = {0};
    unsigned owners;
    if (settings_json(settings, count, &json, &owners)) {
        store_refuse(db, EINVAL, on_end, arg, slot);
    } else {
        const struct db_value values[] = {db_uuid(tenant), db_str(buf_str(&json)), db_text(actor),
                                          db_text("tenant.add"), db_null()};
        const struct db_statement statements[] = {{add_sql, values, 2},
                                                  tenant_set_statement(owners, values)};
        store_write(db, &(struct db_unit){.tenant = tenant, .statements = statements, .count = 2},
                    store_any_row, on_end, arg, slot);
    }
    buf_free(&json);
}
