/* test/test_ears.c: what the ears make of voices, rooms, keys and our own echo. */
#include "base/audio.h"
#include "base/mem.h"
#include "line/ears.h"
#include "test/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HEARD_MAX = 400 };
static const double PI = 3.14159265358979;

struct listening {
    struct ears *ears;
    int64_t at_ms;
    size_t piece_bytes; /* how the carrier cuts the audio */
    uint32_t chance;
    struct ears_event heard[HEARD_MAX];
    size_t count;
};

static void on_event(const struct ears_event *event, void *arg)
{
    struct listening *l = arg;
    assert_true(l->count < HEARD_MAX);
    l->heard[l->count++] = *event;
}

static struct listening listen_begin(void)
{
    return (struct listening){.ears = ears_new(), .piece_bytes = AUDIO_FRAME_BYTES, .chance = 1};
}

static void hear(struct listening *l, const uint8_t *ulaw, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += l->piece_bytes) {
        size_t piece = bytes - at < l->piece_bytes ? bytes - at : l->piece_bytes;
        ears_hear(l->ears, ulaw + at, piece, l->at_ms + (int64_t)(at / AUDIO_BYTES_PER_MS),
                  on_event, l);
    }
    l->at_ms += (int64_t)(bytes / AUDIO_BYTES_PER_MS);
}

static double noise(struct listening *l)
{
    l->chance = l->chance * 1664525U + 1013904223U;
    return (double)(l->chance >> 8) / (1 << 23) - 1.0;
}

/* A vowel: pulses of a throat at 120 Hz through three resonances, four syllables a second. */
static void make_voice(struct listening *l, double amplitude, double room, size_t samples,
                       uint8_t *ulaw)
{
    static const double hz[3] = {600, 1200, 2500}, width[3] = {80, 100, 140};
    double past[3][2] = {{0}};
    for (size_t i = 0; i < samples; i++) {
        double x = i % 67 == 0 ? 1.0 : 0.0;
        for (int f = 0; f < 3; f++) {
            double r = exp(-PI * width[f] / AUDIO_HZ);
            double y = x + 2 * r * cos(2 * PI * hz[f] / AUDIO_HZ) * past[f][0] - r * r * past[f][1];
            past[f][1] = past[f][0];
            past[f][0] = y;
            x = f == 0 ? y : x + 0.4 * y;
        }
        double syllable = 0.6 + 0.4 * sin(2 * PI * 4 * (double)i / AUDIO_HZ);
        double sample = fmax(-32000, fmin(32000, amplitude * syllable * x + room * noise(l)));
        ulaw[i] = ulaw_encode((int16_t)sample);
    }
}

static void hear_voice(struct listening *l, double amplitude, int64_t ms)
{
    size_t samples = (size_t)ms * AUDIO_BYTES_PER_MS;
    uint8_t *ulaw = xalloc(samples);
    make_voice(l, amplitude, 8, samples, ulaw);
    hear(l, ulaw, samples);
    free(ulaw);
}

static void hear_room(struct listening *l, double amplitude, int64_t ms)
{
    size_t samples = (size_t)ms * AUDIO_BYTES_PER_MS;
    uint8_t *ulaw = xalloc(samples);
    for (size_t i = 0; i < samples; i++)
        ulaw[i] = ulaw_encode((int16_t)(amplitude * noise(l)));
    hear(l, ulaw, samples);
    free(ulaw);
}

static void hear_key(struct listening *l, double low_hz, double high_hz, int64_t ms)
{
    size_t samples = (size_t)ms * AUDIO_BYTES_PER_MS;
    uint8_t *ulaw = xalloc(samples);
    for (size_t i = 0; i < samples; i++) {
        double t = 2 * PI * (double)i / AUDIO_HZ;
        ulaw[i] = ulaw_encode((int16_t)(5000 * sin(t * low_hz) + 5000 * sin(t * high_hz)));
    }
    hear(l, ulaw, samples);
    free(ulaw);
}

static size_t count_of(const struct listening *l, enum ears_event_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++)
        count += l->heard[i].kind == kind;
    return count;
}

static const struct ears_event *first_of(const struct listening *l, enum ears_event_kind kind)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->heard[i].kind == kind)
            return &l->heard[i];
    fail_msg("event %d was not heard", (int)kind);
    return NULL;
}

static void assert_near(int64_t value, int64_t expected, int64_t slack)
{
    assert_in_range(value, expected - slack, expected + slack);
}

static void a_voice_begins_and_ends_once(void **state)
{
    (void)state;
    struct listening l = listen_begin();
    hear_room(&l, 8, 1000);
    hear_voice(&l, 3000, 1500);
    hear_room(&l, 8, 1000);
    assert_int_equal(count_of(&l, EARS_VOICE_ON), 1);
    assert_int_equal(count_of(&l, EARS_VOICE_OFF), 1);
    assert_near(first_of(&l, EARS_VOICE_ON)->at_ms, 1000, 60);
    assert_near(first_of(&l, EARS_VOICE_OFF)->at_ms, 2500, 200); /* the detector's own hang-over */
    ears_free(&l.ears);
}

static void a_voice_is_reported_while_it_goes_on(void **state)
{
    (void)state;
    struct listening l = listen_begin();
    hear_room(&l, 8, 500);
    hear_voice(&l, 3000, 900);
    assert_near((int64_t)count_of(&l, EARS_VOICE_GOING), 900 / EARS_GOING_MS, 3);
    const struct ears_event *newest = &l.heard[l.count - 1];
    assert_int_equal(newest->kind, EARS_VOICE_GOING);
    assert_near(newest->voiced_ms, EARS_VOICED_WINDOW_MS, 80);
    assert_true(first_of(&l, EARS_VOICE_GOING)->voiced_ms < 200);
    ears_free(&l.ears);
}

static void frames_of_any_size_give_the_same_news(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 33, 160, 161, 800, 4000};
    struct ears_event expected[HEARD_MAX];
    size_t expected_count = 0;
    for (size_t i = 0; i < countof(sizes); i++) {
        struct listening l = listen_begin();
        l.piece_bytes = sizes[i];
        hear_room(&l, 8, 500);
        hear_voice(&l, 3000, 800);
        hear_key(&l, 770, 1336, 100);
        hear_room(&l, 8, 500);
        if (i == 0)
            memcpy(expected, l.heard, sizeof(expected));
        expected_count = i == 0 ? l.count : expected_count;
        assert_int_equal(l.count, expected_count);
        for (size_t e = 0; e < l.count; e++) {
            assert_int_equal(l.heard[e].kind, expected[e].kind);
            assert_int_equal(l.heard[e].at_ms, expected[e].at_ms);
        }
        ears_free(&l.ears);
    }
    assert_true(expected_count > 3);
}

static void silence_and_a_noisy_room_are_no_voice(void **state)
{
    (void)state;
    struct listening l = listen_begin();
    uint8_t silence[AUDIO_HZ];
    memset(silence, ULAW_SILENCE, sizeof(silence));
    hear(&l, silence, sizeof(silence));
    hear_room(&l, 30, 5000);
    hear_room(&l, 300, 10000); /* a fan, switched on in mid-call */
    assert_int_equal(l.count, 0);
    ears_free(&l.ears);
}

static void keys_are_heard_once_and_are_no_voice(void **state)
{
    (void)state;
    static const double low[4] = {697, 770, 852, 941}, high[4] = {1209, 1336, 1477, 1633};
    static const char keys[4][5] = {"123A", "456B", "789C", "*0#D"};
    struct listening l = listen_begin();
    hear_room(&l, 8, 500);
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 4; column++) {
            hear_key(&l, low[row], high[column], 90);
            hear_room(&l, 8, 90);
        }
    assert_int_equal(count_of(&l, EARS_KEY), 16);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(l.heard[i].digit, keys[i / 4][i % 4]);
    assert_int_equal(count_of(&l, EARS_VOICE_ON), 0);
    ears_free(&l.ears);
}

static void a_key_held_for_long_is_one_key(void **state)
{
    (void)state;
    struct listening l = listen_begin();
    hear_key(&l, 852, 1477, 2000);
    hear_room(&l, 8, 300);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.heard[0].digit, '9');
    ears_free(&l.ears);
}

/* Karen says one second of voice, which comes back delay_ms later, softer by `echo`. */
static size_t voices_heard_with_echo(double echo, bool was_said, bool hushed)
{
    struct listening l = listen_begin();
    size_t samples = AUDIO_HZ;
    uint8_t *said = xalloc(samples);
    hear_room(&l, 8, 500);
    make_voice(&l, 9000, 0, samples, said);
    if (was_said)
        ears_said(l.ears, said, samples);
    if (hushed)
        ears_hushed(l.ears);
    hear_room(&l, 8, 200); /* the way there and back */
    hear_voice(&l, 9000 * echo, 1000);
    hear_room(&l, 8, 300);
    size_t count = count_of(&l, EARS_VOICE_ON);
    ears_free(&l.ears);
    free(said);
    return count;
}

static void the_echo_of_karen_is_no_voice(void **state)
{
    (void)state;
    assert_int_equal(voices_heard_with_echo(0.06, false, false), 1); /* loud enough by itself */
    assert_int_equal(voices_heard_with_echo(0.06, true, false), 0);  /* 24 dB below what we say */
}

static void a_caller_is_heard_over_karen(void **state)
{
    (void)state;
    assert_int_equal(voices_heard_with_echo(1.0, true, false), 1);
}

static void what_was_cleared_makes_no_echo(void **state)
{
    (void)state;
    assert_int_equal(voices_heard_with_echo(0.06, true, true), 1);
}

static void a_gap_in_the_media_moves_the_clock(void **state)
{
    (void)state;
    struct listening l = listen_begin();
    hear_room(&l, 8, 500);
    l.at_ms += 3000;
    hear_voice(&l, 3000, 500);
    assert_near(first_of(&l, EARS_VOICE_ON)->at_ms, 3500, 60);
    ears_free(&l.ears);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_voice_begins_and_ends_once),
        cmocka_unit_test(a_voice_is_reported_while_it_goes_on),
        cmocka_unit_test(frames_of_any_size_give_the_same_news),
        cmocka_unit_test(silence_and_a_noisy_room_are_no_voice),
        cmocka_unit_test(keys_are_heard_once_and_are_no_voice),
        cmocka_unit_test(a_key_held_for_long_is_one_key),
        cmocka_unit_test(the_echo_of_karen_is_no_voice),
        cmocka_unit_test(a_caller_is_heard_over_karen),
        cmocka_unit_test(what_was_cleared_makes_no_echo),
        cmocka_unit_test(a_gap_in_the_media_moves_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
