/* carrier/twilio_rest_wire.h: the bodies of Twilio's REST API taken apart. Pure: texts are borrowed
 * from the body and still have their escapes, numbers that came as strings are numbers.
 *
 * What is not there, or of another kind, is empty or 0. EPROTO: it is not one whole JSON object.
 * Source: Twilio, published OpenAPI descriptions (api v2010, verify v2, numbers v2,
 * pricing v1). */
#pragma once
#include "base/json.h"
#include "base/mem.h"

/* The text with its escapes resolved. */
const char *twilio_text(struct arena *arena, struct str raw);
/* "Fri, 20 Nov 2026 10:00:00 +0000" or "2026-11-20T10:00:00Z" as Unix time; -1: it is neither. */
int64_t twilio_date_ms(struct str text);

/* {"code":21211,"message":"...","status":400} of a refusal. */
struct twilio_refusal {
    int64_t code; /* Twilio's own; 0 without one */
    struct str message;
};
int twilio_refusal_parse(struct str body, struct twilio_refusal *refusal_out);

/* A list, item by item. name: of its member, "calls". */
struct twilio_list {
    struct json items;
    struct str next_page; /* a path (api v2010) or a URL (v2); empty at the end */
};
int twilio_list_parse(struct str body, const char *name, struct twilio_list *list_out);
bool twilio_list_next(struct twilio_list *list, struct str *object_out);

/* A call and a text message, alike in what matters here. */
struct twilio_record {
    struct str sid, status, direction;
    struct str text; /* a message's body */
    int64_t created_ms, error_code;
};
int twilio_record_parse(struct str body, struct twilio_record *record_out);

struct twilio_verification {
    struct str sid, status; /* pending approved canceled max_attempts_reached deleted failed
                               expired */
};
int twilio_verification_parse(struct str body, struct twilio_verification *verification_out);

/* A number that is for sale (sid is empty) or ours. */
struct twilio_number_record {
    struct str sid, number, name, country, address_requirements, bundle_sid;
    struct str voice_url, fallback_url, status_url;
    bool voice, sms;
};
int twilio_number_parse(struct str body, struct twilio_number_record *number_out);

struct twilio_bundle_record {
    struct str sid, name, status;
    int64_t valid_until_ms; /* -1: for ever */
};
int twilio_bundle_parse(struct str body, struct twilio_bundle_record *bundle_out);

/* One line of a country's price list. */
struct twilio_price_record {
    int64_t month_micro; /* millionths of the currency */
    struct str currency; /* of the body */
};
/* type: of numbers, as it is spelled there ("toll free"). ESRCH: no price of such is told. */
int twilio_price_parse(struct str body, const char *type, struct twilio_price_record *price_out);
