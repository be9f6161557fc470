/* carrier/twilio_rest_wire.c: one table of wanted members a kind of object. */
#include "carrier/twilio_rest_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct member {
    const char *name;
    struct str *text;                                   /* where it goes when it is a string, */
    int64_t *whole;                                     /* or a whole number, */
    void (*read)(struct json *json, void *into), *into; /* or something else */
};

static bool take(struct json *json, struct str key, const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!str_is(key, members[i].name))
            continue;
        if (members[i].text)
            json_string(json, members[i].text);
        else if (members[i].whole)
            json_whole(json, members[i].whole);
        else
            members[i].read(json, members[i].into);
        return true;
    }
    return false;
}

static int parse(struct str body, const struct member *members, size_t count)
{
    struct json json = json_of(body);
    struct str key;
    bool in = json_object(&json), object = in;
    for (; in && json_member(&json, &key);)
        if (!take(&json, key, members, count))
            json_skip(&json);
    return object && json_done(&json) ? 0 : EPROTO;
}

const char *twilio_text(struct arena *arena, struct str raw)
{
    struct buf plain = {0};
    json_unescape(&plain, raw);
    const char *text = arena_strdup(arena, buf_text(&plain));
    buf_free(&plain);
    return text;
}

int64_t twilio_date_ms(struct str text)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S +0000", "%Y-%m-%dT%H:%M:%SZ"};
    char copy[40];
    if (text.bytes >= sizeof(copy))
        return -1;
    snprintf(copy, sizeof(copy), "%.*s", (int)text.bytes, text.bytes ? text.at : "");
    for (size_t i = 0; i < countof(forms); i++) {
        struct tm utc = {0};
        const char *end = strptime(copy, forms[i], &utc);
        if (end && !*end)
            return (int64_t)timegm(&utc) * 1000;
    }
    return -1;
}

int twilio_refusal_parse(struct str body, struct twilio_refusal *refusal_out)
{
    struct twilio_refusal refusal = {0};
    const struct member members[] = {{.name = "code", .whole = &refusal.code},
                                     {.name = "message", .text = &refusal.message}};
    int err = parse(body, members, countof(members));
    if (!err)
        *refusal_out = refusal;
    return err;
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* Where it stands, for a second reading. */
static void read_raw(struct json *json, void *into)
{
    struct str *raw = into;
    const char *start = json->at;
    json_skip(json);
    *raw = (struct str){start, (size_t)(json->at - start)};
}

static void read_meta(struct json *json, void *into)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "next_page_url"))
            json_string(json, into);
        else
            json_skip(json);
    }
}

int twilio_list_parse(struct str body, const char *name, struct twilio_list *list_out)
{
    struct twilio_list list = {0};
    struct str items = {0};
    const struct member members[] = {{.name = name, .read = read_raw, .into = &items},
                                     {.name = "next_page_uri", .text = &list.next_page},
                                     {.name = "meta", .read = read_meta, .into = &list.next_page}};
    if (parse(body, members, countof(members)))
        return EPROTO;
    list.items = json_of(items);
    if (!json_array(&list.items))
        return EPROTO;
    *list_out = list;
    return 0;
}

bool twilio_list_next(struct twilio_list *list, struct str *object_out)
{
    if (!json_element(&list->items))
        return false;
    read_raw(&list->items, object_out);
    return true;
}

/* ---- objects -------------------------------------------------------------------------------- */

static void read_date(struct json *json, void *into)
{
    struct str text;
    if (json_string(json, &text))
        *(int64_t *)into = twilio_date_ms(text);
}

int twilio_record_parse(struct str body, struct twilio_record *record_out)
{
    struct twilio_record record = {.created_ms = -1};
    const struct member members[] = {
        {.name = "sid", .text = &record.sid},
        {.name = "status", .text = &record.status},
        {.name = "direction", .text = &record.direction},
        {.name = "body", .text = &record.text},
        {.name = "error_code", .whole = &record.error_code},
        {.name = "date_created", .read = read_date, .into = &record.created_ms},
    };
    int err = parse(body, members, countof(members));
    if (!err)
        *record_out = record;
    return err;
}

int twilio_verification_parse(struct str body, struct twilio_verification *verification_out)
{
    struct twilio_verification verification = {0};
    const struct member members[] = {{.name = "sid", .text = &verification.sid},
                                     {.name = "status", .text = &verification.status}};
    int err = parse(body, members, countof(members));
    if (!err)
        *verification_out = verification;
    return err;
}

/* {"voice":true,"SMS":false,...}; of numbers that are ours in lower case. */
static void read_capabilities(struct json *json, void *into)
{
    struct twilio_number_record *number = into;
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is_nocase(key, "voice"))
            json_bool(json, &number->voice);
        else if (str_is_nocase(key, "sms"))
            json_bool(json, &number->sms);
        else
            json_skip(json);
    }
}

int twilio_number_parse(struct str body, struct twilio_number_record *number_out)
{
    struct twilio_number_record number = {0};
    const struct member members[] = {
        {.name = "sid", .text = &number.sid},
        {.name = "phone_number", .text = &number.number},
        {.name = "friendly_name", .text = &number.name},
        {.name = "iso_country", .text = &number.country},
        {.name = "address_requirements", .text = &number.address_requirements},
        {.name = "bundle_sid", .text = &number.bundle_sid},
        {.name = "voice_url", .text = &number.voice_url},
        {.name = "voice_fallback_url", .text = &number.fallback_url},
        {.name = "status_callback", .text = &number.status_url},
        {.name = "capabilities", .read = read_capabilities, .into = &number},
    };
    int err = parse(body, members, countof(members));
    if (!err)
        *number_out = number;
    return err;
}

int twilio_bundle_parse(struct str body, struct twilio_bundle_record *bundle_out)
{
    struct twilio_bundle_record bundle = {.valid_until_ms = -1};
    const struct member members[] = {
        {.name = "sid", .text = &bundle.sid},
        {.name = "friendly_name", .text = &bundle.name},
        {.name = "status", .text = &bundle.status},
        {.name = "valid_until", .read = read_date, .into = &bundle.valid_until_ms},
    };
    int err = parse(body, members, countof(members));
    if (!err)
        *bundle_out = bundle;
    return err;
}

/* ---- prices --------------------------------------------------------------------------------- */

enum { PRICE_DIGITS_MAX = 9, MICRO_DIGITS = 6 };

/* "1.15" as 1150000; -1: it is no such number. What is smaller than a millionth is left out. */
static int64_t micro_of(struct str text)
{
    int64_t micro = 0;
    int whole = 0, parts = -1; /* digits before and behind the point; -1: there is none yet */
    for (size_t i = 0; i < text.bytes; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (!digit && (text.at[i] != '.' || parts >= 0))
            return -1;
        if (!digit)
            parts = 0;
        else if (parts < MICRO_DIGITS)
            micro = micro * 10 + (text.at[i] - '0');
        if (digit && parts >= 0 && parts < MICRO_DIGITS)
            parts++;
        else if (digit && parts < 0 && ++whole > PRICE_DIGITS_MAX)
            return -1;
    }
    for (int i = parts < 0 ? 0 : parts; i < MICRO_DIGITS; i++)
        micro *= 10;
    return whole ? micro : -1;
}

/* Prices are strings, and numbers in some descriptions. */
static void read_micro(struct json *json, void *into)
{
    struct str text;
    double number;
    if (json_peek(json) == '"' && json_string(json, &text))
        *(int64_t *)into = micro_of(text);
    else if (json_number(json, &number) && number >= 0 && number < 1e9)
        *(int64_t *)into = (int64_t)(number * 1e6 + 0.5);
}

int twilio_price_parse(struct str body, const char *type, struct twilio_price_record *price_out)
{
    struct twilio_list list;
    struct str object, currency = {0};
    const struct member members[] = {{.name = "price_unit", .text = &currency}};
    if (parse(body, members, countof(members)) ||
        twilio_list_parse(body, "phone_number_prices", &list))
        return EPROTO;
    while (twilio_list_next(&list, &object)) {
        struct str of_type = {0};
        int64_t micro = -1;
        const struct member line[] = {
            {.name = "number_type", .text = &of_type},
            {.name = "current_price", .read = read_micro, .into = &micro}};
        if (parse(object, line, countof(line)) || !str_is(of_type, type) || micro < 0)
            continue;
        *price_out = (struct twilio_price_record){micro, currency};
        return 0;
    }
    return ESRCH;
}
