/* test/callers.c: many callers at once. */
#include "test/callers.h"

#include "test/test.h"

#include "base/mem.h"
#include "test/postgres.h"

#include <stdlib.h>
#include <string.h>

static void tell_recogniser(struct stack *stack, const struct caller *caller, const char *tenant)
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
    free(stack_control(stack, "POST", "/control/scripts", buf_text(&json)));
    buf_free(&json);
    free(id);
    free(sql);
}

static pid_t ring(struct stack *stack, const struct caller *caller)
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
    return stack_call(stack, caller->number, words);
}

void callers_ring(struct stack *stack, const struct caller *callers, size_t count,
                  struct stack_screening *results)
{
    pid_t *pids = xalloc(count * sizeof(*pids));
    for (size_t i = 0; i < count; i++) {
        char *tenant = xprintf("Tenant %s %zu", callers[i].language, i);
        stack_tenant(stack, tenant, "Jana Nováková", callers[i].language, callers[i].number);
        if (callers[i].setting)
            assert_int_equal(stack_command(stack,
                                           (const char *const[]){"tenant", "set", tenant,
                                                                 callers[i].setting, NULL},
                                           NULL),
                             0);
        if (callers[i].words[0])
            tell_recogniser(stack, &callers[i], tenant);
        free(tenant);
    }
    for (size_t i = 0; i < count; i++)
        pids[i] = ring(stack, &callers[i]);
    for (size_t i = 0; i < count; i++)
        if (stack_wait(stack, pids[i]))
            print_error("the call to %s did not go normally\n", callers[i].number);
    for (size_t i = 0; i < count; i++)
        stack_screened(stack, callers[i].number, &results[i]);
    free(pids);
}

static bool is_in(const char *part, const char *text)
{
    return !part || strstr(text, part);
}

void callers_expect(const struct caller *caller, const struct stack_screening *result)
{
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
