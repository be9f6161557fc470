/* test/test_jwt.c: our tokens are taken, and nothing that only looks like one. */
#include "auth/jwt.h"

#include "base/hash.h"
#include "base/mem.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1767225600, MINUTES_15 = 900 };

static const char secret[] = "the secret that is in force now, 40 byte";
static const char old_secret[] = "the secret that was in force before, yes";
static const char strangers[] = "a secret that somebody else has thought up";
static const char issuer[] = "https://karen.test";

static struct auth_keys *keys;
static struct auth_claims claims;
static char kid[9], old_kid[9];

static void print_kid(const char *of, char out[9])
{
    uint8_t hash[SHA256_BYTES];
    sha256(str_of(of), hash);
    snprintf(out, 9, "%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
}

static int make_keys(void **state)
{
    (void)state;
    keys = auth_keys_new(
        &(struct auth_key_options){.secret = secret, .old_secret = old_secret, .issuer = issuer});
    claims = (struct auth_claims){.tenant = uuid_new(1),
                                  .user = uuid_new(2),
                                  .session = uuid_new(3),
                                  .phone = "+420601123456",
                                  .issued_s = NOW,
                                  .expires_s = NOW + MINUTES_15};
    print_kid(secret, kid);
    print_kid(old_secret, old_kid);
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    auth_keys_free(&keys);
    return 0;
}

static int check(const char *token)
{
    struct auth_claims found;
    return auth_token_check(keys, str_of(token), NOW, &found);
}

/* ---- a forger's tools ----------------------------------------------------------------------- */

static void put_base64url(struct buf *out, struct str text)
{
    size_t start = out->bytes;
    base64_put(out, text.at, text.bytes);
    while (out->bytes > start && out->data[out->bytes - 1] == '=')
        out->data[--out->bytes] = '\0';
    for (size_t i = start; i < out->bytes; i++)
        out->data[i] = out->data[i] == '+' ? '-' : out->data[i] == '/' ? '_' : out->data[i];
}

/* Static, a few at a time. */
static const char *forge(const char *header, const char *payload, struct str key)
{
    static char ring[4][AUTH_TOKEN_BYTES_MAX * 4];
    static size_t next;
    struct buf token = {0};
    uint8_t mac[SHA256_BYTES];
    put_base64url(&token, str_of(header));
    buf_putc(&token, '.');
    put_base64url(&token, str_of(payload));
    hmac_sha256(key, buf_str(&token), mac);
    buf_putc(&token, '.');
    put_base64url(&token, (struct str){(const char *)mac, sizeof(mac)});
    char *text = ring[next++ % 4];
    assert_true(token.bytes < sizeof(ring[0]));
    snprintf(text, sizeof(ring[0]), "%s", buf_text(&token));
    buf_free(&token);
    return text;
}

static const char *header_with(const char *alg, const char *typ, const char *of_key)
{
    static char text[200];
    snprintf(text, sizeof(text), "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":\"%s\"}", alg, typ,
             of_key);
    return text;
}

#define GOOD_HEADER header_with("HS256", "JWT", kid)
#define IDS                                                                                        \
    "\"sub\":\"0193e3a0-0000-7000-8000-000000000001\","                                            \
    "\"tenant_id\":\"0193e3a0-0000-7000-8000-000000000002\","                                      \
    "\"sid\":\"0193e3a0-0000-7000-8000-000000000003\","
#define TIMES "\"iat\":1767225600,\"exp\":1767226500"
#define NAMES "\"iss\":\"https://karen.test\",\"aud\":\"karen\","
#define GOOD_PAYLOAD "{" NAMES IDS TIMES "}"

static const char *signed_with_ours(const char *header, const char *payload)
{
    return forge(header, payload, str_of(secret));
}

/* ---- sentences ------------------------------------------------------------------------------ */

static void token_says_who_it_is_of(void **state)
{
    (void)state;
    struct buf token = {0};
    struct auth_claims found;
    auth_token_make(keys, &claims, &token);
    assert_int_equal(auth_token_check(keys, buf_str(&token), NOW, &found), 0);
    assert_true(uuid_equal(found.tenant, claims.tenant));
    assert_true(uuid_equal(found.user, claims.user));
    assert_true(uuid_equal(found.session, claims.session));
    assert_int_equal(found.issued_s, NOW);
    assert_int_equal(found.expires_s, NOW + MINUTES_15);
    assert_null(found.phone);
    buf_free(&token);
}

static void no_two_tokens_are_the_same(void **state)
{
    (void)state;
    struct buf one = {0}, other = {0};
    auth_token_make(keys, &claims, &one);
    auth_token_make(keys, &claims, &other);
    assert_string_not_equal(buf_text(&one), buf_text(&other));
    buf_free(&one);
    buf_free(&other);
}

static void forgers_tools_are_good_ones(void **state)
{
    (void)state;
    /* source: a vector computed elsewhere, key 00 01 .. 1f */
    static const char vector[] =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJrYXJlbiIsImF1ZCI6ImthcmVuLWFwaSIsInN1YiI6"
        "InVfMSIsInRpZCI6InRfMSIsInNpZCI6InNfMSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI2NTAwfQ."
        "qhVVIdOsjMgzwh9PJsMGatymInrN21qOPPPZS0f6Oxs";
    char key[32];
    for (int i = 0; i < 32; i++)
        key[i] = (char)i;
    assert_string_equal(
        forge("{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
              "{\"iss\":\"karen\",\"aud\":\"karen-api\",\"sub\":\"u_1\",\"tid\":\"t_1\","
              "\"sid\":\"s_1\",\"iat\":1767225600,\"exp\":1767226500}",
              (struct str){key, sizeof(key)}),
        vector);
    assert_int_equal(check(signed_with_ours(GOOD_HEADER, GOOD_PAYLOAD)), 0);
}

static void other_algorithms_are_refused(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"none",  "None",  "NONE",  "HS384",  "HS512",
                                             "RS256", "ES256", "hs256", "HS256 ", ""};
    for (size_t i = 0; i < countof(algorithms); i++)
        if (check(signed_with_ours(header_with(algorithms[i], "JWT", kid), GOOD_PAYLOAD)) != EINVAL)
            fail_msg("alg \"%s\" was taken", algorithms[i]);
}

static void unsigned_token_is_refused(void **state)
{
    (void)state;
    char token[2000];
    static const char *const algorithms[] = {"none", "HS256"};
    for (size_t i = 0; i < countof(algorithms); i++) {
        snprintf(token, sizeof(token), "%s",
                 signed_with_ours(header_with(algorithms[i], "JWT", kid), GOOD_PAYLOAD));
        char *end = strrchr(token, '.');
        end[1] = '\0';
        assert_int_equal(check(token), EINVAL);
        end[0] = '\0';
        assert_int_equal(check(token), EINVAL);
    }
}

static void only_our_keys_open(void **state)
{
    (void)state;
    static const char *const odd[] = {"",         "00000000",     "../../dev/null", "' OR 1=1 --",
                                      "12345678", "{\\\"a\\\":1}"};
    char strange_kid[9];
    print_kid(strangers, strange_kid);
    assert_int_equal(check(forge(GOOD_HEADER, GOOD_PAYLOAD, str_of(strangers))), EINVAL);
    assert_int_equal(
        check(forge(header_with("HS256", "JWT", strange_kid), GOOD_PAYLOAD, str_of(strangers))),
        EINVAL);
    assert_int_equal(check(signed_with_ours(header_with("HS256", "JWT", old_kid), GOOD_PAYLOAD)),
                     EINVAL); /* each secret under its own name */
    for (size_t i = 0; i < countof(odd); i++)
        assert_int_equal(check(signed_with_ours(header_with("HS256", "JWT", odd[i]), GOOD_PAYLOAD)),
                         EINVAL);
    assert_int_equal(check(signed_with_ours("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", GOOD_PAYLOAD)),
                     EINVAL);
}

static void secret_before_is_taken_while_it_is_kept(void **state)
{
    (void)state;
    const char *token =
        forge(header_with("HS256", "JWT", old_kid), GOOD_PAYLOAD, str_of(old_secret));
    struct auth_claims found;
    assert_int_equal(check(token), 0);
    struct auth_keys *newer =
        auth_keys_new(&(struct auth_key_options){.secret = secret, .issuer = issuer});
    assert_int_equal(auth_token_check(newer, str_of(token), NOW, &found), EINVAL);
    auth_keys_free(&newer);
}

static void header_has_one_form(void **state)
{
    (void)state;
    char text[400];
    static const char *const forms[] = {
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"alg\":\"HS256\"}", /* twice */
        "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"%s\",\"alg\":\"HS256\"}",
        "{\"a\\u006cg\":\"none\",\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
        "{\"alg\":\"HS256\",\"kid\":\"%s\"}",
        "{\"alg\":[\"HS256\"],\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "[{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}]",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"} x",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"",
    };
    for (size_t i = 0; i < countof(forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof(text), forms[i], kid);
#pragma GCC diagnostic pop
        if (check(signed_with_ours(text, GOOD_PAYLOAD)) != EINVAL)
            fail_msg("taken: %s", text);
    }
}

static void claims_must_be_ours(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "{\"aud\":\"karen\"," IDS TIMES "}",                                   /* no issuer */
        "{\"iss\":\"https://karen.example\",\"aud\":\"karen\"," IDS TIMES "}", /* another's */
        "{\"iss\":\"https://karen.test\"," IDS TIMES "}",                      /* no audience */
        "{\"iss\":\"https://karen.test\",\"aud\":\"karen-api\"," IDS TIMES "}",
        "{\"iss\":\"https://karen.test\",\"aud\":[\"karen\"]," IDS TIMES "}",
        "{" NAMES TIMES "}", /* nobody's */
        "{" NAMES "\"sub\":\"u_1\",\"tenant_id\":\"0193e3a0-0000-7000-8000-000000000002\","
        "\"sid\":\"0193e3a0-0000-7000-8000-000000000003\"," TIMES "}",
        "{" NAMES IDS "\"iat\":1767225600}", /* for ever */
        "{" NAMES IDS "\"iat\":1767225600,\"exp\":\"1767226500\"}",
        "{" NAMES IDS "\"iat\":1767225600,\"exp\":1767226500.5}",
        "{" NAMES IDS "\"iat\":1767225600,\"exp\":-1}",
        "{" NAMES IDS "\"iat\":1767225600,\"exp\":1e99}",
        "{" NAMES IDS "\"exp\":1767226500}",                    /* from when? */
        "{" NAMES IDS "\"iat\":1767225661,\"exp\":1767226500}", /* from the future */
        "{" NAMES IDS TIMES ",\"exp\":99999999999}",            /* twice */
        "[]",
        "{}",
        "null",
        "",
        "{" NAMES IDS TIMES,
    };
    for (size_t i = 0; i < countof(payloads); i++)
        if (check(signed_with_ours(GOOD_HEADER, payloads[i])) != EINVAL)
            fail_msg("taken: %s", payloads[i]);
    assert_int_equal(check(signed_with_ours(GOOD_HEADER, "{" NAMES IDS
                                                         "\"iat\":1767225660,\"exp\":1767226500}")),
                     0); /* clocks differ a little */
}

static void token_is_over_when_it_is(void **state)
{
    (void)state;
    struct auth_claims found;
    struct buf token = {0};
    auth_token_make(keys, &claims, &token);
    struct str text = buf_str(&token);
    int64_t end = claims.expires_s + AUTH_SKEW_SECONDS;
    assert_int_equal(auth_token_check(keys, text, end - 1, &found), 0);
    assert_int_equal(auth_token_check(keys, text, end, &found), ETIME);
    assert_int_equal(auth_token_check(keys, text, INT64_MAX - AUTH_SKEW_SECONDS, &found), ETIME);
    buf_free(&token);
}

/* Every way to write a good token a little differently is no token. */
static void one_token_has_one_spelling(void **state)
{
    (void)state;
    char token[2000];
    snprintf(token, sizeof(token), "%s", signed_with_ours(GOOD_HEADER, GOOD_PAYLOAD));
    size_t bytes = strlen(token);
    static const char *const tails[] = {"=", "==", ".", " ", "\n", "A", "AAAA", ".AAAA"};
    static const char *const heads[] = {" ", ".", "Bearer ", "A"};
    char odd[2100];
    for (size_t i = 0; i < countof(tails); i++) {
        snprintf(odd, sizeof(odd), "%s%s", token, tails[i]);
        assert_int_equal(check(odd), EINVAL);
    }
    for (size_t i = 0; i < countof(heads); i++) {
        snprintf(odd, sizeof(odd), "%s%s", heads[i], token);
        assert_int_equal(check(odd), EINVAL);
    }
    for (size_t i = 0; i < bytes; i++) { /* each letter changed, the last one's unused bits too */
        static const char letters[] = "AB-_.=+/ \x80";
        char old = token[i];
        for (size_t n = 0; n < sizeof(letters) - 1; n++) {
            token[i] = letters[n];
            if (letters[n] != old && check(token) != EINVAL)
                fail_msg("byte %zu as %02x was taken", i, (unsigned char)letters[n]);
        }
        token[i] = old;
    }
    for (size_t i = 0; i < bytes; i++) /* cut short anywhere */
        assert_int_equal(auth_token_check(keys, (struct str){token, i}, NOW, &claims), EINVAL);
    token[bytes - 3] = '\0';
    assert_int_equal(auth_token_check(keys, (struct str){token, bytes}, NOW, &claims), EINVAL);
}

static void token_has_a_bound(void **state)
{
    (void)state;
    struct buf payload = {0};
    buf_puts(&payload, "{" NAMES IDS TIMES ",\"x\":\"");
    while (payload.bytes < AUTH_TOKEN_BYTES_MAX)
        buf_putc(&payload, 'x');
    buf_puts(&payload, "\"}");
    assert_int_equal(check(signed_with_ours(GOOD_HEADER, buf_text(&payload))), EINVAL);
    buf_clear(&payload);
    buf_puts(&payload, "{" NAMES IDS TIMES);
    for (int i = 0; i < 10; i++)
        buf_printf(&payload, ",\"x%d\":%d", i, i);
    buf_putc(&payload, '}');
    assert_int_equal(check(signed_with_ours(GOOD_HEADER, buf_text(&payload))), EINVAL); /* 17 */
    buf_free(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_says_who_it_is_of),
        cmocka_unit_test(no_two_tokens_are_the_same),
        cmocka_unit_test(forgers_tools_are_good_ones),
        cmocka_unit_test(other_algorithms_are_refused),
        cmocka_unit_test(unsigned_token_is_refused),
        cmocka_unit_test(only_our_keys_open),
        cmocka_unit_test(secret_before_is_taken_while_it_is_kept),
        cmocka_unit_test(header_has_one_form),
        cmocka_unit_test(claims_must_be_ours),
        cmocka_unit_test(token_is_over_when_it_is),
        cmocka_unit_test(one_token_has_one_spelling),
        cmocka_unit_test(token_has_a_bound),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
