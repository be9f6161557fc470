/* test/test_api_texts.c: what a caller hears first, what a tenant's texts were, and having one of
 * them again. */
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct person admin, member;
static char path[80];

static int open_tenant(void **state)
{
    (void)state;
    const struct customer made = api_customer("Novák");
    admin = made.admin;
    member = made.member;
    strcpy(path, made.path);
    return 0;
}

static void change(const char *json)
{
    assert_int_equal(api_ask(&admin, HTTP_PATCH, json, "%s", path), 200);
}

static int look(const char *what)
{
    return api_ask(&member, HTTP_GET, NULL, "%s%s", path, what);
}

/* ---- the greeting --------------------------------------------------------------------------- */

static void greeting_is_told_word_for_word(void **state)
{
    (void)state;
    change("{\"owner_name\":\"Jan Novák\",\"language\":\"cs\"}");
    assert_int_equal(look("/greeting"), 200);
    assert_string_equal(api_value("language"), "cs");
    assert_string_equal(api_value("own"), "false");
    assert_string_equal(api_value("text"),
                        "Dobrý den, tady Karen, asistentka s umělou inteligencí. Jan Novák teď"
                        " nemůže hovor přijmout. S čím vám mohu pomoci?");
    change("{\"greeting_text\":\"Co pro vás mohu udělat?\",\"owner_spoken\":\"Honza\"}");
    look("/greeting");
    assert_string_equal(api_value("own"), "true");
    assert_string_equal(api_value("disclosure"),
                        "Dobrý den, tady Karen, asistentka s umělou inteligencí. Honza teď nemůže"
                        " hovor přijmout.");
    assert_string_equal(api_value("greeting"), "Co pro vás mohu udělat?");
}

/* Nothing that a tenant writes comes before the disclosure or in its place. */
static void disclosure_comes_first_in_every_language(void **state)
{
    (void)state;
    static const char *const said[][2] = {{"cs", "umělou inteligencí"},
                                          {"sk", "umelou inteligenciou"},
                                          {"en", "AI assistant"},
                                          {"de", "KI-Assistentin"}};
    for (size_t i = 0; i < countof(said); i++) {
        char body[100];
        snprintf(body, sizeof(body), "{\"language\":\"%s\",\"greeting_text\":\"{owner} \\\"\"}",
                 said[i][0]);
        change(body);
        assert_int_equal(look("/greeting"), 200);
        assert_non_null(strstr(api_value("disclosure"), said[i][1]));
        const char *text = api_value("text"), *disclosure = api_value("disclosure");
        assert_memory_equal(text, disclosure, strlen(disclosure));
        assert_string_equal(api_value("greeting"), "{owner} \"");
    }
}

/* ---- versions ------------------------------------------------------------------------------- */

static void what_a_text_was_is_listed_newest_first(void **state)
{
    (void)state;
    look("/texts/greeting_text/versions");
    assert_string_equal(api_value("items"), "[]");
    change("{\"greeting_text\":\"One\"}");
    change("{\"greeting_text\":\"Three\",\"voice_id\":\"v1\"}");
    change("{\"greeting_text\":null}");
    assert_int_equal(look("/texts/greeting_text/versions"), 200);
    assert_string_equal(api_value("items.0.version"), "3");
    assert_string_equal(api_value("items.0.current"), "true");
    assert_string_equal(api_value("items.0.characters"), "0");
    assert_string_equal(api_value("items.1.characters"), "5");
    assert_string_equal(api_value("items.1.made_by_name"), "Test");
    assert_false(api_has("items.1.text"));
    look("/texts/voice_id/versions");
    assert_string_equal(api_value("items.0.version"), "1");
    assert_string_equal(api_value("next_cursor"), "null");
}

static void pages_go_on_where_they_ended(void **state)
{
    (void)state;
    change("{\"system_prompt\":\"One\"}");
    change("{\"system_prompt\":\"Two\"}");
    change("{\"system_prompt\":\"Three\"}");
    look("/texts/system_prompt/versions?limit=2");
    assert_string_equal(api_value("items.1.version"), "2");
    char next[100];
    snprintf(next, sizeof(next), "/texts/system_prompt/versions?limit=2&cursor=%s",
             api_value("next_cursor"));
    look(next);
    assert_string_equal(api_value("items.0.version"), "1");
    assert_string_equal(api_value("next_cursor"), "null");
    look("/texts/system_prompt/versions?cursor=0190");
    api_expect_problem(400, "invalid_parameter");
    look("/texts/plan/versions");
    assert_true(api_world.status == 400 || api_world.status == 404);
}

static void one_version_has_its_words(void **state)
{
    (void)state;
    change("{\"system_prompt\":\"Buď milá.\"}");
    assert_int_equal(look("/texts/system_prompt/versions/1"), 200);
    assert_string_equal(api_value("text"), "Buď milá.");
    assert_string_equal(api_value("current"), "true");
    look("/texts/system_prompt/versions/2");
    api_expect_problem(404, "not_found");
}

static int restore(const char *version, const char *if_match)
{
    char target[160], header[60];
    const char *const headers[] = {header, NULL};
    snprintf(target, sizeof(target), "%s/texts/greeting_text/versions/%s/restore", path, version);
    snprintf(header, sizeof(header), "If-Match: %s", if_match ? if_match : "");
    return api_ask_with(&admin, HTTP_POST, if_match ? headers : NULL, (struct str){0}, target);
}

static void an_old_version_is_taken_back(void **state)
{
    (void)state;
    change("{\"greeting_text\":\"One\"}");
    change("{\"greeting_text\":\"Two\"}");
    assert_int_equal(restore("1", NULL), 200);
    assert_string_equal(api_value("greeting_text"), "One");
    look("/texts/greeting_text/versions");
    assert_string_equal(api_value("items.0.version"), "3");
    assert_string_equal(api_value("items.0.restored_from"), "1");
    api_ask(&admin, HTTP_GET, NULL, "%s/audit?action=text.restore", path);
    assert_string_equal(api_value("items.0.subject"), "greeting_text");
    restore("9", NULL);
    api_expect_problem(404, "not_found");
}

static void a_version_is_taken_back_in_the_tenant_that_was_seen(void **state)
{
    (void)state;
    char seen[40];
    change("{\"greeting_text\":\"One\"}");
    change("{\"greeting_text\":\"Two\"}");
    snprintf(seen, sizeof(seen), "%s", api_header("ETag"));
    restore("1", "\"1\"");
    api_expect_problem(412, "version_mismatch");
    assert_int_equal(restore("1", seen), 200);
    assert_string_not_equal(api_header("ETag"), seen);
    restore("1", seen);
    api_expect_problem(412, "version_mismatch");
}

static void members_look_and_admins_restore(void **state)
{
    (void)state;
    change("{\"greeting_text\":\"One\"}");
    api_ask(&member, HTTP_POST, NULL, "%s/texts/greeting_text/versions/1/restore", path);
    api_expect_problem(403, "forbidden");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, open_tenant)
    const struct CMUnitTest tests[] = {
        TEST(greeting_is_told_word_for_word),
        TEST(disclosure_comes_first_in_every_language),
        TEST(what_a_text_was_is_listed_newest_first),
        TEST(pages_go_on_where_they_ended),
        TEST(one_version_has_its_words),
        TEST(an_old_version_is_taken_back),
        TEST(a_version_is_taken_back_in_the_tenant_that_was_seen),
        TEST(members_look_and_admins_restore),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
