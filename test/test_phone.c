/* test/test_phone.c: the telephone against a scripted service: what it sends, how it keeps time,
 * how it carries out TwiML; and its files. */
#include "base/audio.h"
#include "base/mem.h"
#include "carrier/twilio_sign.h"
#include "carrier/twilio_wire.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "phone/phone.h"
#include "phone/playout.h"
#include "phone/talk.h"
#include "phone/wav.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "karen_test_auth_token"
#define AC "AC00000000000000000000000000000003"

struct world {
    struct loop *loop;
    struct http_server *server;
    struct http_client *http;
    char base[64];
    /* the service */
    const char *twiml[8]; /* for /0, /1 ...; @ stands for the base URL, % for ws:// of it */
    int status[8];        /* of those answers; 0: 200 */
    struct buf asked;     /* "METHOD path?query body\n" of each webhook */
    struct ws *ws;
    struct buf got; /* messages of the stream, one a line, audio left out */
    size_t got_audio;
    bool has_start, has_stop, stream_gone, has_status;
    char stream_sid[40];
    /* the telephone */
    struct phone_call *call;
    struct buf story; /* what happened, a word each */
    bool over, heard_agent, streaming, recorded, marked;
    enum phone_end end;
    char why[300];
    size_t heard_frames, said_frames, recording_bytes;
};

/* ---- the service ---------------------------------------------------------------------------- */

static void expect_signed(struct http_req *req)
{
    struct world *w = req->app;
    const char *token = TOKEN;
    struct twilio_request request = {.signature = http_header(req, "X-Twilio-Signature")};
    request.url =
        arena_printf(req->arena, "%s%.*s", w->base, (int)req->target.bytes, req->target.at);
    if (req->method == HTTP_POST)
        assert_int_equal(http_form(req, &request.fields, &request.field_count), 0);
    assert_true(twilio_check(&request, &token, 1).genuine);
}

static void reply_twiml(struct http_req *req, const char *text)
{
    struct world *w = req->app;
    struct buf xml = {0};
    for (; *text; text++) {
        if (*text == '@')
            buf_puts(&xml, w->base);
        else if (*text == '%')
            buf_printf(&xml, "ws%s", w->base + 4);
        else
            buf_putc(&xml, *text);
    }
    http_reply(req, 200, "text/xml", buf_str(&xml));
    buf_free(&xml);
}

static void on_webhook(struct http_req *req)
{
    struct world *w = req->app;
    int number = atoi(http_param(req, "n"));
    const char *fields[] = {"CallStatus", "Digits",           "DialCallStatus", "RecordingDuration",
                            "ErrorCode",  "DialCallDuration", "ForwardedFrom",  "Extra"};
    assert_in_range(number, 0, 7);
    expect_signed(req);
    buf_printf(&w->asked, "%s %d", http_method_name(req->method), number);
    for (size_t i = 0; i < countof(fields); i++) {
        const char *value =
            req->method == HTTP_POST ? http_field(req, fields[i]) : http_query(req, fields[i]);
        if (value)
            buf_printf(&w->asked, " %s=%s", fields[i], value);
    }
    buf_putc(&w->asked, '\n');
    if (w->status[number])
        http_fail(req, w->status[number], "no");
    else
        reply_twiml(req, w->twiml[number] ? w->twiml[number] : "<Response/>");
}

static void on_status(struct http_req *req)
{
    struct world *w = req->app;
    expect_signed(req);
    buf_printf(&w->asked, "status %s %s\n", http_field(req, "CallStatus"),
               http_field(req, "CallDuration"));
    w->has_status = true;
    http_reply(req, 204, NULL, (struct str){0});
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct world *w = arg;
    struct twilio_message m;
    (void)ws;
    assert_int_equal(kind, WS_TEXT);
    assert_int_equal(twilio_message_parse((struct str){data, bytes}, &m), 0);
    if (m.kind == TWILIO_MEDIA) {
        w->got_audio++;
        return;
    }
    if (m.kind == TWILIO_START) {
        snprintf(w->stream_sid, sizeof(w->stream_sid), "%.*s", (int)m.stream_sid.bytes,
                 m.stream_sid.at);
        assert_true(str_is(m.token, "t\\\"0"));
        assert_true(str_is(m.account_sid, AC));
    }
    w->has_start = w->has_start || m.kind == TWILIO_START;
    w->has_stop = w->has_stop || m.kind == TWILIO_STOP;
    buf_printf(&w->got, "%d", m.kind);
    if (m.kind == TWILIO_MARK)
        buf_add_str(&w->got, m.mark);
    if (m.kind == TWILIO_DTMF)
        buf_putc(&w->got, m.digit);
    buf_putc(&w->got, ' ');
}

static void on_ws_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct world *w = arg;
    (void)ws, (void)code, (void)why, (void)http_status;
    w->ws = NULL;
    w->stream_gone = true;
}

static void on_media(struct http_req *req)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_ws_close};
    struct world *w = req->app;
    const char *token = TOKEN;
    char url[100];
    snprintf(url, sizeof(url), "ws%s/media", w->base + 4);
    struct twilio_request request = {.url = url,
                                     .signature = http_header(req, "X-Twilio-Signature")};
    assert_true(twilio_check(&request, &token, 1).genuine);
    assert_int_equal(ws_accept(req, NULL, &handler, w, &w->ws), 0);
}

static void on_no_media(struct http_req *req)
{
    http_fail(req, 503, "no room");
}

static const struct http_route routes[] = {
    {HTTP_POST | HTTP_GET, "/hook/:n", on_webhook, 65536},
    {HTTP_POST, "/status", on_status, 65536},
    {HTTP_GET, "/media", on_media, 0},
    {HTTP_GET, "/nomedia", on_no_media, 0},
};

static void play(struct world *w, size_t bytes)
{
    struct buf out = {0};
    uint8_t *tone = xalloc(bytes + 1);
    memset(tone, 0x10, bytes); /* loud */
    twilio_put_media(&out, str_of(w->stream_sid), tone, bytes);
    assert_int_equal(ws_send(w->ws, WS_TEXT, out.data, out.bytes), 0);
    free(tone);
    buf_free(&out);
}

static void set_mark(struct world *w, uint32_t mark)
{
    struct buf out = {0};
    twilio_put_mark(&out, str_of(w->stream_sid), mark);
    assert_int_equal(ws_send(w->ws, WS_TEXT, out.data, out.bytes), 0);
    buf_free(&out);
}

static void clear(struct world *w)
{
    struct buf out = {0};
    twilio_put_clear(&out, str_of(w->stream_sid));
    assert_int_equal(ws_send(w->ws, WS_TEXT, out.data, out.bytes), 0);
    buf_free(&out);
}

/* ---- the telephone -------------------------------------------------------------------------- */

static void on_event(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct world *w = arg;
    (void)call;
    switch (event->kind) {
    case PHONE_WEBHOOK: break;
    case PHONE_SAY: buf_printf(&w->story, "say:%s:%s ", event->language, event->text); break;
    case PHONE_STREAM: w->streaming = true; break;
    case PHONE_STREAM_OVER: buf_printf(&w->story, "stream-over:%d ", (int)event->number); break;
    case PHONE_HEARD:
        w->heard_frames += event->agent_audio;
        w->heard_agent = w->heard_agent || event->agent_audio;
        w->said_frames += event->said[0] != ULAW_SILENCE;
        break;
    case PHONE_MARKED:
        buf_printf(&w->story, "mark:%s:%d ", event->text, (int)event->number);
        w->marked = true;
        break;
    case PHONE_CLEARED: buf_printf(&w->story, "cleared "); break;
    case PHONE_GATHER: buf_printf(&w->story, "gather:%d ", (int)event->number); break;
    case PHONE_DIALLED: buf_printf(&w->story, "dial:%s:%s ", event->text, event->language); break;
    case PHONE_WHISPER: buf_printf(&w->story, "whisper:%s ", event->text); break;
    case PHONE_RECORDED:
        w->recording_bytes = event->recording.bytes;
        w->recorded = true;
        break;
    case PHONE_REJECTED: buf_printf(&w->story, "reject:%s ", event->text); break;
    case PHONE_ENDED:
        w->over = true;
        w->end = event->end;
        snprintf(w->why, sizeof(w->why), "%s", event->text);
        break;
    }
}

static struct phone_options options_of(struct world *w)
{
    static char voice[80], status[80];
    snprintf(voice, sizeof(voice), "%s/hook/0", w->base);
    snprintf(status, sizeof(status), "%s/status", w->base);
    return (struct phone_options){.loop = w->loop,
                                  .http = w->http,
                                  .voice_url = voice,
                                  .status_url = status,
                                  .account_sid = AC,
                                  .auth_token = TOKEN,
                                  .from = "+420602000111",
                                  .to = "+420228883001",
                                  .say_ms_per_char = -1,
                                  .dial_ms = 10,
                                  .dial_talk_ms = 10};
}

static void place(struct world *w)
{
    struct phone_options options = options_of(w);
    w->call = phone_place(&options, on_event, w);
}

static void run_to_the_end(struct world *w)
{
    wait_for(w->loop, &w->over);
    wait_for(w->loop, &w->has_status);
}

#define STREAM                                                                                     \
    "<Response><Connect action=\"@/hook/1\"><Stream url=\"%/media\"><Parameter name=\"token\" "    \
    "value=\"t&quot;0\"/></Stream></Connect><Say>behind</Say></Response>"

static void open_stream(struct world *w)
{
    w->twiml[0] = STREAM;
    place(w);
    wait_for(w->loop, &w->has_start);
    wait_for(w->loop, &w->streaming);
}

static int setup(void **state)
{
    static struct world w;
    const char *why = NULL;
    w = (struct world){.loop = loop_new()};
    struct http_server_options options = {
        .routes = routes, .route_count = countof(routes), .app = &w};
    assert_int_equal(http_server_open(w.loop, "127.0.0.1:0", &options, &w.server, &why), 0);
    snprintf(w.base, sizeof(w.base), "http://127.0.0.1:%u", http_server_port(w.server));
    w.http = http_client_new(w.loop, &(struct http_client_options){0});
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    phone_free(&w->call);
    ws_close(&w->ws, WS_CLOSE_NORMAL, "");
    settle(w->loop);
    http_client_free(&w->http);
    http_server_close(&w->server);
    settle(w->loop);
    buf_free(&w->asked);
    buf_free(&w->got);
    buf_free(&w->story);
    loop_free(&w->loop);
    return 0;
}

/* ---- webhooks and verbs --------------------------------------------------------------------- */

static void webhook_is_signed_and_its_twiml_spoken(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Say language=\"cs-CZ\">Dobrý den &amp; tak</Say><Hangup/></Response>";
    place(w);
    assert_false(w->over);
    assert_string_equal(phone_status(w->call), "ringing");
    run_to_the_end(w);
    assert_string_equal(buf_text(&w->story), "say:cs-CZ:Dobrý den & tak ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 0 CallStatus=ringing\nstatus completed "));
    assert_int_equal(w->end, PHONE_ENDED_BY_PEER);
    assert_true(phone_is_settled(w->call) || phone_timing(w->call)->webhook_ms >= 0);
}

static void forwarding_and_further_fields_are_sent(void **state)
{
    struct world *w = *state;
    struct phone_options options = options_of(w);
    const struct http_field extra = {"Extra", "řeka & moře"};
    options.forwarded_from = "+420777123456";
    options.extras = &extra;
    options.extra_count = 1;
    w->call = phone_place(&options, on_event, w);
    run_to_the_end(w);
    assert_non_null(strstr(buf_text(&w->asked), "ForwardedFrom=+420777123456 Extra=řeka & moře\n"));
}

static void redirects_may_be_relative_and_by_get(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Redirect method=\"GET\">\n 1?Extra=x </Redirect></Response>";
    w->twiml[1] = "<Response><Pause length=\"0\"/><Redirect>/hook/2</Redirect></Response>";
    w->twiml[2] = "<Response><Reject reason=\"busy\"/></Response>";
    place(w);
    run_to_the_end(w);
    assert_string_equal(buf_text(&w->asked), "POST 0 CallStatus=ringing\n"
                                             "GET 1 CallStatus=ringing Extra=x\n"
                                             "POST 2 CallStatus=ringing\n"
                                             "status busy 0\n"); /* never answered: no duration */
    assert_string_equal(buf_text(&w->story), "reject:busy ");
}

static void redirects_in_a_circle_end(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Redirect>@/hook/0</Redirect></Response>";
    place(w);
    run_to_the_end(w);
    assert_int_equal(w->end, PHONE_FAILED);
    assert_string_equal(w->why, "too many documents, one after the other");
}

static void failing_webhook_goes_to_the_fallback(void **state)
{
    struct world *w = *state;
    struct phone_options options = options_of(w);
    char fallback[80];
    snprintf(fallback, sizeof(fallback), "%s/hook/1", w->base);
    options.fallback_url = fallback;
    w->status[0] = 500;
    w->twiml[1] = "<Response><Say>sorry</Say></Response>";
    w->call = phone_place(&options, on_event, w);
    run_to_the_end(w);
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
    struct world *w = *state;
    for (size_t i = 0; i < countof(cases); i++) {
        w->twiml[0] = cases[i].twiml;
        w->status[0] = cases[i].status;
        w->over = w->has_status = false;
        place(w);
        run_to_the_end(w);
        assert_int_equal(w->end, PHONE_FAILED);
        assert_memory_equal(w->why, cases[i].why, strlen(cases[i].why));
        phone_free(&w->call);
    }
}

static void gathered_digits_go_to_the_action(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Gather numDigits=\"4\" action=\"/hook/1\"><Say>code</Say></Gather>"
                  "</Response>";
    w->twiml[1] = "<Response><Gather finishOnKey=\"*\" timeout=\"60\" action=\"/hook/2\"/>"
                  "</Response>";
    place(w);
    phone_press(w->call, "1234");
    int64_t until_ms = loop_now_ms(w->loop) + PEER_WAIT_MS;
    while (!strstr(buf_text(&w->asked), "POST 1") && loop_now_ms(w->loop) < until_ms)
        loop_step(w->loop, 20);
    settle(w->loop);
    phone_press(w->call, "98x7");
    phone_press(w->call, "*5");
    run_to_the_end(w);
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress Digits=1234\n"));
    assert_non_null(strstr(buf_text(&w->asked), "POST 2 CallStatus=in-progress Digits=987\n"));
}

static void gather_without_keys_goes_on(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Gather timeout=\"0\" action=\"/hook/1\"/><Gather timeout=\"0\" "
                  "action=\"/hook/2\" actionOnEmptyResult=\"true\"/></Response>";
    place(w);
    run_to_the_end(w);
    assert_null(strstr(buf_text(&w->asked), "POST 1"));
    assert_non_null(strstr(buf_text(&w->asked), "POST 2 CallStatus=in-progress Digits=\n"));
}

static void message_is_recorded_up_to_the_silence(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Record action=\"/hook/1\" timeout=\"1\" maxLength=\"5\"/></Response>";
    uint8_t words[AUDIO_FRAME_BYTES * 5];
    memset(words, 0x10, sizeof(words));
    place(w);
    assert_int_equal(phone_say(w->call, words, sizeof(words)), 0);
    run_to_the_end(w);
    assert_true(w->recorded);
    assert_int_equal(w->recording_bytes, sizeof(words));
    assert_non_null(strstr(buf_text(&w->asked), "RecordingDuration=1\n"));
}

static void silence_is_no_recording(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Record action=\"/hook/1\" timeout=\"0\"/><Say>bye</Say></Response>";
    place(w);
    run_to_the_end(w);
    assert_false(w->recorded);
    assert_string_equal(buf_text(&w->story), "say::bye ");
}

#define DIAL                                                                                       \
    "<Response><Dial callerId=\"+420228883001\" action=\"/hook/1\" timeout=\"18\"><Number "        \
    "url=\"/hook/2\">+420777000111</Number></Dial></Response>"

static void transfer_whispers_and_comes_back(void **state)
{
    struct world *w = *state;
    struct phone_options options = options_of(w);
    options.dial = PHONE_DIAL_ANSWERED;
    w->twiml[0] = DIAL;
    w->twiml[2] = "<Response><Say>Jan, about a parcel</Say></Response>";
    w->call = phone_place(&options, on_event, w);
    run_to_the_end(w);
    assert_string_equal(buf_text(&w->story),
                        "dial:+420777000111:+420228883001 whisper:Jan, about a parcel ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress "
                                                "DialCallStatus=completed DialCallDuration=1\n"));
}

static void transfer_that_nobody_takes_says_so(void **state)
{
    struct world *w = *state;
    struct phone_options options = options_of(w);
    options.dial = PHONE_DIAL_BUSY;
    w->twiml[0] = DIAL;
    w->call = phone_place(&options, on_event, w);
    run_to_the_end(w);
    assert_non_null(strstr(buf_text(&w->asked), "DialCallStatus=busy DialCallDuration=0\n"));
    assert_null(strstr(buf_text(&w->asked), "POST 2"));
}

/* ---- the stream ----------------------------------------------------------------------------- */

static void stream_runs_both_ways_in_real_time(void **state)
{
    struct world *w = *state;
    open_stream(w);
    assert_string_equal(phone_status(w->call), "in-progress");
    uint8_t words[AUDIO_FRAME_BYTES * 3];
    memset(words, 0x20, sizeof(words));
    phone_say(w->call, words, sizeof(words));
    assert_true(phone_is_talking(w->call));
    play(w, AUDIO_FRAME_BYTES * 4);
    set_mark(w, 1);
    int64_t began_ms = loop_now_ms(w->loop);
    wait_for(w->loop, &w->marked);
    int64_t took_ms = loop_now_ms(w->loop) - began_ms;
    assert_in_range(took_ms, 40, 2000); /* 80 ms of audio were played first */
    assert_int_equal(w->heard_frames, 4);
    assert_int_equal(w->said_frames, 3);
    assert_false(phone_is_talking(w->call));
    phone_press(w->call, "7#");
    while (!strstr(buf_text(&w->got), "5#"))
        loop_step(w->loop, 50);
    assert_string_equal(buf_text(&w->got), "0 1 31 57 5# ");
    assert_true(w->got_audio >= 4);
    assert_true(phone_timing(w->call)->first_audio_ms >= phone_timing(w->call)->stream_ms);
}

static void mark_behind_nothing_returns_at_once(void **state)
{
    struct world *w = *state;
    open_stream(w);
    set_mark(w, 9);
    wait_for(w->loop, &w->marked);
    assert_string_equal(buf_text(&w->story), "mark:9:0 ");
}

static void clear_returns_every_mark_at_once(void **state)
{
    struct world *w = *state;
    open_stream(w);
    play(w, 8000);
    set_mark(w, 1);
    play(w, 8000);
    set_mark(w, 2);
    clear(w);
    set_mark(w, 3);
    while (!strstr(buf_text(&w->story), "mark:3"))
        loop_step(w->loop, 20);
    assert_string_equal(buf_text(&w->story), "cleared mark:1:1 mark:2:1 mark:3:0 ");
    assert_true(w->heard_frames < 10);
}

static void closed_stream_asks_the_action(void **state)
{
    struct world *w = *state;
    open_stream(w);
    w->twiml[1] = "<Response><Hangup/></Response>";
    ws_close(&w->ws, WS_CLOSE_NORMAL, "");
    run_to_the_end(w);
    assert_string_equal(buf_text(&w->story), "stream-over:1000 ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress\n"));
    assert_int_equal(w->end, PHONE_ENDED_BY_PEER);
}

static void refused_stream_goes_to_what_stands_behind(void **state)
{
    struct world *w = *state;
    w->twiml[0] = "<Response><Connect action=\"@/hook/1\"><Stream url=\"%/nomedia\"/></Connect>"
                  "<Say>behind</Say></Response>";
    place(w);
    run_to_the_end(w);
    assert_string_equal(buf_text(&w->story), "stream-over:1006 say::behind ");
    assert_null(strstr(buf_text(&w->asked), "POST 1"));
}

static void hanging_up_stops_the_stream(void **state)
{
    struct world *w = *state;
    open_stream(w);
    phone_hang_up(w->call);
    assert_false(w->over); /* told by the loop, not from inside */
    run_to_the_end(w);
    wait_for(w->loop, &w->stream_gone);
    assert_true(w->has_stop);
    assert_int_equal(w->end, PHONE_HUNG_UP);
    assert_non_null(strstr(buf_text(&w->asked), "status completed"));
    phone_hang_up(w->call); /* twice is fine */
}

static void carrier_changes_a_call_that_runs(void **state)
{
    struct world *w = *state;
    open_stream(w);
    w->twiml[3] = "<Response><Say>moved</Say><Pause length=\"60\"/></Response>";
    char url[80];
    snprintf(url, sizeof(url), "%s/hook/3", w->base);
    assert_int_equal(phone_run_twiml(w->call, str_of("<Response><Say>")), EINVAL);
    assert_int_equal(phone_go_to(w->call, url, "POST"), 0);
    wait_for(w->loop, &w->stream_gone);
    assert_true(w->has_stop);
    while (!strstr(buf_text(&w->story), "moved"))
        loop_step(w->loop, 20);
    assert_int_equal(phone_run_twiml(w->call, str_of("<Response><Say>again</Say></Response>")), 0);
    run_to_the_end(w);
    assert_string_equal(buf_text(&w->story), "say::moved say::again ");
    assert_int_equal(phone_complete(w->call), ESRCH);
    assert_int_equal(phone_go_to(w->call, url, "POST"), ESRCH);
}

static void carrier_completes_a_call(void **state)
{
    struct world *w = *state;
    open_stream(w);
    assert_int_equal(phone_complete(w->call), 0);
    assert_string_equal(phone_status(w->call), "completed");
    run_to_the_end(w);
    assert_int_equal(w->end, PHONE_ENDED_BY_PEER);
    wait_for(w->loop, &w->stream_gone);
}

static void on_event_freeing(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct world *w = arg;
    (void)event;
    if (w->call == call)
        phone_free(&w->call);
}

static void call_may_be_freed_in_any_event(void **state)
{
    struct world *w = *state;
    struct phone_options options = options_of(w);
    w->twiml[0] = STREAM;
    w->call = phone_place(&options, on_event_freeing, w);
    while (w->call)
        loop_step(w->loop, 20);
    open_stream(w);
    settle(w->loop);
    phone_free(&w->call);
    assert_null(w->call);
}

/* ---- the caller who waits for his turn ------------------------------------------------------ */

struct conversation {
    struct world *world;
    struct talk talk;
    struct buf notes;
};

static void on_note(enum talk_note note, int64_t at_ms, int64_t number, double db, void *arg)
{
    static const char *const names[] = {"says", "said", "hears", "heard", "leaves"};
    struct conversation *c = arg;
    (void)at_ms, (void)number, (void)db;
    buf_printf(&c->notes, "%s ", names[note]);
    if (note == TALK_SAID)
        play(c->world, 1600);
}

static void on_talk_event(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct conversation *c = arg;
    on_event(call, event, c->world);
    talk_on_event(&c->talk, call, event);
}

static void caller_speaks_when_karen_has_finished(void **state)
{
    struct world *w = *state;
    struct conversation c = {.world = w};
    char tone[800];
    memset(tone, 0x10, sizeof(tone));
    const struct str clips[] = {{tone, sizeof(tone)}, {tone, sizeof(tone)}};
    const struct talk_script script = {
        .clips = clips, .clip_count = 2, .silence_ms = 60, .linger_ms = 40};
    struct phone_options options = options_of(w);
    w->twiml[0] = STREAM;
    talk_begin(&c.talk, &script, on_note, &c);
    w->call = phone_place(&options, on_talk_event, &c);
    wait_for(w->loop, &w->has_start);
    play(w, 1600);
    run_to_the_end(w);
    assert_string_equal(buf_text(&c.notes), "hears heard says said hears heard says said hears "
                                            "heard leaves ");
    assert_int_equal(c.talk.reply_count, 2);
    assert_int_equal(c.talk.unanswered, 0);
    assert_in_range(c.talk.greeting_ms, 0, 2000);
    assert_in_range(c.talk.reply_ms[0], 1, 2000);
    assert_int_equal(w->end, PHONE_HUNG_UP);
    buf_free(&c.notes);
}

static void caller_whom_nobody_answers_gives_up(void **state)
{
    struct world *w = *state;
    struct conversation c = {.world = w};
    char tone[800];
    memset(tone, 0x10, sizeof(tone));
    const struct str clip = {tone, sizeof(tone)};
    const struct talk_script script = {
        .clips = &clip, .clip_count = 1, .silence_ms = 60, .patience_ms = 60};
    struct phone_options options = options_of(w);
    w->twiml[0] = STREAM;
    talk_begin(&c.talk, &script, NULL, NULL);
    w->call = phone_place(&options, on_talk_event, &c);
    run_to_the_end(w);
    assert_int_equal(c.talk.greeting_ms, -1);
    assert_int_equal(c.talk.unanswered, 1);
}

static void caller_types_what_he_is_asked_for(void **state)
{
    static const char *const digits[] = {"1111", "", "1234"};
    struct world *w = *state;
    struct conversation c = {.world = w};
    const struct talk_script script = {.digits = digits, .digits_count = countof(digits)};
    struct phone_options options = options_of(w);
    w->twiml[0] = "<Response><Gather numDigits=\"4\" action=\"/hook/1\"><Say>code</Say></Gather>"
                  "</Response>";
    w->twiml[1] = "<Response><Gather numDigits=\"4\" timeout=\"0\" action=\"/hook/2\"><Say>again"
                  "</Say><Pause length=\"0\"/></Gather><Redirect>/hook/3</Redirect></Response>";
    w->twiml[3] = "<Response><Gather numDigits=\"4\" action=\"/hook/4\"/></Response>";
    talk_begin(&c.talk, &script, NULL, NULL);
    w->call = phone_place(&options, on_talk_event, &c);
    run_to_the_end(w);
    assert_string_equal(buf_text(&w->story), "say::code gather:4 say::again gather:4 gather:4 ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress Digits=1111\n"));
    assert_null(strstr(buf_text(&w->asked), "POST 2"));
    assert_non_null(strstr(buf_text(&w->asked), "POST 4 CallStatus=in-progress Digits=1234\n"));
}

/* ---- pure parts ----------------------------------------------------------------------------- */

static void playout_keeps_order_and_bounds(void **state)
{
    (void)state;
    struct playout p = {0};
    uint8_t out[160];
    char name[PLAYOUT_MARK_BYTES_MAX + 1];
    const uint8_t audio[200] = {[0] = 1, [199] = 2};
    assert_int_equal(playout_mark(&p, str_of("0")), 0);
    assert_int_equal(playout_audio(&p, audio, sizeof(audio)), 0);
    assert_int_equal(playout_mark(&p, str_of("a")), 0);
    assert_true(playout_due(&p, name)); /* nothing was before it */
    assert_string_equal(name, "0");
    assert_false(playout_due(&p, name));
    assert_true(playout_play(&p, out, sizeof(out)));
    assert_int_equal(out[0], 1);
    assert_false(playout_due(&p, name));
    assert_true(playout_play(&p, out, sizeof(out)));
    assert_int_equal(out[39], 2);
    assert_int_equal(out[40], ULAW_SILENCE);
    assert_true(playout_due(&p, name));
    assert_string_equal(name, "a");
    assert_false(playout_play(&p, out, sizeof(out)));
    char longer[PLAYOUT_MARK_BYTES_MAX + 2];
    memset(longer, 'x', sizeof(longer));
    assert_int_equal(playout_mark(&p, (struct str){longer, sizeof(longer)}), EMSGSIZE);
    for (int i = 0; i < PLAYOUT_MARKS_MAX; i++)
        assert_int_equal(playout_mark(&p, str_of("m")), 0);
    assert_int_equal(playout_mark(&p, str_of("m")), ENOBUFS);
    uint8_t *much = xalloc(PLAYOUT_BYTES_MAX);
    assert_int_equal(playout_audio(&p, much, PLAYOUT_BYTES_MAX), 0);
    assert_int_equal(playout_audio(&p, much, 1), ENOBUFS);
    assert_int_equal(playout_clear(&p), PLAYOUT_BYTES_MAX);
    free(much);
    playout_fini(&p);
}

static void put32(struct buf *file, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        buf_putc(file, (char)(value >> shift));
}

static struct buf wav_of(unsigned code, unsigned channels, unsigned hz, unsigned bits,
                         struct str data)
{
    struct buf file = {0};
    buf_puts(&file, "RIFF");
    put32(&file, 0xFFFFFFFF); /* as programs write that do not know the length yet */
    buf_puts(&file, "WAVELIST");
    put32(&file, 3);
    buf_add(&file, "abc\0fmt ", 8);
    put32(&file, 16);
    put32(&file, code | channels << 16);
    put32(&file, hz);
    put32(&file, hz * channels * bits / 8);
    put32(&file, channels * bits / 8 | bits << 16);
    buf_puts(&file, "data");
    put32(&file, (uint32_t)data.bytes);
    buf_add_str(&file, data);
    return file;
}

static void wav_files_are_read_by_their_chunks(void **state)
{
    (void)state;
    struct buf ulaw = {0};
    const char *why = NULL;
    struct buf file = wav_of(7, 1, 8000, 8, str_of("\x10\x20"));
    assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), 0);
    assert_string_equal(buf_text(&ulaw), "\x10\x20");
    buf_clear(&ulaw);
    buf_free(&file);
    file = wav_of(1, 1, 8000, 16, (struct str){"\xE8\x03\x18\xFC", 4}); /* 1000, -1000 */
    assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), 0);
    assert_string_equal(buf_text(&ulaw), "\xCE\x4E");
    buf_free(&ulaw);
    buf_free(&file);
    static const struct {
        unsigned code, channels, hz, bits;
        const char *why;
    } wrong[] = {
        {7, 1, 16000, 8, "it is mu-law of another rate than 8000 Hz"},
        {1, 2, 8000, 16, "it has more than one channel"},
        {1, 1, 8000, 8, "it is neither mu-law nor 16 bit PCM"},
        {6, 1, 8000, 8, "it is neither mu-law nor 16 bit PCM"},
        {1, 1, 96000, 16, "its sample rate is not between 8000 and 48000 Hz"},
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        file = wav_of(wrong[i].code, wrong[i].channels, wrong[i].hz, wrong[i].bits, str_of("xx"));
        assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), EPROTO);
        assert_string_equal(why, wrong[i].why);
        assert_int_equal(ulaw.bytes, 0);
        buf_free(&file);
    }
    assert_int_equal(wav_parse(str_of("RIFFxxxxWAVE"), &ulaw, &why), EPROTO);
    assert_string_equal(why, "it has no audio");
    assert_int_equal(wav_parse(str_of("OggS"), &ulaw, &why), EPROTO);
}

static double level_of_tone(unsigned hz, double tone_hz)
{
    struct buf pcm = {0}, ulaw = {0};
    const char *why = NULL;
    for (unsigned i = 0; i < hz / 4; i++) {
        double value = sin(2 * 3.14159265358979 * tone_hz * i / hz);
        int16_t sample = (int16_t)(value * 16000);
        buf_putc(&pcm, (char)sample);
        buf_putc(&pcm, (char)(sample >> 8));
    }
    struct buf file = wav_of(1, 1, hz, 16, buf_str(&pcm));
    assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), 0);
    assert_in_range(ulaw.bytes, 1999, 2000);
    int16_t linear[1000];
    ulaw_decode_all((const uint8_t *)ulaw.data + 500, 1000, linear);
    buf_free(&pcm);
    buf_free(&file);
    buf_free(&ulaw);
    return audio_level_db(linear, 1000);
}

static void other_rates_are_converted_without_aliases(void **state)
{
    (void)state;
    static const unsigned rates[] = {16000, 22050, 44100, 48000};
    for (size_t i = 0; i < countof(rates); i++) {
        double heard = level_of_tone(rates[i], 1000), alias = level_of_tone(rates[i], 7000);
        assert_true(heard > -10 && heard < -8);
        assert_true(alias < -45);
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    char path[] = "/tmp/karen-test-XXXXXX";
    struct buf back = {0};
    const char *why = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(wav_write(path, str_of("abc")), 0);
    assert_int_equal(wav_read(path, &back, &why), 0);
    assert_string_equal(buf_text(&back), "abc");
    unlink(path);
    assert_int_equal(wav_read(path, &back, &why), ENOENT);
    assert_non_null(why);
    buf_free(&back);
}

#define PHONE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        PHONE_TEST(transfer_that_nobody_takes_says_so),
        PHONE_TEST(stream_runs_both_ways_in_real_time),
        PHONE_TEST(mark_behind_nothing_returns_at_once),
        PHONE_TEST(clear_returns_every_mark_at_once),
        PHONE_TEST(closed_stream_asks_the_action),
        PHONE_TEST(refused_stream_goes_to_what_stands_behind),
        PHONE_TEST(hanging_up_stops_the_stream),
        PHONE_TEST(carrier_changes_a_call_that_runs),
        PHONE_TEST(carrier_completes_a_call),
        PHONE_TEST(call_may_be_freed_in_any_event),
        PHONE_TEST(caller_speaks_when_karen_has_finished),
        PHONE_TEST(caller_whom_nobody_answers_gives_up),
        PHONE_TEST(caller_types_what_he_is_asked_for),
        cmocka_unit_test(playout_keeps_order_and_bounds),
        cmocka_unit_test(wav_files_are_read_by_their_chunks),
        cmocka_unit_test(other_rates_are_converted_without_aliases),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
