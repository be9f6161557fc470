/* test/test_api_abuse.c: whoever wants codes by the thousand, or to guess one: as many at once as a
 * client can have. What is not let through never reaches Twilio, which would charge for it. */
#include "api/auth.h"
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 10000, AT_ONCE = 40 };

static struct api_world *const w = &api_world;

static int fresh(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenants");
    postgres_run("DELETE FROM limit_counts");
    w->api.auth = (struct auth_counters){0};
    return 0;
}

/* ---- a storm -------------------------------------------------------------------------------- */

typedef const char *phone_fn(int i);

struct storm {
    const char *path;
    phone_fn *phone;
    int next, times, under_way;
    int let_through, limited;
    bool over;
};

static void ask_next(struct storm *storm);

static void on_answer(const struct http_answer *answer, void *arg)
{
    struct storm *storm = arg;
    if (answer->err)
        fail_msg("no answer: %s", answer->why);
    if (answer->status == 429) {
        if (answer->retry_after_ms < 1000 || !strstr(answer->body.at, "\"code\":\"too_many_"))
            fail_msg("a refusal without a time or a code: %s", answer->body.at);
        storm->limited++;
    } else {
        storm->let_through++;
    }
    storm->under_way--;
    ask_next(storm);
}

static void ask_next(struct storm *storm)
{
    char url[120], body[120];
    storm->over = storm->next == storm->times && !storm->under_way;
    if (storm->next == storm->times)
        return;
    snprintf(url, sizeof(url), "%s%s", w->base, storm->path);
    snprintf(body, sizeof(body), "{\"phone\":\"%s\"%s}", storm->phone(storm->next++),
             strcmp(storm->path, "/auth/verify-code") == 0
                 ? ",\"code\":\"123456\",\"session\":\"bearer\""
                 : "");
    storm->under_way++;
    http_ask(w->http,
             &(struct http_ask){.method = HTTP_POST,
                                .url = url,
                                .headers = {"Content-Type: application/json"},
                                .body = str_of(body),
                                .reply_bytes_max = 65536,
                                .first_byte_ms_max = 60000,
                                .total_ms_max = 60000,
                                .on_done = on_answer},
             storm, NULL);
}

/* How many were let through, and so reached Twilio. */
static int storm(const char *path, int times, phone_fn *phone)
{
    const char *endpoint =
        strcmp(path, "/auth/verify-code") == 0 ? "check_verification" : "start_verification";
    struct storm storm = {.path = path, .phone = phone, .times = times};
    int64_t before = api_sandbox_asked(endpoint);
    for (int i = 0; i < AT_ONCE; i++)
        ask_next(&storm);
    while (!storm.over)
        loop_step(w->bench.loop, 200);
    assert_int_equal(storm.let_through + storm.limited, times);
    assert_int_equal(api_sandbox_asked(endpoint) - before, storm.let_through);
    return storm.let_through;
}

static int ask_codes(int times, phone_fn *phone)
{
    return storm("/auth/send-code", times, phone);
}

/* ---- phones --------------------------------------------------------------------------------- */

static const char *one_phone(int i)
{
    (void)i;
    return "+420603000001";
}

static const char *another_phone(int i)
{
    (void)i;
    return "+420603000002";
}

static const char *phones_nearby(int i)
{
    static char phone[20];
    snprintf(phone, sizeof(phone), "+4206041%05d", i);
    return phone;
}

static const char *phones_all_over(int i)
{
    static char phone[20];
    snprintf(phone, sizeof(phone), "+4207%08d", i * 9973 % 100000000);
    return phone;
}

/* ---- sentences ------------------------------------------------------------------------------ */

/* What /metrics says of it. */
static bool is_published(const char *sample)
{
    struct metrics_page *page = metrics_page_new();
    struct metrics_slot *slot = metrics_slot(page, 0);
    struct buf text = {0};
    metrics_begin(slot);
    auth_publish(&w->api.auth, slot);
    metrics_end(slot);
    metrics_render(page, &text);
    bool found = strstr(buf_text(&text), sample) != NULL;
    buf_free(&text);
    return found;
}

static void ten_thousand_codes_for_one_phone_are_one(void **state)
{
    (void)state;
    char sample[80];
    int64_t began_ms = wall_now_ms();
    int sent = ask_codes(MANY, one_phone);
    /* one, or on a machine that is busy elsewhere one more every 30 seconds */
    assert_in_range(sent, 1, 1 + (wall_now_ms() - began_ms) / 30000);
    assert_int_equal(w->api.auth.codes[CODE_LIMITED_PHONE], MANY - sent);
    snprintf(sample, sizeof(sample), "karen_codes_total{outcome=\"limited_phone\"} %d\n",
             MANY - sent);
    assert_true(is_published(sample));
}

static void ten_thousand_codes_from_one_address_are_twenty(void **state)
{
    (void)state;
    int64_t usual = w->api.codes_per_address;
    w->api.codes_per_address = 20;
    assert_int_equal(ask_codes(MANY, phones_all_over), 20);
    w->api.codes_per_address = usual;
    assert_int_equal(w->api.auth.codes[CODE_LIMITED_ADDRESS], MANY - 20);
}

static void ten_thousand_codes_for_phones_nearby_are_two_hundred(void **state)
{
    (void)state;
    assert_int_equal(ask_codes(MANY, phones_nearby), 200);
    assert_int_equal(w->api.auth.codes[CODE_LIMITED_PREFIX], MANY - 200);
}

static void day_has_a_bound_for_all_together(void **state)
{
    (void)state;
    int64_t usual = w->api.codes_per_day;
    w->api.codes_per_day = 30;
    assert_int_equal(ask_codes(300, phones_all_over), 30);
    w->api.codes_per_day = usual;
    assert_int_equal(w->api.auth.codes[CODE_LIMITED_DAY], 270);
}

/* Uses the code up, so that the next one is a new one for Twilio, too. */
static void use_code_up(const char *phone)
{
    char json[200];
    snprintf(json, sizeof(json), "{\"phone\":\"%s\",\"code\":\"%s\",\"session\":\"bearer\"}", phone,
             api_sandbox_code(phone));
    assert_int_equal(api_ask(NULL, HTTP_POST, json, "/auth/verify-code"), 200);
}

static void one_phone_gets_five_in_ten_minutes_and_ten_a_day(void **state)
{
    (void)state;
    int sent = 0;
    for (int i = 0; i < 10; i++) {
        sent += ask_codes(20, another_phone);
        postgres_run("DELETE FROM limit_counts WHERE kind = 'code_phone_now'");
    }
    assert_int_equal(sent, 5);
    use_code_up(another_phone(0));
    for (int i = 0; i < 20; i++) {
        sent += ask_codes(20, another_phone);
        postgres_run("DELETE FROM limit_counts WHERE kind IN ("
                     "'code_phone_now', 'code_phone_soon')");
    }
    assert_int_equal(sent, 10);
}

static void guessing_from_one_address_ends(void **state)
{
    (void)state;
    assert_int_equal(storm("/auth/verify-code", 1000, phones_all_over), 30);
    assert_int_equal(w->api.auth.checks[CHECK_LIMITED], 970);
}

static void guessing_at_one_phone_ends(void **state)
{
    (void)state;
    assert_int_equal(storm("/auth/verify-code", 1000, one_phone), 5);
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants"), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ten_thousand_codes_for_one_phone_are_one),
        TEST(ten_thousand_codes_from_one_address_are_twenty),
        TEST(ten_thousand_codes_for_phones_nearby_are_two_hundred),
        TEST(day_has_a_bound_for_all_together),
        TEST(one_phone_gets_five_in_ten_minutes_and_ten_a_day),
        TEST(guessing_from_one_address_ends),
        TEST(guessing_at_one_phone_ends),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
