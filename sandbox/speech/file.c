/* speech/file.c: reading and writing files whole. */
#include "speech/file.h"

#include <errno.h>
#include <stdio.h>

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
