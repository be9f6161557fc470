/* test/stack.h: all of it as separate processes on loopback: a fresh database, karen-sandbox,
 * karen serve; calls come from karen-phone. What a test learns it learns as the outside does: from
 * exit statuses, from rows, from /metrics and /stats. Needs the programs of the build tree. */
#pragma once
#include "base/id.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stack;
struct stack_options {
    const char *pace;    /* of the sandbox: "none" (default) or "usual" */
    const char *workers; /* default "1" */
    const char *env[8];  /* "NAME=value", up to the first NULL */
    bool tls;            /* everybody speaks TLS: karen serve, the sandbox's parties, the phone */
};
struct stack *stack_open(const struct stack_options *options); /* NULL takes the defaults */
void stack_close(struct stack **stack); /* fails the test unless everything ended well */

const char *stack_url(const struct stack *stack); /* of karen serve */
pid_t stack_karen(const struct stack *stack);     /* its supervisor */
void stack_stop_karen(struct stack *stack);       /* SIGTERM, and a clean end */
void stack_await_karen_end(struct stack *stack);  /* a clean end, told by somebody else */
void stack_stop_sandbox(struct stack *stack);     /* SIGKILL */

char *stack_karen_log(const struct stack *stack); /* so far; the caller frees it */
/* The value of a setting that the processes run with. */
const char *stack_setting(const struct stack *stack, const char *name);

/* A tenant with its own number, made by the operator's commands. */
void stack_tenant(struct stack *stack, const char *name, const char *owner, const char *language,
                  const char *number);
/* Runs `karen` with these words (up to NULL): its exit status; *output_out, when given, is what it
 * printed, the caller frees it. */
int stack_command(struct stack *stack, const char *const *words, char **output_out);
/* The same with other settings: "NAME=value", or "NAME" to have it unset, up to NULL. */
int stack_command_with(struct stack *stack, const char *const *settings, const char *const *words,
                       char **output_out);

/* An order to the sandbox, and its answer, which the caller frees. Fails unless it is a 2xx. */
char *stack_control(struct stack *stack, const char *method, const char *path, const char *json);
/* How often a party of the sandbox was asked at an endpoint, since it was reset. */
int64_t stack_asked_of(struct stack *stack, const char *party, const char *endpoint);
/* A page of karen serve; the status, and the body, which the caller frees. */
int stack_get(struct stack *stack, const char *path, char **body_out);
/* The same with one more header, "Name: value". */
int stack_get_with(struct stack *stack, const char *path, const char *header, char **body_out);
/* The value of a sample of /metrics such as karen_calls_total{reason="..."}; 0 when it is absent.
 */
double stack_metric(struct stack *stack, const char *sample);

/* A call by karen-phone in the background: words are its options (up to NULL) beside --url,
 * --token,
 * --account and --to. audio: names in the build's test/audio or paths. */
pid_t stack_call(struct stack *stack, const char *to, const char *const *words);
/* Waits until a call, or karen serve (stack_karen()), has printed these words so many times. */
void stack_await_words(struct stack *stack, pid_t who, const char *words, int times);
/* Its exit status: 0 when Karen left nothing unanswered. Prints its log when it is another. */
int stack_wait(struct stack *stack, pid_t call);
/* The number behind "name": in the summary of a call that was waited for, placed with --json. */
double stack_summary(struct stack *stack, pid_t call, const char *name);
/* The path of a recording, shipped or made by the build; static buffers, eight at a time. */
const char *stack_audio(const char *name);
/* The first so many bytes of a recording, into a file of its own; path: mkstemp()'s template. */
void stack_clip(char *path, size_t bytes);

/* The newest call to that number once it is screened; waits for it. */
struct stack_screening {
    char call[UUID_TEXT_BYTES];
    char label[24], lead[24], name[128], company[128], number[24], urgency[16], intent[200],
        summary[500], model[64];
    int64_t caller_turns, agent_turns;
    char *talk; /* all lines, "speaker: text" each */
};
void stack_screened(struct stack *stack, const char *to, struct stack_screening *screening_out);
void stack_screening_free(struct stack_screening *screening);
