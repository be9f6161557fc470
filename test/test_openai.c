/* test/test_openai.c: the model's driver against a server of our own on loopback, byte by byte. */
#include "base/mem.h"
#include "provider/llm.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct loop *loop;
    struct peer_listener *listener;
    struct http_client *http;
    struct llm_driver *driver;
    struct op *op;
    struct buf told; /* one line an event */
    bool event, over;
    bool cancel_at_text, cancel_at_tool;
    struct llm_event last;
};

static void on_event(const struct llm_event *event, void *arg)
{
    struct world *world = arg;
    assert_false(world->over);
    world->event = true;
    switch (event->kind) {
    case LLM_TEXT:
        buf_printf(&world->told, "text '%.*s'\n", (int)event->text.bytes, event->text.at);
        if (world->cancel_at_text)
            op_cancel(&world->op);
        break;
    case LLM_TOOL:
        buf_printf(&world->told, "tool %.*s %.*s %.*s\n", (int)event->id.bytes, event->id.at,
                   (int)event->name.bytes, event->name.at, (int)event->text.bytes, event->text.at);
        if (world->cancel_at_tool)
            op_cancel(&world->op);
        break;
    case LLM_DONE:
    case LLM_FAILED:
        assert_null(world->op); /* the slot is free again */
        buf_puts(&world->told, event->kind == LLM_DONE ? "done\n" : "failed\n");
        world->last = *event;
        world->over = true;
    }
}

static struct world *world_with(const char *fallback)
{
    struct world *world = xalloc(sizeof(*world));
    char url[64];
    world->loop = loop_new();
    world->listener = peer_listen(world->loop);
    world->http = http_client_new(world->loop, &(struct http_client_options){0});
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1/", world->listener->port);
    world->driver = openai_new(world->http, &(struct openai_options){.base_url = url,
                                                                     .api_key = "sk-1",
                                                                     .model = "first",
                                                                     .fallback_model = fallback,
                                                                     .reasoning_effort = "none",
                                                                     .temperature = 0.5});
    return world;
}

static struct world *world_new(void)
{
    return world_with(NULL);
}

static void world_free(struct world **slot)
{
    struct world *world = *slot;
    *slot = NULL;
    op_cancel(&world->op);
    llm_driver_free(&world->driver);
    http_client_free(&world->http);
    peer_listener_free(&world->listener);
    settle(world->loop);
    loop_free(&world->loop);
    buf_free(&world->told);
    free(world);
}

static void ask_within(struct world *world, int64_t first_ms, int64_t between_ms)
{
    static const struct llm_message messages[] = {
        {.role = LLM_SYSTEM, .text = {"You are Karen.", 14}},
        {.role = LLM_USER, .text = {"Hello", 5}},
    };
    world->over = world->event = false;
    buf_clear(&world->told);
    llm_ask(world->driver,
            &(struct llm_request){.messages = messages,
                                  .message_count = countof(messages),
                                  .tokens_max = 100,
                                  .first_token_ms_max = first_ms,
                                  .between_ms_max = between_ms},
            on_event, world, &world->op);
    assert_non_null(world->op);
    assert_false(world->event); /* never inside the call */
}

/* Asks, and gives the connection on which the server heard it. */
static struct peer *ask(struct world *world)
{
    ask_within(world, 0, 0);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "\"messages\":[");
    peer_expect(peer, "Hello\"}]}");
    return peer;
}

#define STREAM                                                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

static void say_chunk(struct peer *peer, const char *text)
{
    char size[24];
    snprintf(size, sizeof(size), "%zx\r\n", strlen(text));
    peer_say(peer, size);
    peer_say(peer, text);
    peer_say(peer, "\r\n");
}

static void say_data(struct peer *peer, const char *json)
{
    struct buf event = {0};
    buf_printf(&event, "data: %s\n\n", json);
    say_chunk(peer, buf_text(&event));
    buf_free(&event);
}

static void say_text(struct peer *peer, const char *escaped)
{
    struct buf json = {0};
    buf_printf(&json, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}],\"usage\":null}",
               escaped);
    say_data(peer, buf_text(&json));
    buf_free(&json);
}

static void say_finish(struct peer *peer, const char *reason)
{
    char json[128];
    snprintf(json, sizeof(json), "{\"choices\":[{\"delta\":{},\"finish_reason\":\"%s\"}]}", reason);
    say_data(peer, json);
}

static void say_end(struct peer *peer)
{
    say_data(peer, "[DONE]");
    peer_say(peer, "0\r\n\r\n");
}

static void refuse(struct peer *peer, const char *status, const char *headers, const char *body)
{
    struct buf reply = {0};
    buf_printf(&reply,
               "HTTP/1.1 %s\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
               status, headers, strlen(body), body);
    peer_say(peer, buf_text(&reply));
    buf_free(&reply);
}

static void expect_told(struct world *world, const char *told)
{
    wait_for(world->loop, &world->over);
    assert_string_equal(buf_text(&world->told), told);
}

static void expect_failed(struct world *world, int err)
{
    wait_for(world->loop, &world->over);
    assert_int_equal(world->last.kind, LLM_FAILED);
    assert_int_equal(world->last.err, err);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void request_is_as_the_service_wants_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    ask_within(world, 0, 0);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "POST /v1/chat/completions HTTP/1.1\r\n");
    peer_expect(peer, "Authorization: Bearer sk-1\r\n");
    peer_expect(peer, "\r\n\r\n{\"model\":\"first\",\"stream\":true,");
    peer_expect(peer, "\"reasoning_effort\":\"none\"");
    peer_expect(peer, "\"max_completion_tokens\":100");
    peer_free(&peer);
    world_free(&world);
}

static void reply_comes_piece_by_piece(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_chunk(peer, ": hello\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":"
                    "\"\"}}]}\n\n");
    say_text(peer, "Rozum\\u00edm");
    wait_for(world->loop, &world->event);
    assert_string_equal(buf_text(&world->told), "text 'Rozumím'\n");
    say_chunk(peer, "data: {\"choices\":[{\"delta\":{\"conte"); /* cut anywhere */
    say_chunk(peer, "nt\":\", ano.\"}}]}\r\n\r\n");
    say_finish(peer, "stop");
    say_data(peer, "{\"choices\":[],\"usage\":{\"prompt_tokens\":812,\"completion_tokens\":31,"
                   "\"prompt_tokens_details\":{\"cached_tokens\":768}}}");
    say_end(peer);
    expect_told(world, "text 'Rozumím'\ntext ', ano.'\ndone\n");
    assert_int_equal(world->last.usage.prompt_tokens, 812);
    assert_int_equal(world->last.usage.cached_tokens, 768);
    assert_int_equal(world->last.usage.completion_tokens, 31);
    assert_false(world->last.usage.estimated || world->last.cut || world->last.refused);
    assert_string_equal(world->last.model, "first");
    const struct provider_stats *stats = llm_driver_stats(world->driver);
    assert_int_equal(stats->asks, 1);
    assert_int_equal(stats->done, 1);
    assert_int_equal(stats->units_in, 812);
    peer_free(&peer);
    world_free(&world);
}

static void connection_is_used_again(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    for (int i = 0; i < 3; i++) {
        peer_say(peer, STREAM);
        say_text(peer, "Yes.");
        say_finish(peer, "stop");
        say_end(peer);
        expect_told(world, "text 'Yes.'\ndone\n");
        ask_within(world, 0, 0);
        peer_expect(peer, "Hello\"}]}"); /* on the same connection */
    }
    assert_int_equal(world->listener->count, 1);
    peer_free(&peer);
    world_free(&world);
}

static void tool_calls_are_collected_and_whole(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "One moment.");
    say_data(peer, "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":"
                   "\"function\",\"function\":{\"name\":\"end_call\",\"arguments\":\"\"}}]}}]}");
    say_data(peer, "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{"
                   "\"arguments\":\"{\\\"rea\"}}]}}]}");
    say_data(peer,
             "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"function\":{"
             "\"name\":\"ping\"}}]}}]}");
    say_data(peer, "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{"
                   "\"arguments\":\"son\\\":\\\"\\u00e1\\\"}\"}}]}}]}");
    say_finish(peer, "tool_calls");
    say_end(peer);
    expect_told(world, "text 'One moment.'\n"
                       "tool c1 end_call {\"reason\":\"á\"}\n"
                       "tool c2 ping {}\n"
                       "done\n");
    assert_true(world->last.usage.estimated);
    peer_free(&peer);
    world_free(&world);
}

static void arguments_that_are_no_json_fail_the_reply(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_data(peer,
             "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{"
             "\"name\":\"end_call\",\"arguments\":\"{\\\"reason\\\":\"}}]}}]}");
    say_finish(peer, "tool_calls");
    say_end(peer);
    expect_told(world, "failed\n");
    assert_int_equal(world->last.err, EPROTO);
    peer_free(&peer);
    world_free(&world);
}

static void reply_cut_by_length_says_so(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "And so");
    say_data(peer,
             "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{"
             "\"name\":\"f\",\"arguments\":\"{\\\"x\"}}]}}]}");
    say_finish(peer, "length");
    say_end(peer);
    expect_told(world, "text 'And so'\ndone\n"); /* half a tool call is none */
    assert_true(world->last.cut);
    peer_free(&peer);
    world_free(&world);
}

static void refusals_and_filters_are_told(void **state)
{
    (void)state;
    static const char *const ends[] = {"stop", "content_filter"};
    for (size_t i = 0; i < countof(ends); i++) {
        struct world *world = world_new();
        struct peer *peer = ask(world);
        peer_say(peer, STREAM);
        if (i == 0)
            say_data(peer, "{\"choices\":[{\"delta\":{\"refusal\":\"I can't\"}}]}");
        say_finish(peer, ends[i]);
        say_end(peer);
        expect_told(world, "done\n");
        assert_true(world->last.refused);
        peer_free(&peer);
        world_free(&world);
    }
}

static void stream_without_end_mark_ends_with_its_connection(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "Yes.");
    say_finish(peer, "stop");
    peer_say(peer, "0\r\n\r\n");
    expect_told(world, "text 'Yes.'\ndone\n");
    peer_free(&peer);
    world_free(&world);
}

/* A server that keeps the connection open after its last word does not keep us. */
static void end_mark_is_the_end_though_the_body_goes_on(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "Yes.");
    say_finish(peer, "stop");
    say_data(peer, "[DONE]");
    expect_told(world, "text 'Yes.'\ndone\n");
    peer_free(&peer);
    world_free(&world);
}

static void cut_stream_is_estimated(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "I was going to say");
    wait_for(world->loop, &world->event);
    peer_reset(peer);
    expect_failed(world, ECONNRESET);
    assert_true(world->last.usage.estimated);
    assert_in_range(world->last.usage.completion_tokens, 4, 10);
    assert_true(world->last.usage.prompt_tokens > 0);
    peer_free(&peer);
    world_free(&world);
}

static void stream_that_ends_too_soon_is_cut(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "I was going to say");
    peer_say(peer, "0\r\n\r\n");
    expect_failed(world, ECONNRESET);
    peer_free(&peer);
    world_free(&world);
}

static void error_within_the_stream_fails_the_reply(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "Well");
    say_data(peer, "{\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}");
    expect_told(world, "text 'Well'\nfailed\n");
    assert_int_equal(world->last.err, EBUSY);
    peer_free(&peer);
    world_free(&world);
}

static void nonsense_fails_the_reply(void **state)
{
    (void)state;
    static const char far_index[] =
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":100000}]}}]}\n\n";
    static const char *const nonsense[] = {"data: <html>\n\n", "data: [1]\n\n", far_index};
    for (size_t i = 0; i < countof(nonsense); i++) {
        struct world *world = world_new();
        struct peer *peer = ask(world);
        peer_say(peer, STREAM);
        say_chunk(peer, nonsense[i]);
        expect_failed(world, EPROTO);
        peer_free(&peer);
        world_free(&world);
    }
}

static void stalls_have_deadlines(void **state)
{
    (void)state;
    static const char *const before[] = {
        "",                                                /* no reply at all */
        STREAM,                                            /* a head, no token */
        STREAM "a\r\n: waiting\n\r\na\r\n: waiting\n\r\n", /* comments are no tokens */
        STREAM "33\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"Well\"}}]}\n\n\r\n", /* half */
    };
    for (size_t i = 0; i < countof(before); i++) {
        struct world *world = world_new();
        ask_within(world, 60, 60);
        struct peer *peer = peer_accept(world->listener);
        peer_expect(peer, "Hello\"}]}");
        peer_say(peer, before[i]);
        expect_failed(world, ETIMEDOUT);
        assert_int_equal(llm_driver_stats(world->driver)->failures[FAIL_LATE], 1);
        peer_free(&peer);
        world_free(&world);
    }
}

static void refused_requests_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *status, *headers, *body;
        int err;
        int64_t retry_after_ms;
    } list[] = {
        {"401 Unauthorized", "", "{\"error\":{\"code\":\"invalid_api_key\"}}", EACCES, -1},
        {"429 Too Many Requests", "Retry-After: 3\r\n",
         "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", EBUSY, 3000},
        {"429 Too Many Requests", "", "{\"error\":{\"code\":\"insufficient_quota\"}}", EDQUOT, -1},
        {"404 Not Found", "", "{\"error\":{\"code\":\"model_not_found\"}}", ENOENT, -1},
        {"400 Bad Request", "", "{\"error\":{\"param\":\"messages\"}}", EINVAL, -1},
        {"500 Internal Server Error", "", "<h1>oops</h1>", ECONNRESET, -1},
    };
    for (size_t i = 0; i < countof(list); i++) {
        struct world *world = world_new();
        struct peer *peer = ask(world);
        refuse(peer, list[i].status, list[i].headers, list[i].body);
        expect_failed(world, list[i].err);
        assert_int_equal(world->last.retry_after_ms, list[i].retry_after_ms);
        peer_free(&peer);
        world_free(&world);
    }
}

static void nobody_there_is_a_failure(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_listener_free(&world->listener);
    ask_within(world, 0, 0);
    expect_failed(world, ECONNREFUSED);
    world_free(&world);
}

static void retired_model_is_replaced_and_remembered(void **state)
{
    (void)state;
    struct world *world = world_with("second");
    struct peer *peer = ask(world);
    refuse(peer, "404 Not Found", "", "{\"error\":{\"code\":\"model_not_found\"}}");
    peer_expect(peer, "{\"model\":\"second\"");
    peer_expect(peer, "Hello\"}]}");
    peer_say(peer, STREAM);
    say_text(peer, "Yes.");
    say_finish(peer, "stop");
    say_end(peer);
    expect_told(world, "text 'Yes.'\ndone\n");
    assert_string_equal(world->last.model, "second");
    ask_within(world, 0, 0);
    peer_expect(peer, "{\"model\":\"second\""); /* at once */
    refuse(peer, "404 Not Found", "", "{}");
    expect_failed(world, ENOENT); /* there is no third */
    peer_free(&peer);
    world_free(&world);
}

static void refused_parameter_is_left_out_once_and_for_good(void **state)
{
    (void)state;
    struct world *world = world_new();
    ask_within(world, 0, 0);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "\"temperature\":0.50");
    peer_expect(peer, "Hello\"}]}");
    refuse(peer, "400 Bad Request", "",
           "{\"error\":{\"param\":\"temperature\",\"code\":\"unsupported_value\"}}");
    peer_expect(peer, "\r\n\r\n{\"model\":\"first\",\"stream\":true,\"stream_options\":{\"include_"
                      "usage\":true,\"include_obfuscation\":false},\"reasoning_effort\":\"none\","
                      "\"max_completion_tokens\":100,");
    peer_expect(peer, "Hello\"}]}");
    refuse(peer, "400 Bad Request", "", "{\"error\":{\"param\":\"reasoning_effort\"}}");
    expect_failed(world, EINVAL); /* one cure an ask */
    ask_within(world, 0, 0);
    peer_expect(peer, "false},\"reasoning_effort\":\"none\",\"max_completion_tokens\":100,");
    refuse(peer, "400 Bad Request", "", "{\"error\":{\"param\":\"max_completion_tokens\"}}");
    peer_expect(peer, "\"max_tokens\":100");
    peer_free(&peer);
    world_free(&world);
}

static void cancelled_reply_is_quiet_and_closed(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_text(peer, "Well");
    wait_for(world->loop, &world->event);
    op_cancel(&world->op);
    say_text(peer, " then");
    peer_expect_closed(peer);
    assert_string_equal(buf_text(&world->told), "text 'Well'\n");
    assert_int_equal(llm_driver_stats(world->driver)->cancelled, 1);
    assert_true(llm_driver_healthy(world->driver));
    peer_free(&peer);
    world_free(&world);
}

static void handler_may_cancel(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->cancel_at_text = true;
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_chunk(peer, "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n"
                    "data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\ndata: [DONE]\n\n");
    peer_expect_closed(peer);
    assert_string_equal(buf_text(&world->told), "text 'one'\n");
    peer_free(&peer);
    world_free(&world);
}

static void handler_may_cancel_at_a_tool(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->cancel_at_tool = true;
    struct peer *peer = ask(world);
    peer_say(peer, STREAM);
    say_data(peer,
             "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{"
             "\"name\":\"f\"}},{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"f\"}}]},"
             "\"finish_reason\":\"tool_calls\"}]}");
    say_end(peer);
    wait_for(world->loop, &world->event);
    settle(world->loop);
    assert_string_equal(buf_text(&world->told), "tool a f {}\n");
    peer_free(&peer);
    world_free(&world);
}

static void nobody_is_asked_while_the_breaker_is_open(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = ask(world);
    for (int i = 0; i < 5; i++) {
        if (i)
            ask_within(world, 0, 0);
        refuse(peer, "500 Internal Server Error", "", "{}");
        expect_failed(world, ECONNRESET);
    }
    assert_false(llm_driver_healthy(world->driver));
    ask_within(world, 0, 0);
    expect_failed(world, EAGAIN);
    assert_true(world->last.retry_after_ms > 0);
    assert_int_equal(llm_driver_stats(world->driver)->shed, 1);
    peer_free(&peer);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_as_the_service_wants_it),
        cmocka_unit_test(reply_comes_piece_by_piece),
        cmocka_unit_test(connection_is_used_again),
        cmocka_unit_test(tool_calls_are_collected_and_whole),
        cmocka_unit_test(arguments_that_are_no_json_fail_the_reply),
        cmocka_unit_test(reply_cut_by_length_says_so),
        cmocka_unit_test(refusals_and_filters_are_told),
        cmocka_unit_test(stream_without_end_mark_ends_with_its_connection),
        cmocka_unit_test(end_mark_is_the_end_though_the_body_goes_on),
        cmocka_unit_test(cut_stream_is_estimated),
        cmocka_unit_test(stream_that_ends_too_soon_is_cut),
        cmocka_unit_test(error_within_the_stream_fails_the_reply),
        cmocka_unit_test(nonsense_fails_the_reply),
        cmocka_unit_test(stalls_have_deadlines),
        cmocka_unit_test(refused_requests_say_why),
        cmocka_unit_test(nobody_there_is_a_failure),
        cmocka_unit_test(retired_model_is_replaced_and_remembered),
        cmocka_unit_test(refused_parameter_is_left_out_once_and_for_good),
        cmocka_unit_test(cancelled_reply_is_quiet_and_closed),
        cmocka_unit_test(handler_may_cancel),
        cmocka_unit_test(handler_may_cancel_at_a_tool),
        cmocka_unit_test(nobody_is_asked_while_the_breaker_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
