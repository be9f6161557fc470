/* test/test_rls.c: the second wall between tenants: every table that belongs to one, found from the
 * catalogue, against a worker's session whose queries forgot their tenant; and what an operator of
 * the installation may see of all of them. */
#include "base/mem.h"
#include "test/file.h"
#include "test/postgres.h"
#include "test/test.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of each table, of tenant $1: test/data/samples.sql. */
enum { SAMPLES_MAX = 200 };
static struct sample {
    char table[64];
    char *insert;
} samples[SAMPLES_MAX];
static size_t sample_count;

/* Tables with a tenant, tenants itself included; partitions share their parent's rows. */
#define TABLES_SQL                                                                                 \
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"               \
    " AND c.relkind IN ('r', 'p') AND (c.relname = 'tenants' OR EXISTS (SELECT FROM pg_attribute"  \
    " a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))"

static PGconn *owner, *worker; /* worker: as karen_app, in tenant jan's transaction or nobody's */
static char jan[UUID_TEXT_BYTES], eva[UUID_TEXT_BYTES];

static PGresult *run_on(PGconn *pg, const char *sql, const char *tenant)
{
    return PQexecParams(pg, sql, tenant ? 1 : 0, NULL, &tenant, NULL, NULL, 0);
}

static void must(PGconn *pg, const char *sql, const char *tenant)
{
    PGresult *result = run_on(pg, sql, tenant);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    PQclear(result);
}

/* How many rows a statement gave or touched; -1: refused for want of rights, or by the wall. */
static int rows_of(PGconn *pg, const char *sql, const char *tenant)
{
    must(pg, "SAVEPOINT before", NULL);
    PGresult *result = run_on(pg, sql, tenant);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state && strcmp(state, "42501") != 0)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    int rows = state ? -1 : PQntuples(result) ? PQntuples(result) : atoi(PQcmdTuples(result));
    PQclear(result);
    must(pg, "ROLLBACK TO SAVEPOINT before", NULL);
    return rows;
}

static void enter(const char *tenant)
{
    must(worker, "BEGIN", NULL);
    if (tenant)
        must(worker, "SELECT set_config('karen.tenant_id', $1, true)", tenant);
}

static void leave(void)
{
    must(worker, "ROLLBACK", NULL);
}

/* Each begins with a line "-- table". */
static void read_samples(void)
{
    char *text = file_text(KAREN_SOURCE_ROOT "/test/data/samples.sql");
    struct str rest = str_of(text);
    while (rest.bytes) {
        struct str line = str_cut(&rest, '\n'), name = line;
        const char *end = rest.at ? strstr(rest.at, ";\n") : NULL;
        if (!str_starts(line, "-- ") || !end || memchr(line.at + 3, ' ', line.bytes - 3))
            continue;
        struct sample *sample = &samples[sample_count++];
        assert_true(sample_count <= SAMPLES_MAX);
        name = (struct str){line.at + 3, line.bytes - 3};
        snprintf(sample->table, sizeof(sample->table), "%.*s", (int)name.bytes, name.at);
        sample->insert = xstrndup(rest.at, (size_t)(end - rest.at));
        rest = (struct str){end + 2, rest.bytes - (size_t)(end + 2 - rest.at)};
    }
    free(text);
}

static int open_both(void **state)
{
    (void)state;
    read_samples();
    struct uuid one = uuid_new(1), other = uuid_new(2);
    uuid_print(one, jan);
    uuid_print(other, eva);
    owner = PQconnectdb(postgres_url());
    worker = PQconnectdb(postgres_url());
    must(worker, "SET ROLE karen_app", NULL);
    for (size_t i = 0; i < sample_count; i++) {
        must(owner, samples[i].insert, jan);
        must(owner, samples[i].insert, eva);
    }
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    PQfinish(owner);
    PQfinish(worker);
    for (size_t i = 0; i < sample_count; i++)
        free(samples[i].insert);
    return 0;
}

/* Runs over every table of the catalogue. */
typedef void table_fn(const char *table, const struct sample *sample);

static const struct sample *find_sample(const char *table)
{
    for (size_t i = 0; i < sample_count; i++)
        if (strcmp(samples[i].table, table) == 0)
            return &samples[i];
    return NULL;
}

static void each_table(const char *sql, table_fn *fn)
{
    PGresult *tables = PQexec(owner, sql);
    assert_int_equal(PQresultStatus(tables), PGRES_TUPLES_OK);
    assert_true(PQntuples(tables) > 10);
    for (int i = 0; i < PQntuples(tables); i++) {
        const char *table = PQgetvalue(tables, i, 0);
        fn(table, find_sample(table));
    }
    PQclear(tables);
}

static int64_t ask_about(const char *table, const char *format)
{
    struct buf sql = {0};
    for (const char *at = format; *at; at++) {
        if (*at == '@')
            buf_puts(&sql, table);
        else
            buf_putc(&sql, *at);
    }
    int64_t answer = postgres_count(buf_text(&sql));
    buf_free(&sql);
    return answer;
}

static void has_the_wall(const char *table, const struct sample *sample)
{
    (void)sample;
    if (ask_about(table, "SELECT relrowsecurity::int FROM pg_class WHERE oid = '@'::regclass") != 1)
        fail_msg("%s has no row level security", table);
    if (ask_about(table, "SELECT count(*) FROM pg_policy WHERE polrelid = '@'::regclass") < 1)
        fail_msg("%s has no policy", table);
    if (ask_about(table, "SELECT count(*) FROM pg_policy WHERE polrelid = '@'::regclass AND"
                         " 'karen_operator'::regrole <> ALL (polroles) AND"
                         " (pg_get_expr(polqual, polrelid) NOT LIKE '%karen_tenant()%' OR"
                         "  pg_get_expr(polwithcheck, polrelid) NOT LIKE '%karen_tenant()%')") > 0)
        fail_msg("%s has a policy that does not ask for the tenant", table);
}

static void every_table_of_a_tenant_has_the_wall(void **state)
{
    (void)state;
    each_table(TABLES_SQL, has_the_wall);
}

/* What workers cannot read is a directory for functions and may be keyed otherwise. */
static void has_tenant_in_its_key(const char *table, const struct sample *sample)
{
    (void)sample;
    if (ask_about(table, "SELECT has_table_privilege('karen_app', '@', 'SELECT')::int") == 0)
        return;
    if (ask_about(table, "SELECT count(*) FROM pg_index i JOIN pg_attribute a"
                         " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                         " WHERE i.indrelid = '@'::regclass AND i.indisprimary AND a.attname ="
                         " CASE WHEN '@' = 'tenants' THEN 'id' ELSE 'tenant_id' END") != 1)
        fail_msg("%s does not have the tenant first in its primary key", table);
}

static void every_table_has_the_tenant_first_in_its_key(void **state)
{
    (void)state;
    each_table(TABLES_SQL, has_tenant_in_its_key);
}

static void is_sampled(const char *table, const struct sample *sample)
{
    if (!sample)
        fail_msg("write a row of %s into test/data/samples.sql", table);
}

static void every_table_is_tried_here(void **state)
{
    (void)state;
    each_table(TABLES_SQL " AND NOT c.relispartition", is_sampled);
}

static void select_without_a_tenant_sees_only_ones_own(const char *table,
                                                       const struct sample *sample)
{
    (void)sample;
    char *sql = xprintf("SELECT FROM %s", table);
    int rows = rows_of(worker, sql, NULL);
    if (rows > 1)
        fail_msg("%d rows of %s were seen by one tenant", rows, table);
    free(sql);
    sql = xprintf("SELECT FROM %s WHERE %s <> $1", table,
                  strcmp(table, "tenants") == 0 ? "id" : "tenant_id");
    if (rows_of(worker, sql, jan) > 0)
        fail_msg("another tenant's rows of %s were seen", table);
    free(sql);
}

static void forgotten_tenant_reads_nothing_of_others(void **state)
{
    (void)state;
    enter(jan);
    each_table(TABLES_SQL, select_without_a_tenant_sees_only_ones_own);
    assert_int_equal(rows_of(worker, "SELECT FROM calls", NULL), 1);
    leave();
}

/* A column the worker may change; NULL: none. The caller frees it. */
static char *changeable_column(const char *table)
{
    char *sql = xprintf("SELECT column_name FROM information_schema.column_privileges"
                        " WHERE grantee = 'karen_app' AND table_name = '%s'"
                        " AND privilege_type = 'UPDATE' ORDER BY column_name = 'tenant_id' DESC",
                        table);
    char *column = postgres_ask(sql);
    free(sql);
    return column;
}

static void update_without_a_tenant_touches_only_ones_own(const char *table,
                                                          const struct sample *sample)
{
    (void)sample;
    char *column = changeable_column(table);
    if (!column)
        return;
    char *sql = xprintf("UPDATE %s SET %s = %s", table, column, column);
    int rows = rows_of(worker, sql, NULL);
    if (rows != 1)
        fail_msg("%s: %d rows", sql, rows);
    free(sql);
    if (strcmp(column, "tenant_id") == 0) {
        sql = xprintf("UPDATE %s SET tenant_id = $1", table);
        if (rows_of(worker, sql, eva) != -1)
            fail_msg("a row of %s was given to another tenant", table);
        free(sql);
    }
    free(column);
}

static void forgotten_tenant_changes_nothing_of_others(void **state)
{
    (void)state;
    enter(jan);
    each_table(TABLES_SQL, update_without_a_tenant_touches_only_ones_own);
    leave();
}

static void delete_without_a_tenant_touches_only_ones_own(const char *table,
                                                          const struct sample *sample)
{
    (void)sample;
    char *sql = xprintf("DELETE FROM %s", table);
    int rows = rows_of(worker, sql, NULL);
    if (rows > 1)
        fail_msg("%d rows of %s were deleted by one tenant", rows, table);
    free(sql);
}

static void forgotten_tenant_deletes_nothing_of_others(void **state)
{
    (void)state;
    enter(jan);
    each_table(TABLES_SQL, delete_without_a_tenant_touches_only_ones_own);
    assert_int_equal(rows_of(worker, "DELETE FROM contacts", NULL), 1);
    leave();
}

static void insert_for_another_is_refused(const char *table, const struct sample *sample)
{
    if (rows_of(worker, sample->insert, eva) != -1)
        fail_msg("a row of %s was written for another tenant", table);
}

static void nothing_is_written_for_another_tenant(void **state)
{
    (void)state;
    enter(jan);
    each_table(TABLES_SQL " AND NOT c.relispartition", insert_for_another_is_refused);
    leave();
}

static void nothing_is_there_for_nobody(const char *table, const struct sample *sample)
{
    char *sql = xprintf("SELECT FROM %s", table);
    if (rows_of(worker, sql, NULL) > 0)
        fail_msg("rows of %s were seen without a tenant", table);
    free(sql);
    if (sample && rows_of(worker, sample->insert, jan) != -1)
        fail_msg("a row of %s was written without a tenant", table);
}

static void session_without_a_tenant_has_nothing(void **state)
{
    (void)state;
    enter(NULL);
    each_table(TABLES_SQL, nothing_is_there_for_nobody);
    leave();
}

static void tenant_cannot_promote_itself(void **state)
{
    (void)state;
    enter(jan);
    assert_int_equal(rows_of(worker, "UPDATE tenants SET plan = 'pro'", NULL), -1);
    assert_int_equal(rows_of(worker, "UPDATE tenants SET status = 'active'", NULL), -1);
    assert_int_equal(rows_of(worker, "UPDATE audit_log SET actor = 'nobody'", NULL), -1);
    assert_int_equal(rows_of(worker, "DELETE FROM usage_ledger", NULL), -1);
    assert_int_equal(rows_of(worker, "UPDATE tenants SET name = 'Jan'", NULL), 1);
    leave();
}

static void crossing_functions_are_few_and_closed_to_the_public(void **state)
{
    (void)state;
#define CROSSING "FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    char *names = postgres_ask("SELECT string_agg(proname, ' ' ORDER BY proname) " CROSSING);
    assert_string_equal(names, "accept_invite"
                               " add_own_tenant"
                               " answer_invite"
                               " begin_forwarding_check"
                               " begin_upkeep"
                               " cancel_any_number_order"
                               " cancel_number_order"
                               " cancel_orders_of_closed"
                               " change_own_number"
                               " claim_call_sid"
                               " claim_carrier_erasures"
                               " claim_number"
                               " claim_number_orders"
                               " claim_outbox"
                               " close_tenant"
                               " count_call"
                               " count_outbox"
                               " count_screened_call"
                               " end_carrier_erasure"
                               " end_session"
                               " enter_api_key"
                               " enter_call"
                               " enter_forwarding_check"
                               " erase_caller"
                               " erase_deleted_calls"
                               " erase_old"
                               " erase_recording"
                               " erase_tenant"
                               " finish_number_order"
                               " forget_call_sid"
                               " forget_limit"
                               " invite_shown"
                               " invites_of_person"
                               " is_operator"
                               " keep_tenant_code"
                               " keep_text_versions"
                               " known_numbers"
                               " lose_orders"
                               " make_call_event_partitions"
                               " note_stray_call"
                               " offered_numbers"
                               " own_order_json"
                               " own_orders_json"
                               " papers_json"
                               " place_number_order"
                               " place_number_work"
                               " pool_json"
                               " pool_orders_json"
                               " redeem_stream_token"
                               " refresh_session"
                               " release_own_number"
                               " restore_tenant"
                               " return_forwarding_check"
                               " route_call"
                               " route_code"
                               " route_more"
                               " set_number_papers"
                               " shared_number"
                               " sign_in"
                               " step_number_order"
                               " sweep_calls"
                               " sweep_leftovers"
                               " sweep_people"
                               " sweep_privacy"
                               " switch_tenant"
                               " take_limits"
                               " tenant_usage"
                               " tenants_of_person"
                               " voices_in_use");
    free(names);
    assert_int_equal(postgres_count("SELECT count(*) " CROSSING
                                    " AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl)"
                                    " WHERE grantee = 0))"),
                     0);
    assert_int_equal(postgres_count("SELECT count(*) " CROSSING
                                    " AND NOT 'search_path=pg_catalog, public, pg_temp' ="
                                    " ANY (coalesce(proconfig, '{}'))"),
                     0);
}

/* A view acts as whoever asks, so that row level security is the wall; or, where an index could not
 * be used under it, the view itself asks for the tenant. */
static void every_view_has_the_wall(void **state)
{
    (void)state;
    assert_int_equal(
        postgres_count("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                       " AND relkind IN ('v', 'm')"
                       " AND NOT coalesce(reloptions @> '{security_invoker=true}', false)"
                       " AND pg_get_viewdef(oid) NOT LIKE '%WHERE %tenant_id%karen_tenant()%'"),
        0);
    enter(jan);
    assert_int_equal(rows_of(worker, "SELECT FROM tenant_call_search", NULL), 1);
    assert_int_equal(rows_of(worker, "SELECT FROM tenant_contact_words", NULL), 1);
    assert_int_equal(rows_of(worker, "SELECT FROM inbox_rows", NULL), 1);
    leave();
    enter(NULL);
    assert_int_equal(rows_of(worker, "SELECT FROM tenant_call_search", NULL), 0);
    assert_int_equal(rows_of(worker, "SELECT FROM tenant_contact_words", NULL), 0);
    assert_int_equal(rows_of(worker, "SELECT FROM inbox_rows", NULL), 0);
    leave();
}

static void workers_role_is_without_power(void **state)
{
    (void)state;
#define ROLES "('karen_app', 'karen_operator')"
    assert_int_equal(postgres_count("SELECT count(*) FROM pg_roles WHERE rolname IN " ROLES " AND"
                                    " NOT (rolsuper OR rolbypassrls OR rolcreaterole OR"
                                    " rolcreatedb OR rolcanlogin)"),
                     2);
    assert_int_equal(postgres_count("SELECT count(*) FROM pg_class JOIN pg_roles r"
                                    " ON r.oid = relowner WHERE rolname IN " ROLES),
                     0);
    assert_int_equal(postgres_count("SELECT count(*) FROM pg_roles WHERE rolname IN " ROLES
                                    " AND has_schema_privilege(oid, 'public', 'CREATE')"),
                     0);
}

/* What an operator of the API may do with whose columns, out of the catalogue. */
static char *operators_columns(const char *privilege, const char *more)
{
    char *sql = xprintf("SELECT string_agg(DISTINCT %s, ' ' ORDER BY %s)"
                        " FROM information_schema.column_privileges"
                        " WHERE grantee = 'karen_operator' AND privilege_type = '%s'",
                        more, more, privilege);
    char *columns = postgres_ask(sql);
    free(sql);
    return columns;
}

static void operator_sees_who_and_how_much_but_no_word(void **state)
{
    (void)state;
    char *tables = operators_columns("SELECT", "table_name");
    assert_string_equal(tables,
                        "calls erasure_receipts number_pool operator_log outbox plans tenant_notes"
                        " tenant_phone_numbers tenants usage_ledger users");
    free(tables);
    static const char *const hidden[] = {
        "SELECT system_prompt FROM tenants",   "SELECT greeting_text FROM tenants",
        "SELECT vip_names FROM tenants",       "SELECT from_number FROM calls",
        "SELECT payload FROM outbox",          "SELECT text FROM call_turns",
        "SELECT reason FROM call_messages",    "SELECT summary FROM call_screenings",
        "SELECT snapshot FROM call_snapshots", "SELECT name FROM contacts",
        "SELECT change FROM audit_log",        "SELECT token_hash FROM user_sessions",
        "SELECT key_hash FROM api_keys",
    };
    must(owner, "BEGIN", NULL);
    must(owner, "SET LOCAL ROLE karen_operator", NULL);
    for (size_t i = 0; i < countof(hidden); i++)
        if (rows_of(owner, hidden[i], NULL) != -1)
            fail_msg("an operator may %s", hidden[i]);
    assert_int_equal(rows_of(owner, "SELECT id, name FROM tenants", NULL), 2);
    assert_int_equal(rows_of(owner, "SELECT id, service FROM calls", NULL), 2);
    must(owner, "ROLLBACK", NULL);
}

static void operator_changes_what_is_his(void **state)
{
    (void)state;
    char *columns = operators_columns("UPDATE", "table_name || '.' || column_name");
    assert_string_equal(
        columns, "outbox.attempts outbox.ended_at outbox.run_at outbox.status"
                 " plans.call_seconds_max plans.calls_per_month plans.members plans.numbers"
                 " plans.updated_at plans.version tenant_notes.notes tenant_notes.tenant_id"
                 " tenant_notes.updated_at tenants.limit_calls tenants.limit_members"
                 " tenants.limit_numbers tenants.plan tenants.status tenants.suspended_reason"
                 " tenants.trial_ends_at tenants.unpaid_since tenants.usage_anchor");
    free(columns);
    char *deletes = postgres_ask("SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM"
                                 " information_schema.table_privileges WHERE grantee ="
                                 " 'karen_operator' AND privilege_type = 'DELETE'");
    assert_string_equal(deletes, "tenant_notes");
    free(deletes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_of_a_tenant_has_the_wall),
        cmocka_unit_test(every_table_has_the_tenant_first_in_its_key),
        cmocka_unit_test(every_table_is_tried_here),
        cmocka_unit_test(forgotten_tenant_reads_nothing_of_others),
        cmocka_unit_test(forgotten_tenant_changes_nothing_of_others),
        cmocka_unit_test(forgotten_tenant_deletes_nothing_of_others),
        cmocka_unit_test(nothing_is_written_for_another_tenant),
        cmocka_unit_test(session_without_a_tenant_has_nothing),
        cmocka_unit_test(tenant_cannot_promote_itself),
        cmocka_unit_test(crossing_functions_are_few_and_closed_to_the_public),
        cmocka_unit_test(every_view_has_the_wall),
        cmocka_unit_test(workers_role_is_without_power),
        cmocka_unit_test(operator_sees_who_and_how_much_but_no_word),
        cmocka_unit_test(operator_changes_what_is_his),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
