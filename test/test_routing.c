/* test/test_routing.c: whose call it is, and above all whose it is not. */
#include "base/mem.h"
#include "rules/routing.h"
#include "test/test.h"

static struct uuid tenant(uint8_t number)
{
    return (struct uuid){.bytes = {0x01, 0x90, [15] = number}};
}

static void dialled_number_comes_first(void **state)
{
    (void)state;
    struct routing_facts facts = {tenant(1), tenant(2), tenant(3)};
    struct routing routing = routing_decide(&facts);
    assert_int_equal(routing.reason, ROUTED_BY_NUMBER);
    assert_true(uuid_equal(routing.tenant, tenant(1)));
}

static void forwarding_line_comes_second(void **state)
{
    (void)state;
    struct routing_facts facts = {.forwarding = tenant(2), .operators = tenant(3)};
    struct routing routing = routing_decide(&facts);
    assert_int_equal(routing.reason, ROUTED_BY_FORWARDING);
    assert_true(uuid_equal(routing.tenant, tenant(2)));
}

static void operator_answers_only_what_is_nobodys(void **state)
{
    (void)state;
    struct routing_facts facts = {.operators = tenant(3)};
    struct routing routing = routing_decide(&facts);
    assert_int_equal(routing.reason, ROUTED_TO_DEFAULT);
    assert_true(uuid_equal(routing.tenant, tenant(3)));
}

static void nobodys_call_goes_to_nobody(void **state)
{
    (void)state;
    struct routing_facts facts = {0};
    struct routing routing = routing_decide(&facts);
    assert_int_equal(routing.reason, ROUTED_NOWHERE);
    assert_true(uuid_is_nil(routing.tenant));
}

/* All eight: the tenant decided on is always one of those the facts name for that very step. */
static void no_combination_reaches_another_tenant(void **state)
{
    (void)state;
    static const enum routing_reason expected[8] = {
        ROUTED_NOWHERE,    ROUTED_BY_NUMBER, ROUTED_BY_FORWARDING, ROUTED_BY_NUMBER,
        ROUTED_TO_DEFAULT, ROUTED_BY_NUMBER, ROUTED_BY_FORWARDING, ROUTED_BY_NUMBER};
    for (unsigned i = 0; i < 8; i++) {
        struct routing_facts facts = {0};
        if (i & 1)
            facts.dialled = tenant(1);
        if (i & 2)
            facts.forwarding = tenant(2);
        if (i & 4)
            facts.operators = tenant(3);
        struct routing routing = routing_decide(&facts);
        assert_int_equal(routing.reason, expected[i]);
        struct uuid owner[] = {facts.dialled, facts.forwarding, facts.operators,
                               (struct uuid){.bytes = {0}}};
        assert_true(uuid_equal(routing.tenant, owner[routing.reason]));
    }
}

static void reasons_have_names(void **state)
{
    (void)state;
    assert_string_equal(routing_reason_name(ROUTED_BY_NUMBER), "number");
    assert_string_equal(routing_reason_name(ROUTED_BY_FORWARDING), "forwarding");
    assert_string_equal(routing_reason_name(ROUTED_TO_DEFAULT), "default");
    assert_string_equal(routing_reason_name(ROUTED_NOWHERE), "nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialled_number_comes_first),
        cmocka_unit_test(forwarding_line_comes_second),
        cmocka_unit_test(operator_answers_only_what_is_nobodys),
        cmocka_unit_test(nobodys_call_goes_to_nobody),
        cmocka_unit_test(no_combination_reaches_another_tenant),
        cmocka_unit_test(reasons_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
