/* provider/deepgram_private.h: what the two ways of listening that Deepgram has share: the
 * connection (deepgram.c), which knows nothing of what is said, and a few bytes' worth of both
 * wires. For deepgram*.c only. */
#pragma once
#include "base/audio.h"
#include "base/json.h"
#include "net/ws.h"
#include "provider/stt_private.h"

enum { DEEPGRAM_FRAME_BYTES_MAX = 250 * AUDIO_BYTES_PER_MS };

struct deepgram_stream;
struct deepgram {
    struct stt_driver driver;
    struct loop *loop;
    struct deepgram_stream *streams;
    char *base_url, *authorization, *model, *flux_languages, *ca_file;
    int endpointing_ms, open_ms_max, quiet_ms; /* quiet_ms: 0: the protocol's */
};

struct deepgram_protocol {
    size_t chunk_bytes;           /* audio is batched to so much */
    bool chunks_only;             /* less does not help it */
    int quiet_ms;                 /* without audio for so long, quiet() is to keep it awake */
    const char *finalize, *close; /* texts; finalize NULL: it has no such thing */
    int (*url)(const struct deepgram *deepgram, const struct stt_options *options,
               struct buf *url_out);
    void (*quiet)(struct deepgram_stream *stream);
    int (*hear)(struct deepgram_stream *stream, struct str text); /* EPROTO: not one of its texts */
};
extern const struct deepgram_protocol deepgram_nova, deepgram_flux;

/* Silence that no caller's audio is: times are told without it. */
struct flux_pad {
    int64_t at_ms, ms; /* of all that was sent */
};
enum { FLUX_PADS_MAX = 16 };
struct flux {
    struct flux_pad pads[FLUX_PADS_MAX];
    size_t pad_count;
    int64_t padded_ms;  /* by older ones */
    uint32_t turn;      /* that words came of last ... */
    size_t words_bytes; /* ... so much text ... */
    int64_t words_ms;   /* ... known when so much was heard */
};

struct deepgram_stream {
    struct stt stt;
    struct deepgram_stream *next;
    struct deepgram *deepgram;
    const struct deepgram_protocol *protocol;
    enum { OPENING, OPEN, CLOSING, DEAD } state;
    stt_event_fn *on_event;
    void *arg;
    struct log log;
    struct ws *ws;
    struct timer *timer; /* to open; then each quiet_ms; then to close */
    struct buf audio;    /* not sent yet: the backlog, then less than a chunk */
    struct buf text;     /* of the event being told */
    int64_t asked_ms;    /* when it was opened */
    int64_t sent_bytes;  /* of audio */
    int refused;         /* OPENING: why it will fail at the timer; 0 */
    int nonsense;        /* texts in a row that could not be read */
    bool audio_came;     /* since the last tick */
    struct flux flux;
};

/* The last event: the stream is the owner's to close afterwards, perhaps within the handler. */
void deepgram_fail(struct deepgram_stream *stream, int err, const char *why);
void deepgram_send_text(struct deepgram_stream *stream, const char *text);
void deepgram_send_audio(struct deepgram_stream *stream, const void *ulaw, size_t bytes);
/* All the audio there is, in frames of a size it likes; never an empty one, which ends a stream. */
void deepgram_flush(struct deepgram_stream *stream);

/* deepgram_wire.c */
void deepgram_put_param(struct buf *url, const char *name, struct str value);
void deepgram_put_wishes(struct buf *url, const char *tag, const char *const *keyterms);
/* Seconds as they come; what no call can last is taken for "not said". */
bool deepgram_read_ms(struct json *json, int64_t *ms_out);
/* A member of a word: its start, if it is the first one that has any, or its end. False: neither,
 * and not read. */
struct deepgram_span {
    int64_t start_ms, end_ms; /* -1: not said */
};
bool deepgram_read_span(struct json *json, struct str key, struct deepgram_span *span);
