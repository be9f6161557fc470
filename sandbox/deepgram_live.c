/* sandbox/deepgram_live.c: one live stream: audio in, texts out, and the rules about silence on the
 * line. What is understood is the recogniser's or the script's business; what is said of it,
 * deepgram_nova.c's and deepgram_flux.c's. */
#include "base/audio.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/mem.h"
#include "sandbox/deepgram_private.h"
#include "sandbox/later.h"
#include "sandbox/outbox.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_MS_MAX = 10000, /* without audio or KeepAlive, or without any audio from the start */
};

int64_t hearing_fed_ms(const struct hearing *hearing)
{
    return hearing->hear ? hear_fed_ms(hearing->hear) : scripted_fed_ms(hearing->scripted);
}

static void print_listener(const struct hearing *hearing, struct buf *out)
{
    buf_printf(out, "{\"request_id\":\"%s\",\"model\":\"%s\",\"language\":\"%s\",\"tag\":",
               hearing->request_id, hearing->ask.model, hearing->ask.language);
    buf_json_string(out, str_of(hearing->ask.tag));
    buf_printf(out,
               ",\"scripted\":%s,\"audio_bytes\":%lld,\"keep_alives\":%lld,\"finalizes\":%lld,",
               hearing->scripted ? "true" : "false", (long long)hearing->audio_bytes,
               (long long)hearing->keep_alives, (long long)hearing->finalizes);
    buf_printf(out, "\"configures\":%lld,\"finals\":%lld,\"texts\":%lld,\"close_code\":%d,",
               (long long)hearing->configures, (long long)hearing->finals,
               (long long)outbox_texts(hearing->outbox), hearing->close_code);
    buf_puts(out, "\"keyterms\":");
    listen_keyterms_print(&hearing->ask, out);
    buf_putc(out, '}');
}

void deepgram_print_listeners(void *state, struct buf *out)
{
    const struct deepgram *deepgram = state;
    int shown = 0;
    buf_puts(out, "\"live\":[");
    for (const struct hearing *one = deepgram->hearings; one && shown < SEEN_STREAMS_MAX;
         one = one->next) {
        buf_puts(out, shown++ ? "," : "");
        print_listener(one, out);
    }
    buf_putc(out, ']');
}

static void hearing_free(struct hearing *hearing)
{
    struct deepgram *deepgram = hearing->deepgram;
    struct buf story = {0};
    print_listener(hearing, &story);
    seen_stream(deepgram->party->seen, buf_str(&story));
    buf_free(&story);
    if (hearing->next)
        hearing->next->previous = hearing->previous;
    if (hearing->previous)
        hearing->previous->next = hearing->next;
    else
        deepgram->hearings = hearing->next;
    deepgram->live--;
    hearing->counts->live--;
    if (hearing->ws)
        ws_close(&hearing->ws, WS_CLOSE_LOST, "");
    op_cancel(&hearing->idle);
    op_cancel(&hearing->ending);
    outbox_free(&hearing->outbox);
    hear_close(&hearing->hear);
    scripted_free(&hearing->scripted);
    flux_hear_fini(&hearing->flux);
    listen_fini(&hearing->ask);
    EVP_MD_CTX_free(hearing->digest);
    free(hearing);
}

/* The connection is gone, and so is everybody on the stack who could see the hearing. */
static void on_over(void *arg)
{
    hearing_free(arg);
}

void deepgram_drop_listeners(void *state)
{
    struct deepgram *deepgram = state;
    while (deepgram->hearings)
        hearing_free(deepgram->hearings);
}

void hearing_put(struct hearing *hearing, struct buf *text)
{
    hearing->counts->bytes_out += (int64_t)text->bytes;
    outbox_put(hearing->outbox, buf_str(text));
    buf_free(text);
}

static void feed_ulaw(struct hearing *hearing, const uint8_t *ulaw, size_t bytes)
{
    if (hearing->hear)
        hear_feed(hearing->hear, ulaw, bytes);
    else
        scripted_feed(hearing->scripted, ulaw, bytes);
}

/* Little-endian samples; of 16 kHz each two become one. */
static void feed_linear(struct hearing *hearing, const uint8_t *data, size_t bytes)
{
    bool halve = hearing->ask.sample_rate == 16000;
    struct buf ulaw = {0};
    for (size_t i = 0; i + 1 < bytes; i += 2) {
        int16_t sample = (int16_t)(uint16_t)(data[i] | data[i + 1] << 8);
        if (halve && !hearing->has_odd) {
            hearing->odd_sample = sample;
            hearing->has_odd = true;
            continue;
        }
        if (halve)
            sample = (int16_t)((sample + hearing->odd_sample) / 2);
        hearing->has_odd = false;
        buf_putc(&ulaw, (char)ulaw_encode(sample));
    }
    feed_ulaw(hearing, (const uint8_t *)ulaw.data, ulaw.bytes);
    buf_free(&ulaw);
}

void hearing_finalize(struct hearing *hearing)
{
    if (hearing->hear)
        hear_finalize(hearing->hear);
    else
        scripted_finalize(hearing->scripted);
}

void hearing_close(struct hearing *hearing, int code, const char *why)
{
    hearing->close_code = code;
    outbox_close(hearing->outbox, code, why);
}

void hearing_end(struct hearing *hearing)
{
    if (hearing->close_code)
        return;
    hearing_finalize(hearing);
    if (hearing->way->last_words)
        hearing->way->last_words(hearing);
    hearing_close(hearing, WS_CLOSE_NORMAL, "");
}

static void on_audio(struct hearing *hearing, const uint8_t *data, size_t bytes)
{
    EVP_DigestUpdate(hearing->digest, data, bytes);
    hearing->audio_bytes += (int64_t)bytes;
    if (hearing->ask.encoding == LISTEN_LINEAR16)
        feed_linear(hearing, data, bytes);
    else
        feed_ulaw(hearing, data, bytes);
    hearing->way->on_audio(hearing);
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct hearing *hearing = arg;
    (void)ws;
    if (hearing->close_code)
        return;
    hearing->heard_from_ms = loop_now_ms(hearing->deepgram->party->loop);
    hearing->counts->bytes_in += (int64_t)bytes;
    if (kind == WS_TEXT)
        hearing->way->on_text(hearing, (struct str){data, bytes});
    else if (bytes)
        on_audio(hearing, (const uint8_t *)data, bytes);
    else
        hearing_end(hearing); /* an empty frame is the old way of saying so */
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct hearing *hearing = arg;
    (void)ws;
    (void)why;
    (void)http_status;
    hearing->ws = NULL;
    if (!hearing->close_code)
        hearing->close_code = code;
    if (!hearing->ending)
        later(hearing->deepgram->party->loop, 0, on_over, hearing, &hearing->ending);
}

static void on_idle(void *arg)
{
    struct hearing *hearing = arg;
    struct loop *loop = hearing->deepgram->party->loop;
    int64_t since_ms = hearing->audio_bytes ? hearing->heard_from_ms : hearing->opened_ms;
    int64_t left_ms = since_ms + IDLE_MS_MAX - loop_now_ms(loop);
    if (left_ms > 0)
        later(loop, left_ms, on_idle, hearing, &hearing->idle);
    else
        hearing_close(hearing, WS_CLOSE_INTERNAL,
                      "Deepgram did not receive audio data or a text message within the timeout "
                      "window. NET-0001");
}

static bool open_ears(struct hearing *hearing)
{
    struct deepgram *deepgram = hearing->deepgram;
    int silence_ms = (int)hearing->way->silence_ms(hearing);
    struct script_lines *lines = deepgram_take_order(deepgram, &hearing->ask);
    if (silence_ms != HEAR_SILENCE_NEVER && silence_ms < HEAR_SILENCE_MS_MIN)
        silence_ms = HEAR_SILENCE_MS_MIN;
    if (lines) {
        hearing->scripted = scripted_new(lines, silence_ms, hearing->way->on_heard, hearing);
        script_lines_drop(&lines);
        return true;
    }
    const struct hear_options options = {.language = listen_language(&hearing->ask),
                                         .silence_ms = silence_ms};
    return hear_open(deepgram->models, &options, hearing->way->on_heard, hearing, &hearing->hear) ==
           0;
}

static void link_listener(struct hearing *hearing)
{
    struct deepgram *deepgram = hearing->deepgram;
    hearing->next = deepgram->hearings;
    if (hearing->next)
        hearing->next->previous = hearing;
    deepgram->hearings = hearing;
    deepgram->live++;
    hearing->counts->live++;
}

static struct hearing *hearing_new(struct visit *visit, const struct hearing_way *way,
                                   const struct listen_ask *ask)
{
    struct party *party = visit->party;
    struct hearing *hearing = xalloc(sizeof(*hearing));
    hearing->deepgram = party->state;
    hearing->counts = visit->counts;
    hearing->way = way;
    hearing->ask = *ask;
    hearing->last_word_ms = NO_WORD;
    hearing->opened_ms = hearing->heard_from_ms = loop_now_ms(party->loop);
    hearing->digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(hearing->digest, EVP_sha256(), NULL);
    uuid_print(uuid_new(wall_now_ms()), hearing->request_id);
    hearing->outbox = outbox_new(party->loop, &hearing->ws, &visit->fuse,
                                 party->settings->deepgram_latency_ms, on_over, hearing);
    link_listener(hearing);
    later(party->loop, IDLE_MS_MAX, on_idle, hearing, &hearing->idle);
    return hearing;
}

static void listen(struct visit *visit, const struct hearing_way *way)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_close};
    struct deepgram *deepgram = visit->party->state;
    struct str query = visit->req->target;
    struct listen_error error;
    struct listen_ask ask;
    str_cut(&query, '?');
    if (listen_read(query, way->asks, &ask, &error)) {
        deepgram_refuse(visit, &error);
        return;
    }
    if (deepgram->live >= visit->party->settings->deepgram_streams_max) {
        listen_fini(&ask);
        visit_fail(visit, 429, NULL, NULL);
        return;
    }
    struct hearing *hearing = hearing_new(visit, way, &ask);
    if (!open_ears(hearing)) {
        hearing_free(hearing);
        visit_fail(visit, 500, NULL, "The recogniser has no model for this language.");
        return;
    }
    http_set_header(visit->req, "dg-request-id", hearing->request_id);
    if (visit_accept(visit, &handler, hearing, &hearing->ws))
        hearing_free(hearing);
    else if (way->first_words)
        way->first_words(hearing);
}

void deepgram_live(struct visit *visit)
{
    listen(visit, &hearing_nova);
}

void deepgram_flux(struct visit *visit)
{
    listen(visit, &hearing_flux);
}
