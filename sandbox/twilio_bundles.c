/* sandbox/twilio_bundles.c: regulatory bundles: one approved for each kind of number that wants
 * one, others and other states on order. */
#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/twilio_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const statuses[] = {"draft",           "pending-review",
                                       "in-review",       "twilio-rejected",
                                       "twilio-approved", "provisionally-approved"};

static bool is_status(const char *status)
{
    for (size_t i = 0; i < countof(statuses); i++)
        if (strcmp(status, statuses[i]) == 0)
            return true;
    return false;
}

static struct bundle *find_bundle(struct twilio *twilio, struct str sid)
{
    for (size_t i = 0; i < twilio->bundle_count; i++)
        if (str_is(sid, twilio->bundles[i].sid))
            return &twilio->bundles[i];
    return NULL;
}

void twilio_add_bundle(struct twilio *twilio, const char *country, const char *type)
{
    struct bundle *bundle = &twilio->bundles[twilio->bundle_count++];
    *bundle = (struct bundle){.updated_ms = wall_now_ms()};
    snprintf(bundle->sid, sizeof(bundle->sid), "BU%032zx", twilio->bundle_count);
    snprintf(bundle->status, sizeof(bundle->status), "twilio-approved");
    snprintf(bundle->country, sizeof(bundle->country), "%s", country);
    snprintf(bundle->type, sizeof(bundle->type), "%s", type);
    snprintf(bundle->name, sizeof(bundle->name), "%s %s", country, type);
}

bool twilio_bundle_buys(struct twilio *twilio, const char *sid)
{
    const struct bundle *bundle = find_bundle(twilio, str_of(sid));
    return bundle && strstr(bundle->status, "approved");
}

static int read_bundle(const cJSON *body, struct twilio *twilio, const char **why_out)
{
    struct bundle bundle = {0};
    const char *sid = body_text(body, "sid");
    const struct bundle *known = sid ? find_bundle(twilio, str_of(sid)) : NULL;
    if (known)
        bundle = *known;
    struct body_field fields[] = {
        {"sid", BODY_TEXT, bundle.sid, sizeof(bundle.sid)},
        {"status", BODY_TEXT, bundle.status, sizeof(bundle.status)},
        {"country", BODY_TEXT, bundle.country, sizeof(bundle.country)},
        {"type", BODY_TEXT, bundle.type, sizeof(bundle.type)},
        {"name", BODY_TEXT, bundle.name, sizeof(bundle.name)},
    };
    int err = body_read(body, fields, countof(fields), why_out);
    if (err)
        return err;
    *why_out = "sid is BU and 32 hexadecimal digits";
    if (strncmp(bundle.sid, "BU", 2) != 0 || strlen(bundle.sid) != SID_BYTES - 1)
        return EINVAL;
    *why_out = "status is none of draft, pending-review, in-review, twilio-rejected, "
               "twilio-approved and provisionally-approved";
    if (!is_status(bundle.status))
        return EINVAL;
    *why_out = "there are as many bundles as can be";
    if (!known && twilio->bundle_count == BUNDLES_MAX)
        return ENOSPC;
    bundle.updated_ms = wall_now_ms();
    *(known ? find_bundle(twilio, str_of(bundle.sid)) : &twilio->bundles[twilio->bundle_count++]) =
        bundle;
    return 0;
}

int twilio_order_bundle(struct twilio *twilio, struct str json, const char **why_out)
{
    cJSON *body = body_parse(json);
    *why_out = "the body is not a JSON object";
    int err = cJSON_IsObject(body) ? read_bundle(body, twilio, why_out) : EINVAL;
    cJSON_Delete(body);
    return err;
}

static void put_bundle(const struct bundle *bundle, const char *account, struct buf *out)
{
    char text[128];
    buf_putc(out, '{');
    body_put_text(out, "sid", bundle->sid);
    body_put_text(out, "account_sid", account);
    snprintf(text, sizeof(text), "RN%s", bundle->sid + 2);
    body_put_text(out, "regulation_sid", text);
    body_put_text(out, "friendly_name", bundle->name);
    body_put_text(out, "status", bundle->status);
    body_put_text(out, "valid_until", NULL);
    body_put_text(out, "email", "papers@example.com");
    body_put_text(out, "status_callback", NULL);
    twilio_put_iso_date(out, "date_created", bundle->updated_ms);
    twilio_put_iso_date(out, "date_updated", bundle->updated_ms);
    snprintf(text, sizeof(text), "https://numbers.twilio.com/v2/RegulatoryCompliance/Bundles/%s",
             bundle->sid);
    body_put_text(out, "url", text);
    body_put_raw(out, "links", "{}");
    buf_putc(out, '}');
}

void twilio_get_bundle(struct visit *visit)
{
    const struct bundle *bundle = find_bundle(visit->party->state, visit->params[0]);
    struct buf body = {0};
    if (!bundle) {
        twilio_refuse(visit, 404, 20404, NULL);
        return;
    }
    put_bundle(bundle, twilio_account(visit), &body);
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

/* The types of bundles are spelled in lower case, and one of them with a hyphen. */
static bool fits(const struct visit *visit, const struct bundle *bundle)
{
    const char *status = http_query(visit->req, "Status");
    const char *country = http_query(visit->req, "IsoCountry");
    const char *type = http_query(visit->req, "NumberType");
    return (!status || strcmp(status, bundle->status) == 0) &&
           (!country || strcmp(country, bundle->country) == 0) &&
           (!type || strcmp(type, bundle->type) == 0);
}

void twilio_list_bundles(struct visit *visit)
{
    const struct twilio *twilio = visit->party->state;
    struct twilio_page page = twilio_page_of(visit);
    struct buf body = {0};
    buf_puts(&body, "{\"results\":[");
    for (size_t i = twilio->bundle_count; i > 0; i--) { /* newest first */
        const struct bundle *bundle = &twilio->bundles[i - 1];
        if (!fits(visit, bundle) || !twilio_page_takes(&page))
            continue;
        buf_puts(&body, page.shown > 1 ? "," : "");
        put_bundle(bundle, twilio_account(visit), &body);
    }
    twilio_page_reply_v2(visit, &page, "results", &body);
    buf_free(&body);
}
