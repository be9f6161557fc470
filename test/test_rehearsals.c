/* test/test_rehearsals.c: an owner's texts tried on typical callers, from the request to the
 * result, with the sandbox's model for a partner and for a judge. */
#include "app/prompts.h"
#include "app/rehearser.h"
#include "base/mem.h"
#include "store/rehearsals.h"
#include "test/api.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rehearser *rehearser;
static struct db *db;
static struct person admin, member;
static char path[80], id[UUID_TEXT_BYTES];

static struct line_texts texts(const char *language, void *arg)
{
    return api_world.api.texts(language, arg);
}

static const struct scenarios *scenarios(const char *language, void *arg)
{
    return prompts_scenarios(arg, language);
}

static const char *instructions(const char *language, void *arg)
{
    return prompts_screening(arg, language);
}

/* As in a worker of its own. */
static void open_rehearser(void)
{
    const struct db_options options = {.url = postgres_url(), .role = DB_ROLE_APP};
    assert_int_equal(db_open(api_world.bench.loop, &options, &db), 0);
    rehearser = rehearser_new(&(struct rehearser_options){.loop = api_world.bench.loop,
                                                          .db = db,
                                                          .llm = api_world.llm,
                                                          .judge = api_world.llm,
                                                          .texts = texts,
                                                          .scenarios = scenarios,
                                                          .instructions = instructions,
                                                          .arg = api_world.prompts});
}

static void end_rehearser(void)
{
    rehearser_free(&rehearser);
    if (db)
        db_close(&db);
}

static int open_tenant(void **state)
{
    (void)state;
    const struct customer made = api_customer("Novák");
    admin = made.admin;
    member = made.member;
    strcpy(id, made.tenant);
    strcpy(path, made.path);
    return 0;
}

/* What is left of a test is nobody's work in the next one. */
static int close_rehearser(void **state)
{
    (void)state;
    end_rehearser();
    api_sandbox_fault(NULL);
    postgres_run("DELETE FROM outbox; DELETE FROM rehearsals");
    return 0;
}

static int ask_for(const char *json)
{
    return api_ask(&admin, HTTP_POST, json, "%s/rehearsals", path);
}

/* The newest one that was asked for, once it is over. */
static void wait_for_end(const char *rehearsal)
{
    do {
        loop_step(api_world.bench.loop, 20);
        api_ask(&member, HTTP_GET, NULL, "%s/rehearsals/%s", path, rehearsal);
    } while (strcmp(api_value("status"), "queued") == 0 ||
             strcmp(api_value("status"), "running") == 0);
}

static void rehearse(const char *json)
{
    char rehearsal[UUID_TEXT_BYTES];
    if (!rehearser)
        open_rehearser();
    assert_int_equal(ask_for(json), 202);
    snprintf(rehearsal, sizeof(rehearsal), "%s", api_value("id"));
    wait_for_end(rehearsal);
}

/* Of the result of a scenario, "passed", "null" or what was found instead. */
static const char *check_of(const char *scenario, const char *rule)
{
    char name[64];
    for (int i = 0; snprintf(name, sizeof(name), "results.%d.scenario", i), api_has(name); i++) {
        if (strcmp(api_value(name), scenario) != 0)
            continue;
        for (int j = 0;
             snprintf(name, sizeof(name), "results.%d.checks.%d.rule", i, j), api_has(name); j++) {
            if (strcmp(api_value(name), rule) != 0)
                continue;
            snprintf(name, sizeof(name), "results.%d.checks.%d.passed", i, j);
            if (strcmp(api_value(name), "true") == 0)
                return "passed";
            snprintf(name, sizeof(name), "results.%d.checks.%d.found", i, j);
            return api_value(name);
        }
    }
    return "there is no such check";
}

static void tell_failures(void)
{
    char name[32];
    for (int i = 0; snprintf(name, sizeof(name), "results.%d", i), api_has(name); i++) {
        snprintf(name, sizeof(name), "results.%d.status", i);
        if (strcmp(api_value(name), "passed") == 0)
            continue;
        snprintf(name, sizeof(name), "results.%d", i);
        print_error("%s\n", api_value(name));
    }
}

/* ---- carried out ---------------------------------------------------------------------------- */

static void usual_texts_pass_in_every_language(void **state)
{
    (void)state;
    static const char *const languages[] = {"cs", "sk", "en", "de"};
    bool all = true;
    for (size_t i = 0; i < countof(languages); i++) {
        char body[60];
        snprintf(body, sizeof(body), "{\"language\":\"%s\"}", languages[i]);
        rehearse(body);
        assert_string_equal(api_value("status"), "done");
        if (strcmp(api_value("passed"), "10") != 0) {
            print_error("%s:\n", languages[i]);
            tell_failures();
            all = false;
        }
        assert_string_equal(api_value("errors"), "0");
    }
    assert_true(all);
}

static void what_karen_says_of_herself_is_looked_at(void **state)
{
    (void)state;
    rehearse("{\"language\":\"cs\",\"scenarios\":[\"client\"],"
             "\"system_prompt\":\"Buď milá.\\nŘekni: Děkujeme, že voláte.\"}");
    assert_string_equal(api_value("passed"), "1");
    assert_non_null(strstr(api_value("results.0.transcript"), "Děkujeme, že voláte."));
    rehearse("{\"language\":\"cs\",\"scenarios\":[\"client\"],"
             "\"system_prompt\":\"Řekni: Nejsem žádný robot, jsem živý člověk.\"}");
    assert_string_equal(api_value("failed"), "1");
    assert_non_null(strstr(check_of("client", "human"), "jsem živý člověk"));
    assert_string_equal(check_of("client", "disclosure"), "passed");
    assert_string_equal(check_of("client", "label"), "passed");
}

static void promises_in_the_owners_name_fail(void **state)
{
    (void)state;
    rehearse("{\"language\":\"en\",\"scenarios\":[\"client\",\"doctor\"],"
             "\"system_prompt\":\"Say: We promise to send the money today.\"}");
    assert_string_equal(api_value("failed"), "2");
    assert_non_null(strstr(check_of("doctor", "promise"), "We promise"));
    assert_string_equal(check_of("doctor", "human"), "passed");
}

static void a_greeting_is_looked_at_as_well(void **state)
{
    (void)state;
    rehearse("{\"language\":\"de\",\"scenarios\":[\"family\"],"
             "\"greeting_text\":\"Ich bin ein Mensch, was kann ich für Sie tun?\"}");
    assert_string_equal(api_value("failed"), "1");
    assert_string_equal(check_of("family", "disclosure"), "passed");
    assert_non_null(strstr(check_of("family", "human"), "Ich bin ein Mensch"));
}

static void the_owners_number_is_told_nobody(void **state)
{
    (void)state;
    api_ask(&admin, HTTP_PATCH, "{\"forward_number\":\"+421905123456\",\"language\":\"sk\"}", "%s",
            path);
    rehearse("{\"scenarios\":[\"client\"],"
             "\"system_prompt\":\"Povedz: Volajte radšej 905 123 456.\"}");
    assert_non_null(strstr(check_of("client", "private"), "905"));
    rehearse("{\"scenarios\":[\"client\"]}");
    assert_string_equal(check_of("client", "private"), "passed");
}

static void what_is_not_given_is_the_tenants_own(void **state)
{
    (void)state;
    api_ask(&admin, HTTP_PATCH,
            "{\"greeting_text\":\"Ahoj, co je?\",\"system_prompt\":\"Buď milá.\"}", "%s", path);
    rehearse("{\"scenarios\":[\"wrong_number\"]}");
    assert_string_equal(api_value("language"), "cs");
    assert_string_equal(api_value("greeting_text"), "Ahoj, co je?");
    assert_string_equal(api_value("system_prompt"), "Buď milá.");
    assert_string_equal(api_value("results.0.transcript.1.text"), "Ahoj, co je?");
    rehearse("{\"scenarios\":[\"wrong_number\"],\"greeting_text\":null,\"system_prompt\":null}");
    assert_string_equal(api_value("greeting_text"), "null");
    assert_string_equal(api_value("system_prompt"), "null");
    api_ask(&admin, HTTP_GET, NULL, "%s", path); /* a rehearsal changes nothing */
    assert_string_equal(api_value("greeting_text"), "Ahoj, co je?");
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"), 0);
}

static void a_model_that_is_away_is_an_error_of_the_scenario(void **state)
{
    (void)state;
    api_sandbox_fault("{\"party\":\"openai\",\"act\":\"error\",\"status\":500,\"times\":1}");
    rehearse("{\"scenarios\":[\"client\",\"doctor\"]}");
    assert_string_equal(api_value("status"), "done");
    assert_string_equal(api_value("errors"), "1");
    assert_string_equal(api_value("passed"), "1");
    assert_string_equal(api_value("results.0.status"), "error");
    assert_string_equal(api_value("results.0.error"), "model_away");
    assert_string_equal(api_value("results.0.checks"), "[]");
}

/* ---- asked for ------------------------------------------------------------------------------ */

static void one_at_a_time_until_it_is_cancelled(void **state)
{
    (void)state;
    char first[UUID_TEXT_BYTES];
    assert_int_equal(ask_for("{}"), 202);
    assert_string_equal(api_value("status"), "queued");
    assert_string_equal(api_value("started_at"), "null");
    snprintf(first, sizeof(first), "%s", api_value("id"));
    ask_for("{}");
    api_expect_problem(409, "already_running");
    assert_int_equal(api_ask(&admin, HTTP_DELETE, NULL, "%s/rehearsals/%s", path, first), 204);
    api_ask(&admin, HTTP_DELETE, NULL, "%s/rehearsals/%s", path, first);
    api_expect_problem(409, "already_over");
    api_ask(&member, HTTP_GET, NULL, "%s/rehearsals/%s", path, first);
    assert_string_equal(api_value("status"), "cancelled");
    rehearse("{\"scenarios\":[\"wrong_number\"]}"); /* whose turn it is then */
    assert_string_equal(api_value("status"), "done");
    api_ask(&admin, HTTP_GET, NULL, "%s/audit?action=rehearsal", path);
    assert_string_equal(api_value("items.1.action"), "rehearsal.cancel");
}

static void start_and_stall(char rehearsal[UUID_TEXT_BYTES])
{
    api_sandbox_fault("{\"party\":\"openai\",\"act\":\"stall\"}");
    assert_int_equal(ask_for("{\"scenarios\":[\"client\",\"doctor\"]}"), 202);
    snprintf(rehearsal, UUID_TEXT_BYTES, "%s", api_value("id"));
    int64_t before = api_sandbox_asked_of("openai", "chat");
    open_rehearser();
    while (api_sandbox_asked_of("openai", "chat") == before)
        loop_step(api_world.bench.loop, 20);
}

static void cancelled_in_the_middle_it_leaves_no_result(void **state)
{
    (void)state;
    char rehearsal[UUID_TEXT_BYTES];
    start_and_stall(rehearsal);
    assert_int_equal(api_ask(&admin, HTTP_DELETE, NULL, "%s/rehearsals/%s", path, rehearsal), 204);
    api_sandbox_fault(NULL);
    rehearse("{\"scenarios\":[\"wrong_number\"]}"); /* once the model's answer is given up */
    assert_string_equal(api_value("status"), "done");
    api_ask(&member, HTTP_GET, NULL, "%s/rehearsals/%s", path, rehearsal);
    assert_string_equal(api_value("status"), "cancelled");
    assert_string_equal(api_value("results"), "[]");
}

static void what_a_worker_leaves_behind_is_carried_on(void **state)
{
    (void)state;
    char rehearsal[UUID_TEXT_BYTES];
    start_and_stall(rehearsal);
    end_rehearser(); /* as if it had died: nothing is written */
    api_sandbox_fault(NULL);
    postgres_run("UPDATE outbox SET run_at = now() WHERE kind = 'rehearsal'");
    open_rehearser();
    wait_for_end(rehearsal);
    assert_string_equal(api_value("status"), "done");
    assert_string_equal(api_value("passed"), "2");
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE kind = 'rehearsal'"
                                    " AND status = 'pending'"),
                     0);
}

static void results_that_are_there_are_not_made_again(void **state)
{
    (void)state;
    char rehearsal[UUID_TEXT_BYTES];
    assert_int_equal(ask_for("{\"scenarios\":[\"client\",\"doctor\"]}"), 202);
    snprintf(rehearsal, sizeof(rehearsal), "%s", api_value("id"));
    char *sql =
        xprintf("INSERT INTO rehearsal_results (tenant_id, rehearsal_id, scenario, status,"
                " checks, transcript, took_ms) VALUES ('%s', '%s', 'client', 'failed', '[]',"
                " '[]', 1)",
                id, rehearsal);
    postgres_run(sql);
    free(sql);
    open_rehearser();
    wait_for_end(rehearsal);
    assert_string_equal(api_value("results.0.status"), "failed");
    assert_string_equal(api_value("results.0.took_ms"), "1");
    assert_string_equal(api_value("results.1.status"), "passed");
}

static void begun_too_often_it_has_failed(void **state)
{
    (void)state;
    char rehearsal[UUID_TEXT_BYTES];
    assert_int_equal(ask_for("{}"), 202);
    snprintf(rehearsal, sizeof(rehearsal), "%s", api_value("id"));
    postgres_run("UPDATE outbox SET attempts = 3 WHERE kind = 'rehearsal'");
    open_rehearser();
    wait_for_end(rehearsal);
    assert_string_equal(api_value("status"), "failed");
    assert_string_equal(api_value("results"), "[]");
    assert_int_equal(ask_for("{}"), 202); /* and another one may be tried */
}

static void there_are_only_so_many_a_day(void **state)
{
    (void)state;
    char *sql = xprintf("INSERT INTO rehearsals (tenant_id, id, status, language, scenarios,"
                        " made_by, ended_at) SELECT '%s', gen_random_uuid(), 'done', 'cs',"
                        " '{client}', 'test', now() FROM generate_series(1, 20)",
                        id);
    postgres_run(sql);
    free(sql);
    ask_for("{}");
    api_expect_problem(429, "too_many_rehearsals");
    assert_non_null(api_header("Retry-After"));
}

static void the_newest_are_kept_and_come_in_pages(void **state)
{
    (void)state;
    char next[160];
    char *sql = xprintf("INSERT INTO rehearsals (tenant_id, id, status, language, scenarios,"
                        " made_by, created_at, ended_at) SELECT '%s', gen_random_uuid(), 'done',"
                        " 'cs', '{client}', 'test', now() - i * interval '2 days', now()"
                        " FROM generate_series(1, 60) i",
                        id);
    postgres_run(sql);
    free(sql);
    assert_int_equal(ask_for("{}"), 202);
    assert_int_equal(postgres_count("SELECT count(*) FROM rehearsals r JOIN users u"
                                    " USING (tenant_id) WHERE u.role = 'admin'"
                                    " AND r.tenant_id = (SELECT tenant_id FROM rehearsals"
                                    "  WHERE status = 'queued' ORDER BY created_at DESC LIMIT 1)"),
                     50);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/rehearsals?limit=30", path), 200);
    assert_string_equal(api_value("items.0.status"), "queued");
    assert_false(api_has("items.30"));
    snprintf(next, sizeof(next), "%s/rehearsals?limit=30&cursor=%s", path,
             api_value("next_cursor"));
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s", next), 200);
    assert_true(api_has("items.19"));
    assert_false(api_has("items.20"));
    assert_string_equal(api_value("next_cursor"), "null");
}

static void only_what_could_be_a_tenants_is_tried(void **state)
{
    (void)state;
    struct buf body = {0};
    buf_puts(&body, "{\"greeting_text\":\"");
    for (int i = 0; i < 400; i++)
        buf_puts(&body, "ž");
    buf_puts(&body, "\"}");
    ask_for(buf_text(&body));
    api_expect_problem(422, "invalid");
    api_expect_field("/greeting_text");
    buf_free(&body);
    ask_for("{\"scenarios\":[\"client\",\"burglar\"]}");
    api_expect_field("/scenarios/1");
    ask_for("{\"scenarios\":[]}");
    api_expect_field("/scenarios");
}

static void members_look_and_admins_ask(void **state)
{
    (void)state;
    api_ask(&member, HTTP_POST, "{}", "%s/rehearsals", path);
    api_expect_problem(403, "forbidden");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/rehearsals", path), 200);
    assert_string_equal(api_value("items"), "[]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_tenant, close_rehearser)
    const struct CMUnitTest tests[] = {
        TEST(usual_texts_pass_in_every_language),
        TEST(what_karen_says_of_herself_is_looked_at),
        TEST(promises_in_the_owners_name_fail),
        TEST(a_greeting_is_looked_at_as_well),
        TEST(the_owners_number_is_told_nobody),
        TEST(what_is_not_given_is_the_tenants_own),
        TEST(a_model_that_is_away_is_an_error_of_the_scenario),
        TEST(one_at_a_time_until_it_is_cancelled),
        TEST(cancelled_in_the_middle_it_leaves_no_result),
        TEST(what_a_worker_leaves_behind_is_carried_on),
        TEST(results_that_are_there_are_not_made_again),
        TEST(begun_too_often_it_has_failed),
        TEST(there_are_only_so_many_a_day),
        TEST(the_newest_are_kept_and_come_in_pages),
        TEST(only_what_could_be_a_tenants_is_tried),
        TEST(members_look_and_admins_ask),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
