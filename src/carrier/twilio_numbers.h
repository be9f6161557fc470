/* carrier/twilio_numbers.h: telephone numbers at Twilio: found, bought, pointed at us, listed, let
 * go. Which one for whom, and when, is decided above.
 *
 *   offered --buy--> ours --release--> anybody's, at once
 *
 * Buying has no key that makes it safe to repeat. When its outcome is unknown, and also when Twilio
 * says that the number is taken (it may be, by an earlier try of ours), our own numbers are looked
 * at: one with the purchase's name is what was bought. Two purchases must therefore never have one
 * name, nor, as Twilio lets a number of ours be bought again, be of one number.
 * Source: Twilio, "AvailablePhoneNumbers", "IncomingPhoneNumbers". */
#pragma once
#include "carrier/twilio_rest.h"
#include "rules/number_kind.h"

enum { TWILIO_OFFERS_MAX = 50, TWILIO_NUMBERS_MAX = 1000 };

/* err everywhere: 0; EADDRINUSE (somebody else has it: search again), EDESTADDRREQ (the country
 * wants papers, a bundle or an address, that were not given or are not approved), EDQUOT (the
 * account may have no more numbers), ESRCH (no such number; not sold there), or as in
 * twilio_answer. */

struct twilio_search {
    const char *country; /* "CZ" */
    enum number_kind kind;
    const char *contains; /* digits, * for any one; NULL or "": whatever there is */
    int limit;            /* up to TWILIO_OFFERS_MAX */
};
enum twilio_address_need { ADDRESS_NONE, ADDRESS_ANY, ADDRESS_LOCAL, ADDRESS_FOREIGN };
struct twilio_offer {
    const char *number; /* E.164 */
    enum twilio_address_need address;
    bool sms;
};
typedef void twilio_offers_fn(int err, const struct twilio_offer *offers, size_t count, void *arg);
void twilio_numbers_search(struct twilio_rest *rest, const struct twilio_search *search,
                           twilio_offers_fn *on_offers, void *arg, struct op **slot);

/* Where a number's calls go; all of it in one request, or the number answers with Twilio's own
 * greeting in between. */
struct twilio_hooks {
    const char *voice_url, *fallback_url, *status_url; /* fallback: NULL for none */
};
struct twilio_purchase {
    const char *number;
    const char *name; /* by which it is found again: of this purchase alone */
    struct twilio_hooks hooks;
    const char *bundle_sid, *address_sid; /* NULL: none is needed */
};
struct twilio_number { /* ours */
    const char *sid, *number, *name;
    const char *voice_url, *fallback_url, *status_url; /* "" where none is set */
    const char *bundle_sid;                            /* "" */
    bool voice, sms;
};
/* number: NULL unless err is 0. */
typedef void twilio_number_fn(int err, const struct twilio_number *number, void *arg);
void twilio_numbers_buy(struct twilio_rest *rest, const struct twilio_purchase *purchase,
                        twilio_number_fn *on_number, void *arg, struct op **slot);
void twilio_numbers_update(struct twilio_rest *rest, const char *sid,
                           const struct twilio_hooks *hooks, twilio_number_fn *on_number, void *arg,
                           struct op **slot);
/* Ours by its number; ESRCH: it is not ours. */
void twilio_numbers_find(struct twilio_rest *rest, const char *number, twilio_number_fn *on_number,
                         void *arg, struct op **slot);

/* All of ours, page by page; more: there are others past TWILIO_NUMBERS_MAX. */
typedef void twilio_number_list_fn(int err, const struct twilio_number *numbers, size_t count,
                                   bool more, void *arg);
void twilio_numbers_list(struct twilio_rest *rest, twilio_number_list_fn *on_numbers, void *arg,
                         struct op **slot);

/* It is gone for good, and may be somebody else's the next minute. One that is not there is fine.
 */
typedef void twilio_end_fn(int err, void *arg);
void twilio_numbers_release(struct twilio_rest *rest, const char *sid, twilio_end_fn *on_end,
                            void *arg, struct op **slot);
