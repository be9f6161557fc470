/* test/test_phone.c: the telephone's webhooks, and how it carries out what TwiML tells it. */
#include "base/audio.h"
#include "base/mem.h"
#include "test/phone_world.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- webhooks and verbs --------------------------------------------------------------------- */

static void webhook_is_signed_and_its_twiml_spoken(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Say language=\"cs-CZ\">Dobrý den &amp; tak</Say><Hangup/></Response>";
    phone_world_place(w);
    assert_false(w->over);
    assert_string_equal(phone_status(w->call), "ringing");
    phone_world_run(w);
    assert_string_equal(buf_text(&w->story), "say:cs-CZ:Dobrý den & tak ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 0 CallStatus=ringing\nstatus completed "));
    assert_int_equal(w->end, PHONE_ENDED_BY_PEER);
    assert_true(phone_is_settled(w->call) || phone_timing(w->call)->webhook_ms >= 0);
}

static void forwarding_and_further_fields_are_sent(void **state)
{
    struct phone_world *w = *state;
    struct phone_options options = phone_world_options(w);
    const struct http_field extra = {"Extra", "řeka & moře"};
    options.forwarded_from = "+420777123456";
    options.extras = &extra;
    options.extra_count = 1;
    w->call = phone_place(&options, phone_world_event, w);
    phone_world_run(w);
    assert_non_null(strstr(buf_text(&w->asked), "ForwardedFrom=+420777123456 Extra=řeka & moře\n"));
}

static void redirects_may_be_relative_and_by_get(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Redirect method=\"GET\">\n 1?Extra=x </Redirect></Response>";
    w->twiml[1] = "<Response><Pause length=\"0\"/><Redirect>/hook/2</Redirect></Response>";
    w->twiml[2] = "<Response><Reject reason=\"busy\"/></Response>";
    phone_world_place(w);
    phone_world_run(w);
    assert_string_equal(buf_text(&w->asked), "POST 0 CallStatus=ringing\n"
                                             "GET 1 CallStatus=ringing Extra=x\n"
                                             "POST 2 CallStatus=ringing\n"
                                             "status busy 0\n"); /* never answered: no duration */
    assert_string_equal(buf_text(&w->story), "reject:busy ");
}

static void redirects_in_a_circle_end(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Redirect>@/hook/0</Redirect></Response>";
    phone_world_place(w);
    phone_world_run(w);
    assert_int_equal(w->end, PHONE_FAILED);
    assert_string_equal(w->why, "too many documents, one after the other");
}

static void failing_webhook_goes_to_the_fallback(void **state)
{
    struct phone_world *w = *state;
    struct phone_options options = phone_world_options(w);
    char fallback[80];
    snprintf(fallback, sizeof(fallback), "%s/hook/1", w->base);
    options.fallback_url = fallback;
    w->status[0] = 500;
    w->twiml[1] = "<Response><Say>sorry</Say></Response>";
    w->call = phone_place(&options, phone_world_event, w);
    phone_world_run(w);
    assert_string_equal(buf_text(&w->story), "say::sorry ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=ringing ErrorCode=11200\n"));
    assert_int_equal(w->end, PHONE_ENDED_BY_PEER);
}

static void failures_say_what_was_wrong(void **state)
{
    static const struct {
        const char *twiml, *why;
        int status;
    } cases[] = {
        {NULL, "the webhook answered 403: ", 403},
        {"<Response><Say>", "the webhook's TwiML has an element without its end tag", 0},
        {"<Response><Dance/></Response>", "a verb that this telephone does not know: Dance", 0},
        {"<Response><Connect/></Response>", "a Connect without a Stream", 0},
        {"<Response><Connect><Stream url=\"%/media?x=1\"/></Connect></Response>",
         "a Stream without a url, or with a query", 0},
        {"<Response><Connect><Stream url=\"ftp://x\"/></Connect></Response>",
         "a Stream whose url is none", 0},
        {"<Response><Say/><Reject/></Response>", "a Reject in a call that was answered", 0},
    };
    struct phone_world *w = *state;
    for (size_t i = 0; i < countof(cases); i++) {
        w->twiml[0] = cases[i].twiml;
        w->status[0] = cases[i].status;
        w->over = w->has_status = false;
        phone_world_place(w);
        phone_world_run(w);
        assert_int_equal(w->end, PHONE_FAILED);
        assert_memory_equal(w->why, cases[i].why, strlen(cases[i].why));
        phone_free(&w->call);
    }
}

static void gathered_digits_go_to_the_action(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Gather numDigits=\"4\" action=\"/hook/1\"><Say>code</Say></Gather>"
                  "</Response>";
    w->twiml[1] = "<Response><Gather finishOnKey=\"*\" timeout=\"60\" action=\"/hook/2\"/>"
                  "</Response>";
    phone_world_place(w);
    phone_press(w->call, "1234");
    int64_t until_ms = loop_now_ms(w->loop) + PEER_WAIT_MS;
    while (!strstr(buf_text(&w->asked), "POST 1") && loop_now_ms(w->loop) < until_ms)
        loop_step(w->loop, 20);
    settle(w->loop);
    phone_press(w->call, "98x7");
    phone_press(w->call, "*5");
    phone_world_run(w);
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress Digits=1234\n"));
    assert_non_null(strstr(buf_text(&w->asked), "POST 2 CallStatus=in-progress Digits=987\n"));
}

static void gather_without_keys_goes_on(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Gather timeout=\"0\" action=\"/hook/1\"/><Gather timeout=\"0\" "
                  "action=\"/hook/2\" actionOnEmptyResult=\"true\"/></Response>";
    phone_world_place(w);
    phone_world_run(w);
    assert_null(strstr(buf_text(&w->asked), "POST 1"));
    assert_non_null(strstr(buf_text(&w->asked), "POST 2 CallStatus=in-progress Digits=\n"));
}

static void message_is_recorded_up_to_the_silence(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Record action=\"/hook/1\" timeout=\"1\" maxLength=\"5\"/></Response>";
    uint8_t words[AUDIO_FRAME_BYTES * 5];
    memset(words, 0x10, sizeof(words));
    phone_world_place(w);
    assert_int_equal(phone_say(w->call, words, sizeof(words)), 0);
    phone_world_run(w);
    assert_true(w->recorded);
    assert_int_equal(w->recording_bytes, sizeof(words));
    assert_non_null(strstr(buf_text(&w->asked), "RecordingDuration=1\n"));
}

static void silence_is_no_recording(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Record action=\"/hook/1\" timeout=\"0\"/><Say>bye</Say></Response>";
    phone_world_place(w);
    phone_world_run(w);
    assert_false(w->recorded);
    assert_string_equal(buf_text(&w->story), "say::bye ");
}

#define DIAL                                                                                       \
    "<Response><Dial callerId=\"+420228883001\" action=\"/hook/1\" timeout=\"18\"><Number "        \
    "url=\"/hook/2\">+420777000111</Number></Dial></Response>"

static void transfer_whispers_and_comes_back(void **state)
{
    struct phone_world *w = *state;
    struct phone_options options = phone_world_options(w);
    options.dial = PHONE_DIAL_ANSWERED;
    w->twiml[0] = DIAL;
    w->twiml[2] = "<Response><Say>Jan, about a parcel</Say></Response>";
    w->call = phone_place(&options, phone_world_event, w);
    phone_world_run(w);
    assert_string_equal(buf_text(&w->story),
                        "dial:+420777000111:+420228883001 whisper:Jan, about a parcel ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress "
                                                "DialCallStatus=completed DialCallDuration=1\n"));
}

#define PRESS                                                                                      \
    "<Response><Gather numDigits=\"1\" action=\"/hook/3\" actionOnEmptyResult=\"true\"><Say>"      \
    "Press 1</Say></Gather><Hangup/></Response>"

static void transfer_with(struct phone_world *w, enum phone_dial dial, const char *then)
{
    struct phone_options options = phone_world_options(w);
    options.dial = dial;
    options.dial_key_ms = 10;
    w->twiml[0] = DIAL;
    w->twiml[2] = PRESS;
    w->twiml[3] = then;
    w->call = phone_place(&options, phone_world_event, w);
    phone_world_run(w);
}

static void who_is_rung_presses_1_and_is_joined(void **state)
{
    struct phone_world *w = *state;
    transfer_with(w, PHONE_DIAL_ANSWERED, "<Response/>");
    assert_non_null(strstr(buf_text(&w->story), "whisper:Press 1 "));
    assert_non_null(strstr(buf_text(&w->asked), "POST 3 CallStatus=in-progress Digits=1\n"));
    assert_non_null(strstr(buf_text(&w->asked), "DialCallStatus=completed DialCallDuration=1\n"));
}

static void mailbox_presses_nothing_and_is_hung_up_on(void **state)
{
    struct phone_world *w = *state;
    transfer_with(w, PHONE_DIAL_VOICEMAIL, "<Response><Hangup/></Response>");
    assert_non_null(strstr(buf_text(&w->asked), "POST 3 CallStatus=in-progress Digits=\n"));
    assert_non_null(strstr(buf_text(&w->asked), "DialCallStatus=completed DialCallDuration=0\n"));
}

static void transfer_that_nobody_takes_says_so(void **state)
{
    struct phone_world *w = *state;
    struct phone_options options = phone_world_options(w);
    options.dial = PHONE_DIAL_BUSY;
    w->twiml[0] = DIAL;
    w->call = phone_place(&options, phone_world_event, w);
    phone_world_run(w);
    assert_non_null(strstr(buf_text(&w->asked), "DialCallStatus=busy DialCallDuration=0\n"));
    assert_null(strstr(buf_text(&w->asked), "POST 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PHONE_TEST(webhook_is_signed_and_its_twiml_spoken),
        PHONE_TEST(forwarding_and_further_fields_are_sent),
        PHONE_TEST(redirects_may_be_relative_and_by_get),
        PHONE_TEST(redirects_in_a_circle_end),
        PHONE_TEST(failing_webhook_goes_to_the_fallback),
        PHONE_TEST(failures_say_what_was_wrong),
        PHONE_TEST(gathered_digits_go_to_the_action),
        PHONE_TEST(gather_without_keys_goes_on),
        PHONE_TEST(message_is_recorded_up_to_the_silence),
        PHONE_TEST(silence_is_no_recording),
        PHONE_TEST(transfer_whispers_and_comes_back),
        PHONE_TEST(who_is_rung_presses_1_and_is_joined),
        PHONE_TEST(mailbox_presses_nothing_and_is_hung_up_on),
        PHONE_TEST(transfer_that_nobody_takes_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
