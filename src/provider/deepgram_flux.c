/* provider/deepgram_flux.c: Deepgram's conversational recognition, listen v2: it finds the turns.
 * There is nothing to keep it awake with but audio, and without audio it stands still and ends no
 * turn: when the carrier's stalls it gets silence, which is taken out of the times it tells. */
#include "base/mem.h"
#include "provider/deepgram_flux_wire.h"
#include "provider/deepgram_private.h"

#include <errno.h>
#include <string.h>

enum { STALL_MS = 500, CHUNK_MS = 80 };

static int url(const struct deepgram *deepgram, const struct stt_options *options,
               struct buf *url_out)
{
    return flux_url(deepgram->base_url,
                    &(struct flux_query){.language = options->language,
                                         .tag = options->tag,
                                         .keyterms = options->keyterms},
                    url_out);
}

static void note_pad(struct flux *flux, int64_t at_ms, int64_t ms)
{
    struct flux_pad *last = flux->pad_count ? &flux->pads[flux->pad_count - 1] : NULL;
    if (last && last->at_ms + last->ms == at_ms) {
        last->ms += ms;
        return;
    }
    if (flux->pad_count == FLUX_PADS_MAX) { /* the oldest is long behind us */
        flux->padded_ms += flux->pads[0].ms;
        flux->pad_count--;
        memmove(flux->pads, flux->pads + 1, flux->pad_count * sizeof(flux->pads[0]));
    }
    flux->pads[flux->pad_count++] = (struct flux_pad){at_ms, ms};
}

static void quiet(struct deepgram_stream *stream)
{
    uint8_t silence[DEEPGRAM_FRAME_BYTES_MAX];
    memset(silence, ULAW_SILENCE, sizeof(silence));
    int64_t at_ms = stream->sent_bytes / AUDIO_BYTES_PER_MS;
    for (int ms = 0; ms < STALL_MS; ms += (int)sizeof(silence) / AUDIO_BYTES_PER_MS)
        deepgram_send_audio(stream, silence, sizeof(silence));
    note_pad(&stream->flux, at_ms, stream->sent_bytes / AUDIO_BYTES_PER_MS - at_ms);
}

/* Its time as one of the caller's audio. */
static int64_t caller_ms(const struct flux *flux, int64_t at_ms)
{
    int64_t padded_ms = flux->padded_ms;
    for (size_t i = 0; i < flux->pad_count && flux->pads[i].at_ms < at_ms; i++) {
        int64_t into_ms = at_ms - flux->pads[i].at_ms;
        padded_ms += into_ms < flux->pads[i].ms ? into_ms : flux->pads[i].ms;
    }
    return at_ms > padded_ms ? at_ms - padded_ms : 0;
}

/* Words need not have times. Then the last one ended about when it was first known. */
static int64_t words_end_ms(struct flux *flux, const struct flux_message *message)
{
    if (flux->turn != message->turn + 1 || flux->words_bytes != message->transcript.bytes) {
        flux->turn = message->turn + 1;
        flux->words_bytes = message->transcript.bytes;
        flux->words_ms = message->window_end_ms;
    }
    return message->end_ms >= 0 ? message->end_ms : flux->words_ms;
}

static void tell_words(struct deepgram_stream *stream, const struct flux_message *message)
{
    struct flux *flux = &stream->flux;
    int64_t start_ms = message->start_ms >= 0 ? message->start_ms : message->window_start_ms;
    bool over = message->kind == FLUX_END_OF_TURN;
    buf_clear(&stream->text);
    json_unescape(&stream->text, message->transcript);
    stream->on_event(&(struct stt_event){.kind = over ? STT_FINAL : STT_PARTIAL,
                                         .text = buf_str(&stream->text),
                                         .start_ms = caller_ms(flux, start_ms),
                                         .end_ms = caller_ms(flux, words_end_ms(flux, message)),
                                         .turn = message->turn + 1,
                                         .eager = message->kind == FLUX_EAGER_END,
                                         .resumed = message->kind == FLUX_RESUMED,
                                         .turn_over = over,
                                         .confidence = message->confidence},
                     stream->arg);
}

static void tell(struct deepgram_stream *stream, const struct flux_message *message)
{
    switch (message->kind) {
    case FLUX_START_OF_TURN:
        stream->on_event(
            &(struct stt_event){.kind = STT_SPEECH,
                                .start_ms = caller_ms(&stream->flux, message->window_start_ms),
                                .end_ms = -1},
            stream->arg);
        if (stream->state == OPEN) /* not closed over it */
            tell_words(stream, message);
        break;
    case FLUX_UPDATE:
    case FLUX_EAGER_END:
    case FLUX_RESUMED:
    case FLUX_END_OF_TURN: tell_words(stream, message); break;
    case FLUX_ERROR: deepgram_fail(stream, EPROTO, "Deepgram sent an Error message"); break;
    case FLUX_CONNECTED:
    case FLUX_OTHER: break;
    }
}

static int hear(struct deepgram_stream *stream, struct str text)
{
    struct flux_message message;
    int err = flux_parse(text, &message);
    if (!err)
        tell(stream, &message);
    return err;
}

const struct deepgram_protocol deepgram_flux = {
    .chunk_bytes = CHUNK_MS * AUDIO_BYTES_PER_MS,
    .chunks_only = true,
    .quiet_ms = STALL_MS,
    .finalize = NULL, /* ForceEndTurn ends the stream wherever it was not enabled */
    .close = FLUX_CLOSE_STREAM,
    .url = url,
    .quiet = quiet,
    .hear = hear,
};
