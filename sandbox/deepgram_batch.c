/* sandbox/deepgram_batch.c: a recording in, its whole transcript out. */
#include "base/audio.h"
#include "base/hash.h"
#include "base/mem.h"
#include "phone/wav.h"
#include "sandbox/deepgram_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FINALS_MAX = 256, BATCH_SILENCE_MS = 600 };

/* Copies of the recogniser's finals: its events are gone when their handler returns. */
struct minutes {
    struct listen_ask ask;
    struct arena arena;
    struct listen_results finals[FINALS_MAX];
    size_t count;
};

static void on_heard(const struct hear_event *event, void *arg)
{
    struct minutes *minutes = arg;
    if (event->kind != HEAR_FINAL || !event->word_count || minutes->count == FINALS_MAX)
        return;
    struct hear_event *copy = arena_alloc(&minutes->arena, sizeof(*copy));
    struct hear_word *words =
        arena_alloc(&minutes->arena, event->word_count * sizeof(event->words[0]));
    for (size_t i = 0; i < event->word_count; i++) {
        words[i] = event->words[i];
        words[i].text = arena_strdup(&minutes->arena, event->words[i].text);
    }
    *copy = *event;
    copy->words = words;
    copy->text = "";
    minutes->finals[minutes->count++] = (struct listen_results){
        .ask = &minutes->ask, .event = copy, .begins = true, .ends = true, .is_final = true};
}

static void reply(struct visit *visit, const struct minutes *minutes, size_t audio_bytes)
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = {0}, body = {0};
    sha256(visit->req->body, digest);
    hex_put(&hex, digest, sizeof(digest));
    listen_batch_print(
        &(struct listen_batch){
            .summary = {.request_id = visit->req->id,
                        .sha256 = buf_text(&hex),
                        .wall_ms = wall_now_ms(),
                        .duration_ms = (int64_t)(audio_bytes / AUDIO_BYTES_PER_MS),
                        .ask = &minutes->ask},
            .finals = minutes->finals,
            .final_count = minutes->count},
        &body);
    http_set_header(visit->req, "dg-request-id", visit->req->id);
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&hex);
    buf_free(&body);
}

static void transcribe(struct visit *visit, struct minutes *minutes, struct str audio)
{
    struct deepgram *deepgram = visit->party->state;
    struct hear *hear = NULL;
    const struct hear_options options = {.language = listen_language(&minutes->ask),
                                         .silence_ms = BATCH_SILENCE_MS};
    if (hear_open(deepgram->models, &options, on_heard, minutes, &hear)) {
        visit_fail(visit, 500, NULL, "The recogniser has no model for this language.");
        return;
    }
    hear_feed(hear, (const uint8_t *)audio.at, audio.bytes);
    hear_finalize(hear);
    hear_close(&hear);
    reply(visit, minutes, audio.bytes);
}

/* The bare samples, out of their WAVE file when the query does not say how they are coded. */
static int take_audio(const struct listen_ask *ask, struct str body, struct buf *ulaw)
{
    const char *why;
    if (ask->encoding != LISTEN_MULAW)
        return wav_parse(body, ulaw, &why);
    buf_add_str(ulaw, body);
    return body.bytes ? 0 : EPROTO;
}

void deepgram_batch(struct visit *visit)
{
    struct str query = visit->req->target;
    struct buf ulaw = {0};
    struct listen_error error;
    struct listen_ask ask;
    str_cut(&query, '?');
    if (listen_read(query, LISTEN_BATCH, &ask, &error)) {
        deepgram_refuse(visit, &error);
        return;
    }
    struct minutes *minutes = xalloc(sizeof(*minutes));
    minutes->ask = ask;
    if (take_audio(&minutes->ask, visit->req->body, &ulaw))
        visit_fail(visit, 400, "Bad Request",
                   "Bad Request: failed to process audio: corrupt or unsupported data");
    else
        transcribe(visit, minutes, buf_str(&ulaw));
    buf_free(&ulaw);
    listen_fini(&minutes->ask);
    arena_free(&minutes->arena);
    free(minutes);
}
