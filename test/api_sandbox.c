/* test/api_sandbox.c: the outside world beside the API, in the same loop, and what it saw. */
#include "base/mem.h"
#include "carrier/twilio_rest.h"
#include "line/clips.h"
#include "provider/llm.h"
#include "provider/tts.h"
#include "provider/voice_list.h"
#include "sandbox/sandbox.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEECH_MODEL "eleven_flash_v2_5"

/* The value of a line NAME=value; the caller frees it. */
static char *value_of(struct str lines, const char *name)
{
    while (lines.bytes) {
        struct str value = str_cut(&lines, '\n'), key = str_cut(&value, '=');
        if (str_is(key, name))
            return xstrndup(value.at, value.bytes);
    }
    fail_msg("the sandbox has no %s", name);
    return NULL;
}

static void open_rest(struct api_world *world)
{
    struct buf env = {0};
    sandbox_print_env(world->sandbox, &env);
    struct str lines = buf_str(&env);
    char *base = value_of(lines, "TWILIO_BASE_URL"), *token = value_of(lines, "TWILIO_AUTH_TOKEN");
    char *verify = value_of(lines, "TWILIO_VERIFY_BASE_URL");
    char *numbers = value_of(lines, "TWILIO_NUMBERS_BASE_URL");
    char *pricing = value_of(lines, "TWILIO_PRICING_BASE_URL");
    char *account = value_of(lines, "TWILIO_ACCOUNT_SID");
    char *service = value_of(lines, "TWILIO_VERIFY_SERVICE_SID");
    world->rest = twilio_rest_new(&(struct twilio_rest_options){.loop = world->bench.loop,
                                                                .http = world->http,
                                                                .base_url = base,
                                                                .verify_base_url = verify,
                                                                .numbers_base_url = numbers,
                                                                .pricing_base_url = pricing,
                                                                .account_sid = account,
                                                                .verify_service_sid = service,
                                                                .secret = token,
                                                                .back_off_ms = 1});
    free(base);
    free(token);
    free(verify);
    free(numbers);
    free(pricing);
    free(account);
    free(service);
    buf_free(&env);
}

static void open_speech(struct api_world *world)
{
    struct buf env = {0};
    sandbox_print_env(world->sandbox, &env);
    struct str lines = buf_str(&env);
    char *voices = value_of(lines, "ELEVENLABS_BASE_URL");
    char *voices_key = value_of(lines, "ELEVENLABS_API_KEY");
    char *model = value_of(lines, "OPENAI_BASE_URL"),
         *model_key = value_of(lines, "OPENAI_API_KEY");
    world->tts = elevenlabs_new(world->http, &(struct elevenlabs_options){.base_url = voices,
                                                                          .api_key = voices_key,
                                                                          .model = SPEECH_MODEL});
    world->llm = openai_new(world->http, &(struct openai_options){.base_url = model,
                                                                  .api_key = model_key,
                                                                  .model = "gpt-4o-mini",
                                                                  .tokens_field = "max_tokens",
                                                                  .temperature = -1});
    world->voices = voice_list_new(world->bench.loop, world->tts, VOICE_LIST_FRESH_MS);
    world->clips = clips_new(&(struct clips_options){
        .loop = world->bench.loop, .tts = world->tts, .bytes_max = 1024 * 1024});
    free(voices);
    free(voices_key);
    free(model);
    free(model_key);
    buf_free(&env);
}

void api_world_open_sandbox(struct api_world *world)
{
    struct sandbox_options options = {.listen = "127.0.0.1:0", .settings = settings_usual};
    const char *why = NULL;
    settings_hurry(&options.settings);
    assert_int_equal(sandbox_open(world->bench.loop, &options, &world->sandbox, &why), 0);
    open_rest(world);
    open_speech(world);
}

void api_world_close_sandbox(struct api_world *world)
{
    clips_free(&world->clips);
    voice_list_free(&world->voices);
    tts_driver_free(&world->tts);
    llm_driver_free(&world->llm);
    twilio_rest_free(&world->rest);
    sandbox_close(&world->sandbox);
}

struct twilio_rest *api_dead_rest(void)
{
    static const char nowhere[] = "http://127.0.0.1:1";
    return twilio_rest_new(&(struct twilio_rest_options){.loop = api_world.bench.loop,
                                                         .http = api_world.http,
                                                         .base_url = nowhere,
                                                         .verify_base_url = nowhere,
                                                         .numbers_base_url = nowhere,
                                                         .pricing_base_url = nowhere,
                                                         .account_sid = "AC1",
                                                         .verify_service_sid = "VA1",
                                                         .secret = "x",
                                                         .back_off_ms = 1});
}

static struct party *twilio(void)
{
    return sandbox_party(api_world.sandbox, PARTY_TWILIO);
}

int64_t api_sandbox_asked(const char *endpoint)
{
    return seen_counts(twilio()->seen, endpoint)->requests;
}

int64_t api_sandbox_asked_of(const char *party, const char *endpoint)
{
    return seen_counts(sandbox_find_party(api_world.sandbox, party)->seen, endpoint)->requests;
}

void api_sandbox_fault(const char *json)
{
    struct faults *faults = sandbox_faults(api_world.sandbox);
    struct fault fault;
    const char *why = NULL;
    if (!json)
        faults_reset(faults, NULL);
    else if (fault_read(str_of(json), &fault, &why) || faults_add(faults, &fault))
        fail_msg("%s", why);
}

static cJSON *seen_json(void)
{
    struct buf text = {0};
    buf_putc(&text, '{');
    seen_print(twilio()->seen, &text);
    buf_putc(&text, ',');
    twilio()->kind->print_live(twilio()->state, &text);
    buf_putc(&text, '}');
    cJSON *json = cJSON_ParseWithLength(text.data, text.bytes);
    assert_non_null(json);
    buf_free(&text);
    return json;
}

static const char *text_in(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
    return text ? text : "";
}

const char *api_sandbox_code(const char *phone)
{
    static char code[16];
    cJSON *json = seen_json();
    const cJSON *one;
    code[0] = '\0';
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(json, "verifications"))
    {
        if (strcmp(text_in(one, "to"), phone) == 0 &&
            strcmp(text_in(one, "status"), "pending") == 0)
            snprintf(code, sizeof(code), "%s", text_in(one, "code"));
    }
    cJSON_Delete(json);
    return code;
}

const char *api_sandbox_newest(const char *endpoint)
{
    static char body[4096];
    cJSON *json = seen_json();
    const cJSON *one;
    body[0] = '\0';
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(json, "requests"))
    {
        if (strcmp(text_in(one, "endpoint"), endpoint) == 0)
            snprintf(body, sizeof(body), "%s", text_in(one, "body"));
    }
    cJSON_Delete(json);
    return body;
}
