/* carrier/twilio_numbers.c: requests about numbers, and what their answers mean. */
#include "carrier/twilio_numbers.h"

#include "carrier/twilio_rest_private.h"
#include "carrier/twilio_rest_wire.h"
#include "carrier/twilio_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    BUY_TRY_MS_MAX = 15000, /* Twilio asks the number's carrier */
    BUY_MS_MAX = 50000,
    PAGE_SIZE = 200,
    TAKEN = 21422,
};

static int err_of(const struct twilio_reply *reply)
{
    switch (reply->code) {
    case TAKEN: return EADDRINUSE;
    case 21404: return EDQUOT;
    case 21615: /* the country's address requirements */
    case 21631:
    case 21649: /* the bundle's state */
    case 21651: return EDESTADDRREQ;
    default: return reply->err;
    }
}

/* ---- found ---------------------------------------------------------------------------------- */

static enum twilio_address_need address_need_of(struct str word)
{
    if (str_is(word, "none"))
        return ADDRESS_NONE;
    if (str_is(word, "local"))
        return ADDRESS_LOCAL;
    return str_is(word, "foreign") ? ADDRESS_FOREIGN : ADDRESS_ANY;
}

static void settle_search(const struct twilio_reply *reply, twilio_any_fn *on_offers, void *arg)
{
    struct twilio_offer offers[TWILIO_OFFERS_MAX];
    struct twilio_number_record record;
    struct arena arena = {0};
    struct twilio_list list;
    struct str object;
    size_t count = 0;
    int err = reply->err;
    if (!err)
        err = twilio_list_parse(reply->body, "available_phone_numbers", &list);
    while (!err && count < TWILIO_OFFERS_MAX && twilio_list_next(&list, &object)) {
        if (twilio_number_parse(object, &record) || !record.voice)
            continue;
        offers[count++] =
            (struct twilio_offer){.number = twilio_text(&arena, record.number),
                                  .address = address_need_of(record.address_requirements),
                                  .sms = record.sms};
    }
    ((twilio_offers_fn *)on_offers)(err, offers, count, arg);
    arena_free(&arena);
}

static struct buf search_url(const struct twilio_rest *rest, const struct twilio_search *search)
{
    static const char *const kinds[NUMBER_KIND_COUNT] = {[NUMBER_LOCAL] = "Local",
                                                         [NUMBER_MOBILE] = "Mobile",
                                                         [NUMBER_NATIONAL] = "National",
                                                         [NUMBER_TOLL_FREE] = "TollFree"};
    int limit =
        search->limit > 0 && search->limit < TWILIO_OFFERS_MAX ? search->limit : TWILIO_OFFERS_MAX;
    char path[64], size[16];
    snprintf(path, sizeof(path), "AvailablePhoneNumbers/%.2s/%s.json", search->country,
             kinds[search->kind]);
    snprintf(size, sizeof(size), "%d", limit);
    struct buf url = twilio_api_url(rest, path);
    twilio_url_query(&url, "VoiceEnabled", "true");
    if (search->contains && search->contains[0])
        twilio_url_query(&url, "Contains", search->contains);
    twilio_url_query(&url, "PageSize", size);
    return url;
}

void twilio_numbers_search(struct twilio_rest *rest, const struct twilio_search *search,
                           twilio_offers_fn *on_offers, void *arg, struct op **slot)
{
    struct buf url = search_url(rest, search);
    const struct twilio_request request = {.what = "numbers_search",
                                           .method = HTTP_GET,
                                           .url = buf_text(&url),
                                           .err = twilio_is_country(search->country) ? 0 : EINVAL,
                                           .settle = settle_search,
                                           .on_done = (twilio_any_fn *)on_offers,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
}

/* ---- ours ----------------------------------------------------------------------------------- */

static struct twilio_number number_of(struct arena *arena,
                                      const struct twilio_number_record *record)
{
    return (struct twilio_number){.sid = twilio_text(arena, record->sid),
                                  .number = twilio_text(arena, record->number),
                                  .name = twilio_text(arena, record->name),
                                  .voice_url = twilio_text(arena, record->voice_url),
                                  .fallback_url = twilio_text(arena, record->fallback_url),
                                  .status_url = twilio_text(arena, record->status_url),
                                  .bundle_sid = twilio_text(arena, record->bundle_sid),
                                  .voice = record->voice,
                                  .sms = record->sms};
}

static void answer(int err, struct str object, twilio_any_fn *on_number, void *arg)
{
    struct twilio_number_record record = {0};
    struct twilio_number number = {0};
    struct arena arena = {0};
    if (!err && (twilio_number_parse(object, &record) || !twilio_is_sid(record.sid, "PN")))
        err = EPROTO;
    if (!err)
        number = number_of(&arena, &record);
    ((twilio_number_fn *)on_number)(err, err ? NULL : &number, arg);
    arena_free(&arena);
}

static void settle_number(const struct twilio_reply *reply, twilio_any_fn *on_number, void *arg)
{
    answer(err_of(reply), reply->body, on_number, arg);
}

static void put_hooks(struct buf *form, const struct twilio_hooks *hooks)
{
    buf_form_field(form, "VoiceUrl", hooks->voice_url);
    buf_form_field(form, "VoiceMethod", "POST");
    if (hooks->fallback_url) {
        buf_form_field(form, "VoiceFallbackUrl", hooks->fallback_url);
        buf_form_field(form, "VoiceFallbackMethod", "POST");
    }
    buf_form_field(form, "StatusCallback", hooks->status_url);
    buf_form_field(form, "StatusCallbackMethod", "POST");
}

/* The one of ours with that number: Twilio's filter also lets longer ones through. */
static struct buf find_url(const struct twilio_rest *rest, const char *number)
{
    struct buf url = twilio_api_url(rest, "IncomingPhoneNumbers.json");
    twilio_url_query(&url, "PhoneNumber", number);
    twilio_url_query(&url, "PageSize", "20");
    return url;
}

static int look_for_purchase(struct twilio_reply *reply, int64_t since_ms)
{
    struct twilio_list list;
    struct str object;
    (void)since_ms;
    if (reply->err || twilio_list_parse(reply->body, "incoming_phone_numbers", &list))
        return ETIMEDOUT;
    while (twilio_list_next(&list, &object)) {
        struct twilio_number_record record;
        if (twilio_number_parse(object, &record) == 0 && str_is(record.name, reply->key)) {
            reply->body = object;
            return 0;
        }
    }
    return EAGAIN;
}

static void put_purchase(struct buf *form, const struct twilio_purchase *purchase)
{
    buf_form_field(form, "PhoneNumber", purchase->number);
    buf_form_field(form, "FriendlyName", purchase->name);
    put_hooks(form, &purchase->hooks);
    if (purchase->bundle_sid)
        buf_form_field(form, "BundleSid", purchase->bundle_sid);
    if (purchase->address_sid)
        buf_form_field(form, "AddressSid", purchase->address_sid);
}

void twilio_numbers_buy(struct twilio_rest *rest, const struct twilio_purchase *purchase,
                        twilio_number_fn *on_number, void *arg, struct op **slot)
{
    struct buf url = twilio_api_url(rest, "IncomingPhoneNumbers.json"), form = {0};
    struct buf look_url = find_url(rest, purchase->number);
    put_purchase(&form, purchase);
    const struct twilio_request request = {.what = "number_buy",
                                           .method = HTTP_POST,
                                           .url = buf_text(&url),
                                           .form = buf_str(&form),
                                           .repeat = TWILIO_REPEAT_IF_NOT_TAKEN,
                                           .try_ms_max = BUY_TRY_MS_MAX,
                                           .total_ms_max = BUY_MS_MAX,
                                           .look_url = buf_text(&look_url),
                                           .look = look_for_purchase,
                                           .key = purchase->name,
                                           .doubt_code = TAKEN,
                                           .settle = settle_number,
                                           .on_done = (twilio_any_fn *)on_number,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
    buf_free(&look_url);
    buf_free(&form);
}

/* ---- one of ours ---------------------------------------------------------------------------- */

static void ask_about(struct twilio_rest *rest, const char *sid, struct twilio_request *request,
                      struct op **slot)
{
    bool is_sid = twilio_is_sid(str_of(sid), "PN");
    char path[64];
    snprintf(path, sizeof(path), "IncomingPhoneNumbers/%s.json", is_sid ? sid : "");
    struct buf url = twilio_api_url(rest, path);
    request->subject = is_sid ? sid : NULL;
    request->url = buf_text(&url);
    request->err = is_sid ? 0 : EINVAL;
    twilio_ask(rest, request, slot);
    buf_free(&url);
}

void twilio_numbers_update(struct twilio_rest *rest, const char *sid,
                           const struct twilio_hooks *hooks, twilio_number_fn *on_number, void *arg,
                           struct op **slot)
{
    struct buf form = {0};
    put_hooks(&form, hooks);
    struct twilio_request request = {.what = "number_update",
                                     .method = HTTP_POST,
                                     .form = buf_str(&form),
                                     .settle = settle_number,
                                     .on_done = (twilio_any_fn *)on_number,
                                     .arg = arg};
    ask_about(rest, sid, &request, slot);
    buf_free(&form);
}

static void settle_release(const struct twilio_reply *reply, twilio_any_fn *on_end, void *arg)
{
    ((twilio_end_fn *)on_end)(reply->err == ESRCH ? 0 : reply->err, arg);
}

void twilio_numbers_release(struct twilio_rest *rest, const char *sid, twilio_end_fn *on_end,
                            void *arg, struct op **slot)
{
    struct twilio_request request = {.what = "number_release",
                                     .method = HTTP_DELETE,
                                     .settle = settle_release,
                                     .on_done = (twilio_any_fn *)on_end,
                                     .arg = arg};
    ask_about(rest, sid, &request, slot);
}

/* ---- all of ours ---------------------------------------------------------------------------- */

struct listing {
    struct twilio_number *numbers; /* TWILIO_NUMBERS_MAX */
    size_t count;
    bool more, broken;
};

/* The path of the next page leads to the same account, wherever that is reached. */
static const char *next_url(const struct twilio_rest *rest, struct str next_page,
                            struct arena *arena)
{
    const char *path = twilio_text(arena, next_page);
    const char *account = arena_printf(arena, "/2010-04-01/Accounts/%s/", rest->account_sid);
    return str_starts(str_of(path), account) ? arena_printf(arena, "%s%s", rest->base_url, path)
                                             : NULL;
}

static const char *read_page(const struct twilio_rest *rest, const struct twilio_reply *page,
                             struct arena *arena)
{
    struct listing *listing = page->state;
    struct twilio_list list;
    struct str object;
    if (!listing->numbers)
        listing->numbers = arena_alloc(arena, TWILIO_NUMBERS_MAX * sizeof(*listing->numbers));
    listing->broken = twilio_list_parse(page->body, "incoming_phone_numbers", &list) != 0;
    while (!listing->broken && twilio_list_next(&list, &object)) {
        struct twilio_number_record record;
        listing->more = listing->count == TWILIO_NUMBERS_MAX;
        if (listing->more)
            return NULL;
        if (twilio_number_parse(object, &record) == 0 && twilio_is_sid(record.sid, "PN"))
            listing->numbers[listing->count++] = number_of(arena, &record);
    }
    if (listing->broken || !list.next_page.bytes)
        return NULL;
    const char *next = next_url(rest, list.next_page, arena);
    listing->broken = !next;
    return next;
}

static void settle_list(const struct twilio_reply *reply, twilio_any_fn *on_numbers, void *arg)
{
    const struct listing *listing = reply->state;
    int err = reply->err ? reply->err : listing->broken ? EPROTO : 0;
    ((twilio_number_list_fn *)on_numbers)(err, err ? NULL : listing->numbers,
                                          err ? 0 : listing->count, listing->more, arg);
}

void twilio_numbers_list(struct twilio_rest *rest, twilio_number_list_fn *on_numbers, void *arg,
                         struct op **slot)
{
    struct buf url = twilio_api_url(rest, "IncomingPhoneNumbers.json");
    char size[16];
    snprintf(size, sizeof(size), "%d", PAGE_SIZE);
    twilio_url_query(&url, "PageSize", size);
    const struct twilio_request request = {.what = "numbers_list",
                                           .method = HTTP_GET,
                                           .url = buf_text(&url),
                                           .try_ms_max = BUY_TRY_MS_MAX,
                                           .total_ms_max = 2 * BUY_TRY_MS_MAX,
                                           .reply_bytes_max = TWILIO_PAGE_BYTES_MAX,
                                           .page = read_page,
                                           .state_bytes = sizeof(struct listing),
                                           .settle = settle_list,
                                           .on_done = (twilio_any_fn *)on_numbers,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
}

static void settle_find(const struct twilio_reply *reply, twilio_any_fn *on_number, void *arg)
{
    struct twilio_list list;
    struct str object = {0};
    int err = reply->err;
    bool found = false;
    if (!err)
        err = twilio_list_parse(reply->body, "incoming_phone_numbers", &list);
    while (!err && !found && twilio_list_next(&list, &object)) {
        struct twilio_number_record record;
        found = twilio_number_parse(object, &record) == 0 && str_is(record.number, reply->key);
    }
    answer(err || found ? err : ESRCH, object, on_number, arg);
}

void twilio_numbers_find(struct twilio_rest *rest, const char *number, twilio_number_fn *on_number,
                         void *arg, struct op **slot)
{
    struct buf url = find_url(rest, number);
    const struct twilio_request request = {.what = "number_find",
                                           .method = HTTP_GET,
                                           .url = buf_text(&url),
                                           .key = number,
                                           .settle = settle_find,
                                           .on_done = (twilio_any_fn *)on_number,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
}
