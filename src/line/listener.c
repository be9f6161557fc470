/* line/listener.c: the recogniser's connections of one line, one after the other, and the audio
 * that still has to be confirmed.
 *
 * Audio comes in frames. While somebody speaks (and a little after) each goes into `kept`, a ring
 * that is there only then; while nobody does, only the newest few are, in `lead_in`, since a voice
 * is noticed a moment after it began. A live connection gets every frame at once, silence too; one
 * that has to catch up gets the kept frames somewhat faster than they were spoken, and joins the
 * live audio when it has them all. `spans` tells which media time a connection's own time is. */
#include "line/listener.h"

#include "base/audio.h"
#include "base/id.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME = AUDIO_FRAME_BYTES,
    KEPT_MAX = LISTENER_KEPT_MS_MAX / AUDIO_FRAME_MS,
    BLOCK_FRAMES = 50,
    BLOCKS = KEPT_MAX / BLOCK_FRAMES + 1, /* the oldest and the newest may be begun ones */
    LEAD_IN_MAX = 10,                     /* 200 ms: a voice is noticed after 60 to 100 ms */
    AFTER_MS = 300,  /* kept behind a voice: the recogniser wants to hear it end */
    PAUSE_MS = 1000, /* behind a voice: by then the recogniser has told that the turn is over */
    SPANS_MAX = 48,
    CATCH_UP_PERCENT = 120, /* of real time; the provider takes up to 125 */
    CATCH_UP_AT_ONCE = 25,  /* frames, half a second: as much as any network holds up */
    CLOCK_SLACK_MS = 40,
    DEAF_MS_MAX = 30000,
    BACK_OFFS = 5,
};
/* Pause before opening again, by the failures since words last came; a fifth of it is chance. */
static const int64_t back_off_ms[BACK_OFFS] = {0, 150, 400, 1000, 3000};

struct kept_frame {
    int32_t at_ms; /* media clock */
    uint8_t ulaw[FRAME];
};

struct kept_block {
    struct kept_frame frames[BLOCK_FRAMES];
};

struct span { /* from `stream_ms` of the connection on, media time runs from `media_ms` */
    int64_t stream_ms, media_ms;
};

enum listener_state { LISTENER_WAITING, LISTENER_OPENING, LISTENER_CATCHING_UP, LISTENER_LIVE };

struct listener {
    struct listener_options options;
    enum listener_state state;
    struct stt *stt;
    struct timer *timer; /* WAITING: when to open again */
    uint32_t conn;
    unsigned failures; /* since words last came */

    struct kept_block *kept[BLOCKS]; /* a ring of frames; NULL where none of a block's is kept */
    size_t kept_first, kept_count;
    size_t to_send; /* the newest so many of them this connection has not heard */
    struct kept_frame lead_in[LEAD_IN_MAX];
    size_t lead_in_count, lead_in_next;
    struct kept_frame partial; /* a frame being filled */
    size_t partial_bytes;
    int64_t clock_ms; /* media time behind the newest byte */
    bool clock_set;

    bool voice;
    int64_t voice_end_ms;
    int64_t confirmed_ms; /* media time up to which words are final */
    bool finalize_due;    /* asked for while catching up */
    int64_t credit;       /* of catching up, in percent of a frame */

    struct span spans[SPANS_MAX]; /* of this connection */
    size_t span_count;
    int64_t stream_bytes; /* sent on this connection */
    int64_t sent_bytes;   /* on all of them */

    int64_t heard_from_ms; /* loop time of its last message */
    int64_t voiced_ms;     /* sent since then */
    int64_t deaf_ms;       /* patience */
    bool closed;
};

static void emit(struct listener *l, struct call_event event)
{
    event.conn = l->conn;
    l->options.on_event(&event, l->options.arg);
}

/* ---- which time is it ---- */

/* The next byte sent on this connection is of media time media_ms. */
static void note_time(struct listener *l, int64_t media_ms)
{
    int64_t stream_ms = l->stream_bytes / AUDIO_BYTES_PER_MS;
    if (l->span_count > 0) {
        const struct span *last = &l->spans[l->span_count - 1];
        int64_t due_ms = last->media_ms + stream_ms - last->stream_ms;
        if (media_ms >= due_ms - 1 && media_ms <= due_ms + CLOCK_SLACK_MS)
            return;
    }
    if (l->span_count == SPANS_MAX) { /* the oldest is long confirmed */
        memmove(l->spans, l->spans + 1, (SPANS_MAX - 1) * sizeof(l->spans[0]));
        l->span_count--;
    }
    l->spans[l->span_count++] = (struct span){stream_ms, media_ms};
}

static int64_t media_time(const struct listener *l, int64_t stream_ms)
{
    if (l->span_count == 0)
        return stream_ms;
    size_t i = l->span_count - 1;
    while (i > 0 && l->spans[i].stream_ms > stream_ms)
        i--;
    int64_t into_ms = stream_ms - l->spans[i].stream_ms;
    return l->spans[i].media_ms + (into_ms > 0 ? into_ms : 0);
}

/* A word that ends exactly where a span begins belongs to the one before. */
static int64_t media_end(const struct listener *l, int64_t stream_ms)
{
    return stream_ms > 0 ? media_time(l, stream_ms - 1) + 1 : media_time(l, stream_ms);
}

/* ---- what is kept ---- */

static size_t kept_slot(const struct listener *l, size_t i)
{
    return (l->kept_first + i) % (BLOCKS * BLOCK_FRAMES);
}

static struct kept_frame *kept_at(struct listener *l, size_t i)
{
    size_t slot = kept_slot(l, i);
    return &l->kept[slot / BLOCK_FRAMES]->frames[slot % BLOCK_FRAMES];
}

static void drop_oldest(struct listener *l)
{
    struct kept_block **block = &l->kept[l->kept_first / BLOCK_FRAMES];
    l->kept_first = kept_slot(l, 1);
    l->kept_count--;
    if (l->to_send > l->kept_count)
        l->to_send = l->kept_count;
    if (l->kept_count == 0)
        l->kept_first = 0;
    if (l->kept_first % BLOCK_FRAMES == 0) {
        free(*block);
        *block = NULL;
    }
}

/* In blocks of one size, so that they leave no holes of all sizes in the heap and what one call
 * gives back the next one takes: having the system map and unmap them costs more than hearing. */
static void keep(struct listener *l, const struct kept_frame *frame, bool sent)
{
    if (l->kept_count == KEPT_MAX)
        drop_oldest(l);
    struct kept_block **block = &l->kept[kept_slot(l, l->kept_count) / BLOCK_FRAMES];
    if (!*block)
        *block = xalloc(sizeof(**block));
    l->kept_count++;
    *kept_at(l, l->kept_count - 1) = *frame;
    if (!sent)
        l->to_send++;
}

static void drop_confirmed(struct listener *l)
{
    while (l->kept_count > l->to_send && kept_at(l, 0)->at_ms + AUDIO_FRAME_MS <= l->confirmed_ms)
        drop_oldest(l);
}

static size_t oldest_lead_in(const struct listener *l)
{
    return (l->lead_in_next + LEAD_IN_MAX - l->lead_in_count) % LEAD_IN_MAX;
}

static void keep_lead_in(struct listener *l, const struct kept_frame *frame)
{
    l->lead_in[l->lead_in_next] = *frame;
    l->lead_in_next = (l->lead_in_next + 1) % LEAD_IN_MAX;
    if (l->lead_in_count < LEAD_IN_MAX)
        l->lead_in_count++;
}

/* A voice began a moment ago: what led up to it was put aside. */
static void take_lead_in(struct listener *l)
{
    for (size_t i = 0; i < l->lead_in_count; i++)
        keep(l, &l->lead_in[(oldest_lead_in(l) + i) % LEAD_IN_MAX], l->state == LISTENER_LIVE);
    l->lead_in_count = 0;
}

/* ---- sending ---- */

static void send_frame(struct listener *l, const struct kept_frame *frame)
{
    note_time(l, frame->at_ms);
    stt_send(l->stt, frame->ulaw, FRAME);
    l->stream_bytes += FRAME;
    l->sent_bytes += FRAME;
}

static void go_live(struct listener *l)
{
    l->state = LISTENER_LIVE;
    for (size_t i = 0; i < l->lead_in_count; i++) /* a voice may just be beginning */
        send_frame(l, &l->lead_in[(oldest_lead_in(l) + i) % LEAD_IN_MAX]);
    if (l->finalize_due)
        stt_finalize(l->stt);
    l->finalize_due = false;
}

/* With each frame that comes in a little more than a frame goes out. */
static void catch_up(struct listener *l)
{
    while (l->credit >= 100 && l->to_send > 0) {
        send_frame(l, kept_at(l, l->kept_count - l->to_send));
        l->to_send--;
        l->credit -= 100;
    }
    if (l->to_send == 0)
        go_live(l);
}

/* ---- connections ---- */

static void on_stt(const struct stt_event *event, void *arg);

static void open_stream(void *arg)
{
    struct listener *l = arg;
    l->conn++;
    l->span_count = 0;
    l->stream_bytes = 0;
    l->voiced_ms = 0;
    l->to_send = l->kept_count;
    l->state = LISTENER_OPENING;
    l->stt = stt_open(l->options.driver, &l->options.stt, on_stt, l);
}

static void open_later(struct listener *l)
{
    unsigned step = l->failures < BACK_OFFS ? l->failures : BACK_OFFS - 1;
    uint8_t chance = 0;
    random_bytes(&chance, 1);
    int64_t pause_ms = back_off_ms[step] + back_off_ms[step] * chance / 5 / 255;
    l->failures++;
    l->state = LISTENER_WAITING;
    timer_set(l->timer, loop_now_ms(l->options.loop) + pause_ms);
}

static void lose(struct listener *l, int err, const char *why)
{
    log_warn(&l->options.log, "recogniser_lost", "conn=%u err=%d failures=%u why=%s", l->conn, err,
             l->failures, why);
    stt_close(&l->stt);
    open_later(l);
    emit(l, (struct call_event){.kind = EV_STT_DOWN, .err = err});
}

/* It had voice to hear and kept silent: a connection that is open and dead. */
static void watch(struct listener *l)
{
    bool open = l->state == LISTENER_LIVE || l->state == LISTENER_CATCHING_UP;
    int64_t silent_ms = loop_now_ms(l->options.loop) - l->heard_from_ms;
    if (!open || l->voiced_ms < LISTENER_DEAF_VOICED_MS || silent_ms < l->deaf_ms)
        return;
    l->deaf_ms = 2 * l->deaf_ms < DEAF_MS_MAX ? 2 * l->deaf_ms : DEAF_MS_MAX;
    lose(l, ETIMEDOUT, "deaf");
}

static void on_open(struct listener *l)
{
    l->heard_from_ms = loop_now_ms(l->options.loop);
    l->state = LISTENER_CATCHING_UP;
    l->credit = CATCH_UP_AT_ONCE * 100;
    catch_up(l);
    emit(l, (struct call_event){.kind = EV_STT_UP});
}

/* All that was said is known, and the silence behind it is nothing to wait for. What is newest may
 * be a voice that was not noticed yet. */
static void settle(struct listener *l)
{
    while (l->kept_count > 0) {
        keep_lead_in(l, kept_at(l, 0));
        drop_oldest(l);
    }
}

/* Final words confirm what lies before them; the answer to Finalize and the end of a turn, all that
 * was said. */
static void confirm(struct listener *l, const struct call_event *words)
{
    int64_t confirmed_ms = words->text.bytes > 0 ? words->end_ms : 0;
    bool whole = words->from_finalize || words->turn_over;
    bool all = whole && !l->voice && l->state == LISTENER_LIVE;
    if (all && confirmed_ms < l->voice_end_ms)
        confirmed_ms = l->voice_end_ms;
    if (confirmed_ms > l->confirmed_ms)
        l->confirmed_ms = confirmed_ms;
    drop_confirmed(l);
    if (all)
        settle(l);
}

static void on_words(struct listener *l, const struct stt_event *event)
{
    bool final = event->kind == STT_FINAL;
    struct call_event words = {.kind = final ? EV_WORDS_FINAL : EV_WORDS,
                               .at_ms = media_time(l, event->start_ms),
                               .end_ms = media_end(l, event->end_ms),
                               .from_finalize = event->from_finalize,
                               .speech_final = event->speech_final,
                               .turn = event->turn,
                               .eager = event->eager,
                               .resumed = event->resumed,
                               .turn_over = event->turn_over,
                               .confidence = event->confidence,
                               .text = event->text};
    if (event->text.bytes > 0 && words.end_ms <= l->confirmed_ms)
        return; /* heard again what was final before */
    if (event->text.bytes > 0)
        l->failures = 0;
    if (final)
        confirm(l, &words);
    emit(l, words);
}

static void on_stt(const struct stt_event *event, void *arg)
{
    struct listener *l = arg;
    l->heard_from_ms = loop_now_ms(l->options.loop);
    l->voiced_ms = 0;
    if (event->kind == STT_PARTIAL || event->kind == STT_FINAL)
        l->deaf_ms = LISTENER_DEAF_MS;
    switch (event->kind) {
    case STT_OPEN: on_open(l); break;
    case STT_PARTIAL:
    case STT_FINAL: on_words(l, event); break;
    case STT_UTTERANCE_END:
        emit(l,
             (struct call_event){.kind = EV_UTTERANCE_END, .at_ms = media_end(l, event->end_ms)});
        break;
    case STT_CLOSED: lose(l, event->err ? event->err : ECONNRESET, "closed"); break;
    case STT_SPEECH: break; /* the ears were there first */
    }
}

/* ---- the line's side ---- */

/* Nothing is waited for and nobody spoke since the last final word: no need to keep the silence. */
static bool is_worth_keeping(const struct listener *l, const struct kept_frame *frame)
{
    return l->voice || (l->kept_count > 0 && frame->at_ms < l->voice_end_ms + AFTER_MS);
}

/* The recogniser may be about to find that the turn has ended: what it waits for is this silence.
 */
static bool is_pause(const struct listener *l, const struct kept_frame *frame)
{
    return !l->voice && l->voice_end_ms > 0 && frame->at_ms < l->voice_end_ms + PAUSE_MS;
}

static void hear_frame(struct listener *l, const struct kept_frame *frame)
{
    bool live = l->state == LISTENER_LIVE;
    if (live)
        send_frame(l, frame);
    if (live && is_pause(l, frame))
        stt_flush(l->stt);
    if (l->voice)
        l->voiced_ms += AUDIO_FRAME_MS;
    if (is_worth_keeping(l, frame))
        keep(l, frame, live);
    else
        keep_lead_in(l, frame);
    if (l->state == LISTENER_CATCHING_UP) {
        l->credit += CATCH_UP_PERCENT;
        catch_up(l);
    }
    watch(l);
}

void listener_hear(struct listener *l, const uint8_t *ulaw, size_t bytes, int64_t at_ms)
{
    if (!l->clock_set || at_ms > l->clock_ms + CLOCK_SLACK_MS) {
        l->clock_ms = at_ms;
        l->clock_set = true;
        l->partial_bytes = 0;
    }
    while (bytes > 0 && !l->closed) {
        size_t take = FRAME - l->partial_bytes < bytes ? FRAME - l->partial_bytes : bytes;
        memcpy(l->partial.ulaw + l->partial_bytes, ulaw, take);
        l->partial_bytes += take;
        ulaw += take;
        bytes -= take;
        if (l->partial_bytes == FRAME) {
            l->partial.at_ms = (int32_t)l->clock_ms;
            l->clock_ms += AUDIO_FRAME_MS;
            l->partial_bytes = 0;
            hear_frame(l, &l->partial);
        }
    }
}

void listener_voice(struct listener *l, bool on, int64_t at_ms)
{
    l->voice = on;
    if (on)
        take_lead_in(l);
    else
        l->voice_end_ms = at_ms;
}

void listener_finalize(struct listener *l)
{
    if (l->state == LISTENER_LIVE)
        stt_finalize(l->stt);
    else
        l->finalize_due = true;
}

struct listener *listener_open(const struct listener_options *options)
{
    struct listener *l = xalloc(sizeof(*l));
    l->options = *options;
    l->deaf_ms = LISTENER_DEAF_MS;
    l->timer = timer_new(options->loop, open_stream, l);
    open_stream(l);
    return l;
}

void listener_close(struct listener **slot)
{
    struct listener *l = *slot;
    if (!l)
        return;
    *slot = NULL;
    l->closed = true;
    timer_free(&l->timer);
    stt_close(&l->stt);
    for (size_t i = 0; i < BLOCKS; i++)
        free(l->kept[i]);
    loop_defer(l->options.loop, free, l);
}

int64_t listener_sent_ms(const struct listener *l)
{
    return l->sent_bytes / AUDIO_BYTES_PER_MS;
}

size_t listener_bytes(const struct listener *l)
{
    size_t blocks = 0;
    for (size_t i = 0; i < BLOCKS; i++)
        blocks += l->kept[i] != NULL;
    return sizeof(*l) + blocks * sizeof(struct kept_block);
}
