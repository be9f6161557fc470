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

int64_t listener_fed_ms(const struct listener *listener)
{
    return listener->hear ? hear_fed_ms(listener->hear) : scripted_fed_ms(listener->scripted);
}

static void print_listener(const struct listener *listener, struct buf *out)
{
    buf_printf(out, "{\"request_id\":\"%s\",\"model\":\"%s\",\"language\":\"%s\",\"tag\":",
               listener->request_id, listener->ask.model, listener->ask.language);
    buf_json_string(out, str_of(listener->ask.tag));
    buf_printf(out,
               ",\"scripted\":%s,\"audio_bytes\":%lld,\"keep_alives\":%lld,\"finalizes\":%lld,",
               listener->scripted ? "true" : "false", (long long)listener->audio_bytes,
               (long long)listener->keep_alives, (long long)listener->finalizes);
    buf_printf(out, "\"configures\":%lld,\"finals\":%lld,\"texts\":%lld,\"close_code\":%d,",
               (long long)listener->configures, (long long)listener->finals,
               (long long)outbox_texts(listener->outbox), listener->close_code);
    buf_puts(out, "\"keyterms\":");
    listen_keyterms_print(&listener->ask, out);
    buf_putc(out, '}');
}

void deepgram_print_listeners(void *state, struct buf *out)
{
    const struct deepgram *deepgram = state;
    int shown = 0;
    buf_puts(out, "\"live\":[");
    for (const struct listener *one = deepgram->listeners; one && shown < SEEN_STREAMS_MAX;
         one = one->next) {
        buf_puts(out, shown++ ? "," : "");
        print_listener(one, out);
    }
    buf_putc(out, ']');
}

static void listener_free(struct listener *listener)
{
    struct deepgram *deepgram = listener->deepgram;
    struct buf story = {0};
    print_listener(listener, &story);
    seen_stream(deepgram->party->seen, buf_str(&story));
    buf_free(&story);
    if (listener->next)
        listener->next->previous = listener->previous;
    if (listener->previous)
        listener->previous->next = listener->next;
    else
        deepgram->listeners = listener->next;
    deepgram->live--;
    listener->counts->live--;
    if (listener->ws)
        ws_close(&listener->ws, WS_CLOSE_LOST, "");
    op_cancel(&listener->idle);
    op_cancel(&listener->ending);
    outbox_free(&listener->outbox);
    hear_close(&listener->hear);
    scripted_free(&listener->scripted);
    flux_hear_fini(&listener->flux);
    listen_fini(&listener->ask);
    EVP_MD_CTX_free(listener->digest);
    free(listener);
}

/* The connection is gone, and so is everybody on the stack who could see the listener. */
static void on_over(void *arg)
{
    listener_free(arg);
}

void deepgram_drop_listeners(void *state)
{
    struct deepgram *deepgram = state;
    while (deepgram->listeners)
        listener_free(deepgram->listeners);
}

void listener_put(struct listener *listener, struct buf *text)
{
    listener->counts->bytes_out += (int64_t)text->bytes;
    outbox_put(listener->outbox, buf_str(text));
    buf_free(text);
}

static void feed_ulaw(struct listener *listener, const uint8_t *ulaw, size_t bytes)
{
    if (listener->hear)
        hear_feed(listener->hear, ulaw, bytes);
    else
        scripted_feed(listener->scripted, ulaw, bytes);
}

/* Little-endian samples; of 16 kHz each two become one. */
static void feed_linear(struct listener *listener, const uint8_t *data, size_t bytes)
{
    bool halve = listener->ask.sample_rate == 16000;
    struct buf ulaw = {0};
    for (size_t i = 0; i + 1 < bytes; i += 2) {
        int16_t sample = (int16_t)(uint16_t)(data[i] | data[i + 1] << 8);
        if (halve && !listener->has_odd) {
            listener->odd_sample = sample;
            listener->has_odd = true;
            continue;
        }
        if (halve)
            sample = (int16_t)((sample + listener->odd_sample) / 2);
        listener->has_odd = false;
        buf_putc(&ulaw, (char)ulaw_encode(sample));
    }
    feed_ulaw(listener, (const uint8_t *)ulaw.data, ulaw.bytes);
    buf_free(&ulaw);
}

void listener_finalize(struct listener *listener)
{
    if (listener->hear)
        hear_finalize(listener->hear);
    else
        scripted_finalize(listener->scripted);
}

void listener_close(struct listener *listener, int code, const char *why)
{
    listener->close_code = code;
    outbox_close(listener->outbox, code, why);
}

void listener_end(struct listener *listener)
{
    if (listener->close_code)
        return;
    listener_finalize(listener);
    if (listener->way->last_words)
        listener->way->last_words(listener);
    listener_close(listener, WS_CLOSE_NORMAL, "");
}

static void on_audio(struct listener *listener, const uint8_t *data, size_t bytes)
{
    EVP_DigestUpdate(listener->digest, data, bytes);
    listener->audio_bytes += (int64_t)bytes;
    if (listener->ask.encoding == LISTEN_LINEAR16)
        feed_linear(listener, data, bytes);
    else
        feed_ulaw(listener, data, bytes);
    listener->way->on_audio(listener);
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct listener *listener = arg;
    (void)ws;
    if (listener->close_code)
        return;
    listener->heard_from_ms = loop_now_ms(listener->deepgram->party->loop);
    listener->counts->bytes_in += (int64_t)bytes;
    if (kind == WS_TEXT)
        listener->way->on_text(listener, (struct str){data, bytes});
    else if (bytes)
        on_audio(listener, (const uint8_t *)data, bytes);
    else
        listener_end(listener); /* an empty frame is the old way of saying so */
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct listener *listener = arg;
    (void)ws;
    (void)why;
    (void)http_status;
    listener->ws = NULL;
    if (!listener->close_code)
        listener->close_code = code;
    if (!listener->ending)
        later(listener->deepgram->party->loop, 0, on_over, listener, &listener->ending);
}

static void on_idle(void *arg)
{
    struct listener *listener = arg;
    struct loop *loop = listener->deepgram->party->loop;
    int64_t since_ms = listener->audio_bytes ? listener->heard_from_ms : listener->opened_ms;
    int64_t left_ms = since_ms + IDLE_MS_MAX - loop_now_ms(loop);
    if (left_ms > 0)
        later(loop, left_ms, on_idle, listener, &listener->idle);
    else
        listener_close(listener, WS_CLOSE_INTERNAL,
                       "Deepgram did not receive audio data or a text message within the timeout "
                       "window. NET-0001");
}

static bool open_ears(struct listener *listener)
{
    struct deepgram *deepgram = listener->deepgram;
    int silence_ms = (int)listener->way->silence_ms(listener);
    struct script_lines *lines = deepgram_take_order(deepgram, &listener->ask);
    if (silence_ms != HEAR_SILENCE_NEVER && silence_ms < HEAR_SILENCE_MS_MIN)
        silence_ms = HEAR_SILENCE_MS_MIN;
    if (lines) {
        listener->scripted = scripted_new(lines, silence_ms, listener->way->on_heard, listener);
        script_lines_drop(&lines);
        return true;
    }
    const struct hear_options options = {.language = listen_language(&listener->ask),
                                         .silence_ms = silence_ms};
    return hear_open(deepgram->models, &options, listener->way->on_heard, listener,
                     &listener->hear) == 0;
}

static void link_listener(struct listener *listener)
{
    struct deepgram *deepgram = listener->deepgram;
    listener->next = deepgram->listeners;
    if (listener->next)
        listener->next->previous = listener;
    deepgram->listeners = listener;
    deepgram->live++;
    listener->counts->live++;
}

static struct listener *listener_new(struct visit *visit, const struct listener_way *way,
                                     const struct listen_ask *ask)
{
    struct party *party = visit->party;
    struct listener *listener = xalloc(sizeof(*listener));
    listener->deepgram = party->state;
    listener->counts = visit->counts;
    listener->way = way;
    listener->ask = *ask;
    listener->last_word_ms = NO_WORD;
    listener->opened_ms = listener->heard_from_ms = loop_now_ms(party->loop);
    listener->digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(listener->digest, EVP_sha256(), NULL);
    uuid_print(uuid_new(wall_now_ms()), listener->request_id);
    listener->outbox = outbox_new(party->loop, &listener->ws, &visit->fuse,
                                  party->settings->deepgram_latency_ms, on_over, listener);
    link_listener(listener);
    later(party->loop, IDLE_MS_MAX, on_idle, listener, &listener->idle);
    return listener;
}

static void listen(struct visit *visit, const struct listener_way *way)
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
    struct listener *listener = listener_new(visit, way, &ask);
    if (!open_ears(listener)) {
        listener_free(listener);
        visit_fail(visit, 500, NULL, "The recogniser has no model for this language.");
        return;
    }
    http_set_header(visit->req, "dg-request-id", listener->request_id);
    if (visit_accept(visit, &handler, listener, &listener->ws))
        listener_free(listener);
    else if (way->first_words)
        way->first_words(listener);
}

void deepgram_live(struct visit *visit)
{
    listen(visit, &listener_nova);
}

void deepgram_flux(struct visit *visit)
{
    listen(visit, &listener_flux);
}
