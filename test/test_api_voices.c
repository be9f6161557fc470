/* test/test_api_voices.c: the voices there are, and hearing one, with the sandbox's voice service.
 */
#include "base/audio.h"
#include "line/clips.h"
#include "phone/wav.h"
#include "provider/tts.h"
#include "provider/voice_list.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KAREL "kArEnCsMaLe000000002"

static struct person admin, member;
static char path[80], id[UUID_TEXT_BYTES];

static int open_tenant(void **state)
{
    (void)state;
    const struct customer made = api_customer("Novák");
    admin = made.admin;
    member = made.member;
    strcpy(id, made.tenant);
    strcpy(path, made.path);
    return 0;
}

static int all_is_well(void **state)
{
    (void)state;
    api_sandbox_fault(NULL);
    return 0;
}

static int preview(const char *json)
{
    return api_ask(&admin, HTTP_POST, json, "%s/voice-preview", path);
}

static int64_t spoken(void)
{
    return api_sandbox_asked_of("elevenlabs", "stream");
}

/* How much of the answer is sound, in milliseconds. */
static int64_t heard_ms(void)
{
    struct buf ulaw = {0};
    const char *why = NULL;
    assert_string_equal(api_header("Content-Type"), "audio/wav");
    if (wav_parse(buf_str(&api_world.body), &ulaw, &why))
        fail_msg("%s", why);
    assert_true(ulaw_level_db((const uint8_t *)ulaw.data, ulaw.bytes) > -50);
    int64_t ms = (int64_t)ulaw.bytes / AUDIO_BYTES_PER_MS;
    buf_free(&ulaw);
    return ms;
}

static int find_voice(const char *voice_id)
{
    char name[32];
    for (int i = 0; snprintf(name, sizeof(name), "items.%d.id", i), api_has(name); i++)
        if (strcmp(api_value(name), voice_id) == 0)
            return i;
    return -1;
}

static const char *of_voice(const char *voice_id, const char *what)
{
    char name[48];
    snprintf(name, sizeof(name), "items.%d.%s", find_voice(voice_id), what);
    return api_value(name);
}

/* ---- listed --------------------------------------------------------------------------------- */

static void the_tenants_voice_is_marked(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/voices", path), 200);
    assert_string_equal(api_value("voice_id"), API_DEFAULT_VOICE);
    assert_string_equal(of_voice(API_DEFAULT_VOICE, "current"), "true");
    assert_string_equal(of_voice(API_DEFAULT_VOICE, "name"), "Karen");
    assert_string_equal(of_voice(API_DEFAULT_VOICE, "gender"), "female");
    assert_string_equal(of_voice(API_DEFAULT_VOICE, "languages.0"), "cs");
    assert_string_equal(of_voice(KAREL, "current"), "false");
    api_ask(&admin, HTTP_PATCH, "{\"voice_id\":\"" KAREL "\"}", "%s", path);
    api_ask(&member, HTTP_GET, NULL, "%s/voices", path);
    assert_string_equal(of_voice(KAREL, "current"), "true");
    assert_string_equal(of_voice(API_DEFAULT_VOICE, "current"), "false");
}

static void a_voice_that_went_is_still_the_tenants(void **state)
{
    (void)state;
    api_ask(&admin, HTTP_PATCH, "{\"voice_id\":\"gone\"}", "%s", path);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/voices", path), 200);
    assert_string_equal(api_value("voice_id"), "gone");
    assert_int_equal(find_voice("gone"), -1);
    assert_true(find_voice(KAREL) >= 0);
}

static void an_old_list_is_better_than_none(void **state)
{
    (void)state;
    struct voice_list *usual = api_world.api.voices;
    struct voice_list *list = voice_list_new(api_world.bench.loop, api_world.tts, 0);
    api_world.api.voices = list;
    api_sandbox_fault("{\"party\":\"elevenlabs\",\"act\":\"error\",\"status\":500}");
    api_ask(&member, HTTP_GET, NULL, "%s/voices", path);
    api_expect_problem(503, "voices_away");
    assert_non_null(api_header("Retry-After"));
    api_sandbox_fault(NULL);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/voices", path), 200);
    api_sandbox_fault("{\"party\":\"elevenlabs\",\"act\":\"error\",\"status\":500}");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/voices", path), 200);
    assert_true(find_voice(KAREL) >= 0);
    api_world.api.voices = usual;
    voice_list_free(&list);
}

/* ---- heard ---------------------------------------------------------------------------------- */

static void words_are_heard_in_a_voice(void **state)
{
    (void)state;
    assert_int_equal(preview("{\"voice_id\":\"" KAREL "\",\"text\":\"Ahoj\"}"), 200);
    int64_t short_ms = heard_ms();
    assert_true(short_ms > 100);
    assert_int_equal(preview("{\"voice_id\":\"" KAREL "\",\"language\":\"cs\","
                             "\"text\":\"Dobrý den, tady Karel, s čím vám mohu pomoci?\"}"),
                     200);
    assert_true(heard_ms() > 2 * short_ms);
}

static void without_words_it_is_what_a_caller_hears(void **state)
{
    (void)state;
    int64_t before = spoken();
    assert_int_equal(preview("{\"voice_id\":\"" KAREL "\"}"), 200);
    int64_t usual_ms = heard_ms();
    assert_int_equal(spoken(), before + 2); /* the disclosure and the greeting */
    api_ask(&admin, HTTP_PATCH,
            "{\"greeting_text\":\"Jmenuji se jinak, tak jako každý, a o čem si dnes popovídáme,"
            " to nechám celé na vás.\"}",
            "%s", path);
    assert_int_equal(preview("{\"voice_id\":\"" KAREL "\"}"), 200);
    assert_true(heard_ms() > usual_ms + 1000);
}

/* Phrases of calls cost nothing again, and are not refused. */
static void what_callers_hear_is_not_spoken_again(void **state)
{
    (void)state;
    const struct clip_wish wish = {KAREL, "sk", str_of("Dobrý deň, ako vám pomôžem?")};
    clips_warm(api_world.clips, &wish);
    while (!clips_stats(api_world.clips)->made)
        loop_step(api_world.bench.loop, -1);
    int64_t before = spoken();
    for (int i = 0; i < 40; i++)
        assert_int_equal(preview("{\"voice_id\":\"" KAREL "\",\"language\":\"sk\","
                                 "\"text\":\"Dobrý deň, ako vám pomôžem?\"}"),
                         200);
    assert_true(heard_ms() > 500);
    assert_int_equal(spoken(), before);
}

static void an_unknown_voice_is_named(void **state)
{
    (void)state;
    preview("{\"voice_id\":\"nobody\",\"text\":\"Hello\"}");
    api_expect_problem(422, "invalid");
    api_expect_field("/voice_id");
    preview("{\"voice_id\":\"../../v1/user\",\"text\":\"Hello\"}");
    api_expect_problem(422, "invalid");
    api_expect_field("/voice_id");
}

static void words_are_bounded(void **state)
{
    (void)state;
    char body[400], text[302];
    memset(text, 'a', 301);
    text[301] = '\0';
    snprintf(body, sizeof(body), "{\"voice_id\":\"" KAREL "\",\"text\":\"%s\"}", text);
    preview(body);
    api_expect_problem(422, "invalid");
    api_expect_field("/text");
    preview("{\"voice_id\":\"" KAREL "\",\"text\":\" \\n \"}");
    api_expect_problem(422, "invalid");
    api_expect_field("/text");
}

static void a_service_that_is_away_is_said_so(void **state)
{
    (void)state;
    api_sandbox_fault("{\"party\":\"elevenlabs\",\"act\":\"error\",\"status\":500}");
    preview("{\"voice_id\":\"" KAREL "\",\"text\":\"Hello\"}");
    api_expect_problem(503, "voices_away");
    assert_non_null(api_header("Retry-After"));
    api_sandbox_fault(NULL);
    assert_int_equal(api_world.api.previews, 0);
}

static void listening_is_bounded_for_each_tenant(void **state)
{
    (void)state;
    char body[100];
    for (int i = 0; i < 30; i++) {
        snprintf(body, sizeof(body), "{\"voice_id\":\"" KAREL "\",\"text\":\"%d\"}", i);
        assert_int_equal(preview(body), 200);
    }
    preview("{\"voice_id\":\"" KAREL "\",\"text\":\"One more\"}");
    api_expect_problem(429, "too_many_previews");
    assert_in_range(atoi(api_header("Retry-After")), 3000, 3600);
    open_tenant(NULL);
    assert_int_equal(preview("{\"voice_id\":\"" KAREL "\",\"text\":\"One more\"}"), 200);
}

static void asked_twice_under_one_key_it_is_spoken_once(void **state)
{
    (void)state;
    static const char *const headers[] = {"Content-Type: application/json", "Idempotency-Key: k",
                                          NULL};
    const struct str body = str_of("{\"voice_id\":\"" KAREL "\",\"text\":\"Only once\"}");
    char target[120];
    snprintf(target, sizeof(target), "%s/voice-preview", path);
    int64_t before = spoken();
    assert_int_equal(api_ask_with(&admin, HTTP_POST, headers, body, target), 200);
    int64_t ms = heard_ms();
    assert_int_equal(api_ask_with(&admin, HTTP_POST, headers, body, target), 200);
    assert_string_equal(api_header("Idempotency-Replayed"), "true");
    assert_int_equal(heard_ms(), ms);
    assert_int_equal(spoken(), before + 1);
}

static void on_nothing(const struct http_answer *answer, void *arg)
{
    (void)answer;
    (void)arg;
    fail_msg("%s", "whoever went away was answered");
}

static struct op *listen(const char *text, struct op **slot)
{
    static char bearer[1100], url[200], body[200];
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", admin.token);
    snprintf(url, sizeof(url), "%s%s/voice-preview", api_world.base, path);
    snprintf(body, sizeof(body), "{\"voice_id\":\"" KAREL "\",\"text\":\"%s\"}", text);
    const struct http_ask ask = {.method = HTTP_POST,
                                 .url = url,
                                 .headers = {bearer, "Content-Type: application/json"},
                                 .body = str_of(body),
                                 .reply_bytes_max = 1 << 20,
                                 .first_byte_ms_max = 30000,
                                 .total_ms_max = 60000,
                                 .on_done = on_nothing};
    http_ask(api_world.http, &ask, NULL, slot);
    return *slot;
}

static void step_until_previews(size_t count)
{
    while (api_world.api.previews != count)
        loop_step(api_world.bench.loop, -1);
}

static void whoever_goes_away_is_not_spoken_for(void **state)
{
    (void)state;
    struct op *first = NULL, *second = NULL;
    api_sandbox_fault("{\"party\":\"elevenlabs\",\"endpoint\":\"stream\",\"act\":\"stall\"}");
    listen("one", &first);
    listen("two", &second);
    step_until_previews(2);
    preview("{\"voice_id\":\"" KAREL "\",\"text\":\"three\"}"); /* two at once are enough */
    api_expect_problem(429, "voices_busy");
    op_cancel(&first);
    step_until_previews(1);
    op_cancel(&second);
    step_until_previews(0);
    api_sandbox_fault(NULL);
    assert_int_equal(preview("{\"voice_id\":\"" KAREL "\",\"text\":\"three\"}"), 200);
}

static void listening_is_for_those_who_choose(void **state)
{
    (void)state;
    api_ask(&member, HTTP_POST, "{\"voice_id\":\"" KAREL "\"}", "%s/voice-preview", path);
    api_expect_problem(403, "forbidden");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_tenant, all_is_well)
    const struct CMUnitTest tests[] = {
        TEST(the_tenants_voice_is_marked),
        TEST(a_voice_that_went_is_still_the_tenants),
        TEST(an_old_list_is_better_than_none),
        TEST(words_are_heard_in_a_voice),
        TEST(without_words_it_is_what_a_caller_hears),
        TEST(what_callers_hear_is_not_spoken_again),
        TEST(an_unknown_voice_is_named),
        TEST(words_are_bounded),
        TEST(listening_is_bounded_for_each_tenant),
        TEST(asked_twice_under_one_key_it_is_spoken_once),
        TEST(whoever_goes_away_is_not_spoken_for),
        TEST(listening_is_for_those_who_choose),
        TEST(a_service_that_is_away_is_said_so), /* the last: its breaker may stay open */
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
