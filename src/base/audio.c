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

void ulaw_decode_all(const uint8_t *ulaw, size_t samples, int16_t *linear_out)
{
    for (size_t i = 0; i < samples; i++)
        linear_out[i] = ulaw_to_linear(ulaw[i]);
}

double audio_level_db(const int16_t *linear, size_t samples)
{
    int64_t energy = 0;
    for (size_t i = 0; i < samples; i++)
        energy += (int64_t)linear[i] * linear[i];
    if (energy == 0 || samples == 0)
        return -100.0;
    return 10.0 * log10((double)energy / (double)samples / (32768.0 * 32768.0));
}
