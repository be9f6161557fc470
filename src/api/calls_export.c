/* api/calls_export.c: calls as a file, as long as it may be: a page is asked of the database when
 * the client has taken the one before, so that one export never holds more than a page.
 *
 *   first page -> head of the reply -> page sent -> next page ... -> end
 *       '--> a problem                      '--> the connection breaks: no file looks whole that is
 *                                                not */
#include "api/calls.h"
#include "api/operations.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>
#include <time.h>

enum { PAGE_CALLS = 200 };
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

struct export
{
    struct api_request *request;
    struct inbox_filter filter;
    bool csv, begun, last;
    bool any;          /* a call was written */
    struct buf page;   /* on its way out */
    struct buf cursor; /* of the next page */
};

static void free_export(void *arg)
{
    struct export *export = arg;
    buf_free(&export->page);
    buf_free(&export->cursor);
}

/* ---- a page of the store as a piece of the file ---------------------------------------------- */

static void put_item(struct export *export, struct json *json)
{
    const char *start = json->at;
    if (export->csv) {
        csv_put_object(&export->page, json);
        return;
    }
    json_skip(json);
    buf_puts(&export->page, export->any ? ",\n" : "\n");
    buf_add_str(&export->page, str_trim((struct str){start, (size_t)(json->at - start)}));
    export->any = true;
}

/* {"items": [...], "next_cursor": text or null} */
static void read_page(struct export *export, struct str text)
{
    struct json json = json_of(text);
    struct str key, cursor;
    export->last = true;
    buf_clear(&export->cursor);
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "items")) {
            for (bool any = json_array(&json); any && json_element(&json);)
                put_item(export, &json);
        } else if (json_string(&json, &cursor)) {
            buf_add_str(&export->cursor, cursor);
            export->last = false;
        }
    }
}

static void put_start(struct export *export)
{
    struct buf *page = &export->page;
    if (!export->csv) {
        buf_putc(page, '[');
        return;
    }
    if (api_truth(export->request, "bom"))
        buf_puts(page, BYTE_ORDER_MARK);
    for (size_t i = 0; i < inbox_export_column_count; i++)
        buf_printf(page, "%s%s", i ? "," : "", inbox_export_columns[i]);
    buf_puts(page, "\r\n");
}

/* ---- sending it -------------------------------------------------------------------------------
 */

static void name_file(const struct export *export)
{
    struct http_req *http = export->request->http;
    char name[80];
    time_t now = (time_t)(wall_now_ms() / 1000);
    struct tm day;
    gmtime_r(&now, &day);
    strftime(name, sizeof(name), "attachment; filename=\"karen-calls-%Y-%m-%d", &day);
    strcat(name, export->csv ? ".csv\"" : ".json\"");
    http_set_header(http, "Content-Disposition", name);
    http_set_header(http, "Cache-Control", "no-store");
}

static const char *type_of(const struct export *export)
{
    return export->csv ? "text/csv; charset=utf-8" : "application/json";
}

static void ask_for_page(struct export *export);

static void on_sent(struct http_req *http)
{
    struct api_request *request = http->state;
    struct export *export = request->state;
    if (export->last)
        http_stream_end(http);
    else
        ask_for_page(export);
}

static void begin(struct export *export)
{
    name_file(export);
    http_stream_begin(export->request->http, 200, type_of(export));
    export->begun = true;
}

static void on_page(int err, struct str json, void *arg)
{
    struct export *export = arg;
    struct http_req *http = export->request->http;
    if (err && export->begun) {
        http_break(http, (struct str){0});
        return;
    }
    if (err) {
        api_fail_with(export->request, err);
        return;
    }
    buf_clear(&export->page);
    if (!export->begun)
        put_start(export);
    read_page(export, json);
    if (export->last && !export->csv)
        buf_puts(&export->page, "\n]\n");
    if (!export->begun)
        begin(export);
    http_stream_send_then(http, buf_str(&export->page), on_sent);
}

static void ask_for_page(struct export *export)
{
    struct api_request *request = export->request;
    export->filter.cursor = export->cursor.bytes ? buf_text(&export->cursor) : NULL;
    inbox_export(request->api->db_reports, request->tenant, &export->filter, on_page, export,
                 &request->http->waiting);
}

void api_export_calls(struct api_request *request)
{
    struct export *export = arena_alloc(request->http->arena, sizeof(*export));
    *export = (struct export){.request = request,
                              .filter = calls_filter(request),
                              .csv = strcmp(api_text(request, "format"), "csv") == 0};
    export->filter.limit = PAGE_CALLS;
    if (request->http->method == HTTP_HEAD) {
        name_file(export);
        http_reply(request->http, 200, type_of(export), (struct str){0});
        return;
    }
    request->state = export;
    arena_on_free(request->http->arena, free_export, export);
    ask_for_page(export);
}
