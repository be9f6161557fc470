/* line/clips_disk.h: the files of the cache of phrases: <directory>/<words>/<voice>.ulaw, both
 * names being digests. A file is small, local and written once, so it is read and written on the
 * spot. A key is "<words>/<voice>"; a directory of NULL holds nothing and keeps nothing. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>

/* Half a digest in hex: enough never to meet another. */
enum { CLIP_NAME_BYTES = 32, CLIP_KEY_BYTES = 2 * CLIP_NAME_BYTES + 1 };
enum { CLIP_DAYS_MAX = 180 }; /* since it was written; what is still said is made anew */

/* Makes the directory and those above it, and throws out what is too old. An errno value: it cannot
 * be used. */
int disk_prepare(const char *directory);
bool disk_has(const char *directory, const char *key);
bool disk_read(const char *directory, const char *key, struct buf *audio_out);
/* The same words in whichever voice there is. */
bool disk_read_any_voice(const char *directory, const char *key, struct buf *audio_out);
void disk_write(const char *directory, const char *key, struct str audio);
