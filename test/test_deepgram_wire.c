/* test/test_deepgram_wire.c: the query that opens a stream and the texts that come back. */
#include "provider/deepgram_wire.h"

#include "base/mem.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct deepgram_message parsed(const char *text)
{
    struct deepgram_message message;
    if (deepgram_parse(str_of(text), &message))
        fail_msg("not parsed: %s", text);
    return message;
}

static void query_says_all_that_matters(void **state)
{
    (void)state;
    static const char *const keyterms[] = {"Novák", "Green Garden & co", "", NULL};
    struct buf url = {0};
    assert_int_equal(deepgram_url("https://api.deepgram.com",
                                  &(struct deepgram_query){.model = "nova-3",
                                                           .language = "cs",
                                                           .tag = "t 1",
                                                           .endpointing_ms = 300,
                                                           .keyterms = keyterms},
                                  &url),
                     0);
    static const char *const parts[] = {"wss://api.deepgram.com/v1/listen?",
                                        "encoding=mulaw&sample_rate=8000&channels=1",
                                        "interim_results=true",
                                        "utterance_end_ms=1000",
                                        "vad_events=true",
                                        "&endpointing=300",
                                        "&model=nova-3",
                                        "&language=cs",
                                        "&tag=t%201",
                                        "&keyterm=Nov%C3%A1k&keyterm=Green%20Garden%20%26%20co"};
    for (size_t i = 0; i < countof(parts); i++)
        if (!strstr(buf_text(&url), parts[i]))
            fail_msg("no %s in %s", parts[i], buf_text(&url));
    assert_null(strstr(buf_text(&url), "keyterm=&"));
    buf_free(&url);
}

static void base_may_be_any_host_and_scheme(void **state)
{
    (void)state;
    static const char *const bases[][2] = {
        {"http://127.0.0.1:8080/", "ws://127.0.0.1:8080/v1/listen?"},
        {"ws://127.0.0.1:8080", "ws://127.0.0.1:8080/v1/listen?"},
        {"wss://api.eu.deepgram.com", "wss://api.eu.deepgram.com/v1/listen?"},
        {"https://host/dg//", "wss://host/dg/v1/listen?"}};
    const struct deepgram_query query = {.model = "nova-3", .language = "en"};
    for (size_t i = 0; i < countof(bases); i++) {
        struct buf url = {0};
        assert_int_equal(deepgram_url(bases[i][0], &query, &url), 0);
        assert_memory_equal(url.data, bases[i][1], strlen(bases[i][1]));
        buf_free(&url);
    }
    struct buf url = {0};
    assert_int_equal(deepgram_url("ftp://host", &query, &url), EINVAL);
    assert_int_equal(deepgram_url("", &query, &url), EINVAL);
    buf_free(&url);
}

static void keyterms_are_bounded(void **state)
{
    (void)state;
    const char *keyterms[DEEPGRAM_KEYTERMS_MAX * 2 + 1];
    for (size_t i = 0; i < countof(keyterms); i++)
        keyterms[i] = "name";
    keyterms[countof(keyterms) - 1] = NULL;
    struct buf url = {0};
    deepgram_url("https://host", &(struct deepgram_query){"m", "cs", NULL, 1, keyterms}, &url);
    size_t count = 0;
    for (const char *at = buf_text(&url); (at = strstr(at, "&keyterm=")); at++)
        count++;
    assert_int_equal(count, DEEPGRAM_KEYTERMS_MAX);
    buf_free(&url);
}

static void result_is_read_with_its_words(void **state)
{
    (void)state;
    struct deepgram_message message = parsed(
        "{\"type\":\"Results\",\"channel_index\":[0,1],\"duration\":1.98,\"start\":5.99,"
        "\"is_final\":true,\"speech_final\":true,\"from_finalize\":false,"
        "\"channel\":{\"alternatives\":[{\"transcript\":\"Dobr\\u00fd den.\",\"confidence\":0.98,"
        "\"words\":[{\"word\":\"dobrý\",\"start\":6.0,\"end\":6.3,\"confidence\":0.99,"
        "\"punctuated_word\":\"Dobrý\"},{\"word\":\"den\",\"start\":6.35,\"end\":6.7}]},"
        "{\"transcript\":\"second best\",\"words\":[{\"start\":1,\"end\":99}]}]},"
        "\"metadata\":{\"request_id\":\"r\",\"model_info\":{\"name\":\"x\"}}}");
    assert_int_equal(message.kind, DEEPGRAM_RESULTS);
    assert_true(str_is(message.transcript, "Dobr\\u00fd den."));
    assert_true(message.is_final && message.speech_final && !message.from_finalize);
    assert_true(message.confidence > 0.97f && message.confidence < 0.99f);
    assert_int_equal(message.words, 2);
    assert_int_equal(message.start_ms, 6000);
    assert_int_equal(message.end_ms, 6700);
}

static void result_without_words_has_the_times_of_its_audio(void **state)
{
    (void)state;
    struct deepgram_message message = parsed(
        "{\"channel\":{\"alternatives\":[{\"transcript\":\"\",\"confidence\":0,"
        "\"words\":[]}]},\"start\":2,\"duration\":0.5,\"is_final\":false,\"type\":\"Results\"}");
    assert_int_equal(message.kind, DEEPGRAM_RESULTS);
    assert_int_equal(message.transcript.bytes, 0);
    assert_int_equal(message.start_ms, 2000);
    assert_int_equal(message.end_ms, 2500);
    assert_false(message.is_final);
}

/* An object in Results, an array in the other two. */
static void channel_may_be_an_array(void **state)
{
    (void)state;
    struct deepgram_message message =
        parsed("{\"type\":\"SpeechStarted\",\"channel\":[0],\"timestamp\":9.54}");
    assert_int_equal(message.kind, DEEPGRAM_SPEECH_STARTED);
    assert_int_equal(message.start_ms, 9540);
    message = parsed("{\"type\":\"UtteranceEnd\",\"channel\":[0,1],\"last_word_end\":2.395}");
    assert_int_equal(message.kind, DEEPGRAM_UTTERANCE_END);
    assert_int_equal(message.end_ms, 2395);
    message = parsed("{\"type\":\"UtteranceEnd\",\"channel\":[0,1],\"last_word_end\":-1}");
    assert_int_equal(message.end_ms, -1);
}

static void other_messages_are_told_apart(void **state)
{
    (void)state;
    struct deepgram_message message =
        parsed("{\"type\":\"Metadata\",\"request_id\":\"abc\",\"duration\":12.3,\"channels\":1}");
    assert_int_equal(message.kind, DEEPGRAM_METADATA);
    assert_true(str_is(message.request_id, "abc"));
    message = parsed("{\"type\":\"Error\",\"message\":\"m\",\"description\":\"why\"}");
    assert_int_equal(message.kind, DEEPGRAM_ERROR);
    assert_true(str_is(message.error, "why"));
    assert_int_equal(parsed("{\"type\":\"TurnInfo\"}").kind, DEEPGRAM_OTHER);
}

static void odd_values_are_passed_over(void **state)
{
    (void)state;
    struct deepgram_message message =
        parsed("{\"type\":\"Results\",\"start\":\"x\",\"duration\":1e300,\"is_final\":\"true\","
               "\"channel\":{\"alternatives\":{\"transcript\":\"no\"}}}");
    assert_int_equal(message.start_ms, -1);
    assert_false(message.is_final);
    assert_int_equal(message.transcript.bytes, 0);
    message = parsed("{\"type\":\"Results\",\"channel\":{\"alternatives\":[{\"confidence\":7,"
                     "\"words\":[{\"start\":-5,\"end\":1e99},null,[1],\"w\"]}]}}");
    assert_true(message.confidence == 0);
    assert_int_equal(message.words, 4);
}

static void what_is_no_message_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {"",
                                         "[]",
                                         "{}",
                                         "{\"type\":7}",
                                         "{\"type\":\"Results\"",
                                         "Results",
                                         "{\"type\":\"Results\"}}",
                                         "null"};
    for (size_t i = 0; i < countof(broken); i++) {
        struct deepgram_message message;
        assert_int_equal(deepgram_parse(str_of(broken[i]), &message), EPROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_says_all_that_matters),
        cmocka_unit_test(base_may_be_any_host_and_scheme),
        cmocka_unit_test(keyterms_are_bounded),
        cmocka_unit_test(result_is_read_with_its_words),
        cmocka_unit_test(result_without_words_has_the_times_of_its_audio),
        cmocka_unit_test(channel_may_be_an_array),
        cmocka_unit_test(other_messages_are_told_apart),
        cmocka_unit_test(odd_values_are_passed_over),
        cmocka_unit_test(what_is_no_message_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
