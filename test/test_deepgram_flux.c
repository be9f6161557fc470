/* test/test_deepgram_flux.c: the recogniser's driver where Flux listens, against a Deepgram of our
 * own on loopback. */
#include "base/audio.h"
#include "test/deepgram_world.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static struct world *world_in(const char *language, int quiet_ms)
{
    struct world *world =
        world_new(&(struct deepgram_options){.flux_languages = "de en cs", .quiet_ms = quiet_ms});
    open_stream(world, language);
    wait_for(world->loop, &world->open);
    buf_clear(&world->told);
    return world;
}

static void says_turn(struct world *world, const char *event, int turn, const char *rest)
{
    struct buf text = {0};
    buf_printf(&text, "{\"type\":\"TurnInfo\",\"event\":\"%s\",\"turn_index\":%d,%s}", event, turn,
               rest);
    deepgram_says(world, buf_text(&text));
    buf_free(&text);
}

static void wait_for_told(struct world *world, const char *text)
{
    while (!strstr(buf_text(&world->told), text))
        wait_for_event(world);
}

static void languages_that_are_asked_for_are_heard_by_it(void **state)
{
    (void)state;
    static const char *const paths[][2] = {{"en", "/v2/listen?"},
                                           {"de", "/v2/listen?"},
                                           {"sk", "/v1/listen?"},  /* not in the list */
                                           {"cs", "/v1/listen?"}}; /* in it, but not known */
    for (size_t i = 0; i < 4; i++) {
        struct world *world = world_in(paths[i][0], 0);
        assert_int_equal(strncmp(buf_text(&world->target), paths[i][1], strlen(paths[i][1])), 0);
        assert_string_equal(world->authorization, "Token key1");
        world_free(&world);
    }
}

#define WINDOW "\"audio_window_start\":0.24,\"audio_window_end\":"
static void turn_comes_as_events(void **state)
{
    (void)state;
    struct world *world = world_in("en", 0);
    deepgram_says(world, "{\"type\":\"Connected\",\"request_id\":\"r\",\"sequence_id\":0}");
    says_turn(world, "Update", 0, WINDOW "0.5,\"transcript\":\"\",\"words\":[]");
    says_turn(world, "StartOfTurn", 0,
              WINDOW "0.9,\"transcript\":\"Is\",\"words\":[{\"start\":0.5,\"end\":0.7}]");
    says_turn(world, "EagerEndOfTurn", 0,
              WINDOW "1.6,\"transcript\":\"Is Jan\","
                     "\"words\":[{\"start\":0.5,\"end\":0.7},{\"start\":0.8,\"end\":1.1}]");
    says_turn(world, "TurnResumed", 0,
              WINDOW "1.8,\"transcript\":\"Is Jan\","
                     "\"words\":[{\"start\":0.5,\"end\":0.7},{\"start\":0.8,\"end\":1.1}]");
    says_turn(world, "EndOfTurn", 0,
              WINDOW "2.9,\"transcript\":\"Is Jan there?\","
                     "\"words\":[{\"start\":0.5,\"end\":0.7},{\"start\":0.8,\"end\":2}]");
    wait_for_told(world, "over");
    assert_string_equal(buf_text(&world->told), "partial 240-500 turn 1\n"
                                                "speech 240--1\n"
                                                "partial 'Is' 500-700 turn 1\n"
                                                "partial 'Is Jan' 500-1100 turn 1 eager\n"
                                                "partial 'Is Jan' 500-1100 turn 1 resumed\n"
                                                "final 'Is Jan there?' 500-2000 turn 1 over\n");
    world_free(&world);
}

static void words_without_times_end_when_they_were_first_known(void **state)
{
    (void)state;
    struct world *world = world_in("en", 0);
    says_turn(world, "Update", 4, WINDOW "1.2,\"transcript\":\"Hello\"");
    says_turn(world, "Update", 4, WINDOW "1.44,\"transcript\":\"Hello\"");
    says_turn(world, "EndOfTurn", 4, WINDOW "2.0,\"transcript\":\"Hello\"");
    wait_for_told(world, "over");
    assert_string_equal(buf_text(&world->told), "partial 'Hello' 240-1200 turn 5\n"
                                                "partial 'Hello' 240-1200 turn 5\n"
                                                "final 'Hello' 240-1200 turn 5 over\n");
    world_free(&world);
}

static void audio_goes_in_chunks_of_80_ms(void **state)
{
    (void)state;
    struct world *world = world_in("en", 60000);
    send_ms(world, 240, 1);
    send_ms(world, 60, 2);
    stt_flush(world->stt); /* less than a chunk is of no use to it */
    wait_for_audio(world, 240 * AUDIO_BYTES_PER_MS);
    assert_int_equal(world->frames, 3);
    assert_int_equal(world->frame_bytes_max, 80 * AUDIO_BYTES_PER_MS);
    send_ms(world, 20, 2);
    wait_for_audio(world, 320 * AUDIO_BYTES_PER_MS);
    assert_int_equal(world->frames, 4);
    world_free(&world);
}

static void pause_is_left_to_it(void **state)
{
    (void)state;
    struct world *world = world_in("en", 60000);
    stt_finalize(world->stt);
    stt_close(&world->stt);
    wait_for(world->loop, &world->heard);
    assert_string_equal(buf_text(&world->texts), "{\"type\":\"CloseStream\"}\n");
    world_free(&world);
}

static void stalled_line_is_filled_with_silence_that_counts_for_nothing(void **state)
{
    (void)state;
    struct world *world = world_in("en", 30);
    size_t voice = 400 * AUDIO_BYTES_PER_MS, silence = 500 * AUDIO_BYTES_PER_MS;
    send_ms(world, 400, 1);
    wait_for_audio(world, voice + silence); /* the stall is noticed at the second tick */
    assert_int_equal((uint8_t)world->audio.data[voice - 1], 1);
    assert_int_equal((uint8_t)world->audio.data[voice], ULAW_SILENCE);
    assert_int_equal(world->texts.bytes, 0);
    says_turn(world, "Update", 0,
              "\"transcript\":\"a\",\"words\":[{\"start\":0.1,\"end\":0.35}]"); /* before it */
    says_turn(world, "Update", 0,
              "\"transcript\":\"a b\",\"words\":[{\"start\":0.3,\"end\":0.7}]"); /* into it */
    wait_for_told(world, "'a b'");
    assert_string_equal(buf_text(&world->told), "partial 'a' 100-350 turn 1\n"
                                                "partial 'a b' 300-400 turn 1\n");
    world_free(&world);
}

static void error_message_ends_the_stream(void **state)
{
    (void)state;
    struct world *world = world_in("en", 0);
    deepgram_says(world, "{\"type\":\"Error\",\"sequence_id\":1,\"code\":\"INTERNAL_SERVER_ERROR\","
                         "\"description\":\"It is us.\"}");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->err, EPROTO);
    world_free(&world);
}

static void turns_without_a_number_are_nonsense(void **state)
{
    (void)state;
    struct world *world = world_in("en", 0);
    for (int i = 0; i < 5; i++)
        deepgram_says(world, "{\"type\":\"TurnInfo\",\"event\":\"Update\"}");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->err, EPROTO);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(languages_that_are_asked_for_are_heard_by_it),
        cmocka_unit_test(turn_comes_as_events),
        cmocka_unit_test(words_without_times_end_when_they_were_first_known),
        cmocka_unit_test(audio_goes_in_chunks_of_80_ms),
        cmocka_unit_test(pause_is_left_to_it),
        cmocka_unit_test(stalled_line_is_filled_with_silence_that_counts_for_nothing),
        cmocka_unit_test(error_message_ends_the_stream),
        cmocka_unit_test(turns_without_a_number_are_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
