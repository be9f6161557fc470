/* sandbox/deepgram_nova.c: what is said on /v1/listen: results, partial and final, the end of an
 * utterance by its words, and at the end what it was all about. */
#include "base/hash.h"
#include "base/id.h"
#include "sandbox/deepgram_private.h"

enum { EMPTY_RESULT_MS = 4000 }; /* of audio without a result: an empty one shows that we listen */

static int64_t silence_ms(const struct listener *listener)
{
    return listener->ask.endpointing_ms;
}

static void put_results(struct listener *listener, const struct hear_event *event)
{
    struct buf text = {0};
    bool is_final = event->kind == HEAR_FINAL;
    bool by_silence = is_final && event->end == HEAR_BY_SILENCE;
    const struct listen_results results = {.ask = &listener->ask,
                                           .event = event,
                                           .as_written = listener->scripted != NULL,
                                           .begins = !listener->in_sentence,
                                           .ends = by_silence,
                                           .is_final = is_final,
                                           .speech_final = by_silence,
                                           .from_finalize = event->end == HEAR_BY_FINALIZE,
                                           .request_id = listener->request_id};
    listen_results_print(&results, &text);
    listener_put(listener, &text);
    if (is_final) {
        listener->finals++;
        listener->result_to_ms = event->end_ms;
        listener->in_sentence = !by_silence && (event->word_count || listener->in_sentence);
    }
    if (event->word_count)
        listener->last_word_ms = event->words[event->word_count - 1].end_ms;
}

static void on_heard(const struct hear_event *event, void *arg)
{
    struct listener *listener = arg;
    struct buf text = {0};
    listener->speaking = event->kind != HEAR_FINAL;
    if (event->kind != HEAR_SPEECH_STARTED) {
        if (event->kind == HEAR_FINAL || listener->ask.interim_results)
            put_results(listener, event);
    } else if (listener->ask.vad_events) {
        listen_speech_started_print(event->start_ms, &text);
        listener_put(listener, &text);
    }
}

/* The rules that hang on audio time: the end of an utterance by its words, and signs of life. */
static void look_at_time(struct listener *listener)
{
    int64_t now_ms = listener_fed_ms(listener);
    struct buf text = {0};
    if (listener->ask.utterance_end_ms && listener->last_word_ms != NO_WORD &&
        now_ms - listener->last_word_ms >= listener->ask.utterance_end_ms) {
        listen_utterance_end_print(listener->last_word_ms, &text);
        listener->last_word_ms = NO_WORD;
        listener->in_sentence = false;
        listener_put(listener, &text);
    }
    if (!listener->speaking && now_ms - listener->result_to_ms >= EMPTY_RESULT_MS) {
        struct hear_event nothing = {.kind = HEAR_FINAL,
                                     .end = HEAR_BY_LENGTH,
                                     .text = "",
                                     .start_ms = listener->result_to_ms,
                                     .end_ms = now_ms};
        put_results(listener, &nothing);
    }
}

static void put_metadata(struct listener *listener)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct buf hex = {0}, text = {0};
    EVP_DigestFinal_ex(listener->digest, digest, NULL);
    hex_put(&hex, digest, SHA256_BYTES);
    listen_metadata_print(&(struct listen_summary){.request_id = listener->request_id,
                                                   .sha256 = buf_text(&hex),
                                                   .wall_ms = wall_now_ms(),
                                                   .duration_ms = listener_fed_ms(listener),
                                                   .ask = &listener->ask},
                          &text);
    listener_put(listener, &text);
    buf_free(&hex);
}

static void on_text(struct listener *listener, struct str text)
{
    switch (listen_message_read(text)) {
    case LISTEN_KEEP_ALIVE: listener->keep_alives++; break;
    case LISTEN_FINALIZE:
        listener->finalizes++;
        listener_finalize(listener);
        break;
    case LISTEN_CLOSE_STREAM: listener_end(listener); break;
    case LISTEN_CONFIGURE: listener->configures++; break;
    case LISTEN_UNKNOWN:
    case LISTEN_BAD:
        listener_close(listener, WS_CLOSE_POLICY,
                       "DATA-0000: The text message is not one of this API.");
        break;
    }
}

const struct listener_way listener_nova = {
    .asks = LISTEN_LIVE,
    .silence_ms = silence_ms,
    .on_heard = on_heard,
    .on_audio = look_at_time,
    .on_text = on_text,
    .last_words = put_metadata,
};
