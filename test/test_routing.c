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
    struct routing_facts facts = {
        .dialled = tenant(1), .forwarding = tenant(2), .operators = tenant(3)};
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

static void a_shared_number_asks_unless_its_owners_phone_forwards(void **state)
{
    (void)state;
    struct routing_facts facts = {.operators = tenant(3), .shared = true};
    assert_int_equal(routing_decide(&facts).reason, ROUTED_ASK_CODE);
    assert_true(uuid_is_nil(routing_decide(&facts).tenant));
    facts.coded = tenant(5);
    assert_int_equal(routing_decide(&facts).reason, ROUTED_BY_CODE);
    facts.owner = tenant(4);
    assert_int_equal(routing_decide(&facts).reason, ROUTED_BY_OWNER);
    assert_true(uuid_equal(routing_decide(&facts).tenant, tenant(4)));
}

/* Whatever is known, the tenant decided on is one that the facts name for that very step, and no
 * step comes before one above it. */
static void no_combination_reaches_another_tenant(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        struct routing_facts facts = {.shared = i & 16};
        const struct {
            unsigned bit;
            struct uuid *fact;
            enum routing_reason reason;
        } steps[] = {
            {1, &facts.dialled, ROUTED_BY_NUMBER}, {2, &facts.forwarding, ROUTED_BY_FORWARDING},
            {4, &facts.owner, ROUTED_BY_OWNER},    {8, &facts.coded, ROUTED_BY_CODE},
            {16, NULL, ROUTED_ASK_CODE},           {32, &facts.operators, ROUTED_TO_DEFAULT}};
        enum routing_reason expected = ROUTED_NOWHERE;
        struct uuid owner = {{0}};
        for (size_t n = countof(steps); n-- > 0;) {
            if (!(i & steps[n].bit))
                continue;
            if (steps[n].fact)
                *steps[n].fact = tenant((uint8_t)(n + 1));
            expected = steps[n].reason;
            owner = steps[n].fact ? *steps[n].fact : (struct uuid){{0}};
        }
        struct routing routing = routing_decide(&facts);
        assert_int_equal(routing.reason, expected);
        assert_true(uuid_equal(routing.tenant, owner));
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
        cmocka_unit_test(a_shared_number_asks_unless_its_owners_phone_forwards),
        cmocka_unit_test(no_combination_reaches_another_tenant),
        cmocka_unit_test(reasons_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
