/* test/test_http2.c: the HTTP client against a server that offers HTTP/2 (test/peers/http2.mjs, by
 * Node): it is used, one connection carries all that is asked at once, and what is given up there
 * disturbs nobody else. */
#include "base/mem.h"
#include "net/http_client.h"
#include "test/certs.h"
#include "test/peer.h"
#include "test/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ASKS_MAX = 8 };

struct asked {
    struct op *op;
    bool done, piece;
    int err, status;
    char body[200], pieces[200];
};
struct world {
    struct loop *loop;
    struct http_client *client;
    struct certs certs;
    pid_t server;
    unsigned port;
    struct asked asked[ASKS_MAX];
};

/* Its port, read from what it prints first. */
static void start_server(struct world *world)
{
    int ends[2];
    char line[16] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t parent = getpid();
    world->server = fork();
    if (world->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || dup2(ends[1], STDOUT_FILENO) < 0)
            _exit(1);
        execlp("node", "node", KAREN_SOURCE_ROOT "/test/peers/http2.mjs", world->certs.cert_file,
               world->certs.key_file, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (read(ends[0], line, sizeof(line) - 1) <= 0)
        fail_msg("node does not start");
    close(ends[0]);
    world->port = (unsigned)atoi(line);
}

static int set_up(void **state)
{
    struct world *world = xalloc(sizeof(*world));
    certs_make(&world->certs, "IP:127.0.0.1");
    start_server(world);
    world->loop = loop_new();
    world->client = http_client_new(world->loop,
                                    &(struct http_client_options){.ca_file = world->certs.ca_file});
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    kill(world->server, SIGKILL);
    waitpid(world->server, NULL, 0);
    http_client_free(&world->client);
    settle(world->loop);
    loop_free(&world->loop);
    certs_remove(&world->certs);
    free(world);
    return 0;
}

static void on_piece(struct str piece, void *arg)
{
    struct asked *asked = arg;
    asked->piece = true;
    strncat(asked->pieces, piece.at, piece.bytes);
}

static void on_done(const struct http_answer *answer, void *arg)
{
    struct asked *asked = arg;
    asked->err = answer->err;
    asked->status = answer->status;
    snprintf(asked->body, sizeof(asked->body), "%.*s", (int)answer->body.bytes,
             answer->body.bytes ? answer->body.at : "");
    asked->done = true;
}

static struct asked *ask(struct world *world, size_t i, const char *path, const char *body,
                         bool in_pieces)
{
    struct asked *asked = &world->asked[i];
    char *url = xprintf("https://127.0.0.1:%u%s", world->port, path);
    *asked = (struct asked){0};
    http_ask(world->client,
             &(struct http_ask){.method = body ? HTTP_POST : HTTP_GET,
                                .url = url,
                                .body = str_of(body),
                                .on_piece = in_pieces ? on_piece : NULL,
                                .on_done = on_done},
             asked, &asked->op);
    free(url);
    return asked;
}

static void await(struct world *world, struct asked *asked)
{
    wait_for(world->loop, &asked->done);
    assert_int_equal(asked->err, 0);
    assert_int_equal(asked->status, 200);
}

static const char *answer_to(struct world *world, size_t i, const char *path)
{
    struct asked *asked = ask(world, i, path, NULL, false);
    await(world, asked);
    return asked->body;
}

static void http2_is_spoken_where_it_is_offered(void **state)
{
    struct world *world = *state;
    assert_string_equal(answer_to(world, 0, "/echo"), "HTTP/2.0 GET /echo ");
    struct asked *posted = ask(world, 1, "/echo", "name=value", false);
    await(world, posted);
    assert_string_equal(posted->body, "HTTP/2.0 POST /echo name=value");
}

static void what_is_asked_at_once_shares_one_connection(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < ASKS_MAX; i++)
        ask(world, i, "/echo", "", false);
    for (size_t i = 0; i < ASKS_MAX; i++)
        await(world, &world->asked[i]);
    assert_string_equal(answer_to(world, 0, "/stats"), "{\"connections\":1,\"givenUp\":0}");
}

static void a_stream_of_pieces_holds_up_nobody(void **state)
{
    struct world *world = *state;
    struct asked *stream = ask(world, 0, "/pieces", NULL, true);
    wait_for(world->loop, &stream->piece);
    assert_string_equal(stream->pieces, "one");
    assert_string_equal(answer_to(world, 1, "/echo"), "HTTP/2.0 GET /echo ");
    assert_false(stream->done);
    assert_string_equal(answer_to(world, 1, "/go"), "gone");
    await(world, stream);
    assert_string_equal(stream->pieces, "onetwo");
    assert_string_equal(answer_to(world, 1, "/stats"), "{\"connections\":1,\"givenUp\":0}");
}

static void giving_one_up_leaves_the_others_their_connection(void **state)
{
    struct world *world = *state;
    struct asked *stream = ask(world, 0, "/pieces", NULL, true);
    struct asked *stalled = ask(world, 1, "/stall", NULL, false);
    wait_for(world->loop, &stream->piece);
    assert_string_equal(answer_to(world, 2, "/echo"), "HTTP/2.0 GET /echo ");
    op_cancel(&stalled->op);
    assert_string_equal(answer_to(world, 2, "/stats-once-given-up"),
                        "{\"connections\":1,\"givenUp\":1}");
    assert_string_equal(answer_to(world, 2, "/go"), "gone");
    await(world, stream);
    assert_string_equal(stream->pieces, "onetwo");
    assert_false(stalled->done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(http2_is_spoken_where_it_is_offered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_asked_at_once_shares_one_connection, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stream_of_pieces_holds_up_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(giving_one_up_leaves_the_others_their_connection, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
