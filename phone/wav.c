/* phone/wav.c: RIFF, chunk by chunk. */
#include "phone/wav.h"

#include "base/audio.h"
#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT_PCM = 1,
    FORMAT_ULAW = 7,
    FORMAT_EXTENSIBLE = 0xFFFE,
    WAV_HZ_MAX = 48000,
    FILTER_LOBES = 12, /* of the sinc, on each side */
};
#define FILTER_HZ 3600.0

struct format {
    unsigned code, channels, hz, bits;
};

static unsigned u16(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;
    return (unsigned)(bytes[0] | bytes[1] << 8);
}

static uint32_t u32(const char *at)
{
    return (uint32_t)u16(at) | (uint32_t)u16(at + 2) << 16;
}

struct chunk {
    struct str id, body;
};

/* The next chunk; one whose length goes past the end of the file (as streams write it) is cut. */
static bool next_chunk(struct str *rest, struct chunk *chunk)
{
    if (rest->bytes < 8)
        return false;
    size_t bytes = u32(rest->at + 4);
    chunk->id = (struct str){rest->at, 4};
    rest->at += 8;
    rest->bytes -= 8;
    if (bytes > rest->bytes)
        bytes = rest->bytes;
    chunk->body = (struct str){rest->at, bytes};
    size_t padded = bytes + (bytes & 1);
    if (padded > rest->bytes)
        padded = rest->bytes;
    rest->at += padded;
    rest->bytes -= padded;
    return true;
}

static bool read_format(struct str body, struct format *format)
{
    if (body.bytes < 16)
        return false;
    *format = (struct format){u16(body.at), u16(body.at + 2), u32(body.at + 4), u16(body.at + 14)};
    if (format->code == FORMAT_EXTENSIBLE && body.bytes >= 26)
        format->code = u16(body.at + 24);
    return true;
}

static const char *fault_of(const struct format *format)
{
    bool ulaw = format->code == FORMAT_ULAW && format->bits == 8;
    bool pcm = format->code == FORMAT_PCM && format->bits == 16;
    if (!ulaw && !pcm)
        return "it is neither mu-law nor 16 bit PCM";
    if (format->channels != 1)
        return "it has more than one channel";
    if (ulaw && format->hz != AUDIO_HZ)
        return "it is mu-law of another rate than 8000 Hz";
    if (format->hz < AUDIO_HZ || format->hz > WAV_HZ_MAX)
        return "its sample rate is not between 8000 and 48000 Hz";
    return NULL;
}

static double sample_at(struct str body, long at)
{
    if (at < 0 || (size_t)at >= body.bytes / 2)
        return 0;
    return (int16_t)u16(body.at + 2 * at);
}

/* What a low pass at 3.6 kHz lets through at a point in time: sinc under a Hann window. */
static double filtered_at(struct str body, double centre, double hz)
{
    double half = FILTER_LOBES * hz / (2 * FILTER_HZ), cut = 2 * FILTER_HZ / hz, sum = 0;
    for (long at = (long)ceil(centre - half); at <= (long)floor(centre + half); at++) {
        double x = (double)at - centre, turn = 3.14159265358979 * x;
        double sinc = fabs(x) < 1e-9 ? cut : sin(turn * cut) / turn;
        sum += sample_at(body, at) * sinc * (0.5 + 0.5 * cos(turn / half));
    }
    return sum;
}

static int16_t clipped(double sample)
{
    return (int16_t)(sample > 32767 ? 32767 : sample < -32768 ? -32768 : lrint(sample));
}

static void add_pcm(struct buf *out, struct str body, unsigned hz)
{
    size_t samples = body.bytes / 2 * AUDIO_HZ / hz;
    buf_reserve(out, samples);
    for (size_t i = 0; i < samples; i++) {
        double sample = hz == AUDIO_HZ ? sample_at(body, (long)i)
                                       : filtered_at(body, (double)i * hz / AUDIO_HZ, (double)hz);
        buf_putc(out, (char)ulaw_encode(clipped(sample)));
    }
}

int wav_parse(struct str file, struct buf *ulaw_out, const char **why_out)
{
    struct format format = {0};
    struct chunk chunk;
    bool has_format = false;
    if (file.bytes < 12 || memcmp(file.at, "RIFF", 4) != 0 || memcmp(file.at + 8, "WAVE", 4) != 0) {
        *why_out = "it is not a RIFF WAVE file";
        return EPROTO;
    }
    struct str rest = {file.at + 12, file.bytes - 12};
    while (next_chunk(&rest, &chunk)) {
        if (memcmp(chunk.id.at, "fmt ", 4) == 0)
            has_format = read_format(chunk.body, &format);
        if (memcmp(chunk.id.at, "data", 4) != 0)
            continue;
        *why_out = has_format ? fault_of(&format) : "its data comes before its format";
        if (*why_out)
            return EPROTO;
        if (format.code == FORMAT_PCM)
            add_pcm(ulaw_out, chunk.body, format.hz);
        else
            buf_add_str(ulaw_out, chunk.body);
        return 0;
    }
    *why_out = "it has no audio";
    return EPROTO;
}

static int read_all(FILE *stream, struct buf *file)
{
    char piece[65536];
    size_t bytes;
    while ((bytes = fread(piece, 1, sizeof(piece), stream)) > 0) {
        if (file->bytes + bytes > WAV_BYTES_MAX)
            return EFBIG;
        buf_add(file, piece, bytes);
    }
    return ferror(stream) ? EIO : 0;
}

int wav_read(const char *path, struct buf *ulaw_out, const char **why_out)
{
    struct buf file = {0};
    FILE *stream = fopen(path, "rb");
    int err = stream ? read_all(stream, &file) : errno;
    if (stream)
        fclose(stream);
    if (err)
        *why_out = strerror(err);
    else
        err = wav_parse(buf_str(&file), ulaw_out, why_out);
    buf_free(&file);
    return err;
}

int wav_write(const char *path, struct str ulaw)
{
    struct buf file = {0};
    wav_put(&file, ulaw);
    FILE *stream = fopen(path, "wb");
    int err = stream ? 0 : errno;
    if (stream && fwrite(file.data, 1, file.bytes, stream) != file.bytes)
        err = EIO;
    if (stream && fclose(stream) && !err)
        err = errno;
    buf_free(&file);
    return err;
}
