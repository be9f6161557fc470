/* test/test_moved_calls.c: a worker that leaves does not wait for its calls for ever: they move to
 * another worker while nobody speaks, and who talks with Karen does not notice. */
#include "test/test.h"

#include "base/mem.h"
#include "test/postgres.h"
#include "test/stack.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMBER "+442088880001"
enum { CLIP_BYTES = 2 * 8000 };

static struct stack *stack;
static pid_t call;
static char clip[] = "/tmp/karen-clip-XXXXXX";
static const char *const lines[] = {"Hello, this is Jan Novak, I am calling about the meeting.",
                                    "We have to move it to Thursday.", "The room stays the same."};

/* Told in the middle of her first answer; the silence behind it is the moment. */
static void a_call_moves_when_its_worker_leaves(void **state)
{
    (void)state;
    stack_await_words(stack, call, "\"event\":\"Karen\",\"text\":\"begins", 2);
    kill(stack_karen(stack), SIGHUP);
    stack_await_words(stack, stack_karen(stack), "event=moving_calls live=1", 1);
    stack_await_words(stack, call, "\"event\":\"stream\"", 3); /* on, over, on */
    stack_await_words(stack, stack_karen(stack), "event=drained", 1);
}

static void the_caller_does_not_notice(void **state)
{
    (void)state;
    struct stack_screening result;
    assert_int_equal(stack_wait(stack, call), 0);
    stack_screened(stack, NUMBER, &result);
    for (size_t i = 0; i < countof(lines); i++)
        if (!strstr(result.talk, lines[i]))
            fail_msg("\"%s\" is lost:\n%s", lines[i], result.talk);
    if (strstr(result.talk, "I lost you") || result.agent_turns < 4)
        fail_msg("%s", result.talk);
    assert_true(stack_metric(stack, "karen_calls_total{reason=\"moved\"}") == 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE status = 'completed'"), 1);
    stack_screening_free(&result);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void will_understand(size_t first, size_t end)
{
    struct buf json = {0};
    buf_puts(&json, "{\"streams\":1,\"lines\":[");
    for (size_t i = first; i < end; i++)
        buf_printf(&json, "%s\"%s\"", i > first ? "," : "", lines[i]);
    buf_puts(&json, "]}");
    free(stack_control(stack, "POST", "/control/scripts", buf_text(&json)));
    buf_free(&json);
}

/* He takes his time between two answers, so that there is silence to move in. */
static int open_everything(void **state)
{
    (void)state;
    stack_clip(clip, CLIP_BYTES);
    stack = stack_open(&(struct stack_options){.env = {"DRAIN_SECONDS_MAX=0"}});
    stack_tenant(stack, "Moved", "Jane Miller", "en", NUMBER);
    will_understand(0, 1);
    will_understand(1, countof(lines));
    call = stack_call(stack, NUMBER,
                      (const char *const[]){"--json", "--silence", "2000", "--audio", clip,
                                            "--audio", clip, "--audio", clip, NULL});
    return 0;
}

static int close_everything(void **state)
{
    (void)state;
    unlink(clip);
    stack_close(&stack);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_moves_when_its_worker_leaves),
        cmocka_unit_test(the_caller_does_not_notice),
    };
    return cmocka_run_group_tests(tests, open_everything, close_everything);
}
