/* sandbox/deepgram_wire.h: live transcription as Deepgram is asked for it and answers it: the query
 * of the handshake, the client's texts, the server's texts. Pure. */
#pragma once
#include "base/buf.h"
#include "sandbox/speech/hear.h"

#include <stdbool.h>
#include <stdint.h>

enum { LISTEN_KEYTERMS_MAX = 100, LISTEN_VALUE_BYTES_MAX = 2000, LISTEN_ENDPOINTING_MS = 10 };

enum listen_encoding { LISTEN_MULAW, LISTEN_LINEAR16, LISTEN_CONTAINER };
struct listen_ask {
    char model[48], language[16], tag[128];
    enum listen_encoding encoding; /* LISTEN_CONTAINER: none was named */
    int64_t sample_rate, channels;
    int64_t endpointing_ms;   /* HEAR_SILENCE_NEVER: off */
    int64_t utterance_end_ms; /* 0: off */
    bool interim_results, vad_events, punctuate;
    char *keyterms[LISTEN_KEYTERMS_MAX];
    size_t keyterm_count;
    struct listen_turns {        /* LISTEN_FLUX */
        double over, maybe_over; /* confidence that ends a turn; maybe_over 0: is not told */
        int64_t timeout_ms;      /* of silence, which end it anyhow */
    } turns;
};
struct listen_error {
    int status;
    const char *code; /* static: "INVALID_QUERY_PARAMETER" */
    char message[200];
};
/* A stream wants an encoding that the recogniser takes. EINVAL with *error_out. */
enum listen_way { LISTEN_BATCH, LISTEN_LIVE, LISTEN_FLUX };
int listen_read(struct str query, enum listen_way way, struct listen_ask *ask_out,
                struct listen_error *error_out);
void listen_fini(struct listen_ask *ask);
/* The recogniser's language for it; NULL: none. */
const char *listen_language(const struct listen_ask *ask);

enum listen_message {
    LISTEN_KEEP_ALIVE,
    LISTEN_FINALIZE,
    LISTEN_CLOSE_STREAM,
    LISTEN_CONFIGURE,
    LISTEN_UNKNOWN, /* JSON, but none of these */
    LISTEN_BAD,     /* no JSON object with a type */
};
enum listen_message listen_message_read(struct str text);
/* The thresholds of a Configure over those in force. EINVAL: one is out of its range. */
int listen_configure_read(struct str text, struct listen_turns *turns);

struct listen_results {
    const struct listen_ask *ask;
    const struct hear_event *event; /* a partial or a final; times of this stream */
    bool as_written;                /* its words carry their punctuation already; else: */
    bool begins, ends;              /* a sentence: large letter, full stop */
    bool is_final, speech_final, from_finalize;
    const char *request_id;
};
void listen_results_print(const struct listen_results *results, struct buf *out);
void listen_speech_started_print(int64_t at_ms, struct buf *out);
void listen_utterance_end_print(int64_t last_word_end_ms, struct buf *out);
struct listen_summary {
    const char *request_id;
    const char *sha256; /* of the audio, hex */
    int64_t wall_ms, duration_ms;
    const struct listen_ask *ask;
};
void listen_metadata_print(const struct listen_summary *summary, struct buf *out);
/* What Flux says; sequence counts all that it says on a stream. */
struct flux_said {
    const char *request_id;
    int64_t sequence;
    const struct listen_ask *ask;
};
struct flux_turn_info {
    const char *event;   /* "EndOfTurn" */
    const char *trigger; /* of that: "model" or "timeout"; NULL: it is another event */
    int64_t turn;
    struct listen_results words; /* of the whole turn; its event's times are the window */
    double over;                 /* confidence */
};
void flux_connected_print(const struct flux_said *said, struct buf *out);
void flux_turn_print(const struct flux_said *said, const struct flux_turn_info *info,
                     struct buf *out);
void flux_configured_print(const struct flux_said *said, bool taken, struct buf *out);
void flux_error_print(const struct flux_said *said, const char *code, const char *description,
                      struct buf *out);

void listen_keyterms_print(const struct listen_ask *ask, struct buf *out); /* a JSON array */
void listen_error_print(const struct listen_error *error, const char *request_id, struct buf *out);

/* Batch: the whole answer; events are the finals of the recording. */
struct listen_batch {
    struct listen_summary summary;
    const struct listen_results *finals;
    size_t final_count;
};
/* One alternative out of several events: {"transcript":...,"confidence":...,"words":[...]} */
void listen_alternative_print(const struct listen_results *results, size_t count, struct buf *out);
void listen_batch_print(const struct listen_batch *batch, struct buf *out);
