/* sandbox/control.c: orders read and carried out, the book shown. */
#include "sandbox/control.h"

#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/deepgram.h"
#include "sandbox/sandbox.h"
#include "sandbox/twilio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void done(struct http_req *req)
{
    http_reply(req, 204, NULL, (struct str){0});
}

static void add_fault(struct http_req *req)
{
    struct sandbox *sandbox = req->app;
    struct fault fault;
    const char *why = NULL;
    if (fault_read(req->body, &fault, &why))
        http_fail(req, 400, why);
    else if (*fault.party && !sandbox_find_party(sandbox, fault.party))
        http_fail(req, 400, "there is no such party");
    else if (faults_add(sandbox_faults(sandbox), &fault))
        http_fail(req, 409, "there are as many faults in force as can be");
    else {
        sandbox_apply_refusals(sandbox);
        done(req);
    }
}

static void show_faults(struct http_req *req)
{
    struct buf body = {0};
    faults_print(sandbox_faults(req->app), &body);
    http_reply_json(req, 200, buf_str(&body));
    buf_free(&body);
}

static void remove_faults(struct http_req *req)
{
    faults_reset(sandbox_faults(req->app), http_query(req, "party"));
    sandbox_apply_refusals(req->app);
    done(req);
}

static void drop(struct http_req *req)
{
    cJSON *body = body_parse(req->body);
    const char *name = body_text(body, "party");
    struct party *party = name ? sandbox_find_party(req->app, name) : NULL;
    if (party)
        party_drop_all(party);
    cJSON_Delete(body);
    if (party)
        done(req);
    else
        http_fail(req, 400, "party is none of twilio, deepgram, openai and elevenlabs");
}

static int read_line(const cJSON *item, struct script_line *line_out)
{
    const char *text = cJSON_GetStringValue(item);
    double confidence = body_number(item, "confidence", 0.98);
    if (!text)
        text = body_text(item, "text");
    if (!text || !(confidence >= 0 && confidence <= 1))
        return EINVAL;
    *line_out = (struct script_line){.text = xstrdup(text), .confidence = confidence};
    return 0;
}

static int read_lines(const cJSON *body, struct script_lines *lines, const char **why_out)
{
    const cJSON *item = NULL, *list = cJSON_GetObjectItemCaseSensitive(body, "lines");
    *why_out = "lines is not a list";
    if (!cJSON_IsArray(list))
        return EINVAL;
    cJSON_ArrayForEach(item, list)
    {
        *why_out = "there are too many lines";
        if (lines->count == SCRIPTED_LINES_MAX)
            return EINVAL;
        *why_out = "a line is neither a text nor {\"text\":...,\"confidence\":...}";
        if (read_line(item, &lines->list[lines->count]))
            return EINVAL;
        lines->count++;
    }
    return 0;
}

static int read_script(const cJSON *body, struct deepgram_order *order, const char **why_out)
{
    struct body_field fields[] = {
        {"tag", BODY_TEXT, order->tag, sizeof(order->tag)},
        {"language", BODY_TEXT, order->language, sizeof(order->language)},
        {"streams", BODY_WHOLE, &order->streams, INT32_MAX},
        {"gap_ms", BODY_WHOLE, &order->lines->gap_ms, 60000},
    };
    int err = read_lines(body, order->lines, why_out);
    order->lines->repeats = body_is_true(body, "repeats");
    return err ? err : body_read(body, fields, countof(fields), why_out);
}

static void add_script(struct http_req *req)
{
    struct party *party = sandbox_party(req->app, PARTY_DEEPGRAM);
    struct deepgram_order order = {.streams = 1, .lines = xalloc(sizeof(*order.lines))};
    const char *why = "there are as many scripts waiting as can be";
    order.lines->references = 1;
    order.lines->gap_ms = SCRIPTED_GAP_MS;
    cJSON *body = body_parse(req->body);
    int err = read_script(body, &order, &why);
    if (!err)
        err = deepgram_order_script(party->state, &order);
    script_lines_drop(&order.lines);
    if (err)
        http_fail(req, err == ENOSPC ? 409 : 400, why);
    else
        done(req);
    cJSON_Delete(body);
}

static void remove_scripts(struct http_req *req)
{
    deepgram_forget_scripts(sandbox_party(req->app, PARTY_DEEPGRAM)->state);
    done(req);
}

static void change_settings(struct http_req *req)
{
    const char *why = NULL;
    if (settings_read(req->body, sandbox_settings(req->app), &why))
        http_fail(req, 400, why);
    else
        done(req);
}

static void show_settings(struct http_req *req)
{
    struct buf body = {0};
    settings_print(sandbox_settings(req->app), &body);
    http_reply_json(req, 200, buf_str(&body));
    buf_free(&body);
}

static void take(struct http_req *req,
                 int (*order)(struct twilio *twilio, struct str json, const char **why_out))
{
    const char *why = NULL;
    int err = order(sandbox_party(req->app, PARTY_TWILIO)->state, req->body, &why);
    if (err)
        http_fail(req, err == ENOSPC ? 409 : 400, why);
    else
        done(req);
}

static void order_phone(struct http_req *req)
{
    take(req, twilio_order_phone);
}

static void forget_phones(struct http_req *req)
{
    twilio_forget_phones(sandbox_party(req->app, PARTY_TWILIO)->state);
    done(req);
}

static void order_bundle(struct http_req *req)
{
    take(req, twilio_order_bundle);
}

static void reset(struct http_req *req)
{
    struct sandbox *sandbox = req->app;
    faults_reset(sandbox_faults(sandbox), NULL);
    sandbox_apply_refusals(sandbox);
    deepgram_forget_scripts(sandbox_party(sandbox, PARTY_DEEPGRAM)->state);
    twilio_forget_phones(sandbox_party(sandbox, PARTY_TWILIO)->state);
    for (int i = 0; i < PARTY_COUNT; i++)
        seen_reset(sandbox_party(sandbox, (enum party_name)i)->seen);
    done(req);
}

static void join_calls(struct http_req *req)
{
    twilio_join(sandbox_party(req->app, PARTY_TWILIO)->state, req);
}

static const struct {
    enum http_method method;
    const char *path;
    http_handler_fn *handler;
} orders[] = {
    {HTTP_POST, "/control/faults", add_fault},
    {HTTP_GET, "/control/faults", show_faults},
    {HTTP_DELETE, "/control/faults", remove_faults},
    {HTTP_POST, "/control/drop", drop},
    {HTTP_POST, "/control/scripts", add_script},
    {HTTP_DELETE, "/control/scripts", remove_scripts},
    {HTTP_POST, "/control/settings", change_settings},
    {HTTP_GET, "/control/settings", show_settings},
    {HTTP_POST, "/control/reset", reset},
    {HTTP_POST, "/control/phones", order_phone},
    {HTTP_DELETE, "/control/phones", forget_phones},
    {HTTP_POST, "/control/bundles", order_bundle},
    {HTTP_GET, "/control/calls", join_calls},
};

void control_enter(struct http_req *req)
{
    for (size_t i = 0; i < countof(orders); i++)
        if (orders[i].method == req->method && str_is(req->path, orders[i].path)) {
            orders[i].handler(req);
            return;
        }
    http_fail(req, 404, "there is no such order; see sandbox/control.h");
}

static void print_party(const struct party *party, struct buf *out)
{
    buf_printf(out, "\"%s\":{", party->kind->name);
    seen_print(party->seen, out);
    if (party->kind->print_live) {
        buf_putc(out, ',');
        party->kind->print_live(party->state, out);
    }
    buf_putc(out, '}');
}

void control_stats(struct http_req *req)
{
    const char *only = http_query(req, "party");
    struct buf body = {0};
    for (int i = 0; i < PARTY_COUNT; i++) {
        const struct party *party = sandbox_party(req->app, (enum party_name)i);
        if (only && strcmp(only, party->kind->name) != 0)
            continue;
        buf_putc(&body, body.bytes ? ',' : '{');
        print_party(party, &body);
    }
    buf_puts(&body, body.bytes ? "}" : "{}");
    http_reply_json(req, 200, buf_str(&body));
    buf_free(&body);
}
