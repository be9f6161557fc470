/* line/line.h: one live call in a worker: the shell around the conversation core. It carries events
 * from the leg and the providers into call/core.h and does what the core asks for; it decides
 * nothing itself. Lines are opened and looked up through line/switchboard.h.
 *
 *   leg --audio--> ears ------voice, keys-----> core --say--> clips / tts --audio--> leg
 *      '---------> listener --words-----------> |   '-ask--> llm --text--> core
 *                                               '-record, snapshot--> store
 *
 * A line never waits: whatever is in flight has a slot, and closing the line cancels it all. */
#pragma once
#include "base/buf.h"
#include "base/id.h"
#include "base/op.h"
#include "call/core.h"

#include <stdbool.h>
#include <stdint.h>

struct line;

/* Who is called by whom and how Karen shall be: what the store knows about an admitted call. Texts
 * are UTF-8; NULL or "" where something is not known. Everything is copied. */
struct line_setup {
    struct uuid call, tenant;
    const char *call_sid;        /* the carrier's id of the call */
    const char *caller_number;   /* E.164; NULL: withheld */
    const char *caller_name;     /* of a contact with that number */
    const char *owner;           /* whom Karen answers for, as it is said */
    const char *business;        /* the customer's own name */
    const char *timezone;        /* "Europe/Prague" */
    const char *language;        /* "cs", "sk", "en", "de" */
    const char *voice_id;        /* of the voice service */
    const char *greeting;        /* the tenant's own, behind the disclosure */
    const char *instructions;    /* the tenant's own prompt */
    const char *const *keyterms; /* names worth expecting, up to NULL; may be NULL */
    const char *transfer_to;     /* E.164; NULL: transfer_call is not offered */
    bool message_only;           /* a message is taken without a model, and that is all */
    /* What the owner's rules say about this call. */
    bool vip;                  /* the number is one that may always be put through */
    const char *const *names;  /* unless vip, putting through takes one of these names or urgent */
    const char *const *urgent; /* words heard from the caller; both up to NULL, may be NULL; when
                                * neither has any, the owner's instructions decide */
    const char *say;           /* said before the greeting; NULL: nothing */
    bool wants_message;        /* told to the model: nothing but a message is wanted */
    bool filter;               /* ...: hang up on whoever sells or cheats */
    int64_t duration_ms_max;   /* 0: LINE_DURATION_MS */
    bool resumed;              /* it was live before, in another stream */
    bool transfer_failed;      /* the owner was rung before this stream, but did not answer */
    struct str snapshot;       /* what turns_save() last stored of it; may be empty */
    uint32_t last_seq;         /* of the lines stored so far */
};
enum { LINE_DURATION_MS = 180 * 1000 };

/* What whoever watches a live call wants of it; how each fits into the talk, and how it may end,
 * stands in call/core.h at the orders. */
struct line_order {
    enum order_kind kind;
    struct str text; /* say, whisper: UTF-8 */
    const char *to;  /* transfer: E.164; NULL: the tenant's own */
};
/* err: as there, and ENOENT (not live here), ENOTSUP (a transfer without a number to go to). */
typedef void line_order_fn(int err, void *arg);

/* What a line asks of the carrier beside the media stream. on_done with 0 or an errno value; never
 * from inside the call, never after op_cancel(). */
typedef void line_carrier_fn(int err, void *arg);
struct line_carrier {
    void (*hang_up)(void *carrier, const char *call_sid, line_carrier_fn *on_done, void *arg,
                    struct op **slot);
    /* Hand the caller over to `to`; whisper is one sentence for whoever picks up. */
    void (*transfer)(void *carrier, struct uuid call, const char *call_sid, const char *to,
                     struct str whisper, line_carrier_fn *on_done, void *arg, struct op **slot);
    void *carrier;
};
