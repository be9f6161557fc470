/* test/test_serve.c: `karen serve` as whoever operates it sees it: its pages, its settings, and
 * what becomes of calls when it is told to stop, to replace its workers, or loses a worker or the
 * database. Four installations on one database run a call each, side by side. */
#include "test/test.h"

#include "base/mem.h"
#include "test/peer.h"
#include "test/postgres.h"
#include "test/stack.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIP_BYTES = 2 * 8000, CHILDREN_MAX = 16, TRIES_MAX = 200 };

static struct scene {
    const char *name, *number;
    const char *workers;
    struct stack *stack;
    pid_t call;
} stopped = {.name = "Stopped", .number = "+442088880001", .workers = "1"},
  replaced = {.name = "Replaced", .number = "+442088880002", .workers = "1"},
  killed = {.name = "Killed", .number = "+442088880003", .workers = "2"},
  cut = {.name = "Cut", .number = "+442088880004", .workers = "1"};
static struct scene *const scenes[] = {&stopped, &replaced, &killed, &cut};
static char clip[] = "/tmp/karen-clip-XXXXXX";

/* ---- calls ---------------------------------------------------------------------------------- */

static const char *const lines[] = {"Hello, this is Jan Novak, I am calling about the meeting.",
                                    "We have to move it to Thursday.", "The room stays the same."};

static pid_t call_in(const struct scene *scene)
{
    return stack_call(scene->stack, scene->number,
                      (const char *const[]){"--json", "--audio", clip, clip, clip, NULL});
}

/* The caller has been answered so many times; the greeting is no answer. */
static void await_answers(const struct scene *scene, int answers)
{
    stack_await_words(scene->stack, scene->call, "\"event\":\"Karen\",\"text\":\"has finished",
                      1 + answers);
}

/* What was said before and what was said after is all there, and was judged once. */
static void expect_whole_call(struct scene *scene)
{
    struct stack_screening result;
    int status = stack_wait(scene->stack, scene->call);
    stack_screened(scene->stack, scene->number, &result);
    for (size_t i = 0; i < countof(lines); i++)
        if (!strstr(result.talk, lines[i]))
            fail_msg("\"%s\" is lost:\n%s", lines[i], result.talk);
    if (status || result.agent_turns < 4 || strcmp(result.label, "legitimate") != 0)
        fail_msg("status %d, label %s:\n%s", status, result.label, result.talk);
    char *sql = xprintf("SELECT count(*) FROM call_screenings WHERE call_id = '%s'", result.call);
    assert_int_equal(postgres_count(sql), 1);
    free(sql);
    stack_screening_free(&result);
}

static int status_of(const struct scene *scene, const char *path, const char *words)
{
    char *page;
    int status = stack_get(scene->stack, path, &page);
    if (!strstr(page, words))
        fail_msg("%s without %s: %s", path, words, page);
    free(page);
    return status;
}

/* ---- processes ------------------------------------------------------------------------------ */

static size_t children_of(pid_t parent, pid_t children_out[CHILDREN_MAX])
{
    char path[64];
    int pid;
    size_t count = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (count < CHILDREN_MAX && fscanf(file, "%d", &pid) == 1)
        children_out[count++] = pid;
    fclose(file);
    return count;
}

/* The inode of the service's end of our connection. Source: proc(5), /proc/net/tcp. */
static unsigned long inode_of_far_end(int fd)
{
    struct sockaddr_in near, far;
    socklen_t bytes = sizeof(near);
    char line[512];
    unsigned local, remote;
    unsigned long inode = 0, found;
    getsockname(fd, (struct sockaddr *)&near, &bytes);
    getpeername(fd, (struct sockaddr *)&far, &bytes);
    FILE *file = fopen("/proc/net/tcp", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, " %*d: %*x:%x %*x:%x %*x %*s %*s %*s %*u %*u %lu", &local, &remote,
                   &found) == 3 &&
            local == ntohs(far.sin_port) && remote == ntohs(near.sin_port))
            inode = found;
    fclose(file);
    return inode;
}

static bool holds(pid_t pid, unsigned long inode)
{
    char path[64], target[64], wanted[64];
    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    for (int fd = 0; fd < 256; fd++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
        ssize_t bytes = readlink(path, target, sizeof(target) - 1);
        if (bytes < 0)
            continue;
        target[bytes] = '\0';
        if (strcmp(target, wanted) == 0)
            return true;
    }
    return false;
}

/* Each connection may come to another worker: asks until one says that it has the call. */
static pid_t worker_with_the_call(const struct scene *scene)
{
    pid_t workers[CHILDREN_MAX], found = 0;
    struct loop *loop = loop_new();
    uint16_t port = (uint16_t)atoi(strrchr(stack_url(scene->stack), ':') + 1);
    size_t count = children_of(stack_karen(scene->stack), workers);
    for (int tries = 0; tries < TRIES_MAX && !found; tries++) {
        struct peer *peer = peer_connect(loop, port);
        peer_say(peer, "GET /readyz HTTP/1.1\r\nHost: karen\r\n\r\n");
        peer_expect(peer, "\"live_calls\":");
        peer_expect_bytes(peer, 2);
        unsigned long inode = inode_of_far_end(peer->fd);
        for (size_t i = 0; i < count && peer->heard.data[0] == '1'; i++)
            if (holds(workers[i], inode))
                found = workers[i];
        peer_free(&peer);
    }
    settle(loop);
    loop_free(&loop);
    assert_true(found > 0);
    return found;
}

/* ---- pages ---------------------------------------------------------------------------------- */

static void it_says_that_it_is_alive_and_ready(void **state)
{
    (void)state;
    assert_int_equal(status_of(&stopped, "/healthz", "ok"), 200);
    assert_int_equal(status_of(&stopped, "/readyz",
                               "\"ready\":true,\"draining\":false,"
                               "\"database\":\"ok\",\"recogniser\":\"ok\","
                               "\"model\":\"ok\",\"voice\":\"ok\""),
                     200);
}

static void metrics_count_all_workers(void **state)
{
    (void)state;
    assert_int_equal(status_of(&killed, "/metrics", "# TYPE karen_calls_live gauge\n"), 200);
    assert_true(stack_metric(killed.stack, "karen_up") == 2);
    assert_true(stack_metric(killed.stack, "karen_db_ready") == 2);
    assert_true(stack_metric(killed.stack, "karen_calls_live") == 1);
    assert_true(stack_metric(killed.stack, "karen_resident_bytes") > 0);
    assert_true(stack_metric(killed.stack, "karen_webhooks_total{outcome=\"connected\"}") == 1);
}

static void metrics_are_not_for_whoever_a_proxy_lets_through(void **state)
{
    (void)state;
    char *page;
    assert_int_equal(
        stack_get_with(stopped.stack, "/metrics", "X-Forwarded-For: 203.0.113.9", &page), 403);
    assert_non_null(strstr(page, "metrics are for the operator"));
    assert_null(strstr(page, "karen_up"));
    free(page);
}

static void with_a_token_metrics_are_only_for_its_bearer(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int status;
    } asked[] = {{"Authorization: Bearer a-metrics-token", 200},
                 {"Authorization: Bearer a-metrics-toke", 403},
                 {"Authorization: Bearer ", 403},
                 {"Authorization: Basic a-metrics-token", 403},
                 {"Accept: */*", 403}};
    for (size_t i = 0; i < countof(asked); i++) {
        char *page;
        assert_int_equal(stack_get_with(cut.stack, "/metrics", asked[i].header, &page),
                         asked[i].status);
        free(page);
    }
}

/* ---- settings ------------------------------------------------------------------------------- */

/* Runs a command with other settings; fails unless it ends with that status and these words. */
static void expect_command(const char *const *settings, const char *command, int status,
                           const char *words)
{
    char *said;
    int got =
        stack_command_with(stopped.stack, settings, (const char *const[]){command, NULL}, &said);
    if (got != status || !strstr(said, words))
        fail_msg("karen %s: %d, without \"%s\":\n%s", command, got, words, said);
    free(said);
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void it_does_not_serve_without_its_settings(void **state)
{
    (void)state;
    expect_command(SETTINGS("DATABASE_URL"), "serve", 1, "DATABASE_URL is not set: ");
    expect_command(SETTINGS("PUBLIC_URL"), "serve", 1, "PUBLIC_URL is not set: ");
    expect_command(SETTINGS("KAREN_ENV=production", "OPENAI_API_KEY"), "serve", 1,
                   "OPENAI_API_KEY is not set: ");
    expect_command(SETTINGS("KAREN_ENV=production"), "serve", 1,
                   "PUBLIC_URL must begin with https:// in production");
    expect_command(SETTINGS("WORKERS=many"), "serve", 1,
                   "WORKERS must be a whole number from 0 to 64, not \"many\".");
}

static void it_does_not_serve_where_it_cannot(void **state)
{
    (void)state;
    expect_command(SETTINGS("LISTEN=nowhere"), "serve", 1,
                   "the address is not of the form 127.0.0.1:8080");
    expect_command(SETTINGS("PROMPTS_DIR=/nonexistent"), "serve", 1, "/nonexistent");
}

static void it_says_that_the_database_is_away(void **state)
{
    (void)state;
    expect_command(SETTINGS("DATABASE_URL=postgres://nobody@127.0.0.1:1/none"), "serve", 1,
                   "karen: the database is not ready: ");
    expect_command(SETTINGS("DATABASE_URL=postgres://nobody@127.0.0.1:1/none"), "serve", 1,
                   "Connection refused");
}

static void check_lists_every_part(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "  ok     database ",   "  ok     prompts ", "  ok     carrier ", "  ok     model ",
        "  ok     recogniser ", "  ok     voice ",   "\nAll is well.\n"};
    char *said;
    int status = stack_command(stopped.stack, SETTINGS("check"), &said);
    if (status)
        fail_msg("%d: %s", status, said);
    for (size_t i = 0; i < countof(parts); i++)
        if (!strstr(said, parts[i]))
            fail_msg("no \"%s\" in:\n%s", parts[i], said);
    assert_null(strstr(said, stack_setting(stopped.stack, "TWILIO_AUTH_TOKEN")));
    assert_null(strstr(said, stack_setting(stopped.stack, "OPENAI_API_KEY")));
    free(said);
}

static void check_says_who_hears_which_language(void **state)
{
    (void)state;
    expect_command(SETTINGS("DEEPGRAM_MODEL=nova-3"), "check", 0, "nova-3 hears all languages");
    expect_command(SETTINGS("DEEPGRAM_FLUX_LANGUAGES=en de"), "check", 0,
                   "Flux hears en de, nova-3 all else");
    expect_command(SETTINGS("DEEPGRAM_FLUX_LANGUAGES=sk"), "check", 1,
                   "DEEPGRAM_FLUX_LANGUAGES must be languages that Flux knows");
}

static void check_says_what_is_wrong_and_what_to_do(void **state)
{
    (void)state;
    expect_command(SETTINGS("DEEPGRAM_API_KEY=wrong"), "check", 1,
                   "refuses the key (401): check DEEPGRAM_API_KEY");
    expect_command(SETTINGS("OPENAI_API_KEY=wrong"), "check", 1,
                   "refuses the key (401): check OPENAI_API_KEY");
    expect_command(SETTINGS("ELEVENLABS_API_KEY=wrong"), "check", 1,
                   "refuses the key (401): check ELEVENLABS_API_KEY");
    expect_command(SETTINGS("TWILIO_AUTH_TOKEN=wrong"), "check", 1,
                   "refuses the key (401): check TWILIO_AUTH_TOKEN");
    expect_command(SETTINGS("OPENAI_MODEL=gpt-none"), "check", 1,
                   "the model gpt-none is not offered: set OPENAI_MODEL");
    expect_command(SETTINGS("ELEVENLABS_MODEL=eleven_none"), "check", 1,
                   "the model eleven_none is not offered: set ELEVENLABS_MODEL");
    expect_command(SETTINGS("ELEVENLABS_BASE_URL=http://127.0.0.1:1"), "check", 1,
                   "check ELEVENLABS_BASE_URL and the network");
    expect_command(SETTINGS("DATABASE_URL=postgres://nobody@127.0.0.1:1/none"), "check", 1,
                   "  FAIL   database ");
}

/* ---- in the middle of a call ---------------------------------------------------------------- */

static void cut_connections(void)
{
    postgres_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE application_name = 'cut'");
}

static void connections_to_the_database_are_cut(void **state)
{
    (void)state;
    await_answers(&cut, 1);
    assert_true(postgres_count("SELECT count(*) FROM pg_stat_activity"
                               " WHERE application_name = 'cut'") > 0);
    cut_connections();
    stack_await_words(cut.stack, stack_karen(cut.stack), "event=database_lost", 1);
}

/* In the middle of her first answer: the caller's next words are for the other worker. */
static void a_killed_worker_leaves_the_call_to_another(void **state)
{
    (void)state;
    stack_await_words(killed.stack, killed.call, "\"event\":\"Karen\",\"text\":\"begins", 2);
    assert_int_equal(kill(worker_with_the_call(&killed), SIGKILL), 0);
    stack_await_words(killed.stack, killed.call, "\"event\":\"stream\"", 3); /* on, over, on */
    stack_await_words(killed.stack, stack_karen(killed.stack), "event=worker_died", 1);
}

static void workers_are_replaced_while_a_call_goes_on(void **state)
{
    (void)state;
    pid_t before[CHILDREN_MAX], during[CHILDREN_MAX];
    await_answers(&replaced, 1);
    assert_int_equal(children_of(stack_karen(replaced.stack), before), 1);
    kill(stack_karen(replaced.stack), SIGHUP);
    stack_await_words(replaced.stack, stack_karen(replaced.stack), "event=draining live=1", 1);
    assert_int_equal(children_of(stack_karen(replaced.stack), during), 2);
    /* whoever asks now is answered by the new one */
    assert_int_equal(status_of(&replaced, "/readyz", "\"draining\":false"), 200);
    assert_int_equal(status_of(&replaced, "/readyz", "\"live_calls\":0"), 200);
}

static void told_to_stop_it_is_unready_at_once(void **state)
{
    (void)state;
    await_answers(&stopped, 1);
    kill(stack_karen(stopped.stack), SIGTERM);
    stack_await_words(stopped.stack, stack_karen(stopped.stack), "event=draining live=1", 1);
    assert_int_equal(status_of(&stopped, "/readyz", "\"draining\":true"), 503);
}

static void a_new_call_is_offered_a_voicemail_then(void **state)
{
    (void)state;
    pid_t call = stack_call(stopped.stack, stopped.number,
                            SETTINGS("--json", "--from", "+420777000111", "--audio", clip));
    stack_await_words(stopped.stack, stack_karen(stopped.stack), "event=voicemail_offered", 1);
    stack_await_words(stopped.stack, call, "\"event\":\"carrier\"", 1);
    kill(call, SIGKILL);
    stack_wait(stopped.stack, call);
}

static void the_new_worker_takes_the_next_call(void **state)
{
    (void)state;
    pid_t workers[CHILDREN_MAX];
    pid_t old_call = replaced.call;
    replaced.call = call_in(&replaced);
    await_answers(&replaced, 0);
    assert_int_equal(stack_wait(replaced.stack, old_call), 0);
    stack_await_words(replaced.stack, stack_karen(replaced.stack), "event=drained", 1);
    while (children_of(stack_karen(replaced.stack), workers) > 1)
        status_of(&replaced, "/readyz", "\"draining\":false");
    assert_int_equal(kill(replaced.call, 0), 0);
    expect_whole_call(&replaced);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_turns t JOIN calls c ON c.id = "
                                    "t.call_id WHERE c.to_number = '+442088880002'"
                                    " AND t.speaker = 'caller' AND t.kind = 'said'"),
                     2 * (int)countof(lines));
}

static void no_turn_is_lost_with_the_connections(void **state)
{
    (void)state;
    expect_whole_call(&cut);
}

static void the_killed_workers_call_was_taken_up_again(void **state)
{
    (void)state;
    expect_whole_call(&killed);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM call_turns t JOIN calls c ON c.id = t.call_id"
                       " WHERE c.to_number = '+442088880003' AND t.speaker = 'agent'"
                       " AND t.text LIKE '%Sorry, I lost you for a moment. I am back.%'"),
        1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE to_number = '+442088880003'"
                                    " AND status = 'completed'"),
                     1);
}

static void the_stopped_ones_call_went_on_to_its_end(void **state)
{
    (void)state;
    assert_int_equal(stack_wait(stopped.stack, stopped.call), 0);
    stack_await_karen_end(stopped.stack);
    char *log = stack_karen_log(stopped.stack);
    if (strstr(log, "status=499"))
        fail_msg("somebody was hung up on before the answer: %s", log);
    free(log);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE to_number = '+442088880001'"
                                    " AND from_number <> '+420777000111'"
                                    " AND status = 'completed'"),
                     1);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* So many streams of the recogniser hear these of the lines. */
static void will_understand(struct scene *scene, int streams, size_t first, size_t end)
{
    struct buf json = {0};
    buf_printf(&json, "{\"streams\":%d,\"lines\":[", streams);
    for (size_t i = first; i < end; i++)
        buf_printf(&json, "%s\"%s\"", i > first ? "," : "", lines[i]);
    buf_puts(&json, "]}");
    free(stack_control(scene->stack, "POST", "/control/scripts", buf_text(&json)));
    buf_free(&json);
}

static void open_scene(struct scene *scene)
{
    struct stack_options options = {.workers = scene->workers};
    char *url = xprintf("DATABASE_URL=%s%capplication_name=cut", postgres_url(),
                        strchr(postgres_url(), '?') ? '&' : '?');
    if (scene == &cut) {
        options.env[0] = url;
        options.env[1] = "METRICS_TOKEN=a-metrics-token";
    }
    scene->stack = stack_open(&options);
    stack_tenant(scene->stack, scene->name, "Jane Miller", "en", scene->number);
    if (scene == &killed) { /* its second worker listens anew */
        will_understand(scene, 1, 0, 1);
        will_understand(scene, 1, 1, countof(lines));
    } else {
        will_understand(scene, 99, 0, countof(lines));
    }
    free(url);
}

static int open_everything(void **state)
{
    (void)state;
    stack_clip(clip, CLIP_BYTES);
    for (size_t i = 0; i < countof(scenes); i++)
        open_scene(scenes[i]);
    for (size_t i = 0; i < countof(scenes); i++)
        scenes[i]->call = call_in(scenes[i]);
    for (size_t i = 0; i < countof(scenes); i++)
        await_answers(scenes[i], 0);
    return 0;
}

static int close_everything(void **state)
{
    (void)state;
    unlink(clip);
    for (size_t i = 0; i < countof(scenes); i++)
        stack_close(&scenes[i]->stack);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* while Karen gives her first answers */
        cmocka_unit_test(it_says_that_it_is_alive_and_ready),
        cmocka_unit_test(metrics_count_all_workers),
        cmocka_unit_test(metrics_are_not_for_whoever_a_proxy_lets_through),
        cmocka_unit_test(with_a_token_metrics_are_only_for_its_bearer),
        cmocka_unit_test(a_killed_worker_leaves_the_call_to_another),
        cmocka_unit_test(told_to_stop_it_is_unready_at_once),
        cmocka_unit_test(workers_are_replaced_while_a_call_goes_on),
        cmocka_unit_test(connections_to_the_database_are_cut),
        cmocka_unit_test(a_new_call_is_offered_a_voicemail_then),
        cmocka_unit_test(the_new_worker_takes_the_next_call),
        cmocka_unit_test(no_turn_is_lost_with_the_connections),
        cmocka_unit_test(the_killed_workers_call_was_taken_up_again),
        cmocka_unit_test(the_stopped_ones_call_went_on_to_its_end),
        /* no service is needed for these, only its settings */
        cmocka_unit_test(it_does_not_serve_without_its_settings),
        cmocka_unit_test(it_does_not_serve_where_it_cannot),
        cmocka_unit_test(it_says_that_the_database_is_away),
        cmocka_unit_test(check_lists_every_part),
        cmocka_unit_test(check_says_who_hears_which_language),
        cmocka_unit_test(check_says_what_is_wrong_and_what_to_do),
    };
    return cmocka_run_group_tests(tests, open_everything, close_everything);
}
