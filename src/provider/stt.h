/* provider/stt.h: speech in, words out. The port that each recogniser implements, deepgram.c first.
 */
#pragma once
#include "base/buf.h"
#include "base/log.h"
#include "net/loop.h"
#include "provider/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STT_OPEN_MS_MAX = 3000 };

struct stt;        /* opaque: one live recognition stream */
struct stt_driver; /* opaque: a provider, its credentials and its breaker; one a worker */

struct stt_event {
    enum stt_event_kind {
        STT_OPEN,          /* audio flows */
        STT_SPEECH,        /* the provider hears speech begin */
        STT_PARTIAL,       /* text replaces the unfinished tail */
        STT_FINAL,         /* text is a finished segment */
        STT_UTTERANCE_END, /* end_ms is the last word's end */
        STT_CLOSED,        /* the last event; err */
    } kind;
    struct str text; /* UTF-8, borrowed until the handler returns */
    int64_t start_ms,
        end_ms; /* offsets into the audio sent on this stream; words: first and last */
    bool from_finalize, speech_final;
    /* Only of a recogniser that finds the turns itself: the number of this one from 1, 0 else; its
     * partials and its one final are all words of the turn. */
    uint32_t turn;
    bool eager, resumed, turn_over; /* it may be over; it is not, after all; it is (STT_FINAL) */
    float confidence;
    int err; /* STT_CLOSED: 0 if we closed it, EACCES (key refused), EBUSY (429), ETIMEDOUT,
              * ECONNRESET, EPROTO, EDQUOT (no money), EINVAL (it does not take our options),
              * EAGAIN (the breaker is open: nobody was asked) */
};
typedef void stt_event_fn(const struct stt_event *event, void *arg);

struct stt_options {
    const char *language;        /* "cs", "sk", "en", "de"; copied */
    const char *const *keyterms; /* names worth expecting, up to NULL; may be NULL; copied */
    const char *tag;             /* shown in the provider's usage: never a person; copied */
    struct log log;
};

struct deepgram_options {
    const char *base_url; /* "https://api.deepgram.com" */
    const char *api_key;
    const char *model; /* "nova-3" */
    /* Heard by its conversational model instead, which finds the turns: "en de"; those it does not
     * know (see flux_knows()) are not. NULL: none */
    const char *flux_languages;
    const char *ca_file;
    int endpointing_ms; /* default 300 */
    int open_ms_max;    /* default STT_OPEN_MS_MAX */
    int quiet_ms;       /* without audio for so long, it is kept awake; default: as it needs it */
};
struct stt_driver *deepgram_new(struct loop *loop, const struct deepgram_options *options);
void stt_driver_free(struct stt_driver **driver);
bool stt_driver_healthy(const struct stt_driver *driver); /* the breaker lets calls through */
const struct provider_stats *stt_driver_stats(const struct stt_driver *driver);

/* Open a stream. on_event runs from the loop, never inside this call, never after stt_close().
 * units:  8 kHz mono G.711 mu-law, just as the carrier sends it, so nobody resamples
 * owner:  the caller, until stt_close()
 * errors: none here; a refused or lost stream ends with STT_CLOSED
 * Audio sent before STT_OPEN is kept and sent first: STT_BACKLOG_MS_MAX of it and what comes in
 * real time while the stream opens; past that the newest is dropped. */
enum { STT_BACKLOG_MS_MAX = 8000, STT_CHUNK_MS = 100 };
struct stt *stt_open(struct stt_driver *driver, const struct stt_options *options,
                     stt_event_fn *on_event, void *arg);
/* Batched to STT_CHUNK_MS, for a send is the dearest thing there is; stt_flush(): what is batched
 * goes at once. stt_finalize(): it goes, and the provider is to finish what is pending; one that
 * finds the turns itself is left to it. */
void stt_send(struct stt *stt, const uint8_t *ulaw, size_t bytes);
void stt_flush(struct stt *stt);
void stt_finalize(struct stt *stt);
void stt_close(struct stt **stt); /* NULL after; NULL is fine; tells the provider */
