/* store/numbers.c: the pool of numbers, their assignment, and the look-up for routing. */
#include "store/numbers.h"

#include "rules/phone.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

static const char *const state_codes[] = {
    [NUMBER_BUYING] = "buying",     [NUMBER_FREE] = "free",
    [NUMBER_ASSIGNED] = "assigned", [NUMBER_QUARANTINED] = "quarantined",
    [NUMBER_SHARED] = "shared",     [NUMBER_RELEASING] = "releasing"};

const char *number_state_code(enum number_state state)
{
    assert(state < countof(state_codes));
    return state_codes[state];
}

struct route_context {
    struct arena *arena;
    routes_fn *on_routes;
    void *arg;
};

static const struct route_candidate *read_candidate(const struct db_rows *rows, size_t row,
                                                    struct arena *arena)
{
    struct route_candidate *candidate = arena_alloc(arena, sizeof(*candidate));
    candidate->live_calls = db_get_int(rows, row, 1);
    tenant_row(rows, row, 2, arena, &candidate->tenant);
    usage_row(rows, row, 2 + TENANT_COLUMN_COUNT, &candidate->usage);
    return candidate;
}

static void read_step(const struct db_rows *rows, size_t row, struct arena *arena,
                      struct routes *routes)
{
    struct str step = db_get_str(rows, row, 0);
    const struct {
        const char *step;
        const struct route_candidate **place;
        bool *flag;
    } known[] = {
        {"number", &routes->by_number, NULL},
        {"forwarding", &routes->by_forwarding, NULL},
        {"owner", &routes->by_owner, NULL},
        {"code", &routes->by_code, NULL},
        {"default", &routes->by_default, NULL},
        {"shared", NULL, &routes->shared},
        {"own", NULL, &routes->own},
        {"check", NULL, &routes->checking},
    };
    for (size_t i = 0; i < countof(known); i++) {
        if (!str_is(step, known[i].step))
            continue;
        if (known[i].flag)
            *known[i].flag = true;
        else
            *known[i].place = read_candidate(rows, row, arena);
    }
}

static void read_steps(const struct db_rows *rows, struct arena *arena, struct routes *routes)
{
    for (size_t row = 0; row < db_row_count(rows); row++)
        read_step(rows, row, arena, routes);
}

static void on_route_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct route_context *context = arg;
    struct routes routes = {0};
    if (!err)
        read_steps(rows, context->arena, &routes);
    if (!err && db_rows_of(rows, 0) != rows)
        read_steps(db_rows_of(rows, 0), context->arena, &routes);
    context->on_routes(err, err ? NULL : &routes, context->arg);
}

/* Steps of a function that knows some, each with the tenant it leads to. */
#define ROUTE_SQL(function)                                                                        \
    "SELECT r.step, r.live_calls, " TENANT_COLUMNS ", " USAGE_COLUMNS " FROM " function            \
    " r LEFT JOIN LATERAL (SELECT (r.tenant).*) t ON true"                                         \
    " LEFT JOIN LATERAL tenant_usage(t.id) u ON true"

void numbers_route(struct db *db, const struct route_query *query, struct arena *arena,
                   routes_fn *on_routes, void *arg, struct op **slot)
{
    const struct db_value values[] = {db_text(query->to), db_text(query->forwarded_from),
                                      db_uuid(query->default_tenant)};
    const struct db_value more[] = {values[0], values[1], db_text(query->from)};
    const struct db_statement statements[] = {
        {ROUTE_SQL("route_call($1::text, $2::text, $3::uuid)"), values, countof(values)},
        {ROUTE_SQL("route_more($1::text, $2::text, $3::text)"), more, countof(more)}};
    const struct route_context context = {arena, on_routes, arg};
    db_run(db, &(struct db_unit){{{0}}, statements, 2, &context, sizeof(context)}, on_route_rows,
           NULL, slot);
}

void numbers_route_code(struct db *db, const char *code, struct arena *arena, routes_fn *on_routes,
                        void *arg, struct op **slot)
{
    const struct db_value values[] = {db_text(code)};
    const struct db_statement statement = {ROUTE_SQL("route_code($1::text)"), values, 1};
    const struct route_context context = {arena, on_routes, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_route_rows,
           NULL, slot);
}

void numbers_stray_call(struct db *db, const char *number)
{
    const struct db_value values[] = {db_text(number), db_int(NUMBER_STRAY_DAYS)};
    db_query(db, (struct uuid){0}, "SELECT note_stray_call($1::text, $2::integer)", values,
             countof(values), NULL, NULL, NULL);
}

static bool is_e164(const char *number)
{
    char e164[PHONE_TEXT_BYTES];
    return phone_parse(str_of(number), NULL, e164) == PHONE_NUMBER && str_is(str_of(number), e164);
}

void numbers_add(struct db *db, const char *number, const char *twilio_sid, bool shared,
                 db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "INSERT INTO number_pool (number, twilio_sid, state, country) VALUES ($1, $2, $3, $4)";
    const char *country = phone_country(number);
    const struct db_value values[] = {
        db_text(number), db_text(twilio_sid),
        db_text(number_state_code(shared ? NUMBER_SHARED : NUMBER_FREE)),
        db_text(*country ? country : NULL)};
    const struct db_statement statement = {sql, values, countof(values)};
    if (!is_e164(number))
        store_refuse(db, EINVAL, on_end, arg, slot);
    else
        store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, NULL, on_end, arg,
                    slot);
}

struct list_context {
    struct arena *arena;
    number_list_fn *on_numbers;
    void *arg;
};

static void on_number_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct list_context *context = arg;
    struct arena *arena = context->arena;
    size_t count = err ? 0 : db_row_count(rows);
    struct number *numbers = arena_alloc(arena, count * sizeof(*numbers));
    for (size_t i = 0; i < count; i++) {
        int state = store_code(state_codes, countof(state_codes), db_get_str(rows, i, 2));
        numbers[i] = (struct number){
            .number = db_get_text(rows, i, 0, arena),
            .twilio_sid = db_get_text(rows, i, 1, arena),
            .state = state < 0 ? NUMBER_QUARANTINED : (enum number_state)state,
            .tenant = db_get_uuid(rows, i, 3),
            .tenant_name = db_get_text(rows, i, 4, arena),
            .forwarding_source = db_get_text(rows, i, 5, arena),
            .primary = db_get_bool(rows, i, 6),
            .free_at_ms = db_get_int(rows, i, 7),
        };
    }
    context->on_numbers(err, err ? NULL : numbers, count, context->arg);
}

void numbers_list(struct db *db, struct arena *arena, number_list_fn *on_numbers, void *arg,
                  struct op **slot)
{
    static const char sql[] =
        "SELECT p.number, p.twilio_sid, p.state, n.tenant_id, t.name, n.forwarding_source,"
        " n.is_primary, " DB_MS(
            "p.free_at") " FROM number_pool p"
                         " LEFT JOIN tenant_phone_numbers n ON n.twilio_number = p.number"
                         " LEFT JOIN tenants t ON t.id = n.tenant_id ORDER BY p.number LIMIT $1";
    const struct db_value values[] = {db_int(NUMBERS_LIST_MAX)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct list_context context = {arena, on_numbers, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_number_rows,
           NULL, slot);
}

/* ---- a tenant's own ------------------------------------------------------------------------- */

/* Of a relation called n. */
#define OWN_NUMBER_JSON                                                                            \
    "json_build_object('number', n.twilio_number, 'is_primary', n.is_primary,"                     \
    " 'forwarding_source', n.forwarding_source, 'created_at', json_time(n.created_at))"

void numbers_own_json(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                      struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('items', coalesce((SELECT json_agg(" OWN_NUMBER_JSON
        " ORDER BY n.is_primary DESC, n.created_at, n.id) FROM tenant_phone_numbers n"
        "  WHERE n.tenant_id = t.id), '[]'), 'next_cursor', NULL, 'shared', (SELECT"
        "  json_build_object('number', s.number, 'code', s.code) FROM shared_number() s"
        "  WHERE s.number IS NOT NULL), 'allowed', numbers_allowed(t))"
        " FROM tenants t WHERE t.id = $1";
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

static const char get_sql[] = "SELECT " OWN_NUMBER_JSON " FROM tenant_phone_numbers n"
                              " WHERE n.tenant_id = $1 AND n.twilio_number = $2";

void numbers_get_json(struct db *db, struct uuid tenant, const char *number, db_json_fn *on_json,
                      void *arg, struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant), db_text(number)};
    store_json_query(db, tenant, get_sql, values, countof(values), on_json, arg, slot);
}

struct change_context {
    db_json_fn *on_json;
    void *arg;
};

/* What the first statement found wrong; the second has the number. */
static void on_changed(int err, const struct db_rows *rows, void *arg)
{
    const struct change_context *context = arg;
    struct str outcome = err ? (struct str){0} : db_get_str(db_rows_of(rows, 0), 0, 0);
    if (!err && !str_is(outcome, "ok"))
        err = str_is(outcome, "none") ? ENOENT : str_is(outcome, "taken") ? EEXIST : EPERM;
    context->on_json(err, err ? (struct str){0} : db_get_str(rows, 0, 0), context->arg);
}

void numbers_change(struct db *db, struct uuid tenant, const char *number, const char *change,
                    const char *actor, db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct db_value changing[] = {db_text(number), db_text(change), db_text(actor)};
    const struct db_value getting[] = {db_uuid(tenant), db_text(number)};
    const struct db_statement statements[] = {
        {"SELECT change_own_number($1::text, $2::jsonb, $3::text)", changing, countof(changing)},
        {get_sql, getting, countof(getting)}};
    const struct change_context context = {on_json, arg};
    db_run(db, &(struct db_unit){tenant, statements, 2, &context, sizeof(context)}, on_changed,
           NULL, slot);
}

static int true_or_none(const struct db_rows *rows)
{
    return db_get_bool(rows, 0, 0) ? 0 : ENOENT;
}

void numbers_give_back(struct db *db, struct uuid tenant, const char *number, const char *actor,
                       db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct db_value values[] = {db_text(number), db_text(actor),
                                      db_int(NUMBER_QUARANTINE_DAYS)};
    const struct db_statement statement = {
        "SELECT release_own_number($1::text, $2::text, $3::integer)", values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                true_or_none, on_end, arg, slot);
}

struct offer_context {
    struct arena *arena;
    numbers_offered_fn *on_offered;
    void *arg;
};

static void on_offer_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct offer_context *context = arg;
    if (!err && !db_row_count(rows))
        err = ENOENT;
    size_t count = err ? 0 : db_row_count(rows) - 1; /* the first says whether more is bought */
    const char **numbers = arena_alloc(context->arena, (count + 1) * sizeof(*numbers));
    for (size_t i = 0; i < count; i++)
        numbers[i] = db_get_text(rows, i + 1, 1, context->arena);
    const struct numbers_offered offered = {!err && db_get_bool(rows, 0, 0), numbers, count};
    context->on_offered(err, err ? NULL : &offered, context->arg);
}

void numbers_offer(struct db *db, struct uuid tenant, const struct number_wish *wish, int64_t limit,
                   struct arena *arena, numbers_offered_fn *on_offered, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT o.buys, n.number"
        " FROM offered_numbers($1::text, $2::text, $3::text, $4::integer) o"
        " CROSS JOIN LATERAL unnest('{null}'::text[] || o.numbers) WITH ORDINALITY n (number, at)"
        " ORDER BY n.at";
    const struct db_value values[] = {db_text(wish->country), db_text(number_kind_code(wish->kind)),
                                      db_text(wish->contains), db_int(limit)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct offer_context context = {arena, on_offered, arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_offer_rows,
           NULL, slot);
}

/* ---- the pool ------------------------------------------------------------------------------- */

void numbers_pool_json(struct db *db, const char *state, const char *cursor, int64_t limit,
                       db_json_fn *on_json, void *arg, struct op **slot)
{
    /* the cursor is a number without its plus */
    static const char sql[] = "SELECT pool_json('+' || $1::text, $2::integer, $3::text)";
    const struct db_value values[] = {db_text(cursor), db_int(limit), db_text(state)};
    store_json_query(db, (struct uuid){0}, sql, values, countof(values), on_json, arg, slot);
}

struct known_context {
    struct arena *arena;
    numbers_known_fn *on_known;
    void *arg;
};

static void on_known_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct known_context *context = arg;
    size_t count = err ? 0 : db_row_count(rows);
    const char **known = arena_alloc(context->arena, (count + 1) * sizeof(*known));
    for (size_t i = 0; i < count; i++)
        known[i] = db_get_text(rows, i, 0, context->arena);
    context->on_known(err, known, count, context->arg);
}

void numbers_known(struct db *db, const char *const *numbers, size_t count, struct arena *arena,
                   numbers_known_fn *on_known, void *arg, struct op **slot)
{
    struct buf list = {0};
    buf_putc(&list, '[');
    for (size_t i = 0; i < count; i++) {
        buf_puts(&list, i ? "," : "");
        buf_json_string(&list, str_of(numbers[i]));
    }
    buf_putc(&list, ']');
    const struct db_value values[] = {db_str(buf_str(&list))};
    const struct db_statement statement = {"SELECT * FROM known_numbers($1::jsonb) AS number",
                                           values, 1};
    const struct known_context context = {arena, on_known, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_known_rows,
           NULL, slot);
    buf_free(&list);
}

/* ---- the operator's commands ---------------------------------------------------------------- */

/* Free, long enough in quarantine, or this tenant's own: now or before. */
#define ASSIGNABLE                                                                                 \
    "(p.state = 'free' OR (p.state = 'quarantined' AND p.free_at <= now())"                        \
    " OR (p.state IN ('quarantined', 'assigned') AND p.last_tenant_id = $2))"

/* The statements look at the pool's row as the first left it: locked, and still the question. */
static const char look_sql[] = "SELECT " ASSIGNABLE ", EXISTS (SELECT FROM tenants WHERE id = $2)"
                               " FROM number_pool p WHERE p.number = $1 FOR UPDATE";
static const char take_sql[] =
    "UPDATE number_pool p SET state = 'assigned', free_at = NULL, last_tenant_id = $2"
    " WHERE p.number = $1 AND " ASSIGNABLE " AND EXISTS (SELECT FROM tenants WHERE id = $2)";
static const char demote_sql[] =
    "UPDATE tenant_phone_numbers SET is_primary = false"
    " WHERE tenant_id = $2 AND twilio_number <> $1 AND is_primary AND $3::boolean"
    " AND EXISTS (SELECT FROM number_pool"
    "             WHERE number = $1 AND state = 'assigned' AND last_tenant_id = $2)";
static const char assign_sql[] =
    "WITH assigned AS (INSERT INTO tenant_phone_numbers AS n"
    "  (tenant_id, twilio_number, twilio_sid, forwarding_source, is_primary)"
    "  SELECT $2::uuid, p.number, p.twilio_sid, $4::text, $3::boolean OR NOT EXISTS"
    "   (SELECT FROM tenant_phone_numbers WHERE tenant_id = $2 AND is_primary"
    "    AND twilio_number <> $1)"
    "  FROM number_pool p WHERE p.number = $1 AND p.state = 'assigned' AND p.last_tenant_id = $2"
    "  ON CONFLICT (twilio_number) DO UPDATE SET is_primary = excluded.is_primary,"
    "   forwarding_source = excluded.forwarding_source WHERE n.tenant_id = excluded.tenant_id"
    "  RETURNING n.tenant_id)"
    " INSERT INTO audit_log (tenant_id, actor, action, subject)"
    " SELECT tenant_id, $5::text, 'number.assign', $1::text FROM assigned";

static int assigned_or_why(const struct db_rows *rows)
{
    const struct db_rows *looked = db_rows_of(rows, 0);
    if (db_row_count(looked) == 0 || !db_get_bool(looked, 0, 1))
        return ENOENT;
    return db_get_bool(looked, 0, 0) ? 0 : EBUSY;
}

void numbers_assign(struct db *db, const struct number_assignment *assignment, db_end_fn *on_end,
                    void *arg, struct op **slot)
{
    const struct db_value values[] = {
        db_text(assignment->number), db_uuid(assignment->tenant), db_bool(assignment->primary),
        db_text(assignment->forwarding_source), db_text(assignment->actor)};
    const struct db_statement statements[] = {{look_sql, values, 2},
                                              {take_sql, values, 2},
                                              {demote_sql, values, 3},
                                              {assign_sql, values, 5}};
    store_write(db, &(struct db_unit){.statements = statements, .count = 4}, assigned_or_why,
                on_end, arg, slot);
}

static const char release_sql[] =
    "WITH gone AS (DELETE FROM tenant_phone_numbers WHERE twilio_number = $1"
    "  RETURNING tenant_id),"
    " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
    "  SELECT tenant_id, $2::text, 'number.release', $1::text FROM gone)"
    " UPDATE number_pool p SET state = 'quarantined', last_tenant_id = gone.tenant_id,"
    "  free_at = now() + make_interval(days => $3::integer)"
    " FROM gone WHERE p.number = $1 RETURNING p.number";
static const char promote_sql[] =
    "UPDATE tenant_phone_numbers n SET is_primary = true"
    " FROM (SELECT m.tenant_id, m.id FROM tenant_phone_numbers m"
    "       JOIN number_pool p ON p.number = $1 AND p.last_tenant_id = m.tenant_id"
    "       WHERE NOT EXISTS (SELECT FROM tenant_phone_numbers k"
    "                         WHERE k.tenant_id = m.tenant_id AND k.is_primary)"
    "       ORDER BY m.created_at, m.id LIMIT 1) AS oldest"
    " WHERE n.tenant_id = oldest.tenant_id AND n.id = oldest.id";

static int released_or_none(const struct db_rows *rows)
{
    return store_any_row(db_rows_of(rows, 0));
}

void numbers_release(struct db *db, const char *number, const char *actor, db_end_fn *on_end,
                     void *arg, struct op **slot)
{
    const struct db_value values[] = {db_text(number), db_text(actor),
                                      db_int(NUMBER_QUARANTINE_DAYS)};
    const struct db_statement statements[] = {{release_sql, values, 3}, {promote_sql, values, 1}};
    store_write(db, &(struct db_unit){.statements = statements, .count = 2}, released_or_none,
                on_end, arg, slot);
}
