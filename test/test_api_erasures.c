/* test/test_api_erasures.c: a caller forgotten at a person's word, with a receipt. */
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLER "+420602000111"
#define OTHER "+420602000222"
#define ASKED "{\"phone\":\"" CALLER "\"}"

static struct person owner, member;
static char path[100];

static void have_call(const char *tenant, const char *from, const char *status)
{
    char *sql = xprintf(
        "WITH c AS (INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, started_at,"
        "  status, ended_at) SELECT id, gen_random_uuid(), 'twilio', gen_random_uuid()::text, '%s',"
        "  now(), '%s', CASE WHEN '%s' <> 'in_progress' THEN now() END FROM tenants"
        "  WHERE name = '%s' RETURNING *),"
        " l AS (INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms,"
        "  text) SELECT tenant_id, id, 1, 'caller', 'said', 0, 1, 'secret' FROM c)"
        " INSERT INTO call_messages (tenant_id, call_id, tool_call_id, callback_number, reason)"
        "  SELECT tenant_id, id, 't', '" CALLER "', 'x' FROM c",
        from, status, status, tenant);
    postgres_run(sql);
    free(sql);
}

static int open_tenants(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    postgres_run("DELETE FROM tenants; DELETE FROM erasure_receipts; DELETE FROM operators");
    struct uuid tenant = api_tenant("Jan");
    api_tenant("Eva");
    owner = api_person(tenant, ROLE_OWNER, "+420601400001");
    member = api_person(tenant, ROLE_MEMBER, "+420601400002");
    uuid_print(tenant, id);
    snprintf(path, sizeof(path), "/api/tenants/%s/erasures", id);
    return 0;
}

static void caller_is_forgotten_and_nobody_else(void **state)
{
    (void)state;
    have_call("Jan", CALLER, "completed");
    have_call("Jan", CALLER, "completed");
    have_call("Jan", OTHER, "completed");
    have_call("Eva", CALLER, "completed");
    postgres_run("INSERT INTO contacts (tenant_id, id, phone, name) SELECT id, gen_random_uuid(),"
                 " '" CALLER "', 'Petr' FROM tenants;"
                 "INSERT INTO audit_log (tenant_id, actor, action, subject, change) SELECT id, 'x',"
                 " 'contact.add', '" CALLER "', '{\"phone\": [null, \"" CALLER "\"]}' FROM tenants;"
                 "INSERT INTO exports (tenant_id, id, made_by) SELECT id, id, 'x' FROM tenants;"
                 "INSERT INTO export_chunks (tenant_id, export_id, run, seq, data)"
                 " SELECT id, id, id, 0, 'PK' FROM tenants;"
                 "INSERT INTO idempotency_keys (tenant_id, key, operation, request_hash, claim,"
                 " status, answer) SELECT t.id, n, 'makeContact', sha256(n::bytea), t.id, 201,"
                 " convert_to('{\"phone\":\"' || n || '\"}', 'UTF8') FROM tenants t,"
                 " unnest(ARRAY['" CALLER "', '" OTHER "']) AS n");
    assert_int_equal(api_ask(&owner, HTTP_POST, ASKED, "%s", path), 201);
    assert_string_equal(api_value("erased.calls"), "2");
    assert_string_equal(api_value("erased.transcript_lines"), "2");
    assert_string_equal(api_value("erased.messages"), "2");
    assert_string_equal(api_value("erased.contacts"), "1");
    assert_string_equal(api_value("erased.mentions"), "1");
    assert_string_equal(api_value("erased.audit_entries"), "1");
    assert_string_equal(api_value("erased.exports"), "1"); /* it held him, too */
    assert_string_equal(api_value("live_calls"), "0");
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM export_chunks"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM idempotency_keys"), 3);
    assert_int_equal(postgres_count("SELECT count(*) FROM contacts"), 1);
#define JANS(table, what)                                                                          \
    "SELECT count(*) FROM " table " a JOIN tenants t ON t.id = a.tenant_id WHERE t.name = 'Jan'"   \
    " AND " what
    assert_int_equal(postgres_count(JANS("audit_log", "(subject = '" CALLER "' OR change::text LIKE"
                                                      " '%602000111%')")),
                     0);
    assert_int_equal(postgres_count(JANS("audit_log", "action = 'caller.erase'")), 1);
    assert_int_equal(postgres_count(JANS("call_messages", "callback_number IS NOT NULL")), 0);
}

static void unknown_caller_has_a_receipt_of_nothing(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&owner, HTTP_POST, ASKED, "%s", path), 201);
    assert_string_equal(api_value("erased.calls"), "0");
}

static void call_that_goes_on_is_said_to_be_left(void **state)
{
    (void)state;
    have_call("Jan", CALLER, "in_progress");
    assert_int_equal(api_ask(&owner, HTTP_POST, ASKED, "%s", path), 201);
    assert_string_equal(api_value("live_calls"), "1");
    assert_string_equal(api_value("erased.calls"), "0");
}

static void caller_of_very_many_calls_has_one_receipt(void **state)
{
    (void)state;
    postgres_run("INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, started_at,"
                 " status, ended_at) SELECT id, gen_random_uuid(), 'twilio',"
                 "  gen_random_uuid()::text, '" CALLER "', now(), 'completed', now()"
                 " FROM tenants, generate_series(1, 1100) WHERE name = 'Jan'");
    assert_int_equal(api_ask(&owner, HTTP_POST, ASKED, "%s", path), 201);
    assert_string_equal(api_value("erased.calls"), "1100");
    assert_int_equal(postgres_count("SELECT count(*) FROM erasure_receipts"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"), 1);
}

static void only_those_who_may_erase(void **state)
{
    (void)state;
    api_ask(&member, HTTP_POST, ASKED, "%s", path);
    api_expect_problem(403, "forbidden");
    api_ask(&owner, HTTP_POST, "{\"phone\":\"602\"}", "%s", path);
    api_expect_problem(422, "invalid");
    api_expect_field("/phone");
}

static void operators_see_receipts_without_the_caller(void **state)
{
    (void)state;
    have_call("Jan", CALLER, "completed");
    assert_int_equal(api_ask(&owner, HTTP_POST, ASKED, "%s", path), 201);
    api_ask(&member, HTTP_GET, NULL, "/api/operator/erasures");
    api_expect_problem(403, "forbidden");
    api_make_operator(&member);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "/api/operator/erasures"), 200);
    assert_string_equal(api_value("items.0.subject"), "caller");
    assert_string_equal(api_value("items.0.erased.calls"), "1");
    assert_null(strstr(buf_text(&api_world.body), "602000111"));
}

#define TEST(name) cmocka_unit_test_setup(name, open_tenants)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(caller_is_forgotten_and_nobody_else),
        TEST(unknown_caller_has_a_receipt_of_nothing),
        TEST(call_that_goes_on_is_said_to_be_left),
        TEST(caller_of_very_many_calls_has_one_receipt),
        TEST(only_those_who_may_erase),
        TEST(operators_see_receipts_without_the_caller),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
