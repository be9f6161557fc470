/* sandbox/twilio_numbers.c: numbers that can be bought, and those that were. */
#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/twilio_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFERS = 40, TRIES_MAX = 999 };

/* What is sold where: a prefix and how many digits follow it. */
static const struct country {
    const char *code, *type, *prefix, *address_requirements;
    int digits;
    bool sms;
    const char *price; /* a month, in US dollars */
} countries[] = {
    {"CZ", "Local", "+420228883", "any", 3, false, "1.00"},
    {"CZ", "National", "+420910888", "any", 3, false, "1.00"},
    {"CZ", "Mobile", "+420736555", "any", 3, true, "10.00"},
    {"SK", "Local", "+421233888", "any", 3, false, "1.00"},
    {"SK", "Mobile", "+421950555", "any", 3, true, "6.00"},
    {"DE", "Local", "+4930555888", "local", 3, false, "1.15"},
    {"DE", "Mobile", "+4915735988", "any", 3, true, "15.00"},
    {"GB", "Local", "+442079460", "any", 3, true, "1.15"},
    {"GB", "Mobile", "+447700900", "any", 3, true, "1.15"},
    {"US", "Local", "+1201555", "none", 4, true, "1.15"},
    {"US", "TollFree", "+1833555", "none", 4, true, "2.15"},
    {"AT", "Local", "+431267588", "local", 3, false, "1.50"},
};

static const struct country *country_of(struct str code, struct str type)
{
    for (size_t i = 0; i < countof(countries); i++)
        if (str_is(code, countries[i].code) && str_is(type, countries[i].type))
            return &countries[i];
    return NULL;
}

/* Which of them a number belongs to; NULL: Twilio has no such number. */
static const struct country *home_of(const char *number)
{
    for (size_t i = 0; i < countof(countries); i++) {
        size_t bytes = strlen(countries[i].prefix);
        if (strncmp(number, countries[i].prefix, bytes) == 0 &&
            strlen(number) == bytes + (size_t)countries[i].digits)
            return &countries[i];
    }
    return NULL;
}

bool twilio_is_landline(const char *number)
{
    const struct country *home = home_of(number);
    return home && !home->sms;
}

/* Twilio spells the kinds of numbers here as in its bundles. */
static const char *type_of(const struct country *country)
{
    static const char *const words[][2] = {{"Local", "local"},
                                           {"National", "national"},
                                           {"Mobile", "mobile"},
                                           {"TollFree", "toll-free"}};
    for (size_t i = 0; i < countof(words); i++)
        if (strcmp(country->type, words[i][0]) == 0)
            return words[i][1];
    return "local";
}

static bool wants_papers(const struct country *country)
{
    return strcmp(country->address_requirements, "none") != 0;
}

void twilio_add_bundles(struct twilio *twilio)
{
    for (size_t i = 0; i < countof(countries); i++)
        if (wants_papers(&countries[i]))
            twilio_add_bundle(twilio, countries[i].code, type_of(&countries[i]));
}

struct number *twilio_number_find(struct twilio *twilio, const char *number)
{
    for (size_t i = 0; i < twilio->number_count; i++)
        if (strcmp(twilio->numbers[i].number, number) == 0)
            return &twilio->numbers[i];
    return NULL;
}

static void usual_methods(struct number *number)
{
    char *const methods[] = {number->voice_method, number->fallback_method, number->status_method};
    for (size_t i = 0; i < countof(methods); i++)
        snprintf(methods[i], sizeof(number->voice_method), "POST");
}

void twilio_own_number(struct twilio *twilio, const char *number, const char *voice_url)
{
    struct number *one = &twilio->numbers[twilio->number_count++];
    *one = (struct number){.created_ms = wall_now_ms()};
    one->updated_ms = one->created_ms;
    random_id(one->sid, "PN", 32);
    snprintf(one->number, sizeof(one->number), "%s", number);
    snprintf(one->name, sizeof(one->name), "%s", number);
    snprintf(one->voice_url, sizeof(one->voice_url), "%s", voice_url);
    usual_methods(one);
}

static const char *capabilities(const struct country *country)
{
    return country && country->sms
               ? "{\"voice\":true,\"SMS\":true,\"MMS\":false,\"fax\":false,\"sms\":true,"
                 "\"mms\":false}"
               : "{\"voice\":true,\"SMS\":false,\"MMS\":false,\"fax\":false,\"sms\":false,"
                 "\"mms\":false}";
}

static void put_offer(const struct country *country, const char *number, struct buf *out)
{
    buf_putc(out, '{');
    body_put_text(out, "friendly_name", number);
    body_put_text(out, "phone_number", number);
    static const char *const nulls[] = {"lata",      "locality", "rate_center", "latitude",
                                        "longitude", "region",   "postal_code"};
    for (size_t i = 0; i < countof(nulls); i++)
        body_put_text(out, nulls[i], NULL);
    body_put_text(out, "iso_country", country->code);
    body_put_text(out, "address_requirements", country->address_requirements);
    body_put_bool(out, "beta", false);
    body_put_raw(out, "capabilities", capabilities(country));
    buf_putc(out, '}');
}

/* Whether the digits stand in the number somewhere; * is any one. */
static bool has_digits(const char *number, const char *digits)
{
    size_t bytes = strlen(digits);
    for (; strlen(number) >= bytes; number++) {
        size_t i = 0;
        while (i < bytes && (digits[i] == '*' || digits[i] == number[i]))
            i++;
        if (i == bytes)
            return true;
    }
    return false;
}

/* Every seventh number is for sale, and those already owned are not. */
static void put_offers(struct visit *visit, const struct country *country, struct buf *out)
{
    const char *contains = http_query(visit->req, "Contains");
    const char *size = http_query(visit->req, "PageSize");
    int most = size && atoi(size) > 0 && atoi(size) < OFFERS ? atoi(size) : OFFERS;
    for (int i = 0, shown = 0; i <= TRIES_MAX && shown < most; i += 7) {
        char number[PHONE_BYTES];
        snprintf(number, sizeof(number), "%s%0*d", country->prefix, country->digits, i);
        if (contains && !has_digits(number + 1, contains))
            continue;
        if (twilio_number_find(visit->party->state, number))
            continue;
        buf_puts(out, shown++ ? "," : "");
        put_offer(country, number, out);
    }
}

void twilio_list_available(struct visit *visit)
{
    const struct country *country = country_of(visit->params[1], twilio_sid_of(visit->params[2]));
    struct buf body = {0};
    if (!country) {
        twilio_refuse(visit, 404, 20404, NULL);
        return;
    }
    buf_puts(&body, "{\"available_phone_numbers\":[");
    put_offers(visit, country, &body);
    buf_printf(&body, "],\"uri\":\"/2010-04-01/Accounts/%s/AvailablePhoneNumbers/%s/%s.json\"}",
               twilio_account(visit), country->code, country->type);
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static void put_prices(struct str code, struct buf *out)
{
    for (size_t i = 0; i < countof(countries); i++) {
        const struct country *country = &countries[i];
        if (!str_is(code, country->code))
            continue;
        /* "toll free" here, unlike in bundles */
        const char *type = strcmp(country->type, "TollFree") == 0 ? "toll free" : type_of(country);
        buf_puts(out, out->data[out->bytes - 1] == '[' ? "{" : ",{");
        body_put_text(out, "number_type", type);
        body_put_text(out, "base_price", country->price);
        body_put_text(out, "current_price", country->price);
        buf_putc(out, '}');
    }
}

void twilio_get_prices(struct visit *visit)
{
    struct str code = visit->params[0];
    struct buf body = {0};
    char text[64];
    snprintf(text, sizeof(text), "%.*s", (int)code.bytes, code.at);
    buf_putc(&body, '{');
    body_put_text(&body, "country", text);
    body_put_text(&body, "iso_country", text);
    buf_puts(&body, ",\"phone_number_prices\":[");
    put_prices(code, &body);
    buf_putc(&body, ']');
    body_put_text(&body, "price_unit", "USD");
    snprintf(text, sizeof(text), "https://pricing.twilio.com/v1/PhoneNumbers/Countries/%.2s",
             code.bytes ? code.at : "");
    body_put_text(&body, "url", text);
    buf_putc(&body, '}');
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static void put_number(const struct number *number, const char *account, struct buf *out)
{
    const struct country *country = home_of(number->number);
    char uri[128];
    snprintf(uri, sizeof(uri), "/2010-04-01/Accounts/%s/IncomingPhoneNumbers/%s.json", account,
             number->sid);
    buf_putc(out, '{');
    body_put_text(out, "sid", number->sid);
    body_put_text(out, "account_sid", account);
    body_put_text(out, "phone_number", number->number);
    body_put_text(out, "friendly_name", number->name);
    body_put_text(out, "voice_url", number->voice_url);
    body_put_text(out, "voice_method", number->voice_method);
    body_put_text(out, "voice_fallback_url", number->fallback_url);
    body_put_text(out, "voice_fallback_method", number->fallback_method);
    body_put_text(out, "status_callback", number->status_url);
    body_put_text(out, "status_callback_method", number->status_method);
    body_put_text(out, "sms_url", number->sms_url);
    body_put_text(out, "sms_method", "POST");
    body_put_text(out, "sms_fallback_url", "");
    body_put_text(out, "sms_fallback_method", "POST");
    body_put_text(out, "voice_application_sid", "");
    body_put_text(out, "sms_application_sid", "");
    body_put_text(out, "trunk_sid", NULL);
    body_put_text(out, "identity_sid", NULL);
    body_put_text(out, "address_sid", *number->address_sid ? number->address_sid : NULL);
    body_put_text(out, "bundle_sid", *number->bundle_sid ? number->bundle_sid : NULL);
    body_put_text(out, "address_requirements", country ? country->address_requirements : "none");
    body_put_text(out, "emergency_status", "Inactive");
    body_put_text(out, "emergency_address_sid", NULL);
    body_put_text(out, "emergency_address_status", "unregistered");
    body_put_bool(out, "voice_caller_id_lookup", false);
    body_put_text(out, "voice_receive_mode", "voice");
    body_put_raw(out, "capabilities", capabilities(country));
    body_put_bool(out, "beta", false);
    body_put_text(out, "origin", "twilio");
    body_put_text(out, "status", "in-use");
    body_put_text(out, "type", country ? type_of(country) : "local");
    body_put_text(out, "api_version", "2010-04-01");
    twilio_put_date(out, "date_created", number->created_ms);
    twilio_put_date(out, "date_updated", number->updated_ms);
    body_put_text(out, "uri", uri);
    buf_putc(out, '}');
}

static void reply_number(struct visit *visit, const struct number *number, int status)
{
    struct buf body = {0};
    put_number(number, twilio_account(visit), &body);
    visit_reply_json(visit, status, buf_str(&body));
    buf_free(&body);
}

static bool take_fields(struct visit *visit, struct number *number)
{
    const struct {
        const char *name;
        char *out;
        size_t room;
    } fields[] = {
        {"FriendlyName", number->name, sizeof(number->name)},
        {"VoiceUrl", number->voice_url, sizeof(number->voice_url)},
        {"VoiceFallbackUrl", number->fallback_url, sizeof(number->fallback_url)},
        {"StatusCallback", number->status_url, sizeof(number->status_url)},
        {"VoiceMethod", number->voice_method, sizeof(number->voice_method)},
        {"VoiceFallbackMethod", number->fallback_method, sizeof(number->fallback_method)},
        {"StatusCallbackMethod", number->status_method, sizeof(number->status_method)},
        {"SmsUrl", number->sms_url, sizeof(number->sms_url)},
        {"AddressSid", number->address_sid, sizeof(number->address_sid)},
        {"BundleSid", number->bundle_sid, sizeof(number->bundle_sid)},
    };
    for (size_t i = 0; i < countof(fields); i++)
        if (!twilio_take_field(visit, fields[i].name, fields[i].out, fields[i].room))
            return false;
    return true;
}

static bool has_papers(struct visit *visit, const struct number *number)
{
    if (*number->bundle_sid && !twilio_bundle_buys(visit->party->state, number->bundle_sid)) {
        twilio_refuse(visit, 400, 21649, "Bundle status is not twilio-approved");
        return false;
    }
    if (wants_papers(home_of(number->number)) && !*number->bundle_sid && !*number->address_sid) {
        twilio_refuse(visit, 400, 21631,
                      "Phone Number Requires an Address but the 'AddressSid' parameter was empty.");
        return false;
    }
    return true;
}

void twilio_buy_number(struct visit *visit)
{
    struct twilio *twilio = visit->party->state;
    const char *wanted = http_field(visit->req, "PhoneNumber");
    struct number number = {.created_ms = wall_now_ms(), .updated_ms = wall_now_ms()};
    if (!wanted || !twilio_is_e164(wanted)) {
        twilio_refuse(visit, 400, 21421, "PhoneNumber is invalid");
        return;
    }
    if (!home_of(wanted) || twilio_number_find(twilio, wanted) ||
        twilio->number_count == NUMBERS_MAX) {
        twilio_refuse(visit, 400, 21422, "PhoneNumber is not available");
        return;
    }
    snprintf(number.number, sizeof(number.number), "%s", wanted);
    snprintf(number.name, sizeof(number.name), "%s", wanted);
    random_id(number.sid, "PN", 32);
    usual_methods(&number);
    if (!take_fields(visit, &number) || !has_papers(visit, &number))
        return;
    twilio->numbers[twilio->number_count++] = number;
    reply_number(visit, &number, 201);
}

void twilio_list_numbers(struct visit *visit)
{
    const struct twilio *twilio = visit->party->state;
    const char *only = http_query(visit->req, "PhoneNumber");
    struct twilio_page page = twilio_page_of(visit);
    struct buf body = {0};
    buf_puts(&body, "{\"incoming_phone_numbers\":[");
    for (size_t i = 0; i < twilio->number_count; i++) {
        const struct number *number = &twilio->numbers[i];
        if ((only && !strstr(number->number, only)) || !twilio_page_takes(&page))
            continue;
        buf_puts(&body, page.shown > 1 ? "," : "");
        put_number(number, twilio_account(visit), &body);
    }
    twilio_page_reply(visit, &page, &body);
    buf_free(&body);
}

static struct number *asked_number(struct visit *visit)
{
    struct twilio *twilio = visit->party->state;
    struct str sid = twilio_sid_of(visit->params[1]);
    for (size_t i = 0; i < twilio->number_count; i++)
        if (str_is(sid, twilio->numbers[i].sid))
            return &twilio->numbers[i];
    twilio_refuse(visit, 404, 20404, NULL);
    return NULL;
}

void twilio_get_number(struct visit *visit)
{
    const struct number *number = asked_number(visit);
    if (number)
        reply_number(visit, number, 200);
}

void twilio_update_number(struct visit *visit)
{
    struct number *number = asked_number(visit), changed;
    if (!number)
        return;
    changed = *number;
    changed.updated_ms = wall_now_ms();
    if (!take_fields(visit, &changed))
        return;
    *number = changed;
    reply_number(visit, number, 200);
}

void twilio_release_number(struct visit *visit)
{
    struct twilio *twilio = visit->party->state;
    struct number *number = asked_number(visit);
    if (!number)
        return;
    twilio->number_count--;
    size_t at = (size_t)(number - twilio->numbers);
    memmove(number, number + 1, (twilio->number_count - at) * sizeof(*number));
    visit_reply(visit, 204, NULL, (struct str){0});
}
