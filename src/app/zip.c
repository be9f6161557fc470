/* app/zip.c: libarchive's writer. Nothing here can fail but memory, and that ends the process. */
#include "app/zip.h"

#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <stdlib.h>

struct zip {
    struct archive *archive;
    zip_write_fn *on_bytes;
    void *arg;
    bool dropped; /* freed before its end: what libarchive still writes is nobody's */
};

static la_ssize_t write_bytes(struct archive *archive, void *arg, const void *bytes, size_t count)
{
    struct zip *zip = arg;
    (void)archive;
    if (!zip->dropped)
        zip->on_bytes((struct str){bytes, count}, zip->arg);
    return (la_ssize_t)count;
}

static void must(int status)
{
    assert(status == ARCHIVE_OK);
    (void)status;
}

struct zip *zip_new(zip_write_fn *on_bytes, void *arg)
{
    struct zip *zip = xalloc(sizeof(*zip));
    zip->on_bytes = on_bytes;
    zip->arg = arg;
    zip->archive = archive_write_new();
    must(archive_write_set_format_zip(zip->archive));
    must(archive_write_set_bytes_per_block(zip->archive, 0)); /* no padding, no buffer of its own */
    must(archive_write_open(zip->archive, zip, NULL, write_bytes, NULL));
    return zip;
}

void zip_entry(struct zip *zip, const char *path, int64_t unix_ms)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, (time_t)(unix_ms / 1000), 0);
    archive_entry_unset_size(entry); /* it is written behind the data */
    must(archive_write_header(zip->archive, entry));
    archive_entry_free(entry);
}

void zip_add(struct zip *zip, struct str bytes)
{
    if (bytes.bytes) {
        la_ssize_t written = archive_write_data(zip->archive, bytes.at, bytes.bytes);
        assert(written == (la_ssize_t)bytes.bytes);
        (void)written;
    }
}

void zip_end(struct zip *zip)
{
    must(archive_write_close(zip->archive));
}

void zip_free(struct zip **slot)
{
    struct zip *zip = *slot;
    *slot = NULL;
    if (!zip)
        return;
    zip->dropped = true;
    archive_write_free(zip->archive);
    free(zip);
}
