/* speech/voice.h: text in, telephone audio out: the sandbox's mouth, in cs, de, en and sk.
 *
 * The engines block (10 ms a clause is usual) and espeak-ng can live only once in a process, so one
 * worker thread does all synthesis, a clause at a time and in turn for all who asked. What is ready
 * is handed over in the caller's thread: watch voices_fd(), call voices_deliver() when it is
 * readable. Flite speaks English; festival, in a child process, speaks Czech and reads Slovak;
 * espeak-ng speaks German, and everything when festival is not there. */
#pragma once
#include "base/buf.h"
#include "base/op.h"

#include <stddef.h>
#include <stdint.h>

enum {
    VOICE_TEXT_BYTES_MAX = 10000,
    VOICE_ASKS_MAX = 256,         /* asked for and not done */
    VOICE_CLAUSE_BYTES_MAX = 300, /* a longer one is cut at a space */
};

struct voices; /* opaque: the worker, its engines, what is in flight */

/* A voice there is. name is what struct voice_ask takes. */
struct voice_info {
    const char *name;
    const char *languages; /* those it speaks, space between: "cs sk" */
    enum voice_sex { VOICE_FEMALE, VOICE_MALE } sex;
};
const struct voice_info *voice_list(size_t *count_out);

struct voice_ask {
    const char *text;     /* UTF-8 */
    const char *language; /* "cs", "de", "en", "sk"; a region behind it is ignored */
    const char *voice; /* a name of voice_list(); one that is unknown or does not speak the language
                          gives one of the same sex that does, NULL the language's own */
    double speed;      /* 1 is as usual, 0 means 1, held within 0.7 and 1.2 */
};

struct voice_char { /* one code point of the text */
    int64_t start_ms;
    int64_t end_ms;
};

/* One clause of audio, or the end. Borrowed until the handler returns. */
struct voice_event {
    enum voice_kind { VOICE_AUDIO, VOICE_DONE } kind;
    const uint8_t *ulaw; /* 8 kHz mono G.711 mu-law, any number of bytes */
    size_t ulaw_bytes;
    struct str text; /* what the audio says: all pieces together are the text asked for */
    /* When each character sounds, counted from the start of the whole audio. The engines do not
     * tell: each clause is spread over its own sound by the weight of its letters, so words are
     * right to a few hundredths of a second. */
    const struct voice_char *chars;
    size_t char_count; /* code points of text */
    int err;           /* VOICE_DONE only: 0, or EIO when no engine could say it */
};
typedef void voice_event_fn(const struct voice_event *event, void *arg);

/* Starts the worker. errors: what pthread_create() or eventfd() said. */
int voices_open(struct voices **voices_out);
void voices_close(
    struct voices **voices); /* what is in flight is dropped; NULL after, NULL is fine */
int voices_fd(const struct voices *voices); /* readable when voices_deliver() has something to do */
void voices_deliver(struct voices *voices); /* runs handlers; never blocks */

/* Say something. on_event runs from voices_deliver() only: pieces of audio in order, then DONE,
 * before which the slot is NULL. After op_cancel(slot) it never runs; a handler may cancel
 * anything, its own ask too.
 *
 * errors: ENOTSUP (a language nobody speaks), EINVAL (not UTF-8), E2BIG (VOICE_TEXT_BYTES_MAX),
 *         EAGAIN (VOICE_ASKS_MAX) */
int voice_say(struct voices *voices, const struct voice_ask *ask, voice_event_fn *on_event,
              void *arg, struct op **slot);
