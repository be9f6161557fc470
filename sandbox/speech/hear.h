/* speech/hear.h: telephone audio in, words out: the sandbox's ears, in cs, de, en and sk.
 *
 * One struct hear is one call's recogniser. Audio goes in as it comes; a voice activity detector
 * cuts it into utterances; what was said comes out as events:
 *
 *           4 voiced frames               silence_ms of silence, or 30 s
 *   quiet ------------------> speaking -------------------------------------> quiet
 *          SPEECH_STARTED       | ^                   FINAL
 *                               +-+ PARTIAL, when the words changed
 *                               +-+ FINAL, on hear_finalize(): the words so far
 *
 * Words it can hear are those of its models: sphinxbase's language model reads past its end when a
 * word is added later, so there are no keyterms.
 *
 * It is closed-domain (call screening) and made for the project's own recorded and synthetic
 * callers; free human speech it understands only roughly.
 *
 * threads: everything made from one struct hear_models belongs to one thread; a second thread opens
 *          models of its own.
 * cost:    about 4 % of a core while somebody speaks, next to nothing in silence; 11 MB a call.
 * Times are milliseconds of audio fed so far, not of any clock, so the same bytes give the same
 * events whatever the pace and the cutting into pieces. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
    HEAR_SILENCE_MS = 600,         /* ends an utterance, when the options do not say */
    HEAR_SILENCE_MS_MIN = 100,     /* less would cut words at a "p"; asking for less gives this */
    HEAR_SILENCE_NEVER = -1,       /* only its length ends an utterance */
    HEAR_UTTERANCE_MS_MAX = 30000, /* then it is cut, and goes on as the next one */
    HEAR_IDLE_DECODERS_MAX = 16,   /* kept warm for the next call, per language */
};

struct hear_models; /* opaque: what calls share: where the models are, decoders that wait */
struct hear;        /* opaque: one call's recogniser */

struct hear_word {
    const char *text; /* UTF-8, lower case, no punctuation */
    int64_t start_ms;
    int64_t end_ms;
    double confidence; /* 0 to 1 in a final; 0 in a partial, where it is not known yet */
};

struct hear_event {
    enum hear_kind { HEAR_SPEECH_STARTED, HEAR_PARTIAL, HEAR_FINAL } kind;
    enum hear_end { HEAR_GOES_ON, HEAR_BY_SILENCE, HEAR_BY_FINALIZE, HEAR_BY_LENGTH } end;
    const char *text; /* the words, one space between; "" where none were understood */
    const struct hear_word *words;
    size_t word_count;
    double confidence; /* mean of the words'; 0 without words. Under 0.7: better ask again */
    int64_t start_ms;  /* the audio this speaks of; */
    int64_t end_ms;    /* for SPEECH_STARTED both are the moment the voice set in */
};
/* Everything in the event is borrowed until the handler returns. */
typedef void hear_event_fn(const struct hear_event *event, void *arg);

struct hear_options {
    const char *language; /* "cs", "de", "en", "sk"; a region behind it ("en-GB") is ignored */
    int silence_ms;       /* 0 means HEAR_SILENCE_MS */
    /* The channel's mean spectrum, which the recogniser learns. CARRIED goes on learning through
     * the call and understands faint callers better; PER_UTTERANCE starts anew each time, so that a
     * test does not depend on what was said before. */
    enum hear_mean { HEAR_MEAN_CARRIED, HEAR_MEAN_PER_UTTERANCE } mean;
};

/* model_dir holds LANGUAGE.arpa and LANGUAGE.dict as the build makes them; acoustic_dir a
 * pocketsphinx acoustic model, NULL for Debian's en-us.
 *
 * errors: ENOENT where either is missing. The models of a language are looked at when it is first
 * asked for. */
int hear_models_open(const char *model_dir, const char *acoustic_dir,
                     struct hear_models **models_out);
void hear_models_close(struct hear_models **models); /* after its last struct hear was closed */

/* Open a recogniser. on_event runs inside hear_feed() and hear_finalize() and at no other time: the
 * audio is worked through right there, and there is nothing to wait for. It must not call hear_*
 * on the same recogniser.
 *
 * owner:  the caller, until hear_close(); the options are copied
 * errors: ENOTSUP (no model for the language), EIO (the model does not load) */
int hear_open(struct hear_models *models, const struct hear_options *options,
              hear_event_fn *on_event, void *arg, struct hear **hear_out);
/* Any number of bytes of 8 kHz mono G.711 mu-law; whole frames of 20 ms are taken at once, the rest
 * waits for more. */
void hear_feed(struct hear *hear, const uint8_t *ulaw, size_t bytes);
/* Say now what was heard so far: always one FINAL with HEAR_BY_FINALIZE, even with nothing in it.
 * The utterance goes on; what comes after it is another FINAL. */
void hear_finalize(struct hear *hear);
int64_t hear_fed_ms(const struct hear *hear); /* how much audio came in */
void hear_close(struct hear **hear);          /* no more events; NULL after; NULL is fine */
