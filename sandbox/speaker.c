/* sandbox/speaker.c: utterances by what was asked for, whole or still being made, and those who
 * wait for them. */
#include "sandbox/speaker.h"

#include "base/mem.h"
#include "sandbox/later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 256, BUCKETS = 256 };

struct piece {
    uint8_t *ulaw;
    size_t ulaw_bytes;
    char *text;
    size_t text_bytes;
    struct voice_char *chars;
    size_t char_count;
};

struct utterance {
    char *key; /* language, voice, speed and text */
    struct utterance *next_in_bucket;
    struct piece *pieces;
    size_t piece_count, bytes;
    bool done;
    int err;
    uint64_t used_at;
    struct op *making;
    struct say *says; /* those who listen */
    struct speaker *speaker;
};

/* One who listens to an utterance. */
struct say {
    struct op op;
    struct utterance *utterance;
    struct say *next;
    size_t piece; /* the next one to hand over */
    struct op *pump;
    voice_event_fn *on_event;
    void *arg;
    bool *gone; /* set when it is freed under pump()'s feet */
};

struct speaker {
    struct loop *loop;
    struct voices *voices;
    struct watch *watch;
    struct utterance *buckets[BUCKETS];
    size_t bytes, say_count;
    uint64_t clock;
};

static size_t bucket_of(const char *key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash % BUCKETS;
}

static void unlink_utterance(struct utterance *utterance)
{
    struct utterance **place = &utterance->speaker->buckets[bucket_of(utterance->key)];
    while (*place != utterance)
        place = &(*place)->next_in_bucket;
    *place = utterance->next_in_bucket;
}

static void utterance_free(struct utterance *utterance)
{
    unlink_utterance(utterance);
    op_cancel(&utterance->making);
    utterance->speaker->bytes -= utterance->bytes;
    for (size_t i = 0; i < utterance->piece_count; i++) {
        free(utterance->pieces[i].ulaw);
        free(utterance->pieces[i].text);
        free(utterance->pieces[i].chars);
    }
    free(utterance->pieces);
    free(utterance->key);
    free(utterance);
}

static struct utterance *oldest_idle(struct speaker *speaker)
{
    struct utterance *oldest = NULL;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct utterance *one = speaker->buckets[i]; one; one = one->next_in_bucket)
            if (one->done && !one->says && (!oldest || one->used_at < oldest->used_at))
                oldest = one;
    return oldest;
}

static void make_room(struct speaker *speaker)
{
    struct utterance *oldest;
    while (speaker->bytes > SPEAKER_CACHE_BYTES_MAX && (oldest = oldest_idle(speaker)))
        utterance_free(oldest);
}

static void say_free(struct say *say)
{
    struct say **place = &say->utterance->says;
    while (*place != say)
        place = &(*place)->next;
    *place = say->next;
    say->utterance->speaker->say_count--;
    op_cancel(&say->pump);
    if (say->gone)
        *say->gone = true;
    free(say);
}

/* Nobody listens any more: what is half made is not worth the finishing, nor is a failure worth
 * keeping. */
static void leave(struct utterance *utterance)
{
    if (!utterance->says && (!utterance->done || utterance->err))
        utterance_free(utterance);
}

static void on_say_cancelled(struct op *op)
{
    struct say *say = (struct say *)(void *)op;
    struct utterance *utterance = say->utterance;
    say_free(say);
    leave(utterance);
}

static void end_say(struct say *say)
{
    struct utterance *utterance = say->utterance;
    voice_event_fn *on_event = say->on_event;
    void *arg = say->arg;
    const struct voice_event done = {.kind = VOICE_DONE, .err = utterance->err};
    op_end(&say->op);
    say->gone = NULL;
    say_free(say);
    leave(utterance);
    on_event(&done, arg);
}

static void pump(void *arg)
{
    struct say *say = arg;
    bool gone = false;
    say->gone = &gone;
    while (say->piece < say->utterance->piece_count) {
        const struct piece *piece = &say->utterance->pieces[say->piece++];
        const struct voice_event event = {.kind = VOICE_AUDIO,
                                          .ulaw = piece->ulaw,
                                          .ulaw_bytes = piece->ulaw_bytes,
                                          .text = {piece->text, piece->text_bytes},
                                          .chars = piece->chars,
                                          .char_count = piece->char_count};
        say->on_event(&event, say->arg);
        if (gone)
            return;
    }
    say->gone = NULL;
    if (say->utterance->done)
        end_say(say);
}

static void wake(struct utterance *utterance)
{
    for (struct say *say = utterance->says; say; say = say->next)
        if (!say->pump)
            later(utterance->speaker->loop, 0, pump, say, &say->pump);
}

static void *copy_of(const void *data, size_t bytes)
{
    void *copy = xalloc(bytes ? bytes : 1);
    if (bytes)
        memcpy(copy, data, bytes);
    return copy;
}

static void keep(struct utterance *utterance, const struct voice_event *event)
{
    size_t chars_bytes = event->char_count * sizeof(event->chars[0]);
    size_t bytes = event->ulaw_bytes + event->text.bytes + chars_bytes;
    if (utterance->piece_count == PIECES_MAX)
        return; /* a text of VOICE_TEXT_BYTES_MAX does not have so many clauses */
    utterance->pieces[utterance->piece_count++] =
        (struct piece){.ulaw = copy_of(event->ulaw, event->ulaw_bytes),
                       .ulaw_bytes = event->ulaw_bytes,
                       .text = copy_of(event->text.at, event->text.bytes),
                       .text_bytes = event->text.bytes,
                       .chars = copy_of(event->chars, chars_bytes),
                       .char_count = event->char_count};
    utterance->bytes += bytes;
    utterance->speaker->bytes += bytes;
}

static void on_voice(const struct voice_event *event, void *arg)
{
    struct utterance *utterance = arg;
    if (event->kind == VOICE_AUDIO) {
        keep(utterance, event);
    } else {
        utterance->done = true;
        utterance->err = event->err;
    }
    wake(utterance);
    if (utterance->done)
        make_room(utterance->speaker);
}

static struct utterance *find(struct speaker *speaker, const char *key)
{
    struct utterance *one = speaker->buckets[bucket_of(key)];
    while (one && strcmp(one->key, key) != 0)
        one = one->next_in_bucket;
    return one;
}

/* Takes over key. */
static int make(struct speaker *speaker, const struct voice_ask *ask, char *key,
                struct utterance **utterance_out)
{
    struct utterance *utterance = xalloc(sizeof(*utterance));
    size_t bucket = bucket_of(key);
    utterance->speaker = speaker;
    utterance->key = key;
    utterance->pieces = xalloc(PIECES_MAX * sizeof(utterance->pieces[0]));
    utterance->next_in_bucket = speaker->buckets[bucket];
    speaker->buckets[bucket] = utterance;
    int err = voice_say(speaker->voices, ask, on_voice, utterance, &utterance->making);
    if (err)
        utterance_free(utterance);
    else
        *utterance_out = utterance;
    return err;
}

int speaker_say(struct speaker *speaker, const struct voice_ask *ask, voice_event_fn *on_event,
                void *arg, struct op **slot)
{
    if (speaker->say_count == SPEAKER_SAYS_MAX)
        return EAGAIN;
    char *key = xprintf("%s %s %.3f %s", ask->language, ask->voice ? ask->voice : "", ask->speed,
                        ask->text);
    struct utterance *utterance = find(speaker, key);
    int err = 0;
    if (utterance)
        free(key);
    else
        err = make(speaker, ask, key, &utterance);
    if (err)
        return err;
    struct say *say = xalloc(sizeof(*say));
    *say = (struct say){
        .utterance = utterance, .next = utterance->says, .on_event = on_event, .arg = arg};
    utterance->says = say;
    utterance->used_at = ++speaker->clock;
    speaker->say_count++;
    op_begin(&say->op, on_say_cancelled, slot);
    if (utterance->piece_count || utterance->done)
        later(speaker->loop, 0, pump, say, &say->pump);
    return 0;
}

static void on_voices(int fd, unsigned events, void *arg)
{
    (void)fd;
    (void)events;
    voices_deliver(arg);
}

int speaker_open(struct loop *loop, struct speaker **speaker_out)
{
    struct voices *voices = NULL;
    int err = voices_open(&voices);
    if (err)
        return err;
    struct speaker *speaker = xalloc(sizeof(*speaker));
    speaker->loop = loop;
    speaker->voices = voices;
    speaker->watch = watch_new(loop, voices_fd(voices), on_voices, voices);
    watch_set(speaker->watch, WATCH_READ);
    *speaker_out = speaker;
    return 0;
}

static void empty(struct utterance *utterance)
{
    while (utterance->says) {
        struct say *say = utterance->says;
        op_end(&say->op);
        say_free(say);
    }
    utterance_free(utterance);
}

void speaker_close(struct speaker **speaker)
{
    if (!*speaker)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while ((*speaker)->buckets[i])
            empty((*speaker)->buckets[i]);
    watch_free(&(*speaker)->watch);
    voices_close(&(*speaker)->voices);
    free(*speaker);
    *speaker = NULL;
}
