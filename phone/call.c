/* phone/call.c: one call, told as it goes. */
#include "base/audio.h"
#include "base/mem.h"
#include "phone/tool.h"
#include "phone/wav.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct one {
    struct tool *tool;
    struct phone_call *call;
    struct talk talk;
    struct buf heard;
    bool over, recorded, was_open;
    enum phone_end end;
    struct buf why;
};

static void tell(const struct one *one, int64_t at_ms, const char *event, const char *text)
{
    struct buf line = {0};
    if (one->tool->options->quiet)
        return;
    if (one->tool->options->json) {
        buf_printf(&line, "{\"at_ms\":%" PRId64 ",\"event\":", at_ms);
        buf_json_string(&line, str_of(event));
        buf_puts(&line, ",\"text\":");
        buf_json_string(&line, str_of(text));
        buf_puts(&line, "}");
    } else {
        buf_printf(&line, "%7.2f  %-9s %s", (double)at_ms / 1000, event, text);
    }
    puts(buf_text(&line));
    buf_free(&line);
}

static const char *clip_name(const struct one *one, int64_t clip)
{
    const struct options *o = one->tool->options;
    return o->clips[clip].file ? o->clips[clip].file : o->clips[clip].say;
}

static void on_note(enum talk_note note, int64_t at_ms, int64_t number, double level_db, void *arg)
{
    struct one *one = arg;
    char text[400];
    const struct str *clips = one->tool->script.clips;
    switch (note) {
    case TALK_SAYS:
        snprintf(text, sizeof(text), "says %.300s (%.1f s)", clip_name(one, number),
                 (double)clips[number].bytes / AUDIO_HZ);
        tell(one, at_ms, "caller", text);
        break;
    case TALK_SAID: tell(one, at_ms, "caller", "has finished"); break;
    case TALK_HEARS:
        snprintf(text, sizeof(text), "begins, %" PRId64 " ms after %s", number,
                 one->talk.next_clip ? "the caller's last word" : "the line was open");
        tell(one, at_ms, "Karen", text);
        break;
    case TALK_HEARD:
        snprintf(text, sizeof(text), "has finished: %.1f s at %.0f dB", (double)number / 1000,
                 level_db);
        tell(one, at_ms, "Karen", text);
        break;
    case TALK_LEAVES: tell(one, at_ms, "caller", "hangs up"); break;
    }
}

static void tell_event(struct one *one, const struct phone_event *event)
{
    char text[600];
    switch (event->kind) {
    case PHONE_WEBHOOK:
        snprintf(text, sizeof(text), "%" PRId64 " from %.500s", event->number, event->text);
        tell(one, event->at_ms, "webhook", text);
        break;
    case PHONE_SAY: tell(one, event->at_ms, "carrier", event->text); break;
    case PHONE_STREAM: tell(one, event->at_ms, "stream", event->text); break;
    case PHONE_STREAM_OVER:
        snprintf(text, sizeof(text), "over, code %" PRId64 " %.400s", event->number, event->text);
        tell(one, event->at_ms, "stream", text);
        break;
    case PHONE_CLEARED:
        snprintf(text, sizeof(text), "stops at once: %" PRId64 " ms were not played",
                 event->number);
        tell(one, event->at_ms, "Karen", text);
        break;
    case PHONE_GATHER:
        snprintf(text, sizeof(text), "asks for %" PRId64 " digits", event->number);
        tell(one, event->at_ms, "carrier", text);
        break;
    case PHONE_DIALLED:
        snprintf(text, sizeof(text), "rings %.40s, shows %.40s", event->text, event->language);
        tell(one, event->at_ms, "carrier", text);
        break;
    case PHONE_WHISPER: tell(one, event->at_ms, "whisper", event->text); break;
    case PHONE_RECORDED:
        snprintf(text, sizeof(text), "recorded %.1f s", (double)event->number / 1000);
        tell(one, event->at_ms, "carrier", text);
        break;
    case PHONE_REJECTED: tell(one, event->at_ms, "carrier", event->text); break;
    case PHONE_ENDED: tell(one, event->at_ms, "over", event->text); break;
    case PHONE_HEARD:
    case PHONE_MARKED: break;
    }
}

static void on_event(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct one *one = arg;
    tell_event(one, event);
    exchange_event(one->tool->exchange, call, event);
    if (event->kind == PHONE_HEARD)
        buf_add(&one->heard, event->heard, AUDIO_FRAME_BYTES);
    one->was_open = one->was_open || event->kind == PHONE_STREAM;
    one->recorded = one->recorded || event->kind == PHONE_RECORDED;
    if (event->kind == PHONE_ENDED) {
        one->over = true;
        one->end = event->end;
        buf_puts(&one->why, event->text);
    } else {
        talk_on_event(&one->talk, call, event);
    }
}

static const char *who_ended(enum phone_end end)
{
    static const char *const names[] = {
        [PHONE_HUNG_UP] = "caller", [PHONE_ENDED_BY_PEER] = "karen", [PHONE_FAILED] = "failure"};
    return names[end];
}

/* What was wrong with it; NULL: nothing. */
static const char *fault_of(const struct one *one)
{
    if (one->end == PHONE_FAILED)
        return buf_text(&one->why);
    if (one->recorded)
        return "Karen did not talk: the carrier took a message";
    if (!one->was_open)
        return "no stream was opened";
    if (one->talk.greeting_ms < 0)
        return "Karen said nothing";
    if (one->talk.unanswered)
        return "Karen left something unanswered";
    return NULL;
}

static void summary_text(const struct one *one, const char *fault)
{
    const struct phone_timing *timing = phone_timing(one->call);
    printf("\ncall %s: %s\n", phone_call_sid(one->call), fault ? fault : "went normally");
    printf("  ended by    %s after %.1f s (%s)\n", who_ended(one->end),
           (double)timing->ended_ms / 1000, buf_text(&one->why));
    printf("  webhook     %" PRId64 " ms\n", timing->webhook_ms);
    printf("  stream      %" PRId64 " ms\n", timing->stream_ms);
    printf("  greeting    %" PRId64 " ms after the stream was open\n", one->talk.greeting_ms);
    printf("  replies    ");
    for (size_t i = 0; i < one->talk.reply_count; i++)
        printf(" %" PRId64, one->talk.reply_ms[i]);
    printf(" ms after the caller's last word\n");
    if (timing->frames_late)
        printf("  late frames %" PRIu64 ": this machine was too busy to keep the time\n",
               timing->frames_late);
}

static void summary_json(const struct one *one, const char *fault)
{
    const struct phone_timing *timing = phone_timing(one->call);
    struct buf line = {0};
    buf_printf(&line,
               "{\"event\":\"summary\",\"call_sid\":\"%s\",\"normal\":%s,\"ended_by\":\"%s\","
               "\"duration_ms\":%" PRId64 ",\"webhook_ms\":%" PRId64 ",\"stream_ms\":%" PRId64
               ",\"greeting_ms\":%" PRId64 ",\"reply_ms\":[",
               phone_call_sid(one->call), fault ? "false" : "true", who_ended(one->end),
               timing->ended_ms, timing->webhook_ms, timing->stream_ms, one->talk.greeting_ms);
    for (size_t i = 0; i < one->talk.reply_count; i++)
        buf_printf(&line, "%s%" PRId64, i ? "," : "", one->talk.reply_ms[i]);
    buf_puts(&line, "],\"why\":");
    buf_json_string(&line, str_of(fault ? fault : buf_text(&one->why)));
    buf_puts(&line, "}");
    puts(buf_text(&line));
    buf_free(&line);
}

/* The last news of the call still has to reach the service. */
static void let_it_be_told(struct one *one)
{
    int64_t until_ms = loop_now_ms(one->tool->loop) + 1000;
    while (!phone_is_settled(one->call) && loop_now_ms(one->tool->loop) < until_ms)
        loop_step(one->tool->loop, 50);
}

int tool_call(struct tool *tool)
{
    struct one one = {.tool = tool};
    struct phone_options options = tool_phone_options(tool, tool->options->from);
    char text[120];
    talk_begin(&one.talk, &tool->script, on_note, &one);
    snprintf(text, sizeof(text), "%.40s calls %.40s", tool->options->from, tool->options->to);
    tell(&one, 0, "caller", text);
    one.call = phone_place(&options, on_event, &one);
    exchange_placed(tool->exchange, one.call, tool->options->from, tool->options->to);
    while (!one.over)
        loop_step(tool->loop, 1000);
    let_it_be_told(&one);
    const char *fault = fault_of(&one);
    (tool->options->json ? summary_json : summary_text)(&one, fault);
    int status = fault != NULL;
    if (tool->options->out && wav_write(tool->options->out, buf_str(&one.heard))) {
        fprintf(stderr, "karen-phone: %s cannot be written\n", tool->options->out);
        status = 1;
    }
    phone_free(&one.call);
    loop_step(tool->loop, 0);
    buf_free(&one.heard);
    buf_free(&one.why);
    return status;
}
