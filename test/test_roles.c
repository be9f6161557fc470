/* test/test_roles.c: what people of a tenant may. */
#include "rules/roles.h"
#include "test/test.h"

#include <errno.h>

static void each_role_has_its_code(void **state)
{
    (void)state;
    enum role role = ROLE_COUNT;
    for (int i = 0; i < ROLE_COUNT; i++) {
        assert_int_equal(role_parse(str_of(role_code((enum role)i)), &role), 0);
        assert_int_equal(role, i);
    }
    assert_string_equal(role_code(ROLE_OWNER), "owner");
    assert_int_equal(role_parse(str_of("Owner"), &role), EINVAL);
    assert_int_equal(role_parse(str_of("owner "), &role), EINVAL);
    assert_int_equal(role_parse(str_of(""), &role), EINVAL);
}

static void each_role_includes_those_below(void **state)
{
    (void)state;
    assert_true(role_may(ROLE_OWNER, ROLE_OWNER));
    assert_true(role_may(ROLE_OWNER, ROLE_MEMBER));
    assert_true(role_may(ROLE_ADMIN, ROLE_MEMBER));
    assert_false(role_may(ROLE_ADMIN, ROLE_OWNER));
    assert_false(role_may(ROLE_MEMBER, ROLE_ADMIN));
}

static void nobody_gives_more_than_he_has(void **state)
{
    (void)state;
    static const bool may[ROLE_COUNT][ROLE_COUNT] = {
        /* granted: member, admin, owner */
        [ROLE_MEMBER] = {false, false, false},
        [ROLE_ADMIN] = {true, true, false},
        [ROLE_OWNER] = {true, true, true},
    };
    for (int granter = 0; granter < ROLE_COUNT; granter++)
        for (int granted = 0; granted < ROLE_COUNT; granted++)
            assert_int_equal(role_may_grant((enum role)granter, (enum role)granted),
                             may[granter][granted]);
}

static void scope_is_covered_by_itself_alone(void **state)
{
    (void)state;
    struct str scopes = str_of("calls:read contacts:write");
    assert_true(scope_covers(scopes, "calls:read"));
    assert_true(scope_covers(scopes, "contacts:write"));
    assert_false(scope_covers(scopes, "calls:write"));
    assert_false(scope_covers(scopes, "contacts:read")); /* writing is not reading */
    assert_false(scope_covers(scopes, "calls"));
    assert_false(scope_covers(scopes, "calls:rea"));
    assert_false(scope_covers(scopes, "calls:read contacts:write"));
    assert_false(scope_covers(scopes, ""));
    assert_false(scope_covers(str_of(""), "calls:read"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_has_its_code),
        cmocka_unit_test(each_role_includes_those_below),
        cmocka_unit_test(nobody_gives_more_than_he_has),
        cmocka_unit_test(scope_is_covered_by_itself_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
