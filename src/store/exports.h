/* store/exports.h: all that is kept of a tenant, on its way into one ZIP file: asked for, made part
 * by part, kept in pieces for EXPORT_DAYS. What the file looks like is app/exporter's.
 *
 *   pending --exports_begin--> running --exports_end--> ready --> (gone after its days)
 *                                 '-----exports_fail--> failed                            */
#pragma once
#include "store/json.h"
#include "store/outbox.h"

#define OUTBOX_EXPORT "export"
enum {
    EXPORT_DAYS = 7,
    EXPORTS_A_DAY_MAX = 5,
    EXPORT_CHUNK_BYTES = 128 * 1024,
    EXPORT_PAGE_ROWS = 100,
    EXPORT_LEASE_S = 600, /* renewed with each piece */
};

/* EEXIST: one is being made; EDQUOT: EXPORTS_A_DAY_MAX were asked for within a day. */
void exports_add(struct db *db, struct uuid tenant, const char *actor, db_json_fn *on_json,
                 void *arg, struct op **slot);
void exports_list(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                  struct op **slot);
void exports_show(struct db *db, struct uuid tenant, struct uuid export, db_json_fn *on_json,
                  void *arg, struct op **slot);

/* ---- made ------------------------------------------------------------------------------------ */

/* What there is to export, one file (as JSON and as CSV) a part. */
size_t export_part_count(void);
const char *export_part_name(size_t part); /* "calls" ... */

/* Begins, or begins anew: what another run has made is thrown away. ENOENT: nobody wants it. */
void exports_begin(struct db *db, struct uuid tenant, struct uuid export, struct uuid run,
                   db_end_fn *on_end, void *arg, struct op **slot);
struct export_page {
    const struct str *rows; /* JSON objects */
    size_t count;           /* less than EXPORT_PAGE_ROWS: it is the last page */
    struct str after;       /* where the next one begins */
};
/* Borrowed until the callback returns. */
typedef void export_page_fn(int err, const struct export_page *page, void *arg);
/* after: of the page before; NULL: from the beginning. */
void exports_page(struct db *db, struct uuid tenant, size_t part, const char *after,
                  export_page_fn *on_page, void *arg, struct op **slot);

struct export_piece {
    struct uuid export, run;
    int64_t seq; /* from 0 */
    struct str data;
};
/* ESTALE: the job is somebody else's by now. */
void exports_put(struct db *db, const struct outbox_job *job, const struct export_piece *piece,
                 db_end_fn *on_end, void *arg, struct op **slot);
/* The job is done with it. */
void exports_end(struct db *db, const struct outbox_job *job, struct uuid export, int64_t bytes,
                 db_end_fn *on_end, void *arg, struct op **slot);
void exports_fail(struct db *db, const struct outbox_job *job, struct uuid export,
                  db_end_fn *on_end, void *arg, struct op **slot);

/* ---- fetched --------------------------------------------------------------------------------- */

struct export_file {
    struct uuid run;
    int64_t bytes;
};
/* ENOENT: there is none, or not any more; EBUSY: it is not ready. It is written into the audit log.
 */
typedef void export_file_fn(int err, const struct export_file *file, void *arg);
void exports_open(struct db *db, struct uuid tenant, struct uuid export, const char *actor,
                  export_file_fn *on_file, void *arg, struct op **slot);
/* data: empty behind the last piece; borrowed until the callback returns. */
typedef void export_data_fn(int err, struct str data, void *arg);
void exports_read(struct db *db, struct uuid tenant, struct uuid export, struct uuid run,
                  int64_t seq, struct arena *arena, export_data_fn *on_data, void *arg,
                  struct op **slot);
