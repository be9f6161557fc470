/* phone/load.c: many calls at once, only counted: latencies, failures, and what the service used.
 */
#include "base/audio.h"
#include "base/mem.h"
#include "phone/tool.h"
#include "phone/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 16, FAULT_BYTES = 100, TICK_MS = 20, SETTLE_MS_MAX = 5000 };

struct samples {
    int64_t *list;
    size_t count, room;
};
struct fault {
    char why[FAULT_BYTES];
    uint64_t count;
};
struct slot {
    struct load *load;
    struct phone_call *call;
    struct talk talk;
    bool over, was_open;
};
struct load {
    struct tool *tool;
    struct slot *slots;
    size_t slot_count, live;
    int64_t begun_ms, full_at_ms, last_tick_ms;
    bool measuring;
    struct watch_sample idle, before, after;
    struct watch_sample own_before, own_after; /* what the load itself takes */
    double call_seconds;
    uint64_t placed, ended, good, frames, frames_late;
    struct samples webhook, first_audio, greeting, reply;
    struct fault faults[FAULTS_MAX];
};

static void add_sample(struct samples *samples, int64_t ms)
{
    if (samples->count == samples->room) {
        samples->room = samples->room ? 2 * samples->room : 1024;
        samples->list = xrealloc(samples->list, samples->room * sizeof(*samples->list));
    }
    samples->list[samples->count++] = ms;
}

/* Those past the last row are counted in it. */
static void add_fault(struct load *load, const char *why)
{
    size_t at = 0;
    while (at < FAULTS_MAX - 1 && load->faults[at].count &&
           strncmp(load->faults[at].why, why, FAULT_BYTES - 1) != 0)
        at++;
    if (!load->faults[at].count)
        snprintf(load->faults[at].why, FAULT_BYTES, "%s", why);
    load->faults[at].count++;
}

static const char *fault_of(const struct slot *slot, const struct phone_event *ended)
{
    if (ended->end == PHONE_FAILED)
        return ended->text;
    if (!slot->was_open)
        return "no stream was opened";
    if (slot->talk.greeting_ms < 0)
        return "Karen said nothing";
    return slot->talk.unanswered ? "Karen left something unanswered" : NULL;
}

/* Of a call that is over or, at the end, still goes on. */
static void add_times(struct load *load, const struct slot *slot)
{
    const struct phone_timing *timing = phone_timing(slot->call);
    load->frames += timing->frames;
    load->frames_late += timing->frames_late;
    if (timing->webhook_ms >= 0)
        add_sample(&load->webhook, timing->webhook_ms);
    if (timing->first_audio_ms >= 0 && timing->stream_ms >= 0)
        add_sample(&load->first_audio, timing->first_audio_ms - timing->stream_ms);
    if (slot->talk.greeting_ms >= 0)
        add_sample(&load->greeting, slot->talk.greeting_ms);
    for (size_t i = 0; i < slot->talk.reply_count; i++)
        add_sample(&load->reply, slot->talk.reply_ms[i]);
}

static void count_call(struct load *load, const struct slot *slot, const struct phone_event *ended)
{
    const char *fault = fault_of(slot, ended);
    load->ended++;
    if (fault)
        add_fault(load, fault);
    else
        load->good++;
    add_times(load, slot);
}

static void on_event(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct slot *slot = arg;
    exchange_event(slot->load->tool->exchange, call, event);
    slot->was_open = slot->was_open || event->kind == PHONE_STREAM;
    if (event->kind != PHONE_ENDED) {
        talk_on_event(&slot->talk, call, event);
        return;
    }
    count_call(slot->load, slot, event);
    slot->over = true;
    slot->load->live--;
}

static void place(struct load *load, struct slot *slot)
{
    char from[24];
    snprintf(from, sizeof(from), "+420601%06" PRIu64, load->placed % 1000000);
    struct phone_options options = tool_phone_options(load->tool, from);
    options.say_ms_per_char = 5;
    *slot = (struct slot){.load = load};
    talk_begin(&slot->talk, &load->tool->script, NULL, NULL);
    slot->call = phone_place(&options, on_event, slot);
    exchange_placed(load->tool->exchange, slot->call, from, load->tool->options->to);
    load->placed++;
    load->live++;
}

/* New calls, not faster than the ramp; those that are over make room for them. */
static void replace(struct load *load, int64_t now_ms)
{
    const struct options *o = load->tool->options;
    if (load->live == load->slot_count)
        return;
    uint64_t allowed = (uint64_t)((now_ms - load->begun_ms) * o->ramp / 1000) + 1;
    for (size_t i = 0; i < load->slot_count && load->placed < allowed; i++) {
        struct slot *slot = &load->slots[i];
        if (slot->call && slot->over && phone_is_settled(slot->call))
            phone_free(&slot->call);
        if (!slot->call)
            place(load, slot);
    }
}

static void measure(struct load *load, int64_t now_ms)
{
    const struct options *o = load->tool->options;
    if (!load->full_at_ms && load->live >= load->slot_count) {
        load->full_at_ms = now_ms;
        load->measuring = true;
        load->before = watch_pids(o->pids, o->pid_count);
        load->own_before = watch_self();
    }
    if (load->measuring)
        load->call_seconds += (double)load->live * (double)(now_ms - load->last_tick_ms) / 1000;
    load->last_tick_ms = now_ms;
}

static void show_progress(const struct load *load, int64_t now_ms)
{
    fprintf(stderr, "%6.1f s  %zu live, %" PRIu64 " placed, %" PRIu64 " ended, %" PRIu64 " good\n",
            (double)(now_ms - load->begun_ms) / 1000, load->live, load->placed, load->ended,
            load->good);
}

/* Until the time at full load is over; a load that never gets full ends after twice its time. */
static bool is_over(const struct load *load, int64_t now_ms)
{
    const struct options *o = load->tool->options;
    int64_t ramp_ms = 1000 * (o->load / o->ramp + 1);
    if (load->full_at_ms)
        return now_ms - load->full_at_ms >= 1000 * o->seconds;
    return now_ms - load->begun_ms >= 2 * (ramp_ms + 1000 * o->seconds);
}

static void run(struct load *load)
{
    struct loop *loop = load->tool->loop;
    int64_t shown_ms = 0;
    load->begun_ms = load->last_tick_ms = loop_now_ms(loop);
    for (;;) {
        int64_t now_ms = loop_now_ms(loop);
        replace(load, now_ms);
        measure(load, now_ms);
        if (!load->tool->options->quiet && now_ms - shown_ms >= 5000) {
            show_progress(load, now_ms);
            shown_ms = now_ms;
        }
        if (is_over(load, now_ms))
            return;
        loop_step(loop, TICK_MS);
    }
}

static int by_value(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static int64_t percentile(const struct samples *samples, int percent)
{
    if (!samples->count)
        return -1;
    size_t at = samples->count * (size_t)percent / 100;
    return samples->list[at < samples->count ? at : samples->count - 1];
}

static void show_samples(const char *name, struct samples *samples, bool json)
{
    if (samples->count)
        qsort(samples->list, samples->count, sizeof(*samples->list), by_value);
    printf(json ? ",\"%s\":{\"count\":%zu,\"p50\":%" PRId64 ",\"p95\":%" PRId64 ",\"p99\":%" PRId64
                  ",\"max\":%" PRId64 "}"
                : "  %-10s %6zu   p50 %5" PRId64 "   p95 %5" PRId64 "   p99 %5" PRId64
                  "   max %5" PRId64 " ms\n",
           name, samples->count, percentile(samples, 50), percentile(samples, 95),
           percentile(samples, 99), percentile(samples, 100));
}

/* CPU time between two samples, of a second of one call at full load. */
static double ms_per_call_second(const struct load *load, const struct watch_sample *before,
                                 const struct watch_sample *after)
{
    return load->call_seconds > 0
               ? 1000 * (after->cpu_seconds - before->cpu_seconds) / load->call_seconds
               : 0;
}

static void show_text(struct load *load, double cpu_ms, double kib)
{
    printf("calls: %" PRIu64 " ended, %" PRIu64 " of them normally; %zu still live\n", load->ended,
           load->good, load->live);
    show_samples("webhook", &load->webhook, false);
    show_samples("first byte", &load->first_audio, false);
    show_samples("greeting", &load->greeting, false);
    show_samples("reply", &load->reply, false);
    for (size_t i = 0; i < FAULTS_MAX && load->faults[i].count; i++)
        printf("  failed %6" PRIu64 "   %s\n", load->faults[i].count, load->faults[i].why);
    if (!load->full_at_ms)
        printf("  %zu calls at once were never reached\n", load->slot_count);
    else if (load->tool->options->pid_count)
        printf("  watched    %.3f ms CPU a call-second, %.1f MiB resident, %.0f KiB a call\n",
               cpu_ms, (double)load->after.resident_bytes / 1048576, kib);
    if (load->frames_late)
        printf("  late frames of our own: %" PRIu64 " of %" PRIu64 "\n", load->frames_late,
               load->frames);
}

static void show_json(struct load *load, double cpu_ms, double kib)
{
    struct buf faults = {0};
    printf("{\"event\":\"load\",\"ended\":%" PRIu64 ",\"good\":%" PRIu64 ",\"live\":%zu",
           load->ended, load->good, load->live);
    show_samples("webhook_ms", &load->webhook, true);
    show_samples("first_audio_ms", &load->first_audio, true);
    show_samples("greeting_ms", &load->greeting, true);
    show_samples("reply_ms", &load->reply, true);
    for (size_t i = 0; i < FAULTS_MAX && load->faults[i].count; i++) {
        buf_puts(&faults, i ? "," : "");
        buf_json_string(&faults, str_of(load->faults[i].why));
        buf_printf(&faults, ":%" PRIu64, load->faults[i].count);
    }
    printf(",\"failures\":{%s},\"full\":%s,\"call_seconds\":%.1f,\"cpu_ms_per_call_second\":%.4f,"
           "\"own_cpu_ms_per_call_second\":%.4f,\"resident_bytes\":%" PRId64
           ",\"kib_per_call\":%.1f,\"frames\":%" PRIu64 ",\"frames_late\":%" PRIu64 "}\n",
           buf_text(&faults), load->full_at_ms ? "true" : "false", load->call_seconds, cpu_ms,
           ms_per_call_second(load, &load->own_before, &load->own_after),
           load->after.resident_bytes, kib, load->frames, load->frames_late);
    buf_free(&faults);
}

static void show(struct load *load)
{
    const struct options *o = load->tool->options;
    load->after = watch_pids(o->pids, o->pid_count);
    load->own_after = watch_self();
    for (size_t i = 0; i < load->slot_count; i++)
        if (load->slots[i].call && !load->slots[i].over)
            add_times(load, &load->slots[i]);
    double cpu_ms = ms_per_call_second(load, &load->before, &load->after);
    double kib = (double)(load->after.resident_bytes - load->idle.resident_bytes) / 1024 /
                 (double)load->slot_count;
    (o->json ? show_json : show_text)(load, cpu_ms, kib);
}

static bool all_settled(const struct load *load)
{
    for (size_t i = 0; i < load->slot_count; i++)
        if (load->slots[i].call && !phone_is_settled(load->slots[i].call))
            return false;
    return true;
}

/* The service is told of each end before this program goes away. */
static void hang_up_all(struct load *load)
{
    for (size_t i = 0; i < load->slot_count; i++)
        if (load->slots[i].call && !load->slots[i].over)
            phone_hang_up(load->slots[i].call);
    int64_t until_ms = loop_now_ms(load->tool->loop) + SETTLE_MS_MAX;
    while (!all_settled(load) && loop_now_ms(load->tool->loop) < until_ms)
        loop_step(load->tool->loop, TICK_MS);
    for (size_t i = 0; i < load->slot_count; i++)
        phone_free(&load->slots[i].call);
    loop_step(load->tool->loop, 0);
}

int tool_load(struct tool *tool)
{
    struct load load = {.tool = tool, .slot_count = (size_t)tool->options->load};
    load.slots = xalloc(load.slot_count * sizeof(*load.slots));
    load.idle = watch_pids(tool->options->pids, tool->options->pid_count);
    if (load.idle.gone) {
        fprintf(stderr, "karen-phone: a process to watch is not there\n");
        free(load.slots);
        return 2;
    }
    run(&load);
    show(&load);
    int status = !load.good || load.good < load.ended || !load.full_at_ms;
    hang_up_all(&load);
    free(load.slots);
    free(load.webhook.list);
    free(load.first_audio.list);
    free(load.greeting.list);
    free(load.reply.list);
    return status;
}
