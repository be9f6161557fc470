/* line/clips.c: phrases in a hash table with an order of use; the files are clips_disk.c's. */
#include "line/clips.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "line/clips_disk.h"
#include "rules/spoken.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    TABLE_SLOTS = 1024,
    WARM_PAUSE_MS_MIN = 2000, /* after a failure, doubled with each one on */
    WARM_PAUSE_MS_MAX = 60000,
    WARM_FIRST_BYTE_MS_MAX = 10000, /* nobody is waiting on the telephone */
};

struct clip_view {
    struct clip *clip;
    clip_news_fn *on_news; /* NULL: returned, gone at the end of the loop's turn */
    void *arg;
    struct clip_view *next;
};

struct clip {
    struct clips *clips;
    char key[CLIP_KEY_BYTES + 1]; /* <words>/<voice> */
    struct clip *chain;           /* in its slot of the table */
    struct clip *older, *newer;
    struct clip_view *views;
    struct op *speaking;
    struct buf audio;
    enum clip_state state;
    int err;
    bool kept;               /* in the table and in the order of use */
    bool dropped;            /* its memory goes at the end of the loop's turn */
    struct clip_order *warm; /* what it is made for; NULL: for a call */
};

struct clip_order { /* a phrase to be made ahead of need */
    struct clip_order *next;
    char *voice_id, *language, *text;
};

struct clips {
    struct loop *loop;
    struct tts_driver *tts;
    char *directory; /* NULL: none */
    char *salt;
    size_t bytes_max;
    struct clip *table[TABLE_SLOTS];
    struct clip *oldest, *newest;
    struct clip_order *first_order, *last_order;
    size_t warming;
    int64_t warm_pause_ms;
    struct timer *warm_timer;
    struct clips_stats stats;
};

/* ---- names ---- */

static void add_part(struct buf *buf, const char *text)
{
    buf_puts(buf, text ? text : "");
    buf_putc(buf, '\0'); /* so that "ab" "c" is not "a" "bc" */
}

static void put_digest(struct buf *buf, char out[CLIP_NAME_BYTES + 1])
{
    uint8_t digest[SHA256_BYTES];
    sha256(buf_str(buf), digest);
    buf_clear(buf);
    hex_put(buf, digest, CLIP_NAME_BYTES / 2);
    memcpy(out, buf_text(buf), CLIP_NAME_BYTES + 1);
    buf_clear(buf);
}

static void make_key(const struct clips *clips, const struct clip_wish *wish,
                     char out[CLIP_KEY_BYTES + 1])
{
    struct buf buf = {0};
    add_part(&buf, wish->language);
    buf_add_str(&buf, wish->text);
    put_digest(&buf, out);
    out[CLIP_NAME_BYTES] = '/';
    add_part(&buf, clips->salt);
    add_part(&buf, wish->voice_id);
    put_digest(&buf, out + CLIP_NAME_BYTES + 1);
    buf_free(&buf);
}

static struct clip **slot_of(struct clips *clips, const char *key)
{
    uint32_t hash = 2166136261U; /* FNV-1a of what is a digest already */
    for (const char *c = key; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619U;
    return &clips->table[hash % TABLE_SLOTS];
}

static struct clip *find(struct clips *clips, const char *key)
{
    struct clip *clip = *slot_of(clips, key);
    while (clip && strcmp(clip->key, key) != 0)
        clip = clip->chain;
    return clip;
}

/* ---- the order of use ---- */

static void unlink_use(struct clip *clip)
{
    struct clips *clips = clip->clips;
    *(clip->older ? &clip->older->newer : &clips->oldest) = clip->newer;
    *(clip->newer ? &clip->newer->older : &clips->newest) = clip->older;
    clip->older = clip->newer = NULL;
}

static void link_use(struct clip *clip)
{
    struct clips *clips = clip->clips;
    clip->older = clips->newest;
    *(clips->newest ? &clips->newest->newer : &clips->oldest) = clip;
    clips->newest = clip;
}

static void free_clip(void *arg)
{
    struct clip *clip = arg;
    buf_free(&clip->audio);
    free(clip);
}

static void drop_if_unused(struct clip *clip)
{
    if (clip->kept || clip->views || clip->speaking || clip->dropped)
        return;
    clip->dropped = true;
    loop_defer(clip->clips->loop, free_clip, clip);
}

/* Nobody finds it any more; its memory goes with its last view. */
static void forget(struct clip *clip)
{
    struct clips *clips = clip->clips;
    struct clip **slot = slot_of(clips, clip->key);
    while (*slot != clip)
        slot = &(*slot)->chain;
    *slot = clip->chain;
    unlink_use(clip);
    clip->kept = false;
    clips->stats.phrases--;
    if (clip->state == CLIP_WHOLE)
        clips->stats.bytes -= clip->audio.bytes;
    drop_if_unused(clip);
}

static void make_room(struct clips *clips)
{
    struct clip *clip = clips->oldest;
    while (clip && clips->stats.bytes > clips->bytes_max) {
        struct clip *newer = clip->newer;
        if (!clip->views && clip->state == CLIP_WHOLE)
            forget(clip);
        clip = newer;
    }
}

static struct clip *keep(struct clips *clips, const char *key)
{
    struct clip *clip = xalloc(sizeof(*clip));
    clip->clips = clips;
    memcpy(clip->key, key, sizeof(clip->key));
    struct clip **slot = slot_of(clips, key);
    clip->chain = *slot;
    *slot = clip;
    clip->kept = true;
    link_use(clip);
    clips->stats.phrases++;
    return clip;
}

static bool find_other_voice(struct clip *clip)
{
    for (struct clip *other = clip->clips->newest; other; other = other->older)
        if (other->state == CLIP_WHOLE && memcmp(other->key, clip->key, CLIP_NAME_BYTES) == 0) {
            buf_add(&clip->audio, other->audio.data, other->audio.bytes);
            return true;
        }
    return false;
}

/* ---- making ---- */

static void tell_views(struct clip *clip)
{
    /* A view returned meanwhile is unlinked, but stands with its next until the turn ends. */
    for (struct clip_view *view = clip->views; view; view = view->next)
        if (view->on_news)
            view->on_news(view->arg);
}

static void free_order(struct clip_order *order)
{
    free(order->voice_id);
    free(order->language);
    free(order->text);
    free(order);
}

static void append_order(struct clips *clips, struct clip_order *order)
{
    order->next = NULL;
    *(clips->last_order ? &clips->last_order->next : &clips->first_order) = order;
    clips->last_order = order;
    clips->stats.warm_waiting++;
}

/* A voice that is not there or a text that is refused will be so tomorrow as well. */
static bool is_worth_repeating(int err)
{
    return err && err != EINVAL && err != ENOENT && err != EMSGSIZE;
}

static void warmed(struct clip *clip)
{
    struct clips *clips = clip->clips;
    struct clip_order *order = clip->warm;
    if (!order)
        return;
    clip->warm = NULL;
    clips->warming--;
    if (is_worth_repeating(clip->err)) {
        append_order(clips, order);
        int64_t pause_ms = clips->warm_pause_ms ? 2 * clips->warm_pause_ms : WARM_PAUSE_MS_MIN;
        clips->warm_pause_ms = pause_ms < WARM_PAUSE_MS_MAX ? pause_ms : WARM_PAUSE_MS_MAX;
    } else {
        free_order(order);
        clips->warm_pause_ms = 0;
    }
    timer_set(clips->warm_timer, loop_now_ms(clips->loop) + clips->warm_pause_ms);
}

static void made(struct clip *clip)
{
    struct clips *clips = clip->clips;
    clip->state = CLIP_WHOLE;
    clips->stats.made++;
    clips->stats.bytes += clip->audio.bytes;
    disk_write(clips->directory, clip->key, buf_str(&clip->audio));
}

static void not_made(struct clip *clip, int err)
{
    struct clips *clips = clip->clips;
    clips->stats.failed++;
    bool replaced =
        clip->audio.bytes == 0 &&
        (find_other_voice(clip) || disk_read_any_voice(clips->directory, clip->key, &clip->audio));
    log_warn(NULL, "clip_not_made", "err=%d replaced=%d", err, replaced);
    clips->stats.replaced += replaced;
    clip->err = err;
    forget(clip); /* the next one who wants it shall try anew, in the right voice */
    clip->state = replaced ? CLIP_WHOLE : CLIP_FAILED;
}

static void on_speech(const struct tts_event *event, void *arg)
{
    struct clip *clip = arg;
    int err = event->kind == TTS_FAILED ? event->err : 0;
    if (event->kind == TTS_AUDIO) {
        if (clip->audio.bytes + event->bytes <= CLIP_BYTES_MAX) {
            buf_add(&clip->audio, event->ulaw, event->bytes);
            tell_views(clip);
            return;
        }
        err = EMSGSIZE;
        op_cancel(&clip->speaking);
    }
    clip->clips->stats.characters += (uint64_t)event->characters;
    if (!err && clip->audio.bytes == 0)
        err = EPROTO; /* it said it spoke, and gave nothing */
    if (err)
        not_made(clip, err);
    else
        made(clip);
    warmed(clip);
    tell_views(clip);
    drop_if_unused(clip);
    make_room(clip->clips);
}

static void say(struct clips *clips, const struct clip_wish *wish, int64_t first_byte_ms_max,
                tts_event_fn *on_event, void *arg, struct op **slot)
{
    struct buf words = {0}; /* a greeting may hold figures, too */
    spoken_put(wish->language, wish->text, &words);
    struct tts_request request = {.text = buf_str(&words),
                                  .voice_id = wish->voice_id,
                                  .language = wish->language,
                                  .first_byte_ms_max = first_byte_ms_max};
    tts_speak(clips->tts, &request, on_event, arg, slot);
    buf_free(&words);
}

static void speak(struct clip *clip, const struct clip_wish *wish, int64_t first_byte_ms_max)
{
    say(clip->clips, wish, first_byte_ms_max, on_speech, clip, &clip->speaking);
}

/* ---- taking ---- */

/* The phrase as far as it is known, from memory or disk; NULL: it has to be made. */
static struct clip *look_up(struct clips *clips, const char *key)
{
    struct clip *clip = find(clips, key);
    if (clip) {
        unlink_use(clip);
        link_use(clip);
        return clip;
    }
    struct buf audio = {0};
    if (!disk_read(clips->directory, key, &audio)) {
        buf_free(&audio);
        return NULL;
    }
    clip = keep(clips, key);
    clip->audio = audio;
    clip->state = CLIP_WHOLE;
    clips->stats.bytes += audio.bytes;
    return clip;
}

struct clip_view *clips_take(struct clips *clips, const struct clip_wish *wish,
                             clip_news_fn *on_news, void *arg)
{
    char key[CLIP_KEY_BYTES + 1];
    make_key(clips, wish, key);
    struct clip *clip = look_up(clips, key);
    if (!clip) {
        clip = keep(clips, key);
        speak(clip, wish, 0);
    }
    clips->stats.served += clip->state == CLIP_WHOLE;
    struct clip_view *view = xalloc(sizeof(*view));
    *view = (struct clip_view){.clip = clip, .on_news = on_news, .arg = arg, .next = clip->views};
    clip->views = view;
    make_room(clips);
    return view;
}

void clip_return(struct clip_view **slot)
{
    struct clip_view *view = *slot;
    if (!view)
        return;
    *slot = NULL;
    struct clip *clip = view->clip;
    struct clip_view **link = &clip->views;
    while (*link != view)
        link = &(*link)->next;
    *link = view->next;
    view->on_news = NULL;
    loop_defer(clip->clips->loop, free, view);
    drop_if_unused(clip);
}

enum clip_state clip_state(const struct clip_view *view)
{
    return view->clip->state;
}

int clip_error(const struct clip_view *view)
{
    return view->clip->state == CLIP_FAILED ? view->clip->err : 0;
}

const uint8_t *clip_audio(const struct clip_view *view, size_t *bytes_out)
{
    *bytes_out = view->clip->audio.bytes;
    return (const uint8_t *)view->clip->audio.data;
}

/* ---- for whoever is no caller ---- */

bool clips_find(struct clips *clips, const struct clip_wish *wish, struct buf *ulaw)
{
    char key[CLIP_KEY_BYTES + 1];
    make_key(clips, wish, key);
    const struct clip *clip = look_up(clips, key);
    bool whole = clip && clip->state == CLIP_WHOLE;
    if (whole)
        buf_add_str(ulaw, buf_str(&clip->audio));
    make_room(clips);
    return whole;
}

void clips_say(struct clips *clips, const struct clip_wish *wish, tts_event_fn *on_event, void *arg,
               struct op **slot)
{
    say(clips, wish, 0, on_event, arg, slot);
}

/* ---- ahead of need ---- */

static struct clip_order *next_order(struct clips *clips)
{
    struct clip_order *order = clips->first_order;
    if (order) {
        clips->first_order = order->next;
        if (!order->next)
            clips->last_order = NULL;
        clips->stats.warm_waiting--;
    }
    return order;
}

static void carry_out(struct clips *clips, struct clip_order *order)
{
    struct clip_wish wish = {order->voice_id, order->language, str_of(order->text)};
    char key[CLIP_KEY_BYTES + 1];
    make_key(clips, &wish, key);
    if (find(clips, key) || disk_has(clips->directory, key)) {
        free_order(order);
        return;
    }
    struct clip *clip = keep(clips, key);
    clip->warm = order;
    clips->warming++;
    speak(clip, &wish, WARM_FIRST_BYTE_MS_MAX);
}

static void warm_more(void *arg)
{
    struct clips *clips = arg;
    while (clips->warming < CLIPS_WARM_AT_ONCE && clips->first_order)
        carry_out(clips, next_order(clips));
}

void clips_warm(struct clips *clips, const struct clip_wish *wish)
{
    if (clips->stats.warm_waiting == CLIPS_WARM_MAX)
        return; /* it will be made when it is wanted */
    struct clip_order *order = xalloc(sizeof(*order));
    order->voice_id = xstrdup(wish->voice_id);
    order->language = xstrdup(wish->language);
    order->text = xstrndup(wish->text.at, wish->text.bytes);
    append_order(clips, order);
    if (clips->warming < CLIPS_WARM_AT_ONCE && clips->warm_pause_ms == 0)
        timer_set(clips->warm_timer, loop_now_ms(clips->loop));
}

/* ---- the cache itself ---- */

struct clips *clips_new(const struct clips_options *options)
{
    struct clips *clips = xalloc(sizeof(*clips));
    clips->loop = options->loop;
    clips->tts = options->tts;
    clips->directory = xstrdup(options->directory);
    clips->salt = xstrdup(options->salt);
    clips->bytes_max = options->bytes_max;
    clips->warm_timer = timer_new(clips->loop, warm_more, clips);
    int err = disk_prepare(clips->directory);
    if (err) {
        log_warn(NULL, "no_clip_directory", "err=%d", err);
        free(clips->directory);
        clips->directory = NULL;
    }
    return clips;
}

void clips_free(struct clips **slot)
{
    struct clips *clips = *slot;
    if (!clips)
        return;
    *slot = NULL;
    timer_free(&clips->warm_timer);
    for (struct clip_order *order; (order = next_order(clips));)
        free_order(order);
    while (clips->newest) {
        struct clip *clip = clips->newest;
        assert(!clip->views);
        op_cancel(&clip->speaking);
        if (clip->warm)
            free_order(clip->warm);
        forget(clip);
    }
    free(clips->directory);
    free(clips->salt);
    loop_defer(clips->loop, free, clips); /* what was deferred before still names it */
}

const struct clips_stats *clips_stats(const struct clips *clips)
{
    return &clips->stats;
}
