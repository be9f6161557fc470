/* test/test_api_guard.c: what every request must pass before its handler sees it. */
#include "auth/jwt.h"
#include "base/mem.h"
#include "base/tally.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;

static void what_is_public_needs_nobody(void **state)
{
    (void)state;
    assert_int_equal(api_ask(NULL, HTTP_GET, NULL, "/api/installation"), 200);
    assert_string_equal(api_value("languages.0"), "cs");
    assert_string_equal(api_header("Content-Type"), "application/json");
}

static void unknown_addresses_are_problems_too(void **state)
{
    (void)state;
    api_ask(NULL, HTTP_GET, NULL, "/api/nothing");
    api_expect_problem(404, "not_found");
    api_ask(NULL, HTTP_DELETE, NULL, "/api/installation");
    api_expect_problem(405, "method_not_allowed");
    assert_string_equal(api_header("Allow"), "GET, HEAD");
}

static void whoever_asks_too_often_is_told_when_to_come_back(void **state)
{
    (void)state;
    int64_t usual = w->api.requests_per_minute;
    w->api.requests_per_minute = 2; /* of a person; an address may have four times as many people */
    for (int i = 0; i < 20 && api_ask(NULL, HTTP_GET, NULL, "/api/installation") == 200; i++)
        continue;
    api_expect_problem(429, "too_many_requests");
    assert_in_range(atoi(api_header("Retry-After")), 1, 60);
    assert_non_null(strstr(api_header("RateLimit"), ";r=0;t="));
    assert_int_equal(w->api.counters.limited, 1);
    w->api.requests_per_minute = usual;
    assert_int_equal(api_ask(NULL, HTTP_GET, NULL, "/api/installation"), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_public_needs_nobody),
        cmocka_unit_test(unknown_addresses_are_problems_too),
        cmocka_unit_test(whoever_asks_too_often_is_told_when_to_come_back),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
