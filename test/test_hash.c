/* test/test_hash.c: digests and MACs against published vectors, base64 against its own rules. */
#include "base/hash.h"
#include "base/mem.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static void expect_hex(const uint8_t *data, size_t bytes, const char *hex)
{
    struct buf buf = {0};
    hex_put(&buf, data, bytes);
    assert_string_equal(buf_text(&buf), hex);
    buf_free(&buf);
}

static void digests_are_those_of_the_standards(void **state)
{
    (void)state;
    uint8_t out[SHA256_BYTES];
    sha256(str_of("abc"), out); /* FIPS 180-2 B.1 */
    expect_hex(out, sizeof(out),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256((struct str){0}, out);
    expect_hex(out, sizeof(out),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hmac_sha256(str_of("Jefe"), str_of("what do ya want for nothing?"), out); /* RFC 4231 4.3 */
    expect_hex(out, sizeof(out),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    hmac_sha1(str_of("Jefe"), str_of("what do ya want for nothing?"), out); /* RFC 2202 3 */
    expect_hex(out, SHA1_BYTES, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    hmac_sha256((struct str){0}, (struct str){0}, out);
    expect_hex(out, sizeof(out),
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void bytes_are_equal_only_if_all_are(void **state)
{
    (void)state;
    assert_true(bytes_equal(str_of("same"), str_of("same")));
    assert_false(bytes_equal(str_of("same"), str_of("sama")));
    assert_false(bytes_equal(str_of("same"), str_of("sam")));
    assert_true(bytes_equal((struct str){0}, str_of("")));
}

static void base64_comes_back_at_every_length(void **state)
{
    (void)state;
    uint8_t data[200], back[300];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 31 + 7);
    for (size_t bytes = 0; bytes <= sizeof(data); bytes++) {
        struct buf text = {0};
        size_t back_bytes = 999;
        base64_put(&text, data, bytes);
        assert_int_equal(text.bytes, (bytes + 2) / 3 * 4);
        assert_true(base64_room(text.bytes) <= sizeof(back));
        assert_int_equal(base64_decode(buf_str(&text), back, &back_bytes), 0);
        assert_int_equal(back_bytes, bytes);
        assert_memory_equal(back, data, bytes);
        buf_free(&text);
    }
}

static void base64_is_the_rfcs(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < countof(pairs); i++) {
        struct buf text = {0};
        base64_put(&text, pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(buf_text(&text), pairs[i][1]);
        buf_free(&text);
    }
}

static void anything_but_padded_base64_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "A",    "AA",       "AAA",      "AAAAA", "A===",       "====", "=AAA",     "A=AA",
        "AA=A", "AAAA====", "AA==AAAA", " AAA",  "AAA ",       "    ", "AAAA    ", "\nAAAA\n\n\n",
        "AA A", "AA\nA",    "AA-_",     "AA.A",  "AA\x80\x80", "AAA-", "-AAA",
    };
    uint8_t out[64];
    size_t bytes = 7;
    for (size_t i = 0; i < countof(wrong); i++)
        if (base64_decode(str_of(wrong[i]), out, &bytes) != EINVAL)
            fail_msg("taken for base64: \"%s\"", wrong[i]);
    assert_int_equal(base64_decode((struct str){"A\0AA", 4}, out, &bytes), EINVAL);
    assert_int_equal(bytes, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test(bytes_are_equal_only_if_all_are),
        cmocka_unit_test(base64_comes_back_at_every_length),
        cmocka_unit_test(base64_is_the_rfcs),
        cmocka_unit_test(anything_but_padded_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
