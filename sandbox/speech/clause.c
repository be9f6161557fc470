/* speech/clause.c: cutting and timing of clauses; no engine in sight. */
#include "speech/clause.h"
#include "base/audio.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

enum {
    COMMA_BYTES_MIN = 60, /* a shorter part of a sentence is not worth a seam */
    SOUND_LEVEL = 300,    /* of a sample: fainter at the ends is silence */
};

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Whether a clause may end after text.at[i]. A mark inside "2.5" or "a.m" ends nothing. */
static bool may_end(struct str text, size_t i)
{
    if (i + 1 < text.bytes && !is_space(text.at[i + 1]))
        return false;
    char byte = text.at[i];
    if (byte == '.' || byte == '!' || byte == '?')
        return true;
    return (byte == ',' || byte == ';' || byte == ':') && i + 1 >= COMMA_BYTES_MIN;
}

static size_t last_space(struct str text)
{
    for (size_t i = text.bytes; i > 0; i--) {
        if (is_space(text.at[i - 1]))
            return i;
    }
    return text.bytes;
}

struct str clause_cut(struct str *text)
{
    struct str window = utf8_cut(*text, VOICE_CLAUSE_BYTES_MAX);
    size_t end = 0;
    while (end < window.bytes && !may_end(*text, end))
        end++;
    if (end < window.bytes)
        end++;
    else if (window.bytes < text->bytes)
        end = last_space(window);
    while (end < text->bytes && is_space(text->at[end]))
        end++;
    struct str clause = {text->at, end};
    *text = (struct str){text->at + end, text->bytes - end};
    return clause;
}

/* Vowels last longer than consonants; spaces and marks take no time of their own, a digit is a
 * word. */
static int weight(uint32_t code)
{
    struct buf base = {0};
    char character[4];
    struct buf utf8 = {0};
    utf8_put(&utf8, code);
    utf8_fold(&base, buf_str(&utf8));
    memcpy(character, buf_text(&base), base.bytes < 4 ? base.bytes + 1 : 4);
    buf_free(&utf8);
    buf_free(&base);
    if (character[0] >= '0' && character[0] <= '9')
        return 8;
    if (character[0] && strchr("aeiouy", character[0]))
        return 3;
    return (character[0] >= 'a' && character[0] <= 'z') || code >= 0x80 ? 2 : 0;
}

/* The first sample that sounds, and the one after the last. */
static void find_sound(const struct pcm *audio, size_t *first_out, size_t *end_out)
{
    size_t first = 0;
    size_t end = audio->count;
    while (first < end && audio->samples[first] < SOUND_LEVEL &&
           audio->samples[first] > -SOUND_LEVEL)
        first++;
    while (end > first && audio->samples[end - 1] < SOUND_LEVEL &&
           audio->samples[end - 1] > -SOUND_LEVEL)
        end--;
    *first_out = first;
    *end_out = end;
}

static int64_t total_weight(struct str clause)
{
    int64_t total = 0;
    while (clause.bytes) {
        uint32_t code;
        size_t bytes = utf8_next(clause, &code);
        total += weight(code);
        clause = (struct str){clause.at + bytes, clause.bytes - bytes};
    }
    return total;
}

void clause_time(struct str clause, const struct pcm *audio, struct voice_char *chars_out)
{
    size_t first;
    size_t end;
    find_sound(audio, &first, &end);
    int64_t start_ms = (int64_t)first / AUDIO_BYTES_PER_MS;
    int64_t sound_ms = (int64_t)(end - first) / AUDIO_BYTES_PER_MS;
    int64_t total = total_weight(clause);
    int64_t passed = 0;
    for (size_t i = 0; clause.bytes; i++) {
        uint32_t code;
        size_t bytes = utf8_next(clause, &code);
        clause = (struct str){clause.at + bytes, clause.bytes - bytes};
        chars_out[i].start_ms = start_ms + (total ? sound_ms * passed / total : 0);
        passed += weight(code);
        chars_out[i].end_ms = start_ms + (total ? sound_ms * passed / total : 0);
    }
}
