/* test/test_api_orders.c: orders to live calls over the API, with a worker that this test plays. */
#include "base/mem.h"
#include "store/orders.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;
static struct uuid jan, eva;
static struct person jans, evas;
static char call[UUID_TEXT_BYTES], jan_id[UUID_TEXT_BYTES];

/* What the worker that carries the call does with an order. */
static struct worker {
    bool deaf, slow;
    enum order_state state;
    const char *why;
    size_t orders;
    char kind[16], text[100], to[24];
    struct order_news news;
} worker;

static void end_order(void)
{
    orders_end(w->bench.app, &worker.news, worker.state, worker.why, NULL, NULL, NULL);
}

static void on_taken(int err, const struct order_taken *taken, void *arg)
{
    (void)arg;
    assert_int_equal(err, 0);
    worker.orders++;
    snprintf(worker.kind, sizeof(worker.kind), "%s", order_kind_code(taken->kind));
    snprintf(worker.text, sizeof(worker.text), "%.*s", (int)taken->text.bytes,
             taken->text.at ? taken->text.at : "");
    snprintf(worker.to, sizeof(worker.to), "%s", taken->to_number ? taken->to_number : "");
    if (!worker.slow)
        end_order();
}

static void on_order(struct str payload, void *arg)
{
    (void)arg;
    if (payload.bytes && !orders_parse(payload, &worker.news) && !worker.deaf)
        orders_take(w->bench.app, &worker.news, on_taken, NULL, NULL);
}

static void __attribute__((format(printf, 1, 2))) sql(const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    postgres_run(text);
}

static int order(const struct person *person, const char *json)
{
    return api_ask(person, HTTP_POST, json, "/api/tenants/%s/calls/%s/orders", jan_id, call);
}

static void what_is_done_at_once_is_answered_as_done(void **state)
{
    (void)state;
    assert_int_equal(order(&jans, "{\"kind\": \"whisper\", \"text\": \"Ptej se na číslo.\"}"), 201);
    assert_string_equal(api_value("state"), "done");
    assert_string_equal(api_value("why"), "null");
    assert_string_equal(api_value("asked_by.name"), "Test");
    assert_string_equal(worker.kind, "whisper");
    assert_string_equal(worker.text, "Ptej se na číslo.");
    char *id = xstrdup(api_value("id"));
    assert_int_equal(
        api_ask(&jans, HTTP_GET, NULL, "/api/tenants/%s/calls/%s/orders/%s", jan_id, call, id),
        200);
    assert_string_equal(api_value("text"), "Ptej se na číslo.");
    free(id);
}

static void what_takes_longer_is_answered_as_pending(void **state)
{
    (void)state;
    worker.slow = true;
    assert_int_equal(order(&jans, "{\"kind\": \"say\", \"text\": \"Chvilku.\"}"), 202);
    assert_string_equal(api_value("state"), "pending");
    char *id = xstrdup(api_value("id"));
    worker.state = ORDER_DONE;
    worker.why = "interrupted";
    end_order();
    for (int i = 0; i < 100; i++) {
        api_ask(&jans, HTTP_GET, NULL, "/api/tenants/%s/calls/%s/orders/%s", jan_id, call, id);
        if (strcmp(api_value("state"), "done") == 0)
            break;
    }
    assert_string_equal(api_value("why"), "interrupted");
    free(id);
}

static void what_cannot_be_is_refused_with_a_code_of_its_own(void **state)
{
    (void)state;
    static const struct {
        enum order_state state;
        const char *why, *code;
    } cases[] = {
        {ORDER_REFUSED, "closing", "order_closing"},
        {ORDER_REFUSED, "too_many", "order_too_many"},
        {ORDER_REFUSED, "no_model", "order_no_model"},
        {ORDER_REFUSED, "no_voice", "order_no_voice"},
        {ORDER_REFUSED, "not_reached", "order_not_reached"},
        {ORDER_REFUSED, "invalid", "order_refused"},
        {ORDER_LOST, "not_live", "order_not_live"},
        {ORDER_LOST, "call_over", "order_call_over"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        worker.state = cases[i].state;
        worker.why = cases[i].why;
        order(&jans, "{\"kind\": \"end\"}");
        api_expect_problem(409, cases[i].code);
    }
}

static void order_nobody_takes_is_lost_in_the_end(void **state)
{
    (void)state;
    worker.deaf = true;
    assert_int_equal(order(&jans, "{\"kind\": \"end\"}"), 202); /* nobody sweeps here */
    sql("UPDATE call_orders SET created_at = created_at - interval '1 minute'");
    postgres_run("SELECT lose_orders(interval '1 second', interval '1 minute')");
    assert_int_equal(postgres_count("SELECT count(*) FROM call_orders WHERE why = 'not_live'"), 1);
}

static void order_to_a_call_that_is_over_is_refused(void **state)
{
    (void)state;
    sql("UPDATE calls SET status = 'completed', ended_at = now() WHERE id = '%s'", call);
    order(&jans, "{\"kind\": \"end\"}");
    api_expect_problem(409, "call_over");
}

static void transfer_goes_to_people_of_the_tenant_only(void **state)
{
    (void)state;
    order(&jans, "{\"kind\": \"transfer\"}");
    api_expect_problem(409, "order_no_number");
    order(&jans, "{\"kind\": \"transfer\", \"to_number\": \"+420601000002\"}"); /* Eva's */
    api_expect_problem(422, "invalid");
    api_expect_field("/to_number");
    assert_int_equal(order(&jans, "{\"kind\": \"transfer\", \"to_number\": \"+420601000001\"}"),
                     201);
    assert_string_equal(worker.to, "+420601000001");
    sql("UPDATE tenants SET forward_number = '+420222333444'");
    assert_int_equal(order(&jans, "{\"kind\": \"transfer\"}"), 201);
    assert_string_equal(worker.to, "+420222333444");
    assert_string_equal(api_value("to_number"), "+420222333444");
}

static void bad_orders_name_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field;
    } cases[] = {
        {"{}", "/kind"},
        {"{\"kind\": \"shout\"}", "/kind"},
        {"{\"kind\": \"say\"}", "/text"},
        {"{\"kind\": \"say\", \"text\": \"   \"}", "/text"},
        {"{\"kind\": \"say\", \"text\": \"\"}", "/text"},
        {"{\"kind\": \"end\", \"text\": \"x\"}", "/text"},
        {"{\"kind\": \"say\", \"text\": \"x\", \"to_number\": \"+420601000001\"}", "/to_number"},
        {"{\"kind\": \"transfer\", \"to_number\": \"112\"}", "/to_number"},
        {"{\"kind\": \"end\", \"why\": \"x\"}", "/why"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        order(&jans, cases[i].json);
        api_expect_problem(422, "invalid");
        api_expect_field(cases[i].field);
    }
    char *json = xprintf("{\"kind\": \"say\", \"text\": \"%0501d\"}", 1);
    order(&jans, json);
    api_expect_field("/text");
    free(json);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_orders"), 0);
}

static void longest_words_fit_whatever_their_letters(void **state)
{
    (void)state;
    struct buf json = {0};
    buf_puts(&json, "{\"kind\": \"whisper\", \"text\": \"");
    for (int i = 0; i < 500; i++)
        buf_puts(&json, "\xF0\x9F\x98\x80");
    buf_puts(&json, "\"}");
    assert_int_equal(order(&jans, buf_text(&json)), 201);
    buf_free(&json);
}

static void calls_and_orders_of_others_are_not_there(void **state)
{
    (void)state;
    assert_int_equal(order(&evas, "{\"kind\": \"end\"}"), 404);
    char eva_id[UUID_TEXT_BYTES], none[UUID_TEXT_BYTES];
    uuid_print(eva, eva_id);
    uuid_print(uuid_new(wall_now_ms()), none);
    assert_int_equal(api_ask(&evas, HTTP_POST, "{\"kind\": \"end\"}",
                             "/api/tenants/%s/calls/%s/orders", eva_id, call),
                     404);
    assert_int_equal(order(&jans, "{\"kind\": \"end\"}"), 201);
    char *id = xstrdup(api_value("id"));
    assert_int_equal(
        api_ask(&evas, HTTP_GET, NULL, "/api/tenants/%s/calls/%s/orders/%s", eva_id, call, id),
        404);
    assert_int_equal(
        api_ask(&jans, HTTP_GET, NULL, "/api/tenants/%s/calls/%s/orders/%s", jan_id, none, id),
        404);
    free(id);
}

static void order_sent_twice_is_given_once(void **state)
{
    (void)state;
    char path[200];
    static const char *const headers[] = {"Content-Type: application/json",
                                          "Idempotency-Key: order-1", NULL};
    snprintf(path, sizeof(path), "/api/tenants/%s/calls/%s/orders", jan_id, call);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            api_ask_with(&jans, HTTP_POST, headers, str_of("{\"kind\": \"end\"}"), path), 201);
    assert_string_equal(api_header("Idempotency-Replayed"), "true");
    assert_int_equal(worker.orders, 1);
}

static int open_all(void **state)
{
    int err = api_world_open(state);
    orders_listen(w->bench.app, on_order, NULL);
    return err;
}

static int set_up(void **state)
{
    (void)state;
    worker = (struct worker){.state = ORDER_DONE};
    jan = api_tenant("Jan");
    eva = api_tenant("Eva");
    jans = api_person(jan, ROLE_MEMBER, "+420601000001");
    evas = api_person(eva, ROLE_OWNER, "+420601000002");
    uuid_print(jan, jan_id);
    uuid_print(uuid_new(wall_now_ms()), call);
    sql("INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at)"
        " VALUES ('%s', '%s', 'twilio', '%s', now())",
        jan_id, call, call);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sql("DELETE FROM tenants");
    return 0;
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_done_at_once_is_answered_as_done),
        CASE(what_takes_longer_is_answered_as_pending),
        CASE(what_cannot_be_is_refused_with_a_code_of_its_own),
        CASE(order_nobody_takes_is_lost_in_the_end),
        CASE(order_to_a_call_that_is_over_is_refused),
        CASE(transfer_goes_to_people_of_the_tenant_only),
        CASE(bad_orders_name_the_field),
        CASE(longest_words_fit_whatever_their_letters),
        CASE(calls_and_orders_of_others_are_not_there),
        CASE(order_sent_twice_is_given_once),
    };
    return cmocka_run_group_tests(tests, open_all, api_world_close);
}
