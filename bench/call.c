/* bench/call.c: what a step of the conversation core costs, over turns of a usual talk; and
 * how large a core is. Prints nanoseconds an event. */
#include "call/core.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>

enum { TALKS = 2000 };

static struct call_actions out;
static uint64_t events;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct call_event waiting[256];
static size_t waiting_count;

static void later(struct call_event event)
{
    if (waiting_count < sizeof waiting / sizeof waiting[0])
        waiting[waiting_count++] = event;
}

static void perform(const struct call_action *action)
{
    if (action->kind == DO_SYNTH) {
        later((struct call_event){.kind = EV_CLIP_AUDIO, .clip = action->clip, .bytes = 16000});
        later((struct call_event){.kind = EV_CLIP_DONE, .clip = action->clip});
    } else if (action->kind == DO_MARK) {
        later((struct call_event){.kind = EV_MARK, .mark = action->mark});
    }
}

/* Clips get their sound at once, marks come back as soon as they are asked for. */
static void step(struct call_core *core, int64_t at_ms, struct call_event event)
{
    waiting_count = 0;
    later(event);
    for (size_t i = 0; i < waiting_count; i++) {
        call_step(core, at_ms, &waiting[i], &out);
        events++;
        for (size_t j = 0; j < out.count; j++)
            perform(&out.list[j]);
    }
}

static int64_t tick_until(struct call_core *core, int64_t at_ms)
{
    for (int64_t wake; (wake = call_wake_at(core)) <= at_ms;)
        step(core, wake, (struct call_event){.kind = EV_TICK});
    return at_ms;
}

static void turn(struct call_core *core, int64_t at)
{
    static const char *const heard[] = {"hello I", "hello I would like",
                                        "hello I would like to speak"};
    step(core, at, (struct call_event){.kind = EV_VOICE_ON, .at_ms = at - 60});
    for (int i = 0; i < 3; i++) {
        at += 300;
        step(
            core, tick_until(core, at),
            (struct call_event){
                .kind = EV_WORDS, .text = str_of(heard[i]), .at_ms = at - 400, .end_ms = at - 100});
    }
    at += 200;
    step(core, tick_until(core, at), (struct call_event){.kind = EV_VOICE_OFF, .at_ms = at - 160});
    at += 100;
    step(core, tick_until(core, at),
         (struct call_event){.kind = EV_WORDS_FINAL,
                             .text = str_of("Hello, I would like to speak to Jan."),
                             .end_ms = at - 260,
                             .from_finalize = true});
    tick_until(core, at += 600);
    uint32_t gen = call_counts(core)->gens;
    for (int i = 0; i < 12; i++)
        step(core, tick_until(core, at += 20),
             (struct call_event){
                 .kind = EV_REPLY_TEXT, .gen = gen, .text = str_of("And so it goes. ")});
    step(core, at, (struct call_event){.kind = EV_REPLY_DONE, .gen = gen});
    tick_until(core, at + 4000);
}

static void talk(void)
{
    struct call_setup setup = {.language = "en", .greeting = "How can I help?"};
    setup.phrases[PHRASE_DISCLOSURE] = "This is an AI assistant.";
    struct call_core *core = call_new(&setup, 0);
    step(core, 0, (struct call_event){.kind = EV_STARTED});
    for (int i = 0; i < 5; i++)
        turn(core, tick_until(core, 5000 + 8000 * i));
    step(core, 60000, (struct call_event){.kind = EV_GONE});
    call_free(&core);
}

int main(void)
{
    size_t before = mallinfo2().uordblks;
    struct call_core *core = call_new(&(struct call_setup){.language = "en"}, 0);
    size_t bytes = mallinfo2().uordblks - before;
    call_free(&core);
    int64_t start = now_ns();
    for (int i = 0; i < TALKS; i++)
        talk();
    int64_t took = now_ns() - start;
    printf("call_step: %.0f ns an event (%llu events of %d talks); a core is %zu KiB\n",
           (double)took / (double)events, (unsigned long long)events, TALKS, bytes / 1024);
    return 0;
}
