/* test/test_wav.c: the telephone's pure parts: what waits to be heard, and its files. */
#include "base/audio.h"
#include "base/mem.h"
#include "phone/playout.h"
#include "phone/wav.h"
#include "test/test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- pure parts ----------------------------------------------------------------------------- */

static void playout_keeps_order_and_bounds(void **state)
{
    (void)state;
    struct playout p = {0};
    uint8_t out[160];
    char name[PLAYOUT_MARK_BYTES_MAX + 1];
    const uint8_t audio[200] = {[0] = 1, [199] = 2};
    assert_int_equal(playout_mark(&p, str_of("0")), 0);
    assert_int_equal(playout_audio(&p, audio, sizeof(audio)), 0);
    assert_int_equal(playout_mark(&p, str_of("a")), 0);
    assert_true(playout_due(&p, name)); /* nothing was before it */
    assert_string_equal(name, "0");
    assert_false(playout_due(&p, name));
    assert_true(playout_play(&p, out, sizeof(out)));
    assert_int_equal(out[0], 1);
    assert_false(playout_due(&p, name));
    assert_true(playout_play(&p, out, sizeof(out)));
    assert_int_equal(out[39], 2);
    assert_int_equal(out[40], ULAW_SILENCE);
    assert_true(playout_due(&p, name));
    assert_string_equal(name, "a");
    assert_false(playout_play(&p, out, sizeof(out)));
    char longer[PLAYOUT_MARK_BYTES_MAX + 2];
    memset(longer, 'x', sizeof(longer));
    assert_int_equal(playout_mark(&p, (struct str){longer, sizeof(longer)}), EMSGSIZE);
    for (int i = 0; i < PLAYOUT_MARKS_MAX; i++)
        assert_int_equal(playout_mark(&p, str_of("m")), 0);
    assert_int_equal(playout_mark(&p, str_of("m")), ENOBUFS);
    uint8_t *much = xalloc(PLAYOUT_BYTES_MAX);
    assert_int_equal(playout_audio(&p, much, PLAYOUT_BYTES_MAX), 0);
    assert_int_equal(playout_audio(&p, much, 1), ENOBUFS);
    assert_int_equal(playout_clear(&p), PLAYOUT_BYTES_MAX);
    free(much);
    playout_fini(&p);
}

static void put32(struct buf *file, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        buf_putc(file, (char)(value >> shift));
}

static struct buf wav_of(unsigned code, unsigned channels, unsigned hz, unsigned bits,
                         struct str data)
{
    struct buf file = {0};
    buf_puts(&file, "RIFF");
    put32(&file, 0xFFFFFFFF); /* as programs write that do not know the length yet */
    buf_puts(&file, "WAVELIST");
    put32(&file, 3);
    buf_add(&file, "abc\0fmt ", 8);
    put32(&file, 16);
    put32(&file, code | channels << 16);
    put32(&file, hz);
    put32(&file, hz * channels * bits / 8);
    put32(&file, channels * bits / 8 | bits << 16);
    buf_puts(&file, "data");
    put32(&file, (uint32_t)data.bytes);
    buf_add_str(&file, data);
    return file;
}

static void wav_files_are_read_by_their_chunks(void **state)
{
    (void)state;
    struct buf ulaw = {0};
    const char *why = NULL;
    struct buf file = wav_of(7, 1, 8000, 8, str_of("\x10\x20"));
    assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), 0);
    assert_string_equal(buf_text(&ulaw), "\x10\x20");
    buf_clear(&ulaw);
    buf_free(&file);
    file = wav_of(1, 1, 8000, 16, (struct str){"\xE8\x03\x18\xFC", 4}); /* 1000, -1000 */
    assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), 0);
    assert_string_equal(buf_text(&ulaw), "\xCE\x4E");
    buf_free(&ulaw);
    buf_free(&file);
    static const struct {
        unsigned code, channels, hz, bits;
        const char *why;
    } wrong[] = {
        {7, 1, 16000, 8, "it is mu-law of another rate than 8000 Hz"},
        {1, 2, 8000, 16, "it has more than one channel"},
        {1, 1, 8000, 8, "it is neither mu-law nor 16 bit PCM"},
        {6, 1, 8000, 8, "it is neither mu-law nor 16 bit PCM"},
        {1, 1, 96000, 16, "its sample rate is not between 8000 and 48000 Hz"},
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        file = wav_of(wrong[i].code, wrong[i].channels, wrong[i].hz, wrong[i].bits, str_of("xx"));
        assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), EPROTO);
        assert_string_equal(why, wrong[i].why);
        assert_int_equal(ulaw.bytes, 0);
        buf_free(&file);
    }
    assert_int_equal(wav_parse(str_of("RIFFxxxxWAVE"), &ulaw, &why), EPROTO);
    assert_string_equal(why, "it has no audio");
    assert_int_equal(wav_parse(str_of("OggS"), &ulaw, &why), EPROTO);
}

static double level_of_tone(unsigned hz, double tone_hz)
{
    struct buf pcm = {0}, ulaw = {0};
    const char *why = NULL;
    for (unsigned i = 0; i < hz / 4; i++) {
        double value = sin(2 * 3.14159265358979 * tone_hz * i / hz);
        int16_t sample = (int16_t)(value * 16000);
        buf_putc(&pcm, (char)sample);
        buf_putc(&pcm, (char)(sample >> 8));
    }
    struct buf file = wav_of(1, 1, hz, 16, buf_str(&pcm));
    assert_int_equal(wav_parse(buf_str(&file), &ulaw, &why), 0);
    assert_in_range(ulaw.bytes, 1999, 2000);
    int16_t linear[1000];
    ulaw_decode_all((const uint8_t *)ulaw.data + 500, 1000, linear);
    buf_free(&pcm);
    buf_free(&file);
    buf_free(&ulaw);
    return audio_level_db(linear, 1000);
}

static void other_rates_are_converted_without_aliases(void **state)
{
    (void)state;
    static const unsigned rates[] = {16000, 22050, 44100, 48000};
    for (size_t i = 0; i < countof(rates); i++) {
        double heard = level_of_tone(rates[i], 1000), alias = level_of_tone(rates[i], 7000);
        assert_true(heard > -10 && heard < -8);
        assert_true(alias < -45);
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    char path[] = "/tmp/karen-test-XXXXXX";
    struct buf back = {0};
    const char *why = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(wav_write(path, str_of("abc")), 0);
    assert_int_equal(wav_read(path, &back, &why), 0);
    assert_string_equal(buf_text(&back), "abc");
    unlink(path);
    assert_int_equal(wav_read(path, &back, &why), ENOENT);
    assert_non_null(why);
    buf_free(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(playout_keeps_order_and_bounds),
        cmocka_unit_test(wav_files_are_read_by_their_chunks),
        cmocka_unit_test(other_rates_are_converted_without_aliases),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
