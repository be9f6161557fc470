/* provider/deepgram_flux_wire.h: Deepgram's conversational recognition (Flux) as bytes: the query
 * that opens a stream, the texts that come back. It finds the turns itself: its words are those of
 * the whole turn so far, and are final when the turn is over. Source: Deepgram's AsyncAPI
 * description, listen v2. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLUX_CLOSE_STREAM "{\"type\":\"CloseStream\"}"

/* Whether one of its models is documented to know it: "en", and what the one for many knows. */
bool flux_knows(struct str language);

struct flux_query {
    const char *language, *tag;  /* language: flux_knows() it; tag may be NULL */
    const char *const *keyterms; /* up to NULL; may be NULL */
};
/* As deepgram_url(): "wss://host/v2/listen?model=flux-general-en...". */
int flux_url(const char *base_url, const struct flux_query *query, struct buf *url_out);

struct flux_message {
    enum flux_kind {
        FLUX_CONNECTED,
        FLUX_UPDATE,        /* more was heard of the turn */
        FLUX_START_OF_TURN, /* its first words */
        FLUX_EAGER_END,     /* it may be over */
        FLUX_RESUMED,       /* ... but is not */
        FLUX_END_OF_TURN,
        FLUX_ERROR, /* the last text of a stream */
        FLUX_OTHER, /* a type or an event we do not know: not an error */
    } kind;
    uint32_t turn;                          /* its index on this stream */
    struct str transcript;                  /* of the whole turn; escaped, borrowed */
    int64_t window_start_ms, window_end_ms; /* the audio looked at; -1: not said */
    int64_t start_ms, end_ms;               /* first and last word; -1: not said */
    size_t words;
    float confidence;             /* mean of the words' */
    float end_confidence;         /* that the turn is over */
    struct str code, description; /* of an error; escaped, borrowed */
};
/* EPROTO: not a JSON object with a type, or a turn without its number. */
int flux_parse(struct str text, struct flux_message *message_out);
