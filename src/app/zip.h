/* app/zip.h: a ZIP file as it is being written: entry after entry, in pieces of any size, without
 * ever seeking, so that it can go wherever its bytes are put. Over libarchive. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

struct zip;
typedef void zip_write_fn(struct str bytes, void *arg); /* runs inside zip_add() and the others */
struct zip *zip_new(zip_write_fn *on_bytes, void *arg);
/* The next file; path within the archive. It ends with the next one, or with the archive. */
void zip_entry(struct zip *zip, const char *path, int64_t unix_ms);
void zip_add(struct zip *zip, struct str bytes); /* to the entry */
void zip_end(struct zip *zip);                   /* the directory behind all entries is written */
void zip_free(struct zip **zip);                 /* NULL is fine */
