/* test/test_elevenlabs_socket_wire.c: the messages of ElevenLabs' WebSocket both ways, and how far
 * its alignment says a text was spoken. */
#include "provider/elevenlabs_socket_wire.h"

#include "base/mem.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void the_address_asks_for_telephone_audio_and_times(void **state)
{
    (void)state;
    struct buf url = {0};
    const struct elevenlabs_query query = {"voice1", "eleven_flash_v2_5", "cs"};
    assert_int_equal(elevenlabs_socket_url("https://api.elevenlabs.io/", &query, &url), 0);
    assert_string_equal(buf_text(&url),
                        "wss://api.elevenlabs.io/v1/text-to-speech/voice1/multi-stream-input"
                        "?output_format=ulaw_8000&auto_mode=true&sync_alignment=true"
                        "&inactivity_timeout=180&model_id=eleven_flash_v2_5&language_code=cs");
    buf_clear(&url);
    assert_int_equal(
        elevenlabs_socket_url("http://x", &(struct elevenlabs_query){"v", "m&n", NULL}, &url), 0);
    assert_string_equal(buf_text(&url),
                        "ws://x/v1/text-to-speech/v/multi-stream-input?output_format=ulaw_8000"
                        "&auto_mode=true&sync_alignment=true&inactivity_timeout=180"
                        "&model_id=m%26n");
    buf_free(&url);
}

static void no_voice_leads_to_another_address(void **state)
{
    (void)state;
    struct buf url = {0};
    const struct elevenlabs_query stranger = {"../v1/user", "m", "cs"}, lawful = {"v", "m", "cs"};
    assert_int_equal(elevenlabs_socket_url("https://x", &stranger, &url), EINVAL);
    assert_int_equal(elevenlabs_socket_url("ftp://x", &lawful, &url), EINVAL);
    assert_int_equal(url.bytes, 0);
    buf_free(&url);
}

static void a_context_is_begun_told_its_text_and_closed(void **state)
{
    (void)state;
    struct buf out = {0};
    elevenlabs_put_begin(7, &out);
    elevenlabs_put_text(7, str_of("Řekla \"ne\"."), &out);
    elevenlabs_put_end(7, &out);
    elevenlabs_put_alive(0, &out);
    assert_string_equal(buf_text(&out),
                        "{\"text\":\" \",\"context_id\":\"7\"}"
                        "{\"text\":\"Řekla \\\"ne\\\". \",\"context_id\":\"7\",\"flush\":true}"
                        "{\"context_id\":\"7\",\"close_context\":true}"
                        "{\"text\":\"\",\"context_id\":\"0\"}");
    buf_free(&out);
}

static struct elevenlabs_message parsed(const char *text)
{
    struct elevenlabs_message message = {0};
    assert_int_equal(elevenlabs_message_parse(str_of(text), &message), 0);
    return message;
}

static void audio_and_ends_are_told_apart_in_either_spelling(void **state)
{
    (void)state;
    struct elevenlabs_message message =
        parsed("{\"audio\":\"AAAA\",\"isFinal\":null,\"contextId\":\"12\",\"new\":[{}]}");
    assert_int_equal(message.kind, ELEVENLABS_AUDIO);
    assert_true(message.named && message.context == 12 && str_is(message.audio, "AAAA"));
    assert_false(message.alignment.known);
    message = parsed("{\"audio\":null,\"is_final\":true,\"context_id\":\"4294967295\"}");
    assert_int_equal(message.kind, ELEVENLABS_FINAL);
    assert_true(message.named && message.context == UINT32_MAX);
    message = parsed("{\"audio\":\"AA==\",\"isFinal\":true,\"contextId\":\"1\"}");
    assert_int_equal(message.kind, ELEVENLABS_FINAL);
    assert_true(str_is(message.audio, "AA=="));
    assert_int_equal(parsed("{\"isFinal\":false,\"audio\":\"\"}").kind, ELEVENLABS_OTHER);
}

static void ids_that_are_not_ours_name_nothing(void **state)
{
    (void)state;
    static const char *const list[] = {"{\"contextId\":null}",
                                       "{\"contextId\":\"\"}",
                                       "{\"contextId\":\"-1\"}",
                                       "{\"contextId\":\"1a\"}",
                                       "{\"contextId\":1}",
                                       "{\"contextId\":{\"a\":[]}}",
                                       "{\"contextId\":\"4294967296\"}",
                                       "{\"contextId\":\"99999999999999999999\"}"};
    for (size_t i = 0; i < countof(list); i++)
        assert_false(parsed(list[i]).named);
}

static void trouble_is_told_with_its_code(void **state)
{
    (void)state;
    struct elevenlabs_message message = parsed(
        "{\"message\":\"Quota\",\"error\":\"quota_exceeded\",\"code\":1008,\"isFinal\":true}");
    assert_int_equal(message.kind, ELEVENLABS_TROUBLE);
    assert_int_equal(elevenlabs_errno(0, &message.error), EDQUOT);
    assert_true(str_is(message.error.message, "Quota"));
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const list[] = {"", "[]", "no {sense", "{\"audio\":\"A\"", "{} {}", "null"};
    struct elevenlabs_message message;
    for (size_t i = 0; i < countof(list); i++)
        assert_int_equal(elevenlabs_message_parse(str_of(list[i]), &message), EPROTO);
}

/* ---- alignment ------------------------------------------------------------------------------ */

/* A message whose characters sound one after the other, `ms` each, a space `space_ms`. */
static char *aligned(const char *text, int ms, int space_ms)
{
    struct buf chars = {0}, starts = {0}, durations = {0}, all = {0};
    int at = 0;
    for (const char *c = text; *c;) {
        size_t bytes = 1;
        while (((unsigned char)c[bytes] & 0xC0) == 0x80)
            bytes++;
        int took = *c == ' ' ? space_ms : ms;
        buf_puts(&chars, c == text ? "" : ",");
        buf_json_string(&chars, (struct str){c, bytes});
        buf_printf(&starts, "%s%d", c == text ? "" : ",", at);
        buf_printf(&durations, "%s%d", c == text ? "" : ",", took);
        at += took;
        c += bytes;
    }
    buf_printf(&all,
               "{\"alignment\":{\"charsDurationsMs\":[%s],\"chars\":[%s],\"charStartTimesMs\":[%s]"
               "},\"normalizedAlignment\":{\"chars\":[\"x\"]}}",
               buf_text(&durations), buf_text(&chars), buf_text(&starts));
    buf_free(&chars);
    buf_free(&starts);
    buf_free(&durations);
    return all.data;
}

static const char *anchors_of(struct elevenlabs_track *track, const char *json, size_t audio_ms)
{
    static char text[400];
    struct tts_anchor list[16];
    struct elevenlabs_message message = parsed(json);
    size_t count = elevenlabs_anchors(track, message.alignment, audio_ms * 8, list, countof(list));
    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%zu:%zu ", list[i].bytes / 8, list[i].letters);
    }
    return text;
}

static void words_end_where_their_last_letter_does(void **state)
{
    (void)state;
    struct elevenlabs_track track = {.text = str_of("Ano, já jsem.")};
    char *json = aligned(" Ano, já jsem. ", 100, 50);
    /* the comma is the word's, its silence is not: it is a pause before the next */
    assert_string_equal(anchors_of(&track, json, 1400), "350:4 500:5 700:8 1150:14 ");
    assert_int_equal(track.at, 14);
    assert_false(track.lost);
    free(json);
}

static void a_pause_has_an_anchor_at_either_end(void **state)
{
    (void)state;
    struct elevenlabs_track track = {.text = str_of("ab cd")};
    char *json = aligned("ab cd", 100, 2000);
    assert_string_equal(anchors_of(&track, json, 2400), "200:2 2200:3 2400:5 ");
    free(json);
}

static void pieces_go_on_where_the_last_ended(void **state)
{
    (void)state;
    struct elevenlabs_track track = {.text = str_of("one-two three")};
    char *first = aligned(" one-t", 100, 0), *second = aligned("wo three", 100, 0);
    assert_string_equal(anchors_of(&track, first, 500), ""); /* in the middle of a word */
    assert_string_equal(anchors_of(&track, second, 700), "200:7 700:13 ");
    free(first);
    free(second);
}

static void times_behind_the_audio_end_with_it(void **state)
{
    (void)state;
    struct elevenlabs_track track = {.text = str_of("ab cd ef")};
    char *json = aligned("ab cd ef", 100, 0);
    assert_string_equal(anchors_of(&track, json, 300), "200:2 300:5 ");
    free(json);
}

static void an_alignment_of_another_text_is_not_believed(void **state)
{
    (void)state;
    struct elevenlabs_track track = {.text = str_of("I am 5 years old")};
    char *other = aligned("I am five years old", 100, 0), *rest = aligned(" old", 100, 0);
    assert_string_equal(anchors_of(&track, other, 2000), "100:1 300:4 ");
    assert_true(track.lost);
    assert_string_equal(anchors_of(&track, rest, 2000), "");
    free(other);
    free(rest);
}

static void broken_alignments_give_what_they_can(void **state)
{
    (void)state;
    static const struct {
        const char *alignment, *anchors;
    } list[] = {
        {"null", ""},
        {"[]", ""},
        {"{\"chars\":[\"a\"]}", ""},
        {"{\"chars\":\"a\",\"charStartTimesMs\":[0],\"charsDurationsMs\":[1]}", ""},
        {"{\"chars\":[\"a\",\" \",\"b\"],\"charStartTimesMs\":[0,100],\"charsDurationsMs\":[100]}",
         "100:1 "},
        {"{\"chars\":[\"a\",\" \"],\"charStartTimesMs\":[-5,1],\"charsDurationsMs\":[100,1]}", ""},
        {"{\"chars\":[\"a\",\" \"],\"charStartTimesMs\":[0,1],\"charsDurationsMs\":[1e300,1]}", ""},
        {"{\"chars\":[\"\"],\"charStartTimesMs\":[0],\"charsDurationsMs\":[100]}", ""},
        {"{\"chars\":[\"\\u0061\",\" \"],\"charStartTimesMs\":[0,9],\"charsDurationsMs\":[9,0]}",
         "9:1 "},
    };
    for (size_t i = 0; i < countof(list); i++) {
        struct elevenlabs_track track = {.text = str_of("a b")};
        struct buf json = {0};
        buf_printf(&json, "{\"alignment\":%s}", list[i].alignment);
        assert_string_equal(anchors_of(&track, buf_text(&json), 1000), list[i].anchors);
        buf_free(&json);
    }
}

static void no_more_anchors_are_given_than_there_is_room(void **state)
{
    (void)state;
    struct elevenlabs_track track = {.text = str_of("a b c d e")};
    struct tts_anchor list[2];
    char *json = aligned("a b c d e", 100, 0);
    struct elevenlabs_message message = parsed(json);
    assert_int_equal(elevenlabs_anchors(&track, message.alignment, 8000, list, 2), 2);
    assert_int_equal(track.at, 9); /* and all was followed */
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_asks_for_telephone_audio_and_times),
        cmocka_unit_test(no_voice_leads_to_another_address),
        cmocka_unit_test(a_context_is_begun_told_its_text_and_closed),
        cmocka_unit_test(audio_and_ends_are_told_apart_in_either_spelling),
        cmocka_unit_test(ids_that_are_not_ours_name_nothing),
        cmocka_unit_test(trouble_is_told_with_its_code),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(words_end_where_their_last_letter_does),
        cmocka_unit_test(a_pause_has_an_anchor_at_either_end),
        cmocka_unit_test(pieces_go_on_where_the_last_ended),
        cmocka_unit_test(times_behind_the_audio_end_with_it),
        cmocka_unit_test(an_alignment_of_another_text_is_not_believed),
        cmocka_unit_test(broken_alignments_give_what_they_can),
        cmocka_unit_test(no_more_anchors_are_given_than_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
