/* carrier/twilio_bundles.c: one bundle, and a list of them. */
#include "carrier/twilio_bundles.h"

#include "carrier/twilio_rest_private.h"
#include "carrier/twilio_rest_wire.h"
#include "carrier/twilio_wire.h"

#include <errno.h>
#include <stdio.h>

static const struct {
    const char *code, *word; /* ours, Twilio's */
} states[BUNDLE_STATE_COUNT] = {
    [BUNDLE_UNKNOWN] = {"unknown", ""},
    [BUNDLE_DRAFT] = {"draft", "draft"},
    [BUNDLE_PENDING_REVIEW] = {"pending_review", "pending-review"},
    [BUNDLE_IN_REVIEW] = {"in_review", "in-review"},
    [BUNDLE_REJECTED] = {"rejected", "twilio-rejected"},
    [BUNDLE_APPROVED] = {"approved", "twilio-approved"},
    [BUNDLE_PROVISIONALLY_APPROVED] = {"provisionally_approved", "provisionally-approved"},
};

const char *bundle_state_code(enum bundle_state state)
{
    return states[state].code;
}

bool bundle_state_buys(enum bundle_state state)
{
    return state == BUNDLE_APPROVED || state == BUNDLE_PROVISIONALLY_APPROVED;
}

static enum bundle_state state_of(struct str word)
{
    for (int i = BUNDLE_DRAFT; i < BUNDLE_STATE_COUNT; i++)
        if (str_is(word, states[i].word))
            return (enum bundle_state)i;
    return BUNDLE_UNKNOWN;
}

/* EPROTO: it is no bundle. */
static int read_bundle(struct str object, struct arena *arena, struct twilio_bundle *bundle_out)
{
    struct twilio_bundle_record record;
    if (twilio_bundle_parse(object, &record) || !twilio_is_sid(record.sid, "BU"))
        return EPROTO;
    *bundle_out = (struct twilio_bundle){.sid = twilio_text(arena, record.sid),
                                         .name = twilio_text(arena, record.name),
                                         .state = state_of(record.status),
                                         .valid_until_ms = record.valid_until_ms};
    return 0;
}

static void settle_bundle(const struct twilio_reply *reply, twilio_any_fn *on_bundle, void *arg)
{
    struct twilio_bundle bundle;
    struct arena arena = {0};
    int err = reply->err ? reply->err : read_bundle(reply->body, &arena, &bundle);
    ((twilio_bundle_fn *)on_bundle)(err, err ? NULL : &bundle, arg);
    arena_free(&arena);
}

static void settle_list(const struct twilio_reply *reply, twilio_any_fn *on_bundles, void *arg)
{
    struct twilio_bundle bundles[TWILIO_BUNDLES_MAX];
    struct arena arena = {0};
    struct twilio_list list;
    struct str object;
    size_t count = 0;
    int err = reply->err ? reply->err : twilio_list_parse(reply->body, "results", &list);
    while (!err && count < TWILIO_BUNDLES_MAX && twilio_list_next(&list, &object))
        if (read_bundle(object, &arena, &bundles[count]) == 0)
            count++;
    ((twilio_bundle_list_fn *)on_bundles)(err, bundles, count, arg);
    arena_free(&arena);
}

static struct buf bundles_url(const struct twilio_rest *rest)
{
    struct buf url = {0};
    buf_printf(&url, "%s/v2/RegulatoryCompliance/Bundles",
               rest->numbers_url ? rest->numbers_url : "");
    return url;
}

void twilio_bundle_get(struct twilio_rest *rest, const char *sid, twilio_bundle_fn *on_bundle,
                       void *arg, struct op **slot)
{
    struct buf url = bundles_url(rest);
    bool is_sid = twilio_is_sid(str_of(sid), "BU");
    buf_printf(&url, "/%s", is_sid ? sid : "");
    const struct twilio_request request = {.what = "bundle_get",
                                           .subject = is_sid ? sid : NULL,
                                           .method = HTTP_GET,
                                           .url = buf_text(&url),
                                           .err = is_sid && rest->numbers_url ? 0 : EINVAL,
                                           .settle = settle_bundle,
                                           .on_done = (twilio_any_fn *)on_bundle,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
}

void twilio_bundles_approved(struct twilio_rest *rest, const char *country, enum number_kind kind,
                             twilio_bundle_list_fn *on_bundles, void *arg, struct op **slot)
{
    static const char *const kinds[NUMBER_KIND_COUNT] = {[NUMBER_LOCAL] = "local",
                                                         [NUMBER_MOBILE] = "mobile",
                                                         [NUMBER_NATIONAL] = "national",
                                                         [NUMBER_TOLL_FREE] = "toll-free"};
    struct buf url = bundles_url(rest);
    char size[16];
    snprintf(size, sizeof(size), "%d", TWILIO_BUNDLES_MAX);
    twilio_url_query(&url, "Status", states[BUNDLE_APPROVED].word);
    twilio_url_query(&url, "IsoCountry", country);
    twilio_url_query(&url, "NumberType", kinds[kind]);
    twilio_url_query(&url, "PageSize", size);
    const struct twilio_request request = {
        .what = "bundles_list",
        .method = HTTP_GET,
        .url = buf_text(&url),
        .err = twilio_is_country(country) && rest->numbers_url ? 0 : EINVAL,
        .settle = settle_list,
        .on_done = (twilio_any_fn *)on_bundles,
        .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
}
