/* test/twilio_world.c: an HTTP server that has its answers written down. */
#include "test/twilio_world.h"

#include "base/mem.h"
#include "test/test.h"

#include <stdio.h>

static void on_request(struct http_req *req)
{
    struct twilio_world *w = req->app;
    const char *authorization = http_header(req, "Authorization");
    /* SK1:secret */
    assert_string_equal(authorization ? authorization : "", "Basic U0sxOnNlY3JldA==");
    buf_printf(&w->asked, "%s %.*s %.*s\n", http_method_name(req->method), (int)req->target.bytes,
               req->target.at, (int)req->body.bytes, req->body.bytes ? req->body.at : "");
    assert_true(w->answer_count > 0);
    size_t at = w->next < w->answer_count ? w->next++ : w->answer_count - 1;
    if (w->answers[at].status == 0)
        return;
    if (w->answers[at].status < 0) {
        http_break(req, (struct str){0});
        return;
    }
    if (w->answers[at].status == 429)
        http_set_header(req, "Retry-After", w->retry_after ? w->retry_after : "0");
    http_reply_json(req, w->answers[at].status, str_of(w->answers[at].body));
}

static const struct http_route routes[] = {
    {HTTP_POST | HTTP_GET | HTTP_DELETE, "/2010-04-01/Accounts/" TWILIO_AC "/*", on_request, 65536},
    {HTTP_GET, "/v1/*", on_request, 0},
    {HTTP_POST | HTTP_GET, "/v2/*", on_request, 65536}};

void twilio_world_reach(struct twilio_world *world, const char *base_url)
{
    const struct twilio_rest_options options = {.loop = world->loop,
                                                .http = world->http,
                                                .base_url = base_url,
                                                .verify_base_url = base_url,
                                                .numbers_base_url = base_url,
                                                .pricing_base_url = base_url,
                                                .account_sid = TWILIO_AC,
                                                .verify_service_sid = TWILIO_VA,
                                                .user = "SK1",
                                                .secret = "secret",
                                                .back_off_ms = 1};
    twilio_rest_free(&world->rest);
    world->rest = twilio_rest_new(&options);
}

void twilio_world_open(struct twilio_world *world)
{
    const char *why = NULL;
    char base[64];
    world->loop = loop_new();
    struct http_server_options options = {
        .routes = routes, .route_count = countof(routes), .app = world};
    assert_int_equal(http_server_open(world->loop, "127.0.0.1:0", &options, &world->server, &why),
                     0);
    world->http = http_client_new(world->loop, &(struct http_client_options){0});
    snprintf(base, sizeof(base), "http://127.0.0.1:%u", http_server_port(world->server));
    twilio_world_reach(world, base);
}

void twilio_world_close(struct twilio_world *world)
{
    twilio_rest_free(&world->rest);
    settle(world->loop);
    http_client_free(&world->http);
    http_server_close(&world->server);
    settle(world->loop);
    buf_free(&world->asked);
    loop_free(&world->loop);
}

void twilio_answers(struct twilio_world *world, int status, const char *body)
{
    assert_true(world->answer_count < TWILIO_ANSWERS_MAX);
    world->answers[world->answer_count].status = status;
    world->answers[world->answer_count++].body = body;
}

void twilio_world_again(struct twilio_world *world)
{
    world->answer_count = world->next = 0;
    buf_clear(&world->asked);
}

void twilio_world_wait(struct twilio_world *world)
{
    assert_false(world->done); /* never inside the call that asked */
    wait_for(world->loop, &world->done);
    assert_null(world->asking);
    world->done = false;
}

void twilio_world_expect(struct twilio_world *world, const char *asked)
{
    assert_string_equal(buf_text(&world->asked), asked);
    buf_clear(&world->asked);
}
