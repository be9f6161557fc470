/* app/check.c: `karen check`: the settings, then each outside party asked one cheap question. */
#include "app/check.h"

#include "app/prompts.h"
#include "base/json.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "store/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct checks {
    const struct config *config;
    struct loop *loop;
    int waiting, failed;
};

static void report(struct checks *checks, bool good, const char *part, const char *text)
{
    printf("  %-6s %-12s %s\n", good ? "ok" : "FAIL", part, text);
    checks->failed += !good;
}

/* ---- what needs no network ------------------------------------------------------------------ */

static void check_database(struct checks *checks)
{
    struct migrate_status status = {0};
    struct buf lines = {0};
    int err = migrate_check(checks->config->database_url, &status, &lines);
    char text[512];
    if (err) {
        struct str rest = str_trim(buf_str(&lines)), line = {0};
        while (rest.bytes)
            line = str_cut(&rest, '\n');
        snprintf(text, sizeof(text), "%.*s", (int)line.bytes, line.bytes ? line.at : "");
        report(checks, false, "database", text);
    } else if (status.current < status.newest) {
        snprintf(text, sizeof(text), "schema %d of %d: run `karen migrate`", status.current,
                 status.newest);
        report(checks, false, "database", text);
    } else {
        snprintf(text, sizeof(text), "reachable, schema %d of %d", status.current, status.newest);
        report(checks, true, "database", text);
    }
    buf_free(&lines);
}

static void check_prompts(struct checks *checks)
{
    struct prompts *prompts = NULL;
    struct buf why = {0};
    if (prompts_load(checks->config->prompts_dir, &prompts, &why))
        report(checks, false, "prompts", buf_text(&why));
    else
        report(checks, true, "prompts", checks->config->prompts_dir);
    prompts_free(&prompts);
    buf_free(&why);
}

/* ---- providers: one authorised question each ------------------------------------------------ */

struct question {
    const char *part, *key_setting, *base_setting;
    char url[600];
    char header[600];
    const char *user, *password;
    /* Looks into a 200; false with words when something is wrong in it. May be NULL. */
    bool (*look)(const struct checks *checks, struct str body, char *text, size_t room);
    struct checks *checks;
    struct op *op;
};

static void on_answer(const struct http_answer *answer, void *arg)
{
    struct question *question = arg;
    struct checks *checks = question->checks;
    char text[700];
    bool good = false;
    if (answer->err)
        snprintf(text, sizeof(text), "%s cannot be reached (%s): check %s and the network",
                 question->url, answer->why[0] ? answer->why : strerror(answer->err),
                 question->base_setting);
    else if (answer->status == 401 || answer->status == 403)
        snprintf(text, sizeof(text), "refuses the key (%d): check %s", answer->status,
                 question->key_setting);
    else if (answer->status != 200)
        snprintf(text, sizeof(text), "%s answers %d: check %s", question->url, answer->status,
                 question->base_setting);
    else {
        snprintf(text, sizeof(text), "reachable, the key is good");
        good = !question->look || question->look(checks, answer->body, text, sizeof(text));
    }
    report(checks, good, question->part, text);
    if (--checks->waiting == 0)
        loop_stop(checks->loop);
}

static void ask(struct checks *checks, struct http_client *http, struct question *question)
{
    question->checks = checks;
    checks->waiting++;
    http_ask(http,
             &(struct http_ask){.method = HTTP_GET,
                                .url = question->url,
                                .headers = {question->header[0] ? question->header : NULL},
                                .user = question->user,
                                .password = question->password,
                                .connect_ms_max = 5000,
                                .first_byte_ms_max = 10000,
                                .total_ms_max = 15000,
                                .reply_bytes_max = 4 << 20,
                                .on_done = on_answer},
             question, &question->op);
}

/* One entry of GET /models: is it ours, and when does it end? */
static bool read_model(struct json *json, const char *wanted, struct str *shutdown)
{
    struct str key, id = {0}, date = {0};
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "id"))
            json_string(json, &id);
        else if (str_is(key, "shutdown_date"))
            json_string(json, &date);
        else
            json_skip(json);
    }
    if (!str_is(id, wanted))
        return false;
    *shutdown = date;
    return true;
}

static bool look_for_model(const struct checks *checks, struct str body, char *text, size_t room)
{
    const char *wanted = checks->config->openai_model;
    struct json json = json_of(body);
    struct str key, shutdown = {0};
    bool found = false;
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (!str_is(key, "data")) {
            json_skip(&json);
            continue;
        }
        for (bool inside = json_array(&json); inside && json_element(&json);)
            found = read_model(&json, wanted, &shutdown) || found;
    }
    if (!found)
        snprintf(text, room, "the model %s is not offered: set OPENAI_MODEL to one that is",
                 wanted);
    else if (shutdown.bytes)
        snprintf(text, room, "reachable; the model %s will be shut down on %.*s", wanted,
                 (int)shutdown.bytes, shutdown.at);
    else
        snprintf(text, room, "reachable, offers %s", wanted);
    return found;
}

static bool look_for_voice(const struct checks *checks, struct str body, char *text, size_t room)
{
    const struct config *config = checks->config;
    struct json json = json_of(body);
    struct str key, id;
    bool found = false;
    for (bool in = json_array(&json); in && json_element(&json);)
        for (bool inside = json_object(&json); inside && json_member(&json, &key);)
            if (str_is(key, "model_id"))
                found |= json_string(&json, &id) && str_is(id, config->elevenlabs_model);
            else
                json_skip(&json);
    if (found)
        snprintf(text, room, "reachable, offers %s; spoken over %s", config->elevenlabs_model,
                 config->elevenlabs_protocol);
    else
        snprintf(text, room, "the model %s is not offered: set ELEVENLABS_MODEL to one that is",
                 config->elevenlabs_model);
    return found;
}

static bool look_for_ears(const struct checks *checks, struct str body, char *text, size_t room)
{
    const struct config *config = checks->config;
    (void)body;
    if (config->deepgram_flux_languages)
        snprintf(text, room, "reachable; Flux hears %s, %s all else",
                 config->deepgram_flux_languages, config->deepgram_model);
    else
        snprintf(text, room, "reachable; %s hears all languages", config->deepgram_model);
    return true;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void check_providers(struct checks *checks)
{
    const struct config *config = checks->config;
    struct http_client *http =
        http_client_new(checks->loop, &(struct http_client_options){.ca_file = config->ca_file});
    static struct question carrier = {.part = "carrier",
                                      .key_setting = "TWILIO_AUTH_TOKEN",
                                      .base_setting = "TWILIO_BASE_URL"},
                           recogniser = {.part = "recogniser",
                                         .key_setting = "DEEPGRAM_API_KEY",
                                         .base_setting = "DEEPGRAM_BASE_URL",
                                         .look = look_for_ears},
                           model = {.part = "model",
                                    .key_setting = "OPENAI_API_KEY",
                                    .base_setting = "OPENAI_BASE_URL",
                                    .look = look_for_model},
                           voice = {.part = "voice",
                                    .key_setting = "ELEVENLABS_API_KEY",
                                    .base_setting = "ELEVENLABS_BASE_URL",
                                    .look = look_for_voice};
    snprintf(carrier.url, sizeof(carrier.url), "%s/2010-04-01/Accounts/%s.json",
             config->twilio_base_url, or_empty(config->twilio_account_sid));
    carrier.user = or_empty(config->twilio_account_sid);
    carrier.password = or_empty(config->twilio_auth_token);
    snprintf(recogniser.url, sizeof(recogniser.url), "%s/v1/projects", config->deepgram_base_url);
    snprintf(recogniser.header, sizeof(recogniser.header), "Authorization: Token %s",
             or_empty(config->deepgram_api_key));
    snprintf(model.url, sizeof(model.url), "%s/models", config->openai_base_url);
    snprintf(model.header, sizeof(model.header), "Authorization: Bearer %s",
             or_empty(config->openai_api_key));
    snprintf(voice.url, sizeof(voice.url), "%s/v1/models", config->elevenlabs_base_url);
    snprintf(voice.header, sizeof(voice.header), "xi-api-key: %s",
             or_empty(config->elevenlabs_api_key));
    ask(checks, http, &carrier);
    ask(checks, http, &recogniser);
    ask(checks, http, &model);
    ask(checks, http, &voice);
    loop_run(checks->loop);
    http_client_free(&http);
}

int check_run(const struct config *config)
{
    struct checks checks = {.config = config, .loop = loop_new()};
    struct buf table = {0};
    config_print(config, &table);
    printf("Settings\n%s\nChecks\n", buf_text(&table));
    buf_free(&table);
    fflush(stdout);
    check_prompts(&checks);
    check_database(&checks);
    check_providers(&checks);
    loop_free(&checks.loop);
    if (checks.failed)
        printf("\n%d of the checks failed.\n", checks.failed);
    else
        printf("\nAll is well.\n");
    return checks.failed ? 1 : 0;
}
