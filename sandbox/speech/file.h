/* speech/file.h: whole files in and out, and the WAVE files that telephone audio is kept in. */
#pragma once
#include "base/buf.h"

#include <stddef.h>

enum { FILE_BYTES_MAX = 64 << 20 };

/* errors: what open() or read() said, EFBIG over FILE_BYTES_MAX */
int file_read(const char *path, struct buf *buf);
int file_write(const char *path, struct str data);

/* The 8 kHz mono mu-law samples of a RIFF WAVE file held in `file`, borrowed from it. A chunk cut
 * off by the file's end gives what is there. errors: EINVAL (no WAVE), ENOTSUP (another format than
 * telephone audio) source: RFC 2361 (format 7), Multimedia Programming Interface 1.0 (IBM and
 * Microsoft, 1991) */
int wav_ulaw(struct str file, struct str *ulaw_out);
void wav_put_ulaw(struct buf *file, struct str ulaw);
