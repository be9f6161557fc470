/* test/test_number_orderer.c: orders of numbers carried out at the sandbox's Twilio: bought once
 * whatever happens, with papers or none, taken over, given back. A worker is an orderer with
 * connections of its own; it dies when they are closed. */
#include "app/number_orderer.h"

#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "sandbox/twilio.h"
#include "store/number_orders.h"
#include "store/numbers.h"
#include "test/api.h"
#include "test/json_at.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 20000 };

static struct api_world *const w = &api_world;
static struct uuid jan;

/* ---- workers --------------------------------------------------------------------------------- */

static struct worker {
    struct db *db;
    struct number_orderer *orderer;
} workers[2];

static void start_with(struct worker *worker, struct twilio_rest *rest)
{
    const struct db_options options = {.url = postgres_url(), .role = DB_ROLE_APP};
    assert_int_equal(db_open(w->bench.loop, &options, &worker->db), 0);
    worker->orderer = number_orderer_new(&(struct number_orderer_options){
        .loop = w->bench.loop,
        .db = worker->db,
        .rest = rest,
        .hooks = {"https://k.example/in", "https://k.example/again", "https://k.example/news"}});
}

static void start(void)
{
    start_with(&workers[0], w->rest);
}

static void kill_worker(struct worker *worker)
{
    number_orderer_free(&worker->orderer);
    db_close(&worker->db);
}

static uint64_t counted(enum number_order_outcome outcome)
{
    uint64_t count = 0;
    for (size_t i = 0; i < countof(workers); i++)
        if (workers[i].orderer)
            count += number_orderer_count(workers[i].orderer, outcome);
    return count;
}

static void wait_until(enum number_order_outcome outcome, uint64_t count)
{
    int64_t end_ms = loop_now_ms(w->bench.loop) + WAIT_MS;
    while (counted(outcome) < count && loop_now_ms(w->bench.loop) < end_ms)
        loop_step(w->bench.loop, 100);
    assert_int_equal(counted(outcome), count);
}

static void wait_until_asked(const char *endpoint, int64_t count)
{
    int64_t end_ms = loop_now_ms(w->bench.loop) + WAIT_MS;
    while (api_sandbox_asked(endpoint) < count && loop_now_ms(w->bench.loop) < end_ms)
        loop_step(w->bench.loop, 0);
    assert_int_equal(api_sandbox_asked(endpoint), count);
}

/* Whatever waits is due, and whoever listens hears of it. */
static void hurry(void)
{
    postgres_run("UPDATE number_orders SET run_at = now() WHERE ended_at IS NULL;"
                 "SELECT pg_notify('karen_number_orders', '')");
}

/* ---- orders ---------------------------------------------------------------------------------- */

static struct {
    bool done;
    int err;
    char id[UUID_TEXT_BYTES];
} placed;

static void on_placed(int err, struct str json, void *arg)
{
    (void)arg;
    placed.done = true;
    placed.err = err;
    cJSON *order = err ? NULL : cJSON_ParseWithLength(json.at, json.bytes);
    if (order && json_at(order, "id"))
        snprintf(placed.id, sizeof(placed.id), "%s", json_text_at(order, "id"));
    cJSON_Delete(order);
}

static int wait_placed(void)
{
    bench_wait(&w->bench, &placed.done);
    placed.done = false;
    return placed.err;
}

static void place(struct uuid tenant, const char *wish)
{
    number_orders_place(w->bench.app, tenant, wish, "test", on_placed, NULL, NULL);
    assert_int_equal(wait_placed(), 0);
}

static int import(const char *number, struct uuid tenant)
{
    const struct number_import wanted = {.number = number, .tenant = tenant};
    number_orders_import(w->db_operator, &wanted, "operator:test", on_placed, NULL, NULL);
    return wait_placed();
}

static int release(const char *number)
{
    number_orders_release(w->db_operator, number, "operator:test", on_placed, NULL, NULL);
    return wait_placed();
}

static void papers(const char *country, const char *kind, const char *bundle, const char *address)
{
    const struct number_papers wanted = {country, kind, bundle, address};
    number_papers_set(w->db_operator, &wanted, "operator:test", on_placed, NULL, NULL);
    assert_int_equal(wait_placed(), 0);
}

/* A column of the order placed last. */
static const char *order(const char *column)
{
    static char text[4][200];
    static size_t next;
    char *out = text[next++ % countof(text)];
    char *sql = xprintf("SELECT coalesce((%s)::text, '-') FROM number_orders WHERE id = '%s'",
                        column, placed.id);
    char *value = postgres_ask(sql);
    snprintf(out, sizeof(text[0]), "%s", value);
    free(value);
    free(sql);
    return out;
}

#define NUMBERS(where) postgres_count("SELECT count(*) FROM number_pool WHERE " where)

/* ---- the carrier ----------------------------------------------------------------------------- */

static void fault(const char *json)
{
    struct fault one;
    const char *why = NULL;
    if (fault_read(str_of(json), &one, &why))
        fail_msg("%s", why);
    assert_int_equal(faults_add(sandbox_faults(w->sandbox), &one), 0);
}

static void no_faults(void)
{
    faults_reset(sandbox_faults(w->sandbox), NULL);
}

static void bundle(const char *json)
{
    const char *why = NULL;
    if (twilio_order_bundle(sandbox_party(w->sandbox, PARTY_TWILIO)->state, str_of(json), &why))
        fail_msg("%s", why);
}

static int set_up(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_orders;"
                 "DELETE FROM number_pool; DELETE FROM number_papers; DELETE FROM operator_log;"
                 "DELETE FROM tenants");
    jan = api_tenant("Jan");
    postgres_run("UPDATE tenants SET plan = 'pro'");
    no_faults();
    seen_reset(sandbox_party(w->sandbox, PARTY_TWILIO)->seen);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(workers); i++)
        kill_worker(&workers[i]);
    no_faults();
    return 0;
}

#define US "{\"country\":\"US\",\"kind\":\"local\"}" /* sold without papers */
#define CZ "{\"country\":\"CZ\",\"kind\":\"local\"}"
#define DE "{\"country\":\"DE\",\"kind\":\"mobile\"}"

/* ---- bought ---------------------------------------------------------------------------------- */

static void ordered_number_is_bought_pointed_at_us_and_given(void **state)
{
    (void)state;
    start();
    place(jan, "{\"country\":\"US\",\"kind\":\"local\",\"contains\":\"5550*4\"}");
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_string_equal(order("state"), "active");
    assert_string_equal(order("number"), "+12015550042"); /* the first like that */
    const char *bought = api_sandbox_newest("buy_number");
    assert_non_null(strstr(bought, "VoiceUrl=https%3A%2F%2Fk.example%2Fin&VoiceMethod=POST"));
    assert_non_null(strstr(bought, "VoiceFallbackUrl=https%3A%2F%2Fk.example%2Fagain"));
    assert_non_null(strstr(bought, "StatusCallback=https%3A%2F%2Fk.example%2Fnews"));
    assert_non_null(strstr(bought, placed.id)); /* its name */
    assert_int_equal(NUMBERS("state = 'assigned' AND twilio_sid LIKE 'PN%' AND country = 'US'"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM tenant_phone_numbers n JOIN tenants t"
                                    " ON t.id = n.tenant_id WHERE n.is_primary AND t.name = 'Jan'"
                                    " AND n.twilio_number = '+12015550042'"),
                     1);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM audit_log WHERE action = 'number.assign'"), 1);
}

static void order_waits_for_a_worker_to_come(void **state)
{
    (void)state;
    place((struct uuid){0}, US);
    assert_string_equal(order("state"), "searching");
    start();
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_int_equal(NUMBERS("state = 'free' AND kind = 'local'"), 1); /* the pool's */
}

static void two_workers_buy_each_order_once(void **state)
{
    (void)state;
    start();
    start_with(&workers[1], w->rest);
    for (int i = 0; i < 6; i++)
        place((struct uuid){0}, US);
    wait_until(NUMBER_ORDER_DONE, 6);
    assert_int_equal(NUMBERS("state = 'free'"), 6);
    assert_int_equal(api_sandbox_asked("buy_number"), 6);
}

static void worker_killed_before_it_wrote_the_purchase_down_bought_once(void **state)
{
    (void)state;
    fault("{\"party\":\"twilio\",\"endpoint\":\"buy_number\",\"act\":\"lose\",\"times\":1}");
    fault("{\"party\":\"twilio\",\"endpoint\":\"numbers\",\"act\":\"stall\",\"times\":1}");
    start();
    place(jan, US);
    wait_until_asked("numbers", 1); /* bought over there, and nobody here knows */
    kill_worker(&workers[0]);
    assert_string_equal(order("state"), "buying");
    start();
    hurry();
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_string_equal(order("state"), "active");
    assert_int_equal(api_sandbox_asked("buy_number"), 1);
    assert_int_equal(NUMBERS("state = 'assigned'"), 1);
}

static void worker_killed_before_the_purchase_leaves_it_to_the_next(void **state)
{
    (void)state;
    fault("{\"party\":\"twilio\",\"endpoint\":\"buy_number\",\"act\":\"stall\",\"times\":1}");
    start();
    place(jan, US);
    wait_until_asked("buy_number", 1);
    kill_worker(&workers[0]);
    start();
    hurry();
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_int_equal(api_sandbox_asked("buy_number"), 2); /* the first was never carried out */
    assert_int_equal(NUMBERS("true"), 1);
}

static void number_that_somebody_else_was_quicker_to_buy_is_not_the_last(void **state)
{
    (void)state;
    fault("{\"party\":\"twilio\",\"endpoint\":\"buy_number\",\"act\":\"error\",\"status\":400,"
          "\"code\":\"21422\",\"times\":1}");
    start();
    place(jan, US);
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_string_equal(order("searches"), "1");
    assert_int_equal(NUMBERS("true"), 1);
}

static void search_ends_when_others_are_always_quicker(void **state)
{
    (void)state;
    fault("{\"party\":\"twilio\",\"endpoint\":\"buy_number\",\"act\":\"error\",\"status\":400,"
          "\"code\":\"21422\"}");
    start();
    place(jan, US);
    wait_until(NUMBER_ORDER_FAILED, 1);
    assert_string_equal(order("failed_why"), "none_available");
    assert_int_equal(api_sandbox_asked("buy_number"), NUMBER_ORDERER_SEARCHES_MAX);
    assert_int_equal(NUMBERS("true"), 0);
}

static void wanted_number_is_bought_or_none(void **state)
{
    (void)state;
    start();
    place(jan, "{\"country\":\"US\",\"kind\":\"local\",\"number\":\"+12015550700\"}");
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_string_equal(order("number"), "+12015550700");
    place(jan, "{\"country\":\"US\",\"kind\":\"local\",\"number\":\"+12015550701\"}");
    wait_until(NUMBER_ORDER_FAILED, 1); /* it is not for sale */
    assert_string_equal(order("failed_why"), "number_taken");
    assert_string_equal(order("number"), "-");
    assert_int_equal(api_sandbox_asked("buy_number"), 1);
}

static void what_the_carrier_refuses_ends_with_a_reason(void **state)
{
    static const struct {
        const char *endpoint;
        int status, code;
        const char *why;
    } cases[] = {
        {"buy_number", 400, 21421, "refused"},
        {"buy_number", 400, 21404, "account_full"},
        {"available", 404, 20404, "not_sold"},
    };
    (void)state;
    start();
    for (size_t i = 0; i < countof(cases); i++) {
        char *json = xprintf("{\"party\":\"twilio\",\"endpoint\":\"%s\",\"act\":\"error\","
                             "\"status\":%d,\"code\":\"%d\",\"times\":1}",
                             cases[i].endpoint, cases[i].status, cases[i].code);
        fault(json);
        free(json);
        place(jan, US);
        wait_until(NUMBER_ORDER_FAILED, i + 1);
        assert_string_equal(order("failed_why"), cases[i].why);
    }
    place(jan, "{\"country\":\"US\",\"kind\":\"local\",\"contains\":\"999999\"}");
    wait_until(NUMBER_ORDER_FAILED, countof(cases) + 1);
    assert_string_equal(order("failed_why"), "none_available");
    assert_int_equal(NUMBERS("true"), 0);
}

static void carrier_that_is_away_is_asked_later_and_later(void **state)
{
    (void)state;
    struct twilio_rest *dead = api_dead_rest();
    start_with(&workers[0], dead);
    place(jan, US);
    wait_until(NUMBER_ORDER_PUT_OFF, 1);
    assert_string_equal(order("state"), "searching");
    assert_string_equal(
        order("run_at > now() + interval '3 s' AND run_at < now() + interval '6 s'"), "true");
    postgres_run("UPDATE number_orders SET attempts = 5");
    hurry();
    wait_until(NUMBER_ORDER_PUT_OFF, 2);
    assert_string_equal(order("run_at > now() + interval '150 s'"), "true");
    postgres_run("UPDATE number_orders SET attempts = 1000000");
    hurry();
    wait_until(NUMBER_ORDER_PUT_OFF, 3);
    assert_string_equal(order("run_at BETWEEN now() + interval '14 min' AND now()"
                              " + interval '15 min'"),
                        "true");
    kill_worker(&workers[0]);
    twilio_rest_free(&dead);
    start();
    hurry();
    wait_until(NUMBER_ORDER_DONE, 1);
}

static void order_cancelled_in_the_middle_buys_nothing(void **state)
{
    (void)state;
    char first[UUID_TEXT_BYTES];
    struct uuid id;
    struct ending ending = {0};
    fault("{\"party\":\"twilio\",\"endpoint\":\"available\",\"act\":\"none\",\"delay_ms\":150,"
          "\"times\":1}");
    start();
    place(jan, US);
    memcpy(first, placed.id, sizeof(first));
    uuid_parse(str_of(first), &id);
    wait_until_asked("available", 1);
    number_orders_cancel(w->bench.app, jan, id, "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w->bench, &ending), 0);
    fault("{\"party\":\"twilio\",\"endpoint\":\"available\",\"act\":\"none\",\"delay_ms\":400,"
          "\"times\":1}");
    place((struct uuid){0}, US); /* is bought when the first one's offers have long come */
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_int_equal(api_sandbox_asked("buy_number"), 1);
    memcpy(placed.id, first, sizeof(first));
    assert_string_equal(order("state"), "cancelled");
    number_orders_cancel(w->bench.app, jan, id, "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w->bench, &ending), EBUSY);
}

static void tenant_that_closes_gets_nothing_more(void **state)
{
    (void)state;
    place(jan, US);
    char waiting[UUID_TEXT_BYTES];
    memcpy(waiting, placed.id, sizeof(waiting));
    fault("{\"party\":\"twilio\",\"endpoint\":\"buy_number\",\"act\":\"stall\",\"times\":1}");
    postgres_run("UPDATE number_orders SET run_at = now() + interval '1 hour'");
    start();
    place(jan, US);
    wait_until_asked("buy_number", 1);
    postgres_run("UPDATE tenants SET status = 'cancelled'");
    kill_worker(&workers[0]);
    start();
    hurry();
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_int_equal(NUMBERS("state = 'free'"), 1); /* bought, and nobody's */
    memcpy(placed.id, waiting, sizeof(waiting));
    assert_string_equal(order("state"), "cancelled");
}

/* ---- papers ---------------------------------------------------------------------------------- */

static void approved_papers_of_the_account_are_found(void **state)
{
    (void)state;
    start();
    place(jan, CZ);
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_string_equal(order("bundle_state"), "approved");
    assert_non_null(strstr(api_sandbox_newest("buy_number"), order("bundle_sid")));
}

#define BU "BU000000000000000000000000000000dd"

static void papers_that_are_being_read_are_waited_for(void **state)
{
    (void)state;
    bundle("{\"sid\":\"" BU "\",\"status\":\"in-review\",\"country\":\"DE\",\"type\":\"mobile\","
           "\"name\":\"x\"}");
    papers("DE", "mobile", BU, NULL);
    start();
    place(jan, DE);
    wait_until(NUMBER_ORDER_WAITING, 1);
    assert_string_equal(order("state"), "waiting_for_bundle");
    assert_string_equal(order("bundle_sid"), BU);
    assert_string_equal(order("bundle_state"), "in_review");
    assert_int_equal(api_sandbox_asked("buy_number"), 0);
    bundle("{\"sid\":\"" BU "\",\"status\":\"twilio-rejected\"}");
    hurry();
    wait_until(NUMBER_ORDER_WAITING, 2);
    assert_string_equal(order("bundle_state"), "rejected");
    bundle("{\"sid\":\"" BU "\",\"status\":\"twilio-approved\"}");
    papers("DE", "mobile", BU, NULL); /* whoever waits looks at once */
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_string_equal(order("bundle_state"), "approved");
    assert_non_null(strstr(api_sandbox_newest("buy_number"), "BundleSid=" BU));
}

static void order_without_any_papers_waits_for_some(void **state)
{
    (void)state;
    bundle("{\"sid\":\"BU0000000000000000000000000000000a\",\"status\":\"draft\"}"); /* AT's */
    start();
    place(jan, "{\"country\":\"AT\",\"kind\":\"local\"}");
    wait_until(NUMBER_ORDER_WAITING, 1);
    assert_string_equal(order("bundle_state"), "none");
    papers("AT", "local", NULL, "AD00000000000000000000000000000001");
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_non_null(strstr(api_sandbox_newest("buy_number"), "AddressSid=AD"));
}

static void papers_are_not_waited_for_for_ever(void **state)
{
    (void)state;
    bundle("{\"sid\":\"" BU "\",\"status\":\"draft\",\"country\":\"DE\",\"type\":\"mobile\","
           "\"name\":\"x\"}");
    papers("DE", "mobile", BU, NULL);
    start();
    place(jan, DE);
    wait_until(NUMBER_ORDER_WAITING, 1);
    postgres_run("UPDATE number_orders SET attempts = 1439");
    hurry();
    wait_until(NUMBER_ORDER_FAILED, 1);
    assert_string_equal(order("failed_why"), "papers_missing");
}

static void papers_that_the_carrier_does_not_take_are_tried_a_few_times(void **state)
{
    (void)state;
    fault("{\"party\":\"twilio\",\"endpoint\":\"buy_number\",\"act\":\"error\",\"status\":400,"
          "\"code\":\"21649\"}");
    start();
    place(jan, CZ);
    for (uint64_t i = 1; i < NUMBER_ORDERER_SEARCHES_MAX; i++) {
        wait_until(NUMBER_ORDER_WAITING, i);
        assert_int_equal(NUMBERS("true"), 0); /* what it claimed is let go */
        hurry();
    }
    wait_until(NUMBER_ORDER_FAILED, 1);
    assert_string_equal(order("failed_why"), "papers_refused");
    assert_int_equal(api_sandbox_asked("buy_number"), NUMBER_ORDERER_SEARCHES_MAX);
}

/* ---- taken over, given back ------------------------------------------------------------------ */

#define OURS "+420228883001" /* the sandbox's first number */

static void number_that_is_ours_is_taken_over_for_a_tenant(void **state)
{
    (void)state;
    start();
    assert_int_equal(import(OURS, jan), 0);
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_string_equal(order("state"), "active");
    assert_non_null(
        strstr(api_sandbox_newest("update_number"), "VoiceUrl=https%3A%2F%2Fk.example%2Fin"));
    assert_int_equal(NUMBERS("number = '" OURS "' AND state = 'assigned' AND country = 'CZ'"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM tenant_phone_numbers WHERE is_primary"
                                    " AND twilio_number = '" OURS "'"),
                     1);
    assert_int_equal(import(OURS, jan), EEXIST);
    assert_int_equal(import("+420228883099", uuid_new(1)), ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM operator_log"
                                    " WHERE action = 'number.import' AND subject = '" OURS "'"),
                     1);
}

static void number_that_is_not_ours_is_not_taken_over(void **state)
{
    (void)state;
    start();
    assert_int_equal(import("+420228883099", (struct uuid){0}), 0);
    wait_until(NUMBER_ORDER_FAILED, 1);
    assert_string_equal(order("failed_why"), "not_ours");
    assert_int_equal(NUMBERS("true"), 0);
}

static void number_goes_back_to_the_carrier_when_it_has_rested(void **state)
{
    (void)state;
    char number[20];
    struct ending ending = {0};
    start();
    place(jan, US);
    wait_until(NUMBER_ORDER_DONE, 1);
    snprintf(number, sizeof(number), "%s", order("number"));
    assert_int_equal(release(number), EBUSY); /* it is Jan's */
    numbers_give_back(w->bench.app, jan, number, "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w->bench, &ending), 0);
    assert_int_equal(release(number), EBUSY); /* his phone may still forward to it */
    postgres_run("UPDATE number_pool SET free_at = now()");
    assert_int_equal(release(number), 0);
    wait_until(NUMBER_ORDER_DONE, 2);
    assert_string_equal(order("state"), "released");
    assert_string_equal(order("number"), number);
    assert_int_equal(api_sandbox_asked("release_number"), 1);
    assert_int_equal(NUMBERS("true"), 0);
    assert_int_equal(release(number), ENOENT);
}

static void number_known_without_its_sid_goes_back_too(void **state)
{
    (void)state;
    postgres_run("INSERT INTO number_pool (number) VALUES ('" OURS "'), ('+420228883555')");
    start();
    assert_int_equal(release(OURS), 0);
    wait_until(NUMBER_ORDER_DONE, 1);
    assert_int_equal(api_sandbox_asked("release_number"), 1);
    assert_int_equal(release("+420228883555"), 0); /* gone there already */
    wait_until(NUMBER_ORDER_DONE, 2);
    assert_int_equal(api_sandbox_asked("release_number"), 1);
    assert_int_equal(NUMBERS("true"), 0);
}

static void number_that_is_not_taken_back_is_free_again(void **state)
{
    (void)state;
    postgres_run("INSERT INTO number_pool (number, twilio_sid) VALUES ('+420228883555', 'odd')");
    start();
    assert_int_equal(release("+420228883555"), 0);
    wait_until(NUMBER_ORDER_FAILED, 1);
    assert_string_equal(order("failed_why"), "refused");
    assert_int_equal(NUMBERS("state = 'free'"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ordered_number_is_bought_pointed_at_us_and_given),
        TEST(order_waits_for_a_worker_to_come),
        TEST(two_workers_buy_each_order_once),
        TEST(worker_killed_before_it_wrote_the_purchase_down_bought_once),
        TEST(worker_killed_before_the_purchase_leaves_it_to_the_next),
        TEST(number_that_somebody_else_was_quicker_to_buy_is_not_the_last),
        TEST(search_ends_when_others_are_always_quicker),
        TEST(wanted_number_is_bought_or_none),
        TEST(what_the_carrier_refuses_ends_with_a_reason),
        TEST(carrier_that_is_away_is_asked_later_and_later),
        TEST(order_cancelled_in_the_middle_buys_nothing),
        TEST(tenant_that_closes_gets_nothing_more),
        TEST(approved_papers_of_the_account_are_found),
        TEST(papers_that_are_being_read_are_waited_for),
        TEST(order_without_any_papers_waits_for_some),
        TEST(papers_are_not_waited_for_for_ever),
        TEST(papers_that_the_carrier_does_not_take_are_tried_a_few_times),
        TEST(number_that_is_ours_is_taken_over_for_a_tenant),
        TEST(number_that_is_not_ours_is_not_taken_over),
        TEST(number_goes_back_to_the_carrier_when_it_has_rested),
        TEST(number_known_without_its_sid_goes_back_too),
        TEST(number_that_is_not_taken_back_is_free_again),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
