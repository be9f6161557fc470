/* test/test_twilio_sign.c: Twilio's signature: known vectors, every way it writes a URL, forgeries.
 */
#include "base/mem.h"
#include "carrier/twilio_sign.h"
#include "test/test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 32 };

static const char token[] = "karen_test_auth_token_0123456789";
static const char *const tokens[] = {token};

static char *text_of(const char *path)
{
    struct buf text = {0};
    char piece[4096];
    size_t bytes;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    while ((bytes = fread(piece, 1, sizeof(piece), file)) > 0)
        buf_add(&text, piece, bytes);
    fclose(file);
    return text.data;
}

static const char *string_in(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

static void check_vector(const char *what, const struct twilio_request *request, const char *key)
{
    struct twilio_verdict verdict = twilio_check(request, &key, 1);
    if (!verdict.genuine || verdict.matched[0] || verdict.extras_untrusted)
        fail_msg("%s: genuine=%d matched=%s", what, verdict.genuine, verdict.matched);
    if (!request->body.bytes) {
        char made[TWILIO_SIGNATURE_TEXT_BYTES];
        twilio_sign(request->url, request->fields, request->field_count, key, made);
        assert_string_equal(made, request->signature);
    }
    struct twilio_request forged = *request;
    char url[512];
    snprintf(url, sizeof(url), "%s0", request->url);
    forged.url = url;
    assert_false(twilio_check(&forged, &key, 1).genuine);
}

static void published_vectors_match(void **state)
{
    (void)state;
    char *text = text_of(KAREN_SOURCE_ROOT "/test/data/twilio_signatures.json");
    assert_non_null(text);
    cJSON *all = cJSON_Parse(text);
    assert_int_equal(cJSON_GetArraySize(all), 7);
    const cJSON *vector, *pair;
    cJSON_ArrayForEach(vector, all)
    {
        struct http_field fields[FIELDS_MAX];
        size_t count = 0;
        cJSON_ArrayForEach(pair, cJSON_GetObjectItem(vector, "fields"))
        {
            assert_in_range(count, 0, FIELDS_MAX - 1);
            fields[count++] =
                (struct http_field){cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)),
                                    cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1))};
        }
        struct twilio_request request = {.url = string_in(vector, "url"),
                                         .fields = fields,
                                         .field_count = count,
                                         .body = str_of(string_in(vector, "body")),
                                         .signature = string_in(vector, "signature")};
        check_vector(string_in(vector, "what"), &request, string_in(vector, "token"));
    }
    cJSON_Delete(all);
    free(text);
}

static size_t add_values(struct http_field *fields, size_t count, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        fields[count++] = (struct http_field){value->string, value->valuestring};
        return count;
    }
    const cJSON *one;
    cJSON_ArrayForEach(one, value) fields[count++] =
        (struct http_field){value->string, one->valuestring};
    return count;
}

/* The same and any newer ones as the specification folder beside the project has them. */
static void specification_vectors_match(void **state)
{
    (void)state;
    char *text = text_of(KAREN_SOURCE_ROOT "/../shared/specs/test_vectors.json");
    if (!text)
        skip();
    cJSON *root = cJSON_Parse(text);
    const cJSON *all = cJSON_GetObjectItem(root, "twilio_x_twilio_signature");
    assert_true(cJSON_GetArraySize(all) > 0);
    const cJSON *vector, *value;
    cJSON_ArrayForEach(vector, all)
    {
        struct http_field fields[FIELDS_MAX];
        size_t count = 0;
        cJSON_ArrayForEach(value, cJSON_GetObjectItem(vector, "params")) count =
            add_values(fields, count, value);
        struct twilio_request request = {
            .url = string_in(vector, "url"),
            .fields = fields,
            .field_count = count,
            .body = str_of(count ? NULL : string_in(vector, "body")),
            .signature = string_in(vector, "signature"),
        };
        check_vector(string_in(vector, "name"), &request, string_in(vector, "auth_token"));
    }
    cJSON_Delete(root);
    free(text);
}

static const struct http_field some_fields[] = {
    {"To", "+420228883001"}, {"From", "+420602000111"}, {"CallToken", "t0k"}, {"From", "+1"}};

/* Whether a request to `ours` is taken when Twilio signed `theirs`, and by which variant. */
static const char *matched(const char *ours, const char *theirs)
{
    static char how[sizeof((struct twilio_verdict){0}.matched)];
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    twilio_sign(theirs, some_fields, countof(some_fields), token, signature);
    struct twilio_request request = {.url = ours,
                                     .fields = some_fields,
                                     .field_count = countof(some_fields),
                                     .signature = signature};
    struct twilio_verdict verdict = twilio_check(&request, tokens, 1);
    assert_false(verdict.extras_untrusted);
    strcpy(how, verdict.matched);
    return verdict.genuine ? how : NULL;
}

static void port_may_be_written_or_not(void **state)
{
    (void)state;
    assert_string_equal(matched("https://k.example/a?b=1", "https://k.example:443/a?b=1"), "p");
    assert_string_equal(matched("https://k.example:443/a", "https://k.example/a"), "p");
    assert_string_equal(matched("http://k.example/a", "http://k.example:80/a"), "p");
    assert_string_equal(matched("https://k.example:8443/a", "https://k.example/a"), "p");
    assert_null(matched("https://k.example/a", "https://k.example:8443/a"));
    assert_string_equal(matched("https://u:p@k.example/a", "https://u:p@k.example:443/a"), "p");
    assert_string_equal(matched("https://[::1]/a", "https://[::1]:443/a"), "p");
}

static void query_may_be_encoded_anew(void **state)
{
    (void)state;
    assert_string_equal(
        matched("https://k.example/a?t=a+b&u='x'", "https://k.example/a?t=a+b&u='x'"), "");
    assert_string_equal(matched("https://k.example/a?t=a+b", "https://k.example/a?t=a%20b"), "q");
    assert_string_equal(
        matched("https://k.example/a?t=%c5%88&v", "https://k.example/a?t=%C5%88&v="), "q");
    assert_string_equal(matched("https://k.example/a?t=a+b", "https://k.example:443/a?t=a%20b"),
                        "pq");
    assert_null(matched("https://k.example/a?t=a", "https://k.example/a?t=b"));
}

static void fragment_is_not_signed(void **state)
{
    (void)state;
    assert_string_equal(matched("https://k.example/a#rc=2", "https://k.example/a"), "");
    assert_string_equal(matched("https://k.example/a", "https://k.example/a#rc=2&rp=all"), "");
}

static bool upgrade_matches(const char *ours, const char *theirs)
{
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    twilio_sign(theirs, NULL, 0, token, signature);
    struct twilio_request request = {.url = ours, .signature = signature};
    return twilio_check(&request, tokens, 1).genuine;
}

static void upgrade_is_signed_in_several_ways(void **state)
{
    (void)state;
    static const char *const theirs[] = {
        "wss://k.example/media",    "https://k.example/media",   "wss://k.example/media/",
        "https://k.example/media/", "wss://k.example:443/media", "https://k.example:443/media/"};
    for (size_t i = 0; i < countof(theirs); i++)
        if (!upgrade_matches("wss://k.example/media", theirs[i]))
            fail_msg("not accepted: %s", theirs[i]);
    assert_true(upgrade_matches("ws://127.0.0.1:8080/media", "http://127.0.0.1:8080/media"));
    assert_false(upgrade_matches("wss://k.example/media", "wss://k.example/medi"));
    assert_false(upgrade_matches("wss://k.example/media", "wss://other.example/media"));
    /* a plain webhook gets none of these freedoms */
    assert_false(upgrade_matches("https://k.example/media", "wss://k.example/media"));
    assert_false(upgrade_matches("https://k.example/media", "https://k.example/media/"));
}

static void extras_left_out_of_the_signature_are_not_trusted(void **state)
{
    (void)state;
    const struct http_field all[] = {
        {"From", "+1"}, {"StirVerstat", "TN-Validation-Passed-A"}, {"CallToken", "x"}};
    const struct http_field without[] = {{"From", "+1"}};
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    struct twilio_request request = {
        .url = "https://k.example/a", .fields = all, .field_count = 3, .signature = signature};
    twilio_sign(request.url, without, 1, token, signature);
    struct twilio_verdict verdict = twilio_check(&request, tokens, 1);
    assert_true(verdict.genuine && verdict.extras_untrusted);
    assert_string_equal(verdict.matched, "x");
    twilio_sign(request.url, all, 3, token, signature);
    verdict = twilio_check(&request, tokens, 1);
    assert_true(verdict.genuine && !verdict.extras_untrusted);
}

static void body_must_be_covered(void **state)
{
    (void)state;
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    struct twilio_request request = {
        .url = "https://k.example/a", .body = str_of("{}"), .signature = signature};
    twilio_sign(request.url, NULL, 0, token, signature);
    assert_false(twilio_check(&request, tokens, 1).genuine); /* no digest in the URL */
    request.url = "https://k.example/a?bodySHA256=00&bodySHA256="
                  "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    twilio_sign(request.url, NULL, 0, token, signature);
    assert_true(twilio_check(&request, tokens, 1).genuine); /* Twilio repeats it at times */
    request.body = str_of("{ }");
    assert_false(twilio_check(&request, tokens, 1).genuine);
}

static void either_token_is_right_while_it_is_changed(void **state)
{
    (void)state;
    const char *both[] = {"new", "old"};
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    struct twilio_request request = {.url = "https://k.example/a", .signature = signature};
    twilio_sign(request.url, NULL, 0, "old", signature);
    struct twilio_verdict verdict = twilio_check(&request, both, 2);
    assert_true(verdict.genuine);
    assert_int_equal(verdict.token, 1);
    assert_false(twilio_check(&request, both, 1).genuine);
}

static void forgeries_are_refused(void **state)
{
    (void)state;
    static const char *const signatures[] = {NULL,
                                             "",
                                             "x",
                                             "R/zb6selIDHI8eQuXIY3CtaRtTM",
                                             "R/zb6selIDHI8eQuXIY3CtaRtTM==",
                                             "AAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    for (size_t i = 0; i < countof(signatures); i++) {
        struct twilio_request request = {.url = "https://k.example/a", .signature = signatures[i]};
        assert_false(twilio_check(&request, tokens, 1).genuine);
    }
    /* an installation without a token trusts nobody, not even who signs with nothing */
    const char *empty[] = {"", NULL};
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    struct twilio_request request = {.url = "https://k.example/a", .signature = signature};
    twilio_sign(request.url, NULL, 0, "", signature);
    assert_false(twilio_check(&request, empty, 2).genuine);
    request.url = "no url";
    assert_false(twilio_check(&request, tokens, 1).genuine);
}

static void moved_bytes_do_not_match(void **state)
{
    (void)state;
    /* names and values are joined without marks, so the boundary can move: an honest limit of the
     * scheme; but a changed, added or dropped field is seen */
    const struct http_field signed_fields[] = {{"A", "1"}, {"B", "2"}};
    const struct http_field changed[] = {{"A", "1"}, {"B", "3"}};
    const struct http_field added[] = {{"A", "1"}, {"B", "2"}, {"C", "3"}};
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    twilio_sign("https://k.example/a", signed_fields, 2, token, signature);
    struct twilio_request request = {.url = "https://k.example/a", .signature = signature};
    assert_false(twilio_check(&request, tokens, 1).genuine);
    request.fields = changed;
    request.field_count = 2;
    assert_false(twilio_check(&request, tokens, 1).genuine);
    request.fields = added;
    request.field_count = 3;
    assert_false(twilio_check(&request, tokens, 1).genuine);
    request.fields = signed_fields;
    request.field_count = 2;
    assert_true(twilio_check(&request, tokens, 1).genuine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_match),
        cmocka_unit_test(specification_vectors_match),
        cmocka_unit_test(port_may_be_written_or_not),
        cmocka_unit_test(query_may_be_encoded_anew),
        cmocka_unit_test(fragment_is_not_signed),
        cmocka_unit_test(upgrade_is_signed_in_several_ways),
        cmocka_unit_test(extras_left_out_of_the_signature_are_not_trusted),
        cmocka_unit_test(body_must_be_covered),
        cmocka_unit_test(either_token_is_right_while_it_is_changed),
        cmocka_unit_test(forgeries_are_refused),
        cmocka_unit_test(moved_bytes_do_not_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
