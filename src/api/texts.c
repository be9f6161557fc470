/* api/texts.c: the texts of a tenant: what callers hear first, what each text was before, and a
 * version taken back. */
#include "api/texts.h"

#include "api/operations.h"
#include "base/log.h"
#include "call/phrases.h"
#include "store/text_versions.h"

#include <stdlib.h>

int texts_greeting(struct api_request *request, const struct tenant *tenant, const char *language,
                   struct greeting *greeting_out)
{
    const struct api *api = request->api;
    const char *spoken = language ? language : tenant->language;
    struct line_texts texts = api->texts(spoken, api->texts_arg);
    struct phrases phrases = {0};
    struct buf why = {0};
    int err = phrases_parse(str_of(texts.phrases), tenant_spoken(tenant), &phrases, &why);
    if (err)
        log_error(NULL, "no_phrases", "language=%s why=\"%s\"", spoken, buf_text(&why));
    else
        *greeting_out = (struct greeting){
            .language = spoken,
            .disclosure = arena_strdup(request->http->arena, phrases.words[PHRASE_DISCLOSURE]),
            .greeting = arena_strdup(request->http->arena,
                                     phrases_greeting(&phrases, tenant->greeting_text)),
            .own = tenant->greeting_text != NULL};
    phrases_free(&phrases);
    buf_free(&why);
    return err;
}

void texts_fail(struct api_request *request)
{
    api_fail_away(request, "texts_away", "the words of that language cannot be read", 60);
}

static void on_tenant(int err, const struct tenant *tenant, void *arg)
{
    struct api_request *request = arg;
    struct greeting greeting;
    struct buf json = {0};
    if (err) {
        api_fail_with(request, err);
        return;
    }
    if (texts_greeting(request, tenant, NULL, &greeting)) {
        texts_fail(request);
        return;
    }
    const char *text =
        arena_printf(request->http->arena, "%s %s", greeting.disclosure, greeting.greeting);
    buf_printf(&json, "{\"language\":\"%s\",\"own\":%s,\"disclosure\":", greeting.language,
               greeting.own ? "true" : "false");
    buf_json_string(&json, str_of(greeting.disclosure));
    buf_puts(&json, ",\"greeting\":");
    buf_json_string(&json, str_of(greeting.greeting));
    buf_puts(&json, ",\"text\":");
    buf_json_string(&json, str_of(text));
    buf_putc(&json, '}');
    api_reply_json(request, request->status, buf_str(&json));
    buf_free(&json);
}

void api_get_greeting(struct api_request *request)
{
    tenants_get(request->api->db, request->tenant, request->http->arena, on_tenant, request,
                &request->http->waiting);
}

/* ---- versions -------------------------------------------------------------------------------- */

void api_list_text_versions(struct api_request *request)
{
    text_versions_list(request->api->db, request->tenant, api_text(request, "kind"),
                       api_whole(request, "cursor"), api_whole(request, "limit"), api_on_json,
                       request, &request->http->waiting);
}

void api_get_text_version(struct api_request *request)
{
    request->alive = true; /* whether it is the current one, and who made it by name */
    text_versions_get(request->api->db, request->tenant, api_text(request, "kind"),
                      api_whole(request, "version"), api_on_json, request, &request->http->waiting);
}

static void on_restored(int err, void *arg)
{
    struct api_request *request = arg;
    if (err)
        api_fail_with(request, err);
    else
        tenants_show(request->api->db, request->tenant, request->api->tenant_calls_max, api_on_json,
                     request, &request->http->waiting);
}

void api_restore_text_version(struct api_request *request)
{
    const struct text_restore restore = {.kind = api_text(request, "kind"),
                                         .version = api_whole(request, "version"),
                                         .tenant_version = request->if_match,
                                         .actor = api_actor(request)};
    text_versions_restore(request->api->db, request->tenant, &restore, on_restored, request,
                          &request->http->waiting);
}
