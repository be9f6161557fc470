/* test/test_numbers.c: whose call is it, and the life of a number: pool, tenant, quarantine. */
#include "store/numbers.h"

#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE "+420228883001"
#define TWO "+420228883002"
#define LINE "+420601123456"

static int add(const char *number)
{
    numbers_add(bench.owner, number, NULL, false, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static int assign(const char *number, struct uuid tenant, const char *source, bool primary)
{
    const struct number_assignment assignment = {.number = number,
                                                 .tenant = tenant,
                                                 .forwarding_source = source,
                                                 .primary = primary,
                                                 .actor = "test"};
    numbers_assign(bench.owner, &assignment, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static int release(const char *number)
{
    numbers_release(bench.owner, number, "test", on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

struct found {
    bool done;
    struct routes routes;
};

static void on_routes(int err, const struct routes *routes, void *arg)
{
    assert_int_equal(err, 0);
    *(struct found *)arg = (struct found){true, *routes};
}

static struct routes route(const char *to, const char *from, struct uuid fallback)
{
    struct found found = {0};
    const struct route_query query = {.to = to, .forwarded_from = from, .default_tenant = fallback};
    numbers_route(bench.app, &query, &bench.arena, on_routes, &found, NULL);
    bench_wait(&bench, &found.done);
    return found.routes;
}

static const struct uuid nobody;

static void call_is_known_by_its_number_then_by_who_forwarded_it(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    assert_int_equal(add(TWO), 0);
    assert_int_equal(assign(ONE, jan, NULL, true), 0);
    assert_int_equal(assign(TWO, eva, LINE, true), 0);
    struct routes routes = route(ONE, LINE, jan);
    assert_true(uuid_equal(routes.by_number->tenant.id, jan));
    assert_string_equal(routes.by_number->tenant.name, "Jan");
    assert_true(uuid_equal(routes.by_forwarding->tenant.id, eva));
    assert_true(uuid_equal(routes.by_default->tenant.id, jan));
    assert_false(routes.shared);
    assert_int_equal(routes.by_number->live_calls, 0);
}

static void unknown_number_is_nobodys(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    static const char *const strange[] = {ONE, TWO, "", NULL, "' OR true --", "anonymous"};
    for (size_t i = 0; i < countof(strange); i++) {
        struct routes routes = route(strange[i], strange[i], nobody);
        assert_null(routes.by_number);
        assert_null(routes.by_forwarding);
        assert_null(routes.by_default);
    }
    assert_null(route(ONE, NULL, uuid_new(1)).by_default); /* a default tenant that is not there */
}

static void shared_number_is_said_to_be(void **state)
{
    (void)state;
    numbers_add(bench.owner, ONE, "PN1", true, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    struct routes routes = route(ONE, NULL, nobody);
    assert_true(routes.shared);
    assert_null(routes.by_number);
    assert_int_equal(assign(ONE, jan, NULL, true), EBUSY);
}

static void live_calls_are_counted_a_tenant(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    assert_int_equal(assign(ONE, jan, NULL, true), 0);
    postgres_run("INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at)"
                 " SELECT t.id, gen_random_uuid(), 'twilio', t.name || n, now()"
                 " FROM tenants t, generate_series(1, 3) n");
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now() WHERE call_sid = 'Jan1'");
    assert_int_equal(route(ONE, NULL, nobody).by_number->live_calls, 2);
}

/* Else a storm of calls would keep everybody out until long after it. */
static void who_leaves_a_message_or_is_gone_keeps_nobody_out(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    assert_int_equal(assign(ONE, jan, NULL, true), 0);
    postgres_run("INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, service,"
                 " carrier_ended_at) SELECT t.id, gen_random_uuid(), 'twilio', t.name || n, now(),"
                 "  CASE WHEN n < 4 THEN 'voicemail' ELSE 'full' END,"
                 "  CASE WHEN n > 5 THEN now() END FROM tenants t, generate_series(1, 8) n");
    assert_int_equal(route(ONE, NULL, nobody).by_number->live_calls, 2);
}

static void number_in_the_pool_is_one(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    assert_int_equal(add(ONE), EEXIST);
    assert_int_equal(add("228883001"), EINVAL);
    assert_int_equal(add("+420228883001x"), EINVAL);
}

static void number_of_one_tenant_is_not_given_to_another(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    assert_int_equal(assign(ONE, jan, LINE, true), 0);
    assert_int_equal(assign(ONE, jan, LINE, true), 0); /* the same again */
    assert_int_equal(assign(ONE, eva, NULL, true), EBUSY);
    assert_true(uuid_equal(route(ONE, NULL, nobody).by_number->tenant.id, jan));
    assert_int_equal(assign(TWO, jan, NULL, true), ENOENT);
    assert_int_equal(add(TWO), 0);
    assert_int_equal(assign(TWO, uuid_new(1), NULL, true), ENOENT);
    assert_int_equal(assign(TWO, eva, LINE, true), EEXIST); /* that line is Jan's */
    assert_int_equal(postgres_count("SELECT count(*) FROM number_pool WHERE state = 'free'"), 1);
}

static void released_number_rests_before_another_tenant_gets_it(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    assert_int_equal(assign(ONE, jan, LINE, true), 0);
    assert_int_equal(release(ONE), 0);
    assert_int_equal(release(ONE), ENOENT);
    assert_null(route(ONE, LINE, nobody).by_number);
    assert_null(route(ONE, LINE, nobody).by_forwarding);
    assert_int_equal(assign(ONE, eva, NULL, true), EBUSY);
    assert_int_equal(assign(ONE, jan, NULL, true), 0); /* his own line still forwards to it */
    assert_int_equal(release(ONE), 0);
    postgres_run("UPDATE number_pool SET free_at = now()");
    assert_int_equal(assign(ONE, eva, NULL, true), 0);
    assert_true(uuid_equal(route(ONE, NULL, nobody).by_number->tenant.id, eva));
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log WHERE subject = '" ONE "'"), 5);
}

static void one_number_is_primary(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), 0);
    assert_int_equal(add(TWO), 0);
    assert_int_equal(assign(ONE, jan, NULL, false), 0); /* the first is, asked or not */
    assert_int_equal(assign(TWO, jan, NULL, true), 0);
    char *primary = postgres_ask("SELECT string_agg(twilio_number, ' ') FROM tenant_phone_numbers"
                                 " WHERE is_primary");
    assert_string_equal(primary, TWO);
    free(primary);
    assert_int_equal(release(TWO), 0);
    primary = postgres_ask("SELECT twilio_number FROM tenant_phone_numbers WHERE is_primary");
    assert_string_equal(primary, ONE);
    free(primary);
}

static void workers_cannot_hand_out_numbers(void **state)
{
    (void)state;
    numbers_add(bench.app, ONE, NULL, false, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), EACCES);
    numbers_release(bench.app, ONE, "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), EACCES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, neighbours_open, neighbours_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(call_is_known_by_its_number_then_by_who_forwarded_it),
        TEST(unknown_number_is_nobodys),
        TEST(shared_number_is_said_to_be),
        TEST(live_calls_are_counted_a_tenant),
        TEST(who_leaves_a_message_or_is_gone_keeps_nobody_out),
        TEST(number_in_the_pool_is_one),
        TEST(number_of_one_tenant_is_not_given_to_another),
        TEST(released_number_rests_before_another_tenant_gets_it),
        TEST(one_number_is_primary),
        TEST(workers_cannot_hand_out_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
