/* test/test_faults.c: what a test orders to go wrong goes wrong, where and as often as it said. */
#include "sandbox/faults.h"

#include "test/test.h"

#include <errno.h>
#include <string.h>

static struct fault read_fault(const char *json)
{
    struct fault fault;
    const char *why = NULL;
    assert_int_equal(fault_read(str_of(json), &fault, &why), 0);
    return fault;
}

static void order(struct faults *faults, const char *json)
{
    struct fault fault = read_fault(json);
    assert_int_equal(faults_add(faults, &fault), 0);
}

static bool strikes(struct faults *faults, const char *party, const char *endpoint)
{
    struct fault fault;
    return faults_strike(faults, party, endpoint, &fault);
}

static void a_fault_strikes_its_endpoint_as_often_as_ordered(void **state)
{
    struct faults *faults = faults_new(1);
    (void)state;
    order(faults, "{\"party\":\"openai\",\"endpoint\":\"chat\",\"act\":\"drop\",\"times\":2}");
    assert_false(strikes(faults, "deepgram", "chat"));
    assert_false(strikes(faults, "openai", "models"));
    assert_true(strikes(faults, "openai", "chat"));
    assert_true(strikes(faults, "openai", "chat"));
    assert_false(strikes(faults, "openai", "chat"));
    faults_free(&faults);
}

static void a_fault_without_a_number_strikes_until_it_is_taken_back(void **state)
{
    struct faults *faults = faults_new(1);
    (void)state;
    order(faults, "{\"party\":\"twilio\",\"act\":\"error\",\"status\":503}");
    for (int i = 0; i < 100; i++)
        assert_true(strikes(faults, "twilio", "calls"));
    faults_reset(faults, "openai");
    assert_true(strikes(faults, "twilio", "calls"));
    faults_reset(faults, "twilio");
    assert_false(strikes(faults, "twilio", "calls"));
    faults_free(&faults);
}

static void the_same_seed_throws_the_same_faults(void **state)
{
    struct faults *one = faults_new(7), *other = faults_new(7), *third = faults_new(8);
    int struck = 0, differs = 0;
    (void)state;
    order(one, "{\"act\":\"drop\",\"probability\":0.3}");
    order(other, "{\"act\":\"drop\",\"probability\":0.3}");
    order(third, "{\"act\":\"drop\",\"probability\":0.3}");
    for (int i = 0; i < 1000; i++) {
        bool strike = strikes(one, "openai", "chat");
        assert_int_equal(strike, strikes(other, "openai", "chat"));
        struck += strike;
        differs += strike != strikes(third, "openai", "chat");
    }
    assert_in_range(struck, 240, 360);
    assert_true(differs > 0);
    faults_free(&one);
    faults_free(&other);
    faults_free(&third);
}

static void nonsense_orders_are_refused_in_words(void **state)
{
    static const char *const orders[] = {
        "",
        "[]",
        "{\"act\":\"explode\"}",
        "{\"act\":\"error\",\"status\":200}",
        "{\"act\":\"drop\",\"probability\":2}",
        "{\"act\":\"drop\",\"times\":\"often\"}",
        "{\"party\":\"a name that is much too long for any of the parties there are\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct fault fault;
        const char *why = NULL;
        assert_int_equal(fault_read(str_of(orders[i]), &fault, &why), EINVAL);
        assert_true(why && strlen(why) > 5);
    }
}

static void there_is_a_limit_to_orders(void **state)
{
    struct faults *faults = faults_new(1);
    struct fault fault = read_fault("{\"act\":\"drop\"}");
    (void)state;
    for (int i = 0; i < FAULTS_MAX; i++)
        assert_int_equal(faults_add(faults, &fault), 0);
    assert_int_equal(faults_add(faults, &fault), ENOSPC);
    faults_free(&faults);
}

static void a_fuse_lets_so_much_through_and_then_strikes_once(void **state)
{
    struct fault fault = read_fault("{\"act\":\"drop\",\"after\":100}");
    struct fault_fuse fuse = fault_fuse_of(&fault);
    (void)state;
    assert_int_equal(fault_fuse_burn(&fuse, 60), FAULT_NONE);
    assert_int_equal(fault_fuse_burn(&fuse, 40), FAULT_NONE);
    assert_int_equal(fault_fuse_burn(&fuse, 1), FAULT_DROP);
    assert_int_equal(fault_fuse_burn(&fuse, 1), FAULT_STALL);
}

static void without_an_order_a_fuse_never_strikes(void **state)
{
    struct fault_fuse none = {0};
    struct fault before = read_fault("{\"act\":\"drop\"}");
    struct fault_fuse fuse = fault_fuse_of(&before); /* it strikes before the stream, not in it */
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(fault_fuse_burn(&none, 1 << 20), FAULT_NONE);
        assert_int_equal(fault_fuse_burn(&fuse, 1 << 20), FAULT_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_strikes_its_endpoint_as_often_as_ordered),
        cmocka_unit_test(a_fault_without_a_number_strikes_until_it_is_taken_back),
        cmocka_unit_test(the_same_seed_throws_the_same_faults),
        cmocka_unit_test(nonsense_orders_are_refused_in_words),
        cmocka_unit_test(there_is_a_limit_to_orders),
        cmocka_unit_test(a_fuse_lets_so_much_through_and_then_strikes_once),
        cmocka_unit_test(without_an_order_a_fuse_never_strikes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
