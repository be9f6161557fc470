/* test/test_twilio_numbers.c: numbers and bundles: what is asked of Twilio, what its answers mean,
 * and that nothing is bought twice. */
#include "base/mem.h"
#include "carrier/twilio_bundles.h"
#include "carrier/twilio_numbers.h"
#include "carrier/twilio_prices.h"
#include "test/test.h"
#include "test/twilio_world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ACCOUNT "/2010-04-01/Accounts/" TWILIO_AC
#define OURS ACCOUNT "/IncomingPhoneNumbers"
#define PN "PN00000000000000000000000000000005"
#define BU "BU00000000000000000000000000000006"
#define NUMBER "+420228883007"
#define HOOKS_FORM                                                                                 \
    "VoiceUrl=https%3A%2F%2Fk.example%2Fi&VoiceMethod=POST&"                                       \
    "VoiceFallbackUrl=https%3A%2F%2Fk.example%2Ff&VoiceFallbackMethod=POST&"                       \
    "StatusCallback=https%3A%2F%2Fk.example%2Fs&StatusCallbackMethod=POST"
#define BUY                                                                                        \
    "POST " OURS ".json PhoneNumber=%2B420228883007&FriendlyName=karen-7&" HOOKS_FORM              \
    "&BundleSid=" BU "\n"
#define LOOK "GET " OURS ".json?PhoneNumber=%2B420228883007&PageSize=20 \n"
#define OWN(name)                                                                                  \
    "{\"sid\":\"" PN "\",\"phone_number\":\"" NUMBER "\",\"friendly_name\":\"" name                \
    "\",\"voice_url\":\"https:\\/\\/k.example\\/i\",\"voice_fallback_url\":\"\","                  \
    "\"status_callback\":null,\"bundle_sid\":\"" BU "\",\"capabilities\":{\"voice\":true,"         \
    "\"sms\":false}}"
#define LIST(items) "{\"incoming_phone_numbers\":[" items "],\"next_page_uri\":null}"
#define REFUSED(code) "{\"code\":" #code ",\"message\":\"no\",\"status\":400}"

static struct twilio_world world;
static struct {
    int err;
    size_t count;
    bool more;
    char number[20], name[40], voice_url[60], sid[40];
    enum bundle_state state;
} came;

static int open_world(void **state)
{
    (void)state;
    world = (struct twilio_world){0};
    memset(&came, 0, sizeof(came));
    twilio_world_open(&world);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    twilio_world_close(&world);
    return 0;
}

/* ---- search --------------------------------------------------------------------------------- */

static void on_offers(int err, const struct twilio_offer *offers, size_t count, void *arg)
{
    (void)arg;
    came.err = err;
    came.count = count;
    if (count) {
        snprintf(came.number, sizeof(came.number), "%s", offers[0].number);
        assert_int_equal(offers[0].address, ADDRESS_ANY);
        assert_false(offers[0].sms);
    }
    world.done = true;
}

static void search(const char *country, enum number_kind kind, const char *contains)
{
    const struct twilio_search wanted = {
        .country = country, .kind = kind, .contains = contains, .limit = 5};
    twilio_numbers_search(world.rest, &wanted, on_offers, NULL, &world.asking);
    twilio_world_wait(&world);
}

static void numbers_are_searched_by_country_and_kind(void **state)
{
    (void)state;
    twilio_answers(&world, 200,
                   "{\"available_phone_numbers\":[{\"phone_number\":\"+420000\",\"capabilities\":"
                   "{\"voice\":false}},{\"phone_number\":\"" NUMBER "\",\"address_requirements\":"
                   "\"any\",\"capabilities\":{\"voice\":true,\"SMS\":false}}]}");
    search("CZ", NUMBER_NATIONAL, "*88&x");
    assert_int_equal(came.err, 0);
    assert_int_equal(came.count, 1); /* what cannot be called is no offer */
    assert_string_equal(came.number, NUMBER);
    twilio_world_expect(&world, "GET " ACCOUNT "/AvailablePhoneNumbers/CZ/National.json"
                                "?VoiceEnabled=true&Contains=%2A88%26x&PageSize=5 \n");
}

static void what_is_not_sold_there_has_a_name(void **state)
{
    (void)state;
    twilio_answers(&world, 404, "{\"code\":20404,\"status\":404}");
    search("CZ", NUMBER_TOLL_FREE, NULL);
    assert_int_equal(came.err, ESRCH);
    twilio_world_expect(&world, "GET " ACCOUNT "/AvailablePhoneNumbers/CZ/TollFree.json"
                                "?VoiceEnabled=true&PageSize=5 \n");
    static const char *const wrong[] = {"", "C", "cz", "CZE", "../", "C/"};
    for (size_t i = 0; i < countof(wrong); i++) {
        search(wrong[i], NUMBER_LOCAL, NULL);
        assert_int_equal(came.err, EINVAL);
    }
    twilio_world_expect(&world, "");
}

static void more_offers_than_there_is_room_for_are_left_out(void **state)
{
    struct buf body = {0};
    (void)state;
    buf_puts(&body, "{\"available_phone_numbers\":[");
    for (int i = 0; i < TWILIO_OFFERS_MAX + 10; i++)
        buf_printf(&body,
                   "%s{\"phone_number\":\"+42022888%04d\",\"capabilities\":{\"voice\":true}}",
                   i ? "," : "", i);
    buf_puts(&body, "]}");
    twilio_answers(&world, 200, buf_text(&body));
    search("CZ", NUMBER_LOCAL, NULL);
    assert_int_equal(came.count, TWILIO_OFFERS_MAX);
    buf_free(&body);
}

/* ---- prices --------------------------------------------------------------------------------- */

static void on_price(int err, const struct twilio_price *price, void *arg)
{
    came.err = err;
    if (!err) {
        assert_string_equal(price->currency, "USD");
        *(int64_t *)arg = price->month_micro;
    }
    world.done = true;
}

static int price_of(const char *country, enum number_kind kind, int64_t *micro_out)
{
    twilio_number_price(world.rest, country, kind, on_price, micro_out, &world.asking);
    twilio_world_wait(&world);
    return came.err;
}

static void a_price_is_the_accounts_for_that_kind(void **state)
{
    static const char list[] =
        "{\"country\":\"Czech Republic\",\"price_unit\":\"usd\",\"phone_number_prices\":["
        "{\"number_type\":\"local\",\"base_price\":\"1.50\",\"current_price\":\"1.15\"},"
        "{\"number_type\":\"toll free\",\"base_price\":\"2\",\"current_price\":2.5}]}";
    int64_t micro = 0;
    (void)state;
    twilio_answers(&world, 200, list);
    assert_int_equal(price_of("CZ", NUMBER_LOCAL, &micro), 0);
    assert_int_equal(micro, 1150000);
    twilio_world_expect(&world, "GET /v1/PhoneNumbers/Countries/CZ \n");
    twilio_world_again(&world);
    twilio_answers(&world, 200, list);
    assert_int_equal(price_of("CZ", NUMBER_TOLL_FREE, &micro), 0);
    assert_int_equal(micro, 2500000);
    twilio_world_again(&world);
    twilio_answers(&world, 200, list);
    assert_int_equal(price_of("CZ", NUMBER_MOBILE, &micro), ESRCH);
    assert_int_equal(price_of("../", NUMBER_MOBILE, &micro), EINVAL);
    twilio_world_again(&world);
    twilio_answers(&world, 200,
                   "{\"price_unit\":\"dollars\",\"phone_number_prices\":["
                   "{\"number_type\":\"local\",\"current_price\":\"1\"}]}");
    assert_int_equal(price_of("CZ", NUMBER_LOCAL, &micro), EPROTO);
}

/* ---- buying --------------------------------------------------------------------------------- */

static const struct twilio_hooks hooks = {.voice_url = "https://k.example/i",
                                          .fallback_url = "https://k.example/f",
                                          .status_url = "https://k.example/s"};

static void on_number(int err, const struct twilio_number *number, void *arg)
{
    (void)arg;
    came.err = err;
    assert_true((number != NULL) == (err == 0));
    came.sid[0] = '\0';
    if (number) {
        snprintf(came.sid, sizeof(came.sid), "%s", number->sid);
        snprintf(came.number, sizeof(came.number), "%s", number->number);
        snprintf(came.name, sizeof(came.name), "%s", number->name);
        snprintf(came.voice_url, sizeof(came.voice_url), "%s", number->voice_url);
    }
    world.done = true;
}

static void buy(void)
{
    const struct twilio_purchase purchase = {
        .number = NUMBER, .name = "karen-7", .hooks = hooks, .bundle_sid = BU};
    twilio_numbers_buy(world.rest, &purchase, on_number, NULL, &world.asking);
    twilio_world_wait(&world);
}

static void a_purchase_says_everything_at_once(void **state)
{
    (void)state;
    twilio_answers(&world, 201, OWN("karen-7"));
    buy();
    assert_int_equal(came.err, 0);
    assert_string_equal(came.sid, PN);
    assert_string_equal(came.number, NUMBER);
    assert_string_equal(came.voice_url, "https://k.example/i");
    twilio_world_expect(&world, BUY);
}

static void a_purchase_whose_answer_was_lost_is_found_among_ours(void **state)
{
    (void)state;
    twilio_answers(&world, -1, NULL);
    twilio_answers(&world, 200, LIST(OWN("another") "," OWN("karen-7")));
    buy();
    assert_int_equal(came.err, 0);
    assert_string_equal(came.name, "karen-7");
    twilio_world_expect(&world, BUY LOOK);
}

static void a_purchase_that_did_not_happen_is_made_again(void **state)
{
    (void)state;
    twilio_answers(&world, 504, "");
    twilio_answers(&world, 200, LIST(""));
    twilio_answers(&world, 201, OWN("karen-7"));
    buy();
    assert_int_equal(came.err, 0);
    twilio_world_expect(&world, BUY LOOK BUY);
}

static void a_number_taken_by_an_earlier_try_of_ours_is_ours(void **state)
{
    (void)state;
    twilio_answers(&world, 400, REFUSED(21422));
    twilio_answers(&world, 200, LIST(OWN("karen-7")));
    buy();
    assert_int_equal(came.err, 0);
    assert_string_equal(came.sid, PN);
    twilio_world_expect(&world, BUY LOOK);
}

static void a_number_taken_by_somebody_else_is_searched_for_again(void **state)
{
    static const char *const lists[] = {LIST(""), LIST(OWN("karen-8"))};
    (void)state;
    for (size_t i = 0; i < countof(lists); i++) {
        twilio_world_again(&world);
        twilio_answers(&world, 400, REFUSED(21422));
        twilio_answers(&world, 200, lists[i]);
        buy();
        assert_int_equal(came.err, EADDRINUSE);
        twilio_world_expect(&world, BUY LOOK);
    }
}

static void what_cannot_be_known_is_not_guessed(void **state)
{
    (void)state;
    twilio_answers(&world, 504, "");
    buy();
    assert_int_equal(came.err, ETIMEDOUT);
    assert_int_equal(strncmp(buf_text(&world.asked), BUY LOOK, strlen(BUY LOOK)), 0);
    assert_null(strstr(buf_text(&world.asked) + strlen(BUY), "POST")); /* and not repeated */
}

static void refusals_of_a_purchase_have_names(void **state)
{
    static const struct {
        int status, err;
        const char *body;
    } cases[] = {
        {400, EDESTADDRREQ, REFUSED(21631)}, {400, EDESTADDRREQ, REFUSED(21649)},
        {400, EDQUOT, REFUSED(21404)},       {400, EINVAL, REFUSED(21421)},
        {401, EACCES, REFUSED(20003)},       {201, EPROTO, "{\"sid\":\"no\"}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        twilio_world_again(&world);
        twilio_answers(&world, cases[i].status, cases[i].body);
        buy();
        assert_int_equal(came.err, cases[i].err);
        twilio_world_expect(&world, BUY);
    }
}

/* ---- ours ----------------------------------------------------------------------------------- */

static void a_number_is_pointed_elsewhere(void **state)
{
    (void)state;
    twilio_answers(&world, 503, "");
    twilio_answers(&world, 200, OWN("karen-7"));
    twilio_numbers_update(world.rest, PN, &hooks, on_number, NULL, &world.asking);
    twilio_world_wait(&world);
    assert_int_equal(came.err, 0);
    twilio_world_expect(&world, "POST " OURS "/" PN ".json " HOOKS_FORM "\n"
                                "POST " OURS "/" PN ".json " HOOKS_FORM "\n");
    twilio_numbers_update(world.rest, "PN/../..", &hooks, on_number, NULL, &world.asking);
    twilio_world_wait(&world);
    assert_int_equal(came.err, EINVAL);
    twilio_world_expect(&world, "");
}

static void a_number_is_found_by_all_of_its_digits(void **state)
{
    (void)state;
    twilio_answers(&world, 200,
                   LIST("{\"sid\":\"PNx\",\"phone_number\":\"" NUMBER "9\"}," OWN("n")));
    twilio_numbers_find(world.rest, NUMBER, on_number, NULL, &world.asking);
    twilio_world_wait(&world);
    assert_int_equal(came.err, 0);
    assert_string_equal(came.sid, PN);
    twilio_world_expect(&world, LOOK);
    twilio_world_again(&world);
    twilio_answers(&world, 200, LIST("{\"sid\":\"PNx\",\"phone_number\":\"" NUMBER "9\"}"));
    twilio_numbers_find(world.rest, NUMBER, on_number, NULL, &world.asking);
    twilio_world_wait(&world);
    assert_int_equal(came.err, ESRCH);
}

static void on_numbers(int err, const struct twilio_number *numbers, size_t count, bool more,
                       void *arg)
{
    (void)arg;
    came.err = err;
    came.count = count;
    came.more = more;
    if (count)
        snprintf(came.sid, sizeof(came.sid), "%s", numbers[count - 1].sid);
    world.done = true;
}

static void list(void)
{
    twilio_numbers_list(world.rest, on_numbers, NULL, &world.asking);
    twilio_world_wait(&world);
}

#define PAGE(items, next) "{\"next_page_uri\":\"" next "\",\"incoming_phone_numbers\":[" items "]}"

static void all_pages_of_our_numbers_are_read(void **state)
{
    (void)state;
    twilio_answers(&world, 200,
                   PAGE(OWN("a") "," OWN("b"), "\\/2010-04-01\\/Accounts\\/" TWILIO_AC
                                               "\\/IncomingPhoneNumbers.json?Page=1&PageToken=x"));
    twilio_answers(&world, 429, "");
    twilio_answers(&world, 200, LIST(OWN("c")));
    list();
    assert_int_equal(came.err, 0);
    assert_int_equal(came.count, 3);
    assert_false(came.more);
    twilio_world_expect(&world, "GET " OURS ".json?PageSize=200 \n"
                                "GET " OURS ".json?Page=1&PageToken=x \n"
                                "GET " OURS ".json?Page=1&PageToken=x \n");
}

static void a_page_that_leads_elsewhere_is_not_followed(void **state)
{
    static const char *const bodies[] = {
        PAGE("", "https://evil.example/"),
        PAGE("", "@evil.example/2010-04-01/Accounts/" TWILIO_AC "/"),
        PAGE("", "/2010-04-01/Accounts/AC00000000000000000000000000000009/x.json"),
        "{\"numbers\":[]}",
        "[]",
    };
    (void)state;
    for (size_t i = 0; i < countof(bodies); i++) {
        twilio_world_again(&world);
        twilio_answers(&world, 200, bodies[i]);
        list();
        assert_int_equal(came.err, EPROTO);
        assert_int_equal(came.count, 0);
        twilio_world_expect(&world, "GET " OURS ".json?PageSize=200 \n");
    }
}

static void pages_have_an_end(void **state)
{
    struct buf body = {0};
    (void)state;
    buf_puts(&body, "{\"next_page_uri\":\"" OURS ".json?Page=1\",\"incoming_phone_numbers\":[");
    for (int i = 0; i < 200; i++)
        buf_printf(&body, "%s%s", i ? "," : "", OWN("n"));
    buf_puts(&body, "]}");
    twilio_answers(&world, 200, buf_text(&body));
    list();
    assert_int_equal(came.err, 0);
    assert_int_equal(came.count, TWILIO_NUMBERS_MAX);
    assert_true(came.more);
    buf_free(&body);
}

static void on_end(int err, void *arg)
{
    (void)arg;
    came.err = err;
    world.done = true;
}

static void a_number_is_let_go_and_one_that_is_gone_is_fine(void **state)
{
    (void)state;
    twilio_answers(&world, 204, "");
    twilio_answers(&world, 404, "{\"code\":20404}");
    twilio_answers(&world, 401, "{\"code\":20003}");
    static const int errs[] = {0, 0, EACCES};
    for (size_t i = 0; i < countof(errs); i++) {
        twilio_numbers_release(world.rest, PN, on_end, NULL, &world.asking);
        twilio_world_wait(&world);
        assert_int_equal(came.err, errs[i]);
        twilio_world_expect(&world, "DELETE " OURS "/" PN ".json \n");
    }
}

/* ---- bundles -------------------------------------------------------------------------------- */

static void on_bundle(int err, const struct twilio_bundle *bundle, void *arg)
{
    (void)arg;
    came.err = err;
    came.state = bundle ? bundle->state : BUNDLE_UNKNOWN;
    if (bundle)
        snprintf(came.name, sizeof(came.name), "%s", bundle->name);
    world.done = true;
}

static void get_bundle(const char *sid)
{
    twilio_bundle_get(world.rest, sid, on_bundle, NULL, &world.asking);
    twilio_world_wait(&world);
}

static void every_state_of_a_bundle_is_known(void **state)
{
    static const struct {
        const char *word;
        enum bundle_state state;
        bool buys;
    } cases[] = {
        {"draft", BUNDLE_DRAFT, false},
        {"pending-review", BUNDLE_PENDING_REVIEW, false},
        {"in-review", BUNDLE_IN_REVIEW, false},
        {"twilio-rejected", BUNDLE_REJECTED, false},
        {"twilio-approved", BUNDLE_APPROVED, true},
        {"provisionally-approved", BUNDLE_PROVISIONALLY_APPROVED, true},
        {"", BUNDLE_UNKNOWN, false},
        {"twilio-approved-too", BUNDLE_UNKNOWN, false},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        char body[200];
        snprintf(body, sizeof(body),
                 "{\"sid\":\"" BU "\",\"friendly_name\":\"Na\\u0161e\",\"status\":\"%s\"}",
                 cases[i].word);
        twilio_world_again(&world);
        twilio_answers(&world, 200, body);
        get_bundle(BU);
        assert_int_equal(came.err, 0);
        assert_int_equal(came.state, cases[i].state);
        assert_int_equal(bundle_state_buys(came.state), cases[i].buys);
        assert_string_equal(came.name, "Naše");
        twilio_world_expect(&world, "GET /v2/RegulatoryCompliance/Bundles/" BU " \n");
    }
}

static void a_bundle_that_is_not_there_has_a_name(void **state)
{
    (void)state;
    twilio_answers(&world, 404, "{\"code\":20404}");
    get_bundle(BU);
    assert_int_equal(came.err, ESRCH);
    get_bundle("BU/../../Services");
    assert_int_equal(came.err, EINVAL);
    twilio_world_expect(&world, "GET /v2/RegulatoryCompliance/Bundles/" BU " \n");
}

static void on_bundles(int err, const struct twilio_bundle *bundles, size_t count, void *arg)
{
    (void)arg;
    came.err = err;
    came.count = count;
    if (count)
        snprintf(came.sid, sizeof(came.sid), "%s", bundles[0].sid);
    world.done = true;
}

static void approved_bundles_are_listed_for_a_country_and_kind(void **state)
{
    (void)state;
    twilio_answers(&world, 200,
                   "{\"results\":[{\"sid\":\"" BU "\",\"status\":\"twilio-approved\"},"
                   "{\"sid\":7}],\"meta\":{\"key\":\"results\",\"next_page_url\":null}}");
    twilio_bundles_approved(world.rest, "CZ", NUMBER_TOLL_FREE, on_bundles, NULL, &world.asking);
    twilio_world_wait(&world);
    assert_int_equal(came.err, 0);
    assert_int_equal(came.count, 1);
    assert_string_equal(came.sid, BU);
    twilio_world_expect(&world, "GET /v2/RegulatoryCompliance/Bundles?Status=twilio-approved"
                                "&IsoCountry=CZ&NumberType=toll-free&PageSize=20 \n");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(numbers_are_searched_by_country_and_kind),
        WORLD_TEST(what_is_not_sold_there_has_a_name),
        WORLD_TEST(more_offers_than_there_is_room_for_are_left_out),
        WORLD_TEST(a_price_is_the_accounts_for_that_kind),
        WORLD_TEST(a_purchase_says_everything_at_once),
        WORLD_TEST(a_purchase_whose_answer_was_lost_is_found_among_ours),
        WORLD_TEST(a_purchase_that_did_not_happen_is_made_again),
        WORLD_TEST(a_number_taken_by_an_earlier_try_of_ours_is_ours),
        WORLD_TEST(a_number_taken_by_somebody_else_is_searched_for_again),
        WORLD_TEST(what_cannot_be_known_is_not_guessed),
        WORLD_TEST(refusals_of_a_purchase_have_names),
        WORLD_TEST(a_number_is_pointed_elsewhere),
        WORLD_TEST(a_number_is_found_by_all_of_its_digits),
        WORLD_TEST(all_pages_of_our_numbers_are_read),
        WORLD_TEST(a_page_that_leads_elsewhere_is_not_followed),
        WORLD_TEST(pages_have_an_end),
        WORLD_TEST(a_number_is_let_go_and_one_that_is_gone_is_fine),
        WORLD_TEST(every_state_of_a_bundle_is_known),
        WORLD_TEST(a_bundle_that_is_not_there_has_a_name),
        WORLD_TEST(approved_bundles_are_listed_for_a_country_and_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
