/* line/clips.h: the phrases that never change, as audio: synthesised once per voice, language and
 * text, kept in memory (bounded, least lately used goes first) and on disk, so that a greeting
 * starts at once and a call can still be spoken in when the voice service is away.
 *
 *   take --> in memory --> WHOLE          from disk --> WHOLE
 *        '-> synthesise --> COMING --> WHOLE (kept)  or  FAILED (forgotten: the next one tries
 * anew)
 *
 * Calls that want the same phrase at the same time share one synthesis, and one of them hanging up
 * does not stop it. A phrase that cannot be had is given in another voice, if any voice ever said
 * it. */
#pragma once
#include "base/buf.h"
#include "net/loop.h"
#include "provider/tts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLIP_BYTES_MAX = 60 * 8000, /* a minute: longer than anything fixed may be */
    CLIPS_WARM_MAX = 20000,     /* phrases waiting to be made ahead of need */
    CLIPS_WARM_AT_ONCE = 2,
};

struct clips;
struct clips_options {
    struct loop *loop;
    struct tts_driver *tts;
    const char *directory; /* made if need be; NULL: memory only */
    const char *salt;      /* what else decides the sound: provider and model; may be NULL */
    size_t bytes_max;      /* in memory; phrases in use may exceed it */
};
struct clips *clips_new(const struct clips_options *options);
void clips_free(struct clips **clips); /* after the last clip_return() */

struct clip_wish {
    const char *voice_id, *language;
    struct str text;
};
/* One taker's view on a phrase that belongs to the cache. */
struct clip_view;
typedef void clip_news_fn(void *arg); /* more audio or the end: look at the view */

/* Never NULL. What is known at once is there to be looked at; on_news runs later, for what comes,
 * from the loop. */
struct clip_view *clips_take(struct clips *clips, const struct clip_wish *wish,
                             clip_news_fn *on_news, void *arg);
void clip_return(struct clip_view **view); /* NULL after; NULL is fine */

enum clip_state { CLIP_COMING, CLIP_WHOLE, CLIP_FAILED };
enum clip_state clip_state(const struct clip_view *view);
int clip_error(const struct clip_view *view); /* an errno value once it failed, else 0 */
/* Borrowed until the next turn of the loop. */
const uint8_t *clip_audio(const struct clip_view *view, size_t *bytes_out);

/* For whoever is no caller. True: the phrase is there, whole and in this voice, and was added to
 * *ulaw. Else clips_say() has it spoken for him alone: kept nowhere, and in no other voice. */
bool clips_find(struct clips *clips, const struct clip_wish *wish, struct buf *ulaw);
void clips_say(struct clips *clips, const struct clip_wish *wish, tts_event_fn *on_event, void *arg,
               struct op **slot);

/* Makes the phrase ahead of need unless it is on disk or in memory; in turn, patiently, also when
 * the voice service is away for a while. */
void clips_warm(struct clips *clips, const struct clip_wish *wish);

struct clips_stats {
    uint64_t served;   /* taken, and whole at once */
    uint64_t made;     /* synthesised and kept */
    uint64_t failed;   /* could not be made */
    uint64_t replaced; /* ... and given in another voice */
    uint64_t characters;
    size_t bytes, phrases, warm_waiting;
};
const struct clips_stats *clips_stats(const struct clips *clips);
