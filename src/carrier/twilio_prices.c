/* carrier/twilio_prices.c: one country's price list, and the line of it that was asked for. */
#include "carrier/twilio_prices.h"

#include "carrier/twilio_rest_private.h"
#include "carrier/twilio_rest_wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

/* "usd" and "USD" are met. */
static int take_currency(struct str text, char out[4])
{
    if (text.bytes != 3)
        return EPROTO;
    for (size_t i = 0; i < 3; i++) {
        if (!isalpha((unsigned char)text.at[i]))
            return EPROTO;
        out[i] = (char)toupper((unsigned char)text.at[i]);
    }
    out[3] = '\0';
    return 0;
}

static void settle(const struct twilio_reply *reply, twilio_any_fn *on_price, void *arg)
{
    struct twilio_price_record record;
    struct twilio_price price = {0};
    int err = reply->err;
    if (!err)
        err = twilio_price_parse(reply->body, reply->key, &record);
    if (!err)
        err = take_currency(record.currency, price.currency);
    if (!err)
        price.month_micro = record.month_micro;
    ((twilio_price_fn *)on_price)(err, err ? NULL : &price, arg);
}

void twilio_number_price(struct twilio_rest *rest, const char *country, enum number_kind kind,
                         twilio_price_fn *on_price, void *arg, struct op **slot)
{
    static const char *const kinds[NUMBER_KIND_COUNT] = {[NUMBER_LOCAL] = "local",
                                                         [NUMBER_MOBILE] = "mobile",
                                                         [NUMBER_NATIONAL] = "national",
                                                         [NUMBER_TOLL_FREE] = "toll free"};
    bool can = twilio_is_country(country) && rest->pricing_url;
    struct buf url = {0};
    buf_printf(&url, "%s/v1/PhoneNumbers/Countries/%.2s", can ? rest->pricing_url : "",
               can ? country : "");
    const struct twilio_request request = {.what = "number_price",
                                           .method = HTTP_GET,
                                           .url = buf_text(&url),
                                           .key = kinds[kind],
                                           .err = can ? 0 : EINVAL,
                                           .settle = settle,
                                           .on_done = (twilio_any_fn *)on_price,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
}
