/* api/exports.c: all that is kept of a tenant as one ZIP file: asked for, looked at, fetched. */
#include "api/operations.h"

#include "store/exports.h"

#include <errno.h>
#include <stdio.h>

static void on_added(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EEXIST)
        api_fail(request, 409, "already_running", "an export is being made already");
    else if (err == EDQUOT)
        api_fail_limit(request, "too_many_exports", "five were asked for within a day", 3600);
    else
        api_on_json(err, json, request);
}

void api_make_export(struct api_request *request)
{
    exports_add(request->api->db, request->tenant, api_actor(request), on_added, request,
                &request->http->waiting);
}

void api_list_exports(struct api_request *request)
{
    exports_list(request->api->db, request->tenant, api_on_json, request, &request->http->waiting);
}

void api_get_export(struct api_request *request)
{
    exports_show(request->api->db, request->tenant, api_id(request, "export_id"), api_on_json,
                 request, &request->http->waiting);
}

/* ---- fetched, piece by piece: the next is read when the one before has left */

struct fetch {
    struct uuid export;
    struct export_file file;
    int64_t seq;
    struct arena arena; /* of the piece on its way */
};

static void read_piece(struct api_request *request);

static void fetch_over(struct fetch *fetch)
{
    arena_free(&fetch->arena);
}

static void on_gone(struct http_req *http)
{
    const struct api_request *request = http->state;
    fetch_over(request->state);
}

static void on_sent(struct http_req *http)
{
    read_piece(http->state);
}

static void on_piece(int err, struct str data, void *arg)
{
    struct api_request *request = arg;
    struct fetch *fetch = request->state;
    if (!err && data.bytes) {
        http_stream_send_then(request->http, data, on_sent);
        return;
    }
    fetch_over(fetch);
    if (err)
        http_break(request->http, (struct str){0}); /* so that it is not taken for the whole */
    else
        http_stream_end(request->http);
}

static void read_piece(struct api_request *request)
{
    struct fetch *fetch = request->state;
    arena_free(&fetch->arena);
    exports_read(request->api->db_reports, request->tenant, fetch->export, fetch->file.run,
                 fetch->seq++, &fetch->arena, on_piece, request, &request->http->waiting);
}

static void on_file(int err, const struct export_file *file, void *arg)
{
    struct api_request *request = arg;
    struct fetch *fetch = request->state;
    if (err == EBUSY) {
        api_fail(request, 409, "not_ready", "the export is not ready");
        return;
    }
    if (err) {
        api_fail_with(request, err);
        return;
    }
    fetch->file = *file;
    http_set_header(request->http, "Content-Disposition",
                    "attachment; filename=\"karen-export.zip\"");
    http_set_header(request->http, "Cache-Control", "no-store");
    request->http->on_gone = on_gone;
    http_stream_begin(request->http, 200, "application/zip");
    read_piece(request);
}

void api_fetch_export(struct api_request *request)
{
    struct fetch *fetch = arena_alloc(request->http->arena, sizeof(*fetch));
    fetch->export = api_id(request, "export_id");
    request->state = fetch;
    exports_open(request->api->db, request->tenant, fetch->export, api_actor(request), on_file,
                 request, &request->http->waiting);
}
