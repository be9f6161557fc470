/* carrier/twilio_prices.h: what a number costs a month, before tax, as this account pays it.
 * Source: Twilio, "Pricing: Phone Numbers". */
#pragma once
#include "carrier/twilio_rest.h"
#include "rules/number_kind.h"

struct twilio_price {
    int64_t month_micro; /* millionths of the currency */
    char currency[4];    /* "USD" */
};
/* err: ESRCH (it tells no price of such numbers) or as in twilio_answer. price: NULL unless 0. */
typedef void twilio_price_fn(int err, const struct twilio_price *price, void *arg);
void twilio_number_price(struct twilio_rest *rest, const char *country, enum number_kind kind,
                         twilio_price_fn *on_price, void *arg, struct op **slot);
