/* test/test_twilio_rest.c: calls changed over REST: what is asked, what is asked again, and what is
 * said about it. */
#include "base/mem.h"
#include "carrier/twilio_rest.h"
#include "net/http_server.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CA "CA00000000000000000000000000000002"
#define AC "AC00000000000000000000000000000003"

enum { ANSWERS_MAX = 8 };

struct world {
    struct loop *loop;
    struct http_server *server;
    struct http_client *http;
    struct twilio_rest *rest;
    /* the service: its answers in order; after the last one again and again */
    struct {
        int status;
        const char *body;
    } answers[ANSWERS_MAX];
    size_t answer_count, next;
    struct buf asked;
    /* what came of it */
    struct op *asking;
    bool done;
    int err, status, tries;
    int64_t code;
    char message[100], call_status[32];
};

static void on_call(struct http_req *req)
{
    struct world *w = req->app;
    const char *authorization = http_header(req, "Authorization");
    assert_string_equal(http_param(req, "account"), AC);
    assert_string_equal(http_param(req, "call"), CA ".json");
    /* SK1:secret */
    assert_string_equal(authorization ? authorization : "", "Basic U0sxOnNlY3JldA==");
    buf_printf(&w->asked, "%s %.*s\n", http_method_name(req->method), (int)req->body.bytes,
               req->body.bytes ? req->body.at : "");
    assert_true(w->answer_count > 0);
    size_t at = w->next < w->answer_count ? w->next++ : w->answer_count - 1;
    if (w->answers[at].status == 0)
        return; /* never answers */
    if (w->answers[at].status == 429)
        http_set_header(req, "Retry-After", "0");
    http_reply_json(req, w->answers[at].status, str_of(w->answers[at].body));
}

static const struct http_route routes[] = {
    {HTTP_POST | HTTP_GET, "/2010-04-01/Accounts/:account/Calls/:call", on_call, 65536}};

static void on_done(const struct twilio_answer *answer, void *arg)
{
    struct world *w = arg;
    assert_false(w->done);
    assert_null(w->asking);
    w->done = true;
    w->err = answer->err;
    w->status = answer->status;
    w->code = answer->code;
    w->tries = answer->tries;
    snprintf(w->message, sizeof(w->message), "%.*s", (int)answer->message.bytes,
             answer->message.bytes ? answer->message.at : "");
    snprintf(w->call_status, sizeof(w->call_status), "%.*s", (int)answer->call_status.bytes,
             answer->call_status.bytes ? answer->call_status.at : "");
}

static void answer_with(struct world *w, int status, const char *body)
{
    w->answers[w->answer_count].status = status;
    w->answers[w->answer_count++].body = body;
}

static void open_rest(struct world *w, const char *base_url)
{
    const struct twilio_rest_options options = {.loop = w->loop,
                                                .http = w->http,
                                                .base_url = base_url,
                                                .account_sid = AC,
                                                .user = "SK1",
                                                .secret = "secret",
                                                .back_off_ms = 1};
    twilio_rest_free(&w->rest);
    w->rest = twilio_rest_new(&options);
}

static int setup(void **state)
{
    static struct world w;
    const char *why = NULL;
    char base[64];
    w = (struct world){.loop = loop_new()};
    struct http_server_options options = {.routes = routes, .route_count = 1, .app = &w};
    assert_int_equal(http_server_open(w.loop, "127.0.0.1:0", &options, &w.server, &why), 0);
    w.http = http_client_new(w.loop, &(struct http_client_options){0});
    snprintf(base, sizeof(base), "http://127.0.0.1:%u", http_server_port(w.server));
    open_rest(&w, base);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    twilio_rest_free(&w->rest);
    settle(w->loop);
    http_client_free(&w->http);
    http_server_close(&w->server);
    settle(w->loop);
    buf_free(&w->asked);
    loop_free(&w->loop);
    return 0;
}

static void hang_up(struct world *w)
{
    twilio_call_hang_up(w->rest, CA, on_done, w, &w->asking);
    assert_false(w->done);
    wait_for(w->loop, &w->done);
}

static void go_to(struct world *w)
{
    twilio_call_go_to(w->rest, CA, "https://k.example/t?a=1&b=ř", on_done, w, &w->asking);
    wait_for(w->loop, &w->done);
}

static void call_is_hung_up(void **state)
{
    struct world *w = *state;
    answer_with(w, 200, "{\"sid\":\"" CA "\",\"status\":\"completed\"}");
    hang_up(w);
    assert_int_equal(w->err, 0);
    assert_string_equal(w->call_status, "completed");
    assert_string_equal(buf_text(&w->asked), "POST Status=completed\n");
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
    w->done = false;
    w->answer_count = w->next = 0;
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
        w->done = false;
        w->answer_count = w->next = 0;
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
    assert_string_equal(buf_text(&w->asked),
                        "POST Url=https%3A%2F%2Fk.example%2Ft%3Fa%3D1%26b%3D%C5%99&Method=POST\n");
    buf_clear(&w->asked);
    w->done = false;
    twilio_call_run(w->rest, CA, str_of("<Response/>"), on_done, w, &w->asking);
    wait_for(w->loop, &w->done);
    assert_string_equal(buf_text(&w->asked), "POST Twiml=%3CResponse%2F%3E\n");
}

static void redirect_of_unknown_outcome_is_looked_up_not_repeated(void **state)
{
    struct world *w = *state;
    answer_with(w, 502, "bad gateway");
    answer_with(w, 200, "{\"status\":\"in-progress\"}");
    go_to(w);
    assert_int_equal(w->err, ETIMEDOUT);
    assert_non_null(strstr(buf_text(&w->asked), "POST Url="));
    assert_string_equal(strchr(buf_text(&w->asked), '\n'), "\nGET \n");
    assert_string_equal(w->call_status, "in-progress");

    w->done = false;
    w->answer_count = w->next = 0;
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
    open_rest(w, "http://127.0.0.1:1");
    go_to(w);
    assert_int_equal(w->err, ECONNREFUSED);
    assert_int_equal(w->tries, TWILIO_REST_TRIES_MAX);
}

static void call_is_looked_up(void **state)
{
    struct world *w = *state;
    answer_with(w, 200, "{\"status\":\"ringing\"}");
    twilio_call_get(w->rest, CA, on_done, w, &w->asking);
    wait_for(w->loop, &w->done);
    assert_string_equal(w->call_status, "ringing");
    assert_string_equal(buf_text(&w->asked), "GET \n");
}

static void sid_that_is_none_never_becomes_a_url(void **state)
{
    struct world *w = *state;
    twilio_call_hang_up(w->rest, "../../Accounts", on_done, w, &w->asking);
    assert_false(w->done);
    wait_for(w->loop, &w->done);
    assert_int_equal(w->err, EINVAL);
    assert_int_equal(w->asked.bytes, 0);
}

static void cancelled_ask_is_never_answered(void **state)
{
    struct world *w = *state;
    answer_with(w, 200, "{}");
    twilio_call_hang_up(w->rest, CA, on_done, w, &w->asking);
    op_cancel(&w->asking);
    assert_null(w->asking);
    twilio_call_hang_up(w->rest, CA, on_done, w, &w->asking);
    twilio_rest_free(&w->rest); /* takes what is in flight with it */
    assert_null(w->asking);
    settle(w->loop);
    assert_false(w->done);
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
        REST_TEST(cancelled_ask_is_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
