/* store/tokens.h: the one-use token that lets a media stream in, and all the call behind it needs.
 * Tokens are made by calls_begin() and calls_resume(); the database knows only their SHA-256. */
#pragma once
#include "store/calls.h"
#include "store/tenants.h"

/* Everything to start (or take up again) a line; in the arena that was given. */
struct call_opened {
    struct tenant tenant;
    struct call_record call;
    bool resumed;             /* it was live before, in another stream */
    struct str snapshot;      /* of the core at the last committed turn; empty: there is none */
    uint32_t last_seq;        /* of the lines stored so far; 0: none */
    const char *contact_name; /* NULL: not among the tenant's contacts */
    struct str handling;      /* what was decided when it rang: see rules/callrules_wire.h */
    enum contact_kind { CONTACT_NONE, CONTACT_NORMAL, CONTACT_VIP, CONTACT_BLOCKED } contact;
};
typedef void call_opened_fn(int err, const struct call_opened *opened, void *arg);

/* Uses the token up and loads the call, atomically and in one round trip.
 * ENOENT: nobody made such a token; EPERM: it is another call's (and stays good for that one);
 * EALREADY: used before; ESTALE: older than STREAM_TOKEN_SECONDS; ESHUTDOWN: the call is over. */
void tokens_redeem(struct db *db, struct str token, const char *call_sid, struct arena *arena,
                   call_opened_fn *on_opened, void *arg, struct op **slot);
