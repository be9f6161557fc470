/* test/test_id.c: UUIDs and random tokens. */
#include "base/id.h"
#include "base/mem.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static void uuid_is_of_version_7_and_carries_its_time(void **state)
{
    (void)state;
    char text[UUID_TEXT_BYTES];
    uuid_print(uuid_new(0x0123456789AB), text);
    assert_memory_equal(text, "01234567-89ab-7", 15);
    assert_non_null(strchr("89ab", text[19]));
    assert_int_equal(strlen(text), 36);
}

static void uuids_sort_by_time_and_differ(void **state)
{
    (void)state;
    struct uuid early = uuid_new(1700000000000), late = uuid_new(1700000000001);
    assert_true(memcmp(early.bytes, late.bytes, sizeof(early.bytes)) < 0);
    assert_false(uuid_equal(uuid_new(1), uuid_new(1)));
}

static void uuid_comes_back_as_printed(void **state)
{
    (void)state;
    struct uuid uuid = uuid_new(1700000000000), back;
    char text[UUID_TEXT_BYTES];
    uuid_print(uuid, text);
    assert_int_equal(uuid_parse(str_of(text), &back), 0);
    assert_true(uuid_equal(uuid, back));
    assert_int_equal(uuid_parse(str_of("0190ABCD-0000-7000-8000-00000000000F"), &back), 0);
    assert_int_equal(back.bytes[15], 0x0F);
    assert_int_equal(back.bytes[2], 0xAB);
}

static void anything_else_is_no_uuid(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "0190abcd-0000-7000-8000-00000000000",
        "0190abcd-0000-7000-8000-0000000000000",
        "0190abcd00000-7000-8000-000000000000",
        "0190abcd-0000-7000-8000-00000000000g",
        "{190abcd-0000-7000-8000-00000000000}",
        "0190abcd-0000-7000-8000 000000000000",
    };
    struct uuid uuid = {0};
    for (size_t i = 0; i < countof(wrong); i++)
        assert_int_equal(uuid_parse(str_of(wrong[i]), &uuid), EINVAL);
    assert_true(uuid_is_nil(uuid));
}

static void tokens_are_base64url_and_differ(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 2, 3, 4, 6, 7, 8};
    char text[100], other[100];
    for (size_t bytes = 0; bytes < countof(lengths); bytes++) {
        random_token(text, bytes);
        assert_int_equal(strlen(text), lengths[bytes]);
    }
    random_token(text, 32);
    random_token(other, 32);
    assert_int_equal(strlen(text), 43);
    assert_string_not_equal(text, other);
    assert_int_equal(
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuid_is_of_version_7_and_carries_its_time),
        cmocka_unit_test(uuids_sort_by_time_and_differ),
        cmocka_unit_test(uuid_comes_back_as_printed),
        cmocka_unit_test(anything_else_is_no_uuid),
        cmocka_unit_test(tokens_are_base64url_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
