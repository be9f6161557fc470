/* provider/deepgram_wire.h: Deepgram's live transcription as bytes: the query that opens a stream,
 * the texts that come back. Source: Deepgram, "Live Audio" (listen v1) and its AsyncAPI
 * description. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DEEPGRAM_KEYTERMS_MAX = 50, /* it takes 500 tokens in all; too many end the stream */
    DEEPGRAM_KEYTERM_BYTES_MAX = 60,
    DEEPGRAM_TAG_BYTES_MAX = 128,
};
#define DEEPGRAM_KEEP_ALIVE "{\"type\":\"KeepAlive\"}"
#define DEEPGRAM_FINALIZE "{\"type\":\"Finalize\"}"
#define DEEPGRAM_CLOSE_STREAM "{\"type\":\"CloseStream\"}"

struct deepgram_query {
    const char *model, *language, *tag; /* tag may be NULL */
    int endpointing_ms;
    const char *const *keyterms; /* up to NULL; may be NULL */
};
/* base_url: http(s) or ws(s). Puts "wss://host/v1/listen?model=..." at the end of url_out. EINVAL:
 * the base is none of these. */
int deepgram_url(const char *base_url, const struct deepgram_query *query, struct buf *url_out);

struct deepgram_message {
    enum deepgram_kind {
        DEEPGRAM_RESULTS,
        DEEPGRAM_SPEECH_STARTED,
        DEEPGRAM_UTTERANCE_END,
        DEEPGRAM_METADATA,
        DEEPGRAM_ERROR,
        DEEPGRAM_OTHER, /* a type we do not know: not an error */
    } kind;
    struct str transcript; /* still escaped; borrowed, like the other texts */
    bool is_final, speech_final, from_finalize;
    float confidence;
    int64_t start_ms, end_ms; /* of the words, else of the audio looked at; -1: not said */
    size_t words;
    struct str request_id; /* still escaped */
    struct str error;      /* description or message, still escaped */
};
/* EPROTO: not a JSON object with a type. */
int deepgram_parse(struct str text, struct deepgram_message *message_out);
