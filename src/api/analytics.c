/* api/analytics.c: a tenant's calls in figures, as JSON or, the days alone, as a table. */
#include "store/analytics.h"
#include "api/operations.h"
#include "base/csv.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

/* {..., "days": [...], ...}; there is at least one day. */
static void put_days(struct buf *out, struct str text)
{
    struct json json = json_of(text);
    struct str key;
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (!str_is(key, "days")) {
            json_skip(&json);
            continue;
        }
        bool first = true;
        for (bool any = json_array(&json); any && json_element(&json); first = false) {
            if (first)
                csv_put_names(out, json);
            csv_put_object(out, &json);
        }
    }
}

static void reply_table(struct api_request *request, struct str json)
{
    struct buf table = {0};
    put_days(&table, json);
    http_set_header(request->http, "Content-Disposition",
                    "attachment; filename=\"karen-analytics.csv\"");
    http_set_header(request->http, "Cache-Control", "no-store");
    http_reply(request->http, 200, "text/csv; charset=utf-8", buf_str(&table));
    buf_free(&table);
}

static void on_figures(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EINVAL)
        api_fail_field(request, "from", "is after the last day of the period");
    else if (err == ERANGE)
        api_fail_field(request, "from", "is more than 365 days before the last day");
    else if (!err && strcmp(api_text(request, "format"), "csv") == 0)
        reply_table(request, json);
    else
        api_on_json(err, json, request);
}

void api_get_analytics(struct api_request *request)
{
    analytics_get(request->api->db_reports, request->tenant, api_text(request, "from"),
                  api_text(request, "to"), on_figures, request, &request->http->waiting);
}
