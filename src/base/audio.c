/* base/audio.c: mu-law by spandsp, and loudness. */
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
