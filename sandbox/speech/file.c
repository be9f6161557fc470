/* speech/file.c: reading and writing files whole; RIFF chunks. */
#include "speech/file.h"
#include "base/audio.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { WAVE_ULAW = 7, FMT_BYTES = 18 };

int file_read(const char *path, struct buf *buf)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return errno;
    char piece[16384];
    size_t got;
    int err = 0;
    while (!err && (got = fread(piece, 1, sizeof piece, file)) > 0) {
        buf_add(buf, piece, got);
        if (buf->bytes > FILE_BYTES_MAX)
            err = EFBIG;
    }
    if (!err && ferror(file))
        err = EIO;
    fclose(file);
    return err;
}

int file_write(const char *path, struct str data)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return errno;
    int err = fwrite(data.at, 1, data.bytes, file) == data.bytes ? 0 : EIO;
    if (fclose(file) != 0 && !err)
        err = errno;
    return err;
}

static uint32_t little(const char *at, int bytes)
{
    uint32_t value = 0;
    for (int i = bytes; i-- > 0;)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

static bool is_telephone(struct str fmt)
{
    return fmt.bytes >= 16 && little(fmt.at, 2) == WAVE_ULAW && little(fmt.at + 2, 2) == 1 &&
           little(fmt.at + 4, 4) == AUDIO_HZ && little(fmt.at + 14, 2) == 8;
}

int wav_ulaw(struct str file, struct str *ulaw_out)
{
    if (file.bytes < 12 || memcmp(file.at, "RIFF", 4) != 0 || memcmp(file.at + 8, "WAVE", 4) != 0)
        return EINVAL;
    struct str rest = {file.at + 12, file.bytes - 12};
    bool telephone = false;
    while (rest.bytes >= 8) {
        struct str chunk = {rest.at + 8, little(rest.at + 4, 4)};
        if (chunk.bytes > rest.bytes - 8)
            chunk.bytes = rest.bytes - 8;
        if (memcmp(rest.at, "fmt ", 4) == 0)
            telephone = is_telephone(chunk);
        if (memcmp(rest.at, "data", 4) == 0) {
            if (telephone)
                *ulaw_out = chunk;
            return telephone ? 0 : ENOTSUP;
        }
        size_t whole = 8 + chunk.bytes + (chunk.bytes & 1); /* chunks lie on even bytes */
        if (whole > rest.bytes)
            break;
        rest = (struct str){rest.at + whole, rest.bytes - whole};
    }
    return EINVAL;
}

static void put_little(struct buf *buf, size_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_putc(buf, (char)(value >> (8 * i) & 0xFF));
}

void wav_put_ulaw(struct buf *file, struct str ulaw)
{
    size_t pad = ulaw.bytes & 1;
    buf_puts(file, "RIFF");
    put_little(file, 4 + 8 + FMT_BYTES + 12 + 8 + ulaw.bytes + pad, 4);
    buf_puts(file, "WAVEfmt ");
    put_little(file, FMT_BYTES, 4);
    put_little(file, WAVE_ULAW, 2);
    put_little(file, 1, 2); /* channels */
    put_little(file, AUDIO_HZ, 4);
    put_little(file, AUDIO_HZ, 4); /* bytes a second */
    put_little(file, 1, 2);        /* bytes a sample */
    put_little(file, 8, 2);        /* bits a sample */
    put_little(file, 0, 2);        /* no extension; */
    buf_puts(file, "fact");        /* with it every format but plain PCM says its length */
    put_little(file, 4, 4);
    put_little(file, ulaw.bytes, 4);
    buf_puts(file, "data");
    put_little(file, ulaw.bytes, 4);
    buf_add_str(file, ulaw);
    if (pad)
        buf_putc(file, 0);
}
