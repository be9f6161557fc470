/* app/exporter.c: one export after the other.
 *
 *   claim -> begin -> (page -> packed, bite by bite -> pieces stored)... -> end, job done
 *   anything that fails on the way: outbox_retry, and from the beginning; at last: failed */
#include "app/exporter.h"

#include "app/export_text.h"
#include "app/zip.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/exports.h"
#include "store/tenants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { AS_JSON, AS_CSV, FORM_COUNT };

struct exporter {
    struct loop *loop;
    struct db *db;
    struct timer *timer; /* the next look at the queue, or the next bite */
    struct op *working;
    struct arena arena; /* of the job */
    struct outbox_job job;
    struct uuid export, run;
    struct log log;
    struct zip *zip;   /* NULL: nothing is in the making */
    struct buf packed; /* of the archive, from packed_at on not stored yet */
    size_t packed_at;
    struct buf text; /* of the file, from text_at on not packed yet */
    size_t text_at;
    int64_t seq, bytes; /* of what is stored */
    size_t part;
    enum form form;
    bool begun, last; /* the file has a row; no page is left of it */
    char *after;      /* where its next page begins */
    struct exporter_stats stats;
};

static void reset(struct exporter *exporter)
{
    zip_free(&exporter->zip);
    buf_free(&exporter->packed);
    buf_free(&exporter->text);
    free(exporter->after);
    exporter->after = NULL;
    exporter->packed_at = exporter->text_at = exporter->part = 0;
    exporter->seq = exporter->bytes = 0;
    exporter->form = AS_JSON;
    arena_free(&exporter->arena);
}

static void look_again(struct exporter *exporter, int64_t in_ms)
{
    reset(exporter);
    timer_set(exporter->timer, loop_now_ms(exporter->loop) + in_ms);
}

static void on_over(int err, void *arg)
{
    struct exporter *exporter = arg;
    if (err && err != ESTALE) /* the lease runs out and somebody takes it up again */
        log_warn(&exporter->log, "export_not_ended", "err=%s", strerrorname_np(err));
    look_again(exporter, 0);
}

static void put_off(struct exporter *exporter, const char *what, int err)
{
    log_warn(&exporter->log, "export_broken", "what=%s err=%s attempts=%lld", what,
             strerrorname_np(err), (long long)exporter->job.attempts);
    if (err == ESTALE) { /* somebody else makes it */
        look_again(exporter, EXPORTER_POLL_MS);
    } else if (exporter->job.attempts >= EXPORTER_TRIES_MAX) {
        exporter->stats.failed++;
        exports_fail(exporter->db, &exporter->job, exporter->export, on_over, exporter,
                     &exporter->working);
    } else {
        exporter->stats.put_off++;
        outbox_retry(exporter->db, &exporter->job, what, -1, on_over, exporter, &exporter->working);
    }
}

/* ---- from text to pieces --------------------------------------------------------------------- */

static void on_packed(struct str bytes, void *arg)
{
    struct exporter *exporter = arg;
    buf_add_str(&exporter->packed, bytes);
}

static void go_on(struct exporter *exporter)
{
    timer_set(exporter->timer, loop_now_ms(exporter->loop));
}

static void on_stored(int err, void *arg)
{
    struct exporter *exporter = arg;
    if (err) {
        put_off(exporter, "store", err);
        return;
    }
    exporter->seq++;
    if (exporter->packed_at == exporter->packed.bytes) {
        buf_clear(&exporter->packed);
        exporter->packed_at = 0;
    }
    go_on(exporter);
}

static void store_piece(struct exporter *exporter)
{
    size_t bytes = exporter->packed.bytes - exporter->packed_at;
    if (bytes > EXPORT_CHUNK_BYTES)
        bytes = EXPORT_CHUNK_BYTES;
    const struct export_piece piece = {exporter->export,
                                       exporter->run,
                                       exporter->seq,
                                       {exporter->packed.data + exporter->packed_at, bytes}};
    exports_put(exporter->db, &exporter->job, &piece, on_stored, exporter, &exporter->working);
    exporter->packed_at += bytes;
    exporter->bytes += (int64_t)bytes;
}

static void pack_bite(struct exporter *exporter)
{
    size_t bytes = exporter->text.bytes - exporter->text_at;
    if (bytes > EXPORTER_BITE_BYTES)
        bytes = EXPORTER_BITE_BYTES;
    zip_add(exporter->zip, (struct str){exporter->text.data + exporter->text_at, bytes});
    exporter->text_at += bytes;
    if (exporter->text_at == exporter->text.bytes) {
        buf_clear(&exporter->text);
        exporter->text_at = 0;
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static void add_row(struct exporter *exporter, struct str row)
{
    if (exporter->form == AS_JSON) {
        buf_puts(&exporter->text, exporter->begun ? ",\n" : "\n");
        buf_add_str(&exporter->text, row);
    } else {
        if (!exporter->begun)
            export_csv_head(row, &exporter->text);
        export_csv_line(row, &exporter->text);
    }
    exporter->begun = true;
}

static void on_page(int err, const struct export_page *page, void *arg)
{
    struct exporter *exporter = arg;
    if (err) {
        put_off(exporter, "read", err);
        return;
    }
    for (size_t i = 0; i < page->count; i++)
        add_row(exporter, page->rows[i]);
    exporter->last = page->count < EXPORT_PAGE_ROWS;
    if (page->count) {
        free(exporter->after);
        exporter->after = xstrndup(page->after.at, page->after.bytes);
    }
    if (exporter->last && exporter->form == AS_JSON)
        buf_puts(&exporter->text, "\n]\n");
    go_on(exporter);
}

static void read_page(struct exporter *exporter)
{
    exports_page(exporter->db, exporter->job.tenant, exporter->part, exporter->after, on_page,
                 exporter, &exporter->working);
}

static void begin_file(struct exporter *exporter)
{
    static const char *const endings[FORM_COUNT] = {"json", "csv"};
    char path[64];
    snprintf(path, sizeof(path), "%s.%s", export_part_name(exporter->part),
             endings[exporter->form]);
    zip_entry(exporter->zip, path, wall_now_ms());
    free(exporter->after);
    exporter->after = NULL;
    exporter->begun = exporter->last = false;
    if (exporter->form == AS_JSON)
        buf_puts(&exporter->text, "[");
    read_page(exporter);
}

static void next_file(struct exporter *exporter)
{
    if (++exporter->form == FORM_COUNT) {
        exporter->form = AS_JSON;
        exporter->part++;
    }
    if (exporter->part < export_part_count())
        begin_file(exporter);
    else
        zip_end(exporter->zip);
}

static void on_ready(int err, void *arg)
{
    struct exporter *exporter = arg;
    if (err) {
        put_off(exporter, "end", err);
        return;
    }
    exporter->stats.ready++;
    log_info(&exporter->log, "export_ready", "bytes=%lld", (long long)exporter->bytes);
    look_again(exporter, 0);
}

/* One step of it; each ends in a later one. */
static void step(struct exporter *exporter)
{
    bool files_left = exporter->part < export_part_count();
    if (exporter->packed.bytes >= EXPORT_CHUNK_BYTES) {
        store_piece(exporter);
    } else if (exporter->text.bytes) {
        pack_bite(exporter);
        go_on(exporter);
    } else if (files_left && !exporter->last) {
        read_page(exporter);
    } else if (files_left) {
        next_file(exporter);
        if (exporter->part == export_part_count())
            go_on(exporter);
    } else if (exporter->packed.bytes) {
        store_piece(exporter);
    } else {
        exports_end(exporter->db, &exporter->job, exporter->export, exporter->bytes, on_ready,
                    exporter, &exporter->working);
    }
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void on_tenant(int err, const struct tenant *tenant, void *arg)
{
    struct exporter *exporter = arg;
    if (err) {
        put_off(exporter, "tenant", err);
        return;
    }
    exporter->zip = zip_new(on_packed, exporter);
    zip_entry(exporter->zip, "README.txt", wall_now_ms());
    zip_add(exporter->zip, str_of(export_readme(tenant->language)));
    begin_file(exporter);
}

static void on_begun(int err, void *arg)
{
    struct exporter *exporter = arg;
    if (err == ENOENT) /* over, or gone meanwhile: the job is done */
        outbox_done(exporter->db, &exporter->job, on_over, exporter, &exporter->working);
    else if (err)
        put_off(exporter, "begin", err);
    else
        tenants_get(exporter->db, exporter->job.tenant, &exporter->arena, on_tenant, exporter,
                    &exporter->working);
}

static struct uuid export_of(struct str payload)
{
    struct json json = json_of(payload);
    struct str key, text = {0};
    struct uuid export = {{0}};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "export"))
            json_string(&json, &text);
        else
            json_skip(&json);
    }
    uuid_parse(text, &export); /* nil: begins nothing */
    return export;
}

static void on_claimed(int err, const struct outbox_job *jobs, size_t count, void *arg)
{
    struct exporter *exporter = arg;
    char id[UUID_TEXT_BYTES];
    if (err || !count) {
        look_again(exporter, EXPORTER_POLL_MS);
        return;
    }
    exporter->job = jobs[0];
    exporter->export = export_of(jobs[0].payload);
    exporter->run = uuid_new(wall_now_ms());
    exporter->log = (struct log){0};
    uuid_print(exporter->export, id);
    log_with(&exporter->log, "export", id);
    uuid_print(exporter->job.tenant, id);
    log_with(&exporter->log, "tenant", id);
    exports_begin(exporter->db, exporter->job.tenant, exporter->export, exporter->run, on_begun,
                  exporter, &exporter->working);
}

static void on_timer(void *arg)
{
    struct exporter *exporter = arg;
    if (exporter->zip)
        step(exporter);
    else
        outbox_claim(exporter->db, OUTBOX_EXPORT, 1, EXPORT_LEASE_S, &exporter->arena, on_claimed,
                     exporter, &exporter->working);
}

struct exporter *exporter_new(struct loop *loop, struct db *db)
{
    struct exporter *exporter = xalloc(sizeof(*exporter));
    exporter->loop = loop;
    exporter->db = db;
    exporter->timer = timer_new(loop, on_timer, exporter);
    timer_set(exporter->timer, loop_now_ms(loop));
    return exporter;
}

void exporter_free(struct exporter **slot)
{
    struct exporter *exporter = *slot;
    *slot = NULL;
    if (!exporter)
        return;
    op_cancel(&exporter->working);
    timer_free(&exporter->timer);
    reset(exporter);
    free(exporter);
}

const struct exporter_stats *exporter_stats(const struct exporter *exporter)
{
    return &exporter->stats;
}
