/* store/forwarding_checks.h: whether an owner's phone really forwards to Karen, proved: it is rung
 * from Karen's number, is not picked up, and the call comes back to that number.
 *
 *   placing -> ringing -> came_back -> proved
 *   and from each of them: failed, with a word for why:
 *     answered (somebody, or a mailbox, picked up), busy, not_forwarded, unreachable, refused (the
 *     carrier would not call), cut_off (came back, and was ended before the greeting), no_news */
#pragma once
#include "store/json.h"

enum {
    FORWARDING_RING_SECONDS = 40,      /* over the 30 after which every network forwards */
    FORWARDING_CHECK_SECONDS_MAX = 90, /* then nothing more can come */
    FORWARDING_CHECKS_AN_HOUR_MAX = 6, /* of one tenant, and to one phone */
};

struct forwarding_begun {
    struct uuid id;
    const char *number;   /* that it is rung from; borrowed, as is */
    const char *language; /* the tenant's */
};
typedef void forwarding_begun_fn(int err, const struct forwarding_begun *begun, void *arg);
/* phone: of somebody of this tenant who has proved that it is theirs. ENOENT: the tenant has no
 * number; EPERM: nobody has proved that phone; EBUSY: the number is being checked at this moment;
 * EDQUOT: too many in an hour. */
void forwarding_checks_begin(struct db *db, struct uuid tenant, const char *phone,
                             const char *actor, forwarding_begun_fn *on_begun, void *arg,
                             struct op **slot);
/* The call is placed; or was not, and why. Answers the check. */
void forwarding_checks_placed(struct db *db, struct uuid tenant, struct uuid check,
                              const char *call_sid, const char *failed_why, db_json_fn *on_json,
                              void *arg, struct op **slot);

/* A call rings that may be a check coming back: from the number that rings to itself, or from the
 * phone where the network shows that instead. Marks it. ENOENT: it is none. */
struct forwarding_return {
    const char *called, *caller, *forwarder; /* forwarder: "" when nobody says */
    const char *call_sid;
};
typedef void forwarding_returned_fn(int err, struct uuid check, const char *language, void *arg);
void forwarding_checks_return(struct db *db, const struct forwarding_return *back,
                              forwarding_returned_fn *on_returned, void *arg, struct op **slot);
/* What the carrier tells of the call that rings the phone: ringing, in-progress ... Unordered and
 * repeated as it comes; ENOENT: no such check. */
void forwarding_checks_news(struct db *db, struct uuid check, const char *call_status,
                            db_end_fn *on_end, void *arg, struct op **slot);
/* The call that came back has heard the greeting: proved. */
void forwarding_checks_greeted(struct db *db, struct uuid check, db_end_fn *on_end, void *arg,
                               struct op **slot);

void forwarding_checks_get_json(struct db *db, struct uuid tenant, struct uuid check,
                                db_json_fn *on_json, void *arg, struct op **slot);
/* The newest first; EINVAL: cursor is none. */
void forwarding_checks_list_json(struct db *db, struct uuid tenant, const char *cursor,
                                 int64_t limit, db_json_fn *on_json, void *arg, struct op **slot);
