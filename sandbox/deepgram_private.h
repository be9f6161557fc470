/* sandbox/deepgram_private.h: what the live and the batch half of Deepgram share. */
#pragma once
#include "base/id.h"
#include "sandbox/deepgram.h"
#include "sandbox/deepgram_wire.h"
#include "sandbox/outbox.h"

#include <openssl/evp.h>

struct hearing;
/* One of the two protocols of live transcription. */
struct hearing_way {
    enum listen_way asks;
    int64_t (*silence_ms)(const struct hearing *hearing); /* that end an utterance */
    hear_event_fn *on_heard;
    void (*on_audio)(struct hearing *hearing); /* it has been heard; rules on its time */
    void (*on_text)(struct hearing *hearing, struct str text);
    void (*first_words)(struct hearing *hearing); /* either may be NULL */
    void (*last_words)(struct hearing *hearing);
};
extern const struct hearing_way hearing_nova, hearing_flux;

/* Flux's turn: the words of its utterances, the last of which may go on. */
enum { FLUX_WORDS_MAX = 256 };
struct flux_hear {
    struct hear_word words[FLUX_WORDS_MAX]; /* texts are our own */
    size_t count, settled;
    bool on, voice, maybe_over; /* it has begun; somebody speaks; that was told */
    int64_t turn, start_ms;
    int64_t quiet_ms; /* since when nobody does */
    int64_t sequence;
};
void flux_hear_fini(struct flux_hear *flux);

enum { NO_WORD = -1 };
struct hearing {
    struct deepgram *deepgram;
    const struct hearing_way *way;
    struct hearing *next, *previous;
    struct seen_counts *counts;
    struct listen_ask ask;
    struct ws *ws; /* NULL once it is closed */
    struct outbox *outbox;
    struct hear *hear;         /* either this ... */
    struct scripted *scripted; /* ... or this */
    struct op *idle, *ending;
    EVP_MD_CTX *digest; /* of the audio */
    char request_id[UUID_TEXT_BYTES];
    int64_t opened_ms, heard_from_ms; /* loop time; the newest sign of life */
    int64_t last_word_ms;             /* audio time of the end; NO_WORD: told already */
    int64_t result_to_ms;             /* audio time that the newest result covers */
    int16_t odd_sample;               /* of linear16 at 16 kHz: the first of a pair */
    bool has_odd;
    bool in_sentence; /* a Finalize does not end one: the caller may go on */
    bool speaking;    /* an utterance is on: its result is still to come */
    struct flux_hear flux;
    int64_t audio_bytes, keep_alives, finalizes, configures, finals;
    int close_code;
};
int64_t hearing_fed_ms(const struct hearing *hearing);
void hearing_put(struct hearing *hearing, struct buf *text); /* freed */
void hearing_finalize(struct hearing *hearing);
void hearing_end(struct hearing *hearing); /* it says what it has to, and closes */
void hearing_close(struct hearing *hearing, int code, const char *why);

struct deepgram {
    struct party *party;
    struct hear_models *models;
    struct hearing *hearings; /* live streams */
    int64_t live;
    struct deepgram_order orders[DEEPGRAM_ORDERS_MAX];
    size_t order_count;
};

void deepgram_refuse(struct visit *visit, const struct listen_error *error);
/* The lines of the first order that fits, counted; NULL: the recogniser listens. */
struct script_lines *deepgram_take_order(struct deepgram *deepgram, const struct listen_ask *ask);
void deepgram_live(struct visit *visit);
void deepgram_flux(struct visit *visit);
void deepgram_batch(struct visit *visit);
void deepgram_drop_listeners(void *state);
void deepgram_print_listeners(void *state, struct buf *out);
