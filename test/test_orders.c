/* test/test_orders.c: orders to live calls as the store keeps them: given, taken once, ended, lost;
 * and what is told of calls to whoever listens. */
#include "store/orders.h"

#include "base/mem.h"
#include "store/calls.h"
#include "store/live.h"
#include "store/turns.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEARD_MAX = 64 };

static struct uuid user, call;

static struct heard {
    size_t count, begins;
    struct live_event events[HEARD_MAX];
} heard;
static struct order_news given;
static size_t given_count;

static void on_live(struct str payload, void *arg)
{
    (void)arg;
    if (!payload.bytes) {
        heard.begins++;
        return;
    }
    assert_true(heard.count < HEARD_MAX);
    assert_int_equal(live_parse(payload, &heard.events[heard.count++]), 0);
}

static void on_given(struct str payload, void *arg)
{
    (void)arg;
    if (!payload.bytes)
        return;
    assert_int_equal(orders_parse(payload, &given), 0);
    given_count++;
}

/* Waits until so many events were heard; fails when they are not these kinds. */
static void expect_heard(const enum live_kind *kinds, size_t count)
{
    for (int i = 0; i < 500 && heard.count < count; i++)
        loop_step(bench.loop, 20);
    assert_int_equal(heard.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(heard.events[i].kind, kinds[i]);
        assert_true(uuid_equal(heard.events[i].tenant, jan));
        assert_true(uuid_equal(heard.events[i].call, call));
    }
    heard.count = 0;
}
#define EXPECT_HEARD(...)                                                                          \
    expect_heard((const enum live_kind[]){__VA_ARGS__},                                            \
                 sizeof((const enum live_kind[]){__VA_ARGS__}) / sizeof(enum live_kind))

/* ---- answers --------------------------------------------------------------------------------- */

static bool says(const char *what)
{
    char *text = cJSON_PrintUnformatted(answer.json);
    bool found = strstr(text, what) != NULL;
    free(text);
    return found;
}

static struct uuid give(struct uuid tenant, const char *kind, const char *text, const char *to)
{
    struct uuid id = uuid_new(wall_now_ms());
    orders_give(bench.app,
                &(struct order_give){.tenant = tenant,
                                     .id = id,
                                     .call = call,
                                     .kind = kind,
                                     .text = text,
                                     .to_number = to,
                                     .user = user,
                                     .actor = "user:test"},
                on_answer, NULL, NULL);
    return id;
}

static int get(struct uuid tenant, struct uuid order)
{
    orders_get(bench.app, tenant, call, order, on_answer, NULL, NULL);
    return answered();
}

static struct taken {
    bool done;
    int err;
    enum order_kind kind;
    char text[100], to[24];
} taken;

static void on_taken(int err, const struct order_taken *order, void *arg)
{
    (void)arg;
    taken = (struct taken){.done = true, .err = err};
    if (err)
        return;
    taken.kind = order->kind;
    snprintf(taken.text, sizeof(taken.text), "%.*s", (int)order->text.bytes,
             order->text.at ? order->text.at : "");
    snprintf(taken.to, sizeof(taken.to), "%s", order->to_number ? order->to_number : "");
}

static int take(struct uuid tenant, struct uuid order)
{
    orders_take(bench.app, &(struct order_news){tenant, call, order}, on_taken, NULL, NULL);
    bench_wait(&bench, &taken.done);
    taken.done = false;
    return taken.err;
}

static int end(struct uuid order, enum order_state state, const char *why)
{
    orders_end(bench.app, &(struct order_news){jan, call, order}, state, why, on_ending, &ending,
               NULL);
    return bench_ending(&bench, &ending);
}

/* ---- a call ---------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    static int number;
    char sid[40];
    (void)state;
    snprintf(sid, sizeof(sid), "CA%d", ++number);
    call = begin(jan, sid).call.call;
    EXPECT_HEARD(LIVE_STARTED);
    return 0;
}

static void save(uint32_t seq, const char *text)
{
    const struct call_line line = {
        .seq = seq, .speaker = SPEAKER_CALLER, .kind = LINE_SAID, .text = str_of(text)};
    turns_save(bench.app, jan, call, &line, 1,
               &(struct turns_snapshot){str_of("snapshot"), NULL, 0}, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
}

static void finish(void)
{
    calls_finish(bench.app,
                 &(struct call_finish){.tenant = jan,
                                       .call = call,
                                       .status = STATUS_COMPLETED,
                                       .why = "gone",
                                       .ended_at_ms = wall_now_ms()},
                 on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
}

static int tear_down(void **state)
{
    (void)state;
    finish();
    for (int i = 0; i < 20; i++)
        loop_step(bench.loop, 5);
    heard.count = 0;
    return 0;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static void whatever_happens_in_a_call_is_told_by_ids(void **state)
{
    (void)state;
    save(1, "Dobrý den.");
    EXPECT_HEARD(LIVE_LINE);
    save(1, "Dobrý den.");
    save(1, "Dobrý den, tady Eva.");
    EXPECT_HEARD(LIVE_AMENDED); /* the same once more is no news */
    assert_int_equal(heard.events[0].seq, 1);
    finish();
    EXPECT_HEARD(LIVE_ENDED);
    char id[UUID_TEXT_BYTES];
    uuid_print(call, id);
    char *sql =
        xprintf("INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency,"
                " needs_follow_up, confidence, model) SELECT tenant_id, id, 'spam', 'none',"
                " 'low', false, 1, 'm' FROM calls WHERE id = '%s'",
                id);
    postgres_run(sql);
    free(sql);
    EXPECT_HEARD(LIVE_SCREENED);
    sql = xprintf("UPDATE calls SET note = 'seen' WHERE id = '%s'", id);
    postgres_run(sql);
    free(sql);
    EXPECT_HEARD(LIVE_CHANGED);
    sql = xprintf("UPDATE calls SET carrier_status = 'completed' WHERE id = '%s'", id);
    postgres_run(sql);
    free(sql);
    save(2, "Na shledanou.");
    EXPECT_HEARD(LIVE_LINE); /* what the carrier says is not told */
}

static void payloads_that_are_none_are_refused(void **state)
{
    (void)state;
#define ID "0191a0b0-0000-7000-8000-000000000001"
    static const char *const payloads[] = {
        "",
        "x",
        ID " line " ID " " ID,
        ID " line " ID " " ID " x",
        ID " line " ID " " ID " 1234567890",
        ID " line " ID " " ID " -",
        ID " ended " ID " " ID " 1",
        ID " order " ID " " ID " -",
        ID " other " ID " " ID " -",
        ID " ended x " ID " -",
        ID " ended " ID " x -",
        "x ended " ID " " ID " -",
        ID " ended " ID " " ID " - x",
    };
    struct live_event event;
    struct order_news news;
    for (size_t i = 0; i < countof(payloads); i++)
        assert_int_equal(live_parse(str_of(payloads[i]), &event), EINVAL);
    assert_int_equal(live_parse(str_of(ID " line " ID " " ID " 7"), &event), 0);
    assert_int_equal(event.seq, 7);
    assert_int_equal(orders_parse(str_of(ID " " ID), &news), EINVAL);
    assert_int_equal(orders_parse(str_of(ID " " ID " " ID " x"), &news), EINVAL);
    assert_int_equal(orders_parse(str_of(ID " " ID " " ID), &news), 0);
}

static struct read {
    bool done;
    size_t count;
    char texts[8][2000];
} read_back;

static void on_read(int err, const struct str *texts, size_t count, void *arg)
{
    struct read *r = arg;
    assert_int_equal(err, 0);
    r->count = count;
    for (size_t i = 0; i < count; i++)
        snprintf(r->texts[i], sizeof(r->texts[i]), "%.*s", (int)texts[i].bytes,
                 texts[i].at ? texts[i].at : "");
    r->done = true;
}

static void read_all(struct uuid tenant, const struct live_event *events, size_t count)
{
    live_read(bench.app, tenant, events, count, on_read, &read_back, NULL);
    bench_wait(&bench, &read_back.done);
    read_back.done = false;
}

static void events_are_read_in_their_order_and_by_their_tenant_alone(void **state)
{
    (void)state;
    save(1, "Dobrý den.");
    save(1, "Dobrý den, tady Eva.");
    struct uuid order = give(jan, "whisper", "Zeptej se na číslo.", NULL);
    assert_int_equal(answered(), 0);
    const struct live_event events[] = {
        {.kind = LIVE_AMENDED, .call = call, .seq = 1},
        {.kind = LIVE_LINE, .call = call, .seq = 99},
        {.kind = LIVE_STARTED, .call = call},
        {.kind = LIVE_ORDER, .call = call, .order = order},
    };
    read_all(jan, events, countof(events));
    assert_int_equal(read_back.count, 4);
    assert_non_null(strstr(read_back.texts[0], "\"amended\" : true"));
    assert_non_null(strstr(read_back.texts[0], "Dobrý den, tady Eva."));
    assert_string_equal(read_back.texts[1], "");
    assert_non_null(strstr(read_back.texts[2], "\"state\":\"live\""));
    assert_non_null(strstr(read_back.texts[3], "Zeptej se na číslo."));
    read_all(eva, events, countof(events));
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(read_back.texts[i], "");
}

static void snapshot_has_the_last_lines_of_each_call(void **state)
{
    (void)state;
    char text[6000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (uint32_t seq = 1; seq <= 4; seq++)
        save(seq, text);
    save(5, "Na shledanou.");
    live_snapshot(bench.app, jan, on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_false(says("\"seq\":2,"));
    assert_true(says("\"seq\":4,"));
    assert_true(says("Na shledanou."));
    assert_true(says("\"lines_left_out\":2"));
    live_snapshot(bench.app, eva, on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_int_equal(count("calls"), 0);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void order_is_taken_once_and_ends_once(void **state)
{
    (void)state;
    struct uuid order = give(jan, "say", "Přijdu v pět.", NULL);
    assert_int_equal(answered(), 0);
    assert_true(says("\"state\":\"pending\",\"why\":null"));
    EXPECT_HEARD(LIVE_ORDER);
    assert_true(uuid_equal(given.id, order) && uuid_equal(given.call, call));
    assert_int_equal(take(jan, order), 0);
    assert_int_equal(taken.kind, ORDER_SAY);
    assert_string_equal(taken.text, "Přijdu v pět.");
    assert_int_equal(take(jan, order), ENOENT);
    assert_int_equal(end(order, ORDER_DONE, "interrupted"), 0);
    EXPECT_HEARD(LIVE_OVER);
    assert_int_equal(end(order, ORDER_REFUSED, "closing"), ENOENT);
    assert_int_equal(get(jan, order), 0);
    assert_true(says("\"state\":\"done\",\"why\":\"interrupted\""));
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log WHERE action = 'call.order'"
                                    " AND actor = 'user:test' AND change->>'kind' = 'say'"),
                     1);
}

static void order_is_its_tenants_alone(void **state)
{
    (void)state;
    give(eva, "end", NULL, NULL);
    assert_int_equal(answered(), ENOENT);
    struct uuid order = give(jan, "end", NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_int_equal(get(eva, order), ENOENT);
    assert_int_equal(take(eva, order), ENOENT);
    assert_int_equal(take(jan, order), 0);
}

static void transfer_goes_to_the_tenants_number_or_to_one_of_its_people(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET forward_number = NULL");
    give(jan, "transfer", NULL, NULL);
    assert_int_equal(answered(), ENOTSUP);
    postgres_run("UPDATE tenants SET forward_number = '+420222333444'");
    struct uuid order = give(jan, "transfer", NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_int_equal(take(jan, order), 0);
    assert_string_equal(taken.to, "+420222333444");
    order = give(jan, "transfer", NULL, "+420777000001");
    assert_int_equal(answered(), 0);
    assert_int_equal(take(jan, order), 0);
    assert_string_equal(taken.to, "+420777000001");
    give(jan, "transfer", NULL, "+420777000002"); /* of Eva's people */
    assert_int_equal(answered(), EINVAL);
    postgres_run("UPDATE users SET phone_verified = false");
    give(jan, "transfer", NULL, "+420777000001");
    assert_int_equal(answered(), EINVAL);
    postgres_run("UPDATE users SET phone_verified = true");
}

static void order_to_a_call_that_is_over_is_refused(void **state)
{
    (void)state;
    finish();
    give(jan, "end", NULL, NULL);
    assert_int_equal(answered(), EALREADY);
}

static void order_is_lost_with_its_call_but_who_did_it_knows_better(void **state)
{
    (void)state;
    struct uuid order = give(jan, "end", NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_int_equal(take(jan, order), 0);
    finish();
    assert_int_equal(get(jan, order), 0);
    assert_true(says("\"state\":\"lost\",\"why\":\"call_over\""));
    assert_int_equal(end(order, ORDER_DONE, NULL), 0);
    assert_int_equal(get(jan, order), 0);
    assert_true(says("\"state\":\"done\",\"why\":null"));
}

static struct lost {
    bool done;
    int64_t orders;
} lost;

static void on_lost(int err, int64_t orders, void *arg)
{
    assert_int_equal(err, 0);
    *(struct lost *)arg = (struct lost){true, orders};
}

static int64_t lose(void)
{
    lost.done = false;
    orders_lose(bench.app, on_lost, &lost, NULL);
    bench_wait(&bench, &lost.done);
    return lost.orders;
}

static void order_nobody_takes_is_lost(void **state)
{
    (void)state;
    struct uuid untaken = give(jan, "end", NULL, NULL);
    assert_int_equal(answered(), 0);
    struct uuid unended = give(jan, "end", NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_int_equal(take(jan, unended), 0);
    EXPECT_HEARD(LIVE_ORDER, LIVE_ORDER);
    assert_int_equal(lose(), 0);
    postgres_run("UPDATE call_orders SET created_at = created_at - interval '10 minutes',"
                 " taken_at = taken_at - interval '10 minutes'");
    assert_int_equal(lose(), 2);
    EXPECT_HEARD(LIVE_OVER, LIVE_OVER);
    assert_int_equal(take(jan, untaken), ENOENT);
    assert_int_equal(get(jan, untaken), 0);
    assert_true(says("\"state\":\"lost\",\"why\":\"not_live\""));
    assert_int_equal(get(jan, unended), 0);
    assert_true(says("\"state\":\"lost\",\"why\":\"worker_lost\""));
}

static int set_up_all(void **state)
{
    char id[UUID_TEXT_BYTES], tenant[UUID_TEXT_BYTES], other[UUID_TEXT_BYTES];
    neighbours_open(state);
    user = uuid_new(wall_now_ms());
    uuid_print(user, id);
    uuid_print(jan, tenant);
    uuid_print(eva, other);
    char *sql = xprintf("INSERT INTO users (tenant_id, id, phone, phone_verified) VALUES"
                        " ('%s', '%s', '+420777000001', true), ('%s', '%s', '+420777000002', true)",
                        tenant, id, other, id);
    postgres_run(sql);
    free(sql);
    live_listen(bench.app, on_live, NULL);
    orders_listen(bench.app, on_given, NULL);
    for (int i = 0; i < 500 && !heard.begins; i++)
        loop_step(bench.loop, 20);
    assert_int_equal(heard.begins, 1);
    return 0;
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(whatever_happens_in_a_call_is_told_by_ids),
        cmocka_unit_test(payloads_that_are_none_are_refused),
        CASE(events_are_read_in_their_order_and_by_their_tenant_alone),
        CASE(snapshot_has_the_last_lines_of_each_call),
        CASE(order_is_taken_once_and_ends_once),
        CASE(order_is_its_tenants_alone),
        CASE(transfer_goes_to_the_tenants_number_or_to_one_of_its_people),
        CASE(order_to_a_call_that_is_over_is_refused),
        CASE(order_is_lost_with_its_call_but_who_did_it_knows_better),
        CASE(order_nobody_takes_is_lost),
    };
    return cmocka_run_group_tests(tests, set_up_all, neighbours_close);
}
