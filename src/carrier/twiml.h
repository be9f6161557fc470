/* carrier/twiml.h: the TwiML documents Karen answers with. Pure: text in, XML out, everything
 * escaped. What to say and when is decided above.
 *
 * Verbs run from top to bottom and the call ends with the document, so each one says what comes
 * after it. Source: Twilio, "TwiML for Programmable Voice". */
#pragma once
#include "base/buf.h"

enum {
    TWIML_SAY_CHARS_MAX = 4096,     /* of one Say; more is cut */
    TWIML_PARAMETER_BYTES_MAX = 499 /* name and value of a Parameter together */
};

/* "cs-CZ" for "cs" and so on; "en-US" for what Say has no voice for. */
const char *twiml_language(const char *language);

/* A message left with the carrier: said, then recorded, then posted to action_url. */
struct twiml_voicemail {
    const char *language; /* "cs", "sk", "de", "en" */
    const char *say;      /* what to leave and when to speak */
    const char *goodbye;  /* when nothing was recorded */
    const char *action_url;
    const char *status_url; /* told when the recording can be fetched; may be NULL */
    int seconds_max;
};
void twiml_voicemail(struct buf *out, const struct twiml_voicemail *voicemail);

/* The call goes to our media stream. When the stream ends the carrier asks action_url; when it
 * cannot even be opened it goes on with the voicemail. */
struct twiml_connect {
    const char *media_url; /* wss://, without a query */
    const char *action_url;
    const char *token; /* opaque; at most TWIML_PARAMETER_BYTES_MAX with its name */
    const char *after; /* what came before, for leg_start.after; NULL: nothing */
    struct twiml_voicemail fallback;
};
void twiml_connect(struct buf *out, const struct twiml_connect *connect);

/* One sentence, then the end of the call. */
void twiml_say_goodbye(struct buf *out, const char *language, const char *say);
/* One sentence, then url is asked what to do: by which it is known that it was heard. */
void twiml_say_and_ask(struct buf *out, const char *language, const char *say, const char *url);

/* Asks for digits, typed on the telephone's keys. action_url is asked with them as `Digits` (also
 * with fewer, and with none, when the caller stops typing); should even that fail, goodbye (may be
 * NULL) and the end. */
struct twiml_gather {
    const char *language;
    const char *say; /* may be typed over */
    const char *action_url;
    const char *goodbye;
    int digits;
    int seconds_max; /* before the first digit, and between two */
};
void twiml_gather(struct buf *out, const struct twiml_gather *gather);

/* Rings a number for the caller; what became of it is posted to action_url. */
struct twiml_dial {
    const char *number;    /* E.164 */
    const char *caller_id; /* E.164; NULL shows the caller's own number */
    const char *action_url;
    const char *whisper_url; /* TwiML for whoever picks up; they are joined when it is over */
    int ring_seconds_max; /* under the callee's own no-answer forwarding, or it comes back to us */
    int seconds_max;
};
void twiml_dial(struct buf *out, const struct twiml_dial *dial);

void twiml_redirect(struct buf *out, const char *url);
void twiml_reject_busy(struct buf *out); /* only as the first answer to a call that still rings */
void twiml_over(struct buf *out);        /* to whoever was rung: he is joined with the caller */
void twiml_hangup(struct buf *out);
