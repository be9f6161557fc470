/* speech/voice.c: asks in, clauses of audio out, one worker thread in between. What sounds how is
 * engines.c's business; whoever watches the file descriptor decides when handlers run.
 *
 *   voice_say() --> asks --> worker: a clause of the first, which then waits behind the others
 *   handlers <-- voices_deliver() <-- ready: clauses and ends, in order <-- '
 *
 * A struct say is freed by voices_deliver() when its end comes up, cancelled or not, so the worker
 * never looks at freed memory and nobody ever waits for the worker. */
#include "speech/voice.h"
#include "base/audio.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "speech/clause.h"
#include "speech/engines.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct say {
    struct op op;
    struct voices *voices;
    char *text;
    char language[3];
    const struct engine_voice *voice;
    double speed;
    voice_event_fn *on_event;
    void *arg;

    struct str rest;  /* not said yet; the worker's */
    int64_t said_ms;  /* audio made; the worker's */
    bool cancelled;   /* guarded by the lock */
    struct say *next; /* in asks; guarded by the lock */
};

/* Something for a handler: a clause, or the end when text is empty. */
struct ready {
    struct say *say;
    struct buf ulaw;
    struct str text; /* lies in say->text */
    struct voice_char *chars;
    size_t char_count;
    int err;
    struct ready *next;
};

struct voices {
    pthread_t worker;
    pthread_mutex_t lock;
    pthread_cond_t work; /* an ask came, or closing */
    struct say *asks;    /* guarded by the lock, as all below */
    struct say **asks_end;
    struct ready *ready;
    struct ready **ready_end;
    size_t says; /* not freed */
    bool closing;
    int event_fd;
};

static void push_ask(struct voices *voices, struct say *say)
{
    say->next = NULL;
    *voices->asks_end = say;
    voices->asks_end = &say->next;
}

static struct say *pop_ask(struct voices *voices)
{
    struct say *say = voices->asks;
    voices->asks = say->next;
    if (!voices->asks)
        voices->asks_end = &voices->asks;
    return say;
}

static void push_ready(struct voices *voices, struct ready *ready)
{
    *voices->ready_end = ready;
    voices->ready_end = &ready->next;
    uint64_t one = 1;
    ssize_t written = write(voices->event_fd, &one, sizeof one);
    assert(written == sizeof one);
}

static void ready_free(struct ready *ready)
{
    buf_free(&ready->ulaw);
    free(ready->chars);
    free(ready);
}

static void say_free(struct say *say)
{
    free(say->text);
    free(say);
}

static void put_clause_audio(struct say *say, struct pcm *pcm, struct ready *ready)
{
    pcm_to_telephone(pcm);
    ready->char_count = utf8_length(ready->text);
    ready->chars = xalloc(ready->char_count * sizeof *ready->chars);
    clause_time(ready->text, pcm, ready->chars);
    for (size_t i = 0; i < ready->char_count; i++) {
        ready->chars[i].start_ms += say->said_ms;
        ready->chars[i].end_ms += say->said_ms;
    }
    pcm_put_ulaw(pcm, &ready->ulaw);
    say->said_ms += (int64_t)pcm->count / AUDIO_BYTES_PER_MS;
}

/* The next clause of an ask, or its end. Runs in the worker, without the lock. */
static struct ready *work(struct engines *engines, struct say *say)
{
    struct ready *ready = xalloc(sizeof *ready);
    struct pcm pcm = {0};
    ready->say = say;
    if (say->rest.bytes == 0)
        return ready;
    ready->text = clause_cut(&say->rest);
    char *text = xstrndup(ready->text.at, ready->text.bytes);
    ready->err = engines_speak(engines, say->voice, say->language, say->speed, text, &pcm);
    free(text);
    if (ready->err)
        ready->text = (struct str){0}; /* an end, and not a good one */
    else
        put_clause_audio(say, &pcm, ready);
    pcm_free(&pcm);
    return ready;
}

static void *work_on(void *arg)
{
    struct voices *voices = arg;
    struct engines *engines = engines_new();
    pthread_mutex_lock(&voices->lock);
    while (!voices->closing) {
        if (!voices->asks) {
            pthread_cond_wait(&voices->work, &voices->lock);
            continue;
        }
        struct say *say = pop_ask(voices);
        if (say->cancelled)
            say->rest.bytes = 0;
        pthread_mutex_unlock(&voices->lock);
        struct ready *ready = work(engines, say);
        bool over = ready->text.bytes == 0;
        pthread_mutex_lock(&voices->lock);
        if (!over)
            push_ask(voices, say);
        push_ready(voices, ready);
    }
    pthread_mutex_unlock(&voices->lock);
    engines_free(&engines);
    return NULL;
}

int voices_open(struct voices **voices_out)
{
    struct voices *voices = xalloc(sizeof *voices);
    voices->asks_end = &voices->asks;
    voices->ready_end = &voices->ready;
    pthread_mutex_init(&voices->lock, NULL);
    pthread_cond_init(&voices->work, NULL);
    voices->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int err = voices->event_fd < 0 ? errno : 0;
    if (!err)
        err = pthread_create(&voices->worker, NULL, work_on, voices);
    if (err) {
        if (voices->event_fd >= 0)
            close(voices->event_fd);
        free(voices);
        return err;
    }
    *voices_out = voices;
    return 0;
}

/* An end is pushed once for each ask, also for those the worker never came to. */
static void end_all(struct voices *voices)
{
    while (voices->asks) {
        struct ready *end = xalloc(sizeof *end);
        end->say = pop_ask(voices);
        push_ready(voices, end);
    }
}

static void drop_all(struct voices *voices)
{
    while (voices->ready) {
        struct ready *ready = voices->ready;
        voices->ready = ready->next;
        if (ready->text.bytes == 0) {
            op_end(&ready->say->op);
            say_free(ready->say);
        }
        ready_free(ready);
    }
}

void voices_close(struct voices **voices)
{
    if (!*voices)
        return;
    pthread_mutex_lock(&(*voices)->lock);
    (*voices)->closing = true;
    pthread_cond_signal(&(*voices)->work);
    pthread_mutex_unlock(&(*voices)->lock);
    pthread_join((*voices)->worker, NULL);
    end_all(*voices);
    drop_all(*voices);
    close((*voices)->event_fd);
    pthread_mutex_destroy(&(*voices)->lock);
    pthread_cond_destroy(&(*voices)->work);
    free(*voices);
    *voices = NULL;
}

int voices_fd(const struct voices *voices)
{
    return voices->event_fd;
}

static bool is_cancelled(struct say *say)
{
    pthread_mutex_lock(&say->voices->lock);
    bool cancelled = say->cancelled;
    pthread_mutex_unlock(&say->voices->lock);
    return cancelled;
}

static void deliver(struct ready *ready)
{
    struct say *say = ready->say;
    bool over = ready->text.bytes == 0;
    if (!is_cancelled(say)) {
        struct voice_event event = {
            .kind = over ? VOICE_DONE : VOICE_AUDIO,
            .ulaw = (const uint8_t *)buf_text(&ready->ulaw),
            .ulaw_bytes = ready->ulaw.bytes,
            .text = ready->text,
            .chars = ready->chars,
            .char_count = ready->char_count,
            .err = ready->err,
        };
        if (over)
            op_end(&say->op);
        say->on_event(&event, say->arg);
    }
    if (over)
        say_free(say);
}

void voices_deliver(struct voices *voices)
{
    uint64_t count;
    ssize_t got = read(voices->event_fd, &count, sizeof count);
    assert(got == sizeof count || errno == EAGAIN);
    pthread_mutex_lock(&voices->lock);
    while (voices->ready) {
        struct ready *ready = voices->ready;
        voices->ready = ready->next;
        if (!voices->ready)
            voices->ready_end = &voices->ready;
        voices->says -= ready->text.bytes == 0;
        pthread_mutex_unlock(&voices->lock);
        deliver(ready);
        ready_free(ready);
        pthread_mutex_lock(&voices->lock);
    }
    pthread_mutex_unlock(&voices->lock);
}

static void on_cancel(struct op *op)
{
    struct say *say = (struct say *)op; /* op stands first */
    pthread_mutex_lock(&say->voices->lock);
    say->cancelled = true;
    pthread_mutex_unlock(&say->voices->lock);
}

static double within(double speed, double min, double max)
{
    if (speed == 0)
        return 1;
    return speed < min ? min : speed > max ? max : speed;
}

static int check(const struct voice_ask *ask, const char *language,
                 const struct engine_voice **voice_out)
{
    if (strlen(ask->text) > VOICE_TEXT_BYTES_MAX)
        return E2BIG;
    if (!utf8_valid(str_of(ask->text)))
        return EINVAL;
    *voice_out = engine_voice_find(ask->voice, language);
    return *voice_out ? 0 : ENOTSUP;
}

int voice_say(struct voices *voices, const struct voice_ask *ask, voice_event_fn *on_event,
              void *arg, struct op **slot)
{
    struct str region = str_of(ask->language);
    struct str language = str_cut(&region, '-');
    struct say draft = {
        .voices = voices, .speed = within(ask->speed, 0.7, 1.2), .on_event = on_event, .arg = arg};
    if (language.bytes != 2)
        return ENOTSUP;
    memcpy(draft.language, language.at, language.bytes);
    int err = check(ask, draft.language, &draft.voice);
    if (err)
        return err;
    pthread_mutex_lock(&voices->lock);
    if (voices->says == VOICE_ASKS_MAX) {
        err = EAGAIN;
    } else {
        struct say *say = xalloc(sizeof *say);
        *say = draft;
        say->text = xstrdup(ask->text);
        say->rest = str_of(say->text);
        op_begin(&say->op, on_cancel, slot);
        voices->says++;
        push_ask(voices, say);
        pthread_cond_signal(&voices->work);
    }
    pthread_mutex_unlock(&voices->lock);
    return err;
}
