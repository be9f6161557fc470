/* test/test_database_away.c: PostgreSQL is crashed while people talk with Karen, and is started
 * again later: the talk goes on meanwhile and no word of it is lost, not even by the worker that is
 * killed before the database is back. Each installation runs a call, on a cluster that is this
 * program's own. */
#include "test/test.h"

#include "base/mem.h"
#include "test/postgres.h"
#include "test/stack.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CLIP_BYTES = 2 * 8000, LINES = 4, LINES_BEFORE = 1, LINES_AWAY = 2 };

static struct scene {
    const char *name, *number, *workers;
    struct stack *stack;
    pid_t call;
} talking = {.name = "Talking", .number = "+442088880001", .workers = "1"},
  killed = {.name = "Killed", .number = "+442088880002", .workers = "2"};
static struct scene *const scenes[] = {&talking, &killed};
static char clip[] = "/tmp/karen-clip-XXXXXX";
static struct timespec crashed_at;

static const char *const lines[LINES] = {
    "Hello, this is Jan Novak, I am calling about the meeting.", "We have to move it to Thursday.",
    "The room stays the same.", "Please tell her to bring the drawings."};

/* The caller has been answered so many times; the greeting is no answer. */
static void await_answers(const struct scene *scene, int answers)
{
    stack_await_words(scene->stack, scene->call, "\"event\":\"Karen\",\"text\":\"has finished",
                      1 + answers);
}

static char *talk_of(const struct scene *scene)
{
    char *sql = xprintf("SELECT coalesce(string_agg(speaker || ': ' || text, E'\\n' ORDER BY seq),"
                        " '') FROM call_turns t JOIN calls c ON c.id = t.call_id"
                        " WHERE c.to_number = '%s'",
                        scene->number);
    char *talk = postgres_ask(sql);
    free(sql);
    return talk;
}

static void expect_lines(const struct scene *scene, size_t count)
{
    char *talk = talk_of(scene);
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(talk, lines[i]);
        if (!found || strstr(found + 1, lines[i]))
            fail_msg("\"%s\" is not there once:\n%s", lines[i], talk);
    }
    free(talk);
}

/* Its journal has its pid in its name, and something in it. */
static pid_t worker_with_the_call(const struct scene *scene)
{
    const char *folder = stack_setting(scene->stack, "JOURNAL_DIR");
    DIR *dir = opendir(folder);
    pid_t found = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char *path = xprintf("%s/%s", folder, entry->d_name);
        struct stat file;
        if (!stat(path, &file) && S_ISREG(file.st_mode) && file.st_size > 0)
            found = atoi(entry->d_name);
        free(path);
    }
    closedir(dir);
    assert_true(found > 0);
    return found;
}

static void the_talk_goes_on_while_the_database_is_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(scenes); i++)
        await_answers(scenes[i], LINES_BEFORE);
    clock_gettime(CLOCK_MONOTONIC, &crashed_at);
    postgres_crash();
    await_answers(&killed, LINES_BEFORE + 1);
    assert_true(stack_metric(killed.stack, "karen_journal_bytes") > 0);
}

static void a_worker_is_killed_meanwhile(void **state)
{
    (void)state;
    assert_int_equal(kill(worker_with_the_call(&killed), SIGKILL), 0);
    stack_await_words(killed.stack, stack_karen(killed.stack), "event=worker_died", 1);
    await_answers(&talking, LINES_BEFORE + LINES_AWAY);
}

static void the_database_comes_back(void **state)
{
    (void)state;
    struct timespec now;
    postgres_revive();
    clock_gettime(CLOCK_MONOTONIC, &now);
    print_message("PostgreSQL was away for %ld s\n", (long)(now.tv_sec - crashed_at.tv_sec));
}

static void the_call_that_went_on_lost_no_turn(void **state)
{
    (void)state;
    struct stack_screening result;
    assert_int_equal(stack_wait(talking.stack, talking.call), 0);
    stack_screened(talking.stack, talking.number, &result);
    expect_lines(&talking, LINES);
    assert_true(result.agent_turns >= LINES);
    assert_true(stack_metric(talking.stack, "karen_journal_bytes") == 0);
    assert_true(stack_metric(talking.stack, "karen_journal_records_total{outcome=\"written\"}") >
                0);
    assert_true(stack_metric(talking.stack, "karen_calls_lost_total") == 0);
    stack_screening_free(&result);
}

static void the_killed_workers_turns_are_all_there(void **state)
{
    (void)state;
    stack_await_words(killed.stack, stack_karen(killed.stack), "event=journal_adopted", 1);
    expect_lines(&killed, LINES_BEFORE + 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_snapshots s JOIN calls c"
                                    " ON c.id = s.call_id WHERE c.to_number = '+442088880002'"),
                     1);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void will_understand(const struct scene *scene)
{
    struct buf json = {0};
    buf_puts(&json, "{\"streams\":99,\"lines\":[");
    for (size_t i = 0; i < LINES; i++)
        buf_printf(&json, "%s\"%s\"", i ? "," : "", lines[i]);
    buf_puts(&json, "]}");
    free(stack_control(scene->stack, "POST", "/control/scripts", buf_text(&json)));
    buf_free(&json);
}

static int open_everything(void **state)
{
    (void)state;
    const char *words[1 + 2 * LINES + 1] = {"--json"};
    postgres_private();
    stack_clip(clip, CLIP_BYTES);
    for (size_t i = 0; i < LINES; i++) {
        words[1 + 2 * i] = "--audio";
        words[2 + 2 * i] = clip;
    }
    for (size_t i = 0; i < countof(scenes); i++) {
        scenes[i]->stack = stack_open(&(struct stack_options){.workers = scenes[i]->workers});
        stack_tenant(scenes[i]->stack, scenes[i]->name, "Jane Miller", "en", scenes[i]->number);
        will_understand(scenes[i]);
    }
    for (size_t i = 0; i < countof(scenes); i++)
        scenes[i]->call = stack_call(scenes[i]->stack, scenes[i]->number, words);
    return 0;
}

static int close_everything(void **state)
{
    (void)state;
    unlink(clip);
    kill(killed.call, SIGKILL);
    stack_wait(killed.stack, killed.call);
    for (size_t i = 0; i < countof(scenes); i++)
        stack_close(&scenes[i]->stack);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_talk_goes_on_while_the_database_is_away),
        cmocka_unit_test(a_worker_is_killed_meanwhile),
        cmocka_unit_test(the_database_comes_back),
        cmocka_unit_test(the_call_that_went_on_lost_no_turn),
        cmocka_unit_test(the_killed_workers_turns_are_all_there),
    };
    return cmocka_run_group_tests(tests, open_everything, close_everything);
}
