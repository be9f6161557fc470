/* test/test_api_number_orders.c: a tenant looks for numbers and gets one, from the pool or bought;
 * an operator runs the pool. */
#include "app/number_orderer.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOLED "+420228883490"
#define OURS "+420228883001" /* the sandbox's first number */
#define CZ "{\"country\":\"CZ\",\"kind\":\"local\"}"
#define US "{\"country\":\"US\",\"kind\":\"local\"}" /* sold without papers */

enum { WAIT_MS = 20000 };

static struct api_world *const w = &api_world;
static struct person jan, eva, boss; /* owner and member of a tenant; an operator */
static char tenant[UUID_TEXT_BYTES], orders[100], available[100], numbers[100];
static struct db *orderer_db;
static struct number_orderer *orderer;

static int open_tenants(void **state)
{
    static unsigned count;
    char phones[3][17];
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_orders;"
                 "DELETE FROM number_pool; DELETE FROM number_papers; DELETE FROM operator_log;"
                 "DELETE FROM tenants; DELETE FROM limit_counts");
    for (size_t i = 0; i < countof(phones); i++)
        snprintf(phones[i], sizeof(phones[i]), "+4206017%05u", ++count % 100000);
    struct uuid id = api_tenant("Novák Ltd");
    uuid_print(id, tenant);
    jan = api_person(id, ROLE_OWNER, phones[0]);
    eva = api_person(id, ROLE_MEMBER, phones[1]);
    boss = api_person(api_tenant("The operator"), ROLE_MEMBER, phones[2]);
    api_make_operator(&boss);
    snprintf(orders, sizeof(orders), "/api/tenants/%s/number-orders", tenant);
    snprintf(available, sizeof(available), "/api/tenants/%s/available-numbers", tenant);
    snprintf(numbers, sizeof(numbers), "/api/tenants/%s/phone-numbers", tenant);
    return 0;
}

static int close_tenants(void **state)
{
    (void)state;
    number_orderer_free(&orderer);
    db_close(&orderer_db);
    return 0;
}

static void start_orderer(void)
{
    const struct db_options options = {.url = postgres_url(), .role = DB_ROLE_APP};
    assert_int_equal(db_open(w->bench.loop, &options, &orderer_db), 0);
    orderer = number_orderer_new(&(struct number_orderer_options){
        .loop = w->bench.loop,
        .db = orderer_db,
        .rest = w->rest,
        .hooks = {"https://karen.test/telephony/inbound", "https://karen.test/telephony/inbound",
                  "https://karen.test/telephony/status"}});
}

static void wait_until(enum number_order_outcome outcome, uint64_t times)
{
    int64_t end_ms = loop_now_ms(w->bench.loop) + WAIT_MS;
    while (number_orderer_count(orderer, outcome) < times && loop_now_ms(w->bench.loop) < end_ms)
        loop_step(w->bench.loop, 100);
    assert_int_equal(number_orderer_count(orderer, outcome), times);
}

static void pro(void)
{
    postgres_run("UPDATE tenants SET plan = 'pro'");
}

static void pool_has(const char *number)
{
    char *sql = xprintf("INSERT INTO number_pool (number, country) VALUES ('%s', 'CZ')", number);
    postgres_run(sql);
    free(sql);
}

static char *made_id(void)
{
    return xstrdup(api_value("id"));
}

/* ---- a tenant -------------------------------------------------------------------------------- */

static void new_tenant_gets_a_number_of_its_country_from_the_pool(void **state)
{
    (void)state;
    pool_has(POOLED);
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "%s?country=CZ", available), 200);
    assert_string_equal(api_value("items.0.number"), POOLED);
    assert_string_equal(api_value("items.0.from"), "pool");
    assert_string_equal(api_value("carrier"), "not_asked"); /* on trial */
    assert_int_equal(api_ask(&jan, HTTP_POST, CZ, "%s", orders), 201);
    assert_string_equal(api_value("state"), "active");
    assert_string_equal(api_value("number"), POOLED);
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "%s", numbers), 200);
    assert_string_equal(api_value("items.0.number"), POOLED);
    assert_string_equal(api_value("items.0.is_primary"), "true");
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "%s?country=CZ", available), 200);
    assert_false(api_has("items.0"));
    assert_int_equal(api_sandbox_asked("available"), 0);
}

static void on_trial_nothing_is_bought_but_there_is_the_shared_number(void **state)
{
    (void)state;
    postgres_run("INSERT INTO number_pool (number, state) VALUES ('" POOLED "', 'shared')");
    assert_int_equal(api_ask(&jan, HTTP_POST, CZ, "%s", orders), 201);
    assert_string_equal(api_value("state"), "failed");
    assert_string_equal(api_value("failed_why"), "pool_empty");
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "%s", numbers), 200);
    assert_string_equal(api_value("shared.number"), POOLED);
}

static void expect_allowed(const char *allowed)
{
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "%s", numbers), 200);
    assert_string_equal(api_value("allowed"), allowed);
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s", tenant), 200);
    assert_string_equal(api_value("service.numbers_max"), allowed);
}

static void tenant_has_as_many_numbers_as_its_plan_allows(void **state)
{
    (void)state;
    pool_has(POOLED);
    pool_has("+420228883497");
    expect_allowed("1");
    assert_int_equal(api_ask(&jan, HTTP_POST, CZ, "%s", orders), 201);
    api_ask(&jan, HTTP_POST, CZ, "%s", orders);
    api_expect_problem(409, "limit_reached");
    assert_int_equal(
        api_ask(&boss, HTTP_PATCH, "{\"limit_numbers\":2}", "/api/operator/tenants/%s", tenant),
        200);
    expect_allowed("2");
    assert_int_equal(api_ask(&jan, HTTP_POST, CZ, "%s", orders), 201);
    assert_string_equal(api_value("number"), "+420228883497");
    pro();
    postgres_run("UPDATE tenants SET limit_numbers = NULL");
    expect_allowed("5");
    postgres_run("UPDATE plans SET numbers = NULL WHERE code = 'pro'");
    expect_allowed("null");
    assert_int_equal(api_ask(&jan, HTTP_POST, US, "%s", orders), 201);
    assert_string_equal(api_value("state"), "searching");
    postgres_run("UPDATE plans SET numbers = 5 WHERE code = 'pro'");
}

static void numbers_of_the_pool_and_of_the_carrier_are_offered(void **state)
{
    (void)state;
    pro();
    pool_has(POOLED);
    assert_int_equal(
        api_ask(&jan, HTTP_GET, NULL, "%s?country=CZ&contains=8883*9&limit=3", available), 200);
    assert_string_equal(api_value("carrier"), "asked");
    assert_string_equal(api_value("items.0.number"), POOLED);
    assert_string_equal(api_value("items.0.sms"), "null");
    assert_string_equal(api_value("items.1.from"), "carrier");
    assert_string_equal(api_value("items.1.number"), "+420228883091");
    assert_string_equal(api_value("items.1.papers_needed"), "true");
    assert_string_equal(api_value("items.1.sms"), "false");
    assert_string_equal(api_value("price.month_micro"), "1000000");
    assert_string_equal(api_value("price.currency"), "USD");
    assert_true(api_has("items.2"));
    assert_false(api_has("items.3"));
    api_ask(&jan, HTTP_GET, NULL, "%s?country=CZ&contains=8883490&limit=1", available);
    assert_string_equal(api_value("carrier"), "not_asked"); /* the pool has enough */
    assert_string_equal(api_value("price"), "null");
    api_ask(&jan, HTTP_GET, NULL, "%s?country=FR", available);
    assert_string_equal(api_value("carrier"), "not_sold");
    assert_false(api_has("items.0"));
}

static void number_that_an_order_means_to_buy_is_no_offer(void **state)
{
    (void)state;
    pro();
    postgres_run("INSERT INTO number_pool (number, state) VALUES ('+12015550000', 'buying')");
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "%s?country=US&limit=1", available), 200);
    assert_false(api_has("items.0"));
    api_ask(&jan, HTTP_GET, NULL, "%s?country=US&limit=2", available);
    assert_string_equal(api_value("items.0.number"), "+12015550007");
    assert_string_equal(api_value("items.0.papers_needed"), "false");
}

static void pool_is_shown_when_the_carrier_is_away(void **state)
{
    (void)state;
    pro();
    pool_has(POOLED);
    w->api.rest = api_dead_rest();
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "%s?country=CZ", available), 200);
    twilio_rest_free(&w->api.rest);
    w->api.rest = w->rest;
    assert_string_equal(api_value("carrier"), "away");
    assert_string_equal(api_value("items.0.number"), POOLED);
    assert_false(api_has("items.1"));
}

static void searches_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++)
        assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "%s?country=CZ", available), 200);
    api_ask(&jan, HTTP_GET, NULL, "%s?country=CZ", available);
    api_expect_problem(429, "too_many");
    assert_non_null(api_header("Retry-After"));
}

static void ordered_number_is_bought_and_shown_on_its_way(void **state)
{
    (void)state;
    pro();
    assert_int_equal(api_ask(&jan, HTTP_POST, US, "%s", orders), 201);
    assert_string_equal(api_value("state"), "searching");
    char *id = made_id();
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "%s/%s", orders, id), 200);
    assert_string_equal(api_value("ended_at"), "null");
    start_orderer();
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "%s/%s", orders, id), 200);
    assert_string_equal(api_value("state"), "active");
    char *number = xstrdup(api_value("number"));
    api_ask(&eva, HTTP_GET, NULL, "%s", numbers);
    assert_string_equal(api_value("items.0.number"), number);
    api_ask(&jan, HTTP_DELETE, NULL, "%s/%s", orders, id);
    api_expect_problem(409, "conflict"); /* it is bought */
    assert_non_null(strstr(api_sandbox_newest("buy_number"), "karen.test%2Ftelephony%2Finbound"));
    free(number);
    free(id);
}

static void order_that_waits_for_papers_says_so_and_can_be_cancelled(void **state)
{
    (void)state;
    pro();
    assert_int_equal(api_ask(&boss, HTTP_PUT,
                             "{\"country\":\"CZ\",\"kind\":\"mobile\",\"bundle_sid\":"
                             "\"BU00000000000000000000000000000099\",\"address_sid\":null}",
                             "/api/operator/number-papers"),
                     200); /* a bundle that is not there */
    start_orderer();
    api_ask(&jan, HTTP_POST, "{\"country\":\"CZ\",\"kind\":\"mobile\"}", "%s", orders);
    char *id = made_id();
    wait_until(NUMBER_ORDER_WAITING, 1);
    api_ask(&jan, HTTP_GET, NULL, "%s/%s", orders, id);
    assert_string_equal(api_value("state"), "waiting_for_bundle");
    assert_string_equal(api_value("bundle_state"), "none");
    assert_int_equal(api_ask(&jan, HTTP_DELETE, NULL, "%s/%s", orders, id), 204);
    api_ask(&jan, HTTP_GET, NULL, "%s/%s", orders, id);
    assert_string_equal(api_value("state"), "cancelled");
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/number-papers"), 200);
    assert_string_equal(api_value("items.0.bundle_state"), "none");
    free(id);
}

static void orders_come_in_pages_newest_first(void **state)
{
    (void)state;
    char *ids[3];
    pro();
    for (size_t i = 0; i < countof(ids); i++) {
        assert_int_equal(api_ask(&jan, HTTP_POST, US, "%s", orders), 201);
        ids[i] = made_id();
    }
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "%s?limit=2", orders), 200);
    assert_string_equal(api_value("items.0.id"), ids[2]);
    char *cursor = xstrdup(api_value("next_cursor"));
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "%s?limit=2&cursor=%s", orders, cursor), 200);
    assert_string_equal(api_value("items.0.id"), ids[0]);
    assert_string_equal(api_value("next_cursor"), "null");
    api_ask(&eva, HTTP_GET, NULL, "%s?cursor=nonsense", orders);
    api_expect_field("cursor");
    free(cursor);
    for (size_t i = 0; i < countof(ids); i++)
        free(ids[i]);
}

static void orders_of_a_day_are_counted_also_those_that_came_to_nothing(void **state)
{
    (void)state;
    pro();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(api_ask(&jan, HTTP_POST, US, "%s", orders), 201);
        char *id = made_id();
        assert_int_equal(api_ask(&jan, HTTP_DELETE, NULL, "%s/%s", orders, id), 204);
        free(id);
    }
    api_ask(&jan, HTTP_POST, US, "%s", orders);
    api_expect_problem(429, "too_many");
}

static void order_with_a_key_is_placed_once(void **state)
{
    static const char *const headers[] = {"Content-Type: application/json", "Idempotency-Key: once",
                                          NULL};
    (void)state;
    pro();
    assert_int_equal(api_ask_with(&jan, HTTP_POST, headers, str_of(US), orders), 201);
    char *id = made_id();
    assert_int_equal(api_ask_with(&jan, HTTP_POST, headers, str_of(US), orders), 201);
    assert_string_equal(api_value("id"), id);
    assert_int_equal(postgres_count("SELECT count(*) FROM number_orders"), 1);
    free(id);
}

static void wanted_number_is_ordered_by_one_alone(void **state)
{
    (void)state;
    pro();
    pool_has(POOLED);
    static const char wanted[] =
        "{\"country\":\"US\",\"kind\":\"local\",\"number\":\"+12015550140\"}";
    assert_int_equal(api_ask(&jan, HTTP_POST, wanted, "%s", orders), 201);
    assert_string_equal(api_value("wanted"), "+12015550140");
    api_ask(&jan, HTTP_POST, wanted, "%s", orders);
    api_expect_problem(409, "number_taken");
    postgres_run("UPDATE number_pool SET state = 'shared'");
    api_ask(&jan, HTTP_POST, "{\"country\":\"CZ\",\"kind\":\"local\",\"number\":\"" POOLED "\"}",
            "%s", orders);
    api_expect_problem(409, "number_taken");
}

static void suspended_tenant_orders_nothing(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET status = 'suspended'");
    api_ask(&jan, HTTP_POST, CZ, "%s", orders);
    api_expect_problem(409, "wrong_status");
}

/* ---- the operator ---------------------------------------------------------------------------- */

static void operator_buys_for_the_pool_and_it_comes_and_goes(void **state)
{
    (void)state;
    start_orderer();
    assert_int_equal(api_ask(&boss, HTTP_POST,
                             "{\"work\":\"buy\",\"country\":\"US\",\"kind\":\"local\"}",
                             "/api/operator/number-orders"),
                     201);
    assert_string_equal(api_value("tenant_id"), "null");
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/numbers?state=free"), 200);
    char *number = xstrdup(api_value("items.0.number"));
    assert_string_equal(api_value("items.0.country"), "US");
    assert_string_equal(api_value("items.0.kind"), "local");
    assert_int_equal(api_ask(&boss, HTTP_POST, NULL, "/api/operator/numbers/%s/release", number),
                     201);
    assert_string_equal(api_value("work"), "release");
    wait_until(NUMBER_ORDER_DONE, 2);
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/numbers");
    assert_false(api_has("items.0"));
    assert_int_equal(api_ask(&boss, HTTP_POST, NULL, "/api/operator/numbers/%s/release", number),
                     404);
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/number-orders?state=released"),
                     200);
    assert_string_equal(api_value("items.0.number"), number);
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/log"), 200);
    assert_string_equal(api_value("items.0.action"), "number.release");
    assert_string_equal(api_value("items.1.action"), "number_order.add");
    free(number);
}

static void operator_takes_a_number_over_for_a_tenant(void **state)
{
    (void)state;
    start_orderer();
    assert_int_equal(api_ask(&boss, HTTP_POST,
                             arena_printf(&w->bench.arena,
                                          "{\"work\":\"import\",\"number\":\"" OURS
                                          "\",\"tenant_id\":\"%s\",\"is_primary\":true}",
                                          tenant),
                             "/api/operator/number-orders"),
                     201);
    wait_until(NUMBER_ORDER_DONE, 1);
    api_ask(&jan, HTTP_GET, NULL, "%s", numbers);
    assert_string_equal(api_value("items.0.number"), OURS);
    assert_string_equal(api_value("items.0.is_primary"), "true");
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/numbers?limit=1"), 200);
    assert_string_equal(api_value("items.0.tenant_name"), "Novák Ltd");
    assert_string_equal(api_value("items.0.state"), "assigned");
    api_ask(&boss, HTTP_POST, NULL, "/api/operator/numbers/" OURS "/release");
    api_expect_problem(409, "in_use");
    api_ask(&boss, HTTP_POST, "{\"work\":\"import\",\"number\":\"" OURS "\"}",
            "/api/operator/number-orders");
    api_expect_problem(409, "number_taken");
}

static void plan_does_not_bind_an_operator(void **state)
{
    (void)state;
    char *wish = xprintf(
        "{\"work\":\"buy\",\"country\":\"US\",\"kind\":\"local\",\"tenant_id\":\"%s\"}", tenant);
    for (int i = 0; i < 2; i++) { /* on trial, with room for one */
        assert_int_equal(api_ask(&boss, HTTP_POST, wish, "/api/operator/number-orders"), 201);
        assert_string_equal(api_value("state"), "searching");
        assert_string_equal(api_value("tenant_id"), tenant);
    }
    char *id = made_id();
    assert_int_equal(api_ask(&boss, HTTP_DELETE, NULL, "/api/operator/number-orders/%s", id), 204);
    api_ask(&jan, HTTP_GET, NULL, "%s/%s", orders, id);
    assert_string_equal(api_value("state"), "cancelled");
    api_ask(&boss, HTTP_DELETE, NULL, "/api/operator/number-orders/%s", id);
    api_expect_problem(409, "conflict");
    assert_int_equal(api_ask(&boss, HTTP_DELETE, NULL, "/api/operator/number-orders/%s", tenant),
                     404);
    free(id);
    free(wish);
}

static void operators_order_names_what_is_missing(void **state)
{
    static const struct {
        const char *json, *field;
    } cases[] = {
        {"{\"work\":\"import\"}", "/number"},
        {"{\"work\":\"buy\",\"kind\":\"local\"}", "/country"},
        {"{\"work\":\"buy\",\"country\":\"US\"}", "/kind"},
        {"{\"work\":\"import\",\"number\":\"" OURS
         "\",\"tenant_id\":\"0190b5a0-7b6c-7f00-8000-00000000abcd\"}",
         "/tenant_id"},
        {"{\"work\":\"buy\",\"country\":\"US\",\"kind\":\"local\","
         "\"tenant_id\":\"0190b5a0-7b6c-7f00-8000-00000000abcd\"}",
         "/tenant_id"},
        {"{\"work\":\"release\",\"number\":\"" OURS "\"}", "/work"},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(api_ask(&boss, HTTP_POST, cases[i].json, "/api/operator/number-orders"),
                         422);
        api_expect_field(cases[i].field);
    }
    assert_int_equal(postgres_count("SELECT count(*) FROM number_orders"), 0);
}

static void pool_comes_in_pages(void **state)
{
    (void)state;
    pool_has(POOLED);
    pool_has("+420228883497");
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/numbers?limit=1"), 200);
    assert_string_equal(api_value("items.0.number"), POOLED);
    char *cursor = xstrdup(api_value("next_cursor"));
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/numbers?limit=1&cursor=%s", cursor);
    assert_string_equal(api_value("items.0.number"), "+420228883497");
    assert_string_equal(api_value("next_cursor"), "null");
    free(cursor);
}

static void papers_are_kept_by_country_and_kind(void **state)
{
    static const char *const papers[] = {
        "{\"country\":\"CZ\",\"kind\":\"local\",\"bundle_sid\":null,\"address_sid\":null}",
        "{\"country\":\"CZ\",\"kind\":\"local\",\"bundle_sid\":"
        "\"BU00000000000000000000000000000001\",\"address_sid\":"
        "\"AD00000000000000000000000000000002\"}"};
    (void)state;
    for (size_t i = 0; i < countof(papers); i++)
        assert_int_equal(api_ask(&boss, HTTP_PUT, papers[i], "/api/operator/number-papers"), 200);
    assert_string_equal(api_value("address_sid"), "AD00000000000000000000000000000002");
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/number-papers"), 200);
    assert_string_equal(api_value("items.0.bundle_sid"), "BU00000000000000000000000000000001");
    assert_string_equal(api_value("items.0.bundle_state"), "null");
    assert_false(api_has("items.1"));
    api_ask(&boss, HTTP_PUT,
            "{\"country\":\"CZ\",\"kind\":\"local\",\"bundle_sid\":\"BU1\",\"address_sid\":null}",
            "/api/operator/number-papers");
    api_expect_field("/bundle_sid");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_tenants, close_tenants)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(new_tenant_gets_a_number_of_its_country_from_the_pool),
        TEST(on_trial_nothing_is_bought_but_there_is_the_shared_number),
        TEST(tenant_has_as_many_numbers_as_its_plan_allows),
        TEST(numbers_of_the_pool_and_of_the_carrier_are_offered),
        TEST(number_that_an_order_means_to_buy_is_no_offer),
        TEST(pool_is_shown_when_the_carrier_is_away),
        TEST(searches_are_counted),
        TEST(ordered_number_is_bought_and_shown_on_its_way),
        TEST(order_that_waits_for_papers_says_so_and_can_be_cancelled),
        TEST(orders_come_in_pages_newest_first),
        TEST(orders_of_a_day_are_counted_also_those_that_came_to_nothing),
        TEST(order_with_a_key_is_placed_once),
        TEST(wanted_number_is_ordered_by_one_alone),
        TEST(suspended_tenant_orders_nothing),
        TEST(operator_buys_for_the_pool_and_it_comes_and_goes),
        TEST(operator_takes_a_number_over_for_a_tenant),
        TEST(plan_does_not_bind_an_operator),
        TEST(operators_order_names_what_is_missing),
        TEST(pool_comes_in_pages),
        TEST(papers_are_kept_by_country_and_kind),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
