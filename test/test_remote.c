/* test/test_remote.c: whose word on a client's address is believed, and how far. */
#include "api/remote.h"

#include "test/test.h"

#include <errno.h>

static struct proxies *proxies;

static int trust_ours(void **state)
{
    (void)state;
    struct str wrong;
    return proxies_new("10.0.0.0/8, 127.0.0.1,2001:db8:ffff::/48 , ::1", &proxies, &wrong);
}

static int forget(void **state)
{
    (void)state;
    proxies_free(&proxies);
    return 0;
}

static void expect(const char *peer, const char *forwarded, const char *address)
{
    char picked[REMOTE_TEXT_BYTES];
    remote_pick(proxies, peer, forwarded, picked);
    assert_string_equal(picked, address);
}

static void strangers_word_is_not_believed(void **state)
{
    (void)state;
    expect("192.0.2.7", NULL, "192.0.2.7");
    expect("192.0.2.7", "198.51.100.1", "192.0.2.7");
    expect("11.0.0.1", "198.51.100.1", "11.0.0.1");
    expect("2001:db8:fffe::1", "198.51.100.1", "2001:db8:fffe::1");
}

static void our_proxys_word_is_believed(void **state)
{
    (void)state;
    expect("10.1.2.3", "192.0.2.7", "192.0.2.7");
    expect("::ffff:10.1.2.3", "192.0.2.7", "192.0.2.7");
    expect("2001:db8:ffff:1::2", "2001:DB8:0::5", "2001:db8::5");
    expect("127.0.0.1", "192.0.2.7:4711", "192.0.2.7");
    expect("127.0.0.1", "[2001:db8::5]:4711", "2001:db8::5");
    expect("10.1.2.3", "192.0.2.7, 10.0.0.9", "192.0.2.7");
}

static void what_a_client_claims_before_our_proxy_is_not(void **state)
{
    (void)state;
    expect("10.1.2.3", "10.9.9.9, 203.0.113.5, 192.0.2.7", "192.0.2.7");
    expect("10.1.2.3", "127.0.0.1, 192.0.2.7, 10.0.0.9", "192.0.2.7");
}

static void nonsense_ends_the_chain(void **state)
{
    (void)state;
    expect("10.1.2.3", "unknown", "10.1.2.3");
    expect("10.1.2.3", "", "10.1.2.3");
    expect("10.1.2.3", "192.0.2.7, ", "10.1.2.3");
    expect("10.1.2.3", "192.0.2.7, x, 10.0.0.9", "10.0.0.9");
    expect("10.1.2.3", ",,,,", "10.1.2.3");
    expect("not-an-address", "192.0.2.7", "not-an-address");
}

static void without_a_list_nobody_is_trusted(void **state)
{
    (void)state;
    struct str wrong;
    char picked[REMOTE_TEXT_BYTES];
    struct proxies *none = NULL;
    assert_int_equal(proxies_new(NULL, &none, &wrong), 0);
    remote_pick(none, "127.0.0.1", "192.0.2.7", picked);
    assert_string_equal(picked, "127.0.0.1");
    remote_pick(NULL, "127.0.0.1", "192.0.2.7", picked);
    assert_string_equal(picked, "127.0.0.1");
    proxies_free(&none);
}

static void wrong_entry_is_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {"10.0.0.0/33", "10.0.0/8",       "::1/129",  "10.0.0.0/",
                                        "10.0.0.0/x",  "example.com",    "::1/1234", "/8",
                                        "10.0.0.1/-1", "10.0.0.1 ::1/8", "1/1/1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct proxies *none = NULL;
        struct str named = {0};
        assert_int_equal(proxies_new(wrong[i], &none, &named), EINVAL);
        assert_true(str_is(named, wrong[i]));
        assert_null(none);
    }
}

static void prefix_of_odd_length_is_exact(void **state)
{
    (void)state;
    struct str wrong;
    struct proxies *odd = NULL;
    char picked[REMOTE_TEXT_BYTES];
    assert_int_equal(proxies_new("172.16.0.0/12", &odd, &wrong), 0);
    remote_pick(odd, "172.31.255.255", "192.0.2.7", picked);
    assert_string_equal(picked, "192.0.2.7");
    remote_pick(odd, "172.32.0.0", "192.0.2.7", picked);
    assert_string_equal(picked, "172.32.0.0");
    proxies_free(&odd);
}

static void one_person_has_a_64_of_ipv6(void **state)
{
    (void)state;
    char group[REMOTE_TEXT_BYTES], other[REMOTE_TEXT_BYTES];
    remote_group_of("192.0.2.7", group);
    assert_string_equal(group, "192.0.2.7");
    remote_group_of("2001:db8:1:2:3:4:5:6", group);
    remote_group_of("2001:db8:1:2::1", other);
    assert_string_equal(group, "2001:db8:1:2::/64");
    assert_string_equal(group, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_word_is_not_believed),
        cmocka_unit_test(our_proxys_word_is_believed),
        cmocka_unit_test(what_a_client_claims_before_our_proxy_is_not),
        cmocka_unit_test(nonsense_ends_the_chain),
        cmocka_unit_test(without_a_list_nobody_is_trusted),
        cmocka_unit_test(wrong_entry_is_named),
        cmocka_unit_test(prefix_of_odd_length_is_exact),
        cmocka_unit_test(one_person_has_a_64_of_ipv6),
    };
    return cmocka_run_group_tests(tests, trust_ours, forget);
}
