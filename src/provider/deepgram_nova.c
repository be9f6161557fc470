/* provider/deepgram_nova.c: Deepgram's live transcription, listen v1: segments that become final,
 * silence that ends an utterance. */
#include "provider/deepgram_private.h"
#include "provider/deepgram_wire.h"

#include <errno.h>

static int url(const struct deepgram *deepgram, const struct stt_options *options,
               struct buf *url_out)
{
    return deepgram_url(deepgram->base_url,
                        &(struct deepgram_query){.model = deepgram->model,
                                                 .language = options->language,
                                                 .tag = options->tag,
                                                 .endpointing_ms = deepgram->endpointing_ms,
                                                 .keyterms = options->keyterms},
                        url_out);
}

static void quiet(struct deepgram_stream *stream)
{
    deepgram_send_text(stream, DEEPGRAM_KEEP_ALIVE);
}

static void tell_results(struct deepgram_stream *stream, const struct deepgram_message *message)
{
    buf_clear(&stream->text);
    json_unescape(&stream->text, message->transcript);
    if (!message->is_final && !stream->text.bytes)
        return; /* they come regularly and say nothing */
    stream->on_event(&(struct stt_event){.kind = message->is_final ? STT_FINAL : STT_PARTIAL,
                                         .text = buf_str(&stream->text),
                                         .start_ms = message->start_ms,
                                         .end_ms = message->end_ms,
                                         .from_finalize = message->from_finalize,
                                         .speech_final = message->speech_final,
                                         .confidence = message->confidence},
                     stream->arg);
}

static void tell(struct deepgram_stream *stream, const struct deepgram_message *message)
{
    switch (message->kind) {
    case DEEPGRAM_RESULTS: tell_results(stream, message); break;
    case DEEPGRAM_SPEECH_STARTED:
        stream->on_event(
            &(struct stt_event){.kind = STT_SPEECH, .start_ms = message->start_ms, .end_ms = -1},
            stream->arg);
        break;
    case DEEPGRAM_UTTERANCE_END:
        stream->on_event(&(struct stt_event){.kind = STT_UTTERANCE_END,
                                             .start_ms = -1,
                                             .end_ms = message->end_ms},
                         stream->arg);
        break;
    case DEEPGRAM_ERROR: deepgram_fail(stream, EPROTO, "Deepgram sent an Error message"); break;
    case DEEPGRAM_METADATA:
    case DEEPGRAM_OTHER: break;
    }
}

static int hear(struct deepgram_stream *stream, struct str text)
{
    struct deepgram_message message;
    int err = deepgram_parse(text, &message);
    if (!err)
        tell(stream, &message);
    return err;
}

const struct deepgram_protocol deepgram_nova = {
    .chunk_bytes = STT_CHUNK_MS * AUDIO_BYTES_PER_MS,
    .quiet_ms = 4000, /* 10 s without audio or a word, and it closes with NET-0001 */
    .finalize = DEEPGRAM_FINALIZE,
    .close = DEEPGRAM_CLOSE_STREAM,
    .url = url,
    .quiet = quiet,
    .hear = hear,
};
