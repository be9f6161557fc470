/* base/audio.c: mu-law by spandsp, loudness, and files. */
#include "base/audio.h"

#include <math.h>
#include <spandsp.h>

int16_t ulaw_decode(uint8_t ulaw)
{
    return ulaw_to_linear(ulaw);
}

uint8_t ulaw_encode(int16_t linear)
{
    return linear_to_ulaw(linear);
}

/* Each frame of each call comes by here: looked up rather than computed. */
static const int16_t *ulaw_table(void)
{
    static _Thread_local int16_t table[256];
    if (!table[0]) /* byte 0 is the most negative of all, never 0 */
        for (unsigned i = 0; i < 256; i++)
            table[i] = ulaw_to_linear((uint8_t)i);
    return table;
}

void ulaw_decode_all(const uint8_t *ulaw, size_t samples, int16_t *linear_out)
{
    const int16_t *table = ulaw_table();
    for (size_t i = 0; i < samples; i++)
        linear_out[i] = table[ulaw[i]];
}

void ulaw_duck(const uint8_t *ulaw, size_t samples, uint8_t *softer_out)
{
    static _Thread_local uint8_t table[256];
    static const double gain = 0.31622776601683794; /* -10 dB */
    if (!table[0]) /* it is the loudest negative one, and what is softer has another code */
        for (unsigned i = 0; i < 256; i++)
            table[i] = linear_to_ulaw((int)lrint(ulaw_to_linear((uint8_t)i) * gain));
    for (size_t i = 0; i < samples; i++)
        softer_out[i] = table[ulaw[i]];
}

static double level_db(int64_t energy, size_t samples)
{
    if (energy == 0 || samples == 0)
        return -100.0;
    return 10.0 * log10((double)energy / (double)samples / (32768.0 * 32768.0));
}

double audio_level_db(const int16_t *linear, size_t samples)
{
    int64_t energy = 0;
    for (size_t i = 0; i < samples; i++)
        energy += (int64_t)linear[i] * linear[i];
    return level_db(energy, samples);
}

static const int64_t *square_table(void)
{
    static _Thread_local int64_t table[256];
    if (!table[0])
        for (unsigned i = 0; i < 256; i++)
            table[i] = ulaw_to_linear((uint8_t)i) * ulaw_to_linear((uint8_t)i);
    return table;
}

double ulaw_level_db(const uint8_t *ulaw, size_t samples)
{
    const int64_t *table = square_table();
    int64_t energy = 0;
    size_t i = 0;
    for (; i + 4 <= samples; i += 4) /* half the instructions of one at a time */
        energy += table[ulaw[i]] + table[ulaw[i + 1]] + table[ulaw[i + 2]] + table[ulaw[i + 3]];
    for (; i < samples; i++)
        energy += table[ulaw[i]];
    return level_db(energy, samples);
}

/* ---- files ---------------------------------------------------------------------------------- */

enum { WAV_ULAW = 7 };

static void put_u32(struct buf *file, size_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        buf_putc(file, (char)(value >> shift));
}

static void put_u16(struct buf *file, unsigned value)
{
    buf_putc(file, (char)value);
    buf_putc(file, (char)(value >> 8));
}

void wav_put(struct buf *file, struct str ulaw)
{
    size_t padded = ulaw.bytes + (ulaw.bytes & 1);
    buf_puts(file, "RIFF");
    put_u32(file, 4 + 8 + 18 + 8 + 4 + 8 + padded);
    buf_puts(file, "WAVEfmt ");
    put_u32(file, 18);
    put_u16(file, WAV_ULAW);
    put_u16(file, 1);
    put_u32(file, AUDIO_HZ);
    put_u32(file, AUDIO_HZ); /* bytes a second */
    put_u16(file, 1);        /* bytes a sample */
    put_u16(file, 8);
    put_u16(file, 0); /* no extension */
    buf_puts(file, "fact");
    put_u32(file, 4);
    put_u32(file, ulaw.bytes);
    buf_puts(file, "data");
    put_u32(file, ulaw.bytes);
    buf_add_str(file, ulaw);
    if (ulaw.bytes & 1)
        buf_putc(file, '\0');
}
