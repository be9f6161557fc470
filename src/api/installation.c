/* api/installation.c: GET /api/installation: what whoever is not signed in yet may know. */
#include "api/operations.h"

#include "rules/phone.h"

/* "CZ SK" as a JSON array; "all" as an empty one. */
static void put_countries(struct buf *json, const char *list)
{
    struct str rest = str_of(list), country;
    bool any = false;
    buf_putc(json, '[');
    while ((country = phone_countries_next(&rest)).bytes) {
        if (str_is(country, "all"))
            continue;
        if (any)
            buf_putc(json, ',');
        buf_json_string(json, country);
        any = true;
    }
    buf_putc(json, ']');
}

void api_get_installation(struct api_request *request)
{
    const struct api *api = request->api;
    struct buf json = {0};
    buf_puts(&json, "{\"languages\":[\"cs\",\"sk\",\"en\",\"de\"],\"default_country\":");
    buf_json_string(&json, str_of(api->default_country));
    buf_puts(&json, ",\"sign_in_countries\":");
    put_countries(&json, api->sign_in_countries);
    buf_printf(&json, ",\"sandbox\":%s}", api->sandbox ? "true" : "false");
    api_reply_json(request, 200, buf_str(&json));
    buf_free(&json);
}
