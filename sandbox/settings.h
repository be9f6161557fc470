/* sandbox/settings.h: how the outside parties behave when nothing is wrong: their keys, their pace,
 * their limits. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

enum { SETTING_TEXT_BYTES = 128 };

struct settings {
    char deepgram_key[SETTING_TEXT_BYTES];
    char openai_key[SETTING_TEXT_BYTES];
    char elevenlabs_key[SETTING_TEXT_BYTES];
    char twilio_account[SETTING_TEXT_BYTES]; /* AC and 32 hex digits */
    char twilio_token[SETTING_TEXT_BYTES];
    char twilio_verify_service[SETTING_TEXT_BYTES]; /* VA and 32 hex digits */
    int64_t twilio_say_ms_per_char;                 /* how long its voice takes; 0: no time */
    int64_t deepgram_latency_ms;                    /* from words understood to words sent */
    int64_t deepgram_streams_max;
    int64_t openai_first_token_ms;
    int64_t openai_tokens_per_s; /* 0: all at once */
    int64_t elevenlabs_first_byte_ms;
    int64_t elevenlabs_speed_percent; /* of real time; 0: as fast as it is made */
    int64_t elevenlabs_streams_max;
};

/* As the real ones are on a good day. */
extern const struct settings settings_usual;
/* The same without any artificial delay. */
void settings_hurry(struct settings *settings);

/* {"openai_first_token_ms":0, ...}: any of the fields by name. EINVAL with a sentence. */
int settings_read(struct str json, struct settings *settings, const char **why_out);
void settings_print(const struct settings *settings, struct buf *out); /* without the keys */
