/* test/test_api_numbers.c: a tenant's numbers: seen, changed, given back. */
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <string.h>

#define ONE "+420228883001"
#define TWO "+420228883002"
#define SHARED "+420228883009"

static struct person jan, eva;
static char here[UUID_TEXT_BYTES];

static int tenant_with_two_numbers(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants");
    struct uuid tenant = api_tenant("Novák Ltd");
    uuid_print(tenant, here);
    jan = api_person(tenant, ROLE_OWNER, "+420601000001");
    eva = api_person(tenant, ROLE_MEMBER, "+420601000002");
    postgres_run("INSERT INTO number_pool (number, state) VALUES ('" ONE "', 'assigned'), ('" TWO
                 "', 'assigned'), ('" SHARED "', 'shared');"
                 "INSERT INTO tenant_phone_numbers (tenant_id, twilio_number, is_primary)"
                 " SELECT id, '" ONE "', true FROM tenants;"
                 "INSERT INTO tenant_phone_numbers (tenant_id, twilio_number)"
                 " SELECT id, '" TWO "' FROM tenants");
    return 0;
}

static int list(void)
{
    return api_ask(&eva, HTTP_GET, NULL, "/api/tenants/%s/phone-numbers", here);
}

static int change(const char *number, const char *json)
{
    return api_ask(&jan, HTTP_PATCH, json, "/api/tenants/%s/phone-numbers/%s", here, number);
}

static void numbers_are_listed_with_the_shared_one(void **state)
{
    (void)state;
    assert_int_equal(list(), 200);
    assert_string_equal(api_value("items.0.number"), ONE);
    assert_string_equal(api_value("items.0.is_primary"), "true");
    assert_string_equal(api_value("items.1.number"), TWO);
    assert_string_equal(api_value("shared.number"), SHARED);
    assert_int_equal(strlen(api_value("shared.code")), 4);
    postgres_run("UPDATE tenants SET code_until = now() - interval '1 day'");
    assert_int_equal(list(), 200);
    assert_string_equal(api_value("shared"), "null");
}

static void another_one_becomes_primary(void **state)
{
    (void)state;
    assert_int_equal(change(TWO, "{\"is_primary\":true}"), 200);
    assert_string_equal(api_value("is_primary"), "true");
    assert_int_equal(postgres_count("SELECT count(*) FROM tenant_phone_numbers WHERE is_primary"),
                     1);
    assert_int_equal(change("+420999999999", "{\"is_primary\":true}"), 404);
}

static void only_a_proved_phone_forwards(void **state)
{
    (void)state;
    change(ONE, "{\"forwarding_source\":\"+420777999888\"}");
    api_expect_field("/forwarding_source");
    assert_int_equal(change(ONE, "{\"forwarding_source\":\"+420601000001\"}"), 200);
    assert_string_equal(api_value("forwarding_source"), "+420601000001");
    change(TWO, "{\"forwarding_source\":\"+420601000001\"}");
    api_expect_problem(409, "already_exists");
    assert_int_equal(change(ONE, "{\"forwarding_source\":null}"), 200);
    assert_string_equal(api_value("forwarding_source"), "null");
}

static void a_number_given_back_rests(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&eva, HTTP_DELETE, NULL, "/api/tenants/%s/phone-numbers/" ONE, here),
                     403);
    assert_int_equal(api_ask(&jan, HTTP_DELETE, NULL, "/api/tenants/%s/phone-numbers/" ONE, here),
                     204);
    assert_int_equal(api_ask(&jan, HTTP_DELETE, NULL, "/api/tenants/%s/phone-numbers/" ONE, here),
                     404);
    assert_int_equal(postgres_count("SELECT count(*) FROM number_pool WHERE number = '" ONE
                                    "' AND state = 'quarantined'"
                                    " AND free_at > now() + interval '59 days'"),
                     1);
    assert_int_equal(list(), 200);
    assert_string_equal(api_value("items.0.number"), TWO);
    assert_string_equal(api_value("items.0.is_primary"), "true");
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"
                                    " WHERE action = 'number.release' AND actor LIKE 'user:%'"),
                     1);
}

#define HERE_TEST(name) cmocka_unit_test_setup(name, tenant_with_two_numbers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE_TEST(numbers_are_listed_with_the_shared_one),
        HERE_TEST(another_one_becomes_primary),
        HERE_TEST(only_a_proved_phone_forwards),
        HERE_TEST(a_number_given_back_rests),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
