/* store/numbers.c: the pool of numbers, their assignment, and the look-up for routing. */
#include "store/numbers.h"

#include "rules/phone.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

static const char *const state_codes[] = {"free", "assigned", "quarantined", "shared"};

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
    if (str_is(step, "number"))
        routes->by_number = read_candidate(rows, row, arena);
    else if (str_is(step, "forwarding"))
        routes->by_forwarding = read_candidate(rows, row, arena);
    else if (str_is(step, "default"))
        routes->by_default = read_candidate(rows, row, arena);
    else
        routes->shared = true;
}

static void on_route_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct route_context *context = arg;
    struct routes routes = {0};
    for (size_t row = 0; !err && row < db_row_count(rows); row++)
        read_step(rows, row, context->arena, &routes);
    context->on_routes(err, err ? NULL : &routes, context->arg);
}

void numbers_route(struct db *db, const struct route_query *query, struct arena *arena,
                   routes_fn *on_routes, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT r.step, r.live_calls, " TENANT_COLUMNS ", " USAGE_COLUMNS
                              " FROM route_call($1::text, $2::text, $3::uuid) r"
                              " LEFT JOIN LATERAL (SELECT (r.tenant).*) t ON true"
                              " LEFT JOIN LATERAL tenant_usage(t.id) u ON true";
    const struct db_value values[] = {db_text(query->to), db_text(query->forwarded_from),
                                      db_uuid(query->default_tenant)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct route_context context = {arena, on_routes, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_route_rows,
           NULL, slot);
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
        "INSERT INTO number_pool (number, twilio_sid, state) VALUES ($1, $2, $3)";
    const struct db_value values[] = {
        db_text(number), db_text(twilio_sid),
        db_text(number_state_code(shared ? NUMBER_SHARED : NUMBER_FREE))};
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
