/* test/file.h: a file's text. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>

/* The caller frees it; "" when there is no such file. */
static inline char *file_text(const char *path)
{
    struct buf text = {0};
    char piece[4096];
    size_t bytes;
    FILE *file = fopen(path, "rb");
    while (file && (bytes = fread(piece, 1, sizeof(piece), file)) > 0)
        buf_add(&text, piece, bytes);
    if (file)
        fclose(file);
    return text.data ? text.data : xstrdup("");
}
