/* test/test_api_forwarding.c: codes to dial, and checks of a forwarding from the request to the
 * call that comes back, with the sandbox's telephones for owners. */
#include "api/telephony.h"
#include "base/mem.h"
#include "carrier/twilio_numbers.h"
#include "sandbox/sandbox.h"
#include "sandbox/twilio.h"
#include "store/forwarding_checks.h"
#include "test/api.h"
#include "test/test.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KAREN "+420228883001" /* the sandbox has it */
#define PHONE "+420601000001"
#define PHONE_JSON "{\"phone\":\"" PHONE "\"}"

static struct person jan, eva;
static char here[UUID_TEXT_BYTES];
static bool done;

static void on_number(int err, const struct twilio_number *number, void *arg)
{
    assert_int_equal(err, 0);
    snprintf(arg, 40, "%s", number->sid);
    done = true;
}

static void wait_done(void)
{
    bench_wait(&api_world.bench, &done);
    done = false;
}

/* Karen's number leads to this server. */
static void point_number_here(void)
{
    char sid[40], voice[100], status[100];
    snprintf(voice, sizeof(voice), "%s/telephony/inbound", api_world.base);
    snprintf(status, sizeof(status), "%s/telephony/status", api_world.base);
    const struct twilio_hooks hooks = {.voice_url = voice, .status_url = status};
    twilio_numbers_find(api_world.rest, KAREN, on_number, sid, NULL);
    wait_done();
    twilio_numbers_update(api_world.rest, sid, &hooks, on_number, sid, NULL);
    wait_done();
}

static int open_all(void **state)
{
    api_world_open(state);
    api_world.api.telephony =
        telephony_new(&(struct telephony_options){.loop = api_world.bench.loop,
                                                  .db = api_world.bench.app,
                                                  .rest = api_world.rest,
                                                  .public_url = api_world.base,
                                                  .account_sid = settings_usual.twilio_account,
                                                  .tokens = {settings_usual.twilio_token},
                                                  .default_country = "CZ",
                                                  .default_voice = "voice"});
    point_number_here();
    return 0;
}

static int close_all(void **state)
{
    struct telephony *telephony = api_world.api.telephony;
    int err = api_world_close(state);
    telephony_free(&telephony);
    return err;
}

static int tenant_with_a_number(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants");
    struct uuid tenant = api_tenant("Novák Ltd");
    uuid_print(tenant, here);
    jan = api_person(tenant, ROLE_OWNER, PHONE);
    eva = api_person(tenant, ROLE_MEMBER, "+420601000002");
    postgres_run("INSERT INTO number_pool (number, state) VALUES ('" KAREN "', 'assigned');"
                 "INSERT INTO tenant_phone_numbers (tenant_id, twilio_number, is_primary)"
                 " SELECT id, '" KAREN "', true FROM tenants");
    return 0;
}

static void owner_does(const char *what)
{
    const char *why = NULL;
    char json[200];
    struct party *party = sandbox_party(api_world.sandbox, PARTY_TWILIO);
    snprintf(json, sizeof(json), "{\"number\":\"" PHONE "\",%s}", what);
    assert_int_equal(twilio_order_phone(party->state, str_of(json), &why), 0);
}

/* Begins a check and looks at it until it is over. */
static void check(void)
{
    char id[UUID_TEXT_BYTES];
    assert_int_equal(
        api_ask(&jan, HTTP_POST, PHONE_JSON, "/api/tenants/%s/forwarding-checks", here), 201);
    assert_string_equal(api_value("number"), KAREN);
    snprintf(id, sizeof(id), "%s", api_value("id"));
    do
        assert_int_equal(
            api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/forwarding-checks/%s", here, id), 200);
    while (strcmp(api_value("ended_at"), "null") == 0);
}

static void forwarding_that_works_is_proved(void **state)
{
    (void)state;
    owner_does("\"act\":\"forward\",\"after_ms\":30,\"to\":\"" KAREN "\"");
    check();
    assert_string_equal(api_value("state"), "proved");
    assert_string_equal(api_value("failed_why"), "null");
    assert_string_equal(api_value("forwarder_shown"), "true");
    assert_true(atoi(api_value("came_back_after_ms")) >= 0);
    assert_string_not_equal(api_value("greeted_at"), "null");
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/forwarding-checks", here), 200);
    assert_string_equal(api_value("items.0.state"), "proved");
}

static void network_that_hides_who_forwards_proves_it_as_well(void **state)
{
    (void)state;
    owner_does("\"act\":\"forward\",\"hides\":true,\"to\":\"" KAREN "\"");
    check();
    assert_string_equal(api_value("state"), "proved");
    assert_string_equal(api_value("forwarder_shown"), "false");
}

static void forwarding_that_does_not_work_says_why(void **state)
{
    static const struct {
        const char *does, *why;
    } cases[] = {
        {"\"act\":\"answer\",\"after_ms\":20", "answered"},
        {"\"act\":\"busy\"", "busy"},
        {"\"act\":\"fail\"", "unreachable"},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        owner_does(cases[i].does);
        check();
        assert_string_equal(api_value("state"), "failed");
        assert_string_equal(api_value("failed_why"), cases[i].why);
    }
}

static void only_a_proved_phone_is_rung(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&jan, HTTP_POST, "{\"phone\":\"+420999888777\"}",
                             "/api/tenants/%s/forwarding-checks", here),
                     422);
    api_expect_field("/phone");
    assert_int_equal(
        api_ask(&eva, HTTP_POST, PHONE_JSON, "/api/tenants/%s/forwarding-checks", here), 403);
    postgres_run("DELETE FROM tenant_phone_numbers; UPDATE tenants SET plan = 'basic'");
    api_ask(&jan, HTTP_POST, PHONE_JSON, "/api/tenants/%s/forwarding-checks", here);
    api_expect_problem(409, "no_number");
}

static void one_check_at_a_time_and_not_too_often(void **state)
{
    (void)state;
    owner_does("\"act\":\"no_answer\"");
    assert_int_equal(
        api_ask(&jan, HTTP_POST, PHONE_JSON, "/api/tenants/%s/forwarding-checks", here), 201);
    api_ask(&jan, HTTP_POST, PHONE_JSON, "/api/tenants/%s/forwarding-checks", here);
    api_expect_problem(409, "check_running");
    postgres_run("UPDATE forwarding_checks SET placed_at = placed_at - interval '2 minutes'");
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/forwarding-checks", here), 200);
    assert_string_equal(api_value("items.0.failed_why"), "no_news");
    owner_does("\"act\":\"busy\"");
    for (int i = 0; i < 5; i++)
        check();
    api_ask(&jan, HTTP_POST, PHONE_JSON, "/api/tenants/%s/forwarding-checks", here);
    api_expect_problem(429, "too_many");
}

static void codes_are_told_for_a_country_and_network(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL,
                             "/api/tenants/%s/forwarding-codes?country=CZ&carrier=o2&number="
                             "%%2B420228883001",
                             here),
                     200);
    assert_string_equal(api_value("codes.0.case"), "missed");
    assert_string_equal(api_value("codes.0.code"), "**004*" KAREN "*11*20#");
    assert_string_equal(api_value("codes.0.tel"), "tel:**004*%2B420228883001*11*20%23");
    assert_string_equal(api_value("codes.0.undo_code"), "##004#");
    assert_string_equal(api_value("notes.0"), "replaces_voicemail");
    assert_string_equal(api_value("carriers.0.name"), "O2");
    api_ask(&eva, HTTP_GET, NULL, "/api/tenants/%s/forwarding-codes?country=cz&number=1", here);
    assert_int_equal(api_world.status, 400);
}

/* Both are told at the same moment: the greeting is being written, the end comes. */
static void news_of_the_end_does_not_undo_the_greeting(void **state)
{
    (void)state;
    struct uuid id = uuid_new(wall_now_ms());
    struct ending ending = {0};
    char text[UUID_TEXT_BYTES];
    uuid_print(id, text);
    char *sql = xprintf("INSERT INTO forwarding_checks (tenant_id, id, phone, number, actor, state,"
                        " came_back_at) VALUES ('%s', '%s', '" PHONE "', '" KAREN "', 'test',"
                        " 'came_back', now())",
                        here, text);
    postgres_run(sql);
    free(sql);
    PGconn *greeting = PQconnectdb(postgres_url());
    PQclear(PQexec(greeting, "BEGIN; UPDATE forwarding_checks SET state = 'proved',"
                             " greeted_at = now(), ended_at = now()"));
    forwarding_checks_news(api_world.bench.app, id, "completed", on_ending, &ending, NULL);
    while (!postgres_count("SELECT count(*) FROM pg_stat_activity"
                           " WHERE datname = current_database() AND wait_event_type = 'Lock'"))
        loop_step(api_world.bench.loop, 10);
    PQclear(PQexec(greeting, "COMMIT"));
    PQfinish(greeting);
    assert_int_equal(bench_ending(&api_world.bench, &ending), 0);
    assert_int_equal(
        api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/forwarding-checks/%s", here, text), 200);
    assert_string_equal(api_value("state"), "proved");
    assert_string_equal(api_value("failed_why"), "null");
}

#define HERE_TEST(name) cmocka_unit_test_setup(name, tenant_with_a_number)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE_TEST(forwarding_that_works_is_proved),
        HERE_TEST(network_that_hides_who_forwards_proves_it_as_well),
        HERE_TEST(forwarding_that_does_not_work_says_why),
        HERE_TEST(news_of_the_end_does_not_undo_the_greeting),
        HERE_TEST(only_a_proved_phone_is_rung),
        HERE_TEST(one_check_at_a_time_and_not_too_often),
        HERE_TEST(codes_are_told_for_a_country_and_network),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
