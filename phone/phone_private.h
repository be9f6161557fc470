/* phone/phone_private.h: a call as its files see it: its life and webhooks (phone.c), the verbs it
 * is told to run (verbs.c), whom it dials (dial.c), its media stream (stream.c). */
#pragma once
#include "base/op.h"
#include "net/ws.h"
#include "phone/phone.h"
#include "phone/playout.h"
#include "phone/twiml_in.h"

enum {
    PHONE_KEYS_MAX = 64,
    PHONE_KEY_MS = 200, /* a key and the pause behind it */
    PHONE_SID_ROOM = 35,
};

enum phone_state { PHONE_RINGING, PHONE_LIVE, PHONE_OVER };

struct phone_stream {
    struct ws *ws;
    struct timer *tick;
    bool open;
    char sid[PHONE_SID_ROOM];
    const struct twiml_element *element; /* the Stream it came from */
    struct playout heard;                /* from the server, on its way to the caller's ear */
    struct buf out;
    uint64_t sequence, frames;
    int64_t began_ms, next_key_ms;
};

struct signed_ask;
struct phone_call {
    struct phone_options options;
    struct arena arena; /* of what the options point to */
    phone_event_fn *on_event;
    void *arg;
    enum phone_state state;
    const char *status; /* in the carrier's words, for the webhooks */
    int64_t began_ms, answered_ms;
    struct phone_timing timing;

    struct playout mouth; /* what the caller says */
    char keys[PHONE_KEYS_MAX];
    size_t key_count;

    struct arena document;
    const char *document_url;
    const struct twiml_element *verb; /* the one that runs */
    int documents;
    bool fell_back;
    struct op *asking;        /* a webhook whose answer is the next thing to do */
    struct signed_ask *asked; /* what it was asked, for trying again */
    int retries;
    void (*on_reply)(struct phone_call *call, const struct http_answer *answer);
    struct op *telling;  /* one whose answer means nothing */
    struct timer *timer; /* what happens next without anybody asking */
    void (*on_time)(struct phone_call *call);
    int64_t deadline_ms, verb_began_ms; /* of the verb */
    struct buf taken;                   /* recorded audio, or gathered keys */

    /* whoever a Dial rings, from picking up to being joined with the caller */
    char dialled_sid[PHONE_SID_ROOM]; /* "": nobody, or they talk */
    const char *dialled;              /* E.164 */
    struct arena dialled_document;
    const struct twiml_element *dialled_verb;

    struct timer *ender; /* tells that the call is over */
    bool told_end;
    enum phone_end end;
    char *why;

    struct phone_stream stream;
};

/* phone.c */
bool phone_is_live(const struct phone_call *call);
void phone_emit(struct phone_call *call, struct phone_event event);
void phone_end_call(struct phone_call *call, enum phone_end end, const char *status,
                    const char *why);
void phone_answer(struct phone_call *call); /* it rings no more */
void phone_later(struct phone_call *call, int64_t wait_ms, void (*fn)(struct phone_call *call));
void phone_new_sid(const char *kind, char sid_out[PHONE_SID_ROOM]);
/* Asks url (relative to the document's) with what every webhook has and these fields. */
void phone_ask(struct phone_call *call, const char *url, const char *method,
               const struct http_field *fields, size_t count,
               void (*on_reply)(struct phone_call *call, const struct http_answer *answer));
void phone_tell(struct phone_call *call, const char *url, const struct http_field *fields,
                size_t count);
/* The reply as the next document. */
void phone_on_document(struct phone_call *call, const struct http_answer *answer);

/* verbs.c */
/* A whole attribute; its preset when it is missing or no number. */
int64_t phone_number_in(const struct twiml_element *verb, const char *name, int64_t preset);
void phone_run_verb(struct phone_call *call);  /* call->verb; the end when there is none */
void phone_next_verb(struct phone_call *call); /* the one behind it */

/* dial.c */
void phone_run_dial(struct phone_call *call);

/* stream.c */
void phone_stream_begin(struct phone_call *call, const struct twiml_element *stream);
void phone_stream_stop(struct phone_call *call); /* by the carrier's wish; NULL stream is fine */
