/* speech/file.h: whole files in and out. */
#pragma once
#include "base/buf.h"

#include <stddef.h>

enum { FILE_BYTES_MAX = 64 << 20 };

/* errors: what open() or read() said, EFBIG over FILE_BYTES_MAX */
int file_read(const char *path, struct buf *buf);
int file_write(const char *path, struct str data);
