/* sandbox/elevenlabs_wire.h: text to speech as ElevenLabs asks and answers it: voices, requests,
 * formats of audio, alignments. Pure. */
#pragma once
#include "base/buf.h"
#include "sandbox/speech/voice.h"

#include <stdbool.h>
#include <stdint.h>

struct eleven_voice {
    const char *id, *name, *language, *accent;
    enum voice_sex sex;
};
const struct eleven_voice *eleven_voices(size_t *count_out);
const struct eleven_voice *eleven_voice_find(struct str id); /* NULL: there is none */
/* The name of the synthesiser's voice that stands in for it; NULL: the language's own. */
const char *eleven_voice_name(const struct eleven_voice *voice, const char *language);
/* {"voice_id":...,"name":...,"labels":{...},...} */
void eleven_voice_print(const struct eleven_voice *voice, struct buf *out);

struct eleven_model {
    const char *id, *name;
    int64_t text_chars_max;
    double cost; /* credits a character */
    bool takes_language, streams_input;
};
const struct eleven_model *eleven_models(size_t *count_out);
const struct eleven_model *eleven_model_find(const char *id); /* NULL: there is none */
void eleven_model_print(const struct eleven_model *model, struct buf *out);

enum eleven_format { ELEVEN_ULAW_8000, ELEVEN_PCM_8000, ELEVEN_PCM_16000 };
/* EINVAL: not served here (mp3 and the rest). */
int eleven_format_read(const char *name, enum eleven_format *format_out);
size_t eleven_format_bytes_per_ms(enum eleven_format format);
const char *eleven_format_type(enum eleven_format format); /* Content-Type */
/* Telephone audio in the format asked for; last_sample carries over from piece to piece. */
void eleven_format_put(enum eleven_format format, const uint8_t *ulaw, size_t bytes,
                       int16_t *last_sample, struct buf *out);

/* What is said to be wrong. status 422 prints the other shape: what of the body, and why. */
struct eleven_error {
    int status;
    const char *code;  /* "voice_not_found"; of 422 the type: "missing" */
    const char *field; /* of 422 only */
    char message[200];
};
void eleven_error_print(const struct eleven_error *error, struct buf *out);

struct eleven_ask {
    char *text; /* eleven_ask_fini() */
    const struct eleven_model *model;
    const char *language; /* static; of the body, else told by the text */
    double speed;
    int64_t chars; /* code points of the text: what is charged for */
};
/* EINVAL with *error_out filled in. */
int eleven_ask_read(struct str body, struct eleven_ask *ask_out, struct eleven_error *error_out);
void eleven_ask_fini(struct eleven_ask *ask);
/* "cs", "sk", "de" or "en", static; NULL: not spoken here. */
const char *eleven_language(const char *code);

/* {"audio_base64":...,"alignment":{...},"normalized_alignment":{...}} */
void eleven_timed_print(struct str audio, const struct voice_event *event, struct buf *out);
