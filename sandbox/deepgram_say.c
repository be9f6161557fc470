/* sandbox/deepgram_say.c: the texts of live and batch transcription. */
#include "sandbox/deepgram_wire.h"

#include "base/utf8.h"

#include <string.h>
#include <time.h>

static double seconds(int64_t ms)
{
    return (double)ms / 1000;
}

/* The bare word: lower case, no punctuation around it. */
static void put_bare(struct str word, struct buf *out)
{
    static const char marks[] = ".,!?;:\"()";
    while (word.bytes && strchr(marks, word.at[word.bytes - 1]))
        word.bytes--;
    while (word.bytes && strchr(marks, word.at[0]))
        word = (struct str){word.at + 1, word.bytes - 1};
    while (word.bytes) {
        uint32_t code = 0;
        size_t bytes = utf8_next(word, &code);
        utf8_put(out, code == UTF8_BAD ? 0xFFFD : utf8_lower(code));
        word = (struct str){word.at + bytes, word.bytes - bytes};
    }
}

/* Upper case for what utf8_lower() made of the Latin letters in use here. */
static uint32_t upper(uint32_t code)
{
    if (code >= 'a' && code <= 'z')
        return code - 32;
    if (code >= 0xE0 && code <= 0xFE && code != 0xF7)
        return code - 32;
    return code >= 0x100 && code < 0x180 && utf8_lower(code - 1) == code ? code - 1 : code;
}

/* What the real one makes of it. */
static void put_shown(const struct listen_results *results, size_t at, struct buf *out)
{
    const struct hear_event *event = results->event;
    struct str word = str_of(event->words[at].text);
    if (!results->as_written && results->begins && at == 0 && word.bytes) {
        uint32_t code = 0;
        size_t bytes = utf8_next(word, &code);
        utf8_put(out, upper(code));
        word = (struct str){word.at + bytes, word.bytes - bytes};
    }
    buf_add_str(out, word);
    if (!results->as_written && results->ends && at + 1 == event->word_count)
        buf_putc(out, '.');
}

static void put_word_text(const struct listen_results *results, size_t at, bool shown,
                          struct buf *out)
{
    if (shown)
        put_shown(results, at, out);
    else
        put_bare(str_of(results->event->words[at].text), out);
}

static void put_transcript(const struct listen_results *results, size_t count, struct buf *out)
{
    struct buf text = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t word = 0; word < results[i].event->word_count; word++) {
            buf_puts(&text, text.bytes ? " " : "");
            put_word_text(&results[i], word, results[i].ask->punctuate, &text);
        }
    buf_json_string(out, buf_str(&text));
    buf_free(&text);
}

static void put_word(const struct listen_results *results, size_t at, struct buf *out)
{
    const struct hear_word *word = &results->event->words[at];
    struct buf text = {0};
    put_word_text(results, at, false, &text);
    buf_puts(out, "{\"word\":");
    buf_json_string(out, buf_str(&text));
    buf_printf(out, ",\"start\":%.3f,\"end\":%.3f,\"confidence\":%.4f", seconds(word->start_ms),
               seconds(word->end_ms), word->confidence > 0 ? word->confidence : 0.5);
    if (results->ask->punctuate) {
        buf_clear(&text);
        put_word_text(results, at, true, &text);
        buf_puts(out, ",\"punctuated_word\":");
        buf_json_string(out, buf_str(&text));
    }
    buf_putc(out, '}');
    buf_free(&text);
}

void listen_alternative_print(const struct listen_results *results, size_t count, struct buf *out)
{
    double confidence = 0;
    size_t words = 0;
    for (size_t i = 0; i < count; i++) {
        confidence += results[i].event->confidence * (double)results[i].event->word_count;
        words += results[i].event->word_count;
    }
    buf_puts(out, "{\"transcript\":");
    put_transcript(results, count, out);
    buf_printf(out, ",\"confidence\":%.4f,\"words\":[", words ? confidence / (double)words : 0);
    const char *comma = "";
    for (size_t i = 0; i < count; i++)
        for (size_t word = 0; word < results[i].event->word_count; word++) {
            buf_puts(out, comma);
            put_word(&results[i], word, out);
            comma = ",";
        }
    buf_puts(out, "]}");
}

#define MODEL_UUID "5a5a5a5a-0000-4000-8000-5a5a5a5a5a5a"

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

void listen_results_print(const struct listen_results *results, struct buf *out)
{
    const struct hear_event *event = results->event;
    buf_printf(out,
               "{\"type\":\"Results\",\"channel_index\":[0,1],\"duration\":%.3f,\"start\":%.3f,",
               seconds(event->end_ms - event->start_ms), seconds(event->start_ms));
    buf_printf(out, "\"is_final\":%s,\"speech_final\":%s,\"channel\":{\"alternatives\":[",
               truth(results->is_final), truth(results->speech_final));
    listen_alternative_print(results, 1, out);
    buf_printf(out,
               "]},\"metadata\":{\"request_id\":\"%s\",\"model_info\":{\"name\":\"general-%.6s\","
               "\"version\":\"2026-08-07.0\",\"arch\":\"%.6s\"},\"model_uuid\":\"" MODEL_UUID
               "\"},\"from_finalize\":%s}",
               results->request_id, results->ask->model, results->ask->model,
               truth(results->from_finalize));
}

void listen_speech_started_print(int64_t at_ms, struct buf *out)
{
    buf_printf(out, "{\"type\":\"SpeechStarted\",\"channel\":[0,1],\"timestamp\":%.3f}",
               seconds(at_ms));
}

void listen_utterance_end_print(int64_t last_word_end_ms, struct buf *out)
{
    buf_printf(out, "{\"type\":\"UtteranceEnd\",\"channel\":[0,1],\"last_word_end\":%.3f}",
               seconds(last_word_end_ms));
}

static void put_summary(const struct listen_summary *summary, struct buf *out)
{
    char created[40];
    time_t now = (time_t)(summary->wall_ms / 1000);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(out,
               "\"transaction_key\":\"deprecated\",\"request_id\":\"%s\",\"sha256\":\"%s\","
               "\"created\":\"%s.%03dZ\",\"duration\":%.3f,\"channels\":1,\"models\":[\"" MODEL_UUID
               "\"],\"model_info\":{\"" MODEL_UUID "\":{\"name\":\"general-%.6s\","
               "\"version\":\"2026-08-07.0\",\"arch\":\"%.6s\"}}",
               summary->request_id, summary->sha256, created, (int)(summary->wall_ms % 1000),
               seconds(summary->duration_ms), summary->ask->model, summary->ask->model);
}

void listen_metadata_print(const struct listen_summary *summary, struct buf *out)
{
    buf_puts(out, "{\"type\":\"Metadata\",");
    put_summary(summary, out);
    buf_putc(out, '}');
}

void listen_error_print(const struct listen_error *error, const char *request_id, struct buf *out)
{
    buf_printf(out, "{\"err_code\":\"%s\",\"err_msg\":", error->code);
    buf_json_string(out, str_of(error->message));
    buf_printf(out, ",\"request_id\":\"%s\"}", request_id);
}

void listen_batch_print(const struct listen_batch *batch, struct buf *out)
{
    buf_puts(out, "{\"metadata\":{");
    put_summary(&batch->summary, out);
    buf_puts(out, "},\"results\":{\"channels\":[{\"alternatives\":[");
    listen_alternative_print(batch->finals, batch->final_count, out);
    buf_puts(out, "]}]}}");
}

static void begin_said(const struct flux_said *said, const char *type, struct buf *out)
{
    buf_printf(out, "{\"type\":\"%s\",\"request_id\":\"%s\",\"sequence_id\":%lld", type,
               said->request_id, (long long)said->sequence);
}

void flux_connected_print(const struct flux_said *said, struct buf *out)
{
    begin_said(said, "Connected", out);
    buf_putc(out, '}');
}

static void put_flux_words(const struct listen_results *results, struct buf *out)
{
    struct buf text = {0};
    for (size_t i = 0; i < results->event->word_count; i++) {
        const struct hear_word *word = &results->event->words[i];
        buf_clear(&text);
        put_word_text(results, i, true, &text);
        buf_puts(out, i ? ",{\"word\":" : "{\"word\":");
        buf_json_string(out, buf_str(&text));
        buf_printf(out, ",\"confidence\":%.4f,\"start\":%.3f,\"end\":%.3f}",
                   word->confidence > 0 ? word->confidence : 0.5, seconds(word->start_ms),
                   seconds(word->end_ms));
    }
    buf_free(&text);
}

void flux_turn_print(const struct flux_said *said, const struct flux_turn_info *info,
                     struct buf *out)
{
    const struct hear_event *window = info->words.event;
    begin_said(said, "TurnInfo", out);
    buf_printf(out,
               ",\"event\":\"%s\",\"turn_index\":%lld,\"audio_window_start\":%.3f,"
               "\"audio_window_end\":%.3f,\"transcript\":",
               info->event, (long long)info->turn, seconds(window->start_ms),
               seconds(window->end_ms));
    put_transcript(&info->words, 1, out);
    buf_puts(out, ",\"words\":[");
    put_flux_words(&info->words, out);
    buf_printf(out, "],\"end_of_turn_confidence\":%.4f", info->over);
    if (info->trigger)
        buf_printf(out, ",\"trigger\":\"%s\"", info->trigger);
    if (strcmp(said->ask->model, "flux-general-multi") == 0)
        buf_printf(out, ",\"languages\":[\"%s\"],\"languages_hinted\":[\"%s\"]",
                   listen_language(said->ask), said->ask->language);
    buf_putc(out, '}');
}

void flux_configured_print(const struct flux_said *said, bool taken, struct buf *out)
{
    const struct listen_turns *turns = &said->ask->turns;
    begin_said(said, taken ? "ConfigureSuccess" : "ConfigureFailure", out);
    if (taken) {
        buf_printf(out, ",\"thresholds\":{\"eot_threshold\":%g,\"eot_timeout_ms\":%lld",
                   turns->over, (long long)turns->timeout_ms);
        if (turns->maybe_over > 0)
            buf_printf(out, ",\"eager_eot_threshold\":%g", turns->maybe_over);
        buf_puts(out, "},\"keyterms\":");
        listen_keyterms_print(said->ask, out);
    }
    buf_putc(out, '}');
}

void flux_error_print(const struct flux_said *said, const char *code, const char *description,
                      struct buf *out)
{
    buf_printf(out, "{\"type\":\"Error\",\"sequence_id\":%lld,\"code\":\"%s\",\"description\":",
               (long long)said->sequence, code);
    buf_json_string(out, str_of(description));
    buf_putc(out, '}');
}

void listen_keyterms_print(const struct listen_ask *ask, struct buf *out)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < ask->keyterm_count; i++) {
        buf_puts(out, i ? "," : "");
        buf_json_string(out, str_of(ask->keyterms[i]));
    }
    buf_putc(out, ']');
}
