/* phone/phone.h: a telephone and the carrier between it and Karen: places a call as Twilio brings
 * one (webhook with a right signature, TwiML, media stream) and keeps its time: audio in both
 * directions 20 ms at a time, marks that return when they were played, a clear that returns them at
 * once. What the caller says and does comes from outside, piece by piece.
 *
 *   ringing --webhook--> TwiML verbs one after the other --> ended
 *                           Connect/Stream: talking until the server closes the socket, then action
 *                           Say, Pause, Record, Gather, Dial, Redirect, Hangup, Reject
 *
 * Used by the karen-phone tool, by tests, and by the sandbox's Twilio, which also changes calls
 * while they run. */
#pragma once
#include "base/buf.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct phone_call;

enum {
    PHONE_AUDIO_BYTES_MAX = 8 * 1024 * 1024, /* waiting to be said, or to be heard: 17 minutes */
    PHONE_MARKS_MAX = 4096,
    PHONE_VERBS_MAX = 64,      /* of one document */
    PHONE_RETRIES_MAX = 5,     /* of a webhook, as its URL asks for */
    PHONE_DOCUMENTS_MAX = 100, /* of one call: redirects in a circle end it */
    PHONE_TWIML_BYTES_MAX = 64 * 1024,
    PHONE_WEBHOOK_MS_MAX = 15000,
};

enum phone_event_kind {
    PHONE_WEBHOOK,     /* an answer came: number is its status, text the URL */
    PHONE_SAY,         /* the carrier's own voice: text, language */
    PHONE_STREAM,      /* a media stream is open; text is its SID */
    PHONE_STREAM_OVER, /* the server closed it (number: its code) or it broke */
    PHONE_HEARD,       /* 20 ms of what the caller heard and said: heard, said; at each frame */
    PHONE_MARKED,      /* text is the name of a mark that went back; number 1: because of a clear */
    PHONE_CLEARED,     /* number: ms of audio that will not be heard */
    PHONE_GATHER,      /* digits are asked for: text is the prompt, number how many */
    PHONE_DIALLED,     /* text is the number; what comes of it is in the options */
    PHONE_WHISPER,     /* what the dialled one hears before they are joined: text */
    PHONE_RECORDED,    /* text is the SID, number the ms; recording holds the audio */
    PHONE_REJECTED,    /* text is "busy" or "rejected" */
    PHONE_ENDED,       /* the last one; see phone_end */
};
enum phone_end {
    PHONE_HUNG_UP,       /* by us: phone_hang_up() */
    PHONE_ENDED_BY_PEER, /* Hangup, Reject, the document was over, or REST */
    PHONE_FAILED,        /* webhook, TwiML or stream did not work; text says how */
};
struct phone_event {
    enum phone_event_kind kind;
    int64_t at_ms;               /* since the call began */
    const char *text, *language; /* borrowed; "" where there is none */
    int64_t number;
    const uint8_t *heard, *said; /* PHONE_HEARD: AUDIO_FRAME_BYTES of each */
    bool agent_audio;     /* PHONE_HEARD: something was being played, not the line's silence */
    struct str recording; /* PHONE_RECORDED: mu-law */
    enum phone_end end;   /* PHONE_ENDED */
};
/* Never runs inside a call of this header. */
typedef void phone_event_fn(struct phone_call *call, const struct phone_event *event, void *arg);

/* Who picks up presses 1 when he is asked for a key, presses 2, or is a machine that presses none.
 */
enum phone_dial {
    PHONE_DIAL_NO_ANSWER,
    PHONE_DIAL_BUSY,
    PHONE_DIAL_ANSWERED,
    PHONE_DIAL_DECLINED,
    PHONE_DIAL_VOICEMAIL,
    PHONE_DIAL_FAILED
};

struct phone_options { /* texts are copied; the loop and the client must outlive the call */
    struct loop *loop;
    struct http_client *http;
    const char *voice_url;    /* the number's webhook */
    const char *fallback_url; /* asked when that fails; NULL: none */
    const char *status_url;   /* told when the call is over; NULL: nobody */
    const char *account_sid;  /* AC and 32 hex digits */
    const char *auth_token;   /* signs */
    const char *call_sid;     /* NULL: a random one */
    const char *from, *to;
    const char *forwarded_from;      /* NULL: the call is not forwarded */
    const struct http_field *extras; /* further fields of each webhook */
    size_t extra_count;
    const char *ca_file;     /* further trusted roots, for wss and https; NULL */
    bool outbound;           /* Direction: outbound-api, as for calls made by REST */
    int64_t say_ms_per_char; /* how long the carrier's voice takes; default 60; -1: none */
    enum phone_dial dial;    /* what comes of a Dial after dial_ms (default 2000), */
    int64_t dial_ms;
    int64_t dial_key_ms;            /* how long a key is waited for; default: as the TwiML says */
    int64_t dial_talk_ms;           /* how long the two then talk; default 3000 */
    const char *recording_base_url; /* of RecordingUrl; default "http://localhost/recordings" */
};
/* Takes off at once. */
struct phone_call *phone_place(const struct phone_options *options, phone_event_fn *on_event,
                               void *arg);
/* It is over and the last webhook about it was answered, or could not be. */
bool phone_is_settled(const struct phone_call *call);
/* Forgets the call without a word to anybody. NULL after; NULL is fine. Needed also after
 * PHONE_ENDED. */
void phone_free(struct phone_call **call);

/* The caller's side. Said audio is queued; ENOBUFS past PHONE_AUDIO_BYTES_MAX. */
int phone_say(struct phone_call *call, const uint8_t *ulaw, size_t bytes);
bool phone_is_talking(const struct phone_call *call);        /* said audio is still going out */
void phone_press(struct phone_call *call, const char *keys); /* one after the other */
void phone_hang_up(struct phone_call *call);

/* The carrier's side, as its REST API asks. What runs is dropped, a stream is stopped. */
int phone_run_twiml(struct phone_call *call, struct str twiml); /* EINVAL: not TwiML; ESRCH: over */
int phone_go_to(struct phone_call *call, const char *url, const char *method);
int phone_complete(struct phone_call *call); /* ESRCH: it is over */

const char *phone_call_sid(const struct phone_call *call);
const char *phone_status(const struct phone_call *call); /* "ringing", "in-progress", "completed" */
const char *phone_stream_sid(const struct phone_call *call); /* "" when none is open */
int64_t phone_duration_ms(const struct phone_call *call);    /* since it was answered; 0 before */

/* For the tool and for tests: what happened when; -1: it did not. ms since the call began. */
struct phone_timing {
    int64_t webhook_ms;     /* first TwiML */
    int64_t stream_ms;      /* first stream open, start sent */
    int64_t first_audio_ms; /* first audio came from the server */
    int64_t ended_ms;
    uint64_t frames, frames_late; /* our own, sent; of these more than a frame after their time */
};
const struct phone_timing *phone_timing(const struct phone_call *call);
