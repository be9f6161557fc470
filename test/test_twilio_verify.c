/* test/test_twilio_verify.c: each answer of Verify, and the one thing it means. */
#include "base/mem.h"
#include "carrier/twilio_verify.h"
#include "test/test.h"
#include "test/twilio_world.h"

#include <errno.h>

#define PHONE "+420777123456"
#define REFUSED(code, status)                                                                      \
    "{\"code\":" #code ",\"message\":\"no\",\"more_info\":\"https://t\",\"status\":" #status "}"
#define START "POST /v2/Services/" TWILIO_VA "/Verifications To=%2B420777123456&Channel="
#define CHECK "POST /v2/Services/" TWILIO_VA "/VerificationCheck To=%2B420777123456&Code="

static struct twilio_world world;
static struct verify_answer came;

static int open_world(void **state)
{
    (void)state;
    world = (struct twilio_world){0};
    twilio_world_open(&world);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    twilio_world_close(&world);
    return 0;
}

static void on_answer(const struct verify_answer *answer, void *arg)
{
    assert_ptr_equal(arg, &world);
    came = *answer;
    world.done = true;
}

static void start(enum verify_channel channel, const char *language)
{
    twilio_verify_start(world.rest, PHONE, channel, language, on_answer, &world, &world.asking);
    twilio_world_wait(&world);
}

static void check(const char *code)
{
    twilio_verify_check(world.rest, PHONE, code, on_answer, &world, &world.asking);
    twilio_world_wait(&world);
}

static void expect_outcome(enum verify_outcome outcome)
{
    assert_string_equal(verify_outcome_name(came.outcome), verify_outcome_name(outcome));
    assert_true((came.err != 0) == (outcome == VERIFY_AWAY));
}

static void a_code_is_sent_in_the_language_of_its_reader(void **state)
{
    (void)state;
    twilio_answers(&world, 201, "{\"sid\":\"VE1\",\"status\":\"pending\",\"valid\":false}");
    start(VERIFY_SMS, "cs");
    expect_outcome(VERIFY_SENT);
    twilio_world_expect(&world, START "sms&Locale=cs\n");
    start(VERIFY_CALL, "xx");
    expect_outcome(VERIFY_SENT);
    twilio_world_expect(&world, START "call\n");
}

static void only_approved_is_a_yes(void **state)
{
    static const struct {
        const char *body;
        enum verify_outcome outcome;
    } cases[] = {
        {"{\"status\":\"approved\",\"valid\":true}", VERIFY_APPROVED},
        {"{\"status\":\"pending\",\"valid\":false}", VERIFY_WRONG_CODE},
        {"{\"status\":\"pending\",\"valid\":true}", VERIFY_WRONG_CODE},
        {"{\"status\":\"canceled\",\"valid\":true}", VERIFY_GONE},
        {"{\"status\":\"max_attempts_reached\"}", VERIFY_CHECKS_SPENT},
        {"{\"valid\":true}", VERIFY_GONE},
        {"approved", VERIFY_AWAY},
        {"", VERIFY_AWAY},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        twilio_world_again(&world);
        twilio_answers(&world, 200, cases[i].body);
        check("123456");
        expect_outcome(cases[i].outcome);
        twilio_world_expect(&world, CHECK "123456\n");
    }
}

struct refusal {
    int status;
    const char *body;
    enum verify_outcome of_start, of_check;
};

static void every_refusal_has_its_name(void **state)
{
    static const struct refusal cases[] = {
        {400, REFUSED(60200, 400), VERIFY_BAD_NUMBER, VERIFY_BAD_NUMBER},
        {400, REFUSED(60205, 400), VERIFY_NOT_MOBILE, VERIFY_NOT_MOBILE},
        {403, REFUSED(60205, 403), VERIFY_NOT_MOBILE, VERIFY_NOT_MOBILE},
        {403, REFUSED(60410, 403), VERIFY_BLOCKED, VERIFY_BLOCKED},
        {403, REFUSED(60605, 403), VERIFY_BLOCKED, VERIFY_BLOCKED},
        {429, REFUSED(60202, 429), VERIFY_CHECKS_SPENT, VERIFY_CHECKS_SPENT},
        {429, REFUSED(60203, 429), VERIFY_SENDS_SPENT, VERIFY_SENDS_SPENT},
        {429, REFUSED(60212, 429), VERIFY_TOO_MANY, VERIFY_TOO_MANY},
        {429, REFUSED(20429, 429), VERIFY_THROTTLED, VERIFY_THROTTLED},
        {429, "", VERIFY_THROTTLED, VERIFY_THROTTLED},
        {404, REFUSED(20404, 404), VERIFY_MISCONFIGURED, VERIFY_GONE},
        {401, REFUSED(20003, 401), VERIFY_MISCONFIGURED, VERIFY_MISCONFIGURED},
        {403, REFUSED(20003, 403), VERIFY_MISCONFIGURED, VERIFY_MISCONFIGURED},
        {400, REFUSED(60223, 400), VERIFY_MISCONFIGURED, VERIFY_MISCONFIGURED},
        {500, REFUSED(60202, 500), VERIFY_AWAY, VERIFY_AWAY}, /* the status counts first */
        {503, "<html>", VERIFY_AWAY, VERIFY_AWAY},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        twilio_world_again(&world);
        twilio_answers(&world, cases[i].status, cases[i].body);
        start(VERIFY_SMS, "cs");
        expect_outcome(cases[i].of_start);
        check("123456");
        expect_outcome(cases[i].of_check);
        assert_int_equal(came.status, cases[i].status);
        /* asked once: a second sending would cost money, a second check the code */
        twilio_world_expect(&world, START "sms&Locale=cs\n" CHECK "123456\n");
    }
}

static void a_throttled_one_learns_how_long(void **state)
{
    (void)state;
    world.retry_after = "7";
    twilio_answers(&world, 429, REFUSED(20429, 429));
    start(VERIFY_SMS, "cs");
    expect_outcome(VERIFY_THROTTLED);
    assert_int_equal(came.retry_after_ms, 7000);
}

static void a_lost_connection_is_not_an_answer(void **state)
{
    (void)state;
    twilio_answers(&world, -1, NULL);
    check("123456");
    expect_outcome(VERIFY_AWAY);
    twilio_world_expect(&world, CHECK "123456\n");
    twilio_world_reach(&world, "http://127.0.0.1:1");
    start(VERIFY_SMS, "cs");
    expect_outcome(VERIFY_AWAY);
    assert_int_equal(came.err, ECONNREFUSED);
}

static void what_cannot_be_a_code_is_not_asked_about(void **state)
{
    static const char *const codes[] = {"",       "123",      "12345678901", "12 456",
                                        "abcdef", "123456\n", "12345&To=x"};
    (void)state;
    for (size_t i = 0; i < countof(codes); i++) {
        check(codes[i]);
        expect_outcome(VERIFY_WRONG_CODE);
    }
    twilio_world_expect(&world, "");
}

static void without_a_service_nothing_is_asked(void **state)
{
    const struct twilio_rest_options options = {.loop = world.loop,
                                                .http = world.http,
                                                .base_url = "http://127.0.0.1:1",
                                                .account_sid = TWILIO_AC,
                                                .secret = "secret"};
    (void)state;
    twilio_rest_free(&world.rest);
    world.rest = twilio_rest_new(&options);
    start(VERIFY_SMS, "cs");
    expect_outcome(VERIFY_MISCONFIGURED);
    check("123456");
    expect_outcome(VERIFY_MISCONFIGURED);
}

static void a_cancelled_check_is_never_answered(void **state)
{
    (void)state;
    twilio_answers(&world, 200, "{\"status\":\"approved\"}");
    twilio_verify_check(world.rest, PHONE, "123456", on_answer, &world, &world.asking);
    op_cancel(&world.asking);
    settle(world.loop);
    assert_false(world.done);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_code_is_sent_in_the_language_of_its_reader),
        WORLD_TEST(only_approved_is_a_yes),
        WORLD_TEST(every_refusal_has_its_name),
        WORLD_TEST(a_throttled_one_learns_how_long),
        WORLD_TEST(a_lost_connection_is_not_an_answer),
        WORLD_TEST(what_cannot_be_a_code_is_not_asked_about),
        WORLD_TEST(without_a_service_nothing_is_asked),
        WORLD_TEST(a_cancelled_check_is_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
