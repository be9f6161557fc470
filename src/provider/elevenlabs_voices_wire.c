/* provider/elevenlabs_voices_wire.c: a page of voices read. Source: ElevenLabs API reference, "List
 * voices" (v2). */
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "provider/elevenlabs_wire.h"

#include <errno.h>
#include <string.h>

enum { NAME_BYTES_MAX = 200, WORD_BYTES_MAX = 60, DESCRIPTION_BYTES_MAX = 1000 };

/* Unescaped, trimmed and bounded; NULL: it is no text, or an empty one. */
static const char *read_text(struct json *json, struct arena *arena, size_t bytes_max)
{
    struct str raw;
    struct buf plain = {0};
    if (!json_string(json, &raw))
        return NULL;
    json_unescape(&plain, raw);
    struct str text = utf8_cut(str_trim(buf_str(&plain)), bytes_max);
    bool good = text.bytes && utf8_valid(text) && !memchr(text.at, 0, text.bytes);
    const char *copy = good ? arena_strndup(arena, text.at, text.bytes) : NULL;
    buf_free(&plain);
    return copy;
}

/* "cs", "cs-CZ": the two letters, once. What is no such code says nothing. */
static void add_language(struct tts_voice *voice, const char **languages, const char *code,
                         struct arena *arena)
{
    if (!code || voice->language_count == TTS_VOICE_LANGUAGES_MAX ||
        strspn(code, "abcdefghijklmnopqrstuvwxyz") != 2 || (code[2] && code[2] != '-'))
        return;
    for (size_t i = 0; i < voice->language_count; i++)
        if (strncmp(languages[i], code, 2) == 0)
            return;
    languages[voice->language_count++] = arena_strndup(arena, code, 2);
}

static void read_labels(struct json *json, struct arena *arena, struct tts_voice *voice,
                        const char **languages)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "gender"))
            voice->gender = read_text(json, arena, WORD_BYTES_MAX);
        else if (str_is(key, "accent"))
            voice->accent = read_text(json, arena, WORD_BYTES_MAX);
        else if (str_is(key, "language"))
            add_language(voice, languages, read_text(json, arena, WORD_BYTES_MAX), arena);
        else
            json_skip(json);
    }
}

static void read_verified(struct json *json, struct arena *arena, struct tts_voice *voice,
                          const char **languages)
{
    struct str key;
    for (bool list = json_array(json); list && json_element(json);)
        for (bool in = json_object(json); in && json_member(json, &key);) {
            if (str_is(key, "language"))
                add_language(voice, languages, read_text(json, arena, WORD_BYTES_MAX), arena);
            else
                json_skip(json);
        }
}

static void read_voice(struct json *json, struct arena *arena, struct tts_voice *voice)
{
    const char **languages = arena_alloc(arena, TTS_VOICE_LANGUAGES_MAX * sizeof(*languages));
    struct str key;
    *voice = (struct tts_voice){.languages = languages};
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "voice_id"))
            voice->id = read_text(json, arena, ELEVENLABS_VOICE_BYTES_MAX + 1);
        else if (str_is(key, "name"))
            voice->name = read_text(json, arena, NAME_BYTES_MAX);
        else if (str_is(key, "description"))
            voice->description = read_text(json, arena, DESCRIPTION_BYTES_MAX);
        else if (str_is(key, "labels"))
            read_labels(json, arena, voice, languages);
        else if (str_is(key, "verified_languages"))
            read_verified(json, arena, voice, languages);
        else
            json_skip(json);
    }
}

static void read_voices(struct json *json, struct arena *arena, struct voice_page *page)
{
    for (bool list = json_array(json); list && json_element(json);) {
        struct tts_voice voice;
        read_voice(json, arena, &voice);
        if (voice.id && voice.name && elevenlabs_voice_is_lawful(voice.id) &&
            page->count < TTS_VOICES_MAX)
            page->list[page->count++] = voice;
    }
}

int elevenlabs_voices_parse(struct str body, struct arena *arena, struct voice_page *page)
{
    struct json json = json_of(body);
    struct voice_page more = {page->list, page->count, NULL};
    struct str key;
    bool listed = false, has_more = false;
    if (!more.list)
        more.list = arena_alloc(arena, TTS_VOICES_MAX * sizeof(*more.list));
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "voices")) {
            listed = true;
            read_voices(&json, arena, &more);
        } else if (str_is(key, "has_more")) {
            json_bool(&json, &has_more);
        } else if (str_is(key, "next_page_token")) {
            more.next = read_text(&json, arena, NAME_BYTES_MAX);
        } else {
            json_skip(&json);
        }
    }
    if (!json_done(&json) || !listed)
        return EPROTO;
    if (!has_more)
        more.next = NULL;
    *page = more;
    return 0;
}
