/* test/test_elevenlabs_wire.c: requests, errors in three shapes, and what audio a reply begins
 * with. */
#include "provider/elevenlabs_wire.h"

#include "base/mem.h"
#include "test/test.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void voice_ids_are_letters_digits_dash_and_underscore(void **state)
{
    (void)state;
    static const char *const good[] = {"21m00Tcm4TlvDq8ikWAM", "a", "A_b-9"};
    static const char *const bad[] = {"",
                                      "a/b",
                                      "../voices",
                                      "a?x=1",
                                      "a b",
                                      "á",
                                      "a\r\n",
                                      "a%2F..",
                                      "a#b",
                                      "0123456789012345678901234567"
                                      "89012345678901234567890123456"
                                      "78901234"};
    for (size_t i = 0; i < countof(good); i++)
        assert_true(elevenlabs_voice_is_lawful(good[i]));
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(elevenlabs_voice_is_lawful(bad[i]));
}

static void format_stands_in_the_query(void **state)
{
    (void)state;
    struct buf url = {0};
    elevenlabs_put_url("https://api.elevenlabs.io/", "voice1", &url);
    assert_string_equal(
        buf_text(&url),
        "https://api.elevenlabs.io/v1/text-to-speech/voice1/stream?output_format=ulaw_8000");
    buf_free(&url);
}

static void voices_are_asked_for_a_page_at_a_time(void **state)
{
    (void)state;
    struct buf url = {0};
    elevenlabs_put_voices_url("https://api.elevenlabs.io/", NULL, &url);
    assert_string_equal(buf_text(&url), "https://api.elevenlabs.io/v2/voices?page_size=100");
    buf_clear(&url);
    elevenlabs_put_voices_url("http://x", "a b&c", &url);
    assert_string_equal(buf_text(&url),
                        "http://x/v2/voices?page_size=100&next_page_token=a%20b%26c");
    buf_free(&url);
}

static void voices_are_read_page_after_page(void **state)
{
    (void)state;
    static const char first[] =
        "{\"voices\":[{\"voice_id\":\"v1\",\"name\":\" Karen \",\"samples\":null,\"labels\":{"
        "\"language\":\"cs\",\"gender\":\"female\",\"accent\":\"standard\",\"age\":\"young\"},"
        "\"description\":\"Milá\\nžena\",\"verified_languages\":[{\"language\":\"en\",\"locale\":"
        "\"en-US\"},{\"language\":\"cs\"},{\"language\":\"english\"}],\"settings\":{\"speed\":1}},"
        "{\"voice_id\":\"../v2\",\"name\":\"Bad\"},{\"voice_id\":\"v3\",\"name\":\"\"},"
        "{\"name\":\"Nameless id\"}],\"has_more\":true,\"total_count\":3,"
        "\"next_page_token\":\"t2\"}";
    static const char last[] = "{\"voices\":[{\"voice_id\":\"v4\",\"name\":\"Karl\",\"labels\":{},"
                               "\"description\":null}],\"has_more\":false,"
                               "\"next_page_token\":\"never\"}";
    struct arena arena = {0};
    struct voice_page page = {0};
    assert_int_equal(elevenlabs_voices_parse(str_of(first), &arena, &page), 0);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.next, "t2");
    assert_int_equal(elevenlabs_voices_parse(str_of(last), &arena, &page), 0);
    assert_int_equal(page.count, 2);
    assert_null(page.next);
    const struct tts_voice *karen = &page.list[0], *karl = &page.list[1];
    assert_string_equal(karen->id, "v1");
    assert_string_equal(karen->name, "Karen");
    assert_string_equal(karen->gender, "female");
    assert_string_equal(karen->accent, "standard");
    assert_string_equal(karen->description, "Milá\nžena");
    assert_int_equal(karen->language_count, 2);
    assert_string_equal(karen->languages[0], "cs");
    assert_string_equal(karen->languages[1], "en");
    assert_string_equal(karl->name, "Karl");
    assert_null(karl->gender);
    assert_null(karl->description);
    assert_int_equal(karl->language_count, 0);
    assert_int_equal(elevenlabs_voices_parse(str_of("{\"voices\":[{}"), &arena, &page), EPROTO);
    assert_int_equal(elevenlabs_voices_parse(str_of("{\"has_more\":true}"), &arena, &page), EPROTO);
    assert_int_equal(elevenlabs_voices_parse(str_of(""), &arena, &page), EPROTO);
    assert_int_equal(page.count, 2);
    arena_free(&arena);
}

static void more_voices_than_anybody_looks_through_are_left_out(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct voice_page page = {0};
    struct buf body = {0};
    buf_puts(&body, "{\"voices\":[");
    for (int i = 0; i < TTS_VOICES_MAX + 5; i++)
        buf_printf(&body, "%s{\"voice_id\":\"v%d\",\"name\":\"V\"}", i ? "," : "", i);
    buf_puts(&body, "]}");
    assert_int_equal(elevenlabs_voices_parse(buf_str(&body), &arena, &page), 0);
    assert_int_equal(page.count, TTS_VOICES_MAX);
    buf_free(&body);
    arena_free(&arena);
}

static void body_holds_text_model_language_and_what_was_before(void **state)
{
    (void)state;
    struct buf body = {0}, before = {0};
    for (int i = 0; i < 100; i++)
        buf_puts(&before, "předtím ");
    elevenlabs_put_body("eleven_flash_v2_5",
                        &(struct tts_request){.text = str_of("Dobrý \"den\"."),
                                              .language = "cs",
                                              .previous = buf_str(&before)},
                        &body);
    cJSON *json = cJSON_ParseWithOpts(buf_text(&body), NULL, true);
    assert_non_null(json);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "text")), "Dobrý \"den\".");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "model_id")),
                        "eleven_flash_v2_5");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "language_code")), "cs");
    const char *previous = cJSON_GetStringValue(cJSON_GetObjectItem(json, "previous_text"));
    assert_in_range(strlen(previous), 400, ELEVENLABS_PREVIOUS_BYTES_MAX);
    assert_null(cJSON_GetObjectItem(json, "output_format"));
    cJSON_Delete(json);
    buf_free(&body);
    buf_free(&before);
}

static void errors_come_in_three_shapes(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *message;
        int err;
    } list[] = {
        {401, "{\"detail\":{\"status\":\"quota_exceeded\",\"message\":\"used up\"}}", "used up",
         EDQUOT},
        {401, "{\"detail\":{\"status\":\"invalid_api_key\",\"message\":\"no\"}}", "no", EACCES},
        {422, "{\"detail\":[{\"loc\":[\"body\",\"text\"],\"msg\":\"missing\",\"type\":\"x\"},{}]}",
         "missing", EINVAL},
        {404, "{\"detail\":\"Not Found\"}", "Not Found", ENOENT},
        {400, "{\"detail\":{\"status\":\"voice_not_found\"}}", "", ENOENT},
        {429, "{\"detail\":{\"status\":\"system_busy\",\"message\":\"later\"}}", "later", EBUSY},
        {429, "", "", EBUSY},
        {500, "oops", "", ECONNRESET},
        {400, "{\"detail\":[]}", "", EINVAL},
        {400, "{\"detail\":[\"text\"]}", "", EINVAL},
        {403, "{\"detail\":null,\"x\":[1]}", "", EACCES},
    };
    for (size_t i = 0; i < countof(list); i++) {
        struct elevenlabs_error error;
        elevenlabs_error_parse(str_of(list[i].body), &error);
        assert_true(str_is(error.message, list[i].message));
        assert_int_equal(elevenlabs_errno(list[i].status, &error), list[i].err);
    }
}

static enum elevenlabs_audio sniffed(const void *data, size_t bytes, size_t *skip_out)
{
    return elevenlabs_sniff(data, bytes, skip_out);
}

static void bare_audio_is_taken_as_it_is(void **state)
{
    (void)state;
    uint8_t silence[400];
    size_t skip = 9;
    memset(silence, 0xFF, sizeof(silence));
    assert_int_equal(sniffed(silence, sizeof(silence), &skip), ELEVENLABS_ULAW);
    assert_int_equal(skip, 0);
    for (int i = 0; i < 400; i++)
        silence[i] = (uint8_t)(i * 7);
    assert_int_equal(sniffed(silence, sizeof(silence), &skip), ELEVENLABS_ULAW);
    assert_int_equal(sniffed(silence, 3, &skip), ELEVENLABS_UNSURE);
}

/* A WAVE header of a format, with a chunk before the data as many tools write one. */
static size_t put_wave(uint8_t *out, uint8_t format, uint8_t channels, uint16_t hertz)
{
    static const uint8_t head[] = "RIFF\xFF\xFF\xFF\xFFWAVEfmt \x12\0\0\0";
    memcpy(out, head, 20);
    memset(out + 20, 0, 18);
    out[20] = format;
    out[22] = channels;
    out[24] = (uint8_t)hertz;
    out[25] = (uint8_t)(hertz >> 8);
    memcpy(out + 38, "fact\4\0\0\0\1\2\3\4data\xFF\xFF\xFF\xFF", 20);
    return 58;
}

static void wave_header_is_skipped(void **state)
{
    (void)state;
    uint8_t wave[200] = {0};
    size_t skip, head = put_wave(wave, 7, 1, 8000);
    assert_int_equal(sniffed(wave, sizeof(wave), &skip), ELEVENLABS_RIFF);
    assert_int_equal(skip, head);
    assert_int_equal(sniffed(wave, head, &skip), ELEVENLABS_RIFF);
    for (size_t bytes = 0; bytes < head; bytes++)
        assert_int_equal(sniffed(wave, bytes, &skip), ELEVENLABS_UNSURE);
}

static void other_waves_are_refused(void **state)
{
    (void)state;
    uint8_t wave[200] = {0};
    size_t skip;
    put_wave(wave, 1, 1, 8000); /* linear */
    assert_int_equal(sniffed(wave, sizeof(wave), &skip), ELEVENLABS_FOREIGN);
    put_wave(wave, 7, 2, 8000);
    assert_int_equal(sniffed(wave, sizeof(wave), &skip), ELEVENLABS_FOREIGN);
    put_wave(wave, 7, 1, 16000);
    assert_int_equal(sniffed(wave, sizeof(wave), &skip), ELEVENLABS_FOREIGN);
}

static void header_without_end_is_given_up(void **state)
{
    (void)state;
    uint8_t *endless = xalloc(ELEVENLABS_HEAD_BYTES_MAX);
    size_t skip;
    memcpy(endless, "RIFF____WAVE", 12); /* then chunks of nothing */
    assert_int_equal(sniffed(endless, ELEVENLABS_HEAD_BYTES_MAX, &skip), ELEVENLABS_FOREIGN);
    memcpy(endless + 12, "LIST\xFF\xFF\xFF\xFF", 8);
    assert_int_equal(sniffed(endless, 64, &skip), ELEVENLABS_FOREIGN);
    free(endless);
}

static void mp3_and_json_are_refused(void **state)
{
    (void)state;
    size_t skip;
    assert_int_equal(sniffed("ID3\4\0\0\0", 7, &skip), ELEVENLABS_FOREIGN);
    assert_int_equal(sniffed("OggS\0\0\0", 7, &skip), ELEVENLABS_FOREIGN);
    assert_int_equal(sniffed("{\"detail\":1}", 12, &skip), ELEVENLABS_FOREIGN);
    /* MPEG 1 layer 3, 128 kbit/s, 44.1 kHz: frames of 417 bytes */
    uint8_t mp3[1000] = {0xFF, 0xFB, 0x90, 0x00};
    mp3[417] = 0xFF;
    mp3[418] = 0xFB;
    mp3[419] = 0x90;
    assert_int_equal(sniffed(mp3, 200, &skip), ELEVENLABS_UNSURE);
    assert_int_equal(sniffed(mp3, sizeof(mp3), &skip), ELEVENLABS_FOREIGN);
    mp3[417] = 0xFE; /* near-silence that only looked like it */
    assert_int_equal(sniffed(mp3, sizeof(mp3), &skip), ELEVENLABS_ULAW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voice_ids_are_letters_digits_dash_and_underscore),
        cmocka_unit_test(format_stands_in_the_query),
        cmocka_unit_test(voices_are_asked_for_a_page_at_a_time),
        cmocka_unit_test(voices_are_read_page_after_page),
        cmocka_unit_test(more_voices_than_anybody_looks_through_are_left_out),
        cmocka_unit_test(body_holds_text_model_language_and_what_was_before),
        cmocka_unit_test(errors_come_in_three_shapes),
        cmocka_unit_test(bare_audio_is_taken_as_it_is),
        cmocka_unit_test(wave_header_is_skipped),
        cmocka_unit_test(other_waves_are_refused),
        cmocka_unit_test(header_without_end_is_given_up),
        cmocka_unit_test(mp3_and_json_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
