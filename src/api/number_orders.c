/* api/number_orders.c: a tenant looks for numbers and orders them. What the pool has is given at
 * once; what is bought takes a while, and app/number_orderer's work. */
#include "api/number_orders.h"

#include "api/calls.h"
#include "api/operations.h"
#include "carrier/twilio_numbers.h"
#include "carrier/twilio_prices.h"
#include "store/limits.h"
#include "store/number_orders.h"
#include "store/numbers.h"

#include <errno.h>
#include <stdio.h>

enum { SEARCHES_AN_HOUR_MAX = 60, HOUR_SECONDS = 3600, DAY_SECONDS = 86400 };

/* ---- what could be had ------------------------------------------------------------------------
 */

struct looking { /* state of a search; in the request's arena */
    struct number_wish wish;
    size_t limit;
    struct numbers_offered pool;
    struct twilio_offer *offers; /* the carrier's */
    size_t offer_count;
    const char **numbers;      /* of the offers */
    struct twilio_price price; /* of each; no currency: it was not told */
};

static void put_number(const struct looking *looking, const char *number, const char *from,
                       const char *papers_needed, const char *sms, struct buf *json)
{
    buf_printf(json,
               "%s{\"number\":\"%s\",\"country\":\"%s\",\"kind\":\"%s\",\"from\":\"%s\","
               "\"papers_needed\":%s,\"sms\":%s}",
               json->data[json->bytes - 1] == '[' ? "" : ",", number, looking->wish.country,
               number_kind_code(looking->wish.kind), from, papers_needed, sms);
}

static void reply_offers(struct api_request *request, const char *carrier)
{
    const struct looking *looking = request->state;
    struct buf json = {0};
    buf_puts(&json, "{\"items\":[");
    for (size_t i = 0; i < looking->pool.count; i++)
        put_number(looking, looking->pool.numbers[i], "pool", "false", "null", &json);
    for (size_t i = 0; i < looking->offer_count; i++) {
        const struct twilio_offer *offer = &looking->offers[i];
        put_number(looking, offer->number, "carrier",
                   offer->address == ADDRESS_NONE ? "false" : "true", offer->sms ? "true" : "false",
                   &json);
    }
    buf_printf(&json, "],\"next_cursor\":null,\"carrier\":\"%s\",\"price\":", carrier);
    if (looking->price.currency[0])
        buf_printf(&json, "{\"month_micro\":%lld,\"currency\":\"%s\"}",
                   (long long)looking->price.month_micro, looking->price.currency);
    else
        buf_puts(&json, "null");
    buf_putc(&json, '}');
    api_reply_json(request, 200, buf_str(&json));
    buf_free(&json);
}

static bool is_among(const char *number, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(str_of(number), known[i]))
            return true;
    return false;
}

/* What an order means to buy at this moment is no offer. */
static void on_known(int err, const char *const *known, size_t count, void *arg)
{
    struct api_request *request = arg;
    struct looking *looking = request->state;
    size_t kept = 0;
    if (err) {
        api_fail_with(request, err);
        return;
    }
    for (size_t i = 0; i < looking->offer_count; i++)
        if (!is_among(looking->offers[i].number, known, count))
            looking->offers[kept++] = looking->offers[i];
    looking->offer_count = kept;
    reply_offers(request, "asked");
}

static void on_price(int err, const struct twilio_price *price, void *arg)
{
    struct api_request *request = arg;
    struct looking *looking = request->state;
    if (!err)
        looking->price = *price;
    numbers_known(request->api->db, looking->numbers, looking->offer_count, request->http->arena,
                  on_known, request, &request->http->waiting);
}

static void on_offers(int err, const struct twilio_offer *offers, size_t count, void *arg)
{
    struct api_request *request = arg;
    struct looking *looking = request->state;
    struct arena *arena = request->http->arena;
    if (err) {
        reply_offers(request, err == ESRCH || err == EINVAL ? "not_sold" : "away");
        return;
    }
    looking->numbers = arena_alloc(arena, (count + 1) * sizeof(*looking->numbers));
    looking->offers = arena_alloc(arena, (count + 1) * sizeof(*offers));
    looking->offer_count = count;
    for (size_t i = 0; i < count; i++) {
        looking->offers[i] = offers[i];
        looking->offers[i].number = looking->numbers[i] = arena_strdup(arena, offers[i].number);
    }
    if (count)
        twilio_number_price(request->api->rest, looking->wish.country, looking->wish.kind, on_price,
                            request, &request->http->waiting);
    else
        reply_offers(request, "asked");
}

static void on_pool(int err, const struct numbers_offered *offered, void *arg)
{
    struct api_request *request = arg;
    struct looking *looking = request->state;
    if (err) {
        api_fail_with(request, err);
        return;
    }
    looking->pool = *offered;
    const struct twilio_search search = {.country = looking->wish.country,
                                         .kind = looking->wish.kind,
                                         .contains = looking->wish.contains,
                                         .limit = (int)(looking->limit - offered->count)};
    if (offered->buys && search.limit > 0)
        twilio_numbers_search(request->api->rest, &search, on_offers, request,
                              &request->http->waiting);
    else
        reply_offers(request, "not_asked");
}

static void on_counted(int err, const struct limit_verdict *verdict, void *arg)
{
    struct api_request *request = arg;
    const struct looking *looking = request->state;
    if (err)
        api_fail_with(request, err);
    else if (verdict->refused.bytes)
        api_fail_limit(request, "too_many", "too many searches in an hour", verdict->wait_s);
    else
        numbers_offer(request->api->db, request->tenant, &looking->wish, (int64_t)looking->limit,
                      request->http->arena, on_pool, request, &request->http->waiting);
}

void api_list_available_numbers(struct api_request *request)
{
    struct looking *looking = arena_alloc(request->http->arena, sizeof(*looking));
    char tenant[UUID_TEXT_BYTES];
    uuid_print(request->tenant, tenant);
    looking->wish.country = api_text(request, "country");
    looking->wish.contains = api_text(request, "contains");
    number_kind_parse(str_of(api_text(request, "kind")), &looking->wish.kind);
    looking->limit = (size_t)api_whole(request, "limit");
    request->state = looking;
    const struct limit limit = {.kind = "number_search",
                                .subject = tenant,
                                .seconds = HOUR_SECONDS,
                                .most = SEARCHES_AN_HOUR_MAX};
    limits_take(request->api->db, &limit, 1, on_counted, request, &request->http->waiting);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void on_placed(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    switch (err) {
    case EPERM: api_fail(request, 409, "wrong_status", "the tenant is not active"); break;
    case ENOSPC:
        api_fail(request, 409, "limit_reached",
                 "the tenant has as many numbers as its plan allows");
        break;
    case EDQUOT:
        api_fail_limit(request, "too_many", "too many orders in a day", DAY_SECONDS);
        break;
    case EEXIST: api_fail(request, 409, "number_taken", "that number is not to be had"); break;
    default: api_on_json(err, json, request);
    }
}

void api_order_number(struct api_request *request)
{
    number_orders_place(request->api->db, request->tenant, api_body_json(request),
                        api_actor(request), on_placed, request, &request->http->waiting);
}

void api_list_number_orders(struct api_request *request)
{
    number_orders_list_json(request->api->db, request->tenant, api_text(request, "cursor"),
                            api_whole(request, "limit"), api_on_page, request,
                            &request->http->waiting);
}

void api_get_number_order(struct api_request *request)
{
    number_orders_get_json(request->api->db, request->tenant, api_id(request, "order_id"),
                           api_on_json, request, &request->http->waiting);
}

void api_on_number_order_cancelled(int err, void *arg)
{
    if (err == EBUSY)
        api_fail(arg, 409, "conflict", "the number is being bought, or the order is over");
    else
        api_on_end(err, arg);
}

void api_cancel_number_order(struct api_request *request)
{
    number_orders_cancel(request->api->db, request->tenant, api_id(request, "order_id"),
                         api_actor(request), api_on_number_order_cancelled, request,
                         &request->http->waiting);
}
