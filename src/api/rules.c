/* api/rules.c: a tenant's call rules: listed, made, changed, put in order, and tried on a number
 * that does not call. What a rule may be is said by the contract and, where one member depends on
 * another, by rules/callrules_wire.h. */
#include "api/operations.h"

#include "rules/callrules_wire.h"
#include "store/callrules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void api_list_rules(struct api_request *request)
{
    callrules_list(request->api->db, request->tenant, api_on_json, request,
                   &request->http->waiting);
}

void api_get_rule(struct api_request *request)
{
    callrules_get(request->api->db, request->tenant, api_id(request, "rule_id"), api_on_json,
                  request, &request->http->waiting);
}

/* ---- made and changed ------------------------------------------------------------------------ */

/* False: the request was refused. json: a whole rule. */
static bool read_draft(struct api_request *request, const cJSON *json,
                       struct callrule_draft *draft_out)
{
    struct callrule rule;
    struct reader_fault fault;
    struct buf body = {0};
    char *text = cJSON_PrintUnformatted(json);
    int err = callrule_read(str_of(text), request->http->arena, &rule, &fault);
    free(text);
    if (err) {
        api_fail_field(request, fault.field, fault.message);
        return false;
    }
    buf_putc(&body, '{');
    callrule_put(&rule, &body);
    buf_putc(&body, '}');
    *draft_out = (struct callrule_draft){
        .name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name")),
        .enabled = rule.enabled,
        .body = {arena_strndup(request->http->arena, body.data, body.bytes), body.bytes}};
    buf_free(&body);
    return true;
}

static void on_made(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EDQUOT)
        api_fail(request, 409, "too_many_rules", "remove a rule first: there may be 100");
    else
        api_on_json(err, json, request);
}

void api_make_rule(struct api_request *request)
{
    struct callrule_draft draft;
    if (read_draft(request, request->body, &draft))
        callrules_add(request->api->db, request->tenant, &draft,
                      api_body_whole(request, "position", 0), api_actor(request), on_made, request,
                      &request->http->waiting);
}

/* Source: RFC 7396 2. */
static void merge(cJSON *target, const cJSON *patch)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, patch)
    {
        cJSON *old = cJSON_GetObjectItemCaseSensitive(target, member->string);
        if (cJSON_IsObject(member) && cJSON_IsObject(old)) {
            merge(old, member);
            continue;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(target, member->string);
        if (!cJSON_IsNull(member))
            cJSON_AddItemToObject(target, member->string, cJSON_Duplicate(member, true));
    }
}

/* Whoever named no version wanted it whatever it is: somebody else was quicker by a moment. */
static void on_changed(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    api_on_json(err == ESTALE && request->if_match < 0 ? EBUSY : err, json, request);
}

static void on_rule_to_change(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    struct callrule_draft draft;
    cJSON *rule = err ? NULL : cJSON_ParseWithLength(json.at, json.bytes);
    int64_t version =
        (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(rule, "version"));
    if (!err && request->if_match >= 0 && request->if_match != version)
        err = ESTALE;
    if (err)
        api_fail_with(request, err);
    else {
        merge(rule, request->body);
        if (read_draft(request, rule, &draft))
            callrules_change(request->api->db, request->tenant, api_id(request, "rule_id"), version,
                             &draft, api_actor(request), on_changed, request,
                             &request->http->waiting);
    }
    cJSON_Delete(rule);
}

void api_change_rule(struct api_request *request)
{
    callrules_get(request->api->db, request->tenant, api_id(request, "rule_id"), on_rule_to_change,
                  request, &request->http->waiting);
}

void api_remove_rule(struct api_request *request)
{
    callrules_remove(request->api->db, request->tenant, api_id(request, "rule_id"),
                     request->if_match, api_actor(request), api_on_end, request,
                     &request->http->waiting);
}

static void on_ordered(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EBUSY)
        api_fail(request, 409, "not_all_rules", "the ids must be those of all rules, once each");
    else
        api_on_json(err, json, request);
}

void api_order_rules(struct api_request *request)
{
    char *ids = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(request->body, "ids"));
    callrules_order(request->api->db, request->tenant, str_of(ids), request->if_match,
                    api_actor(request), on_ordered, request, &request->http->waiting);
    free(ids);
}

void api_get_rule_settings(struct api_request *request)
{
    callrules_get_settings(request->api->db, request->tenant, api_on_json, request,
                           &request->http->waiting);
}

void api_change_rule_settings(struct api_request *request)
{
    callrules_set_settings(request->api->db, request->tenant, str_of(api_body_json(request)),
                           request->if_match, api_actor(request), api_on_json, request,
                           &request->http->waiting);
}

/* ---- tried ----------------------------------------------------------------------------------- */

static const char *holiday_of_any(const struct callrules_facts *facts)
{
    for (size_t i = 0; i < facts->countries.count; i++) {
        const char *code = holiday_of(facts->countries.list[i], facts->date);
        if (code)
            return code;
    }
    for (size_t i = 0; i < facts->own_date_count; i++)
        if (date_compare(facts->own_dates[i], facts->date) == 0)
            return "own";
    return NULL;
}

static void put_code(struct buf *out, const char *name, const char *code)
{
    buf_printf(out, code ? "\"%s\":\"%s\"," : "\"%s\":null,", name, code);
}

static void put_moment(struct buf *out, const struct callrules_facts *facts)
{
    char moment[MOMENT_TEXT_BYTES], date[DATE_TEXT_BYTES], clock[CLOCK_TEXT_BYTES];
    moment_print(facts->now_ms, moment);
    date_print(facts->date, date);
    clock_print(facts->minute, clock);
    put_code(out, "at", moment);
    put_code(out, "local_date", date);
    put_code(out, "local_time", clock);
    put_code(out, "weekday", callrule_day_code(date_weekday(facts->date)));
    put_code(out, "holiday", holiday_of_any(facts));
    put_code(out, "mode", callrule_mode_code((int)facts->mode));
}

static void put_contact(struct buf *out, const struct callrules_found *found)
{
    const struct callrules_facts *facts = &found->all.facts;
    put_code(out, "from", facts->number[0] ? facts->number : NULL);
    if (facts->contact == CALLER_STRANGER) {
        buf_puts(out, "\"contact\":null,");
        return;
    }
    buf_printf(
        out, "\"contact\":{\"kind\":\"%s\",\"name\":", callrule_contact_code((int)facts->contact));
    if (found->contact_name)
        buf_json_string(out, str_of(found->contact_name));
    else
        buf_puts(out, "null");
    buf_puts(out, "},");
}

static void put_verdicts(struct buf *out, const struct callrules_case *all,
                         const enum callrule_verdict *verdicts)
{
    buf_puts(out, "\"rules\":[");
    for (size_t i = 0; i < all->count; i++) {
        char id[UUID_TEXT_BYTES];
        uuid_print(all->rules[i].id, id);
        buf_printf(out, "%s{\"rule_id\":\"%s\",\"position\":%zu,\"verdict\":\"%s\"}", i ? "," : "",
                   id, i + 1, callrule_verdict_code((int)verdicts[i]));
    }
    buf_putc(out, ']');
}

static void put_way(struct buf *out, const struct callrules_decision *decision, bool can_ring,
                    const char *said)
{
    enum callrules_way way = callrules_way(decision, can_ring);
    put_code(out, "put_through", callrules_way_code((int)way));
    if (way == WAY_BY_WORDS && said)
        buf_printf(out, "\"heard\":%s,",
                   callrules_heard_any(decision, str_of(said)) ? "true" : "false");
    else
        buf_puts(out, "\"heard\":null,");
}

static void on_case(int err, const struct callrules_found *found, void *arg)
{
    struct api_request *request = arg;
    struct callrules_decision decision;
    enum callrule_verdict verdicts[CALLRULES_MAX];
    struct buf out = {0};
    if (err) {
        api_fail_with(request, err);
        return;
    }
    const struct callrules_case *all = &found->all;
    callrules_decide(all->rules, all->count, &all->facts, &decision, verdicts);
    buf_putc(&out, '{');
    put_moment(&out, &all->facts);
    put_contact(&out, found);
    buf_puts(&out, "\"decision\":");
    callrules_put_decision(&decision, &out);
    buf_putc(&out, ',');
    put_way(&out, &decision, all->facts.can_ring, api_body_text(request, "said"));
    put_verdicts(&out, all, verdicts);
    buf_putc(&out, '}');
    api_reply_json(request, request->status, buf_str(&out));
    buf_free(&out);
}

void api_test_rules(struct api_request *request)
{
    const char *at = api_body_text(request, "at");
    struct callrules_query query = {.tenant = request->tenant,
                                    .number = api_body_text(request, "from")};
    if (at && !moment_parse(at, &query.at_ms))
        api_fail_field(request, "/at", "must be a moment from 1970 on");
    else
        callrules_find(request->api->db, &query, request->http->arena, on_case, request,
                       &request->http->waiting);
}
