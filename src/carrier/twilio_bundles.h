/* carrier/twilio_bundles.h: regulatory bundles: the papers without which most countries sell no
 * number. They are made and handed in at Twilio's console, read by people there for days, and only
 * looked at here. Source: Twilio, "Regulatory Compliance: Bundles". */
#pragma once
#include "carrier/twilio_rest.h"
#include "rules/number_kind.h"

enum { TWILIO_BUNDLES_MAX = 20 };

enum bundle_state {
    BUNDLE_UNKNOWN, /* a word that did not exist when this was written */
    BUNDLE_DRAFT,
    BUNDLE_PENDING_REVIEW,
    BUNDLE_IN_REVIEW,
    BUNDLE_REJECTED,
    BUNDLE_APPROVED,
    BUNDLE_PROVISIONALLY_APPROVED, /* numbers can be bought; papers are still to come */
    BUNDLE_STATE_COUNT,
};
const char *bundle_state_code(enum bundle_state state); /* "pending_review": for API and database */
bool bundle_state_buys(enum bundle_state state);

struct twilio_bundle {
    const char *sid, *name;
    enum bundle_state state;
    int64_t valid_until_ms; /* -1: no end is set */
};
/* err: ESRCH (no such bundle) or as in twilio_answer. bundle: NULL unless err is 0. */
typedef void twilio_bundle_fn(int err, const struct twilio_bundle *bundle, void *arg);
void twilio_bundle_get(struct twilio_rest *rest, const char *sid, twilio_bundle_fn *on_bundle,
                       void *arg, struct op **slot);
/* The newest approved ones, at most TWILIO_BUNDLES_MAX, for numbers of that country and kind. */
typedef void twilio_bundle_list_fn(int err, const struct twilio_bundle *bundles, size_t count,
                                   void *arg);
void twilio_bundles_approved(struct twilio_rest *rest, const char *country, enum number_kind kind,
                             twilio_bundle_list_fn *on_bundles, void *arg, struct op **slot);
