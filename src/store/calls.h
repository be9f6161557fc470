/* store/calls.h: the record of a call, from the webhook to the last word. Its turns are
 * store/turns.h's, what it was about store/screenings.h's.
 *
 *                .---------------- calls_finish (the line) ----------------.
 *   in_progress -+                                                         +-> a final status
 *                '-- calls_connected, or calls_sweep (nobody carries it) --'   never overwritten
 */
#pragma once
#include "call/core.h"
#include "rules/entitlement.h"
#include "store/db.h"

enum {
    CALL_SID_BYTES_MAX = 64,
    CALL_SNAPSHOT_BYTES_MAX = 256 * 1024,
    CALL_USAGE_MAX = 16,
    CALL_WAITS_MAX = 200,      /* later ones of a call are not kept; the schema's bound, too */
    CALL_WAIT_MS_MAX = 600000, /* a longer one counts as this */
    STREAM_TOKEN_BYTES = 32,   /* random ones, before base64url */
    STREAM_TOKEN_TEXT_BYTES = STREAM_TOKEN_BYTES * 4 / 3 + 2,
    STREAM_TOKEN_SECONDS = 60,
};

enum call_status {
    STATUS_IN_PROGRESS,
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_BUSY,
    STATUS_NO_ANSWER,
    STATUS_CANCELED,
    STATUS_COUNT,
};
const char *call_status_code(enum call_status status); /* "in_progress" ... */
/* A carrier's word for it ("in-progress", "no-answer", ...); ringing and queued are in progress.
 * EINVAL: unknown. */
int call_status_parse(struct str word, enum call_status *status_out);

struct call_begin {
    struct uuid tenant;
    const char *carrier;        /* "twilio" */
    const char *call_sid;       /* the carrier's id of it */
    const char *from_number;    /* E.164; NULL or "" when withheld */
    const char *to_number;      /* what was called */
    const char *forwarded_from; /* NULL or "" */
    enum service service;       /* as decided; not SERVICE_REFUSE, which leaves no record */
    struct str handling;        /* what was decided, as rules/callrules_wire.h has it; empty: {} */
    int64_t started_at_ms;
};
struct call_begun {
    struct uuid tenant, call;
    bool again; /* the same webhook once more: the same call, only the token is new */
    enum call_status status;
    char token[STREAM_TOKEN_TEXT_BYTES]; /* opens one stream of this call within its seconds */
};
typedef void call_begun_fn(int err, const struct call_begun *begun, void *arg);

/* One round trip. EPERM: that CallSid is another tenant's call; ENOENT: no such tenant. */
void calls_begin(struct db *db, const struct call_begin *begin, call_begun_fn *on_begun, void *arg,
                 struct op **slot);
/* A new token for a call whose stream ended before the call did, or whose owner was rung and did
 * not answer. ENOENT: no such call; EALREADY: it is over. */
void calls_resume(struct db *db, const char *call_sid, bool owner_failed, call_begun_fn *on_begun,
                  void *arg, struct op **slot);
/* Whoever was rung pressed 1, and is joined with the caller next. ENOENT: no such call goes on. */
void calls_take(struct db *db, const char *call_sid, db_end_fn *on_end, void *arg,
                struct op **slot);
/* The owner and the caller have talked, and hung up: the record ends, with what its line had used.
 * ENOENT: no such call, or nobody took it. */
void calls_connected(struct db *db, const char *call_sid, db_end_fn *on_end, void *arg,
                     struct op **slot);

/* What the carrier says of a call (unordered, repeated). The record ends by calls_finish() or, when
 * nobody lives to do it, by calls_sweep() soon after. ENOENT: no such call. */
struct call_news {
    const char *call_sid;
    enum call_status status;
    int64_t duration_s; /* -1: not said */
};
void calls_status(struct db *db, const struct call_news *news, db_end_fn *on_end, void *arg,
                  struct op **slot);

struct usage_item {       /* one provider's part of a call; at most once per kind and provider */
    const char *kind;     /* "telephony_ms", "stt_ms", "tts_characters", "llm_input_tokens" ... */
    const char *provider; /* "deepgram" ... */
    const char *model;    /* NULL: it has none */
    int64_t quantity;
    int64_t cost_micro; /* millionths of a US dollar */
};
/* How long the caller waited for an answer, from their last voice to its first sound, each time. */
struct call_waits {
    size_t count;
    int32_t ms[CALL_WAITS_MAX];
};
struct call_finish {
    struct uuid tenant, call;
    enum call_status status; /* not STATUS_IN_PROGRESS */
    const char *why;         /* in a word: "caller_hung_up", "end_call", "time_up" ... */
    int64_t ended_at_ms;
    const struct call_line *lines; /* those not saved yet, or all: saving twice is harmless */
    size_t line_count;
    const struct usage_item *usage;
    size_t usage_count;
    const struct call_counts *counts; /* NULL: not known */
    const struct call_waits *waits;   /* all of the call; NULL: there were none */
};
/* One transaction: the record, its last lines, its usage, and the screening queued. Everything is
 * copied; repeat it as often as needed, the first one counts. ENOENT: no such call. */
void calls_finish(struct db *db, const struct call_finish *finish, db_end_fn *on_end, void *arg,
                  struct op **slot);

/* Finishes calls in progress that nobody can be carrying any more: silent for idle_s (longer than
 * any call can be), or hung up by the carrier half a minute ago. Books what their lines had used
 * and queues their screening. Harmless from several workers at once. */
typedef void calls_swept_fn(int err, int64_t calls, void *arg);
void calls_sweep(struct db *db, int64_t idle_s, calls_swept_fn *on_swept, void *arg,
                 struct op **slot);

/* A record as it stands; texts in the arena, NULL where there is nothing. */
struct call_record {
    struct uuid tenant, id;
    const char *carrier, *call_sid, *from_number, *to_number, *forwarded_from, *why;
    enum call_status status;
    int64_t started_at_ms, ended_at_ms; /* 0: not ended */
    int64_t duration_s;
    enum service service;
};
typedef void call_record_fn(int err, const struct call_record *record, void *arg); /* ENOENT */
void calls_get(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
               call_record_fn *on_record, void *arg, struct op **slot);
