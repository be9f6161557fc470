/* test/callers.c: many callers at once. */
#include "test/callers.h"

#include "test/test.h"

#include "base/mem.h"
#include "test/postgres.h"

#include <stdlib.h>
#include <string.h>

struct stack *callers_stack;
struct stack_screening callers_results[CALLERS_MAX];
static const struct caller *callers;

static void tell_recogniser(const struct caller *caller, const char *tenant)
{
    char *sql = xprintf("SELECT id FROM tenants WHERE name = '%s'", tenant);
    char *id = postgres_ask(sql);
    struct buf json = {0};
    buf_printf(&json, "{\"tag\":\"%s\",\"lines\":[", id);
    for (size_t i = 0; i < CALLER_TURNS_MAX && caller->words[i]; i++) {
        buf_puts(&json, i ? "," : "");
        buf_json_string(&json, str_of(caller->words[i]));
    }
    buf_puts(&json, "]}");
    free(stack_control(callers_stack, "POST", "/control/scripts", buf_text(&json)));
    buf_free(&json);
    free(id);
    free(sql);
}

static pid_t ring(const struct caller *caller)
{
    const char *words[8 + 2 * CALLER_TURNS_MAX] = {"--from", "+420602345678", "--linger", "1500"};
    size_t count = 4;
    for (size_t i = 0; i < CALLER_TURNS_MAX; i++) {
        /* with a script any voice will do */
        const char *audio = caller->words[i] ? "en-11-yes-correct" : caller->audio[i];
        if (!audio)
            break;
        words[count++] = "--audio";
        words[count++] = stack_audio(audio);
    }
    return stack_call(callers_stack, caller->number, words);
}

static void make_tenant(const struct caller *caller, size_t number)
{
    char *tenant = xprintf("Tenant %s %zu", caller->language, number);
    const char *const set[] = {"tenant", "set", tenant, caller->setting, NULL};
    stack_tenant(callers_stack, tenant, "Jana Nováková", caller->language, caller->number);
    if (caller->setting)
        assert_int_equal(stack_command(callers_stack, set, NULL), 0);
    if (caller->words[0])
        tell_recogniser(caller, tenant);
    free(tenant);
}

static void ring_all(size_t from, size_t to)
{
    pid_t pids[CALLERS_MAX];
    for (size_t i = from; i < to; i++)
        make_tenant(&callers[i], i);
    for (size_t i = from; i < to; i++)
        pids[i] = ring(&callers[i]);
    for (size_t i = from; i < to; i++)
        if (stack_wait(callers_stack, pids[i]))
            print_error("the call to %s did not go normally\n", callers[i].number);
    for (size_t i = from; i < to; i++)
        stack_screened(callers_stack, callers[i].number, &callers_results[i]);
}

void callers_open(const struct stack_options *options, const struct caller *list, size_t count,
                  size_t at_once)
{
    assert_true(count <= CALLERS_MAX);
    callers = list;
    callers_stack = stack_open(options);
    for (size_t from = 0; from < count; from += at_once)
        ring_all(from, count - from < at_once ? count : from + at_once);
}

int callers_close(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLERS_MAX; i++)
        stack_screening_free(&callers_results[i]);
    stack_close(&callers_stack);
    return 0;
}

static bool is_in(const char *part, const char *text)
{
    return !part || strstr(text, part);
}

void callers_expect(size_t number)
{
    const struct caller *caller = &callers[number];
    const struct stack_screening *result = &callers_results[number];
    bool good = strcmp(result->label, caller->label) == 0 && result->caller_turns >= 1 &&
                result->agent_turns >= 2 && result->summary[0] &&
                is_in(caller->name, result->name) &&
                (is_in(caller->said, result->summary) || is_in(caller->said, result->intent)) &&
                is_in(caller->words[0], result->talk);
    if (!good)
        fail_msg("%s caller, wanted %s: label=%s name=%s intent=%s summary=%s\n%s",
                 caller->language, caller->label, result->label, result->name, result->intent,
                 result->summary, result->talk);
}
