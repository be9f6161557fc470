/* test/test_deepgram_flux_wire.c: the query that opens a conversational stream and its texts. */
#include "provider/deepgram_flux_wire.h"

#include "base/mem.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static struct flux_message parsed(const char *text)
{
    struct flux_message message;
    if (flux_parse(str_of(text), &message))
        fail_msg("not parsed: %s", text);
    return message;
}

static void check_url(const char *language, const char *expected)
{
    static const char *const keyterms[] = {"Novák & co", "", NULL};
    struct buf url = {0};
    assert_int_equal(
        flux_url("https://host/", &(struct flux_query){language, "t 1", keyterms}, &url), 0);
    assert_string_equal(buf_text(&url), expected);
    buf_free(&url);
}

#define ALWAYS                                                                                     \
    "wss://host/v2/listen?encoding=mulaw&sample_rate=8000&eot_threshold=0.7"                       \
    "&eager_eot_threshold=0.4&eot_timeout_ms=3000&mip_opt_out=true"
#define WISHES "&tag=t%201&keyterm=Nov%C3%A1k%20%26%20co"

static void english_has_a_model_of_its_own(void **state)
{
    (void)state;
    check_url("en", ALWAYS "&model=flux-general-en" WISHES);
}

static void other_languages_are_hinted_at(void **state)
{
    (void)state;
    check_url("de", ALWAYS "&model=flux-general-multi&language_hint=de" WISHES);
}

static void base_is_an_url_or_refused(void **state)
{
    (void)state;
    struct buf url = {0};
    assert_int_equal(flux_url("ftp://host", &(struct flux_query){.language = "en"}, &url), EINVAL);
    buf_free(&url);
}

static void czech_and_slovak_are_not_known(void **state)
{
    (void)state;
    assert_true(flux_knows(str_of("en")));
    assert_true(flux_knows(str_of("de")));
    assert_false(flux_knows(str_of("cs")));
    assert_false(flux_knows(str_of("sk")));
    assert_false(flux_knows(str_of("")));
}

static void turn_is_read_with_its_words(void **state)
{
    (void)state;
    struct flux_message message = parsed(
        "{\"type\":\"TurnInfo\",\"request_id\":\"r\",\"sequence_id\":9,\"event\":\"EndOfTurn\","
        "\"turn_index\":3,\"audio_window_start\":2.16,\"audio_window_end\":4.4,"
        "\"transcript\":\"Is Jan there?\",\"words\":[{\"word\":\"Is\",\"confidence\":0.9,"
        "\"start\":2.3,\"end\":2.5},{\"word\":\"Jan\",\"confidence\":0.6},{\"word\":\"there?\","
        "\"confidence\":0.9,\"start\":2.9,\"end\":3.2}],\"end_of_turn_confidence\":0.81,"
        "\"languages\":[\"en\"]}");
    assert_int_equal(message.kind, FLUX_END_OF_TURN);
    assert_int_equal(message.turn, 3);
    assert_true(str_is(message.transcript, "Is Jan there?"));
    assert_int_equal(message.window_start_ms, 2160);
    assert_int_equal(message.window_end_ms, 4400);
    assert_int_equal(message.start_ms, 2300);
    assert_int_equal(message.end_ms, 3200);
    assert_int_equal(message.words, 3);
    assert_float_equal(message.confidence, 0.8, 0.0001);
    assert_float_equal(message.end_confidence, 0.81, 0.0001);
}

static void words_need_no_times(void **state)
{
    (void)state;
    struct flux_message message =
        parsed("{\"type\":\"TurnInfo\",\"event\":\"Update\",\"turn_index\":0,\"transcript\":\"Hi\","
               "\"words\":[{\"word\":\"Hi\",\"confidence\":1}],\"audio_window_end\":0.8}");
    assert_int_equal(message.start_ms, -1);
    assert_int_equal(message.end_ms, -1);
    assert_int_equal(message.window_start_ms, -1);
    assert_int_equal(message.window_end_ms, 800);
}

static void events_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *event;
        enum flux_kind kind;
    } events[] = {{"StartOfTurn", FLUX_START_OF_TURN}, {"Update", FLUX_UPDATE},
                  {"EagerEndOfTurn", FLUX_EAGER_END},  {"TurnResumed", FLUX_RESUMED},
                  {"EndOfTurn", FLUX_END_OF_TURN},     {"TurnPondered", FLUX_OTHER}};
    for (size_t i = 0; i < countof(events); i++) {
        struct buf text = {0};
        buf_printf(&text, "{\"turn_index\":1,\"event\":\"%s\",\"type\":\"TurnInfo\"}",
                   events[i].event);
        assert_int_equal(parsed(buf_text(&text)).kind, events[i].kind);
        buf_free(&text);
    }
    assert_int_equal(parsed("{\"type\":\"Connected\",\"sequence_id\":0}").kind, FLUX_CONNECTED);
    assert_int_equal(parsed("{\"type\":\"ConfigureSuccess\"}").kind, FLUX_OTHER);
    struct flux_message error =
        parsed("{\"type\":\"Error\",\"code\":\"INTERNAL_SERVER_ERROR\",\"description\":\"us\"}");
    assert_int_equal(error.kind, FLUX_ERROR);
    assert_true(str_is(error.code, "INTERNAL_SERVER_ERROR"));
    assert_true(str_is(error.description, "us"));
}

static void odd_values_are_passed_over(void **state)
{
    (void)state;
    struct flux_message message =
        parsed("{\"type\":\"TurnInfo\",\"event\":\"Update\",\"turn_index\":2,\"transcript\":7,"
               "\"words\":[1,{\"confidence\":9,\"end\":\"x\"},null],\"audio_window_start\":-3,"
               "\"audio_window_end\":1e99,\"end_of_turn_confidence\":-1}");
    assert_int_equal(message.transcript.bytes, 0);
    assert_int_equal(message.words, 3);
    assert_int_equal(message.end_ms, -1);
    assert_int_equal(message.window_start_ms, -1);
    assert_int_equal(message.window_end_ms, -1);
    assert_float_equal(message.confidence, 0, 0);
    assert_float_equal(message.end_confidence, 0, 0);
}

static void what_is_no_message_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "[]",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"TurnInfo\",\"event\":\"Update\"}",
        "{\"type\":\"TurnInfo\",\"event\":\"Update\",\"turn_index\":-1}",
        "{\"type\":\"TurnInfo\",\"event\":\"Update\",\"turn_index\":4294967295}",
        "{\"type\":\"Connected\""};
    for (size_t i = 0; i < countof(broken); i++) {
        struct flux_message message;
        assert_int_equal(flux_parse(str_of(broken[i]), &message), EPROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_has_a_model_of_its_own),
        cmocka_unit_test(other_languages_are_hinted_at),
        cmocka_unit_test(base_is_an_url_or_refused),
        cmocka_unit_test(czech_and_slovak_are_not_known),
        cmocka_unit_test(turn_is_read_with_its_words),
        cmocka_unit_test(words_need_no_times),
        cmocka_unit_test(events_are_told_apart),
        cmocka_unit_test(odd_values_are_passed_over),
        cmocka_unit_test(what_is_no_message_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
