/* test/test_inbox_plans.c: how PostgreSQL goes about the statements of the inbox and its figures,
 * at a size at which it has a choice: no table of calls is read from end to end, and of a tenant no
 * more than is shown. */
#include "base/mem.h"
#include "store/analytics.h"
#include "store/inbox_private.h"
#include "test/json_at.h"
#include "test/postgres.h"
#include "test/test.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS "40000" /* of which Jan has every eighth */

static PGconn *worker;
static cJSON *plan;

static char *ask(const char *sql)
{
    PGresult *result = PQexec(worker, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(worker));
    char *value = PQntuples(result) ? xstrdup(PQgetvalue(result, 0, 0)) : NULL;
    PQclear(result);
    return value;
}

static void run(const char *sql)
{
    free(ask(sql));
}

static const char fill_sql[] =
    "INSERT INTO tenants (id, name, owner_name, language)"
    " SELECT gen_random_uuid(), 'T' || n, 'Eva', 'cs' FROM generate_series(0, 40) AS n;"
    "INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, started_at, ended_at, "
    "status,"
    " viewed_at, note) SELECT t.id, gen_random_uuid(), 'twilio', 'S' || n,"
    " '+420' || 600000000 + n % 701, now() - n * interval '1 minute', now(), 'completed', now(),"
    " 'slovo' || n % 5000 FROM generate_series(1, " CALLS ") AS n JOIN tenants t"
    "  ON t.name = CASE n % 8 WHEN 0 THEN 'Jan' ELSE 'T' || n % 41 END;"
    "INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms, text)"
    " SELECT tenant_id, id, seq, 'caller', 'said', 0, 1, 'dobrý den' FROM calls,"
    "  generate_series(1, 2) AS seq;"
    "INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency, needs_follow_up,"
    " confidence, model) SELECT tenant_id, id, 'legitimate', 'none', 'low', false, 1, 'test'"
    " FROM calls;"
    "INSERT INTO contacts (tenant_id, id, phone, name) SELECT t.id, gen_random_uuid(),"
    " '+420' || 600000000 + n, 'Jméno' || n FROM generate_series(1, 700) AS n, tenants t";

static int open_worker(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    uuid_print(postgres_tenant("Jan"), id);
    postgres_run(fill_sql);
    postgres_run("VACUUM ANALYZE calls, call_turns, call_screenings, call_search, contacts");
    worker = PQconnectdb(postgres_url());
    run("SET ROLE karen_app; SET jit = off; SET plan_cache_mode = force_generic_plan");
    char *sql = xprintf("SELECT set_config('karen.tenant_id', '%s', false)", id);
    run(sql);
    free(sql);
    return 0;
}

static int close_worker(void **state)
{
    (void)state;
    PQfinish(worker);
    cJSON_Delete(plan);
    return 0;
}

/* As a worker runs it: prepared, so that the plan must do for any value. Carried out, too. */
static void explain(const char *types, const char *statement, const char *values)
{
    char *prepare = xprintf("PREPARE asked(%s) AS %s", types, statement);
    char *execute =
        xprintf("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked(karen_tenant(), %s)", values);
    run(prepare);
    char *json = ask(execute);
    run("DEALLOCATE asked");
    cJSON_Delete(plan);
    plan = cJSON_Parse(json);
    assert_non_null(plan);
    free(json);
    free(prepare);
    free(execute);
}

typedef void node_fn(const cJSON *node, void *arg);

/* Over every step of a plan, whatever it hangs on. */
static void each_node(const cJSON *item, node_fn *fn, void *arg)
{
    if (cJSON_IsObject(item) && json_at(item, "Node Type"))
        fn(item, arg);
    for (const cJSON *child = item ? item->child : NULL; child; child = child->next)
        each_node(child, fn, arg);
}

static void is_no_seq_scan(const cJSON *node, void *arg)
{
    (void)arg;
    static const char *const tables[] = {"calls", "call_turns", "call_screenings", "call_search",
                                         "contacts"};
    if (strcmp(json_text_at(node, "Node Type"), "Seq Scan") != 0)
        return;
    for (size_t i = 0; i < countof(tables); i++)
        if (strcmp(json_text_at(node, "Relation Name"), tables[i]) == 0)
            fail_msg("all of %s is read", tables[i]);
}

struct use {
    const char *index;
    int times;     /* in the plan */
    double looked; /* entries that were looked at */
};

static double number_at(const cJSON *node, const char *name)
{
    const cJSON *item = json_at(node, name);
    return item ? item->valuedouble : 0;
}

static void count_use(const cJSON *node, void *arg)
{
    struct use *use = arg;
    const cJSON *index = json_at(node, "Index Name");
    if (!index || strcmp(index->valuestring, use->index) != 0)
        return;
    use->times++;
    use->looked += (number_at(node, "Actual Rows") + number_at(node, "Rows Removed by Filter")) *
                   number_at(node, "Actual Loops");
}

static struct use use_of(const char *index)
{
    struct use use = {.index = index};
    each_node(plan, count_use, &use);
    return use;
}

#define TYPES                                                                                      \
    "uuid,text,timestamptz,timestamptz,text,text,text,text,text,uuid,boolean,boolean,integer"
#define PAGE_OF                                                                                    \
    "'253402300799000000.ffffffff-ffff-ffff-ffff-ffffffffffff', '-infinity', 'infinity', "
#define ANY "NULL, NULL, NULL, NULL, NULL, NULL, false, false, 50"

static void list_reads_no_more_than_its_page(void **state)
{
    (void)state;
    explain(TYPES, inbox_list_sql.plain, PAGE_OF ANY);
    each_node(plan, is_no_seq_scan, NULL);
    struct use newest = use_of("calls_newest"), rows = use_of("calls_pkey");
    assert_int_equal(newest.times, 1);
    assert_in_range((int)newest.looked, 51, 51);
    assert_true(rows.looked <= 50);
}

static void heap_is_read_for_no_call_that_a_filter_drops(void **state)
{
    (void)state;
    explain(TYPES, inbox_list_sql.plain,
            PAGE_OF "'fraud', NULL, NULL, 'filtered', NULL, NULL, false, false, 50");
    each_node(plan, is_no_seq_scan, NULL);
    assert_int_equal(use_of("calls_newest").looked,
                     5000); /* none fits: all of Jan's, in the index */
    assert_int_equal(use_of("calls_pkey").looked, 0);
}

static void days_of_long_ago_are_found_without_those_since(void **state)
{
    (void)state;
    char *days =
        ask("SELECT format('%L, %L', now() - interval '21 days', now() - interval '20 days')");
    char *values =
        xprintf("'253402300799000000.ffffffff-ffff-ffff-ffff-ffffffffffff', %s, " ANY, days);
    explain(TYPES, inbox_list_sql.plain, values);
    each_node(plan, is_no_seq_scan, NULL);
    assert_in_range((int)use_of("calls_newest").looked, 51, 51);
    free(days);
    free(values);
}

static void calls_of_a_number_are_found_by_it(void **state)
{
    (void)state;
    explain(TYPES ",text,uuid", inbox_list_sql.caller, PAGE_OF ANY ", '+420600000003', NULL");
    each_node(plan, is_no_seq_scan, NULL);
    struct use use = use_of("calls_from");
    assert_int_equal(use.times, 1);
    assert_in_range((int)use.looked, 1, 51);
}

static void common_word_is_found_among_the_newest(void **state)
{
    (void)state;
    explain(TYPES ",text,uuid,text", inbox_list_sql.words, PAGE_OF ANY ", NULL, NULL, 'slovo'");
    each_node(plan, is_no_seq_scan, NULL);
    assert_true(use_of("call_search_newest").looked <= 1000);
    assert_int_equal(use_of("call_search_words").looked, 0);
}

static void rare_word_is_found_by_the_index_of_words(void **state)
{
    (void)state;
    explain(TYPES ",text,uuid,text", inbox_list_sql.words, PAGE_OF ANY ", NULL, NULL, 'slovo4992'");
    each_node(plan, is_no_seq_scan, NULL);
    struct use use = use_of("call_search_words");
    assert_int_equal(use.times, 1);
    assert_in_range((int)use.looked, 1, 10); /* Jan's alone: not those of others */
    assert_true(use_of("call_search_newest").looked <= 1000);
    assert_true(use_of("calls_pkey").looked <= 20);
}

static void call_is_opened_by_its_key(void **state)
{
    (void)state;
    char *id = ask("SELECT quote_literal(id) FROM calls LIMIT 1");
    explain("uuid,uuid", inbox_get_sql, id);
    each_node(plan, is_no_seq_scan, NULL);
    assert_in_range((int)use_of("calls_pkey").looked, 1, 2);
    assert_int_equal(use_of("call_turns_pkey").looked, 2);
    free(id);
}

static void counts_come_of_the_index_alone(void **state)
{
    (void)state;
    char *prepare = xprintf("PREPARE counted(uuid) AS %s", inbox_counts_sql);
    run(prepare);
    free(prepare);
    char *json = ask("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE counted(karen_tenant())");
    cJSON_Delete(plan);
    plan = cJSON_Parse(json);
    free(json);
    each_node(plan, is_no_seq_scan, NULL);
    assert_int_equal(use_of("calls_newest").looked, 5000);
}

/* Six days and the hours around them, of 28. */
static void figures_are_counted_from_the_calls_of_their_days(void **state)
{
    (void)state;
    explain("uuid,date,date,integer,integer,integer,integer,integer,integer", analytics_sql,
            "(now() - interval '5 days')::date, (now() - interval '3 days')::date,"
            " 30, 366, 60, 120, 22, 34");
    each_node(plan, is_no_seq_scan, NULL);
    struct use use = use_of("calls_newest");
    assert_int_equal(use.times, 1);
    assert_in_range((int)use.looked, 6 * 180, 7 * 180);
    assert_int_equal(use_of("calls_pkey").times, 0);
}

static void export_goes_the_lists_ways(void **state)
{
    (void)state;
    explain(TYPES, inbox_export_sql.plain, PAGE_OF ANY);
    each_node(plan, is_no_seq_scan, NULL);
    assert_in_range((int)use_of("calls_newest").looked, 51, 51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_reads_no_more_than_its_page),
        cmocka_unit_test(heap_is_read_for_no_call_that_a_filter_drops),
        cmocka_unit_test(days_of_long_ago_are_found_without_those_since),
        cmocka_unit_test(calls_of_a_number_are_found_by_it),
        cmocka_unit_test(common_word_is_found_among_the_newest),
        cmocka_unit_test(rare_word_is_found_by_the_index_of_words),
        cmocka_unit_test(call_is_opened_by_its_key),
        cmocka_unit_test(counts_come_of_the_index_alone),
        cmocka_unit_test(figures_are_counted_from_the_calls_of_their_days),
        cmocka_unit_test(export_goes_the_lists_ways),
    };
    return cmocka_run_group_tests(tests, open_worker, close_worker);
}
