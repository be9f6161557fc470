/* sandbox/deepgram.c: the parts of Deepgram around the ears: errors, keys, scripts on order. */
#include "sandbox/deepgram_private.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct deepgram *deepgram_new(struct party *party, struct hear_models *models)
{
    struct deepgram *deepgram = xalloc(sizeof(*deepgram));
    deepgram->party = party;
    deepgram->models = models;
    return deepgram;
}

void deepgram_free(struct deepgram **deepgram)
{
    if (*deepgram)
        deepgram_forget_scripts(*deepgram);
    free(*deepgram);
    *deepgram = NULL;
}

int deepgram_order_script(struct deepgram *deepgram, const struct deepgram_order *order)
{
    if (deepgram->order_count == DEEPGRAM_ORDERS_MAX)
        return ENOSPC;
    deepgram->orders[deepgram->order_count] = *order;
    script_lines_hold(deepgram->orders[deepgram->order_count++].lines);
    return 0;
}

static void remove_order(struct deepgram *deepgram, size_t at)
{
    script_lines_drop(&deepgram->orders[at].lines);
    deepgram->order_count--;
    memmove(&deepgram->orders[at], &deepgram->orders[at + 1],
            (deepgram->order_count - at) * sizeof(deepgram->orders[0]));
}

void deepgram_forget_scripts(struct deepgram *deepgram)
{
    while (deepgram->order_count)
        remove_order(deepgram, deepgram->order_count - 1);
}

static bool fits(const char *order, const char *asked)
{
    return !*order || strcmp(order, asked) == 0;
}

struct script_lines *deepgram_take_order(struct deepgram *deepgram, const struct listen_ask *ask)
{
    for (size_t i = 0; i < deepgram->order_count; i++) {
        struct deepgram_order *order = &deepgram->orders[i];
        if (!fits(order->tag, ask->tag) || !fits(order->language, ask->language))
            continue;
        struct script_lines *lines = script_lines_hold(order->lines);
        if (order->streams > 0 && --order->streams == 0)
            remove_order(deepgram, i);
        return lines;
    }
    return NULL;
}

void deepgram_refuse(struct visit *visit, const struct listen_error *error)
{
    struct buf body = {0};
    http_set_header(visit->req, "dg-request-id", visit->req->id);
    http_set_header(visit->req, "dg-error", error->message);
    listen_error_print(error, visit->req->id, &body);
    visit_reply_json(visit, error->status, buf_str(&body));
    buf_free(&body);
}

static void fail(struct visit *visit, int status, const char *code, const char *message)
{
    static const struct {
        int status;
        const char *code, *message;
    } usual[] = {
        {401, "INVALID_AUTH", "Invalid credentials."},
        {402, "ASR_PAYMENT_REQUIRED", "Project does not have enough credits for an ASR request."},
        {403, "INSUFFICIENT_PERMISSIONS", "Project does not have access to the requested model."},
        {404, "NOT_FOUND", "Not Found"},
        {429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later."},
        {500, "INTERNAL_SERVER_ERROR", "An internal error occurred."},
        {503, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable."},
    };
    struct listen_error error = {.status = status, .code = "Bad Request"};
    const char *words = "The request was refused.";
    for (size_t i = 0; i < countof(usual); i++)
        if (usual[i].status == status) {
            error.code = usual[i].code;
            words = usual[i].message;
        }
    if (code)
        error.code = code;
    snprintf(error.message, sizeof(error.message), "%s", message ? message : words);
    deepgram_refuse(visit, &error);
}

static enum key_check check_key(const struct visit *visit)
{
    const char *given = visit_credential(visit, "Authorization", "Token");
    return key_check(given ? given : visit_credential(visit, "Authorization", "Bearer"),
                     visit->party->settings->deepgram_key);
}

/* What a key is good for; `karen check` asks it. */
static void list_projects(struct visit *visit)
{
    visit_reply_json(visit, 200,
                     str_of("{\"projects\":[{\"project_id\":\"5b9f0c1e-6f0a-4d3e-9a51-"
                            "000000000001\",\"name\":\"Sandbox\"}]}"));
}

static const struct endpoint endpoints[] = {
    {HTTP_GET, "/v1/listen", "listen", deepgram_live},
    {HTTP_GET, "/v2/listen", "flux", deepgram_flux},
    {HTTP_POST, "/v1/listen", "batch", deepgram_batch},
    {HTTP_GET, "/v1/projects", "projects", list_projects},
};

const struct party_kind deepgram_kind = {
    .name = "deepgram",
    .endpoints = endpoints,
    .endpoint_count = countof(endpoints),
    .check_key = check_key,
    .fail = fail,
    .drop_streams = deepgram_drop_listeners,
    .print_live = deepgram_print_listeners,
};
