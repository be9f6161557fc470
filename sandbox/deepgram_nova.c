/* sandbox/deepgram_nova.c: what is said on /v1/listen: results, partial and final, the end of an
 * utterance by its words, and at the end what it was all about. */
#include "base/hash.h"
#include "base/id.h"
#include "sandbox/deepgram_private.h"

enum { EMPTY_RESULT_MS = 4000 }; /* of audio without a result: an empty one shows that we listen */

static int64_t silence_ms(const struct hearing *hearing)
{
    return hearing->ask.endpointing_ms;
}

static void put_results(struct hearing *hearing, const struct hear_event *event)
{
    struct buf text = {0};
    bool is_final = event->kind == HEAR_FINAL;
    bool by_silence = is_final && event->end == HEAR_BY_SILENCE;
    const struct listen_results results = {.ask = &hearing->ask,
                                           .event = event,
                                           .as_written = hearing->scripted != NULL,
                                           .begins = !hearing->in_sentence,
                                           .ends = by_silence,
                                           .is_final = is_final,
                                           .speech_final = by_silence,
                                           .from_finalize = event->end == HEAR_BY_FINALIZE,
                                           .request_id = hearing->request_id};
    listen_results_print(&results, &text);
    hearing_put(hearing, &text);
    if (is_final) {
        hearing->finals++;
        hearing->result_to_ms = event->end_ms;
        hearing->in_sentence = !by_silence && (event->word_count || hearing->in_sentence);
    }
    if (event->word_count)
        hearing->last_word_ms = event->words[event->word_count - 1].end_ms;
}

static void on_heard(const struct hear_event *event, void *arg)
{
    struct hearing *hearing = arg;
    struct buf text = {0};
    hearing->speaking = event->kind != HEAR_FINAL;
    if (event->kind != HEAR_SPEECH_STARTED) {
        if (event->kind == HEAR_FINAL || hearing->ask.interim_results)
            put_results(hearing, event);
    } else if (hearing->ask.vad_events) {
        listen_speech_started_print(event->start_ms, &text);
        hearing_put(hearing, &text);
    }
}

/* The rules that hang on audio time: the end of an utterance by its words, and signs of life. */
static void look_at_time(struct hearing *hearing)
{
    int64_t now_ms = hearing_fed_ms(hearing);
    struct buf text = {0};
    if (hearing->ask.utterance_end_ms && hearing->last_word_ms != NO_WORD &&
        now_ms - hearing->last_word_ms >= hearing->ask.utterance_end_ms) {
        listen_utterance_end_print(hearing->last_word_ms, &text);
        hearing->last_word_ms = NO_WORD;
        hearing->in_sentence = false;
        hearing_put(hearing, &text);
    }
    if (!hearing->speaking && now_ms - hearing->result_to_ms >= EMPTY_RESULT_MS) {
        struct hear_event nothing = {.kind = HEAR_FINAL,
                                     .end = HEAR_BY_LENGTH,
                                     .text = "",
                                     .start_ms = hearing->result_to_ms,
                                     .end_ms = now_ms};
        put_results(hearing, &nothing);
    }
}

static void put_metadata(struct hearing *hearing)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct buf hex = {0}, text = {0};
    EVP_DigestFinal_ex(hearing->digest, digest, NULL);
    hex_put(&hex, digest, SHA256_BYTES);
    listen_metadata_print(&(struct listen_summary){.request_id = hearing->request_id,
                                                   .sha256 = buf_text(&hex),
                                                   .wall_ms = wall_now_ms(),
                                                   .duration_ms = hearing_fed_ms(hearing),
                                                   .ask = &hearing->ask},
                          &text);
    hearing_put(hearing, &text);
    buf_free(&hex);
}

static void on_text(struct hearing *hearing, struct str text)
{
    switch (listen_message_read(text)) {
    case LISTEN_KEEP_ALIVE: hearing->keep_alives++; break;
    case LISTEN_FINALIZE:
        hearing->finalizes++;
        hearing_finalize(hearing);
        break;
    case LISTEN_CLOSE_STREAM: hearing_end(hearing); break;
    case LISTEN_CONFIGURE: hearing->configures++; break;
    case LISTEN_UNKNOWN:
    case LISTEN_BAD:
        hearing_close(hearing, WS_CLOSE_POLICY,
                      "DATA-0000: The text message is not one of this API.");
        break;
    }
}

const struct hearing_way hearing_nova = {
    .asks = LISTEN_LIVE,
    .silence_ms = silence_ms,
    .on_heard = on_heard,
    .on_audio = look_at_time,
    .on_text = on_text,
    .last_words = put_metadata,
};
