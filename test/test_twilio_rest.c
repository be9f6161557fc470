/* test/test_twilio_rest.c: calls changed over REST: what is asked, what is asked again, and what is
 * said about it. */
#include "base/mem.h"
#include "carrier/twilio_rest.h"
#include "test/test.h"
#include "test/twilio_world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CA "CA00000000000000000000000000000002"
#define CALLS "/2010-04-01/Accounts/" TWILIO_AC "/Calls"
#define POST "POST " CALLS "/" CA ".json "
#define GET "GET " CALLS "/" CA ".json \n"

struct world {
    struct twilio_world twilio; /* first */
    int err, status, tries;
    int64_t code;
    char message[100], call_status[32], call_sid[40];
};

static void copy(char *out, size_t room, struct str text)
{
    snprintf(out, room, "%.*s", (int)text.bytes, text.bytes ? text.at : "");
}

static void on_done(const struct twilio_answer *answer, void *arg)
{
    struct world *w = arg;
    assert_false(w->twilio.done);
    assert_null(w->twilio.asking);
    w->twilio.done = true;
    w->err = answer->err;
    w->status = answer->status;
    w->code = answer->code;
    w->tries = answer->tries;
    copy(w->message, sizeof(w->message), answer->message);
    copy(w->call_status, sizeof(w->call_status), answer->call_status);
    copy(w->call_sid, sizeof(w->call_sid), answer->call_sid);
}

static void answer_with(struct world *w, int status, const char *body)
{
    twilio_answers(&w->twilio, status, body);
}

static int setup(void **state)
{
    static struct world w;
    w = (struct world){0};
    twilio_world_open(&w.twilio);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    twilio_world_close(&w->twilio);
    return 0;
}

static void hang_up(struct world *w)
{
    twilio_call_hang_up(w->twilio.rest, CA, on_done, w, &w->twilio.asking);
    twilio_world_wait(&w->twilio);
}

static void go_to(struct world *w)
{
    twilio_call_go_to(w->twilio.rest, CA, "https://k.example/t?a=1&b=ř", on_done, w,
                      &w->twilio.asking);
    twilio_world_wait(&w->twilio);
}

static void call_is_hung_up(void **state)
{
    struct world *w = *state;
    answer_with(w, 200, "{\"sid\":\"" CA "\",\"status\":\"completed\"}");
    hang_up(w);
    assert_int_equal(w->err, 0);
    assert_string_equal(w->call_status, "completed");
    twilio_world_expect(&w->twilio, POST "Status=completed\n");
    assert_int_equal(w->tries, 1);
}

static void call_that_is_over_is_as_good_as_hung_up(void **state)
{
    struct world *w = *state;
    answer_with(w, 400, "{\"code\":21220,\"message\":\"Invalid call state\",\"status\":400}");
    hang_up(w);
    assert_int_equal(w->err, 0);
    assert_int_equal(w->code, 21220);
}

static void hanging_up_is_tried_again(void **state)
{
    struct world *w = *state;
    answer_with(w, 503, "busy");
    answer_with(w, 429, "{\"code\":20429,\"message\":\"Too Many Requests\",\"status\":429}");
    answer_with(w, 200, "{\"status\":\"completed\"}");
    hang_up(w);
    assert_int_equal(w->err, 0);
    assert_int_equal(w->tries, 3);
}

static void tries_are_bounded(void **state)
{
    struct world *w = *state;
    answer_with(w, 500, "");
    hang_up(w);
    assert_int_equal(w->err, EPROTO);
    assert_int_equal(w->tries, TWILIO_REST_TRIES_MAX);
    twilio_world_again(&w->twilio);
    answer_with(w, 429, "{}");
    hang_up(w);
    assert_int_equal(w->err, EBUSY);
}

static void refusals_have_names(void **state)
{
    static const struct {
        int status, err;
        const char *body;
    } cases[] = {
        {401, EACCES, "{\"code\":20003,\"message\":\"Authenticate\",\"status\":401}"},
        {404, ESRCH, "{\"code\":20404,\"message\":\"not found\",\"status\":404}"},
        {400, ESRCH, "{\"code\":21220,\"message\":\"Call is not in-progress\",\"status\":400}"},
        {400, EINVAL,
         "{\"code\":21205,\"message\":\"Url is not a valid \\\"URL\\\"\",\"status\":400}"},
        {400, EINVAL, "<html>what</html>"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < countof(cases); i++) {
        twilio_world_again(&w->twilio);
        answer_with(w, cases[i].status, cases[i].body);
        go_to(w);
        assert_int_equal(w->err, cases[i].err);
        assert_int_equal(w->status, cases[i].status);
        assert_int_equal(w->tries, 1);
        if (i == 3)
            assert_string_equal(w->message, "Url is not a valid \"URL\"");
    }
}

static void redirect_says_where_and_how(void **state)
{
    struct world *w = *state;
    answer_with(w, 200, "{\"status\":\"in-progress\"}");
    go_to(w);
    assert_int_equal(w->err, 0);
    twilio_world_expect(&w->twilio,
                        POST "Url=https%3A%2F%2Fk.example%2Ft%3Fa%3D1%26b%3D%C5%99&Method=POST\n");
    twilio_call_run(w->twilio.rest, CA, str_of("<Response/>"), on_done, w, &w->twilio.asking);
    twilio_world_wait(&w->twilio);
    twilio_world_expect(&w->twilio, POST "Twiml=%3CResponse%2F%3E\n");
}

static void redirect_of_unknown_outcome_is_looked_up_not_repeated(void **state)
{
    struct world *w = *state;
    answer_with(w, 502, "bad gateway");
    answer_with(w, 200, "{\"status\":\"in-progress\"}");
    go_to(w);
    assert_int_equal(w->err, ETIMEDOUT);
    assert_non_null(strstr(buf_text(&w->twilio.asked), POST "Url="));
    assert_string_equal(strchr(buf_text(&w->twilio.asked), '\n'), "\n" GET);
    assert_string_equal(w->call_status, "in-progress");

    twilio_world_again(&w->twilio);
    answer_with(w, 500, "");
    answer_with(w, 200, "{\"status\":\"completed\"}");
    go_to(w);
    assert_int_equal(w->err, ESRCH);
}

static void redirect_that_was_surely_not_taken_is_repeated(void **state)
{
    struct world *w = *state;
    answer_with(w, 429, "{}");
    answer_with(w, 200, "{\"status\":\"in-progress\"}");
    go_to(w);
    assert_int_equal(w->err, 0);
    assert_int_equal(w->tries, 2);
}

static void service_that_is_not_there_is_no_guess(void **state)
{
    struct world *w = *state;
    twilio_world_reach(&w->twilio, "http://127.0.0.1:1");
    go_to(w);
    assert_int_equal(w->err, ECONNREFUSED);
    assert_int_equal(w->tries, TWILIO_REST_TRIES_MAX);
}

static void call_is_looked_up(void **state)
{
    struct world *w = *state;
    answer_with(w, 200, "{\"status\":\"ringing\"}");
    twilio_call_get(w->twilio.rest, CA, on_done, w, &w->twilio.asking);
    twilio_world_wait(&w->twilio);
    assert_string_equal(w->call_status, "ringing");
    twilio_world_expect(&w->twilio, GET);
}

static void sid_that_is_none_never_becomes_a_url(void **state)
{
    struct world *w = *state;
    twilio_call_hang_up(w->twilio.rest, "../../Accounts", on_done, w, &w->twilio.asking);
    twilio_world_wait(&w->twilio);
    assert_int_equal(w->err, EINVAL);
    twilio_world_expect(&w->twilio, "");
}

#define PLACED "{\"sid\":\"" CA "\",\"status\":\"queued\",\"direction\":\"outbound-api\"}"
#define PLACE                                                                                      \
    "POST " CALLS ".json To=%2B420777123456&From=%2B420228883001&Twiml=%3CResponse%2F%3E"          \
    "&StatusCallback=https%3A%2F%2Fk.example%2Fs&StatusCallbackEvent=initiated"                    \
    "&StatusCallbackEvent=ringing&StatusCallbackEvent=answered&StatusCallbackEvent=completed"      \
    "&Timeout=40\n"
#define LOOK "GET " CALLS ".json?To=%2B420777123456&From=%2B420228883001&PageSize=5 \n"

static void place(struct world *w)
{
    const struct twilio_placing placing = {.to = "+420777123456",
                                           .from = "+420228883001",
                                           .twiml = str_of("<Response/>"),
                                           .status_url = "https://k.example/s",
                                           .ring_seconds_max = 40};
    twilio_call_place(w->twilio.rest, &placing, on_done, w, &w->twilio.asking);
    twilio_world_wait(&w->twilio);
}

/* A list of one call of that age; borrowed until the next call. */
static const char *calls_list(int64_t age_s, const char *direction)
{
    static char list[400];
    char date[64];
    time_t at = (time_t)(wall_now_ms() / 1000 - age_s);
    struct tm utc;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&at, &utc));
    snprintf(list, sizeof(list),
             "{\"end\":0,\"calls\":[{\"date_created\":\"%s\",\"direction\":\"%s\",\"sid\":\"" CA
             "\",\"status\":\"ringing\"}],\"next_page_uri\":null}",
             date, direction);
    return list;
}

static void call_is_placed(void **state)
{
    struct world *w = *state;
    answer_with(w, 201, PLACED);
    place(w);
    assert_int_equal(w->err, 0);
    assert_string_equal(w->call_sid, CA);
    assert_string_equal(w->call_status, "queued");
    twilio_world_expect(&w->twilio, PLACE);
}

static void placing_of_unknown_outcome_is_looked_for_before_it_is_repeated(void **state)
{
    struct world *w = *state;
    answer_with(w, 502, "");
    answer_with(w, 200, calls_list(0, "outbound-api"));
    place(w);
    assert_int_equal(w->err, 0);
    assert_string_equal(w->call_sid, CA);
    assert_string_equal(w->call_status, "ringing");
    twilio_world_expect(&w->twilio, PLACE LOOK);
}

static void call_that_is_not_there_is_placed_again(void **state)
{
    struct world *w = *state;
    const char *older[] = {"outbound-api", "inbound"};
    for (size_t i = 0; i < countof(older); i++) {
        twilio_world_again(&w->twilio);
        answer_with(w, -1, NULL);
        answer_with(w, 200, calls_list(i == 0 ? 60 : 0, older[i]));
        answer_with(w, 201, PLACED);
        place(w);
        assert_int_equal(w->err, 0);
        assert_int_equal(w->tries, 2);
        twilio_world_expect(&w->twilio, PLACE LOOK PLACE);
    }
}

static void placing_that_can_not_be_looked_for_stays_perhaps(void **state)
{
    struct world *w = *state;
    answer_with(w, 504, "");
    answer_with(w, 200, "not a list");
    place(w);
    assert_int_equal(w->err, ETIMEDOUT);
    assert_string_equal(w->call_sid, "");
    twilio_world_expect(&w->twilio, PLACE LOOK);
    twilio_world_again(&w->twilio);
    answer_with(w, 504, "");
    place(w);
    assert_int_equal(w->err, ETIMEDOUT);
    assert_int_equal(w->tries, 1);
}

static void placing_that_is_refused_is_over(void **state)
{
    struct world *w = *state;
    answer_with(w, 400, "{\"code\":21215,\"message\":\"geo\",\"status\":400}");
    place(w);
    assert_int_equal(w->err, EPERM);
    twilio_world_again(&w->twilio);
    answer_with(w, 400, "{\"code\":21211,\"message\":\"To\",\"status\":400}");
    place(w);
    assert_int_equal(w->err, EINVAL);
    twilio_world_expect(&w->twilio, PLACE);
}

static void cancelled_ask_is_never_answered(void **state)
{
    struct world *w = *state;
    answer_with(w, 200, "{}");
    twilio_call_hang_up(w->twilio.rest, CA, on_done, w, &w->twilio.asking);
    op_cancel(&w->twilio.asking);
    assert_null(w->twilio.asking);
    twilio_call_hang_up(w->twilio.rest, CA, on_done, w, &w->twilio.asking);
    twilio_rest_free(&w->twilio.rest); /* takes what is in flight with it */
    assert_null(w->twilio.asking);
    settle(w->twilio.loop);
    assert_false(w->twilio.done);
}

#define REST_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REST_TEST(call_is_hung_up),
        REST_TEST(call_that_is_over_is_as_good_as_hung_up),
        REST_TEST(hanging_up_is_tried_again),
        REST_TEST(tries_are_bounded),
        REST_TEST(refusals_have_names),
        REST_TEST(redirect_says_where_and_how),
        REST_TEST(redirect_of_unknown_outcome_is_looked_up_not_repeated),
        REST_TEST(redirect_that_was_surely_not_taken_is_repeated),
        REST_TEST(service_that_is_not_there_is_no_guess),
        REST_TEST(call_is_looked_up),
        REST_TEST(sid_that_is_none_never_becomes_a_url),
        REST_TEST(call_is_placed),
        REST_TEST(placing_of_unknown_outcome_is_looked_for_before_it_is_repeated),
        REST_TEST(call_that_is_not_there_is_placed_again),
        REST_TEST(placing_that_can_not_be_looked_for_stays_perhaps),
        REST_TEST(placing_that_is_refused_is_over),
        REST_TEST(cancelled_ask_is_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
