/* api/cookies.c: the two cookies a browser holds its session in. Source: RFC 6265 4.2. */
#include "api/guard.h"

#include <string.h>

const char *api_cookie(const struct http_req *http, const char *name)
{
    struct str rest = str_of(http_header(http, "Cookie"));
    while (rest.bytes) {
        struct str value = str_trim(str_cut(&rest, ';'));
        struct str key = str_cut(&value, '=');
        if (str_is(key, name))
            return arena_strndup(http->arena, value.at, value.bytes);
    }
    return NULL;
}

static bool has_tls(const struct api *api)
{
    return strncmp(api->public_url, "https://", 8) == 0;
}

const char *api_session_cookie(const struct api *api)
{
    return has_tls(api) ? "__Host-karen_session" : "karen_session";
}

const char *api_refresh_cookie(const struct api *api)
{
    return has_tls(api) ? "__Secure-karen_refresh" : "karen_refresh";
}
