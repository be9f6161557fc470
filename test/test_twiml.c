/* test/test_twiml.c: the documents we answer with, read back as the carrier reads them; and the
 * reader itself. */
#include "base/mem.h"
#include "carrier/twiml.h"
#include "phone/twiml_in.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static struct arena arena;

static int forget(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const struct twiml_element *read_back(struct buf *xml)
{
    struct twiml_element *response = NULL;
    const char *why = NULL;
    if (twiml_parse(buf_str(xml), &arena, &response, &why))
        fail_msg("%s: %s", why, buf_text(xml));
    buf_free(xml);
    return response;
}

static void expect_verbs(const struct twiml_element *response, const char *const *names)
{
    const struct twiml_element *verb = response->children;
    for (; *names; names++, verb = verb->next) {
        assert_non_null(verb);
        assert_string_equal(verb->name, *names);
    }
    assert_null(verb);
}

static const struct twiml_voicemail voicemail = {
    .language = "cs",
    .say = "Nechte prosím vzkaz.",
    .goodbye = "Děkuji.",
    .action_url = "https://k.example/telephony/voicemail",
    .seconds_max = 120,
};

static void stream_has_a_token_and_a_voicemail_behind_it(void **state)
{
    (void)state;
    struct buf xml = {0};
    const struct twiml_connect connect = {.media_url = "wss://k.example/media",
                                          .action_url = "https://k.example/telephony/resume?n=1",
                                          .token = "abc-_1",
                                          .fallback = voicemail};
    twiml_connect(&xml, &connect);
    const struct twiml_element *response = read_back(&xml);
    expect_verbs(response,
                 (const char *const[]){"Connect", "Say", "Record", "Say", "Hangup", NULL});
    const struct twiml_element *verb = response->children;
    assert_string_equal(twiml_attribute(verb, "action"), "https://k.example/telephony/resume?n=1");
    assert_string_equal(twiml_attribute(verb, "method"), "POST");
    const struct twiml_element *stream = twiml_child(verb, "Stream");
    assert_string_equal(twiml_attribute(stream, "url"), "wss://k.example/media");
    assert_string_equal(twiml_attribute(stream->children, "name"), "token");
    assert_string_equal(twiml_attribute(stream->children, "value"), "abc-_1");
    assert_null(stream->children->next);
    assert_string_equal(twiml_attribute(verb->next, "language"), "cs-CZ");
    assert_string_equal(verb->next->text, "Nechte prosím vzkaz.");
}

static void digits_are_asked_for_and_their_absence_too(void **state)
{
    (void)state;
    struct buf xml = {0};
    const struct twiml_gather gather = {.language = "cs",
                                        .say = "Zadejte čtyři číslice & kód.",
                                        .action_url = "https://k.example/code?n=1&language=cs",
                                        .goodbye = "Na shledanou.",
                                        .digits = 4,
                                        .seconds_max = 6};
    twiml_gather(&xml, &gather);
    const struct twiml_element *response = read_back(&xml);
    expect_verbs(response, (const char *const[]){"Gather", "Say", "Hangup", NULL});
    static const char *const attributes[][2] = {
        {"input", "dtmf"},     {"numDigits", "4"},
        {"timeout", "6"},      {"finishOnKey", ""},
        {"method", "POST"},    {"actionOnEmptyResult", "true"},
        {"language", "cs-CZ"}, {"action", "https://k.example/code?n=1&language=cs"},
    };
    for (size_t i = 0; i < countof(attributes); i++)
        assert_string_equal(twiml_attribute(response->children, attributes[i][0]),
                            attributes[i][1]);
    const struct twiml_element *said = twiml_child(response->children, "Say");
    assert_string_equal(said->text, "Zadejte čtyři číslice & kód.");
    assert_string_equal(twiml_attribute(said, "language"), "cs-CZ");
}

static void stream_after_a_transfer_says_so(void **state)
{
    (void)state;
    struct buf xml = {0};
    const struct twiml_connect connect = {.media_url = "wss://k.example/media",
                                          .action_url = "https://k.example/a",
                                          .token = "t",
                                          .after = "transfer",
                                          .fallback = voicemail};
    twiml_connect(&xml, &connect);
    const struct twiml_element *stream =
        twiml_child(twiml_child(read_back(&xml), "Connect"), "Stream");
    assert_string_equal(twiml_attribute(stream->children->next, "name"), "after");
    assert_string_equal(twiml_attribute(stream->children->next, "value"), "transfer");
}

static void tenants_text_never_leaves_its_place(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "</Say><Dial>+19005551234</Dial><Say>",
        "a & b < c > d \" e ' f",
        "]]><!-- <?x ?>",
        "\xFF\xFE bad \xC3 bytes",
        "control \x01\x02\x1F here",
        "&lt;already&gt; &#x41;",
        "Žluťoučký kůň 😀",
    };
    for (size_t i = 0; i < countof(texts); i++) {
        struct buf xml = {0};
        twiml_say_goodbye(&xml, "en", texts[i]);
        const struct twiml_element *response = read_back(&xml);
        expect_verbs(response, (const char *const[]){"Say", "Hangup", NULL});
        assert_null(response->children->children);
        if (i < 3 || i > 4)
            assert_string_equal(response->children->text, texts[i]);
    }
    struct buf xml = {0};
    const struct twiml_dial dial = {.number = "+420602000111",
                                    .caller_id = "\"/><Hangup/>",
                                    .action_url = "https://k.example/a?b=1&c='2'",
                                    .ring_seconds_max = 18,
                                    .seconds_max = 3600};
    twiml_dial(&xml, &dial);
    const struct twiml_element *response = read_back(&xml);
    expect_verbs(response, (const char *const[]){"Dial", NULL});
    assert_string_equal(twiml_attribute(response->children, "callerId"), "\"/><Hangup/>");
    assert_string_equal(twiml_attribute(response->children, "action"),
                        "https://k.example/a?b=1&c='2'");
}

static void long_speech_is_cut_at_a_character(void **state)
{
    (void)state;
    struct buf text = {0}, xml = {0};
    for (int i = 0; i < TWIML_SAY_CHARS_MAX + 10; i++)
        buf_puts(&text, "ř");
    twiml_say_goodbye(&xml, "cs", buf_text(&text));
    assert_int_equal(strlen(read_back(&xml)->children->text), 2 * TWIML_SAY_CHARS_MAX);
    buf_free(&text);
}

static void transfer_rings_and_comes_back(void **state)
{
    (void)state;
    struct buf xml = {0};
    const struct twiml_dial dial = {.number = "+420602000111",
                                    .action_url = "https://k.example/after",
                                    .whisper_url = "https://k.example/whisper?say=Jan",
                                    .ring_seconds_max = 18,
                                    .seconds_max = 3600};
    twiml_dial(&xml, &dial);
    const struct twiml_element *verb = read_back(&xml)->children;
    assert_null(twiml_attribute(verb, "callerId"));
    assert_string_equal(twiml_attribute(verb, "timeout"), "18");
    assert_string_equal(twiml_attribute(verb, "timeLimit"), "3600");
    assert_string_equal(verb->children->name, "Number");
    assert_string_equal(verb->children->text, "+420602000111");
    assert_string_equal(twiml_attribute(verb->children, "url"),
                        "https://k.example/whisper?say=Jan");
}

static void short_documents_say_one_thing(void **state)
{
    (void)state;
    struct buf xml = {0};
    twiml_hangup(&xml);
    expect_verbs(read_back(&xml), (const char *const[]){"Hangup", NULL});
    twiml_reject_busy(&xml);
    const struct twiml_element *response = read_back(&xml);
    expect_verbs(response, (const char *const[]){"Reject", NULL});
    assert_string_equal(twiml_attribute(response->children, "reason"), "busy");
    twiml_redirect(&xml, "https://k.example/telephony/resume?a=1&b=2");
    response = read_back(&xml);
    expect_verbs(response, (const char *const[]){"Redirect", NULL});
    assert_string_equal(response->children->text, "https://k.example/telephony/resume?a=1&b=2");
    twiml_over(&xml);
    expect_verbs(read_back(&xml), (const char *const[]){NULL});
    twiml_voicemail(&xml, &voicemail);
    expect_verbs(read_back(&xml), (const char *const[]){"Say", "Record", "Say", "Hangup", NULL});
}

static void languages_have_a_voice(void **state)
{
    (void)state;
    assert_string_equal(twiml_language("cs"), "cs-CZ");
    assert_string_equal(twiml_language("sk"), "sk-SK");
    assert_string_equal(twiml_language("de-AT"), "de-DE");
    assert_string_equal(twiml_language("en"), "en-US");
    assert_string_equal(twiml_language("csx"), "en-US");
    assert_string_equal(twiml_language(""), "en-US");
    assert_string_equal(twiml_language(NULL), "en-US");
}

static void broken_documents_are_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "hello",
        "<Response>",
        "<Response></response>",
        "<Response/><Response/>",
        "<Root/>",
        "<Response><Say>x</Response></Say>",
        "<Response a='1' a='2'/>",
        "<Response a=1/>",
        "<Response a='<'/>",
        "<Response a='1'b='2'/>",
        "<Response>&nbsp;</Response>",
        "<Response>&#0;</Response>",
        "<Response>&#xD800;</Response>",
        "<Response>&#x110000;</Response>",
        "<Response>&#;</Response>",
        "<Response>& </Response>",
        "<Response>\x01</Response>",
        "<Response>\xFF</Response>",
        "<!DOCTYPE r [<!ENTITY e 'x'>]><Response>&e;</Response>",
        "<Response><!-- </Response>",
        "<Response><![CDATA[ </Response>",
        "<Response><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></Response>",
    };
    for (size_t i = 0; i < countof(broken); i++) {
        struct twiml_element *response = NULL;
        const char *why = NULL;
        if (twiml_parse(str_of(broken[i]), &arena, &response, &why) == 0)
            fail_msg("accepted: %s", broken[i]);
        assert_non_null(why);
        assert_null(response);
    }
}

static void lawful_oddities_are_read(void **state)
{
    (void)state;
    struct twiml_element *response = NULL;
    const char *why = NULL;
    static const char odd[] =
        "\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- hello -->\n"
        "<Response >\n <Say\n language = 'cs-CZ'><![CDATA[a<b]]> &#65;&#x10D;"
        "<!-- no -->.</Say ><Pause length=\"2\" />\n</Response>\n<!-- end -->";
    assert_int_equal(twiml_parse(str_of(odd), &arena, &response, &why), 0);
    expect_verbs(response, (const char *const[]){"Say", "Pause", NULL});
    assert_string_equal(response->children->text, "a<b Ač.");
    assert_string_equal(twiml_attribute(response->children, "language"), "cs-CZ");
    assert_null(twiml_attribute(response->children, "voice"));
    assert_null(twiml_child(response, "Dial"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(stream_has_a_token_and_a_voicemail_behind_it, forget),
        cmocka_unit_test_teardown(digits_are_asked_for_and_their_absence_too, forget),
        cmocka_unit_test_teardown(stream_after_a_transfer_says_so, forget),
        cmocka_unit_test_teardown(tenants_text_never_leaves_its_place, forget),
        cmocka_unit_test_teardown(long_speech_is_cut_at_a_character, forget),
        cmocka_unit_test_teardown(transfer_rings_and_comes_back, forget),
        cmocka_unit_test_teardown(short_documents_say_one_thing, forget),
        cmocka_unit_test_teardown(languages_have_a_voice, forget),
        cmocka_unit_test_teardown(broken_documents_are_refused, forget),
        cmocka_unit_test_teardown(lawful_oddities_are_read, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
