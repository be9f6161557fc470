/* store/tenants.c: tenants and their settings. */
#include "store/tenants.h"

#include "base/json.h"
#include "base/utf8.h"
#include "rules/phone.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const plan_codes[PLAN_COUNT] = {"trial", "basic", "pro"};
static const char *const status_codes[TENANT_STATUS_COUNT] = {"active", "suspended", "cancelled"};
static const char *const languages[] = {"cs", "en", "de", "sk"};

enum { VIP_BYTES_MAX = 200, EMAIL_BYTES_MAX = 254, VOICE_BYTES_MAX = 64, TIMEZONE_BYTES_MAX = 64 };

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

/* A JSON array of strings that PostgreSQL made; its elements are copied. */
static const char *const *read_names(struct str text, struct arena *arena, size_t *count_out)
{
    char **names = arena_alloc(arena, TENANT_VIPS_MAX * sizeof(*names));
    struct json json = json_of(text);
    struct buf name = {0};
    struct str raw;
    size_t count = 0;
    for (bool in = json_array(&json); in && count < TENANT_VIPS_MAX && json_element(&json);) {
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
        &tenant_out->name,           &tenant_out->owner_name,      &tenant_out->system_prompt,
        &tenant_out->greeting_text,  &tenant_out->voice_id,        &tenant_out->language,
        &tenant_out->forward_number, &tenant_out->marketing_email, &tenant_out->timezone,
    };
    tenant_out->id = db_get_uuid(rows, row, column++);
    for (size_t i = 0; i < countof(texts); i++)
        *texts[i] = db_get_text(rows, row, column++, arena);
    tenant_out->vip_names =
        read_names(db_get_str(rows, row, column++), arena, &tenant_out->vip_count);
    tenant_out->call_seconds_max = db_get_int(rows, row, column++);
    int plan = store_code(plan_codes, PLAN_COUNT, db_get_str(rows, row, column++));
    int status = store_code(status_codes, TENANT_STATUS_COUNT, db_get_str(rows, row, column++));
    tenant_out->plan = plan < 0 ? PLAN_TRIAL : (enum tenant_plan)plan;
    tenant_out->status = status < 0 ? TENANT_SUSPENDED : (enum tenant_status)status;
    tenant_out->created_at_ms = db_get_int(rows, row, column);
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

/* Each check returns what is wrong with the value, or NULL. */
typedef const char *check_fn(struct str value);

static const char *check_name(struct str value)
{
    return value.bytes <= TENANT_NAME_BYTES_MAX ? NULL : "longer than 200 bytes";
}

static const char *check_prompt(struct str value)
{
    return value.bytes <= TENANT_PROMPT_BYTES_MAX ? NULL : "longer than 16000 bytes";
}

static const char *check_greeting(struct str value)
{
    return value.bytes <= TENANT_GREETING_BYTES_MAX ? NULL : "longer than 600 bytes";
}

static bool made_of(struct str value, const char *punctuation)
{
    for (size_t i = 0; i < value.bytes; i++) {
        char byte = value.at[i];
        bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z');
        if (!alphanumeric && (!byte || !strchr(punctuation, byte)))
            return false;
    }
    return true;
}

/* It becomes part of a provider's URL, under the operator's key. */
static const char *check_voice(struct str value)
{
    return value.bytes <= VOICE_BYTES_MAX && made_of(value, "_-")
               ? NULL
               : "not a voice id: up to 64 letters, digits, - and _";
}

static const char *check_language(struct str value)
{
    return store_code(languages, countof(languages), value) >= 0 ? NULL : "not one of cs en de sk";
}

static const char *check_phone(struct str value)
{
    char e164[PHONE_TEXT_BYTES];
    return phone_parse(value, NULL, e164) == PHONE_NUMBER && str_is(value, e164)
               ? NULL
               : "not a telephone number like +420601123456";
}

static const char *check_email(struct str value)
{
    const char *at = memchr(value.at, '@', value.bytes);
    bool whole = at && at > value.at && at + 1 < value.at + value.bytes &&
                 value.bytes <= EMAIL_BYTES_MAX && !memchr(value.at, ' ', value.bytes);
    return whole ? NULL : "not an e-mail address";
}

static const char *check_timezone(struct str value)
{
    return value.bytes <= TIMEZONE_BYTES_MAX && made_of(value, "/_+-") &&
                   (memchr(value.at, '/', value.bytes) || str_is(value, "UTC"))
               ? NULL
               : "not a time zone like Europe/Prague";
}

static const char *check_vips(struct str value)
{
    size_t count = 0;
    while (value.bytes) {
        struct str name = str_trim(str_cut(&value, '\n'));
        if (name.bytes > VIP_BYTES_MAX)
            return "a name is longer than 200 bytes";
        count += name.bytes > 0;
    }
    return count <= TENANT_VIPS_MAX ? NULL : "more than 50 names";
}

static int64_t whole_of(struct str value)
{
    int64_t whole = 0;
    for (size_t i = 0; i < value.bytes; i++) {
        if (value.at[i] < '0' || value.at[i] > '9' || i == 9)
            return -1;
        whole = whole * 10 + (value.at[i] - '0');
    }
    return whole;
}

static const char *check_seconds(struct str value)
{
    int64_t seconds = whole_of(value);
    return seconds >= TENANT_CALL_SECONDS_MIN && seconds <= TENANT_CALL_SECONDS_MAX
               ? NULL
               : "not a number of seconds from 30 to 1800";
}

static const char *check_plan(struct str value)
{
    return store_code(plan_codes, PLAN_COUNT, value) >= 0 ? NULL : "not one of trial basic pro";
}

static const char *check_status(struct str value)
{
    return store_code(status_codes, TENANT_STATUS_COUNT, value) >= 0
               ? NULL
               : "not one of active suspended cancelled";
}

enum setting_kind { SETTING_MUST, SETTING_MAY, SETTING_OPERATORS }; /* MAY: can be cleared */
static const struct setting {
    const char *name;
    check_fn *check;
    enum setting_kind kind;
} settings_known[] = {
    {"name", check_name, SETTING_MUST},
    {"owner_name", check_name, SETTING_MUST},
    {"system_prompt", check_prompt, SETTING_MAY},
    {"greeting_text", check_greeting, SETTING_MAY},
    {"voice_id", check_voice, SETTING_MAY},
    {"language", check_language, SETTING_MUST},
    {"forward_number", check_phone, SETTING_MAY},
    {"marketing_email", check_email, SETTING_MAY},
    {"timezone", check_timezone, SETTING_MUST},
    {"vip_names", check_vips, SETTING_MAY},
    {"call_seconds_max", check_seconds, SETTING_MUST},
    {"plan", check_plan, SETTING_OPERATORS},
    {"status", check_status, SETTING_OPERATORS},
};

static const struct setting *find_setting(struct str name)
{
    for (size_t i = 0; i < countof(settings_known); i++)
        if (str_is(name, settings_known[i].name))
            return &settings_known[i];
    return NULL;
}

bool tenant_setting_is_operators(struct str name)
{
    const struct setting *setting = find_setting(name);
    return setting && setting->kind == SETTING_OPERATORS;
}

static const char *what_is_wrong(struct tenant_setting setting)
{
    const struct setting *known = find_setting(setting.name);
    if (!known)
        return "there is no such setting";
    if (!utf8_valid(setting.value) ||
        (setting.value.bytes && memchr(setting.value.at, 0, setting.value.bytes)))
        return "not UTF-8 text";
    if (setting.value.bytes == 0)
        return known->kind == SETTING_MAY ? NULL : "it cannot be empty";
    return known->check(setting.value);
}

int tenant_setting_check(struct tenant_setting setting, const char **why_out)
{
    const char *why = what_is_wrong(setting);
    if (!why)
        return 0;
    *why_out = why;
    return EINVAL;
}

static void put_names(struct buf *json, struct str lines)
{
    bool any = false;
    buf_putc(json, '[');
    while (lines.bytes) {
        struct str name = str_trim(str_cut(&lines, '\n'));
        if (!name.bytes)
            continue;
        if (any)
            buf_putc(json, ',');
        store_json_text(json, name);
        any = true;
    }
    buf_putc(json, ']');
}

static void put_setting(struct buf *json, struct tenant_setting setting)
{
    if (json->bytes > 1)
        buf_putc(json, ',');
    store_json_text(json, setting.name);
    buf_putc(json, ':');
    if (str_is(setting.name, "vip_names"))
        put_names(json, setting.value);
    else if (setting.value.bytes)
        store_json_text(json, setting.value);
    else
        buf_puts(json, "null");
}

/* All of them as one JSON object; EINVAL when one is refused. */
static int settings_json(const struct tenant_setting *settings, size_t count, struct buf *json,
                         bool *operators_out)
{
    const char *why;
    bool operators = false;
    buf_putc(json, '{');
    for (size_t i = 0; i < count; i++) {
        if (tenant_setting_check(settings[i], &why))
            return EINVAL;
        operators |= tenant_setting_is_operators(settings[i].name);
        put_setting(json, settings[i]);
    }
    buf_putc(json, '}');
    *operators_out = operators;
    return 0;
}

/* $1 tenant, $2 the changes as JSON, $3 who, $4 what happened: as one statement, since the log
 * wants the old values beside the new. A key that is absent keeps its value, null clears it. */
#define KEPT_OR(column, changed)                                                                   \
    column " = CASE WHEN $2::jsonb ? '" column "' THEN " changed " ELSE t." column " END"
#define KEPT_OR_TEXT(column) KEPT_OR(column, "$2::jsonb ->> '" column "'")
/* clang-format off */
#define SET_SQL(more)                                                                              \
    "WITH logged AS ("                                                                             \
    " INSERT INTO audit_log (tenant_id, actor, action, change)"                                    \
    " SELECT $1::uuid, $3::text, $4::text, (SELECT coalesce(jsonb_object_agg(key,"                 \
    "  jsonb_build_array(to_jsonb(old) -> key, value)), '{}') FROM jsonb_each($2::jsonb))"         \
    " FROM tenants old WHERE old.id = $1) "                                                        \
    "UPDATE tenants t SET updated_at = now(), "                                                    \
    KEPT_OR_TEXT("name") ", "                                                                      \
    KEPT_OR_TEXT("owner_name") ", "                                                                \
    KEPT_OR_TEXT("system_prompt") ", "                                                             \
    KEPT_OR_TEXT("greeting_text") ", "                                                             \
    KEPT_OR_TEXT("voice_id") ", "                                                                  \
    KEPT_OR_TEXT("language") ", "                                                                  \
    KEPT_OR_TEXT("forward_number") ", "                                                            \
    KEPT_OR_TEXT("marketing_email") ", "                                                           \
    KEPT_OR_TEXT("timezone") ", "                                                                  \
    KEPT_OR("vip_names", "ARRAY(SELECT jsonb_array_elements_text($2::jsonb -> 'vip_names'))") ", " \
    KEPT_OR("call_seconds_max", "($2::jsonb ->> 'call_seconds_max')::integer")                     \
    more " WHERE t.id = $1 RETURNING t.id"
/* clang-format on */

static const char set_sql[] = SET_SQL("");
/* Workers have no right to these columns, so that they are only named where they are changed. */
static const char set_operators_sql[] =
    SET_SQL(", " KEPT_OR_TEXT("plan") ", " KEPT_OR_TEXT("status"));

void tenants_set(struct db *db, struct uuid tenant, const struct tenant_setting *settings,
                 size_t count, const char *actor, db_end_fn *on_end, void *arg, struct op **slot)
{
    struct buf json = {0};
    bool operators;
    if (settings_json(settings, count, &json, &operators)) {
        store_refuse(db, EINVAL, on_end, arg, slot);
    } else {
        const struct db_value values[] = {db_uuid(tenant), db_str(buf_str(&json)), db_text(actor),
                                          db_text("tenant.set")};
        const struct db_statement statement = {operators ? set_operators_sql : set_sql, values,
                                               countof(values)};
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
    bool operators;
    if (settings_json(settings, count, &json, &operators)) {
        store_refuse(db, EINVAL, on_end, arg, slot);
    } else {
        const struct db_value values[] = {db_uuid(tenant), db_str(buf_str(&json)), db_text(actor),
                                          db_text("tenant.add")};
        const struct db_statement statements[] = {
            {add_sql, values, 2}, {operators ? set_operators_sql : set_sql, values, 4}};
        store_write(db, &(struct db_unit){.tenant = tenant, .statements = statements, .count = 2},
                    store_any_row, on_end, arg, slot);
    }
    buf_free(&json);
}
