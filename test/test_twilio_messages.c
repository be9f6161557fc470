/* test/test_twilio_messages.c: text messages: what is asked, what the answers mean, and that none
 * is sent twice. */
#include "base/mem.h"
#include "carrier/twilio_messages.h"
#include "test/test.h"
#include "test/twilio_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGES "/2010-04-01/Accounts/" TWILIO_AC "/Messages.json"
#define SM "SM00000000000000000000000000000007"
#define SEND                                                                                       \
    "POST " MESSAGES " To=%2B420777123456&From=%2B420736555000&Body=Volal%20J%C3%A1n."             \
    "&StatusCallback=https%3A%2F%2Fk.example%2Fm\n"
#define LOOK "GET " MESSAGES "?To=%2B420777123456&PageSize=20 \n"
#define REFUSED(code, status) "{\"code\":" #code ",\"message\":\"no\",\"status\":" #status "}"

static struct twilio_world world;
static struct twilio_message_answer came;
static char sid[40];

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

static void on_answer(const struct twilio_message_answer *answer, void *arg)
{
    (void)arg;
    came = *answer;
    snprintf(sid, sizeof(sid), "%.*s", (int)answer->sid.bytes,
             answer->sid.bytes ? answer->sid.at : "");
    world.done = true;
}

static void send_sms(const struct twilio_sms *sms)
{
    twilio_message_send(world.rest, sms, on_answer, NULL, &world.asking);
    twilio_world_wait(&world);
}

static void send_usual(void)
{
    const struct twilio_sms sms = {.to = "+420777123456",
                                   .from = "+420736555000",
                                   .text = "Volal Ján.",
                                   .status_url = "https://k.example/m"};
    send_sms(&sms);
}

static void expect_outcome(enum message_outcome outcome)
{
    assert_string_equal(message_outcome_name(came.outcome), message_outcome_name(outcome));
    assert_true((came.err == 0) == (outcome == MESSAGE_ACCEPTED));
    assert_true((*sid != '\0') == (outcome == MESSAGE_ACCEPTED));
}

/* A list of one message of those words and that age; borrowed until the next call. */
static const char *messages_list(const char *words, int64_t age_s)
{
    static char list[600];
    char date[64];
    time_t at = (time_t)(wall_now_ms() / 1000 - age_s);
    struct tm utc;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&at, &utc));
    snprintf(list, sizeof(list),
             "{\"messages\":[{\"body\":\"%s\",\"sid\":\"" SM "\",\"direction\":\"outbound-api\","
             "\"date_created\":\"%s\",\"status\":\"sent\"}]}",
             words, date);
    return list;
}

static void a_message_is_accepted(void **state)
{
    (void)state;
    twilio_answers(&world, 201, "{\"sid\":\"" SM "\",\"status\":\"queued\"}");
    send_usual();
    expect_outcome(MESSAGE_ACCEPTED);
    assert_string_equal(sid, SM);
    twilio_world_expect(&world, SEND);
    const struct twilio_sms by_service = {.to = "+420777123456", .service_sid = "MG1", .text = "x"};
    send_sms(&by_service);
    twilio_world_expect(&world,
                        "POST " MESSAGES " To=%2B420777123456&MessagingServiceSid=MG1&Body=x\n");
}

static void every_refusal_has_its_name(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum message_outcome outcome;
    } cases[] = {
        {400, REFUSED(21610, 400), MESSAGE_OPTED_OUT},
        {403, REFUSED(21610, 403), MESSAGE_OPTED_OUT},
        {400, REFUSED(21211, 400), MESSAGE_BAD_NUMBER},
        {400, REFUSED(21614, 400), MESSAGE_NOT_MOBILE},
        {400, REFUSED(21635, 400), MESSAGE_NOT_MOBILE},
        {400, REFUSED(21612, 400), MESSAGE_BLOCKED},
        {400, REFUSED(21408, 400), MESSAGE_BLOCKED},
        {400, REFUSED(30034, 400), MESSAGE_MISCONFIGURED},
        {400, REFUSED(21606, 400), MESSAGE_MISCONFIGURED},
        {401, REFUSED(20003, 401), MESSAGE_MISCONFIGURED},
        {404, REFUSED(20404, 404), MESSAGE_MISCONFIGURED},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        twilio_world_again(&world);
        twilio_answers(&world, cases[i].status, cases[i].body);
        send_usual();
        expect_outcome(cases[i].outcome);
        twilio_world_expect(&world, SEND);
    }
    assert_int_equal(message_outcome_of(30007), MESSAGE_BLOCKED); /* as news of one accepted */
}

static void being_told_to_wait_is_heeded_and_said(void **state)
{
    (void)state;
    twilio_answers(&world, 429, REFUSED(20429, 429));
    twilio_answers(&world, 201, "{\"sid\":\"" SM "\"}");
    send_usual();
    expect_outcome(MESSAGE_ACCEPTED);
    twilio_world_again(&world);
    world.retry_after = "60";
    twilio_answers(&world, 429, REFUSED(20429, 429));
    send_usual();
    expect_outcome(MESSAGE_THROTTLED);
    assert_int_equal(came.retry_after_ms, 60000);
    twilio_world_expect(&world, SEND);
}

static void a_message_of_unknown_outcome_is_looked_for(void **state)
{
    (void)state;
    twilio_answers(&world, -1, NULL);
    twilio_answers(&world, 200, messages_list("Volal J\\u00e1n.", 1));
    send_usual();
    expect_outcome(MESSAGE_ACCEPTED);
    assert_string_equal(sid, SM);
    twilio_world_expect(&world, SEND LOOK);
}

static void an_older_or_another_message_is_not_it(void **state)
{
    static const struct {
        const char *words;
        int64_t age_s;
    } others[] = {{"Volal J\\u00e1n.", 30}, {"Volal J\\u00e1n", 0}};
    (void)state;
    for (size_t i = 0; i < countof(others); i++) {
        twilio_world_again(&world);
        twilio_answers(&world, 502, "");
        twilio_answers(&world, 200, messages_list(others[i].words, others[i].age_s));
        twilio_answers(&world, 201, "{\"sid\":\"" SM "\"}");
        send_usual();
        expect_outcome(MESSAGE_ACCEPTED);
        twilio_world_expect(&world, SEND LOOK SEND);
    }
}

static void what_nobody_knows_is_called_perhaps(void **state)
{
    (void)state;
    twilio_answers(&world, 503, "");
    send_usual();
    expect_outcome(MESSAGE_PERHAPS);
    assert_null(strstr(buf_text(&world.asked) + 1, "POST"));
    twilio_world_reach(&world, "http://127.0.0.1:1");
    send_usual();
    expect_outcome(MESSAGE_AWAY);
}

static void words_past_the_bound_are_cut_at_a_character(void **state)
{
    struct buf text = {0}, expected = {0};
    (void)state;
    buf_puts(&expected, "POST " MESSAGES " To=%2B420777123456&From=%2B1&Body=");
    for (int i = 0; i < TWILIO_SMS_CHARS_MAX + 5; i++) {
        buf_puts(&text, "ř");
        if (i < TWILIO_SMS_CHARS_MAX)
            buf_puts(&expected, "%C5%99");
    }
    buf_putc(&expected, '\n');
    twilio_answers(&world, 201, "{\"sid\":\"" SM "\"}");
    const struct twilio_sms sms = {.to = "+420777123456", .from = "+1", .text = buf_text(&text)};
    send_sms(&sms);
    twilio_world_expect(&world, buf_text(&expected));
    buf_free(&text);
    buf_free(&expected);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_message_is_accepted),
        WORLD_TEST(every_refusal_has_its_name),
        WORLD_TEST(being_told_to_wait_is_heeded_and_said),
        WORLD_TEST(a_message_of_unknown_outcome_is_looked_for),
        WORLD_TEST(an_older_or_another_message_is_not_it),
        WORLD_TEST(what_nobody_knows_is_called_perhaps),
        WORLD_TEST(words_past_the_bound_are_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
