/* test/test_telephony_shared.c: the number all tenants share and asks for a code, and the checks of
 * a forwarding that come back. */
#include "store/forwarding_checks.h"
#include "store/numbers.h"
#include "test/telephony_world.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the shared number ---------------------------------------------------------------------- */

#define SHARED "+420228883009"

static void open_shared_number(void)
{
    struct ending ending = {0};
    numbers_add(world.bench.owner, SHARED, NULL, true, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&world.bench, &ending), 0);
}

static void type_code(int tries, const char *digits)
{
    char path[80];
    snprintf(path, sizeof(path), "/telephony/tenant-code?language=cs&n=%d", tries);
    world_post((struct hook){.path = path,
                             .call_sid = sid1,
                             .to = SHARED,
                             .status = "in-progress",
                             .more = {{"Digits", digits}}});
}

static void expect_asking(int tries)
{
    const struct twiml_element *gather = twiml_child(world_twiml(), "Gather");
    char action[120];
    assert_non_null(gather);
    snprintf(action, sizeof(action), "%s/telephony/tenant-code?language=cs&n=%d", world.base,
             tries);
    assert_string_equal(twiml_attribute(gather, "action"), action);
    assert_string_equal(twiml_attribute(gather, "numDigits"), "4");
    assert_string_equal(twiml_attribute(twiml_child(gather, "Say"), "language"), "cs-CZ");
}

/* A code that is nobody's; borrowed until the next call. */
static const char *wrong_code(void)
{
    static char code[5];
    char *found = postgres_ask("SELECT lpad(n::text, 4, '0') FROM generate_series(0, 9999) n"
                               " WHERE NOT EXISTS (SELECT FROM tenants"
                               " WHERE code = lpad(n::text, 4, '0')) LIMIT 1");
    snprintf(code, sizeof(code), "%s", found);
    free(found);
    return code;
}

static void shared_number_asks_three_times_and_says_goodbye(void **state)
{
    (void)state;
    open_shared_number();
    world_post((struct hook){.call_sid = sid1, .to = SHARED});
    expect_asking(1);
    type_code(1, wrong_code());
    expect_asking(2);
    type_code(2, "");
    expect_asking(3);
    type_code(3, "12");
    world_expect_refusal();
    assert_int_equal(world_counted(TELEPHONY_CODE_ASKED), 3);
    assert_int_equal(world_counted(TELEPHONY_CODES_SPENT), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
    type_code(99, wrong_code()); /* whoever makes up a number of tries has none left */
    world_expect_refusal();
}

static void typed_code_reaches_its_tenant_and_no_other(void **state)
{
    (void)state;
    char *code = postgres_ask("SELECT code FROM tenants WHERE name = 'Jan'");
    open_shared_number();
    type_code(1, code);
    assert_non_null(world_token());
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan' AND c.to_number = '" SHARED
                                    "'"),
                     1);
    postgres_run("UPDATE tenants SET plan = 'basic', code_until = now() - interval '1 day'"
                 " WHERE name = 'Jan'");
    postgres_run("UPDATE tenants SET code_until = now() - interval '1 day' WHERE name = 'Jan'");
    type_code(1, code); /* long after the trial */
    expect_asking(2);
    free(code);
}

static void codes_are_guessed_only_so_often(void **state)
{
    (void)state;
    postgres_run("DELETE FROM limit_counts");
    char *code = postgres_ask("SELECT code FROM tenants WHERE name = 'Jan'");
    open_shared_number();
    for (int i = 0; i < TELEPHONY_CODES_AN_HOUR_MAX; i++) {
        type_code(1, wrong_code());
        expect_asking(2);
    }
    type_code(1, code);
    world_expect_refusal();
    assert_int_equal(world_counted(TELEPHONY_CODES_SPENT), 1);
    free(code);
    postgres_run("DELETE FROM limit_counts");
}

static void phone_of_an_owner_on_trial_needs_no_code(void **state)
{
    (void)state;
    static const char user[] = "INSERT INTO users (tenant_id, id, phone, phone_verified, role)"
                               " SELECT id, gen_random_uuid(), '+420777000001', %s, '%s'"
                               " FROM tenants WHERE name = '%s'";
    static const struct {
        const char *verified, *role, *name;
        bool known;
    } people[] = {{"false", "owner", "Jan", false},
                  {"true", "member", "Jan", false},
                  {"true", "owner", "Jan", true},
                  {"true", "owner", "Eva", false}}; /* whose, of the two? */
    open_shared_number();
    for (size_t i = 0; i < countof(people); i++) {
        char *sql = xprintf(user, people[i].verified, people[i].role, people[i].name);
        if (i < 3)
            postgres_run("DELETE FROM users");
        postgres_run(sql);
        free(sql);
        char sid[40];
        snprintf(sid, sizeof(sid), "CA%032zx", i + 32);
        world_post((struct hook){.call_sid = sid, .to = SHARED, .forwarded_from = "777000001"});
        assert_true((twiml_child(world_twiml(), "Connect") != NULL) == people[i].known);
    }
    /* and on any other number it means nothing */
    postgres_run(
        "DELETE FROM users WHERE tenant_id IN (SELECT id FROM tenants WHERE name = 'Eva')");
    world_post(
        (struct hook){.call_sid = sid2, .to = "+420910000000", .forwarded_from = "+420777000001"});
    world_expect_refusal();
}

/* ---- a forwarding check comes back ---------------------------------------------------------- */

static struct uuid checking;

static void on_begun(int err, const struct forwarding_begun *begun, void *arg)
{
    bool *done = arg;
    assert_int_equal(err, 0);
    assert_string_equal(begun->number, JANS_NUMBER);
    assert_string_equal(begun->language, "cs");
    checking = begun->id;
    *done = true;
}

static void begin_check(void)
{
    bool done = false;
    postgres_run("INSERT INTO users (tenant_id, id, phone, phone_verified, role)"
                 " SELECT id, gen_random_uuid(), '" JANS_PHONE "', true, 'owner'"
                 " FROM tenants WHERE name = 'Jan'");
    forwarding_checks_begin(world.bench.app, world.jan, JANS_PHONE, "test", on_begun, &done, NULL);
    bench_wait(&world.bench, &done);
}

static const char *check_path(const char *path)
{
    static char whole[120];
    char id[UUID_TEXT_BYTES];
    uuid_print(checking, id);
    snprintf(whole, sizeof(whole), "/telephony/%s?language=cs&check=%s", path, id);
    return whole;
}

static void tell_check(const char *status)
{
    world_post((struct hook){.path = check_path("forwarding-status"),
                             .call_sid = sid2,
                             .from = JANS_NUMBER,
                             .to = JANS_PHONE,
                             .status = status});
    assert_int_equal(world.status, 204);
}

static void expect_state(const char *state)
{
    char *is = postgres_ask("SELECT concat_ws(' ', state, failed_why) FROM forwarding_checks");
    assert_string_equal(is, state);
    free(is);
}

static void returned_check_is_greeted_and_is_nobodys_call(void **state)
{
    (void)state;
    begin_check();
    expect_state("placing");
    tell_check("ringing");
    expect_state("ringing");
    for (int i = 0; i < 2; i++) { /* the carrier may ask twice */
        world_post(
            (struct hook){.call_sid = sid1, .from = JANS_NUMBER, .forwarded_from = JANS_PHONE});
        const struct twiml_element *say = world_twiml()->children;
        assert_string_equal(say->name, "Say");
        assert_string_equal(twiml_attribute(say, "language"), "cs-CZ");
        assert_string_equal(say->next->name, "Redirect");
        assert_non_null(strstr(say->next->text, check_path("forwarding-greeted")));
        expect_state("came_back");
    }
    tell_check("in-progress"); /* we picked up, nobody else */
    expect_state("came_back");
    world_post((struct hook){.path = check_path("forwarding-greeted"),
                             .call_sid = sid1,
                             .from = JANS_NUMBER,
                             .status = "in-progress"});
    assert_string_equal(world_twiml()->children->name, "Hangup");
    tell_check("completed");
    expect_state("proved");
    assert_int_equal(world_counted(TELEPHONY_CHECKED), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM usage_ledger"), 0);
    /* it is over: what comes now is a loop */
    world_post((struct hook){.call_sid = sid2, .from = JANS_NUMBER});
    world_expect_busy();
}

static void check_is_known_by_the_phone_where_that_stands_for_the_caller(void **state)
{
    (void)state;
    begin_check();
    tell_check("ringing");
    world_post((struct hook){.call_sid = sid1, .from = JANS_PHONE});
    assert_string_equal(world_twiml()->children->name, "Say");
    expect_state("came_back");
    /* a second call of that phone is the owner himself */
    world_post((struct hook){.call_sid = sid2, .from = JANS_PHONE});
    assert_non_null(world_token());
}

static void callers_are_served_while_a_check_runs(void **state)
{
    (void)state;
    begin_check();
    world_post((struct hook){.call_sid = sid1});
    assert_non_null(world_token());
    world_post((struct hook){.call_sid = sid2, .to = EVAS_NUMBER, .from = JANS_NUMBER});
    world_expect_busy(); /* came back to another number of ours */
    expect_state("placing");
}

static void news_say_why_a_check_failed(void **state)
{
    static const struct {
        const char *news[3], *state;
    } cases[] = {
        {{"ringing", "in-progress", "completed"}, "failed answered"},
        {{"ringing", "busy"}, "failed busy"},
        {{"no-answer", "ringing"}, "failed not_forwarded"},
        {{"failed"}, "failed unreachable"},
        {{"completed"}, "failed answered"},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        postgres_run("DELETE FROM forwarding_checks; DELETE FROM users");
        begin_check();
        for (size_t n = 0; n < 3 && cases[i].news[n]; n++)
            tell_check(cases[i].news[n]);
        expect_state(cases[i].state);
    }
    postgres_run("DELETE FROM forwarding_checks; DELETE FROM users");
    begin_check();
    world_post((struct hook){.call_sid = sid1, .from = JANS_NUMBER});
    tell_check("completed");
    expect_state("failed cut_off");
    world_post((struct hook){.path = check_path("forwarding-greeted"), .call_sid = sid1});
    expect_state("proved"); /* the news had been quicker */
}

static void check_of_nobody_is_refused(void **state)
{
    (void)state;
    world_post((struct hook){.path = "/telephony/forwarding-status?check=1", .call_sid = sid1});
    assert_int_equal(world.status, 400);
    world_post((struct hook){.path = "/telephony/forwarding-greeted", .call_sid = sid1});
    assert_int_equal(world.status, 400);
    checking = world.jan; /* an id that is no check's */
    tell_check("ringing");
    world_post((struct hook){.path = check_path("forwarding-greeted"), .call_sid = sid1});
    assert_string_equal(world_twiml()->children->name, "Hangup");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TELEPHONY_TEST(shared_number_asks_three_times_and_says_goodbye),
        TELEPHONY_TEST(typed_code_reaches_its_tenant_and_no_other),
        TELEPHONY_TEST(codes_are_guessed_only_so_often),
        TELEPHONY_TEST(phone_of_an_owner_on_trial_needs_no_code),
        TELEPHONY_TEST(returned_check_is_greeted_and_is_nobodys_call),
        TELEPHONY_TEST(check_is_known_by_the_phone_where_that_stands_for_the_caller),
        TELEPHONY_TEST(callers_are_served_while_a_check_runs),
        TELEPHONY_TEST(news_say_why_a_check_failed),
        TELEPHONY_TEST(check_of_nobody_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
