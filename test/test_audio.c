/* test/test_audio.c: mu-law and loudness. */
#include "base/audio.h"
#include "base/mem.h"
#include "test/test.h"

#include <math.h>
#include <stdlib.h>

static void ulaw_is_g711(void **state)
{
    (void)state;
    /* ITU-T G.711 table 2a: the ends and the middle of the scale, times 4 for 16 bits */
    assert_int_equal(ulaw_decode(0x80), 32124);
    assert_int_equal(ulaw_decode(0x00), -32124);
    assert_int_equal(ulaw_decode(0xFF), 0);
    assert_int_equal(ulaw_decode(0x7F), 0);
    assert_int_equal(ulaw_encode(0), ULAW_SILENCE);
    assert_int_equal(ulaw_encode(32767), 0x80);
    assert_int_equal(ulaw_encode(-32768), 0x00);
}

static void every_ulaw_byte_comes_back(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        if (byte != 0x7F) /* the other zero */
            assert_int_equal(ulaw_encode(ulaw_decode((uint8_t)byte)), byte);
}

static void level_is_in_decibels_below_full_scale(void **state)
{
    (void)state;
    int16_t loud[160], silent[160] = {0}, sine[160];
    uint8_t ulaw[160];
    for (size_t i = 0; i < countof(loud); i++) {
        loud[i] = -32768;
        sine[i] = (int16_t)lrint(16384.0 * sin(2 * 3.14159265358979 * (double)i / 16.0));
        ulaw[i] = ULAW_SILENCE;
    }
    assert_true(fabs(audio_level_db(loud, countof(loud))) < 0.01);
    assert_true(fabs(audio_level_db(sine, countof(sine)) + 9.03) < 0.05);
    assert_true(audio_level_db(silent, countof(silent)) <= -100.0);
    assert_true(audio_level_db(NULL, 0) <= -100.0);
    ulaw_decode_all(ulaw, countof(ulaw), loud);
    assert_true(audio_level_db(loud, countof(loud)) <= -100.0);
}

static void level_is_the_same_without_decoding(void **state)
{
    (void)state;
    uint8_t ulaw[256 + 3];
    int16_t linear[sizeof(ulaw)];
    for (size_t i = 0; i < sizeof(ulaw); i++)
        ulaw[i] = (uint8_t)(i * 7);
    ulaw_decode_all(ulaw, sizeof(ulaw), linear);
    for (size_t samples = 0; samples <= sizeof(ulaw); samples++)
        assert_true(ulaw_level_db(ulaw, samples) == audio_level_db(linear, samples));
}

static void ducked_audio_is_ten_decibels_softer(void **state)
{
    (void)state;
    uint8_t loud[160], softer[160], silence[4] = {ULAW_SILENCE, 0x7F, ULAW_SILENCE, 0x7F};
    for (size_t i = 0; i < countof(loud); i++)
        loud[i] =
            ulaw_encode((int16_t)lrint(16384.0 * sin(2 * 3.14159265358979 * (double)i / 16.0)));
    ulaw_duck(loud, countof(loud), softer);
    double by = ulaw_level_db(loud, countof(loud)) - ulaw_level_db(softer, countof(softer));
    assert_true(fabs(by - 10.0) < 0.2);
    ulaw_duck(silence, countof(silence), softer);
    assert_true(ulaw_level_db(softer, countof(silence)) <= -100.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ulaw_is_g711),
        cmocka_unit_test(every_ulaw_byte_comes_back),
        cmocka_unit_test(level_is_in_decibels_below_full_scale),
        cmocka_unit_test(level_is_the_same_without_decoding),
        cmocka_unit_test(ducked_audio_is_ten_decibels_softer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
